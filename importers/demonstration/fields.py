"""Smooth values over the territory: how dense a place is, how big its blocks are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from importers.demonstration.network import Point

Floats = npt.NDArray[np.float64]
STEP = 200.0  # metres between knots
REACH = 12_000.0  # metres from the centre that are covered


@dataclass(frozen=True)
class SmoothField:
    """A random surface with mean 0 and deviation 1, smooth over ``scale`` metres."""

    values: Floats
    west: float
    south: float

    @classmethod
    def draw(cls, rng: np.random.Generator, centre: Point, scale: float) -> SmoothField:
        """Draw a surface."""
        n = round(2 * REACH / STEP)
        raw = ndimage.gaussian_filter(rng.normal(size=(n, n)), scale / STEP, mode="wrap")
        return cls((raw - raw.mean()) / raw.std(), centre[0] - REACH, centre[1] - REACH)

    def at(self, x: Floats, y: Floats) -> Floats:
        """Values at points of EPSG:3035, shape (n,)."""
        rows = (np.asarray(y) - self.south) / STEP
        columns = (np.asarray(x) - self.west) / STEP
        return ndimage.map_coordinates(self.values, [rows, columns], order=1, mode="nearest")


def bump(x: Floats, y: Floats, place: Point, radius: float) -> Floats:
    """A hill of height 1 around a place, falling to 0.6 at ``radius`` metres."""
    return np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * radius**2))


def distance(a: Point, b: Point) -> float:
    """Metres between two places."""
    return math.hypot(a[0] - b[0], a[1] - b[1])
