"""From the staging table to the stored addresses, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.sql import SQL, Composable, Identifier

from importers.report import Report
from observatory.models import Source
from observatory.runs import Progress


def make_staging(cursor: Any) -> None:
    """Make the temporary table that the file's rows are copied into; it goes with the load."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_address")
    cursor.execute(
        "CREATE TEMPORARY TABLE staged_address (line bigint, ban_id text, "
        "number text NOT NULL DEFAULT '', suffix text NOT NULL DEFAULT '', street text, "
        "postcode text, commune_code text, commune_name text, "
        "position text NOT NULL DEFAULT '', lon double precision, lat double precision) "
        "ON COMMIT DROP"
    )


def copy_statement(fields: Sequence[str]) -> Composable:
    """Return the COPY that fills the staging table from CSV; a blank text stays a blank text."""
    names = SQL(", ").join(map(Identifier, fields))
    return SQL(
        "COPY staged_address (line, {names}, lon, lat) FROM STDIN "
        "WITH (FORMAT csv, FORCE_NOT_NULL ({names}))"
    ).format(names=names)


def duplicates(cursor: Any, limit: int = 10_000) -> list[tuple[str, list[int]]]:
    """Return the ids that stand in several rows, with these rows' numbers."""
    cursor.execute(
        "SELECT ban_id, array_agg(line ORDER BY line) FROM staged_address "
        "GROUP BY ban_id HAVING count(*) > 1 ORDER BY min(line) LIMIT %s",
        [limit],
    )
    return list(cursor.fetchall())


def departments(cursor: Any) -> str:
    """Return the départements the staged addresses lie in, by code, joined."""
    cursor.execute(
        "SELECT string_agg(DISTINCT CASE WHEN commune_code LIKE '97%' THEN left(commune_code, 3) "
        "ELSE left(commune_code, 2) END, ',') FROM staged_address"
    )
    return str(cursor.fetchone()[0])


# Of the same source, in the départements the file speaks of, and not in it any more.
WITHDRAW = """
    DELETE FROM observatory_address a WHERE a.source_id = %(source)s
        AND CASE WHEN a.commune_code LIKE '97%%' THEN left(a.commune_code, 3)
            ELSE left(a.commune_code, 2) END IN (
            SELECT DISTINCT CASE WHEN commune_code LIKE '97%%' THEN left(commune_code, 3)
                ELSE left(commune_code, 2) END FROM staged_address)
        AND NOT EXISTS (SELECT 1 FROM staged_address s WHERE s.ban_id = a.ban_id)
"""
CHANGE = """
    UPDATE observatory_address a SET
        number = s.number, suffix = s.suffix, street = s.street, postcode = s.postcode,
        commune_code = s.commune_code, commune_name = s.commune_name, position = s.position,
        source_id = %(source)s, geom = ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4326)
    FROM staged_address s WHERE s.ban_id = a.ban_id AND (
        (a.number, a.suffix, a.street, a.postcode, a.commune_code, a.commune_name, a.position,
            a.source_id)
        IS DISTINCT FROM (s.number, s.suffix, s.street, s.postcode, s.commune_code,
            s.commune_name, s.position, %(source)s)
        OR ST_X(a.geom) <> s.lon OR ST_Y(a.geom) <> s.lat)
"""
ADD = """
    INSERT INTO observatory_address (ban_id, number, suffix, street, postcode, commune_code,
        commune_name, position, source_id, geom)
    SELECT s.ban_id, s.number, s.suffix, s.street, s.postcode, s.commune_code, s.commune_name,
        s.position, %(source)s, ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4326)
    FROM staged_address s ORDER BY s.line ON CONFLICT (ban_id) DO NOTHING
"""


def merge(cursor: Any, source: Source, report: Report, progress: Progress) -> None:
    """Make the stored addresses those of the staging table, touching only what differs."""
    progress("addresses stored", 0, report.read)
    cursor.execute("CREATE INDEX ON staged_address (ban_id)")
    cursor.execute("ANALYZE staged_address")
    figures = []
    for statement in (WITHDRAW, CHANGE, ADD):
        cursor.execute(statement, {"source": source.pk})
        figures.append(int(cursor.rowcount))
    report.kept = report.read
    report.withdrawn, report.changed, report.added = figures
    report.unchanged = report.kept - report.added - report.changed
    if any(figures):
        cursor.execute("ANALYZE observatory_address")
    progress("addresses stored", report.kept, report.kept)
