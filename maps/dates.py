"""Days in full, as the page's language writes them."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import get_language


def in_full(day: date | None) -> str:
    """Return « 1er janvier 2024 », « 2 janvier 2024 »; nothing for no day.

    Django writes the first of a month as it does the others, which French does not.
    """
    if day is None:
        return ""
    written = date_format(day)
    first = day.day == 1 and (get_language() or "fr").startswith("fr")
    return written.replace("1", "1er", 1) if first else written
