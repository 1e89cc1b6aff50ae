"""From the staging table to the stored cells: added, changed, withdrawn, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg.sql import SQL, Composable, Identifier

from carroyage.models import Cell, GridDataset
from importers.report import Report
from observatory.runs import Progress

TYPES = {"i_est_200": "smallint", "i_est_1km": "smallint", "groupe": "text", "lcog_geo": "text"}
TEXTS = ("groupe", "lcog_geo")
FIXED = {"id", "dataset", "epsg", "size", "north", "east"}


def make_staging(cursor: Any, fields: Sequence[str]) -> None:
    """Make the temporary table that the file's rows are copied into; it goes with the load."""
    columns = [
        SQL("{} {}").format(Identifier(name), SQL(TYPES.get(name, "double precision")))
        for name in fields
    ]
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_cell")
    cursor.execute(
        SQL(
            "CREATE TEMPORARY TABLE staged_cell "
            "(line bigint, north integer, east integer, {}) ON COMMIT DROP"
        ).format(_listed(columns))
    )


def copy_statement(fields: Sequence[str]) -> Composable:
    """Return the COPY that fills the staging table from CSV, a blank being no value."""
    texts = [Identifier(name) for name in TEXTS if name in fields]
    blank = SQL(", FORCE_NOT_NULL ({})").format(_listed(texts)) if texts else SQL("")
    return SQL(
        "COPY staged_cell (line, north, east, {}) FROM STDIN WITH (FORMAT csv, NULL ''{})"
    ).format(_names(fields), blank)


def duplicates(cursor: Any, limit: int = 10_000) -> list[tuple[int, int, list[int]]]:
    """Return the corners that stand in several rows, with these rows' numbers."""
    cursor.execute(
        "SELECT north, east, array_agg(line ORDER BY line) FROM staged_cell "
        "GROUP BY north, east HAVING count(*) > 1 ORDER BY min(line) LIMIT %s",
        [limit],
    )
    return list(cursor.fetchall())


def merge(
    cursor: Any, dataset: GridDataset, fields: Sequence[str], report: Report, progress: Progress
) -> None:
    """Make the dataset's cells those of the staging table, touching only what differs."""
    progress("cells stored", 0, report.read)
    report.kept = report.read
    cursor.execute("CREATE INDEX ON staged_cell (north, east)")
    cursor.execute("ANALYZE staged_cell")
    report.withdrawn = _withdraw(cursor, dataset)
    report.changed = _change(cursor, dataset, fields)
    report.added = _add(cursor, dataset, fields)
    report.unchanged = report.kept - report.added - report.changed
    if report.added + report.changed + report.withdrawn:
        cursor.execute("ANALYZE carroyage_cell")
    progress("cells stored", report.kept, report.kept)


def _withdraw(cursor: Any, dataset: GridDataset) -> int:
    cursor.execute(
        "DELETE FROM carroyage_cell c WHERE c.dataset_id = %s AND NOT EXISTS "
        "(SELECT 1 FROM staged_cell s WHERE s.north = c.north AND s.east = c.east)",
        [dataset.pk],
    )
    return int(cursor.rowcount)


def _change(cursor: Any, dataset: GridDataset, fields: Sequence[str]) -> int:
    everything = _all_fields()
    new = [SQL("s.{}").format(Identifier(n)) if n in fields else _none(n) for n in everything]
    cursor.execute(
        SQL(
            "UPDATE carroyage_cell c SET ({names}) = ROW({new}) FROM staged_cell s "
            "WHERE c.dataset_id = %s AND s.north = c.north AND s.east = c.east "
            "AND ROW({old}) IS DISTINCT FROM ROW({new})"
        ).format(
            names=_names(everything),
            new=_listed(new),
            old=_listed([SQL("c.{}").format(Identifier(name)) for name in everything]),
        ),
        [dataset.pk],
    )
    return int(cursor.rowcount)


def _add(cursor: Any, dataset: GridDataset, fields: Sequence[str]) -> int:
    absent = [name for name in TEXTS if name not in fields]
    blanks: list[Composable] = [SQL("''")] * len(absent)
    values = [SQL("s.{}").format(Identifier(name)) for name in fields]
    cursor.execute(
        SQL(
            "INSERT INTO carroyage_cell (dataset_id, epsg, size, north, east, {names}) "
            "SELECT %s, %s, %s, s.north, s.east, {values} FROM staged_cell s "
            "ORDER BY s.north, s.east ON CONFLICT (dataset_id, north, east) DO NOTHING"
        ).format(names=_names([*fields, *absent]), values=_listed([*values, *blanks])),
        [dataset.pk, dataset.epsg, dataset.size],
    )
    return int(cursor.rowcount)


def _all_fields() -> list[str]:
    return [
        field.name
        for field in Cell._meta.local_concrete_fields
        if field.name not in FIXED and not getattr(field, "generated", False)
    ]


def _none(name: str) -> Composable:
    if name in TEXTS:
        return SQL("''")
    return SQL("NULL::{}").format(SQL(TYPES.get(name, "double precision")))


def _names(names: Iterable[str]) -> Composable:
    return _listed([Identifier(name) for name in names])


def _listed(parts: Iterable[Composable]) -> Composable:
    return SQL(", ").join(parts)
