"""Wholes cut into parts: ages of a population, sizes of dwellings; what one part alone betrays.

A dictionary says of an indicator which one it is part of, and by what that is cut; parts of one
cut never overlap. Where the shares of a cut make 100 %, or its counts make the whole, nearly
wherever all are known, the cut is complete, and whoever knows all parts but one knows that one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from observatory.figures.known import Known, Node
from observatory.models import Indicator

ROUNDING = 0.05  # of a share printed with one decimal: the largest error of each part
NEARLY = 0.9  # of the places where all parts are known: a few rows of any table are wrong


class Cut(NamedTuple):
    """The indicator that is cut, and by what."""

    whole: int
    by: str


@dataclass(frozen=True)
class Families:
    """Which indicators are parts of which, directly or through others."""

    cuts: Mapping[int, Cut]
    persons: frozenset[int]

    @classmethod
    def stored(cls) -> Families:
        """Read them from the dictionary."""
        told = Indicator.objects.values_list("pk", "part_of_id", "cut")
        cuts = {pk: Cut(whole, by) for pk, whole, by in told if whole is not None}
        counted = Indicator.objects.filter(counts_persons=True).values_list("pk", flat=True)
        return cls(cuts, frozenset(counted))

    def of(self, indicators: Iterable[int] | None) -> dict[int, int]:
        """Return the first whole of each indicator looked at: of the families of some, or all.

        Looked at are indicators that count persons, and those that are cut or part of a cut.
        """
        wholes = {cut.whole for cut in self.cuts.values()}
        roots = {pk: self.root(pk) for pk in {*self.cuts, *wholes, *self.persons}}
        if indicators is None:
            return roots
        asked = {self.root(pk) for pk in indicators}
        return {pk: root for pk, root in roots.items() if root in asked}

    def root(self, indicator: int) -> int:
        """Return the whole that is part of nothing; a ring of parts ends where it closes."""
        met = {indicator}
        while (cut := self.cuts.get(indicator)) and cut.whole not in met:
            indicator = cut.whole
            met.add(indicator)
        return indicator


@dataclass(frozen=True)
class Closed:
    """All parts of a complete cut at one place; ``whole`` where counts, and not shares, add up."""

    parts: tuple[Node, ...]
    whole: Node | None


def closed_cuts(nodes: Mapping[Node, Known], cuts: Mapping[int, Cut]) -> list[Closed]:
    """Return the complete cuts of one year, place by place, each with all its parts stored."""
    found: dict[Cut, dict[tuple[int, str], list[Node]]] = defaultdict(lambda: defaultdict(list))
    for node in nodes:
        if cut := cuts.get(node.indicator):
            found[cut][node.territory, node.scope].append(node)
    closed: list[Closed] = []
    for cut, places in found.items():
        size = len({node.indicator for parts in places.values() for node in parts})
        whole = [tuple(sorted(parts)) for parts in places.values() if len(parts) == size > 1]
        if _makes_all(nodes, whole):
            closed += [Closed(parts, None) for parts in whole]
        elif _makes_the_whole(nodes, whole, cut):
            closed += [Closed(parts, _whole(parts, cut)) for parts in whole]
    return closed


def worked_out(
    closed: Sequence[Closed], nodes: Mapping[Node, Known], hidden: Collection[Node]
) -> Iterator[Node]:
    """Give, for each part that its neighbours give away, the neighbour to withhold beside it."""
    for one in closed:
        shown = [node for node in one.parts if node not in hidden and not nodes[node].is_secret]
        needed = shown if one.whole is None else [*shown, one.whole]
        told = all(n in nodes and n not in hidden and nodes[n].size is not None for n in needed)
        if told and len(shown) == len(one.parts) - 1:
            yield min(shown, key=lambda n: (nodes[n].openness, nodes[n].size, n))


def _whole(parts: tuple[Node, ...], cut: Cut) -> Node:
    return parts[0]._replace(indicator=cut.whole)


def _makes_all(nodes: Mapping[Node, Known], places: Iterable[tuple[Node, ...]]) -> bool:
    """Tell whether shares add up to 100 % nearly wherever all of them are known."""
    percents = ([nodes[node].percent for node in parts] for parts in places)
    known = [[p for p in told if p is not None] for told in percents if None not in told]
    # Producers round each part, some of them twice: one more error is allowed for.
    fits = [abs(sum(told) - 100) <= ROUNDING * (len(told) + 1) for told in known]
    return _nearly_all(fits)


def _makes_the_whole(
    nodes: Mapping[Node, Known], places: Iterable[tuple[Node, ...]], cut: Cut
) -> bool:
    """Tell whether counts add up to their whole nearly wherever all of them are known."""
    fits = [
        abs(nodes[whole].high["value"] - sum(nodes[node].low["value"] for node in parts)) < 0.5
        for parts in places
        if (whole := _whole(parts, cut)) in nodes
        and all("value" in nodes[node].low for node in (*parts, whole))
    ]
    return _nearly_all(fits)


def _nearly_all(fits: Sequence[bool]) -> bool:
    return bool(fits) and sum(fits) >= NEARLY * len(fits)
