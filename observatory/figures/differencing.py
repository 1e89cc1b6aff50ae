"""Figures that give a few persons away by subtraction: found after each load, and withheld.

A quarter is taken from its arrondissement, the quarters' share of a scheme from that of quarters
and watched areas, an age band from all ages: what is left may be a few people. Every whole and
its parts make a relation: whole = parts + rest. A relation whose rest is a small count, or from
which a withheld figure can be worked out, loses one more figure, the smallest that will do.

The notion is the gate's (observatory/disclosure/bounds.py): a group is betrayed when every
whole-numbered solution puts it between 1 and the threshold - 1. What a producer withholds is not
worked out from the other parts of its whole either (observatory/figures/cuts.py). All sources
are looked at together, as the most powerful reader does; whoever sees fewer can deduce less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from observatory.disclosure.bounds import solve
from observatory.figures.cuts import Closed, Families, closed_cuts, worked_out
from observatory.figures.known import Known, Node
from observatory.figures.overlaps import holdings
from observatory.figures.relations import Relation, relations_of
from observatory.figures.visible import POOLED, least_shown
from observatory.models import Nature, Observation, Sharing, Standing

# Where a figure of several sources may be given up, the least public one goes first.
OPENNESS = {str(Sharing.WORKING): 0, str(Sharing.SHARED): 1, str(Sharing.PUBLIC): 2}


def protect(indicators: Iterable[int] | None = None) -> int:
    """Mark the figures that betray a few persons, of some indicators (ids) or of all.

    Returns how many are marked. Must run inside a transaction, after figures, memberships or
    terms of sources have changed. Running it twice changes nothing.
    """
    families = Families.stored()
    roots = families.of(indicators)
    groups = _groups(roots, families.persons)
    places = {node.territory for nodes in groups for node, known in nodes.items() if known.persons}
    inside = holdings(places)
    marked: list[int] = []
    for nodes in groups:
        persons = {node for node, known in nodes.items() if known.persons}
        relations = relations_of(persons, inside, families.cuts)
        held = held_back(nodes, relations, closed_cuts(nodes, families.cuts))
        marked += [row for node in held for row in nodes[node].rows]
    rows = Observation.objects.filter(indicator__in=roots)
    rows.filter(betrays=True).exclude(pk__in=marked).update(betrays=False)
    Observation.objects.filter(pk__in=marked, betrays=False).update(betrays=True)
    return len(marked)


def _groups(roots: Mapping[int, int], persons: Collection[int]) -> Collection[dict[Node, Known]]:
    """Return what is stored, one family of indicators, year and period at a time."""
    rows = Observation.objects.filter(indicator__in=roots).annotate(least=least_shown())
    told = rows.order_by("year", "period").values_list(
        "pk", "indicator_id", "indicator__nature", "territory_id", "scope", "year", "period",
        "standing", "value", "numerator", "denominator", "least", "source__terms__sharing",
    )  # fmt: skip
    groups: dict[tuple[int, int, str], dict[Node, Known]] = defaultdict(dict)
    for pk, indicator, nature, place, scope, year, period, standing, *counts, least, reach in told:
        nodes = groups[roots[indicator], year, period]
        node = Node(indicator, place, scope)
        known = nodes.setdefault(node, Known(persons=indicator in persons))
        known.withheld |= standing == Standing.WITHHELD
        if nature == Nature.SHARE and counts[0] is not None:
            known.percent = counts[0]
        known.add(_measures(nature, *counts), least, OPENNESS.get(str(reach), 0), pk)
    return groups.values()


def _measures(
    nature: str, value: float | None, numerator: float | None, denominator: float | None
) -> dict[str, float]:
    """Return the counts of persons that a figure prints, by what they are."""
    found: dict[str, float | None] = {}
    if nature == Nature.COUNT:
        found["value"] = value
    elif nature in POOLED:
        # What a share counts is a part of its whole, as any count is.
        top = "value" if nature == Nature.SHARE else "numerator"
        found |= {top: numerator, "denominator": denominator}
        if nature == Nature.SHARE and numerator is not None and denominator is not None:
            found["rest"] = denominator - numerator
    return {name: count for name, count in found.items() if count is not None}


# -- which to hold back --------------------------------------------------------------------


def held_back(
    nodes: Mapping[Node, Known], relations: list[Relation], closed: Sequence[Closed] = ()
) -> set[Node]:
    """Return the nodes to withhold beside the small ones, so that nothing is betrayed."""
    small = {node for node, known in nodes.items() if known.small}
    held: set[Node] = set()
    measures = {name for known in nodes.values() if known.persons for name in known.low}
    while found := (
        _to_give_up(nodes, relations, measures, small | held)
        or set(worked_out(closed, nodes, small | held))
    ):
        held |= found
    return held


def _to_give_up(
    nodes: Mapping[Node, Known], relations: list[Relation], measures: set[str], hidden: set[Node]
) -> set[Node]:
    """Return shown nodes to withhold, one of each relation betrayed; none where nothing is."""
    found: set[Node] = set()
    for measure in sorted(measures):
        system = _System(nodes, relations, measure, hidden)
        for relation in system.betrayed():
            shown = [node for node in relation.all if system.is_shown(node)]
            parts = [node for node in shown if node not in relation.wholes] or shown
            if parts and not found.intersection(relation.all):
                found.add(min(parts, key=lambda n: (nodes[n].openness, nodes[n].high[measure], n)))
    return found


class _System:
    """The relations of one measure that hold, with what is printed put in."""

    def __init__(
        self, nodes: Mapping[Node, Known], relations: list[Relation], measure: str,
        hidden: set[Node],
    ) -> None:  # fmt: skip
        self.nodes, self.measure, self.hidden = nodes, measure, hidden
        self.relations = [r for r in relations if self._holds(r)]

    def is_shown(self, node: Node) -> bool:
        """Tell whether the node's count is printed."""
        return node not in self.hidden and self.measure in self.nodes[node].low

    def _holds(self, relation: Relation) -> bool:
        """Leave out what is not known, and sources that contradict each other: no rest there."""
        if any(self.measure not in self.nodes[whole].low for whole in relation.wholes):
            return False
        known = [self.nodes[p] for p in relation.parts if self.measure in self.nodes[p].low]
        parts = sum(one.low[self.measure] for one in known)
        return bool(known) and parts <= self._most(relation) + 0.5

    def _most(self, relation: Relation) -> float:
        """Return what the wholes hold together, as the highest of their sources says."""
        return sum(self.nodes[whole].high[self.measure] for whole in relation.wholes)

    def _left(self, relation: Relation) -> float:
        """Return what is left of the whole when all printed parts are taken away."""
        shown = (self.nodes[p].low[self.measure] for p in relation.parts if self.is_shown(p))
        return self._most(relation) - sum(shown)

    def _least(self, relation: Relation) -> int:
        return max(self.nodes[node].least for node in relation.all)

    def betrayed(self) -> Iterable[Relation]:
        """Give a relation of each group that is betrayed: plain subtractions, or else the rest.

        What ends a plain subtraction may free what the solver would find: it is asked afterwards.
        """
        plain = [relation for relation in self.relations if self._leaves_few(relation)]
        yield from plain
        for component in [] if plain else self._components():
            yield from self._by_solver(component)

    def _leaves_few(self, relation: Relation) -> bool:
        shown = all(map(self.is_shown, relation.wholes))
        return shown and 0.5 <= self._left(relation) < self._least(relation)

    def _components(self) -> Iterable[list[Relation]]:
        """Give the relations that share a hidden count; printed counts tie nothing together."""
        touching = [r for r in self.relations if any(n in self.hidden for n in r.all)]
        places = {n: i for i, n in enumerate({n for r in touching for n in r.all} & self.hidden)}
        pairs = [(i, places[n]) for i, r in enumerate(touching) for n in r.all if n in places]
        if not pairs:
            return []
        rows, columns = zip(*pairs, strict=True)
        links = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(touching), len(places)))
        count, labels = connected_components(links @ links.T, directed=False)
        return [[r for r, mark in zip(touching, labels, strict=True) if mark == c]
                for c in range(count)]  # fmt: skip

    def _by_solver(self, component: list[Relation]) -> Iterable[Relation]:
        """Give the relations of the small hidden counts that only small values allow."""
        unknown = sorted({n for r in component for n in r.all if not self.is_shown(n)})
        count = len(unknown) + len(component)  # each relation has its rest
        place = {node: i for i, node in enumerate(unknown)}
        matrix = np.zeros((len(component), count))
        low, high = np.zeros(len(component)), np.zeros(len(component))
        for row, relation in enumerate(component):
            matrix[row, len(unknown) + row] = 1.0 if self._rest(relation) else 0.0
            for node in relation.all:
                sign = -1.0 if node in relation.wholes else 1.0
                if node in place:
                    matrix[row, place[node]] = sign
                else:
                    least, most = self._whole_numbers(node)
                    low[row] += least if sign < 0 else -most
                    high[row] += most if sign < 0 else -least
        for node in unknown:
            if self._is_small(node) and not _free(matrix, low, high, place[node],
                                                  self.nodes[node].least):  # fmt: skip
                yield min((r for r in component if node in r.all), key=self._left)

    def _whole_numbers(self, node: Node) -> tuple[float, float]:
        known = self.nodes[node]
        return float(np.floor(known.low[self.measure])), float(np.ceil(known.high[self.measure]))

    def _rest(self, relation: Relation) -> bool:
        """Tell whether something may be left: where nothing is, a reader is taken to know it."""
        parts = [self.nodes[p] for p in relation.parts]
        if any(self.measure not in one.low for one in parts):
            return True
        return self._most(relation) - sum(one.low[self.measure] for one in parts) >= 0.5

    def _is_small(self, node: Node) -> bool:
        known = self.nodes[node]
        return 0 < known.low.get(self.measure, 0) < known.least


def _free(
    matrix: np.ndarray, low: np.ndarray, high: np.ndarray, place: int, least: int
) -> bool:  # fmt: skip
    """Tell whether a count may also be none, or at least ``least``."""
    chosen = np.zeros((1, matrix.shape[1]))
    chosen[0, place] = 1.0
    for bottom, top in ((least, np.inf), (0.0, 0.0)):
        found = solve(
            np.ones(matrix.shape[1]), csr_array(np.vstack([matrix, chosen])),
            np.append(low, bottom), np.append(high, top),
        )  # fmt: skip
        if found.x is not None:
            return True
    return False
