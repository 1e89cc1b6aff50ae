"""Small territories and shapes for tests, in metres around a place or in plain degrees."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Polygon

from observatory.models import (
    AccessRule,
    Level,
    Perimeter,
    Sharing,
    Source,
    SourceTerms,
    Status,
    Territory,
)
from observatory.permissions import DEFAULT_RULES


def a_source(code: str = "source", **fields: Any) -> Source:
    """Return the source of that code, made at first use."""
    told = {"title": f"Source {code}", "producer": "Producteur", "vintage": "2021", **fields}
    return Source.objects.get_or_create(code=code, defaults=told)[0]


def under_terms(source: Source, sharing: str = Sharing.PUBLIC, **terms: Any) -> Source:
    """Return the source with its terms, put at first use: anybody may see its figures."""
    SourceTerms.objects.get_or_create(source=source, defaults={"sharing": sharing, **terms})
    return source


def a_territory(level: str = Level.QPV, code: str = "", name: str = "", **fields: Any) -> Territory:
    """Return a new territory."""
    fields.setdefault("source", a_source())
    return Territory.objects.create(level=level, code=code, name=name or code, **fields)


def a_box(west: float, south: float, east: float, north: float) -> MultiPolygon:
    """Return a rectangle in EPSG:4326."""
    return MultiPolygon(Polygon.from_bbox((west, south, east, north)), srid=4326)


def a_perimeter(
    territory: Territory,
    geom: GEOSGeometry | None = None,
    *,
    status: str = Status.LEGAL,
    since: date | None = None,
    until: date | None = None,
    **fields: Any,
) -> Perimeter:
    """Return a new perimeter, a small box in Paris unless a shape is given."""
    fields.setdefault("source", territory.source)
    perimeter = Perimeter.objects.create(
        territory=territory,
        geom=geom or a_box(2.35, 48.85, 2.36, 48.86),
        status=status,
        valid_from=since,
        valid_to=until,
        **fields,
    )
    perimeter.refresh_from_db()
    return perimeter


def put_default_rights_back() -> None:
    """Store the rights a new site has, where a test that commits has emptied the table.

    A fixture of a whole module that is read with somebody's rights must ask for it itself: it
    is made before the fixtures of its first test.
    """
    if not AccessRule.objects.exists():
        AccessRule.objects.bulk_create(
            AccessRule(role=role, right=right)
            for role, rights in DEFAULT_RULES.items()
            for right in rights
        )
