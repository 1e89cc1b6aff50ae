"""A chequered ground of 100 m blocks in Paris, for perimeters to be worked on."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyproj
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon

from observatory.lifecycle import Decision, Target, open_negotiation
from observatory.models import Level, Lineage, OperationPart, Perimeter, Status, Territory
from tests.factories import a_perimeter, a_territory

SIDE = 100.0  # metres
X, Y = 652_000.0, 6_862_000.0  # lower-left corner of block 0,0 in EPSG:2154
TO_DEGREES = pyproj.Transformer.from_crs(2154, 4326, always_xy=True)
TO_METRES = pyproj.Transformer.from_crs(4326, 2154, always_xy=True)

TALKS = date(2014, 6, 19)
DECREE = date(2014, 12, 30)
START = date(2015, 1, 1)
PORTES = Target("QP075019", "Portes du Vingtième", generation=2015)


def metres(shape: Any) -> Any:
    """Bring a stored outline to metres, without the code under test."""
    if isinstance(shape, Perimeter):
        shape = shape.geom
    if isinstance(shape, GEOSGeometry):
        shape = shapely.from_wkb(bytes(shape.wkb))
    return shapely.transform(shape, lambda p: np.column_stack(TO_METRES.transform(*p.T)))


def same_ground(perimeter: Perimeter, shape: Any) -> bool:
    """Equal but for a square metre in ten thousand: two ways to projected metres."""
    found = metres(perimeter)
    return bool(
        shapely.area(shapely.symmetric_difference(found, shape)) < 1e-4 * shapely.area(shape)
    )


def outline(shape: Any) -> MultiPolygon:
    """Bring a shape in metres to a stored outline."""
    if shape.geom_type == "Polygon":
        shape = shapely.MultiPolygon([shape])
    turned = shapely.transform(shape, lambda p: np.column_stack(TO_DEGREES.transform(*p.T)))
    return GEOSGeometry(shapely.to_wkb(turned, hex=True), srid=4326)


def square(column: float, row: float, width: float = 1, height: float = 1) -> Any:
    """Return a rectangle counted in blocks, in metres."""
    west, south = X + SIDE * column, Y + SIDE * row
    return shapely.box(west, south, west + SIDE * width, south + SIDE * height)


def line(*points: tuple[float, float]) -> Any:
    """Return a line through places counted in blocks, in degrees."""
    path = [TO_DEGREES.transform(X + SIDE * x, Y + SIDE * y) for x, y in points]
    return shapely.LineString(path)


def block_code(column: int, row: int) -> str:
    return f"B{column:02d}{row:02d}"


def a_ground(columns: int, rows: int, level: str = Level.BLOCK, since: date | None = None) -> None:
    """Store a layer of blocks."""
    for column in range(columns):
        for row in range(rows):
            a_perimeter(
                a_territory(level, block_code(column, row)),
                outline(square(column, row)),
                status=Status.REFERENCE,
                since=since,
            )


def a_zone(code: str, shape: Any, name: str = "", **fields: Any) -> Perimeter:
    """Store a computed zone from a shape in metres."""
    fields.setdefault("status", Status.COMPUTED)
    territory = a_territory(fields.pop("level", Level.ZONE), code, name or f"Zone {code}")
    return a_perimeter(territory, outline(shape), **fields)


def a_quarter(code: str, shape: Any, **fields: Any) -> Perimeter:
    """Store a legal quarter from a shape in metres, in force since 2015."""
    territory = a_territory(Level.QPV, code, f"Quartier {code}", generation=2015)
    fields.setdefault("since", START)
    return a_perimeter(territory, outline(shape), act="Décret n° 2014-1750", **fields)


def decided(day: date = TALKS, **fields: Any) -> Decision:
    told = {"author": "Ville et préfecture", "reason": "Dialogue local", **fields}
    return Decision(day, **told)


def decree(day: date = DECREE, **fields: Any) -> Decision:
    return decided(day, **{"act": "Décret n° 2014-1750", "author": "État", **fields})


def the_result(operation: Any) -> Perimeter:
    (part,) = operation.parts.filter(role="output")
    return part.perimeter


def negotiated(shape: Any, code: str = "Z1-001", into: Target | None = PORTES) -> Perimeter:
    """Store a computed zone and open it to negotiation, as a quarter unless told otherwise."""
    return the_result(open_negotiation([a_zone(code, shape)], decided(), into=into))


def results(operation: Any) -> list[Perimeter]:
    return [part.perimeter for part in operation.parts.filter(role="output")]


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Return all that undoing must give back: perimeters, territories, lineage, what is current."""
    columns = [f.column for f in Perimeter._meta.concrete_fields if f.column != "geom_3857"]
    return {
        "perimeters": [
            tuple(bytes(v.wkb) if hasattr(v, "wkb") else v for v in row)
            for row in Perimeter.objects.order_by("pk").values_list(*columns)
        ],
        "territories": list(Territory.objects.order_by("pk").values_list()),
        "lineage": list(Lineage.objects.order_by("pk").values_list()),
        "current": list(Perimeter.objects.current().order_by("pk").values_list("pk")),
        "taken": list(
            OperationPart.objects.filter(role="input", operation__undone_at=None)
            .order_by("pk")
            .values_list("perimeter_id")
        ),
    }
