"""Subtraction: which unions of zones of one geography leave a small rest under another one.

Zones overlap without nesting (quarters of 2015 and 2024, quarters and arrondissements, two
versions of a deposit). Two zones are neighbours in the graph when they share an atom; the search
grows unions along it and subtracts all zones of the other geography that lie inside
(Costemalle 2019, doi 10.3233/SJI-190564).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

MOST_ZONES = 3
MOST_RESTS = 20_000

Zones = Mapping[str, frozenset[int]]


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
    meeting = _meeting(over, under)
    for union in _unions(over, under, meeting, most_zones):
        atoms = frozenset().union(*(over[name] for name in union))
        touched = sorted({name for zone in union for name in meeting[zone]})
        inside = tuple(name for name in touched if under[name] <= atoms)
        if not inside:
            continue
        rest = atoms.difference(*(under[name] for name in inside))
        if rest:
            yield Rest(union, inside, rest)


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


def _unions(
    over: Zones, under: Zones, meeting: Mapping[str, set[str]], most_zones: int
) -> Iterator[tuple[str, ...]]:
    """Give the unions of zones tied by a zone of the other geography, smallest first."""
    holders: dict[str, set[str]] = {}
    for name, held in meeting.items():
        for zone in held:
            holders.setdefault(zone, set()).add(name)
    neighbours = {
        name: {near for zone in held for near in holders[zone]} - {name}
        for name, held in meeting.items()
    }
    edge: set[tuple[str, ...]] = {(name,) for name in over}
    for _ in range(most_zones):
        yield from sorted(edge)
        edge = {
            tuple(sorted((*union, near)))
            for union in edge
            for near in set().union(*(neighbours[name] for name in union)) - set(union)
        }
