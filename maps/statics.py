"""Static maps for reports and notebooks: an indicator, or the outlines, of one level.

In a notebook::

    from maps.statics import use_project, draw_map
    use_project()
    draw_map("qpv", "poverty-rate", 2021, within="commune:75056")
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
from django.utils.translation import gettext as _
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

FORMS = ("svg", "png", "pdf")
RATIO_MARGIN = 0.06
SIGNS_PER_INCH = 16  # of the small print under a map, which is narrower than the drawing


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
    way: str = "",
    since: int | None = None,
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
    way, since
        "valeur", "effectif" or "evolution", the last from the year ``since`` (maps/displays.py).

    Raises BadChoice where there is nothing to draw.
    """
    from maps.asked import Choice  # Django must be ready
    from maps.thematicmap import thematic_map

    choice = Choice(
        level, within, indicator, year, method, count, tuple(breaks), way, since, generation
    )
    return draw_thematic(thematic_map(person, choice, everyone=person is None), title, form)


def draw_thematic(
    drawn: Any, title: str, form: str, size: tuple[float, float] = (7.2, 6.4)
) -> Drawn:
    """Return the drawing of a maps.thematicmap.ThematicMap, of a width and height in inches."""
    from maps.charts.furniture import north_and_scale
    from maps.charts.theme import ACCENT, GROUND, SOFT, Chart
    from maps.choice import citation_of, limits_around

    frame, told = drawn.frame, drawn.told
    with Chart(*size) as chart:
        axes = chart.axes
        axes.add_artist(Rectangle((0, 0), 1, 1, transform=axes.transAxes, color=GROUND, zorder=-5))
        if drawn.classes:
            keys = paint_classes(axes, drawn)
            chart.figure.legend(
                handles=keys, loc="outside lower left", ncols=3, frameon=False, fontsize=9,
                alignment="left",
            )  # fmt: skip
        elif told is not None:
            frame.plot(ax=axes, facecolor="#fcfbf8", edgecolor=ACCENT, linewidth=0.6)
            keys = draw_circles(axes, drawn)
            chart.figure.legend(
                handles=keys, loc="outside lower left", ncols=4, frameon=False, fontsize=9,
                alignment="left", labelspacing=1.4, handletextpad=1.6,
            )  # fmt: skip
        else:
            frame.plot(ax=axes, facecolor="white", edgecolor=ACCENT, linewidth=1.0)
        heading = title or (told.title if told else "")
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
        # A line wider than the drawing would leave no room for the map itself.
        source = textwrap.fill(citation_of(frame, told), int(SIGNS_PER_INCH * size[0]))
        axes.text(0, -0.02, source, transform=axes.transAxes, fontsize=7, color=SOFT, va="top")
        return Drawn(chart.save(form), form, frame, [key.words for key in drawn.keys])


def draw_circles(axes: Any, drawn: Any) -> list[Any]:
    """Draw circles whose area is in proportion to the value; return the keys of their sizes."""
    from maps.charts.theme import ALERT

    known = drawn.frame.dropna(subset=["value"]).sort_values("value", ascending=False)
    look: Any = {"color": ALERT, "alpha": 0.45, "linestyle": "none", "marker": "o"}
    for point, value in zip(known.representative_point(), known["value"], strict=True):
        axes.plot(point.x, point.y, markersize=drawn.diameter(value), **look)
    keys: list[Any] = [
        Line2D([], [], markersize=size, label=words, **look) for size, words in drawn.circles()
    ]
    return keys + paint_absent(axes, drawn)


def paint_classes(axes: Any, drawn: Any, opacity: float = 1.0) -> list[Patch]:
    """Paint each class in its colour; return the keys of the legend."""
    keys = [Patch(color=key.colour, label=key.words, alpha=opacity) for key in drawn.keys]
    for key in drawn.keys:
        part = drawn.frame[drawn.frame["class"] == key.number]
        if len(part):
            part.plot(ax=axes, color=key.colour, edgecolor="white", linewidth=0.4, alpha=opacity)
    return keys + paint_absent(axes, drawn)


def paint_absent(axes: Any, drawn: Any) -> list[Patch]:
    """Hatch what has no value, in two forms: no data, and kept back; return their keys."""
    from maps.charts.theme import NODATA, NODATA_INK, WITHHELD, WITHHELD_INK

    keys = []
    for mask, look, word in (
        (drawn.missing, (NODATA, NODATA_INK, "////"), _("sans donnée")),
        (drawn.withheld, (WITHHELD, WITHHELD_INK, "...."), _("retenu")),
    ):
        if mask.any():
            style: Any = {"facecolor": look[0], "edgecolor": look[1], "hatch": look[2]}
            drawn.frame[mask].plot(ax=axes, linewidth=0.4, **style)
            keys.append(Patch(label=word, linewidth=0.4, **style))
    return keys
