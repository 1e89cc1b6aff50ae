"""Areas that follow from the ones loaded: the commune of twenty arrondissements, départements."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.db import connection

from importers.places import department_of
from observatory.models import Level, Source, Territory


@dataclass(frozen=True)
class City:
    """A commune cut into arrondissements: their codes make the whole of it."""

    code: str
    name: str
    arrondissements: tuple[str, ...]
    department: str = ""
    """The département that is the city itself, if any."""


def _codes(first: int, last: int) -> tuple[str, ...]:
    return tuple(str(code) for code in range(first, last + 1))


CITIES = (
    City("75056", "Paris", _codes(75101, 75120), department="75"),
    City("69123", "Lyon", _codes(69381, 69389)),
    City("13055", "Marseille", _codes(13201, 13216)),
)


@cache
def department_names() -> dict[str, str]:
    """Return the name of each département by its code."""
    file = Path(__file__).with_name("departments.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def derive_areas(touched: list[int], source: Source) -> list[int]:
    """Make the communes and départements that the given territories show; return their ids.

    A commune's outline is the union of its arrondissements, once all of them are there and
    unless a file gave one. A département's row has no outline, but for Paris, which is both.
    """
    rows = Territory.objects.filter(pk__in=touched)
    changed = {row.code for row in rows.filter(level=Level.ARRONDISSEMENT)}
    found = []
    for city in CITIES:
        if changed & set(city.arrondissements):
            found += _city(city, source)
    communes = [row.code for row in rows.filter(level=Level.COMMUNE)]
    for code in sorted({department_of(code) for code in communes} & set(department_names())):
        found.append(_territory(Level.DEPARTMENT, code, department_names()[code], source))
    return found


def _city(city: City, source: Source) -> list[int]:
    commune = _territory(Level.COMMUNE, city.code, city.name, source)
    department = department_of(city.code)
    made = _territory(Level.DEPARTMENT, department, department_names()[department], source)
    _outline(commune, city.arrondissements, source)
    if city.department:
        _outline(made, city.arrondissements, source)
    return [commune, made]


def _territory(level: Level, code: str, name: str, source: Source) -> int:
    found = Territory.objects.filter(level=level, code=code).first()
    if found is None:
        found = Territory.objects.create(level=level, code=code, name=name, source=source)
    return found.pk


def _outline(territory: int, parts: tuple[str, ...], source: Source) -> None:
    """Draw a territory as the union of its parts, unless a file drew it or a part is missing."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH part AS (
                SELECT p.geom, p.valid_from FROM observatory_perimeter p
                JOIN observatory_territory t ON t.id = p.territory_id
                WHERE t.level = 'arrondissement' AND t.code = ANY(%(parts)s)
                    AND p.status = 'reference' AND p.valid_to IS NULL
            ), whole AS (
                SELECT ST_Multi(ST_Union(geom)) AS geom, max(valid_from) AS starts FROM part
                HAVING count(*) = %(count)s
            ), old AS (
                UPDATE observatory_perimeter p SET geom = whole.geom, source_id = %(source)s
                FROM whole WHERE p.territory_id = %(territory)s AND p.facts ? 'derived_from'
                    AND NOT ST_Equals(p.geom, whole.geom)
            )
            INSERT INTO observatory_perimeter (territory_id, geom, measure_srid, status, source_id,
                valid_from, act, author, reason, repaired, facts, recorded_at)
            SELECT %(territory)s, whole.geom, 2154, 'reference', %(source)s, whole.starts,
                '', '', '', '',
                jsonb_build_object('derived_from', 'arrondissements'), now()
            FROM whole WHERE NOT EXISTS (SELECT 1 FROM observatory_perimeter p
                WHERE p.territory_id = %(territory)s AND p.status = 'reference')
            """,
            {
                "parts": list(parts),
                "count": len(parts),
                "territory": territory,
                "source": source.pk,
            },
        )
