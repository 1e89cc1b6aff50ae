"""A saved map drawn: its layers from the bottom up, a legend, north, scale, sources and day."""

from __future__ import annotations

import textwrap
from datetime import date
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from maps.charts.furniture import HALO, north_and_scale, trim
from maps.charts.theme import (
    ACCENT,
    ALERT,
    GROUND,
    INK,
    NODATA,
    NODATA_INK,
    SERIES,
    SOFT,
    WITHHELD,
    WITHHELD_INK,
    Chart,
)
from maps.choice import class_words, colours
from maps.classes import classify
from maps.dates import in_full
from maps.displays import Told
from maps.figures import quantity
from maps.portraits.gridsums import FIGURES
from maps.savedmaps.filled import FilledLayer, FilledMap, values_of
from maps.statics import SIGNS_PER_INCH

CLASSES = 4
LINE_LENGTH = int(5 * SIGNS_PER_INCH)  # as wide as a square map, with its title and legend, gets
PALE, AREA = "#fcfbf8", "#c9b6d8"
HATCHES = ("", "///", "...", "\\\\\\")
# More names than this lie over each other: the table beside the map has them all.
MOST_NAMES = 25
ABOVE = 3  # names are drawn over every layer


def draw_saved(filled: FilledMap, form: str, day: date) -> bytes:
    """Return the map as ``svg``, ``png`` or ``pdf``; it must be drawable."""
    with Chart(7.2, 7.0) as chart:
        axes = chart.axes
        axes.add_artist(Rectangle((0, 0), 1, 1, transform=axes.transAxes, color=GROUND, zorder=-5))
        keys: list[Any] = []
        for one in filled.layers:
            if not one.is_missing:
                keys += DRAWERS[one.layer.look](axes, one)
        axes.set_title(
            f"{filled.template.title}\n{filled.place.name}", loc="left", fontweight=600, fontsize=12
        )
        west, south, east, north = filled.ground.total_bounds
        room = 0.05 * max(east - west, north - south)
        axes.set_xlim(west - room, east + room)
        axes.set_ylim(south - room, north + room)
        axes.set_aspect("equal")
        axes.set_axis_off()
        north_and_scale(axes)
        chart.figure.legend(
            handles=keys, loc="outside lower left", ncols=2, frameon=False, fontsize=8
        )
        axes.text(
            0, -0.02, _told(filled, day), transform=axes.transAxes, fontsize=7, color=SOFT, va="top"
        )
        trim(chart)
        return chart.save(form)


def _told(filled: FilledMap, day: date) -> str:
    lines = [
        ", ".join(part for part in (s["producer"], s["title"], s["vintage"]) if part)
        for s in filled.sources
    ]
    drawn = _("Carte faite le {day}.").format(day=in_full(day))
    # A line wider than the map would leave no room for the map itself.
    cited = textwrap.fill(f"{_('Source :')} {' ; '.join(lines)}", LINE_LENGTH)
    return f"{cited}\n{drawn}"


def _ground(axes: Any, one: FilledLayer) -> list[Any]:
    one.frame.plot(ax=axes, facecolor=PALE, edgecolor=SOFT, linewidth=0.5)
    return [Patch(facecolor=PALE, edgecolor=SOFT, linewidth=0.5, label=one.label)]


def _outline(axes: Any, one: FilledLayer) -> list[Any]:
    one.frame.boundary.plot(ax=axes, color=ACCENT, linewidth=1.3)
    return [Line2D([], [], color=ACCENT, lw=1.3, label=one.label)]


def _area(axes: Any, one: FilledLayer) -> list[Any]:
    look: Any = {"facecolor": AREA, "edgecolor": SOFT, "linewidth": 0.5, "hatch": "////"}
    one.frame.plot(ax=axes, **look)
    return [Patch(label=one.label, **look)]


def _named(axes: Any, one: FilledLayer) -> list[Any]:
    """Draw each in a colour and a pattern of its own; few are in the legend, more by their name."""
    keys = []
    for place in range(len(one.frame)):
        part = one.frame.iloc[[place]]
        colour = SERIES[place % len(SERIES)]
        hatch = HATCHES[(place // len(SERIES)) % len(HATCHES)]
        look: Any = {"facecolor": colour, "edgecolor": "white", "hatch": hatch, "alpha": 0.75}
        part.plot(ax=axes, linewidth=0.6, **look)
        keys.append(Patch(label=part["name"].iloc[0], **look))
    if len(one.frame) <= MOST_NAMES:
        _write_names(axes, one)
    if len(one.frame) > len(SERIES):
        return [Patch(facecolor=SERIES[0], alpha=0.75, label=one.label)]
    return keys


def _write_names(axes: Any, one: FilledLayer) -> None:
    points = one.frame.representative_point()
    for name, point in zip(one.frame["name"], points, strict=True):
        text = axes.text(
            point.x, point.y, name, ha="center", va="center", fontsize=6.5, color=INK, zorder=ABOVE
        )
        text.set_path_effects(HALO)


def _classes(axes: Any, one: FilledLayer) -> list[Any]:
    figure = next(figure for figure in FIGURES if figure.key == one.layer.cells)
    # As they are read beside the map: a break between two of them needs no more decimals.
    values = np.round(values_of(one), figure.decimals)
    classes = classify(values, "quantiles", CLASSES, decimals=figure.decimals)
    told = Told(figure.key, one.label, 0, figure.unit, figure.decimals, False, ())
    words = (
        class_words(classes, told)
        if classes.breaks
        else [quantity(float(np.nanmax(values)), figure.unit, figure.decimals)]
    )
    ramp = colours(len(words))
    numbers = classes.of(values)
    keys: list[Any] = [Patch(facecolor="none", edgecolor="none", label=one.label)]
    for number, (colour, said) in enumerate(zip(ramp, words, strict=True)):
        part = one.frame[numbers == number]
        if len(part):
            part.plot(ax=axes, facecolor=colour, edgecolor=INK, linewidth=0.5)
        keys.append(Patch(facecolor=colour, edgecolor=INK, linewidth=0.5, label=said))
    return keys + _absent(axes, one, values)


def _absent(axes: Any, one: FilledLayer, values: Any) -> list[Any]:
    withheld = np.array([bool(figure and figure.is_withheld) for figure in one.frame["figure"]])
    keys = []
    for mask, look, said in (
        (np.isnan(values) & ~withheld, (NODATA, NODATA_INK, "////"), _("sans donnée")),
        (np.isnan(values) & withheld, (WITHHELD, WITHHELD_INK, "...."), _("retenu")),
    ):
        if mask.any():
            style: Any = {"facecolor": look[0], "edgecolor": look[1], "hatch": look[2]}
            one.frame[mask].plot(ax=axes, linewidth=0.4, **style)
            keys.append(Patch(label=said, linewidth=0.4, **style))
    return keys


def _points(axes: Any, one: FilledLayer) -> list[Any]:
    look: Any = {"marker": "^", "color": ALERT, "markeredgecolor": "white", "linestyle": "none"}
    axes.plot(one.frame.geometry.x, one.frame.geometry.y, ms=6, **look)
    return [Line2D([], [], ms=6, label=f"{one.label} ({len(one.frame)})", **look)]


DRAWERS = {
    "ground": _ground,
    "outline": _outline,
    "area": _area,
    "named": _named,
    "classes": _classes,
    "points": _points,
}
