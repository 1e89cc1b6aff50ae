"""The named areas of a layer, one by one: what the map shows, as text and figures.

Tiles cut areas at their edges and repeat them, so names, lists and tables are made here from
the very rows the tiles are made of (see layers/registry.py).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg import sql

from layers.parameters import Value
from layers.registry import Layer
from layers.tiles import time_limit
from observatory.models import Territory
from observatory.models.perimeters import IN_FORCE

# Whole outlines are read here, not one tile's worth.
TIME_LIMIT_MS = 15_000
MOST_AREAS = 5_000

# The point is where a name may stand: inside the area, whatever its shape. The extent is that
# of the drawn outline. Both are positions, not measures, so 3857 serves.
AREAS = sql.SQL("""
WITH shown AS (SELECT * FROM ({rows}) AS row ORDER BY fid LIMIT {most})
SELECT fid, {attributes},
    ST_X(spot), ST_Y(spot), ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)
FROM shown,
    LATERAL (SELECT ST_Transform(ST_PointOnSurface(geometry_3857), 4326) AS spot,
                    ST_Transform(ST_Envelope(geometry_3857), 4326) AS box) AS places
""")


@dataclass(frozen=True)
class Area:
    """One named area.

    ``point`` and ``bounds`` are degrees (EPSG:4326), ``bounds`` as west, south, east, north;
    ``values`` are the layer's attributes, None where the producer gives nothing.
    """

    id: int
    values: dict[str, Any]
    point: tuple[float, float]
    bounds: tuple[float, float, float, float]

    @property
    def name(self) -> str:
        """Return the name, or the code where there is no name."""
        return str(self.values.get("name") or self.code)

    @property
    def code(self) -> str:
        """Return the code, empty where the area has none."""
        return str(self.values.get("code") or "")

    def as_json(self) -> dict[str, Any]:
        """Return what the page reads."""
        return {
            "id": self.id,
            "code": self.code,
            "name": self.name,
            "point": self.point,
            "bounds": self.bounds,
            "values": self.values,
        }


def alphabetical(name: str) -> str:
    """Return what a name is sorted by: accents and case aside."""
    bare = unicodedata.normalize("NFD", name)
    return "".join(sign for sign in bare if not unicodedata.combining(sign)).casefold()


def is_listed(layer: Layer) -> bool:
    """Tell whether the layer is made of named areas: cells and points are not.

    A layer of one indicator at a time has pages of its own, where that indicator is chosen.
    """
    if any(parameter.name == "indicator" for parameter in layer.parameters):
        return False
    return layer.geometry == "polygon" and any(a.name == "name" for a in layer.attributes)


def generations() -> dict[str, list[str]]:
    """Return the generations of quarters held by each layer that has several, oldest first."""
    held: dict[str, list[str]] = {}
    rows = (
        Territory.objects.filter(generation__isnull=False, perimeters__status__in=IN_FORCE)
        .values_list("level", "generation")
        .order_by("level", "generation")
        .distinct()
    )
    for level, generation in rows:
        held.setdefault(level, []).append(str(generation))
    return {level: found for level, found in held.items() if len(found) > 1}


def areas_of(layer: Layer, values: Mapping[str, Value | None] | None = None) -> list[Area]:
    """Return the areas of ``layer`` in the order of their ids.

    ``values`` are the layer's parameters, such as the generation; those left out are not given.
    Raises TookTooLong where the database needs more than 15 s.
    """
    names = [attribute.name for attribute in layer.attributes]
    statement = AREAS.format(
        rows=sql.SQL(layer.rows),
        attributes=sql.SQL(", ").join(sql.Identifier(name) for name in names),
        most=sql.Literal(MOST_AREAS),
    )
    given = {p.name: (values or {}).get(p.name) for p in layer.parameters}
    with time_limit(TIME_LIMIT_MS), connection.cursor() as cursor:
        cursor.execute(statement.as_string(None), given)
        return [_area(names, row) for row in cursor.fetchall()]


def _area(names: list[str], row: tuple[Any, ...]) -> Area:
    fid, *values = row[:-6]
    x, y, *box = (round(number, 6) for number in row[-6:])
    west, south, east, north = box
    return Area(fid, dict(zip(names, values, strict=True)), (x, y), (west, south, east, north))
