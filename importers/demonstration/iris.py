"""Statistical blocks of about 2 000 persons, nested in quarters and communes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from importers.demonstration.city import CITY, City
from importers.demonstration.naming import part_name, town_of
from importers.demonstration.subdivide import Node
from importers.demonstration.territory import Territory

LARGEST = 2_900  # persons
BUSY = 700  # under this many persons a built-up one is called an activity block


@dataclass(frozen=True)
class Iris:
    """A run of blocks with the columns of IGN's file."""

    code: str
    name: str
    kind: str
    first: int
    last: int

    @property
    def commune(self) -> str:
        """Code of the arrondissement or commune."""
        return self.code[:5]

    def row(self) -> dict[str, str]:
        """The producer's columns."""
        return {
            "cleabs": f"IRIS____{self.code:0>16}",
            "code_insee": self.commune,
            "nom_commune": town_of(self.commune).name,
            "iris": self.code[5:],
            "code_iris": self.code,
            "nom_iris": self.name,
            "type_iris": self.kind,
        }


def draw_iris(territory: Territory) -> list[Iris]:
    """Gather blocks into IRIS, in the order of their codes."""
    city = territory.city
    home = territory.addresses["block"].to_numpy()[territory.door]
    persons = np.bincount(
        home, territory.households["persons"].to_numpy(np.float64), minlength=len(city.shapes)
    )
    reached = np.concatenate([[0], np.cumsum(persons)])
    found = []
    for part in city.parts:
        in_city = part.commune.startswith(CITY)
        base = part_name(part.commune, part.number) if in_city else town_of(part.commune).name
        for rank, node in enumerate(_leaves(part.node, reached), 1):
            code = f"{part.commune}{part.number:02d}{rank:02d}"
            kind = _kind(city, node, float(reached[node.end] - reached[node.start]))
            found.append(Iris(code, f"{base} {rank}", kind, node.start, node.end))
    return sorted(found, key=lambda iris: iris.code)


def _leaves(node: Node, reached: np.ndarray) -> Iterator[Node]:
    if reached[node.end] - reached[node.start] <= LARGEST or not node.children:
        yield node
        return
    for child in node.children:
        yield from _leaves(child, reached)


def _kind(city: City, node: Node, persons: float) -> str:
    if persons == 0 or city.green[node.start : node.end].all():
        return "D"
    return "A" if persons < BUSY else "H"
