"""Static maps for reports and notebooks: an indicator, or the outlines, of one level.

In a notebook::

    from maps.statics import use_project, draw_map
    use_project()
    draw_map("qpv", "poverty-rate", 2021, within="commune:75056")
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
from django.utils.translation import gettext as _
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

FORMS = ("svg", "png", "pdf")
RATIO_MARGIN = 0.06
LARGEST = 26.0  # points: the diameter of the largest circle


def use_project(database: str = "") -> None:
    """Ready Django in a notebook; ``database`` names one of the private server's."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "observatory.settings")
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    if database:
        os.environ["OBSERVATORY_DATABASE"] = database
    django.setup()


@dataclass(frozen=True)
class Drawn:
    """A finished map: its bytes and what is on it, one row per territory."""

    body: bytes
    form: str
    table: gpd.GeoDataFrame
    legend: list[str]

    def _repr_svg_(self) -> str | None:
        return self.body.decode() if self.form == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return self.body if self.form == "png" else None


def draw_map(
    level: str,
    indicator: str = "",
    year: int | None = None,
    *,
    within: str = "",
    generation: int | None = None,
    method: str = "quantiles",
    count: int = 5,
    breaks: Sequence[float] = (),
    title: str = "",
    form: str = "svg",
    person: Any = None,
) -> Drawn:
    """Return a choropleth of an indicator by territory, or the outlines alone.

    Parameters
    ----------
    level, generation
        Which territories: "qpv", "arrondissement", "commune", "iris"…
    within
        ``LEVEL:CODE`` of a territory whose parts alone are drawn.
    method, count, breaks
        As on the explorer (maps/classes.py); ``breaks`` for the method "manuelles".

    Raises BadChoice where there is nothing to draw.
    """
    from maps.choice import chosen_territories, values_of  # Django must be ready
    from maps.classes import classify

    territories = chosen_territories(level, generation=generation, within=within)
    frame, told = values_of(person, territories, indicator, year)
    classes = None
    # A count is shown by circles: shaded, it would tell how large the areas are.
    if told is not None and not told.additive:
        classes = classify(
            frame["value"].to_numpy(), method, count, given=breaks, decimals=told.decimals
        )
    return _drawn(frame, told, classes, title, form)


def _drawn(frame: gpd.GeoDataFrame, told: Any, classes: Any, title: str, form: str) -> Drawn:
    from maps.charts.furniture import north_and_scale
    from maps.charts.theme import ACCENT, GROUND, SOFT, Chart
    from maps.choice import citation_of, class_words, colours, limits_around

    words = class_words(classes, told) if classes else []
    with Chart(7.2, 6.4) as chart:
        axes = chart.axes
        axes.add_artist(Rectangle((0, 0), 1, 1, transform=axes.transAxes, color=GROUND, zorder=-5))
        if classes:
            keys = _paint(axes, frame, classes, words, colours(len(words)))
            chart.figure.legend(
                handles=keys, loc="outside lower left", ncols=3, frameon=False, fontsize=9,
                alignment="left",
            )  # fmt: skip
        elif told is not None:
            frame.plot(ax=axes, facecolor="#fcfbf8", edgecolor=ACCENT, linewidth=0.6)
            keys = _circles(axes, frame, told)
            chart.figure.legend(
                handles=keys, loc="outside lower left", ncols=4, frameon=False, fontsize=9,
                alignment="left", labelspacing=1.4, handletextpad=1.6,
            )  # fmt: skip
        else:
            frame.plot(ax=axes, facecolor="white", edgecolor=ACCENT, linewidth=1.0)
        heading = title or (f"{told.label}, {told.year}" if told else "")
        axes.set_title(heading, loc="left", fontweight=600, fontsize=13)
        axes.margins(RATIO_MARGIN)
        window = (*axes.get_xlim(), *axes.get_ylim())
        limits = limits_around(frame)
        if len(limits):
            limits.plot(ax=axes, facecolor="#fcfbf8", edgecolor=SOFT, linewidth=0.5, zorder=0)
        axes.set_xlim(window[:2])
        axes.set_ylim(window[2:])
        axes.set_aspect("equal")
        axes.set_axis_off()
        north_and_scale(axes)
        source = citation_of(frame, told)
        axes.text(0, -0.02, source, transform=axes.transAxes, fontsize=7, color=SOFT, va="top")
        return Drawn(chart.save(form), form, frame, words)


def _circles(axes: Any, frame: gpd.GeoDataFrame, told: Any) -> list[Any]:
    """Draw circles whose area is in proportion to the value; return the keys of their sizes."""
    from maps.charts.theme import ALERT
    from maps.choice import circle_sizes

    known = frame.dropna(subset=["value"]).sort_values("value", ascending=False)
    most = float(known["value"].max()) if len(known) else 0.0
    look: Any = {"color": ALERT, "alpha": 0.45, "linestyle": "none", "marker": "o"}
    for point, value in zip(known.representative_point(), known["value"], strict=True):
        size = LARGEST * (value / most) ** 0.5 if most else 0.0
        axes.plot(point.x, point.y, markersize=size, **look)
    return [
        Line2D([], [], markersize=LARGEST * (value / most) ** 0.5, label=words, **look)
        for value, words in circle_sizes(most, told)
    ]


def _paint(
    axes: Any, frame: gpd.GeoDataFrame, classes: Any, words: list[str], ramp: list[str]
) -> list[Patch]:
    from maps.charts.theme import NODATA, NODATA_INK, WITHHELD, WITHHELD_INK

    frame["class"] = classes.of(frame["value"].to_numpy())
    keys = [Patch(color=c, label=w) for c, w in zip(ramp, words, strict=True)]
    for number, colour in enumerate(ramp):
        part = frame[frame["class"] == number]
        if len(part):
            part.plot(ax=axes, color=colour, edgecolor="white", linewidth=0.4)
    withheld = (frame["standing"] == "withheld").to_numpy()
    absent = np.isnan(frame["value"].to_numpy())
    for mask, look, word in (
        (absent & ~withheld, (NODATA, NODATA_INK, "////"), _("sans donnée")),
        (absent & withheld, (WITHHELD, WITHHELD_INK, "...."), _("retenu")),
    ):
        if mask.any():
            style: Any = {"facecolor": look[0], "edgecolor": look[1], "hatch": look[2]}
            frame[mask].plot(ax=axes, linewidth=0.4, **style)
            keys.append(Patch(label=word, linewidth=0.4, **style))
    return keys
