"""Storing computed zones: each a territory of its own, named after where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import geopandas as gpd
import pandas as pd
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import connection, transaction

from carroyage.models import ComputedZone
from carroyage.store import BUILD, WGS84
from carroyage.zones import Zones
from observatory.models import Level, Perimeter, Run, Source, Status, Territory


@transaction.atomic
def save_zones(run: Run, zones: Zones, source: Source, names: list[str], line: Any = None) -> None:
    """Store the zones of a run as computed perimeters, each a territory of its own."""
    shapes = gpd.GeoSeries(zones.outlines(), crs=zones.epsg).to_crs(WGS84)
    cells = zones.members.groupby("zone")["cell"].apply(list)
    numbers = [int(number) for number in zones.table.index]
    rows = zones.table.to_dict("records")
    for number, row, shape, name in zip(numbers, rows, shapes, names, strict=True):
        perimeter = add_zone_perimeter(run, source, number, name, shape)
        ComputedZone.objects.create(
            run=run,
            perimeter=perimeter,
            number=number,
            cells=int(row["cells"]),
            cell_keys=cells[number],
            score_name=zones.parameters["score"],
            score=float(row["score"]),
            line=line(row) if callable(line) else line,
            **{name: _or_none(row, name) for name in ("ind", "men", "men_pauv")},
        )


def add_zone_perimeter(run: Run, source: Source, number: int, name: str, shape: Any) -> Perimeter:
    """Store one zone's shape (EPSG:4326) as a computed perimeter of a territory of its own."""
    territory = Territory.objects.create(
        level=Level.ZONE, code=f"Z{run.pk}-{number:03d}", name=name, source=source
    )
    return Perimeter.objects.create(
        territory=territory,
        geom=multipolygon(shape),
        status=Status.COMPUTED,
        source=source,
        reason=f"{BUILD}, run {run.pk}",
    )


def names_of(zones: Zones) -> list[str]:
    """Name each zone after the arrondissement or commune that holds most of it."""
    return names_of_shapes(gpd.GeoSeries(zones.outlines(), crs=zones.epsg).to_crs(WGS84))


def names_of_shapes(shapes: gpd.GeoSeries) -> list[str]:
    """Name zones, numbered from 1, after the place that holds most of each (EPSG:4326)."""
    names = []
    for number, shape in enumerate(shapes, start=1):
        place = _place_of(shape)
        names.append(f"Zone {number}" + (f" — {place}" if place else ""))
    return names


def _place_of(shape: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.name FROM observatory_perimeter p
            JOIN observatory_territory t ON t.id = p.territory_id,
                 ST_GeomFromWKB(%s, 4326) AS zone
            WHERE t.level IN ('arrondissement', 'commune') AND ST_Intersects(p.geom, zone)
            ORDER BY t.level = 'commune', ST_Area(ST_Intersection(p.geom, zone)) DESC LIMIT 1
            """,
            [shapely.to_wkb(shape)],
        )
        row = cursor.fetchone()
    return row[0] if row else ""


def _or_none(row: Mapping[Any, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None or pd.isna(value) else float(value)


def multipolygon(shape: Any) -> MultiPolygon:
    """Turn a shapely (multi)polygon in WGS 84 into a stored one."""
    polygons = shape if shape.geom_type == "MultiPolygon" else shapely.multipolygons([shape])
    made = GEOSGeometry(memoryview(shapely.to_wkb(polygons)), srid=WGS84)
    return cast(MultiPolygon, made)
