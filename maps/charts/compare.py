"""The charts of a comparison: dots with references, lines, ranks, two indicators at once."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from django.utils.translation import gettext as _
from matplotlib.ticker import Formatter, FuncFormatter, MaxNLocator

from maps.charts.breaks import break_years, draw_breaks, parted
from maps.charts.furniture import AxisWords
from maps.charts.theme import ACCENT, ALERT, DASHES, INK, LINE, MARKERS, NOTICE, SERIES, SOFT, Chart
from maps.comparison.table import Column, Comparison, pair, ranks
from maps.figures import difference_figure

WIDTH, ROW = 7.6, 0.27
MARK_COLOURS = (ALERT, NOTICE, INK)
# More lines than this cannot be told apart: those with the widest change keep their colour.
MOST_LINES = len(SERIES)
# The room a name takes beside a dot, as shares of the drawing.
NAME_WIDTH, NAME_HEIGHT = 0.3, 0.05


def _short(name: str) -> str:
    return textwrap.shorten(name, 38, placeholder="…")


def draw_dots(found: Comparison, column: Column, form: str) -> bytes:
    """One dot a quarter, in the order of the table; vertical lines for the references."""
    rows = found.quarters
    with Chart(WIDTH, 1.1 + ROW * max(len(rows), 3)) as chart:
        axes = chart.axes
        heights = np.arange(len(rows))[::-1]
        for height, one in zip(heights, rows, strict=True):
            figure = column.figure(one)
            if figure.value is None:
                axes.text(
                    0.01, height, str(figure), transform=axes.get_yaxis_transform(),
                    va="center_baseline", fontsize=8, style="italic", color=SOFT,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
                )  # fmt: skip
            else:
                axes.plot(figure.value, height, "o", color=ACCENT, ms=6)
        known = [(mark, mark.value.value) for mark in column.marks]
        for place, (mark, value) in enumerate(one for one in known if one[1] is not None):
            colour = MARK_COLOURS[place % len(MARK_COLOURS)]
            axes.axvline(
                value or 0.0, color=colour, ls=DASHES[1 + place % 3], lw=1.4,
                label=f"{mark.label}{_(' : ')}{mark.value}",
            )  # fmt: skip
        axes.set_yticks(heights, [_short(one.name) for one in rows])
        axes.set_ylim(-0.7, len(rows) - 0.3)
        axes.xaxis.set_major_formatter(AxisWords(column.indicator))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
        if axes.get_legend_handles_labels()[0]:
            chart.figure.legend(loc="outside lower left", frameon=False, fontsize=9, ncols=2)
        return chart.save(form)


def draw_lines(found: Comparison, column: Column, form: str) -> bytes:
    """One line a quarter over the years; the widest changes are named, the others are pale."""
    table = found.series(column.indicator.code)
    return _drawn_lines(found, column, table, AxisWords(column.indicator), form)


def draw_gaps(
    found: Comparison, column: Column, table: pd.DataFrame, label: str, form: str
) -> bytes:
    """One line a quarter of its gap (``table``: ids by years) to a reference, drawn at zero."""

    def write(value: float, _place: float | None) -> str:
        return str(difference_figure(column.indicator, value))

    return _drawn_lines(found, column, table, FuncFormatter(write), form, label)


def _drawn_lines(
    found: Comparison,
    column: Column,
    table: pd.DataFrame,
    written: Formatter,
    form: str,
    reference: str = "",
) -> bytes:
    change = (table.iloc[:, -1] - table.iloc[:, 0]).abs().fillna(-1)
    named = list(change.sort_values(ascending=False, kind="stable").index[:MOST_LINES])
    names = {one.pk: one.name for one in found.quarters}
    cuts = break_years(column.indicator.code)
    with Chart(WIDTH, 4.2) as chart:
        axes = chart.axes
        draw_breaks(axes, cuts, [int(str(year)) for year in table.columns])
        if reference:
            axes.axhline(0, color=INK, lw=1.2, label=reference)
        for quarter, row in table.iterrows():
            if quarter not in named:
                axes.plot(*parted(row, cuts), color=LINE, lw=1)
        for place, quarter in enumerate(named):
            axes.plot(
                *parted(table.loc[quarter], cuts), color=SERIES[place], marker=MARKERS[place],
                ls=DASHES[place % len(DASHES)], ms=4, lw=1.5, label=_short(names[quarter]),
            )  # fmt: skip
        axes.yaxis.set_major_formatter(written)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        chart.figure.legend(loc="outside lower left", frameon=False, fontsize=8, ncols=2)
        return chart.save(form)


def draw_ranks(found: Comparison, column: Column, form: str) -> bytes:
    """From the rank in the first year to the rank in the last: 1 is the lowest value, on top."""
    table = ranks(found, column.indicator.code)
    # Equal values have one rank, and a line of their own all the same.
    places = table.rank(method="first")
    names = {one.pk: one.name for one in found.quarters}
    with Chart(WIDTH, 1.0 + ROW * max(len(table), 3)) as chart:
        axes = chart.axes
        for quarter, (before, after) in zip(places.index, places.to_numpy(), strict=True):
            first, rank = table.loc[quarter]
            moved = rank - first
            colour = SOFT if moved == 0 else ALERT if moved > 0 else ACCENT
            axes.plot([0, 1], [before, after], color=colour, marker="o", ms=4, lw=1.3)
            words = f"{rank}. {_short(names[quarter])}"
            axes.text(1.03, after, words, va="center", fontsize=8)
        axes.set_xlim(-0.1, 1.9)
        axes.invert_yaxis()
        axes.set_xticks([0, 1], [str(year) for year in table.columns])
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
        return chart.save(form)


def draw_scatter(found: Comparison, columns: tuple[Column, Column], form: str) -> bytes:
    """Each quarter by two indicators; only those known in both."""
    frame = pair(found, columns)
    with Chart(WIDTH, 4.6) as chart:
        axes = chart.axes
        axes.plot(frame["x"], frame["y"], "o", color=ACCENT, ms=6)
        # Names of the outermost alone: the others would lie over each other.
        for row in _apart(_outermost(frame)).itertuples():
            axes.annotate(
                _short(str(row.name)), (float(row.x), float(row.y)),  # type: ignore[arg-type]
                xytext=(5, 4), textcoords="offset points", fontsize=8, color=SOFT,
            )  # fmt: skip
        for axis, column in ((axes.xaxis, columns[0]), (axes.yaxis, columns[1])):
            axis.set_major_formatter(AxisWords(column.indicator))
            axis.set_label_text(f"{column.indicator.label}, {column.year}")
        axes.margins(0.12)
        return chart.save(form)


def _outermost(frame: pd.DataFrame) -> pd.DataFrame:
    if len(frame) <= MOST_LINES:
        return frame
    spread = (frame[["x", "y"]] - frame[["x", "y"]].median()).abs()
    far = (spread / spread.median().replace(0, 1)).max(axis=1)
    return frame.loc[far.sort_values(ascending=False).index[:MOST_LINES]]


def _apart(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out the names that would be written over one before them."""
    width, height = (max(float(frame[axis].max() - frame[axis].min()), 1e-9) for axis in "xy")
    kept: list[int] = []
    for place in range(len(frame)):
        x, y = frame["x"].iloc[place], frame["y"].iloc[place]
        over = any(
            abs(frame["x"].iloc[other] - x) < NAME_WIDTH * width
            and abs(frame["y"].iloc[other] - y) < NAME_HEIGHT * height
            for other in kept
        )
        if not over:
            kept.append(place)
    return frame.iloc[kept]
