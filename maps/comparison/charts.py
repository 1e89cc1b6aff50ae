"""The charts of a comparison: each is drawn, read and taken away from the same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from maps.charts.committee import draw_heat, draw_targets
from maps.charts.compare import draw_dots, draw_gaps, draw_lines, draw_ranks, draw_scatter
from maps.comparison.asked import Asked
from maps.comparison.overview import heat_reading, pair_of, scatter_reading, targets_readings
from maps.comparison.readings import KINDS, Reading, readings_of
from maps.comparison.references import gaps_over_years
from maps.comparison.table import Column
from maps.followup.words import PROGRESS
from maps.typologies import Heat, heat_of

WHOLE = "ensemble"  # in the address of a chart of several indicators


@dataclass(frozen=True)
class Shown:
    """One chart: its address (``kind`` and ``name``), its text, and how it is drawn."""

    name: str
    reading: Reading
    draw: Callable[[str], bytes]

    @property
    def kind(self) -> str:
        """Return the kind of chart."""
        return self.reading.kind

    @property
    def label(self) -> str:
        """Return what the kind of chart is called."""
        return str(KINDS.get(self.kind, self.reading.title))


def charts_of(asked: Asked, column: Column, only: str = "") -> list[Shown]:
    """Return the charts of one indicator there is something to draw for; ``only`` of a kind."""
    found = asked.found
    drawers: dict[str, Callable[[str], bytes]] = {
        "points": lambda form: draw_dots(found, column, form),
        "courbes": lambda form: draw_lines(found, column, form),
        "ecarts": lambda form: _gaps(asked, column, form),
        "rangs": lambda form: draw_ranks(found, column, form),
    }
    told = readings_of(asked.shared, found, column, asked.reference, only)
    code = column.indicator.code
    return [
        Shown(code, reading, drawers[kind]) for kind, reading in told.items() if only in ("", kind)
    ]


def _gaps(asked: Asked, column: Column, form: str) -> bytes:
    years = [int(str(year)) for year in asked.found.series(column.indicator.code)]
    table, _reason = gaps_over_years(
        asked.shared, column.indicator, asked.found.quarters, years, asked.reference
    )
    return draw_gaps(asked.found, column, table, asked.reference.label, form)


def scatter_of(asked: Asked) -> Shown | None:
    """Return the scatter of two indicators, where two quarters have both."""
    columns = pair_of(asked.found, asked.selection)
    if columns is None:
        return None
    reading = scatter_reading(asked.found, columns)
    return Shown(WHOLE, reading, lambda form: draw_scatter(asked.found, columns, form))


def heat_chart(asked: Asked) -> tuple[Heat, Shown] | None:
    """Return the heat table of the typology and its chart, where it holds one of the quarters."""
    heat = heat_of(asked.typology, asked.found.quarters) if asked.typology else None
    if heat is None:
        return None
    reading = heat_reading(heat, heat.typology.facts.get("sources", []))
    return heat, Shown(WHOLE, reading, lambda form: draw_heat(heat, reading, form))


def target_charts(asked: Asked) -> list[Shown]:
    """Return the targets of each référentiel of the whole, by where they stand."""
    if asked.whole is None:
        return []
    return [_targets(code, told) for code, told in targets_readings(asked.person, asked.whole)]


def _targets(code: str, reading: Reading) -> Shown:
    counts = Counter(str(cells[0]) for _code, _name, cells in reading.rows)
    told = [(str(word), counts[str(word)]) for word in PROGRESS.values() if counts[str(word)]]
    return Shown(code, reading, lambda form: draw_targets(told, form))


def chart_called(asked: Asked, kind: str, name: str) -> Shown | None:
    """Return the chart of an address, None where there is nothing to draw."""
    if kind == "nuage":
        return scatter_of(asked)
    if kind == "typologie":
        heat = heat_chart(asked)
        return heat[1] if heat else None
    if kind == "cibles":
        return next((one for one in target_charts(asked) if one.name == name), None)
    column = asked.found.column(name)
    shown = charts_of(asked, column, only=kind) if column else []
    return next(iter(shown), None)
