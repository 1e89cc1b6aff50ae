"""The sex and the age band of a row, from what a cell says: words of ours, never the cell's own.

Shared figures are named after them, so that a cell that says something else (a name, a day of
birth) must not be taken for a band of its own.
"""

from __future__ import annotations

import re

from importers.matching.words import fold

SEXES = {"F": "F", "FEMME": "F", "FEMININ": "F", "2": "F",
         "H": "H", "M": "H", "HOMME": "H", "MASCULIN": "H", "1": "H"}  # fmt: skip
AGES = ((16, "0-15"), (26, "16-25"), (50, "26-49"), (65, "50-64"), (200, "65+"))
OLDEST = 130
_AGE = r"([0-9]{1,3})(?:[.,]0+)?"
_YEARS = r"(?: ?ANS?)?"
_ALONE = re.compile(_AGE + _YEARS)
_BETWEEN = re.compile(rf"(?:DE |ENTRE )?{_AGE} ?(?:[-–/]|A|ET) ?{_AGE}{_YEARS}")
_UNDER = re.compile(rf"(?:MOINS DE|<) ?{_AGE}{_YEARS}")
_OVER = re.compile(rf"(?:(?:PLUS DE|>=?) ?{_AGE}{_YEARS}|{_AGE}{_YEARS} ?(?:\+|ET PLUS|OU PLUS))")


def sex_of(text: str) -> str:
    """Return F or H; '' where the cell says neither."""
    return SEXES.get(fold(text.strip()), "")


def age_band(text: str) -> str:
    """Return the band of an age, or the band that a cell says; '' where it says none.

    >>> age_band("34"), age_band("18 à 25 ans"), age_band("moins de 12 ans"), age_band("65+")
    ('26-49', '18-25', '0-11', '65+')
    >>> age_band("NOM-0001"), age_band("12/03/1987")
    ('', '')
    """
    plain = " ".join(fold(text).split())
    if alone := _ALONE.fullmatch(plain):
        return next((band for limit, band in AGES if int(alone[1]) < limit), "")
    if under := _UNDER.fullmatch(plain):
        return f"0-{int(under[1]) - 1}" if 0 < int(under[1]) <= OLDEST else ""
    if over := _OVER.fullmatch(plain):
        first = int(over[1] or over[2])
        return f"{first}+" if first <= OLDEST else ""
    if between := _BETWEEN.fullmatch(plain):
        first, last = int(between[1]), int(between[2])
        return f"{first}-{last}" if first < last <= OLDEST else ""
    return ""
