"""Distributions of income by cell into their table, in one transaction."""

from __future__ import annotations

from typing import Any

from carroyage.income_steps import IncomeSteps
from carroyage.models import GridDataset
from importers.report import Report

CHANGED = """
    UPDATE carroyage_cellincome c SET steps = s.steps, persons = s.persons
    FROM staged_income s WHERE c.dataset_id = %(dataset)s
        AND s.north = c.north AND s.east = c.east
        AND (c.steps, c.persons) IS DISTINCT FROM (s.steps, s.persons)
"""
GONE = """
    DELETE FROM carroyage_cellincome c WHERE c.dataset_id = %(dataset)s AND NOT EXISTS
        (SELECT 1 FROM staged_income s WHERE s.north = c.north AND s.east = c.east)
"""
ADDED = """
    INSERT INTO carroyage_cellincome (dataset_id, north, east, steps, persons)
    SELECT %(dataset)s, north, east, steps, persons FROM staged_income ORDER BY north, east
    ON CONFLICT (dataset_id, north, east) DO NOTHING
"""


def merge_incomes(cursor: Any, dataset: GridDataset, cells: IncomeSteps, report: Report) -> None:
    """Make the stored distributions those of ``cells``, touching only what differs."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_income")
    cursor.execute(
        "CREATE TEMPORARY TABLE staged_income "
        "(north integer, east integer, steps integer[], persons integer[]) ON COMMIT DROP"
    )
    with cursor.copy("COPY staged_income (north, east, steps, persons) FROM STDIN") as copy:
        copy.set_types(["int4", "int4", "int4[]", "int4[]"])
        for row in cells:
            copy.write_row(row)
    figures = {}
    for name, statement in (("withdrawn", GONE), ("changed", CHANGED), ("added", ADDED)):
        cursor.execute(statement, {"dataset": dataset.pk})
        figures[name] = int(cursor.rowcount)
    report.facts["cells"] = {"stored": len(cells), **figures}
    report.note(
        f"{len(cells)} cells hold these records: {figures['added']} added, "
        f"{figures['changed']} changed, {figures['withdrawn']} withdrawn. No record is stored."
    )
    if not any(figures.values()):
        report.unchanged = report.kept
