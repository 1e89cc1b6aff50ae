"""What a spreadsheet may not take for a formula."""

from __future__ import annotations

from typing import Any

# A cell that starts so is run by spreadsheets when the file is opened.
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(value: Any) -> Any:
    """Return ``value``; a text a spreadsheet could run is given a quote before it.

    >>> harmless("=1+1"), harmless(-3.5), harmless("Goutte d’Or")
    ("'=1+1", -3.5, 'Goutte d’Or')
    """
    if isinstance(value, str) and value.lstrip(" ").startswith(STARTS):
        return f"'{value}"
    return value
