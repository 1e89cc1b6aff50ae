"""Which streets of the reference a mention may stand for, and how well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from importers.matching.distance import alignment
from importers.matching.index import StreetIndex, Way
from importers.matching.match import Why
from importers.matching.mentions import Mention

LEAST_SCORE = 0.74
CLEAR_GAP = 0.06
SURE = 0.84
MOST_TRIED = 3


@dataclass(slots=True)
class Candidate:
    """A way that a mention may stand for: score, words that agreed, what to know, words used.

    ``length`` counts the mention's words that the way's name took; the rest is something else.
    """

    way: Way
    score: float
    agreed: tuple[str, ...]
    whys: tuple[Why, ...]
    length: int


def candidates_of(
    mention: Mention, index: StreetIndex, communes: frozenset[str]
) -> list[Candidate]:
    """Return the ways whose type and words agree with a mention, best first.

    The exact name wins; a name written in part or misspelt is looked for where no exact one
    fits the communes asked for, or where it would take more of the written words.
    """
    exact = _exact(mention, index)
    taken = exact[0].length if exact else 0
    fits = any(_fits(candidate.way, communes) for candidate in exact)
    if exact and fits and taken == _telling(mention):
        return exact
    loose = [c for c in _loose(mention, index) if c.length > taken or not fits]
    longer = [c for c in loose if c.length > taken and c.score >= SURE]
    if exact and any(_fits(candidate.way, communes) for candidate in longer):
        return longer
    return exact + [c for c in loose if not exact or c.score < 1.0]


def _telling(mention: Mention) -> int:
    words = len(mention.words)
    while words > 1 and mention.words[words - 1].isdigit():
        words -= 1
    return words


def _fits(way: Way, communes: frozenset[str]) -> bool:
    return not communes or bool(way.communes & communes)


def _exact(mention: Mention, index: StreetIndex) -> list[Candidate]:
    """Return the ways of the longest run of words that is a full name of this type."""
    for length in range(len(mention.words), 0, -1):
        key = " ".join(mention.words[:length])
        ways = _named(mention, index, key)
        if ways:
            agreed = tuple(mention.words[:length])
            return [Candidate(w, 1.0, agreed, _type_whys(mention, w), length) for w in ways]
    return []


def _named(mention: Mention, index: StreetIndex, key: str) -> list[Way]:
    if mention.type:
        return index.by_name.get((mention.type, key), [])
    return index.by_words.get(key, [])


def _type_whys(mention: Mention, way: Way) -> tuple[Why, ...]:
    if mention.misspelt:
        return (Why.TYPE_MISSPELT,)
    return (Why.TYPE_MISSING,) if not mention.type and way.type else ()


def _loose(mention: Mention, index: StreetIndex) -> list[Candidate]:
    """Return ways of this type whose name was shortened or misspelt, best first."""
    found: dict[int, Candidate] = {}
    whole = _telling(mention)
    for length in range(whole, max(0, whole - MOST_TRIED), -1):
        words = mention.words[:length]
        for way in _near(words, index):
            if mention.type and way.type != mention.type:
                continue
            score, agreed = alignment(words, way.words)
            # Words left over are a building's name at best: each costs a little.
            score -= 0.1 * (whole - length)
            if score >= LEAST_SCORE and score > getattr(found.get(way.number), "score", 0.0):
                whys = (*_type_whys(mention, way), _name_why(words, way))
                found[way.number] = Candidate(way, score, tuple(agreed), whys, length)
        if any(candidate.score >= 0.9 for candidate in found.values()):
            break
    return sorted(found.values(), key=lambda c: -c.score)


def _near(words: list[str], index: StreetIndex) -> Iterable[Way]:
    """Give the ways whose name ends with these words, then those of similar spelling."""
    yield from index.by_end.get(" ".join(words), ())
    for _, ways in index.similar(words):
        yield from ways


def _name_why(words: list[str], way: Way) -> Why:
    written = set(words)
    return Why.NAME_PARTIAL if written <= set(way.words) else Why.NAME_MISSPELT


def other_types(mention: Mention, index: StreetIndex) -> list[Candidate]:
    """Return the ways of the same full name and another type: for review, never an answer."""
    if not mention.type:
        return []
    for length in range(len(mention.words), 0, -1):
        key = " ".join(mention.words[:length])
        ways = [way for way in index.by_words.get(key, ()) if way.type != mention.type]
        if ways:
            agreed = tuple(mention.words[:length])
            return [Candidate(way, 0.5, agreed, (Why.TYPE_DIFFERS,), length) for way in ways]
    return []
