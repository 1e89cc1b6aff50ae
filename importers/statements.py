"""The totals and rates that documents print, as a table: what is said, and what should give it.

Columns: key, label, line, printed, decimals, unit, formula, operands (numbers or ``rows:…``,
separated by a space), remark. See observatory/figures/statements.py for the formulas.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from importers.files import local_file
from importers.options import LoadOptions
from importers.report import Report
from importers.rows import line_said, put, withdraw
from importers.sheets import each, read_sheet
from importers.sources import source_of_file
from observatory.figures.statements import FORMULAS, TABLES
from observatory.history import acting
from observatory.models import Run, Statement
from observatory.runs import Progress, silent

REQUIRED = ("key", "label", "printed", "formula", "operands")


def load_statements(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load what one document prints. Raises FileRefused."""
    file = local_file(path)
    report = Report("statements", file.name)
    frame = read_sheet(file, report, REQUIRED).frame
    for name in ("line", "decimals", "unit", "remark"):
        if name not in frame:
            frame[name] = ""
    told = {row.Index: _checked(row, report) for row in each(frame)}
    report.raise_if_refused()
    with acting(run=run, reason=f"load of {file.name}"):
        source = source_of_file(file, options)
        kept = {
            put(Statement, {"source": source, "key": row.key}, told[row.Index], report).pk
            for row in each(frame)
        }
        withdraw(Statement.objects.filter(source=source), kept, report)
    report.facts |= {"source": source.code}
    progress("statements stored", report.kept, report.kept)
    return report


def _checked(row: Any, report: Report) -> dict[str, Any]:
    if row.formula not in FORMULAS:
        report.refuse(
            row.Index, "formula", row.formula, "unknown formula", f"Known: {', '.join(FORMULAS)}."
        )
    operands = [_operand(text) for text in row.operands.split()]
    if not operands or None in operands:
        report.refuse(
            row.Index, "operands", row.operands, "operands that are no numbers nor known tables",
            "Separate numbers by spaces.",
        )  # fmt: skip
    printed = _operand(row.printed)
    if not isinstance(printed, float):
        report.refuse(row.Index, "printed", row.printed, "this is not a number", "Correct it.")
    return {
        "label": row.label[:300],
        "line": line_said(row),
        "printed": printed,
        "decimals": int(row.decimals) if row.decimals.isdecimal() else 0,
        "unit": row.unit,
        "formula": row.formula,
        "operands": operands,
        "remark": row.remark[:300],
    }


def _operand(text: str) -> float | str | None:
    if text.startswith("rows:"):
        return text if text.split(":")[1] in TABLES else None
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
