"""A comparison as a file: every row with its year and its source, absences told apart."""

from __future__ import annotations

from typing import Any

from maps.comparison.readings import Reading
from maps.comparison.table import Comparison
from maps.figures import Figure
from observatory.spreadsheets import csv_text

HEADINGS = (
    "code", "quarter", "indicator", "label", "year", "value", "unit", "standing", "source",
)  # fmt: skip


def rows_of(found: Comparison) -> list[dict[str, Any]]:
    """Return one row a quarter and indicator, and one a reference, as plain data.

    Besides what a file holds, each says with how many decimals its figure is shown.
    """
    told = []
    for column in found.columns:
        about = {
            "indicator": column.indicator.code,
            "label": column.indicator.label,
            "year": column.year,
            "unit": column.indicator.unit,
            "source": _cited(column.sources),
            "decimals": column.indicator.decimals,
        }
        for one in found.quarters:
            figure = _figure(column.figure(one))
            told.append({"code": one.code, "quarter": one.name, **about, **figure})
        for mark in column.marks:
            told.append({"code": "", "quarter": mark.label, **about, **_figure(mark.value)})
    return [{name: row[name] for name in (*HEADINGS, "decimals")} for row in told]


def figures_of(content: list[dict[str, Any]]) -> list[Figure]:
    """Return the figures of frozen rows as they stood, those of an indicator alike.

    Rows frozen before decimals were kept have one, or none where all the indicator's are whole.
    """
    decimals: dict[str, int] = {}
    for row in content:
        whole = row["value"] is None or float(row["value"]).is_integer()
        wanted = row.get("decimals", 0 if whole else 1)
        decimals[row["indicator"]] = max(wanted, decimals.get(row["indicator"], 0))
    return [
        Figure(
            row["value"],
            row["unit"] if row["unit"] in {"%", "€"} else "",
            decimals[row["indicator"]],
            row["standing"],
        )
        for row in content
    ]


def _cited(sources: list[dict[str, str]]) -> str:
    return " ; ".join(f"{one['producer']}, {one['title']}, {one['vintage']}" for one in sources)


def _figure(figure: Figure) -> dict[str, Any]:
    standing = figure.standing or ("computed" if figure.value is not None else "not_available")
    return {"value": figure.value, "standing": standing}


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Return the rows as CSV; no cell can be taken for a formula by a spreadsheet."""
    return csv_text(HEADINGS, ([row[name] for name in HEADINGS] for row in rows))


READING = ("code", "name", "heading", "value", "unit", "standing", "source")


def reading_csv(reading: Reading) -> str:
    """Return a chart's rows as CSV, one line a cell; withheld and missing are told apart."""
    source, lines = _cited(reading.sources), []
    for code, name, cells in reading.rows:
        for heading, cell in zip(reading.headings, cells, strict=True):
            told = {"value": cell, "standing": ""} if isinstance(cell, str) else _figure(cell)
            unit = "" if isinstance(cell, str) else cell.unit
            lines.append((code, name, heading, told["value"], unit, told["standing"], source))
    return csv_text(READING, lines)
