"""Points to zones: which zone of one level covers each point, and what lies too near an outline.

Outlines are in EPSG:4326, as ``Perimeter.covering`` asks them; a point on an outline is in. A
grid of small squares, filled as points come, answers for all points whose square, with a margin
around it, lies wholly inside or outside; only the others are compared with outlines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
FINEST, COARSEST = 0.0004, 0.004  # degrees
SQUARES_PER_ZONE = 6.0
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
    _squares: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    _states: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        self.shapes = np.asarray(self.shapes, dtype=object)
        shapely.prepare(self.shapes)
        self.tree = shapely.STRtree(self.shapes)
        self._size = _square_size(self.shapes)
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
            return self._compared(lon, lat)
        found = self._by_square(lon, lat)
        unsure = np.flatnonzero(found == MIXED)
        found[unsure] = self._compared(lon[unsure], lat[unsure])
        return found

    def _compared(self, lon: Floats, lat: Floats) -> Ints:
        found = np.full(len(lon), len(self.codes), dtype=np.int64)
        points, zones = self.tree.query(shapely.points(lon, lat), predicate="intersects")
        np.minimum.at(found, points, zones)
        found[found == len(self.codes)] = NONE
        return found

    def _by_square(self, lon: Floats, lat: Floats) -> Ints:
        column = np.floor(lon / self._size).astype(np.int64)
        row = np.floor(lat / self._size).astype(np.int64)
        keys = column * SPAN + row
        unseen = np.setdiff1d(pd.unique(keys), self._squares, assume_unique=True)
        if len(unseen):
            self._fill(unseen)
        return self._states[np.searchsorted(self._squares, keys)]

    def _fill(self, keys: Ints) -> None:
        """Find out, for squares not met before, whether one zone holds the whole of each."""
        row = (keys + SPAN // 2) % SPAN - SPAN // 2
        column = (keys - row) // SPAN
        west, south = column * self._size - MARGIN, row * self._size - MARGIN
        side = self._size + 2 * MARGIN
        boxes = shapely.box(west, south, west + side, south + side)
        state = np.full(len(keys), NONE, dtype=np.int64)
        square, zone = self.tree.query(boxes, predicate="intersects")
        state[square] = MIXED
        alone = np.bincount(square, minlength=len(keys))[square] == 1
        square, zone = square[alone], zone[alone]
        whole = shapely.covers(self.shapes[zone], boxes[square])
        state[square[whole]] = zone[whole]
        squares = np.concatenate([self._squares, keys])
        order = np.argsort(squares)
        self._squares = squares[order]
        self._states = np.concatenate([self._states, state])[order]

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
            return np.flatnonzero(self._by_square(lon, lat) == MIXED)
        reach = metres / 60_000.0  # degrees: generous, for any latitude of France
        boxes = shapely.box(lon - reach, lat - reach, lon + reach, lat + reach)
        hits, _ = self.tree.query(boxes)
        return np.unique(hits).astype(np.int64)

    def _in_metres(self) -> Any:
        if self._metric is None:
            move: Any = _mover(self.srid).transform
            self._metric = shapely.transform(self.shapes, move, interleaved=False)
        return self._metric


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
