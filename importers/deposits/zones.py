"""Points to zones: which zone of one level covers each point, and what lies too near an outline.

Outlines are in EPSG:4326, as ``Perimeter.covering`` asks them; a point on an outline is in. A
grid of small squares, filled as points come, answers for all points whose square, with a margin
around it, lies wholly inside or outside; only the others are compared with outlines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NONE, MIXED = -1, -2
FEW_POINTS = 3_000  # under so many, the grid costs more than it saves
FINEST, COARSEST = 0.0004, 0.02  # degrees
SQUARES_PER_ZONE = 3.0
MARGIN = 0.0001  # degrees around a square: more than 6 m anywhere in France
MARGIN_METRES = 6.0
SPAN = 1 << 31


@dataclass
class ZoneLayer:
    """The zones of one level on one day.

    ``codes`` are sorted, so that of two zones covering a point the first by code is taken;
    ``shapes`` are their outlines in EPSG:4326, measured in ``srid``.
    """

    level: str
    codes: list[str]
    shapes: Any
    srid: int = 2154

    def __post_init__(self) -> None:
        self.shapes = np.asarray(self.shapes, dtype=object)
        shapely.prepare(self.shapes)
        self.tree = shapely.STRtree(self.shapes)
        self._squares = _Squares(self.shapes, self.tree)
        self._outlines: shapely.STRtree | None = None
        self._metric: Any = None
        self._metric_tree: shapely.STRtree | None = None

    def __len__(self) -> int:
        return len(self.codes)

    # -- containment ---------------------------------------------------------------------

    def locate(self, lon: Floats, lat: Floats) -> Ints:
        """Return the place in ``codes`` of the zone covering each point; -1 for none."""
        if not len(self.codes) or not len(lon):
            return np.full(len(lon), NONE, dtype=np.int64)
        if len(lon) < FEW_POINTS:
            found = np.full(len(lon), NONE, dtype=np.int64)
            points, zones = self.tree.query(shapely.points(lon, lat))
            self._compare(lon, lat, points, zones, found)
            return found
        squares = self._squares.of(lon, lat)
        found = self._squares.states[squares]
        unsure = np.flatnonzero(found == MIXED)
        found[unsure] = NONE
        points, zones = self._squares.candidates(squares[unsure])
        self._compare(lon, lat, unsure[points], zones, found)
        return found

    def _compare(self, lon: Floats, lat: Floats, points: Ints, zones: Ints, found: Ints) -> None:
        """Write into ``found`` the first zone that covers each point, of pairs to be compared."""
        covers = shapely.intersects_xy(self.shapes[zones], lon[points], lat[points])
        points, zones = points[covers], zones[covers]
        order = np.lexsort((-zones, points))
        found[points[order]] = zones[order]  # of several, the first by code is written last

    # -- distances -----------------------------------------------------------------------

    def near_outline(self, lon: Floats, lat: Floats, metres: Floats) -> Bools:
        """Tell which points lie nearer to an outline than their own ``metres``; shape (n,)."""
        near = np.zeros(len(lon), dtype=bool)
        candidates = self._worth_measuring(lon, lat, metres)
        if not len(candidates):
            return near
        if self._outlines is None:
            self._outlines = shapely.STRtree(shapely.boundary(self._in_metres()))
        points = shapely.points(*_mover(self.srid).transform(lon[candidates], lat[candidates]))
        hits, _ = self._outlines.query(points, predicate="dwithin", distance=metres[candidates])
        near[candidates[np.unique(hits)]] = True
        return near

    def within(self, lon: Floats, lat: Floats, metres: float) -> Bools:
        """Tell which points lie within ``metres`` of a zone, or in it; shape (n,)."""
        near = np.zeros(len(lon), dtype=bool)
        candidates = self._worth_measuring(lon, lat, np.full(len(lon), metres))
        if not len(candidates):
            return near
        if self._metric_tree is None:
            self._metric_tree = shapely.STRtree(self._in_metres())
        points = shapely.points(*_mover(self.srid).transform(lon[candidates], lat[candidates]))
        hits, _ = self._metric_tree.query(points, predicate="dwithin", distance=metres)
        near[candidates[np.unique(hits)]] = True
        return near

    def _worth_measuring(self, lon: Floats, lat: Floats, metres: Floats) -> Ints:
        """Return the points whose surroundings meet a zone's box: the others are far away."""
        if not len(self.codes) or not len(lon):
            return np.array([], dtype=np.int64)
        if len(lon) >= FEW_POINTS and float(metres.max()) <= MARGIN_METRES:
            return np.flatnonzero(self._squares.states[self._squares.of(lon, lat)] == MIXED)
        reach = metres / 60_000.0  # degrees: generous, for any latitude of France
        boxes = shapely.box(lon - reach, lat - reach, lon + reach, lat + reach)
        hits, _ = self.tree.query(boxes)
        return np.unique(hits).astype(np.int64)

    def _in_metres(self) -> Any:
        if self._metric is None:
            move: Any = _mover(self.srid).transform
            self._metric = shapely.transform(self.shapes, move, interleaved=False)
        return self._metric


class _Squares:
    """The squares that points were met in: which zones each may lie in, or the one it lies in.

    ``states`` holds, for each square, the zone that holds the whole of it with its margin, NONE
    where no zone comes near, MIXED where outlines must be asked.
    """

    def __init__(self, shapes: Any, tree: shapely.STRtree) -> None:
        self._shapes, self._tree = shapes, tree
        self._size = _square_size(shapes)
        self._known = pd.Index([], dtype=np.int64)
        self.states: Ints = np.zeros(0, dtype=np.int64)
        self._first: Ints = np.zeros(0, dtype=np.int64)  # of a square's zones, in ``_zones``
        self._count: Ints = np.zeros(0, dtype=np.int64)
        self._zones: Ints = np.zeros(0, dtype=np.int64)

    def of(self, lon: Floats, lat: Floats) -> Ints:
        """Return the square of each point (degrees), filling those not met before; shape (n,)."""
        column = np.floor(lon / self._size).astype(np.int64)
        row = np.floor(lat / self._size).astype(np.int64)
        codes, keys = pd.factorize(column * SPAN + row)
        met = pd.Index(keys)
        unseen = self._known.get_indexer(met) < 0
        if unseen.any():
            self._fill(keys[unseen])
        return np.asarray(self._known.get_indexer(met), dtype=np.int64)[codes]

    def candidates(self, squares: Ints) -> tuple[Ints, Ints]:
        """Return the pairs (place in ``squares``, zone) of squares and the zones they meet."""
        counts = self._count[squares]
        places = np.repeat(np.arange(len(squares)), counts)
        within = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
        return places, self._zones[np.repeat(self._first[squares], counts) + within]

    def _fill(self, keys: Ints) -> None:
        """Find out which zones each square meets, and whether one holds the whole of it."""
        row = (keys + SPAN // 2) % SPAN - SPAN // 2
        column = (keys - row) // SPAN
        west, south = column * self._size - MARGIN, row * self._size - MARGIN
        side = self._size + 2 * MARGIN
        boxes = shapely.box(west, south, west + side, south + side)
        square, zone = self._tree.query(boxes)
        meets = shapely.intersects(self._shapes[zone], boxes[square])
        square, zone = square[meets], zone[meets]
        count = np.bincount(square, minlength=len(keys))
        state = np.where(count > 0, MIXED, NONE)
        alone = np.flatnonzero(count[square] == 1)
        whole = alone[shapely.covers(self._shapes[zone[alone]], boxes[square[alone]])]
        state[square[whole]] = zone[whole]
        order = np.argsort(square, kind="stable")
        self._first = np.concatenate([self._first, len(self._zones) + np.cumsum(count) - count])
        self._count = np.concatenate([self._count, count])
        self._zones = np.concatenate([self._zones, zone[order]])
        self.states = np.concatenate([self.states, state])
        self._known = self._known.append(pd.Index(keys))


def _square_size(shapes: Any) -> float:
    if not len(shapes):
        return COARSEST
    sides = np.sqrt(np.maximum(shapely.area(shapes), 1e-12))
    return float(np.clip(np.median(sides) / SQUARES_PER_ZONE, FINEST, COARSEST))


_movers: dict[int, pyproj.Transformer] = {}


def _mover(srid: int) -> pyproj.Transformer:
    if srid not in _movers:
        _movers[srid] = pyproj.Transformer.from_crs(4326, srid, always_xy=True)
    return _movers[srid]
