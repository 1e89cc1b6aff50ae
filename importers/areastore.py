"""Areas into territories and dated perimeters: added, changed, withdrawn, in one transaction.

A perimeter in force is known by its territory and its first day. What a source no longer gives
is withdrawn, unless a later perimeter descends from it. Computed perimeters are never touched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import shapely
from django.db import connection

from importers.areas import Area
from importers.places import department_of
from importers.report import Report
from observatory.identity import identity_of
from observatory.models import Perimeter, Source
from observatory.models.perimeters import IN_FORCE

COLUMNS = (
    "place", "identity", "level", "code", "name", "commune_codes", "generation", "srid", "facts",
    "act", "valid_from", "valid_to", "status", "repaired", "geom",
)  # fmt: skip


def store_areas(areas: list[Area], source: Source, report: Report, withdraw: str) -> list[int]:
    """Make the stored perimeters of a source those of ``areas``; return territories touched.

    ``withdraw`` says what a file replaces: ``all`` its source gave, only the ``department``s
    it speaks of, or ``nothing``. Must run inside a transaction.

    Raises
    ------
    FileRefused
        An area stands twice, or contradicts a perimeter in force from another source.
    """
    _refuse_twice(areas, report)
    report.raise_if_refused()
    with connection.cursor() as cursor:
        _stage(cursor, areas)
        territories = _upsert_territories(cursor, source)
        gone = _withdraw(cursor, areas, source, report, withdraw)
        _give_way(cursor)
        _refuse_conflicts(cursor, areas, report)
        report.raise_if_refused()
        changed = _change(cursor, source)
        added = _add(cursor, source)
    return _account(areas, report, territories, changed, added, gone)


def _account(
    areas: list[Area],
    report: Report,
    territories: dict[int, set[int]],
    changed: dict[int, int],
    added: dict[int, int],
    gone: set[int],
) -> list[int]:
    """Write the figures: a row is changed when its outline or its territory's facts are."""
    touched = {place for places in territories.values() for place in places}
    report.kept += len(areas)
    report.added += len(added)
    report.changed += len((touched | set(changed)) - set(added))
    report.unchanged += len(areas) - len(touched | set(changed) | set(added))
    return sorted({*territories, *changed.values(), *added.values(), *gone})


def _refuse_twice(areas: Iterable[Area], report: Report) -> None:
    seen: dict[tuple[str, Any], Area] = {}
    for area in areas:
        key = (identity_of(area.level, area.code, area.name, area.commune_codes), area.valid_from)
        first = seen.setdefault(key, area)
        if first is not area:
            report.refuse(
                area.row,
                "",
                area.label,
                f"the area already stands in {report.unit} {first.row}",
                "Keep one row per area, or give both their dates (valid_from, valid_to).",
                area.layer,
            )


def _stage(cursor: Any, areas: list[Area]) -> None:
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_area")
    cursor.execute(
        "CREATE TEMPORARY TABLE staged_area (place integer, identity text, level text, code text, "
        "name text, commune_codes jsonb, generation smallint, srid integer, facts jsonb, act text, "
        "valid_from date, valid_to date, status text, repaired text, "
        "geom geometry(MultiPolygon, 4326)) ON COMMIT DROP"
    )
    with cursor.copy(f"COPY staged_area ({', '.join(COLUMNS)}) FROM STDIN") as copy:
        for place, area in enumerate(areas):
            copy.write_row(_row(place, area))
    cursor.execute("CREATE INDEX ON staged_area (identity)")
    cursor.execute("ANALYZE staged_area")


def _row(place: int, area: Area) -> list[Any]:
    shape = shapely.set_srid(area.shape, 4326)
    return [
        place,
        identity_of(area.level, area.code, area.name, area.commune_codes),
        area.level,
        area.code,
        area.name,
        json.dumps(area.commune_codes),
        area.generation,
        area.srid,
        json.dumps(area.facts, ensure_ascii=False),
        area.act,
        area.valid_from,
        area.valid_to,
        area.status,
        area.repaired,
        shapely.to_wkb(shape, hex=True, include_srid=True),
    ]


def _upsert_territories(cursor: Any, source: Source) -> dict[int, set[int]]:
    """Store names, codes and facts; return the places of rows that changed any, by territory."""
    cursor.execute(
        """
        WITH latest AS (
            SELECT DISTINCT ON (identity) * FROM staged_area
            ORDER BY identity, valid_from DESC NULLS LAST
        ), stored AS (
            INSERT INTO observatory_territory AS t (identity, level, code, name, commune_codes,
                generation, srid, facts, source_id)
            SELECT identity, level, code, name, commune_codes, generation, srid, facts, %(source)s
            FROM latest ORDER BY place
            ON CONFLICT (identity) DO UPDATE SET
                name = EXCLUDED.name,
                commune_codes = CASE WHEN EXCLUDED.commune_codes = '[]' THEN t.commune_codes
                    ELSE EXCLUDED.commune_codes END,
                generation = COALESCE(EXCLUDED.generation, t.generation),
                srid = EXCLUDED.srid,
                facts = t.facts || EXCLUDED.facts,
                source_id = EXCLUDED.source_id
            WHERE (t.name, t.srid, t.source_id) IS DISTINCT FROM
                    (EXCLUDED.name, EXCLUDED.srid, EXCLUDED.source_id)
                OR t.facts || EXCLUDED.facts <> t.facts
                OR t.generation IS DISTINCT FROM COALESCE(EXCLUDED.generation, t.generation)
                OR (EXCLUDED.commune_codes <> '[]'
                    AND EXCLUDED.commune_codes <> t.commune_codes)
            RETURNING t.id, t.identity
        )
        SELECT stored.id, s.place FROM stored JOIN staged_area s USING (identity)
        """,
        {"source": source.pk},
    )
    found: dict[int, set[int]] = {}
    for territory, place in cursor.fetchall():
        found.setdefault(territory, set()).add(place)
    return found


def _withdraw(
    cursor: Any, areas: list[Area], source: Source, report: Report, withdraw: str
) -> set[int]:
    if withdraw == "nothing":
        return set()
    cursor.execute(
        """
        SELECT p.id, t.id, t.code, t.name,
            EXISTS (SELECT 1 FROM observatory_lineage l WHERE l.parent_id = p.id)
        FROM observatory_perimeter p JOIN observatory_territory t ON t.id = p.territory_id
        WHERE p.source_id = %s AND p.status <> 'computed'
            AND t.level IN (SELECT level FROM staged_area)
            AND NOT EXISTS (SELECT 1 FROM staged_area s
                WHERE s.identity = t.identity AND p.valid_from IS NOT DISTINCT FROM s.valid_from)
            AND NOT (p.facts ? 'derived_from')
        """,
        [source.pk],
    )
    spoken_of = {department_of(area.code) for area in areas}
    gone: list[tuple[int, int, str]] = []
    kept: list[tuple[int, int, str]] = []
    for perimeter, territory, code, name, has_descendants in cursor.fetchall():
        if withdraw == "department" and department_of(code) not in spoken_of:
            continue
        (kept if has_descendants else gone).append((perimeter, territory, f"{code} {name}".strip()))
    Perimeter.objects.filter(pk__in=[perimeter for perimeter, _, _ in gone]).delete()
    report.withdrawn += len(gone)
    _tell(report, "Withdrawn, no longer in the file", [label for _, _, label in gone])
    _tell(report, "Not in the file, kept because later perimeters descend from them",
          [label for _, _, label in kept])  # fmt: skip
    return {territory for _, territory, _ in gone}


def _give_way(cursor: Any) -> None:
    """Take away outlines worked out from their parts where the file draws them."""
    cursor.execute(
        "DELETE FROM observatory_perimeter p USING observatory_territory t, staged_area s "
        "WHERE t.id = p.territory_id AND s.identity = t.identity AND p.facts ? 'derived_from'"
    )


def _tell(report: Report, what: str, labels: list[str]) -> None:
    if labels:
        more = f" and {len(labels) - 20} more" if len(labels) > 20 else ""
        report.note(f"{what}: {', '.join(labels[:20])}{more}.")


def _refuse_conflicts(cursor: Any, areas: list[Area], report: Report) -> None:
    """Refuse what would put two perimeters in force on one territory on one day."""
    cursor.execute(
        """
        SELECT s.place, coalesce(p.valid_from::text, 'ever'), coalesce(p.valid_to::text, 'now on'),
            src.title
        FROM staged_area s
        JOIN observatory_territory t ON t.identity = s.identity
        JOIN observatory_perimeter p ON p.territory_id = t.id
        JOIN observatory_source src ON src.id = p.source_id
        WHERE s.status <> 'negotiation' AND p.status IN ('legal', 'superseded', 'reference')
            AND NOT p.valid_from IS NOT DISTINCT FROM s.valid_from
            AND daterange(p.valid_from, p.valid_to) && daterange(s.valid_from, s.valid_to)
        ORDER BY s.place
        """
    )
    for place, start, end, title in cursor.fetchall():
        area = areas[place]
        report.refuse(
            area.row,
            "",
            area.label,
            f"another perimeter is in force from {start} to {end} ({title})",
            "Give this one its dates (--valid-from, --valid-to) so that they follow each other.",
            area.layer,
        )


def _change(cursor: Any, source: Source) -> dict[int, int]:
    """Bring matched perimeters up to date; return place → territory of those that differed."""
    cursor.execute(
        """
        UPDATE observatory_perimeter p SET geom = s.geom, measure_srid = s.srid,
            status = s.status, valid_to = s.valid_to, act = s.act, repaired = s.repaired,
            facts = '{}', source_id = %(source)s
        FROM staged_area s JOIN observatory_territory t ON t.identity = s.identity
        WHERE p.territory_id = t.id AND p.valid_from IS NOT DISTINCT FROM s.valid_from
            AND (p.status IN ('legal', 'superseded', 'reference')) = (s.status <> 'negotiation')
            AND (s.status <> 'negotiation' OR (p.status = s.status AND p.source_id = %(source)s))
            AND (NOT p.geom = s.geom OR (p.measure_srid, p.status, p.act, p.repaired, p.source_id)
                IS DISTINCT FROM (s.srid, s.status, s.act, s.repaired, %(source)s)
                OR p.valid_to IS DISTINCT FROM s.valid_to)
        RETURNING s.place, p.territory_id
        """,
        {"source": source.pk},
    )
    return dict(cursor.fetchall())


def _add(cursor: Any, source: Source) -> dict[int, int]:
    cursor.execute(
        """
        INSERT INTO observatory_perimeter (territory_id, geom, measure_srid, status, valid_from,
            valid_to, source_id, act, author, reason, repaired, facts, recorded_at)
        SELECT t.id, s.geom, s.srid, s.status, s.valid_from, s.valid_to, %(source)s, s.act,
            '', '', s.repaired, '{}', now()
        FROM staged_area s JOIN observatory_territory t ON t.identity = s.identity
        WHERE NOT EXISTS (SELECT 1 FROM observatory_perimeter p
            WHERE p.territory_id = t.id AND p.valid_from IS NOT DISTINCT FROM s.valid_from
                AND (p.status = s.status AND p.source_id = %(source)s
                    OR p.status = ANY(%(in_force)s) AND s.status <> 'negotiation'))
        ORDER BY s.place
        RETURNING territory_id, valid_from
        """,
        {"source": source.pk, "in_force": [str(status) for status in IN_FORCE]},
    )
    stored = {(territory, start) for territory, start in cursor.fetchall()}
    cursor.execute(
        "SELECT s.place, t.id, s.valid_from FROM staged_area s "
        "JOIN observatory_territory t ON t.identity = s.identity"
    )
    return {place: t for place, t, start in cursor.fetchall() if (t, start) in stored}
