"""A fine raster over a city: where smoothed surfaces and labels live.

Pixels are squares of ``step`` metres of the measuring system; row 0 is the northernmost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import rasterio.features
import shapely
from rasterio.transform import Affine
from scipy import ndimage
from scipy.spatial import KDTree

from carroyage import grid

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

STEP = 10.0
MARGIN = 1_000.0  # metres around the territory, so that smoothing has no edge


@dataclass(frozen=True)
class Raster:
    """Geometry of the raster: north-west corner, step, shape and projected system."""

    west: float
    north: float
    step: float
    rows: int
    cols: int
    epsg: int

    @classmethod
    def around(cls, bounds: Any, epsg: int, step: float = STEP, margin: float = MARGIN) -> Raster:
        """Cover bounds (west, south, east, north), metres, and a margin."""
        west = np.floor((bounds[0] - margin) / step) * step
        north = np.ceil((bounds[3] + margin) / step) * step
        cols = int(np.ceil((bounds[2] + margin - west) / step))
        rows = int(np.ceil((north - bounds[1] + margin) / step))
        return cls(float(west), float(north), step, rows, cols, epsg)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.rows, self.cols

    @property
    def transform(self) -> Affine:
        """Affine transform from (column, row) to metres."""
        return Affine(self.step, 0, self.west, 0, -self.step, self.north)

    def centres(self) -> tuple[Floats, Floats]:
        """Pixel centres as two flat arrays of metres (x, y), row by row."""
        x = self.west + (np.arange(self.cols) + 0.5) * self.step
        y = self.north - (np.arange(self.rows) + 0.5) * self.step
        return np.tile(x, self.rows), np.repeat(y, self.cols)

    def pixels_of(self, x: Any, y: Any) -> Ints:
        """Flat pixel index of points; -1 outside the raster."""
        col = np.floor((np.asarray(x) - self.west) / self.step).astype(np.int64)
        row = np.floor((self.north - np.asarray(y)) / self.step).astype(np.int64)
        inside = (col >= 0) & (col < self.cols) & (row >= 0) & (row < self.rows)
        return np.where(inside, row * self.cols + col, -1)

    def label(self, shapes: Geometries) -> Ints:
        """Give each pixel the index of the shape that holds its centre, -1 for none; flat."""
        if len(shapes) == 0:
            return np.full(self.rows * self.cols, -1, np.int64)
        burned = rasterio.features.rasterize(
            zip(shapes, range(1, len(shapes) + 1), strict=True),
            out_shape=self.shape,
            transform=self.transform,
            dtype="int32",
        )
        return burned.ravel().astype(np.int64) - 1

    def cell_keys(self, size: int, grid_epsg: int) -> Ints:
        """Give each pixel's cell position, flat (centres are brought to the grid's system)."""
        to_grid = pyproj.Transformer.from_crs(self.epsg, grid_epsg, always_xy=True)
        north, east = grid.cells_of_points(*to_grid.transform(*self.centres()), size)
        return grid.cell_keys(north, east, size)

    def sum_at(self, pixels: Ints, weights: Any = None) -> Floats:
        """Add weights up by pixel, shape (rows, cols); points outside are left out."""
        good = pixels >= 0
        chosen = None if weights is None else np.asarray(weights, np.float64)[good]
        flat = np.bincount(pixels[good], weights=chosen, minlength=self.rows * self.cols)
        return flat.astype(np.float64).reshape(self.shape)

    def smooth(self, surface: Floats, sigma: float) -> Floats:
        """Gaussian average over ``sigma`` metres, single precision; nothing lies beyond."""
        return ndimage.gaussian_filter(
            surface.astype(np.float32), sigma / self.step, mode="constant", truncate=3.0
        )

    def means(self, surface: Floats, labels: Ints, count: int, shapes: Geometries) -> Floats:
        """Mean of a surface over each labelled piece, shape (count,).

        Missing pixels are left out. A piece too thin to hold a known pixel centre takes the
        value at a point inside it, and failing that the nearest piece's.
        """
        flat = surface.ravel()
        held = (labels >= 0) & np.isfinite(flat)
        n = np.bincount(labels[held], minlength=count)
        sums = np.bincount(labels[held], weights=flat[held], minlength=count)
        out = np.full(count, np.nan)
        np.divide(sums, n, out=out, where=n > 0)
        thin = np.flatnonzero(n == 0)
        if len(thin):
            xy = shapely.get_coordinates(shapely.point_on_surface(shapes[thin]))
            out[thin] = flat[self.pixels_of(xy[:, 0], xy[:, 1])]
        return fill_nearest(out, shapes)


def fill_nearest(values: Floats, shapes: Geometries) -> Floats:
    """Replace missing values by the nearest known piece's; all-missing stays missing."""
    missing = np.isnan(values)
    if not missing.any() or missing.all():
        return values
    xy = shapely.get_coordinates(shapely.centroid(shapes))
    nearest = KDTree(xy[~missing]).query(xy[missing])[1]
    filled = values.copy()
    filled[missing] = values[~missing][nearest]
    return filled
