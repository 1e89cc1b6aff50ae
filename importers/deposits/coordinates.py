"""Which system a pair of columns is in, told by where the points would fall.

WGS 84, Lambert-93, Lambert II étendu and Web Mercator are known, straight or with swapped axes.
Lambert-93 and Web Mercator overlap in numbers: what decides is how many points fall inside the
territory whose boundaries are loaded, then how many fall in France.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyproj

from importers.places import places_of

Floats = npt.NDArray[np.float64]

SYSTEMS = {
    4326: "WGS 84",
    2154: "Lambert-93",
    27572: "Lambert II étendu",
    3857: "Web Mercator",
}
# Without the national grid of differences, Lambert II étendu is off by up to 3 m.
UNSURE_METRES = {27572: 3.0}
LEAST_PRECISION = 1.0
METRES_PER_DEGREE = 111_320.0
ENOUGH = 0.5  # share of points that must fall in France for a system to be believed


@dataclass(frozen=True)
class System:
    """A coordinate system and the order of the two columns."""

    epsg: int
    swapped: bool = False

    @property
    def title(self) -> str:
        """Return its name in words."""
        return SYSTEMS[self.epsg] + (" (axes swapped)" if self.swapped else "")

    def degrees(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return longitude and latitude (EPSG:4326); NaN where a point cannot be."""
        if self.swapped:
            x, y = y, x
        if self.epsg == 4326:
            good = (np.abs(x) <= 180) & (np.abs(y) <= 90)
            return np.where(good, x, np.nan), np.where(good, y, np.nan)
        lon, lat = _mover(self.epsg).transform(x, y, errcheck=False)
        good = np.isfinite(lon) & np.isfinite(lat)
        return np.where(good, lon, np.nan), np.where(good, lat, np.nan)


@lru_cache(maxsize=8)
def _mover(epsg: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)


def recognise(
    x: Floats, y: Floats, extent: tuple[float, float, float, float] | None = None
) -> System | None:
    """Return the system in which most points fall in ``extent`` (degrees), else in France.

    ``x`` and ``y`` are samples, shape (n,); None where no system puts half of them in France.
    """
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return None
    x, y = x[known], y[known]
    best: tuple[float, float, int] | None = None
    chosen = None
    for place, system in enumerate(_candidates()):
        lon, lat = system.degrees(x, y)
        in_france = float((_in_france(lon, lat)).mean())
        inside = float(_in_extent(lon, lat, extent).mean()) if extent else 0.0
        merit = (inside, in_france, -place)
        if in_france >= ENOUGH and (best is None or merit > best):
            best, chosen = merit, system
    return chosen


def _candidates() -> list[System]:
    straight = [System(epsg) for epsg in SYSTEMS]
    return straight + [System(epsg, True) for epsg in SYSTEMS]


def _in_france(lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
    known = np.isfinite(lon) & np.isfinite(lat)
    return known & (places_of(np.where(known, lon, 999), np.where(known, lat, 999)) >= 0)


def _in_extent(
    lon: Floats, lat: Floats, extent: tuple[float, float, float, float]
) -> npt.NDArray[np.bool_]:
    west, south, east, north = extent
    with np.errstate(invalid="ignore"):
        return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def in_france(lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
    """Tell which points (degrees) lie in France; shape (n,)."""
    return _in_france(lon, lat)


def precision_of(written: Sequence[str], system: System) -> float:
    """Return how far points lie from what was meant, in metres, by the decimals written."""
    decimals = [_decimals(text) for text in written if text and text.strip()]
    shown = int(np.median(decimals)) if decimals else 0
    unit = METRES_PER_DEGREE if system.epsg == 4326 else 1.0
    rounding = 0.5 * unit * 10.0**-shown
    return max(LEAST_PRECISION, rounding, UNSURE_METRES.get(system.epsg, 0.0))


def _decimals(text: str) -> int:
    _, _, after = text.strip().replace(",", ".").partition(".")
    return len(after)
