"""Reading an address cell: postcode and city, lots and blocks set aside, then the tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from importers.matching.words import (
    ROMAN,
    SUFFIX_WORDS,
    TYPE_OF,
    UNIT_WORDS,
    WEAK_UNIT_WORDS,
    fold,
)

BREAK = ","
RANGE = "~"
LONGEST_CELL = 400

_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_ELISION = re.compile(r"\b([DL])\s?'\s?")
_BLANKS = str.maketrans(dict.fromkeys("'.\"*_#?!", " "))

# An accent that was lost on the way is most often that of an E: G?N?RAL, ?TOILE, CIT? DURMAR.
_LOST_ACCENT = re.compile(r"[?\ufffd](?=[A-Z])|(?<=[A-Z])[?\ufffd](?=\s*[A-Z])")
_MOJIBAKE = re.compile(r"[ÃÂâ][^A-Za-z\s]")

_TOKEN = re.compile(r"\d+|[A-Z]+|\s-+\s|[,;()\n\r\t|:+&/\-]")
_FIVE = re.compile(r"(?<!\d)(?:F ?- ?)?(\d{5})(?!\d)")
_SPACED = re.compile(r"(?<!\d)(\d{2}) (\d{3})(?!\d)")
_CEDEX = re.compile(r"\bCEDEX\b\s*(\d{1,2})?(?!\d)")
_ORDINAL_ARR = re.compile(
    r"\b(?:PARIS\s*[,-]?\s*)?(\d{1,2})\s*(?:ER|EME|IEME|E)?\s*ARR(?:ONDISSEMENT|DT|T)?\b\.?"
)
_CITY_ARR = re.compile(
    r"\b(PARIS|LYON|MARSEILLE)\s*-?\s*(?:0?(\d{1,2})\s*(?:ER|EME|IEME|E)?|([XVI]{1,5})\s?(?:E|EME)?)"
    r"(?=\s*(?:$|[,;()\-\n/]|FRANCE\b|CEDEX\b|ARR))"
)
_ROMAN_END = re.compile(r"(?<=\s)([XVI]{1,5})\s?(?:E|EME)\s*$")
_CITY_END = re.compile(r"\b(?:PARIS|LYON|MARSEILLE)\s*(?:FRANCE)?\s*$")
_NUMBER_WORDS = {"N", "NO", "NUM", "NUMERO", "NUMEROS", "NOS"}
_CODE = r"(?:[A-Z]?\d{1,4}[A-Z]?\d?|[A-Z]{1,2})\b"
# LOT 4, BAT B2, ESC. A-C, BP 123, PORTE 4: what follows such a word is no house number.
_UNIT = re.compile(
    rf"(?<!\bDU )(?<!\bDES )(?<!\bDE LA )"
    rf"\b(?:{'|'.join(sorted(UNIT_WORDS, key=len, reverse=True))})\b[\s:]*(?:N[O\s]\s*)?"
    rf"(?:{_CODE}(?:(?:[/&-]|\s+ET\s+){_CODE})*)?(?!\s*(?:BIS|TER|QUATER)\b)"
)
_WEAK_UNIT = re.compile(
    rf"\b(?:{'|'.join(WEAK_UNIT_WORDS)})\b[\s:]*(?:N[O\s]\s*)?{_CODE}"
    r"(?=\s*(?:$|[,;()\n/-]|\d))"
)
_FLOOR = re.compile(
    r"\b(?:\d{1,2}\s*(?:ER|E|EME|IEME|ND|NDE)|RDC|REZ DE CHAUSSEE)\s*"
    r"(?:ETAGES?|ETG|ETAG)?\b(?:\s*(?:GAUCHE|DROITE|FACE|GCHE|DTE)\b)?"
)


@dataclass(slots=True)
class Cell:
    """One read cell: its tokens, and where it says it lies.

    ``tokens`` are words, numbers, breaks and range signs; ``communes`` the codes that postcode
    or city allow (empty: anywhere); ``elsewhere`` tells that they lie out of the reference.
    """

    tokens: list[str]
    communes: frozenset[str] = frozenset()
    elsewhere: bool = False
    postcode: str = ""


@dataclass
class Reader:
    """Reads cells against what the reference knows of postcodes and cities."""

    postcodes: Mapping[str, set[str]]
    cities: Mapping[str, set[str]]
    departments: set[str]

    def read(self, text: str, postcode: str = "", city: str = "") -> Cell:
        """Read one cell, with its postcode and city where they stand in their own columns."""
        told = fold(_repaired(text[:LONGEST_CELL]))
        if "?" in told or "\ufffd" in told:
            told = _LOST_ACCENT.sub("E", told)
        if "'" in told:
            told = _ELISION.sub(r"\1E ", told)
        told = _POINT.sub("-", told).translate(_BLANKS)
        place = _Place(self)
        told = place.take(told)
        if postcode or city:
            place.take_columns(fold(postcode), fold(city))
        return Cell(
            _tokens(_without_units(told)), place.communes(), place.elsewhere, place.postcode
        )


@dataclass
class _Place:
    """Gathers what a cell says of its commune while taking it out of the text."""

    reader: Reader
    postcode: str = ""
    arrondissement: int = 0
    city: str = ""
    elsewhere: bool = False

    def take(self, told: str) -> str:
        told = _FIVE.sub(self._five, told)
        if not self.postcode:
            told = _SPACED.sub(self._spaced, told)
        told = _CEDEX.sub(self._cedex, told)
        told = _ORDINAL_ARR.sub(self._ordinal, told)
        told = _CITY_ARR.sub(self._city_arr, told)
        told = _ROMAN_END.sub(self._roman, told)
        if self.postcode or self.arrondissement:
            told = re.sub(r"\bPARIS\b(?=\s*(?:$|[,;()\-\n/]))", self._city_alone(told), told)
        elif _CITY_END.search(told):
            told = _CITY_END.sub(self._city_last(told), told)
        return told

    def _five(self, found: re.Match[str]) -> str:
        code = found[1]
        if code in self.reader.postcodes:
            self.postcode = self.postcode or code
        elif code[:3] == "750" and 1 <= int(code[3:]) <= 20:
            self.arrondissement = self.arrondissement or int(code[3:])
        elif not self.postcode:
            department = code[:3] if code.startswith("97") else code[:2]
            self.elsewhere = department not in self.reader.departments
        return " , "

    def _spaced(self, found: re.Match[str]) -> str:
        code = found[1] + found[2]
        if code not in self.reader.postcodes:
            return found[0]
        self.postcode = self.postcode or code
        return " , "

    def _cedex(self, found: re.Match[str]) -> str:
        if found[1] and 1 <= int(found[1]) <= 20:
            self.arrondissement = int(found[1])
        return " , "

    def _city_arr(self, found: re.Match[str]) -> str:
        number = int(found[2]) if found[2] else ROMAN.get(found[3], 0)
        if not 1 <= number <= 20:
            return found[0]
        self.city, self.arrondissement = found[1], self.arrondissement or number
        return " , "

    def _ordinal(self, found: re.Match[str]) -> str:
        if 1 <= int(found[1]) <= 20:
            self.arrondissement = self.arrondissement or int(found[1])
            return " , "
        return found[0]

    def _roman(self, found: re.Match[str]) -> str:
        self.arrondissement = self.arrondissement or ROMAN.get(found[1], 0)
        return " , " if found[1] in ROMAN else found[0]

    def _city_alone(self, told: str) -> Callable[[re.Match[str]], str]:
        def replace(found: re.Match[str]) -> str:
            return found[0] if _belongs_to_a_name(told, found.start()) else " , "

        return replace

    def _city_last(self, told: str) -> Callable[[re.Match[str]], str]:
        def replace(found: re.Match[str]) -> str:
            if _belongs_to_a_name(told, found.start()):
                return found[0]
            self.city = found[0].split()[0]
            return " , "

        return replace

    def take_columns(self, postcode: str, city: str) -> None:
        """Take the postcode and the city from their own columns."""
        if not self.postcode:
            _SPACED.sub(self._spaced, postcode)
            _FIVE.sub(self._five, postcode)
            if re.fullmatch(r"\s*\d{4}\s*", postcode):  # a spreadsheet took the zero away
                _FIVE.sub(self._five, f"0{postcode.strip()}")
            if re.fullmatch(r"\s*0?\d{1,2}\s*(?:E|EME|ER)?\s*", postcode):
                number = int(re.sub(r"\D", "", postcode))
                self.arrondissement = self.arrondissement or (number if number <= 20 else 0)
        _CEDEX.sub(self._cedex, city)
        bare = " ".join(re.findall(r"[A-Z]+|\d+", _CEDEX.sub(" ", city)))
        if bare and _CITY_ARR.sub(self._city_arr, bare) == bare:
            self.city = self.city or bare

    def communes(self) -> frozenset[str]:
        """Return the commune codes that all of it allows."""
        by_number = self._of_arrondissement()
        if self.postcode:
            self.elsewhere = False
            found = frozenset(self.reader.postcodes[self.postcode])
            # A CEDEX or arrondissement that contradicts the postcode widens the search.
            return found | by_number if by_number and not by_number & found else found
        if by_number:
            self.elsewhere = False
            return by_number
        if self.city:
            known = self.reader.cities.get(self.city)
            if known:
                self.elsewhere = False
                return frozenset(known)
            self.elsewhere = True
        return frozenset()

    def _of_arrondissement(self) -> frozenset[str]:
        if not self.arrondissement or self.city not in ("", "PARIS"):
            return frozenset()
        code = f"751{self.arrondissement:02d}"
        known = self.reader.cities.get("PARIS", set())
        return frozenset({code}) if code in known else frozenset()


def _repaired(text: str) -> str:
    """Read UTF-8 that was taken for one byte a letter as what it was; anything else stays.

    >>> _repaired("Avenue du GÃ©nÃ©ral Leclerc"), _repaired("Rue Ã‰tienne"), _repaired("Â")
    ('Avenue du Général Leclerc', 'Rue Étienne', 'Â')
    """
    if text.isascii() or not _MOJIBAKE.search(text):
        return text
    for encoding in ("cp1252", "latin-1"):
        with suppress(UnicodeError):
            return text.encode(encoding).decode()
    return text


def _belongs_to_a_name(told: str, start: int) -> bool:
    """Tell whether the word at ``start`` goes on a street's name, as in RUE DE PARIS."""
    before = re.findall(r"[A-Z]+|\d+|,", told[:start])
    while before and before[-1] in ("DE", "DU", "LA", "D", "VILLE", "PORTE"):
        before.pop()
        if not before:
            return False
        if before[-1] in TYPE_OF:
            return True
    return bool(before) and before[-1] in TYPE_OF


def _tokens(told: str) -> list[str]:
    """Cut a text into words, numbers, breaks and range signs."""
    found: list[str] = []
    raw = _TOKEN.findall(told)
    last = len(raw) - 1
    for place, piece in enumerate(raw):
        if piece.isalnum():
            if (
                piece in SUFFIX_WORDS
                and len(found) > 1
                and found[-2].isdigit()
                and (found[-1] == BREAK)
            ):
                found.pop()  # 115, BIS RUE…
            found.append(piece)
            continue
        after = raw[place + 1] if place < last else ""
        number_before = bool(found) and _ends_a_number(found)
        number_after = after.isdigit() and len(after) <= 4
        if number_before and number_after:
            found.append(RANGE)
        elif piece != "-" and found and found[-1] != BREAK and not _is_code_sign(piece, raw, place):
            found.append(BREAK)
    return [piece for place, piece in enumerate(found) if not _says_number(found, place)]


def _is_code_sign(piece: str, raw: list[str], place: int) -> bool:
    """Tell whether a slash is part of a way's code, as in VOIE AB/12."""
    return (
        piece == "/"
        and 0 < place < len(raw) - 1
        and (raw[place - 1].isalpha() and len(raw[place - 1]) <= 2 and raw[place + 1].isdigit())
    )


def _ends_a_number(found: list[str]) -> bool:
    last = found[-1]
    if last.isdigit():
        return len(last) <= 4
    if last in SUFFIX_WORDS or (len(last) == 1 and last.isalpha()):
        return len(found) > 1 and found[-2].isdigit()
    return False


def _says_number(tokens: list[str], place: int) -> bool:
    """Tell whether a piece is N or NO before a number."""
    return (
        tokens[place] in _NUMBER_WORDS and place + 1 < len(tokens) and tokens[place + 1].isdigit()
    )


def _without_units(told: str) -> str:
    """Replace lots, blocks, floors and boxes by a break."""
    if _FLOOR_HINT.search(told):
        told = _FLOOR.sub(_floor, told)
    told = _UNIT.sub(" , ", told)
    return _WEAK_UNIT.sub(" , ", told)


_FLOOR_HINT = re.compile(r"ETA?G|RDC|REZ|\d\s?(?:EME|IEME|ER)\b")


def _floor(found: re.Match[str]) -> str:
    """Take a floor away; 12E before a type of way is a number with a suffix."""
    return " , " if re.search(r"ET|RDC|REZ|EME|ER\b|ND", found[0]) else found[0]
