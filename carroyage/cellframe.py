"""Cells sorted by position, measured against shapes: what assessing and pieces both need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from carroyage import columns, errors, grid, overlap
from carroyage.location import LocatedPopulation, locate_population

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

BELONGS_SHARE = 0.5  # a cell is assessed when at least half of it lies in the territory


@dataclass(frozen=True)
class CellFrame:
    """Cells sorted by position, with what measuring needs."""

    cells: pd.DataFrame
    keys: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    size: int
    grid_epsg: int
    epsg: int

    @classmethod
    def of(cls, cells: pd.DataFrame, epsg: int) -> CellFrame:
        """Parse ids and sort rows by position; refuses duplicates."""
        ids = grid.parse_ids(cells.index)
        grid_epsg, size = ids.one_grid()
        keys = grid.cell_keys(ids.north, ids.east, size)
        order = np.argsort(keys, kind="stable")
        twice = np.flatnonzero(np.diff(keys[order]) == 0)
        if len(twice):
            raise errors.DuplicateCells(cells.index[order[twice[:5]]].tolist(), len(twice))
        return cls(cells.iloc[order], keys[order], order, size, grid_epsg, epsg)

    def within(self, limits: Any) -> CellFrame:
        """Keep the cells of which at least half lies in a territory (all when it is None)."""
        if limits is None:
            return self
        near = overlap.keys_near(shapely.get_parts(limits), self.size, self.grid_epsg, self.epsg)
        rows = np.flatnonzero(np.isin(self.keys, near))
        rows = rows[self.holds(self.keys[rows], limits)]
        return replace(
            self, cells=self.cells.iloc[rows], keys=self.keys[rows], order=self.order[rows]
        )

    def around(self, shapes: Geometries) -> CellFrame:
        """Keep the cells that shapes may meet: nobody elsewhere weighs in any figure."""
        near = overlap.keys_near(shapes, self.size, self.grid_epsg, self.epsg)
        rows = np.flatnonzero(np.isin(self.keys, near, assume_unique=True))
        return replace(
            self, cells=self.cells.iloc[rows], keys=self.keys[rows], order=self.order[rows]
        )

    def holds(self, keys: npt.NDArray[np.int64], limits: Any) -> npt.NDArray[np.bool_]:
        """Say which positions have at least half of their area in a territory."""
        if limits is None:
            return np.ones(len(keys), bool)
        shapes = self.squares(keys)
        inside = shapely.area(shapely.intersection(shapes, limits))
        return inside >= BELONGS_SHARE * shapely.area(shapes)

    def squares(self, keys: npt.NDArray[np.int64]) -> Geometries:
        """Cell polygons of some positions, in the measuring system."""
        north, east = grid.corners_of_keys(keys, self.size)
        return overlap.cells_in_metres(north, east, self.size, self.grid_epsg, self.epsg)

    def polygons(self, rows: npt.NDArray[np.int64]) -> Geometries:
        """Cell polygons of some rows, in the measuring system."""
        return self.squares(self.keys[rows])

    def legal_areas(self, parts: Geometries) -> tuple[Floats, Floats]:
        """Legal area of every cell and every cell's area (NaN-free, m²), shape (n,) each."""
        near = overlap.keys_near(parts, self.size, self.grid_epsg, self.epsg)
        rows = np.flatnonzero(np.isin(self.keys, near, assume_unique=True))
        legal, areas = np.zeros(len(self.keys)), np.full(len(self.keys), float(self.size**2))
        shapes = self.polygons(rows)
        areas[rows] = shapely.area(shapes)
        legal[rows] = overlap.covered_areas(shapes, parts)
        return legal, areas

    def locate(self, points: gpd.GeoSeries | gpd.GeoDataFrame | None) -> LocatedPopulation:
        """Locate the cells' inhabitants (see `carroyage.location`)."""
        persons = self.cells[columns.PERSONS].to_numpy(np.float64)
        if points is None:
            return locate_population(self.keys, persons, self.size, self.grid_epsg, epsg=self.epsg)
        if points.crs is None:
            raise errors.WrongGeometrySystem("Addresses", None)
        shapes = points.geometry
        return locate_population(
            self.keys, persons, self.size, self.grid_epsg,
            shapely.get_coordinates(shapes.to_crs(self.grid_epsg).array),
            shapely.get_coordinates(shapes.to_crs(self.epsg).array), self.epsg,
        )  # fmt: skip
