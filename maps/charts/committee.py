"""Charts of a whole committee table: the heat of a typology, targets by where they stand."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from maps.charts.theme import INK, LINE, NODATA, NODATA_INK, SOFT, Chart
from maps.comparison.overview import heat_level
from maps.comparison.readings import Reading
from maps.typologies import Heat

# From much better than the middle (blue) to much worse (red): told apart by every colour vision,
# and each cell has its value.
HEAT = ("#2f6fb3", "#a9c9e6", "#f2f2f2", "#f3b48b", "#b3403d")
BRIGHT = {1, 5}  # steps on which the text is white
HEIGHT, SIDE = 0.34, 1.15
BAR = 0.5


def heat_words() -> list[str]:
    """Return what each step of the heat says, 1 first."""
    return [
        _("bien mieux que le quartier médian"),
        _("mieux"),
        _("proche du quartier médian"),
        _("moins bien"),
        _("bien moins bien"),
    ]


def draw_heat(heat: Heat, reading: Reading, form: str) -> bytes:
    """One row a quarter, one column an indicator; colour by deviation, the value written."""
    count, wide = len(heat.rows), len(heat.indicators)
    deviations: Any = heat.deviations
    with Chart(3.4 + SIDE * wide, 1.7 + HEIGHT * count) as chart:
        axes = chart.axes
        for height, (row, (_code, _name, cells)) in enumerate(
            zip(heat.rows, reading.rows, strict=True)
        ):
            for place, indicator in enumerate(heat.indicators):
                step = heat_level(deviations.at[row.territory_id, indicator.code])
                _cell(axes, place, height, step, str(cells[2 + place]))
        labels = [f"{textwrap.shorten(name, 30, placeholder='…')}  ·  {cells[0]}"
                  for _code, name, cells in reading.rows]  # fmt: skip
        axes.set_yticks(np.arange(count), labels, fontsize=8)
        heads = [textwrap.fill(one.label, 18) for one in heat.indicators]
        axes.set_xticks(np.arange(wide), heads, fontsize=8)
        axes.xaxis.tick_top()
        axes.set_xlim(-0.5, wide - 0.5)
        axes.set_ylim(count - 0.5, -0.5)
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
        keys = [Patch(facecolor=c, edgecolor=LINE, label=w)
                for c, w in zip(HEAT, heat_words(), strict=True)]  # fmt: skip
        keys.append(
            Patch(facecolor=NODATA, edgecolor=NODATA_INK, hatch="////", label=_("sans donnée"))
        )
        chart.figure.legend(
            handles=keys, loc="outside lower left", frameon=False, fontsize=8, ncols=2
        )
        return chart.save(form)


def _cell(axes: Axes, place: int, height: int, step: int, words: str) -> None:
    look: Any = {"facecolor": HEAT[step - 1], "edgecolor": "white"}
    if not step:
        look = {"facecolor": NODATA, "edgecolor": NODATA_INK, "hatch": "////"}
    axes.add_patch(Rectangle((place - 0.5, height - 0.5), 1, 1, **look))
    if step:
        ink = "white" if step in BRIGHT else INK
        axes.text(place, height, words, ha="center", va="center", fontsize=8, color=ink)


def draw_targets(counts: list[tuple[str, int]], form: str) -> bytes:
    """One bar for each state of a target, with its count beside it."""
    with Chart(7.6, 0.6 + BAR * len(counts)) as chart:
        axes = chart.axes
        heights = np.arange(len(counts))[::-1]
        for height, (_words, count) in zip(heights, counts, strict=True):
            axes.barh(height, count, height=0.6, color=SOFT)
            axes.text(count, height, f" {count}", va="center", fontsize=9)
        axes.set_yticks(heights, [words for words, _count in counts])
        axes.set_xticks([])
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
        return chart.save(form)
