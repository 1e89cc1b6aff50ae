"""Poor cells that must not become zones: a small cluster and lone cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from importers.demonstration import errors, plan
from importers.demonstration.city import City
from importers.demonstration.facts import MIN_POPULATION
from importers.demonstration.ground import Ground
from importers.demonstration.zones import Zone

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

SMALL_ZONE_PERSONS = (600, 0.94 * MIN_POPULATION)
LONE_PERSONS = (180, 0.9 * MIN_POPULATION)
APART = 2


@dataclass(frozen=True)
class Decoys:
    """Numbers of the cells that are poor without making a zone."""

    small_zone: tuple[int, ...]
    lone: tuple[int, ...]

    @property
    def cells(self) -> Ints:
        """All of them."""
        return np.array([*self.small_zone, *self.lone], np.int64)


def choose_decoys(city: City, ground: Ground, zones: list[Zone], persons: Floats) -> Decoys:
    """Choose decoys among inhabited cells away from every zone.

    ``persons`` is the population of each cell.

    Raises
    ------
    NoRoomForZone
    """
    free = ~ground.around([c for zone in zones for c in zone.cells], APART)
    small = _small_zone(city, ground, free, persons)
    free &= ~ground.around(list(small), APART)
    lone: list[int] = []
    for place in plan.LONE_CELLS:
        cell = _lone_cell(city, ground, free, persons, place)
        lone.append(cell)
        free &= ~ground.around([cell], APART)
    return Decoys(small, tuple(lone))


def _small_zone(city: City, ground: Ground, free: Bools, persons: Floats) -> tuple[int, ...]:
    low, high = SMALL_ZONE_PERSONS
    for first in ground.nearest(city.skeleton.point(*plan.SMALL_ZONE)).tolist():
        if not free[first] or persons[first] < low / 3:
            continue
        for second in sorted(ground.beside(first)):
            fits = low <= persons[first] + persons[second] <= high
            if fits and free[second] and persons[second] >= low / 3:
                return tuple(sorted((first, second)))
    raise errors.NoRoomForZone("small poor zone", 2, 0)


def _lone_cell(
    city: City, ground: Ground, free: Bools, persons: Floats, place: tuple[float, float]
) -> int:
    low, high = LONE_PERSONS
    for cell in ground.nearest(city.skeleton.point(*place)).tolist():
        if free[cell] and low <= persons[cell] <= high:
            return int(cell)
    raise errors.NoRoomForZone("lone poor cell", 1, 0)
