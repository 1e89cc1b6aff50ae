"""Figures into the database: one staging table, one stroke, and what became of each counted."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from django.db import connection

from importers.report import Report
from observatory.figures.differencing import protect
from observatory.models import Observation, Run, Source

STAGED = (
    "indicator_id", "territory", "year", "period", "scope", "standing", "value", "numerator",
    "denominator", "low", "high", "text", "outline_on", "extracted_on", "note", "row",
)  # fmt: skip
STAGE = """
CREATE TEMPORARY TABLE staged_figure (
    indicator_id bigint, territory bigint, year smallint, period text, scope text, standing text,
    value float8, numerator float8, denominator float8, low float8, high float8, text text,
    outline_on date, extracted_on date, note text, "row" integer
) ON COMMIT DROP
"""
UPSERT = """
WITH stored AS (
    INSERT INTO observatory_observation AS o (indicator_id, territory_id, year, period, scope,
        standing, value, numerator, denominator, low, high, text, outline_on, extracted_on, note,
        source_id, "row", run_id)
    SELECT indicator_id, territory, year, period, scope,
        standing, value, numerator, denominator, low, high, text, outline_on, extracted_on, note,
        %(source)s, "row", %(run)s
    FROM staged_figure
    ON CONFLICT (indicator_id, year, territory_id, period, scope, source_id) DO UPDATE SET
        standing = EXCLUDED.standing, value = EXCLUDED.value, numerator = EXCLUDED.numerator,
        denominator = EXCLUDED.denominator, low = EXCLUDED.low, high = EXCLUDED.high,
        text = EXCLUDED.text, outline_on = EXCLUDED.outline_on,
        extracted_on = EXCLUDED.extracted_on, note = EXCLUDED.note,
        "row" = EXCLUDED."row", run_id = EXCLUDED.run_id
    WHERE (o.standing, o.value, o.numerator, o.denominator, o.low, o.high, o.text, o.outline_on,
            o.extracted_on, o.note)
        IS DISTINCT FROM (EXCLUDED.standing, EXCLUDED.value, EXCLUDED.numerator,
            EXCLUDED.denominator, EXCLUDED.low, EXCLUDED.high, EXCLUDED.text,
            EXCLUDED.outline_on, EXCLUDED.extracted_on, EXCLUDED.note)
    RETURNING (xmax = 0) AS is_new
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM stored
"""
WITHDRAW = """
DELETE FROM observatory_observation o WHERE o.source_id = %(source)s AND NOT EXISTS (
    SELECT 1 FROM staged_figure s WHERE s.indicator_id = o.indicator_id AND s.year = o.year
        AND s.territory = o.territory_id AND s.period = o.period AND s.scope = o.scope)
"""


def store_figures(
    frame: pd.DataFrame, source: Source, report: Report, run: Run | None, withdraw: bool = True
) -> None:
    """Make the stored figures of ``source`` those of ``frame``. Must run inside a transaction.

    Figures that would now let a few persons be found by subtraction are marked, whatever their
    source.
    """
    before = set(Observation.objects.filter(source=source).values_list("indicator", flat=True))
    values = {"source": source.pk, "run": run.pk if run else None}
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        _copy(cursor, frame)
        cursor.execute("ANALYZE staged_figure")
        if withdraw:
            cursor.execute(WITHDRAW, values)
            report.withdrawn += cursor.rowcount
        cursor.execute(UPSERT, values)
        added, changed = cursor.fetchone()
        cursor.execute("DROP TABLE staged_figure")
    protect(before | set(frame["indicator_id"]))
    report.kept += len(frame)
    report.added += added
    report.changed += changed
    report.unchanged += len(frame) - added - changed


def _copy(cursor: Any, frame: pd.DataFrame) -> None:
    columns = [_plain(frame[name]) for name in STAGED]
    names = ", ".join(f'"{name}"' for name in STAGED)
    with cursor.copy(f"COPY staged_figure ({names}) FROM STDIN") as copy:
        for row in zip(*columns, strict=True):
            copy.write_row(row)


def _plain(column: pd.Series) -> list[Any]:
    """Return Python values, None where there is none."""
    if column.dtype.kind in "iu":
        return list(column.tolist())
    return [None if _is_none(value) else value for value in column.tolist()]


def _is_none(value: Any) -> bool:
    return value is None or (not isinstance(value, (str, date)) and value != value)
