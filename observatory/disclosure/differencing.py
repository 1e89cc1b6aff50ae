"""Subtraction: which unions of zones of one geography leave a small rest under another one.

Zones overlap without nesting (quarters of 2015 and 2024, quarters and arrondissements, two
versions of a deposit). Two zones are neighbours in the graph when one zone of the other geography
lies across both; the search grows unions along it and subtracts all zones of the other geography
that lie inside (Costemalle 2019, doi 10.3233/SJI-190564). A union that no such zone holds together
leaves nothing but the rests of its parts, which are looked at by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeVar

import numpy as np

from observatory.disclosure.cells import incidence

MOST_ZONES = 3
MOST_RESTS = 20_000

Zones = Mapping[str, frozenset[int]]
Zone = TypeVar("Zone", str, int)


@dataclass(frozen=True)
class Rest:
    """What is left of a union of zones after others inside it are taken away."""

    plus: tuple[str, ...]
    minus: tuple[str, ...]
    atoms: frozenset[int]


def rests(geographies: Mapping[str, Zones], most_zones: int = MOST_ZONES) -> Iterator[Rest]:
    """Give every rest of at most ``most_zones`` zones of one geography under another one.

    ``geographies`` holds, for each geography, its published zones as sets of atoms. Each set of
    atoms is given once.
    """
    seen: set[frozenset[int]] = set()
    for over, under in combinations(geographies, 2):
        for one, other in ((over, under), (under, over)):
            for rest in _rests(geographies[one], geographies[other], most_zones):
                if rest.atoms not in seen:
                    seen.add(rest.atoms)
                    yield rest
                    if len(seen) >= MOST_RESTS:
                        return


def _rests(over: Zones, under: Zones, most_zones: int) -> Iterator[Rest]:
    meeting = _meeting(under, over)
    within: dict[str, list[str]] = {}
    spans: dict[str, frozenset[str]] = {}
    for name, held in meeting.items():
        if not 0 < len(held) <= most_zones:
            continue
        if under[name] <= frozenset().union(*(over[zone] for zone in held)):
            spans[name] = frozenset(held)
            within.setdefault(min(held), []).append(name)
    for union in unions(set(spans.values()), most_zones):
        atoms = frozenset().union(*(over[zone] for zone in union))
        near = (name for zone in union for name in within.get(zone, ()))
        inside = tuple(sorted(name for name in near if spans[name] <= union))
        rest = atoms.difference(*(under[name] for name in inside))
        if rest:
            yield Rest(tuple(sorted(union)), inside, rest)


def _meeting(over: Zones, under: Zones) -> dict[str, set[str]]:
    """Return, for each zone of one geography, the zones of the other that share an atom."""
    holders: dict[int, list[str]] = {}
    for name, atoms in under.items():
        for atom in atoms:
            holders.setdefault(atom, []).append(name)
    return {
        name: {held for atom in atoms for held in holders.get(atom, ())}
        for name, atoms in over.items()
    }


def unions(spans: set[frozenset[Zone]], most_zones: int) -> Iterator[frozenset[Zone]]:
    """Give the unions of sets that share a zone, of at most ``most_zones``, smallest first."""
    holders: dict[Zone, list[frozenset[Zone]]] = {}
    for span in spans:
        for zone in span:
            holders.setdefault(zone, []).append(span)
    known = set(spans)
    edge = known
    while edge:
        yield from sorted(edge, key=lambda union: (len(union), sorted(union)))
        grown = {union | span for union in edge for zone in union for span in holders[zone]}
        edge = {union for union in grown - known if len(union) <= most_zones}
        known |= edge


def differences(
    figures: Sequence[Sequence[int]], truth: Any, threshold: int
) -> set[tuple[int, ...]]:
    """Return what each figure holds and another one does not, where that is 1 to threshold - 1.

    ``figures`` are sets of groups, whose true counts are ``truth``, shape (groups,). Small figures
    are returned whole: nothing needs to be taken away from them.
    """
    if not len(figures):
        return set()
    matrix = incidence(figures, len(truth))
    sizes = matrix @ truth
    common = ((matrix * truth[None, :]) @ matrix.T).tocoo()
    left = sizes[common.row] - common.data
    kept = (left > 0) & (left < threshold)
    sets = [frozenset(figure) for figure in figures]
    found = {
        tuple(sorted(sets[one] - sets[other]))
        for one, other in zip(common.row[kept].tolist(), common.col[kept].tolist(), strict=True)
    }
    small = np.flatnonzero((sizes > 0) & (sizes < threshold))
    return found | {tuple(sorted(sets[place])) for place in small.tolist()}
