"""A shape somebody drew or pasted, read and checked before anything is asked of it."""

from __future__ import annotations

import json
from typing import Any

import shapely
from django.utils.translation import gettext as _
from pyproj import Geod

from maps.errors import BadChoice

MOST_SIGNS = 200_000
MOST_VERTICES = 1_000
MOST_KM2 = 2_000
FARTHEST_NORTH = 85.0
EARTH = Geod(ellps="GRS80")
AREAS = ("Polygon", "MultiPolygon")


def shape_of(text: str) -> Any:
    """Return the polygon (EPSG:4326, longitude first) of a text in WKT or GeoJSON.

    Raises BadChoice with what is wrong, in words.
    """
    if not text.strip():
        raise BadChoice(_("Dessinez une zone, ou collez-la."))
    if len(text) > MOST_SIGNS:
        raise BadChoice(_("Ce texte est trop long."))
    shape = _read(text)
    if shape is None or shape.geom_type not in AREAS or shape.is_empty:
        raise BadChoice(_("Une zone est un polygone, en WKT ou en GeoJSON."))
    shape = shapely.force_2d(shape)
    count = int(shapely.get_num_coordinates(shape))
    if count > MOST_VERTICES:
        raise BadChoice(
            _("Cette zone a {count} sommets ; simplifiez-la à {most} au plus.").format(
                count=count, most=MOST_VERTICES
            )
        )
    west, south, east, north = shape.bounds
    inside = -180 <= west <= east <= 180 and -FARTHEST_NORTH <= south <= north <= FARTHEST_NORTH
    if not inside:
        raise BadChoice(_("Les sommets sont des degrés, longitude d’abord."))
    if not shape.is_valid:
        raise BadChoice(_("Le contour de cette zone se croise."))
    if square_kilometres(shape) > MOST_KM2:
        raise BadChoice(_("Cette zone est trop grande : {most} km² au plus.").format(most=MOST_KM2))
    return shape


def square_kilometres(shape: Any) -> float:
    """Return the area of a shape in degrees, on the ellipsoid."""
    return abs(EARTH.geometry_area_perimeter(shapely.orient_polygons(shape))[0]) / 1e6


def _read(text: str) -> Any:
    try:
        if not text.lstrip().startswith("{"):
            return shapely.from_wkt(text)
        found = json.loads(text)
        while found.get("type") in ("Feature", "FeatureCollection"):
            found = found["geometry"] if found["type"] == "Feature" else found["features"][0]
        return shapely.from_geojson(json.dumps(found))
    except (shapely.errors.ShapelyError, ValueError, KeyError, IndexError, TypeError,
            AttributeError, RecursionError):  # fmt: skip
        raise BadChoice(_("Une zone est un polygone, en WKT ou en GeoJSON.")) from None
