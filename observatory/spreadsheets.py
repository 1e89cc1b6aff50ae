"""Tables that leave for a spreadsheet: none of their cells is run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
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


def csv_text(headings: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a table as CSV, its cells made harmless.

    >>> csv_text(("code", "name"), [("QP1", "=A1")])
    "code,name\\r\\nQP1,'=A1\\r\\n"
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows([harmless(value) for value in row] for row in rows)
    return text.getvalue()
