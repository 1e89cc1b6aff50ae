"""The matcher: cells in, outcomes out. Number, type of way and words must agree.

A cell is located where one street fits what is written, has the number, and lies where the
postcode says, or next to it with nobody else to claim the number. Everything else that names a
street is ambiguous, with its candidates, and is never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from importers.matching.candidates import CLEAR_GAP, SURE, Candidate, candidates_of, other_types
from importers.matching.doors import Found, find_door, middle_of
from importers.matching.index import StreetIndex
from importers.matching.match import Level, Match, Outcome, Place, Why
from importers.matching.mentions import (
    Mention,
    number_after,
    typed_mentions,
    untyped_mentions,
)
from importers.matching.reading import Cell, Reader

FARTHEST_TWIN = 250.0  # metres between two addresses of one cell
FARTHEST_SAME_STREET = 400.0  # sides of a street may number at different paces
MOST_CANDIDATES = 6


@dataclass(slots=True)
class _Option:
    """One way for one mention, with its place, and how far it can be trusted (0 best)."""

    candidate: Candidate
    place: Place
    distrust: int
    whys: tuple[Why, ...]
    numbered: bool
    in_commune: bool
    left: bool

    @property
    def score(self) -> float:
        return self.candidate.score

    @property
    def doubt(self) -> float:
        """Return what speaks against the option, 0 for nothing: it only ranks options."""
        return (
            (1.0 - self.score)
            + (0.0 if self.numbered else 0.25)
            + (0.0, 0.1, 0.3, 0.5, 0.6, 0.8)[self.distrust]
        )


class Matcher:
    """Matches cells against one reference. Keeps no trace of what it read."""

    def __init__(self, index: StreetIndex) -> None:
        self.index = index
        self.reader = Reader(index.postcodes, index.cities, index.departments)

    def match_all(
        self, cells: Iterable[str], postcodes: Sequence[str] = (), cities: Sequence[str] = ()
    ) -> list[Match]:
        """Match many cells; postcodes and cities stand in columns of their own, or nowhere."""
        return [
            self.match(
                cell,
                postcodes[row] if postcodes else "",
                cities[row] if cities else "",
            )
            for row, cell in enumerate(cells)
        ]

    def match(self, text: str, postcode: str = "", city: str = "") -> Match:
        """Match one address cell."""
        if not text or not text.strip():
            return Match(Outcome.NOT_LOCATED, whys=(Why.EMPTY,))
        found = self._match(text, postcode, city)
        if "\n" not in text.strip():
            return found
        # A line may end the address, or break a street's name where a label was too narrow.
        joined = self._match(" ".join(text.split()), postcode, city)
        return joined if _says_more(joined, found) else found

    def _match(self, text: str, postcode: str, city: str) -> Match:
        cell = self.reader.read(text, postcode, city)
        if cell.elsewhere:
            return Match(Outcome.NOT_LOCATED, whys=(Why.OUTSIDE_REFERENCE,))
        found = self._typed(cell)
        if found is None or found.outcome is Outcome.NOT_LOCATED:
            found = self._untyped(cell) or found
        if found is None:
            level = Level.POSTCODE if cell.communes else Level.NOTHING
            return Match(Outcome.NOT_LOCATED, level, whys=(Why.NO_STREET,))
        return found

    # -- mentions ------------------------------------------------------------------------

    def _typed(self, cell: Cell) -> Match | None:
        mentions = typed_mentions(cell.tokens, self.index.vocabulary)
        if not mentions:
            return None
        answers, taken = [], -1
        for mention in mentions:
            if mention.start <= taken:
                continue
            options = self._options(mention, cell)
            if options:
                best = options[0]
                taken = mention.places[min(best.candidate.length, len(mention.places)) - 1]
                answers.append((mention, self._judged(options, cell)))
        return _combined(answers)

    def _untyped(self, cell: Cell) -> Match | None:
        answers = []
        for mention in untyped_mentions(cell.tokens, self.index.vocabulary):
            options = self._options(mention, cell)
            if options and (mention.numbers or options[0].numbered):
                answers.append((mention, self._judged(options, cell)))
        return _combined(answers)

    def _options(self, mention: Mention, cell: Cell) -> list[_Option]:
        """Return the ways a mention may stand for, most trusted first."""
        found = candidates_of(mention, self.index, cell.communes)
        options = [self._option(mention, candidate, cell) for candidate in found]
        kept = [option for option in options if option is not None]
        if not any(option.distrust == 0 and option.score == 1.0 for option in kept):
            rivals = [self._option(mention, c, cell) for c in other_types(mention, self.index)]
            kept += [r for r in rivals if r is not None and (r.numbered or not kept)]
        kept.sort(key=lambda option: option.doubt)
        return kept[:MOST_CANDIDATES]

    def _option(self, mention: Mention, candidate: Candidate, cell: Cell) -> _Option | None:
        numbers, is_range = mention.numbers, mention.is_range
        if not numbers:
            end = mention.places[min(candidate.length, len(mention.places)) - 1] + 1
            numbers = number_after(cell.tokens, end)
        door = find_door(self.index, candidate.way, numbers, is_range) if numbers else None
        place = door.place if door else middle_of(self.index, candidate.way)
        if place is None:
            return None
        whys = (*candidate.whys, *(door.whys if door else ()))
        if door is None:
            whys = (*whys, Why.NUMBER_UNKNOWN if numbers else Why.NUMBER_MISSING)
        where, why = self._distance(candidate, door, cell)
        distrust = where + (3 if Why.TYPE_DIFFERS in whys else 0)
        whys = (*whys, why) if why else whys
        left = (
            candidate.length < len(mention.words) and not mention.words[candidate.length].isdigit()
        )
        return _Option(candidate, place, distrust, whys, door is not None, where == 0, left)

    def _distance(
        self, candidate: Candidate, door: Found | None, cell: Cell
    ) -> tuple[int, Why | None]:
        """Tell how far a street lies from what the cell says: 0 there, 1 next to it, 2 farther."""
        if not cell.communes:
            return 0, None
        communes = {door.commune} if door else set(candidate.way.communes)
        if communes & cell.communes:
            return 0, None
        near = {n for commune in cell.communes for n in self.index.neighbours[commune]}
        if communes & near:
            return 1, Why.POSTCODE_NEXT
        return 2, Why.POSTCODE_FAR

    # -- judging -------------------------------------------------------------------------

    def _judged(self, options: list[_Option], cell: Cell) -> Match:
        best = options[0]
        rivals = [o for o in options[1:] if self._rivals(best, o)]
        sure = not rivals and self._stands_alone(best, cell)
        level = best.place.level
        whys = best.whys if not rivals else (*best.whys, Why.SEVERAL_STREETS)
        outcome = Outcome.LOCATED if sure else Outcome.AMBIGUOUS
        return Match(
            outcome,
            level,
            best.place,
            tuple(o.place for o in rivals),
            best.score,
            best.candidate.agreed,
            whys,
        )

    def _rivals(self, best: _Option, other: _Option) -> bool:
        """Tell whether another way claims the cell as well."""
        if best.numbered and not other.numbered:
            return False
        if best.distrust == 0 and best.score == 1.0 and Why.TYPE_MISSING not in best.whys:
            # The full name with its type, there where it should be: only a twin competes.
            return other.score == 1.0 and other.distrust == 0
        if best.distrust == 0:
            full_name_near = best.score < 1.0 == other.score and other.distrust <= 2
            return full_name_near or (other.distrust == 0 and other.score >= best.score - CLEAR_GAP)
        # The street lies next to where the cell says: whoever has the number there competes.
        return other.in_commune or (other.distrust <= best.distrust and other.score == best.score)

    def _stands_alone(self, best: _Option, cell: Cell) -> bool:
        """Tell whether number, type and words of the best way agree with the cell."""
        if best.distrust >= 2 or Why.TYPE_DIFFERS in best.whys:
            return False
        if best.distrust == 1 and best.score < 1.0:
            return False
        if Why.TYPE_MISSING in best.whys and not best.numbered:
            return False
        if best.left and not cell.communes:
            return False
        return best.score >= SURE


def _combined(answers: list[tuple[Mention, Match]]) -> Match | None:
    """Make one answer of a cell's mentions: the first one that is sure of a number leads."""
    if not answers:
        return None
    ranked = sorted(answers, key=lambda pair: _rank(*pair))
    first = ranked[0][1]
    twins = [m for _, m in ranked[1:] if _is_door(m) and _is_door(first) and m.place]
    if not twins or first.place is None:
        return first
    places = tuple(match.place for match in twins if match.place)
    far = [place for place in places if _metres(first.place, place) > FARTHEST_TWIN]
    apart = any(
        place.street != first.place.street or _metres(first.place, place) > FARTHEST_SAME_STREET
        for place in far
    )
    outcome = Outcome.AMBIGUOUS if apart else first.outcome
    return Match(
        outcome,
        first.level,
        first.place,
        (*first.others, *places),
        first.score,
        first.tokens,
        (*first.whys, Why.SEVERAL_ADDRESSES),
    )


def _says_more(one: Match, other: Match) -> bool:
    """Tell whether one reading of a cell is surer than another, or its street's name longer."""
    if one.outcome is not Outcome.LOCATED:
        return one.outcome < other.outcome
    if other.outcome is not Outcome.LOCATED:
        return True
    return (one.level, -len(one.tokens)) < (other.level, -len(other.tokens))


def _rank(mention: Mention, match: Match) -> tuple[int, int, int, int]:
    return (
        match.outcome,
        0 if match.level <= Level.BETWEEN else 1,
        1 if mention.weak else 0,
        mention.start,
    )


def _is_door(match: Match) -> bool:
    return match.outcome is Outcome.LOCATED and match.level <= Level.BETWEEN


def _metres(one: Place, other: Place) -> float:
    dy = (one.lat - other.lat) * 111_320.0
    dx = (one.lon - other.lon) * 73_300.0
    return (dx * dx + dy * dy) ** 0.5
