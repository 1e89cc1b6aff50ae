"""Places on the map, and readers of what the server answers, for the tests of this room."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log, pi, tan

import mapbox_vector_tile
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection
from shapely import affinity
from shapely.geometry import Polygon, box, shape

HALF_WORLD = 20037508.342789244


def square(west=2.35, south=48.88, size=0.01):
    """Return a square in degrees, somewhere in Paris unless told otherwise."""
    return box(west, south, west + size, south + size)


def multi(outline) -> GEOSGeometry:
    text = outline.wkt.replace("POLYGON ", "MULTIPOLYGON (", 1) + ")"
    return GEOSGeometry(outline.wkt if outline.geom_type == "MultiPolygon" else text, srid=4326)


@dataclass(frozen=True)
class Place:
    """A tile, with its square in EPSG:3857."""

    z: int
    x: int
    y: int

    @property
    def side(self) -> float:
        return 2 * HALF_WORLD / 2**self.z

    @property
    def pixel(self) -> float:
        """Metres of EPSG:3857 in one unit of the tile's own grid."""
        return self.side / 4096

    @property
    def square(self) -> Polygon:
        west = -HALF_WORLD + self.x * self.side
        north = HALF_WORLD - self.y * self.side
        return box(west, north - self.side, west + self.side, north)

    def url(self, names: str, query: str = "") -> str:
        return f"/tiles/{names}/{self.z}/{self.x}/{self.y}.pbf{query}"


def place_of(longitude: float, latitude: float, zoom: int) -> Place:
    """Return the tile that holds a point."""
    x = (longitude + 180) / 360
    y = (1 - log(tan(pi / 4 + latitude * pi / 360)) / pi) / 2
    return Place(zoom, floor(x * 2**zoom), floor(y * 2**zoom))


def around(place: Place) -> list[Place]:
    """Return a tile and its eight neighbours."""
    steps = (-1, 0, 1)
    return [Place(place.z, place.x + dx, place.y + dy) for dx in steps for dy in steps]


def features(answer: bytes, layer: str) -> dict[int, dict]:
    """Return the features of one layer of a tile by id; empty where the layer is not in it."""
    decoded = mapbox_vector_tile.decode(answer) if answer else {}
    return {f["id"]: f for f in decoded.get(layer, {}).get("features", [])}


def on_earth(feature: dict, place: Place):
    """Return a decoded feature's geometry in EPSG:3857 (the decoder's y grows upwards)."""
    west, south, *_ = place.square.bounds
    scale = place.pixel
    return affinity.affine_transform(shape(feature["geometry"]), [scale, 0, 0, scale, west, south])


def commit_now() -> None:
    """Let the database do what it keeps for the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
