"""Where the inhabitants of a cell are: at its addresses, or evenly spread when it has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from carroyage import grid
from carroyage.overlap import (
    MEASURED_IN,
    Geometries,
    cells_in_metres,
    covered_areas,
    points_inside,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LocatedPopulation:
    """Inhabitants at points, and inhabitants spread over whole cells.

    ``points`` (n,) in the measuring system carry ``weights`` (n,) persons; ``spread`` (m,)
    are cell polygons carrying ``spread_weights`` (m,) persons evenly over their area.
    Inhabitants of places without a cell in the table are unknown and weigh nothing.
    """

    points: Geometries
    weights: Floats
    spread: Geometries
    spread_weights: Floats

    def inside(self, polygons: Geometries) -> float:
        """Count persons inside a set of disjoint polygons."""
        return float(sum(self._by(polygons)))

    def inside_each(self, shapes: Geometries) -> Floats:
        """Count persons inside each shape, shape (k,); shapes may overlap."""
        counts = np.zeros(len(shapes))
        if len(self.points) and len(shapes):
            shape, point = shapely.STRtree(self.points).query(shapes, predicate="covers")
            counts += np.bincount(shape, weights=self.weights[point], minlength=len(shapes))
        if len(self.spread) and len(shapes):
            cell_areas = shapely.area(self.spread)
            shape, cell = shapely.STRtree(self.spread).query(shapes, predicate="intersects")
            areas = shapely.area(shapely.intersection(shapes[shape], self.spread[cell]))
            share = areas / cell_areas[cell] * self.spread_weights[cell]
            counts += np.bincount(shape, weights=share, minlength=len(shapes))
        return counts

    def _by(self, polygons: Geometries) -> tuple[float, float]:
        at_points = self.weights[points_inside(self.points, polygons)].sum()
        if len(self.spread) == 0:
            return float(at_points), 0.0
        share = covered_areas(self.spread, polygons) / shapely.area(self.spread)
        return float(at_points), float((share * self.spread_weights).sum())


def locate_population(
    keys: Ints,
    persons: Floats,
    size: int,
    grid_epsg: int,
    points_in_grid: Any = None,
    points_measured: Any = None,
    epsg: int = MEASURED_IN,
) -> LocatedPopulation:
    """Share each cell's persons equally among its addresses.

    Parameters
    ----------
    keys : int64 (n,), sorted cell positions; persons : float (n,)
    points_in_grid, points_measured : float (p, 2), optional
        The same addresses in the grid's system and in the measuring one. Without them every
        cell is spread evenly.
    """
    counts = np.zeros(len(keys), np.int64)
    points: Geometries = np.zeros(0, dtype=object)
    weights = np.zeros(0)
    if points_in_grid is not None and len(points_in_grid):
        at, known = find_cells(keys, points_in_grid, size)
        counts = np.bincount(at[known], minlength=len(keys))
        points = np.asarray(shapely.points(np.asarray(points_measured)[known]), dtype=object)
        weights = np.nan_to_num(persons)[at[known]] / counts[at[known]]
    alone = np.flatnonzero((counts == 0) & (persons > 0))
    north, east = grid.corners_of_keys(keys[alone], size)
    spread = cells_in_metres(north, east, size, grid_epsg, epsg)
    return LocatedPopulation(points, weights, spread, persons[alone])


def find_cells(
    keys: Ints, points: npt.NDArray[Any], size: int
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Find each point's cell among sorted keys: (index, whether there is one), shape (p,)."""
    points = np.asarray(points, np.float64)
    north, east = grid.cells_of_points(points[:, 0], points[:, 1], size)
    wanted = grid.cell_keys(north, east, size)
    at = np.searchsorted(keys, wanted)
    at[at == len(keys)] = 0
    return at, keys[at] == wanted if len(keys) else np.zeros(len(points), bool)
