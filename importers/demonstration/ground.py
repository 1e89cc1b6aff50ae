"""The territory seen through 200 m cells: which blocks and communes each one covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from importers.demonstration.city import City
from importers.demonstration.facts import CELL_SIZE
from importers.demonstration.network import Point

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PER_SIDE = 8  # sample points along one side of a cell: every 25 m
MARGIN = 3  # empty cells kept around the territory


@dataclass(frozen=True)
class Ground:
    """A rectangle of cells; a cell's number is ``row * columns + column``.

    Attributes
    ----------
    west, south : metres of EPSG:3035, multiples of 200
    rows, columns : int
    samples : int array, shape (cells, 64)
        Block number under each sample point of each cell, -1 outside the territory.
    built : float array, shape (cells,)
        Share of the cell that is neither park nor outside.
    """

    west: int
    south: int
    rows: int
    columns: int
    samples: Ints
    built: Floats

    @classmethod
    def of(cls, city: City) -> Ground:
        """Sample the blocks of a city."""
        x0, y0, x1, y1 = shapely.total_bounds(city.shapes)
        west, south = (int(v // CELL_SIZE - MARGIN) * CELL_SIZE for v in (x0, y0))
        columns, rows = (int(v // CELL_SIZE + MARGIN + 1) for v in (x1 - west, y1 - south))
        step = CELL_SIZE / PER_SIDE
        x = west + (np.arange(columns * PER_SIDE) + 0.5) * step
        y = south + (np.arange(rows * PER_SIDE) + 0.5) * step
        grid_x, grid_y = np.meshgrid(x, y)
        block = np.full(grid_x.size, -1, np.int64)
        tree = shapely.STRtree(shapely.points(grid_x.ravel(), grid_y.ravel()))
        owner, point = tree.query(city.shapes, predicate="contains")
        block[point] = owner
        tiles = block.reshape(rows, PER_SIDE, columns, PER_SIDE).swapaxes(1, 2)
        samples = tiles.reshape(rows * columns, PER_SIDE**2)
        built = (samples >= 0) & ~city.green[samples]
        return cls(west, south, rows, columns, samples, built.mean(axis=1))

    def cells_of(self, x: Floats, y: Floats) -> Ints:
        """Cell numbers of points, shape (n,)."""
        row = np.floor(np.asarray(y) / CELL_SIZE).astype(np.int64) - self.south // CELL_SIZE
        column = np.floor(np.asarray(x) / CELL_SIZE).astype(np.int64) - self.west // CELL_SIZE
        return row * self.columns + column

    def corner(self, cells: Ints) -> tuple[Ints, Ints]:
        """North and east of the lower-left corners, metres."""
        row, column = np.divmod(np.asarray(cells), self.columns)
        return self.south + row * CELL_SIZE, self.west + column * CELL_SIZE

    def centres(self) -> tuple[Floats, Floats]:
        """East and north of all cells' centres, shape (cells,)."""
        north, east = self.corner(np.arange(self.rows * self.columns))
        half = CELL_SIZE / 2
        return (east + half).astype(np.float64), (north + half).astype(np.float64)

    def cell_id(self, cell: int) -> str:
        """The published identifier of a cell."""
        north, east = self.corner(np.array([cell]))
        return f"CRS3035RES{CELL_SIZE}mN{north[0]}E{east[0]}"

    def around(self, cells: Ints | list[int], reach: int = 1) -> Bools:
        """Mark cells at most ``reach`` steps (8 neighbours) from any of ``cells``."""
        mask = np.zeros((self.rows, self.columns), bool)
        mask.ravel()[np.asarray(cells, np.int64)] = True
        out = np.zeros_like(mask)
        for row, column in zip(*np.nonzero(mask), strict=True):
            out[
                max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1
            ] = True
        return out.ravel()

    def beside(self, cell: int) -> tuple[int, int, int, int]:
        """The four neighbours by a side."""
        return cell - 1, cell + 1, cell - self.columns, cell + self.columns

    def share_in(self, communes: npt.NDArray[np.str_], wanted: tuple[str, ...]) -> Floats:
        """Share of each cell that lies in some communes, shape (cells,).

        ``communes`` has one code per block.
        """
        inside = np.isin(communes, wanted)
        return ((self.samples >= 0) & inside[self.samples]).mean(axis=1)

    def nearest(self, place: Point) -> Ints:
        """All cells, by growing distance of their centre from a place."""
        x, y = self.centres()
        return np.argsort((x - place[0]) ** 2 + (y - place[1]) ** 2, kind="stable")
