"""Finding, among a cell's tokens, each mention of a street and the numbers that go with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache

from importers.matching.distance import TOO_FAR, edits
from importers.matching.reading import BREAK, RANGE
from importers.matching.words import (
    EXPANSIONS,
    LONG_TYPES,
    SHORT_TYPES,
    STOPS,
    SUFFIX_WORDS,
    SUFFIXES,
    TYPE_OF,
)

MOST_WORDS = 8
MOST_NUMBERS = 8
MOST_MENTIONS = 8
LONGEST_RANGE = 100
# Types that open names of buildings and programmes as often as names of streets.
WEAK_TYPES = frozenset(
    ("RESIDENCE", "JARDIN", "CITE", "COUR", "VILLA", "PORTE", "PONT", "TERRASSE", "GALERIE", "PORT",
     "CLOS", "MAIL", "COTE", "PARVIS", "HAMEAU", "SQUARE")
)  # fmt: skip

Numbers = tuple[tuple[int, str], ...]


@dataclass(slots=True)
class Mention:
    """One place in a cell that may name a street.

    ``words`` are the telling words after the type, ``places`` where each stands among the
    tokens; ``numbers`` (number, suffix) were written before it; ``type`` is empty where none
    was written.
    """

    type: str
    words: list[str]
    places: list[int]
    start: int
    numbers: Numbers = ()
    is_range: bool = False
    misspelt: bool = False
    after: int = field(default=-1)

    @property
    def weak(self) -> bool:
        """Tell whether the mention may just as well be a building's name."""
        return not self.type or self.type in WEAK_TYPES


def typed_mentions(tokens: list[str], vocabulary: Collection[str]) -> list[Mention]:
    """Return the mentions that begin with a type of way, in the order of the cell."""
    found: list[Mention] = []
    for place in range(len(tokens)):
        kind, misspelt = _type_at(tokens, place, vocabulary)
        if kind:
            words, places = _words_from(tokens, place + 1, vocabulary, kind == "VOIE")
            if kind == "ROND POINT" and words[:1] in (["POINT"], ["PETIT"]):
                words, places = words[1:], places[1:]
            if words:
                mention = Mention(kind, words, places, place, misspelt=misspelt)
                mention.numbers, mention.is_range = numbers_before(tokens, place)
                found.append(mention)
    return found[:MOST_MENTIONS]


def untyped_mentions(tokens: list[str], vocabulary: Collection[str]) -> list[Mention]:
    """Return what follows each number, and each run of words, as names without a type."""
    found: list[Mention] = []
    place, end = 0, len(tokens)
    while place < end and len(found) < MOST_MENTIONS:
        piece = tokens[place]
        starts = place == 0 or tokens[place - 1] == BREAK or _is_numberish(tokens, place - 1)
        if piece.isalpha() and piece not in SUFFIX_WORDS and starts and len(piece) > 1:
            words, places = _words_from(tokens, place, vocabulary)
            if words:
                mention = Mention("", words, places, place)
                mention.numbers, mention.is_range = numbers_before(tokens, place)
                found.append(mention)
        place += 1
    return found


def _is_numberish(tokens: list[str], place: int) -> bool:
    piece = tokens[place]
    if piece.isdigit():
        return True
    if piece in SUFFIX_WORDS or (len(piece) == 1 and piece.isalpha()):
        return place > 0 and tokens[place - 1].isdigit()
    return False


def _type_at(tokens: list[str], place: int, vocabulary: Collection[str]) -> tuple[str, bool]:
    piece = tokens[place]
    kind = TYPE_OF.get(piece)
    if kind is None:
        if piece in ("RD", "ROND") and _next_is(tokens, place, ("PT", "POINT")):
            return "ROND POINT", False
        if len(piece) < 2 or piece in vocabulary or not piece.isalpha() or piece in EXPANSIONS:
            return "", False
        guess = misspelt_type(piece)
        return (guess, True) if guess and _may_open(tokens, place) else ("", False)
    if piece in SHORT_TYPES:
        after = tokens[place + 1] if place + 1 < len(tokens) else ""
        if not _may_open(tokens, place) or after in TYPE_OF or not after.isalpha():
            return "", False
    return kind, False


def _next_is(tokens: list[str], place: int, words: tuple[str, ...]) -> bool:
    return place + 1 < len(tokens) and tokens[place + 1] in words


def _may_open(tokens: list[str], place: int) -> bool:
    """Tell whether a street may begin here: at the start, after a break or after a number."""
    return place == 0 or tokens[place - 1] == BREAK or _is_numberish(tokens, place - 1)


@lru_cache(maxsize=50_000)
def misspelt_type(word: str) -> str:
    """Return the type of way a word is a typing error of, or an empty text.

    >>> misspelt_type("BOULVARD"), misspelt_type("AVENEU"), misspelt_type("PARIS")
    ('BOULEVARD', 'AVENUE', '')
    """
    best, name = TOO_FAR, ""
    for kind in LONG_TYPES:
        most = 1 if len(kind) < 6 else 2
        if len(kind) == 3 and len(word) > 3 and not word.startswith("RU"):
            continue
        found = edits(word, kind, most)
        if found < best:
            best, name = found, kind
    return name if (best <= 2 and word[0] == name[:1]) or best == 1 else ""


def _words_from(
    tokens: list[str], place: int, vocabulary: Collection[str], is_code: bool = False
) -> tuple[list[str], list[int]]:
    """Return the telling words from ``place`` up to a break or the next street's number."""
    words: list[str] = []
    places: list[int] = []
    while place < len(tokens) and len(words) < MOST_WORDS:
        piece = tokens[place]
        if piece in (BREAK, RANGE):
            break
        if words and (piece.isdigit() or piece in TYPE_OF) and _opens(tokens, place, vocabulary):
            break
        if piece not in STOPS or is_code:
            for part in EXPANSIONS.get(piece, piece).split():
                words.append(part)
                places.append(place)
        place += 1
    return words, places


def _opens(tokens: list[str], place: int, vocabulary: Collection[str]) -> bool:
    """Tell whether another address begins here: a number, or RUE, AVENUE… by itself."""
    piece = tokens[place]
    if piece.isdigit():
        step = place + 1
        while step < len(tokens) and (
            tokens[step] in SUFFIX_WORDS
            or tokens[step] == RANGE
            or tokens[step].isdigit()
            or (len(tokens[step]) == 1 and tokens[step] not in TYPE_OF)
        ):
            step += 1
        return step < len(tokens) and bool(_type_at(tokens, step, vocabulary)[0])
    return TYPE_OF[piece] in ("RUE", "AVENUE", "BOULEVARD", "IMPASSE") and piece not in SHORT_TYPES


def numbers_before(tokens: list[str], place: int) -> tuple[Numbers, bool]:
    """Read the house numbers that end just before ``place``: 16-20, 3 A 11, 12 BIS, 4 ET 6 TER.

    Returns them in the order written, and whether they are the ends of a range.
    """
    found: list[tuple[int, str]] = []
    is_range, pending = False, ""
    place -= 1
    if place >= 0 and tokens[place] == BREAK:
        place -= 1
    while place >= 0 and len(found) < MOST_NUMBERS:
        piece = tokens[place]
        # 0012 comes from a column of fixed width; 2014-03, 12 is no range.
        if _is_house_number(piece if found else piece.lstrip("0") or piece):
            found.append((int(piece), pending))
            pending = ""
            place, linked = _over_link(tokens, place)
            is_range = is_range or linked
            if place < 0 or (linked and not _rises(tokens, place, int(piece))):
                break
        elif _is_numberish(tokens, place) and not (
            piece == "A" and found and found[-1][0] > int(tokens[place - 1])
        ):
            pending = SUFFIXES.get(piece, piece) + pending
            place -= 1
        elif piece == "A" and found and _is_numberish(tokens, place - 1):
            is_range = True
            place -= 1
        else:
            break
    found.reverse()
    return tuple(found), is_range and len(found) > 1


def _is_house_number(piece: str) -> bool:
    return piece.isdigit() and len(piece) <= 4 and (piece[0] != "0" or piece == "0")


def _rises(tokens: list[str], place: int, after: int) -> bool:
    """Tell whether the number that ends at ``place`` can open a range that ends with ``after``."""
    piece = tokens[place] if tokens[place].isdigit() else tokens[place - 1]
    return _is_house_number(piece) and int(piece) <= after <= int(piece) + LONGEST_RANGE


def _over_link(tokens: list[str], place: int) -> tuple[int, bool]:
    """Step over what links two numbers; -1 where no number comes before."""
    before = place - 1
    if before < 0:
        return -1, False
    piece = tokens[before]
    if piece == RANGE or piece in ("ET", "A", "AU", "OU"):
        ok = before - 1 >= 0 and _is_numberish(tokens, before - 1)
        linked = piece in (RANGE, "A", "AU")
        return (before - 1, linked) if ok else (-1, False)
    # Two numbers side by side: the first is a lot's or a building's as often.
    return -1, False


def number_after(tokens: list[str], place: int) -> Numbers:
    """Read a number written after the street: RUE DE SUEZ, 12 — unless it opens another one."""
    while place < len(tokens) and tokens[place] in (BREAK, "N", "NO", "NUMERO", "AU"):
        place += 1
    if place >= len(tokens) or not _is_house_number(tokens[place]):
        return ()
    number, suffix = int(tokens[place]), ""
    place += 1
    if place < len(tokens) and _is_suffix(tokens, place):
        suffix, place = SUFFIXES.get(tokens[place], tokens[place]), place + 1
    rest = [piece for piece in tokens[place : place + 2] if piece != BREAK]
    if rest and rest[0].isalpha() and rest[0] not in STOPS:
        return ()
    return ((number, suffix),)


def _is_suffix(tokens: list[str], place: int) -> bool:
    piece = tokens[place]
    last = place + 1 >= len(tokens) or tokens[place + 1] == BREAK
    return piece in SUFFIX_WORDS or (len(piece) == 1 and piece.isalpha() and last)
