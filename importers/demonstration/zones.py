"""The zones the computation is to find: sets of cells grown on the invented map."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from importers.demonstration import errors, plan
from importers.demonstration.city import City
from importers.demonstration.fields import SmoothField
from importers.demonstration.ground import Ground

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

WHOLLY = 0.97  # share of a zone's cell that must lie in the zone's own communes
BUILT = 0.86  # share of a zone's cell that must be built up
APART = (2, 1)  # empty cells wanted between zones, then accepted where room is short
EACH_COMMUNE = 0.08  # share of a straddling zone that must lie in each of its communes
STARTS = 300  # first cells tried, nearest to the planned place first


@dataclass(frozen=True)
class Zone:
    """A zone as planned, with the numbers of its cells."""

    plan: plan.ZonePlan
    cells: tuple[int, ...]


def grow_zones(city: City, ground: Ground, rng: np.random.Generator) -> list[Zone]:
    """Grow all planned zones, apart from each other.

    Raises
    ------
    NoRoomForZone
    """
    rough = SmoothField.draw(rng, city.skeleton.centre, 250.0).at(*ground.centres())
    zones: list[Zone] = []
    for planned in (*plan.ZONES, plan.SMALL_UNIT_ZONE):
        for gap in APART:
            free = _free(city, ground, planned, zones, gap)
            cells = _place(city, ground, planned, free, rough)
            if len(cells) == planned.cells:
                break
        else:
            raise errors.NoRoomForZone(planned.name, planned.cells, len(cells))
        zones.append(Zone(planned, cells))
    return zones


def _free(city: City, ground: Ground, planned: plan.ZonePlan, zones: list[Zone], gap: int) -> Bools:
    free = ground.share_in(city.commune, planned.communes) >= WHOLLY
    free &= ground.built >= BUILT
    for zone in zones:
        same = planned.quarter != "" and zone.plan.quarter == planned.quarter
        free &= ~ground.around(list(zone.cells), min(APART) if same else gap)
    return free


def _place(
    city: City, ground: Ground, planned: plan.ZonePlan, free: Bools, rough: Floats
) -> tuple[int, ...]:
    place = city.skeleton.point(planned.angle, planned.ring)
    starts = [int(c) for c in ground.nearest(place) if free[c]][:STARTS]
    best: tuple[int, ...] = ()
    for start in starts:
        cells = _grow(ground, start, planned.cells, free, rough)
        if len(cells) == planned.cells and _touches_all(city, ground, planned, cells):
            return cells
        if len(best) < len(cells) < planned.cells:
            best = cells
    return best


def _grow(ground: Ground, start: int, wanted: int, free: Bools, rough: Floats) -> tuple[int, ...]:
    """Take the nearest free cells by sides, pushed about by a rough surface."""
    x, y = ground.centres()
    far = np.hypot(x - x[start], y - y[start]) + 130.0 * rough
    found: list[int] = []
    queue, seen = [(0.0, start)], {start}
    while queue and len(found) < wanted:
        _, cell = heapq.heappop(queue)
        found.append(cell)
        for other in ground.beside(cell):
            if other not in seen and free[other]:
                seen.add(other)
                heapq.heappush(queue, (float(far[other]), other))
    return tuple(sorted(found))


def _touches_all(
    city: City, ground: Ground, planned: plan.ZonePlan, cells: tuple[int, ...]
) -> bool:
    blocks = ground.samples[list(cells)].ravel()
    shares = [(city.commune[blocks] == code).mean() for code in planned.communes]
    return min(shares) >= EACH_COMMUNE
