"""The histogram of a map's values, each bar in the colours of its classes, with the breaks."""

from __future__ import annotations

from matplotlib.ticker import FuncFormatter, MaxNLocator

from maps.charts.theme import INK, Chart
from maps.classes import histogram
from maps.figures import quantity
from maps.thematicmap import ThematicMap


def draw_histogram(drawn: ThematicMap, form: str) -> bytes:
    """Return the drawing as ``svg`` or ``png``; bars are parted by class.

    The map must have classes: circles have no histogram.
    """
    classes, told = drawn.classes, drawn.told
    assert classes is not None and told is not None  # noqa: S101 - as the caller was told
    with Chart(4.6, 2.0) as chart:
        axes = chart.axes
        for bar in histogram(drawn.frame["value"].to_numpy(), classes):
            width = bar.high - bar.low if bar.high > bar.low else 0.8
            colour = drawn.keys[bar.number].colour
            axes.bar(bar.low, bar.count, width, bar.base, align="edge", color=colour)
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
