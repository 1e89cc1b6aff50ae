"""The histogram of a map's values, each bar in the colours of its classes, with the breaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from maps.charts.theme import INK, Chart
from maps.choice import Told, colours
from maps.classes import Classes, histogram
from maps.figures import quantity


def draw_histogram(values: Any, classes: Classes, told: Told, form: str) -> bytes:
    """Return the drawing as ``svg`` or ``png``; bars are cut at the breaks they hold."""
    ramp = colours(len(classes.breaks) + 1)
    with Chart(4.6, 2.0) as chart:
        axes = chart.axes
        for low, high, count in histogram(values):
            for left, right in _cut(low, high, classes.breaks):
                place = int(classes.of([(left + right) / 2])[0])
                width = right - left if right > left else 0.8
                axes.bar(left, count, width=width, align="edge", color=ramp[place])
        for edge in classes.breaks:
            axes.axvline(edge, color=INK, lw=1)
        decimals = 0 if told.unit == "%" else told.decimals
        axes.xaxis.set_major_formatter(
            FuncFormatter(lambda value, _place: quantity(value, told.unit, decimals))
        )
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=3, integer=True))
        axes.grid(axis="x", visible=False)
        return chart.save(form)


def _cut(low: float, high: float, breaks: Sequence[float]) -> list[tuple[float, float]]:
    edges = [low, *(edge for edge in breaks if low < edge < high), high]
    if high == low:
        return [(low, high)]
    return [(float(a), float(b)) for a, b in zip(edges[:-1], np.array(edges[1:]), strict=True)]
