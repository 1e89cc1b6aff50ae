"""Where in France a point lies, and the projected system its territory is measured in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Place:
    """A part of the Republic: degrees (west, south, east, north) and its projected system."""

    name: str
    box: tuple[float, float, float, float]
    srid: int


METROPOLITAN = Place("metropolitan France", (-5.6, 41.2, 10.0, 51.3), 2154)
# The Antilles' system (RGAF09, UTM 20N) also serves Saint-Martin and Saint-Barthélemy.
PLACES = (
    METROPOLITAN,
    Place("Guadeloupe", (-62.0, 15.7, -60.9, 16.7), 5490),
    Place("Martinique", (-61.4, 14.2, -60.6, 15.1), 5490),
    Place("Saint-Martin and Saint-Barthélemy", (-63.3, 17.7, -62.6, 18.3), 5490),
    Place("Guyane", (-54.8, 2.0, -51.4, 6.0), 2972),
    Place("La Réunion", (55.0, -21.6, 56.0, -20.6), 2975),
    Place("Mayotte", (44.8, -13.2, 45.5, -12.4), 4471),
    Place("Saint-Pierre-et-Miquelon", (-56.6, 46.6, -56.0, 47.3), 4467),
    Place("French Polynesia", (-155.0, -28.0, -134.0, -7.5), 3297),
    Place("New Caledonia", (156.0, -26.5, 174.5, -14.0), 3163),
)


def places_of(lon: Any, lat: Any) -> npt.NDArray[np.int64]:
    """Give the index in ``PLACES`` of each point (degrees, WGS 84), shape (n,); -1 for none."""
    lon, lat = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    found = np.full(len(lon), -1, np.int64)
    for index, place in reversed(list(enumerate(PLACES))):
        west, south, east, north = place.box
        inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        found[inside] = index
    return found


def measuring_srids(lon: Any, lat: Any) -> npt.NDArray[np.int64]:
    """Give the projected system of each point (degrees); Lambert-93 outside any known place."""
    systems = np.array([place.srid for place in PLACES] + [METROPOLITAN.srid])
    return systems[places_of(lon, lat)]


def department_of(code: str) -> str:
    """Return the département that the code of a commune, IRIS or arrondissement starts with.

    >>> department_of("75113"), department_of("2A004"), department_of("97411")
    ('75', '2A', '974')
    """
    return code[:3] if code[:2] in {"97", "98"} else code[:2]
