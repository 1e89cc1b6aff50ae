"""What drawings share: the north and a scale in round metres of a map, the numbers of an axis."""

from __future__ import annotations

import math
from typing import Any

from matplotlib import patheffects
from matplotlib.ticker import Formatter

from maps.charts.theme import INK, Chart
from maps.figures import NO_BREAK, quantity, unit_of
from observatory.models import Indicator

BETWEEN = 0.25  # inches of white between a map and its legend, and around both
HALO = [patheffects.withStroke(linewidth=3, foreground="white")]


def round_length(width: float) -> float:
    """Return the largest of 1, 2 or 5 times a power of ten under a quarter of ``width`` metres.

    >>> round_length(4300)
    1000.0
    """
    most = width / 4
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in (1, 2, 5) if step * power <= most)


def length_in_words(metres: float) -> str:
    """Return a length with its unit."""
    far = metres >= 1_000
    return f"{quantity(metres / 1_000 if far else metres, '', 0)}{NO_BREAK}{'km' if far else 'm'}"


def trim(chart: Chart) -> None:
    """Take off the height that a wide ground leaves white, once all the map is drawn."""
    chart.figure.draw_without_rendering()
    boxes: list[Any] = [one.get_tightbbox() for one in (chart.axes, *chart.figure.legends)]
    filled = sum(box.height for box in boxes) / chart.figure.dpi
    chart.figure.set_figheight(min(chart.height, filled + BETWEEN))


def north_and_scale(axes: Any) -> None:
    """Draw both; the axes must be in metres, and their limits set."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    width, height = east - west, north - south
    length = round_length(width)
    x, y = west + 0.04 * width, south + 0.04 * height
    (bar,) = axes.plot([x, x + length], [y, y], color=INK, lw=2, solid_capstyle="butt")
    bar.set_path_effects(HALO)
    text = axes.text(x, y + 0.015 * height, length_in_words(length), fontsize=8, va="bottom")
    arrow = axes.text(
        east - 0.04 * width, north - 0.03 * height, "N\n\u2191", ha="center", va="top",
        fontsize=10, fontweight=600, linespacing=0.9,
    )  # fmt: skip
    for one in (text, arrow):
        one.set_path_effects(HALO)


MOST_DECIMALS = 3


class AxisWords(Formatter):
    """Numbers along an axis in an indicator's unit, with the decimals that tell them apart."""

    def __init__(self, indicator: Indicator) -> None:
        self.unit = unit_of(indicator)
        self.decimals = 0

    def format_ticks(self, values: Any) -> list[str]:
        """Return the words of all marks of an axis: 10 % beside 15 %, but 10,0 % beside 10,2 %."""
        self.decimals = next(
            (many for many in range(MOST_DECIMALS) if _are_whole(values, many)), MOST_DECIMALS
        )
        return super().format_ticks(values)

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the words of one mark."""
        return quantity(x, self.unit, self.decimals)


def _are_whole(values: Any, decimals: int) -> bool:
    """Tell whether nothing of any value is lost at so many decimals."""
    return all(math.isclose(one, round(one, decimals), abs_tol=1e-6) for one in values)
