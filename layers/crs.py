"""The coordinate systems features are given in, and which axis each writes first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import pyproj

from layers.errors import BadParameter

OPENGIS = "http://www.opengis.net/def/crs/"


@dataclass(frozen=True)
class Crs:
    """One coordinate system.

    ``north_first`` tells that its definition puts latitude or northing first; ``decimals`` keeps
    a centimetre (degrees: 7) or a millimetre (metres: 3).
    """

    uri: str
    srid: int
    title: str
    north_first: bool = False
    decimals: int = 3

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Return west, south, east, north of where the system is made for, in its own units."""
        return _extent(self.srid)


@lru_cache
def _extent(srid: int) -> tuple[float, float, float, float]:
    system = pyproj.CRS.from_epsg(srid)
    area = system.area_of_use
    assert area is not None  # noqa: S101 - every system of KNOWN has one
    drawn = pyproj.Transformer.from_crs(4326, system, always_xy=True)
    west, south, east, north = drawn.transform_bounds(*area.bounds, densify_pts=21)
    return float(west), float(south), float(east), float(north)


CRS84 = Crs(f"{OPENGIS}OGC/1.3/CRS84", 4326, "WGS 84, longitude first", decimals=7)
KNOWN = (
    CRS84,
    Crs(f"{OPENGIS}EPSG/0/4326", 4326, "WGS 84, latitude first", north_first=True, decimals=7),
    Crs(f"{OPENGIS}EPSG/0/3857", 3857, "Web Mercator"),
    Crs(f"{OPENGIS}EPSG/0/2154", 2154, "RGF93 / Lambert-93"),
    Crs(f"{OPENGIS}EPSG/0/3035", 3035, "ETRS89 / LAEA Europe", north_first=True),
    Crs(f"{OPENGIS}EPSG/0/5490", 5490, "RGAF09 / UTM 20N"),
    Crs(f"{OPENGIS}EPSG/0/2975", 2975, "RGR92 / UTM 40S"),
    Crs(f"{OPENGIS}EPSG/0/2972", 2972, "RGFG95 / UTM 22N"),
    Crs(f"{OPENGIS}EPSG/0/4471", 4471, "RGM04 / UTM 38S"),
)
BY_URI = {crs.uri: crs for crs in KNOWN}


def by_uri(text: str, parameter: str) -> Crs:
    """Return the system a URI names (OGC APIs). Raises BadParameter."""
    if text not in BY_URI:
        raise BadParameter(f"'{parameter}' names no system served here: {text[:80]!r}.")
    return BY_URI[text]


def by_number(text: str, parameter: str) -> Crs:
    """Return the system an EPSG number names, easting always first, as GIS programs expect."""
    found = re.fullmatch(r"(?:EPSG:)?([0-9]{4,5})", text, re.ASCII | re.IGNORECASE)
    for crs in KNOWN:
        if found and crs.srid == int(found[1]):
            return Crs(crs.uri, crs.srid, crs.title, north_first=False, decimals=crs.decimals)
    numbers = ", ".join(sorted({str(crs.srid) for crs in KNOWN}))
    raise BadParameter(f"'{parameter}={text[:60]}' is not a system served here ({numbers}).")
