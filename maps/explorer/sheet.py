"""The explorer's screen as a file: the same layers, classes and place, with all a sheet must carry.

Title, legend, scale, north, sources and the day it was made. Counts and figures are those of the
page: both come from maps/thematicmap.py.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from django.db import connection
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from psycopg import sql

from carroyage.columns import HOUSEHOLDS
from layers.registry import Layer, Look
from layers.summary import summary_of
from layers.tiles import time_limit
from maps.charts.furniture import north_and_scale
from maps.charts.theme import (
    GROUND,
    NODATA,
    NODATA_INK,
    NOTICE,
    SOFT,
    WITHHELD,
    WITHHELD_INK,
    Chart,
)
from maps.choice import citation_of
from maps.errors import BadChoice
from maps.explorer.order import COLOURED
from maps.explorer.screen import DEGREES, Shown
from maps.explorer.themes import Theme
from maps.places import METRES
from maps.statics import draw_circles, paint_classes
from maps.thematicmap import ThematicMap, thematic_map
from observatory.models import Perimeter

MOST_SHAPES = 20_000
TIME_LIMIT_MS = 15_000
WIDTH, WIDTH_OF_TWO, LEAST_RATIO, MOST_RATIO = 8.0, 12.0, 0.45, 1.5
LINE_LENGTH = 165  # signs of the small print
TITLE_LENGTH = 60
SMALL_PRINT = 6.5  # points
LAND = "#fcfbf8"
ZONE = "#111827"  # the colour of what is picked on the page (maps/frontend/src/palette.ts)
LANDS = {"communes", "arrondissements"}
ROWS = sql.SQL("""
SELECT {columns}
FROM ({rows}) AS row
WHERE geometry_3857 && ST_Transform(ST_MakeEnvelope({w}, {s}, {e}, {n}, 4326), 3857)
LIMIT {most}
""")


def draw_sheet(shown: Shown, form: str) -> bytes:
    """Return the screen as ``svg``, ``png`` or ``pdf``: one map, or two under one legend.

    Raises BadChoice.
    """
    maps = [_Map.of(one) for one in (shown, shown.beside) if one is not None]
    width = WIDTH if len(maps) == 1 else WIDTH_OF_TWO
    ratio = max(one.ratio for one in maps) / len(maps)
    height = width * ratio + 2.0
    with Chart(width, height) as chart:
        grid = chart.figure.add_gridspec(1, len(maps))
        chart.axes.set_subplotspec(grid[0])
        others = [chart.figure.add_subplot(grid[place]) for place in range(1, len(maps))]
        frames = [chart.axes, *others]
        # What both maps show is in the legend once: their classes are the same.
        keys: dict[str, Any] = {}
        for axes, one in zip(frames, maps, strict=True):
            keys = {key.get_label(): key for key in _draw_map(axes, one)} | keys
        # The layout leaves room for the small print and for the legend, and lays both lowest.
        below = _sign(chart.axes, maps) / height
        if keys:
            circles = maps[0].drawn is not None and maps[0].drawn.classes is None
            chart.figure.legend(
                handles=list(keys.values()), loc="outside lower left", ncols=3, frameon=False,
                fontsize=8, alignment="left", handlelength=1.6, borderpad=1.2,
                labelspacing=1.2 if circles else 0.5, bbox_to_anchor=(0, below, 1, 1 - below),
            )  # fmt: skip
        return chart.save(form)


@dataclass(frozen=True)
class _Map:
    """One map of the sheet: what it shows, its indicator, and its projected system."""

    shown: Shown
    drawn: ThematicMap | None
    srid: int

    @classmethod
    def of(cls, shown: Shown) -> _Map:
        drawn = thematic_map(shown.person, shown.choice) if shown.choice else None
        return cls(shown, drawn, _system(shown))

    @property
    def ratio(self) -> float:
        west, south, east, north = self.shown.bounds(self.srid)
        return min(max((north - south) / (east - west), LEAST_RATIO), MOST_RATIO)


def _draw_map(axes: Any, one: _Map) -> list[Any]:
    """Draw a map with its title, north and scale; return the keys of its legend."""
    west, south, east, north = one.shown.bounds(one.srid)
    axes.add_artist(Rectangle((0, 0), 1, 1, transform=axes.transAxes, color=GROUND, zorder=-5))
    keys = _draw_all(axes, one.shown, one.drawn, one.srid) + _zone(axes, one.shown, one.srid)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect("equal")
    axes.set_axis_off()
    title = textwrap.fill(_title(one.shown, one.drawn), TITLE_LENGTH)
    axes.set_title(title, loc="left", fontweight=600, fontsize=13)
    north_and_scale(axes)
    return keys


def _system(shown: Shown) -> int:
    """Return the projected system of what is in sight: a scale in EPSG:3857 would be wrong."""
    near = Perimeter.objects.filter(geom__bboverlaps=shapely.box(*shown.window).wkt).first()
    return near.measure_srid if near else METRES


def _draw_all(axes: Any, shown: Shown, drawn: ThematicMap | None, srid: int) -> list[Any]:
    """Draw every layer at its height; return the keys of the legend, what is coloured first."""
    layers = {one.id: one for one in shown.layers}
    colours: list[Any] = []
    outlines: list[Any] = []
    for place, name in enumerate(shown.order, start=1):
        # Under one lies the map: north, scale and words are over it.
        with _at_height(axes, place / 100):
            if name != COLOURED:
                outlines = _outline(axes, layers[name], shown, srid) + outlines
                continue
            if name in layers:
                colours = _cells(axes, layers[name], shown, srid)
            if drawn is not None:
                colours = _indicator(axes, _moved(drawn, srid), shown) + colours
    return colours + outlines


@contextmanager
def _at_height(axes: Any, height: float) -> Iterator[None]:
    """Lay what is drawn meanwhile over all that is lower: lines would lie over any area."""
    before = set(axes.get_children())
    yield
    for artist in axes.get_children():
        if artist not in before and artist.get_zorder() > 0:
            artist.set_zorder(height)


def _indicator(axes: Any, here: ThematicMap, shown: Shown) -> list[Any]:
    assert here.told is not None  # noqa: S101 - a choice names an indicator
    if not here.told.additive:
        return paint_classes(axes, here, shown.opacity)
    here.frame.plot(ax=axes, facecolor=LAND, edgecolor=SOFT, linewidth=0.5)
    return draw_circles(axes, here)


def _moved(drawn: ThematicMap, srid: int) -> ThematicMap:
    return replace(drawn, frame=drawn.frame.to_crs(srid))


def _rows(layer: Layer, shown: Shown, srid: int, columns: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Return what of a layer is in sight. Raises BadChoice where it is too much to draw."""
    shape = sql.SQL("ST_AsBinary(ST_Transform(geometry_3857, {}))").format(sql.Literal(srid))
    statement = ROWS.format(
        rows=sql.SQL(layer.rows),
        columns=sql.SQL(", ").join([shape, *(sql.Identifier(one) for one in columns)]),
        most=sql.Literal(MOST_SHAPES + 1),
        **{side: sql.Literal(one) for side, one in zip("wsen", shown.window, strict=True)},
    )
    given: dict[str, Any] = {one.name: None for one in layer.parameters}
    if "generation" in given:
        given["generation"] = shown.generation
    with time_limit(TIME_LIMIT_MS), connection.cursor() as cursor:
        cursor.execute(statement.as_string(None), given)
        rows = cursor.fetchall()
    if len(rows) > MOST_SHAPES:
        raise BadChoice(_("Il y a trop à dessiner ici : rapprochez-vous."))
    table = {name: [row[place] for row in rows] for place, name in enumerate(columns, start=1)}
    shapes = shapely.from_wkb([bytes(row[0]) for row in rows])
    return gpd.GeoDataFrame(table, geometry=shapes, crs=srid)


def _outline(axes: Any, layer: Layer, shown: Shown, srid: int) -> list[Any]:
    frame = _rows(layer, shown, srid, ())
    if not len(frame):
        return []
    look = layer.look or Look()
    dashes: Any = (0, look.dashes) if look.dashes else "-"
    name = str(layer.title)
    if layer.geometry == "point":
        frame.plot(ax=axes, color=look.colour, markersize=12, edgecolor="white", linewidth=0.5)
        return [Line2D([], [], marker="o", linestyle="none", color=look.colour, label=name)]
    lines = frame.boundary if layer.geometry == "polygon" else frame
    if layer.id in LANDS:
        frame.plot(ax=axes, facecolor=LAND, linewidth=0, zorder=0)
    width = 0.6 * look.width
    lines.plot(ax=axes, color=look.colour, linewidth=width, linestyle=dashes)
    return [Line2D([], [], color=look.colour, linewidth=width, linestyle=dashes, label=name)]


def _cells(axes: Any, layer: Layer, shown: Shown, srid: int) -> list[Any]:
    theme: Theme = shown.theme
    columns = tuple(dict.fromkeys((*theme.columns, HOUSEHOLDS)))
    frame = _rows(layer, shown, srid, columns)
    if not len(frame):
        return []
    numbers = {name: frame[name].to_numpy(np.float64) for name in columns}
    kinds = theme.classes(numbers)
    keys = []
    for number, (colour, words) in enumerate(zip(theme.colours, theme.words(), strict=True)):
        if (kinds == number).any():
            frame[kinds == number].plot(ax=axes, color=colour, linewidth=0, alpha=shown.opacity)
        keys.append(Patch(color=colour, label=words, alpha=shown.opacity))
    for kind, look, words in (
        (-2, (WITHHELD, WITHHELD_INK, "...."), _("moins de 11 ménages (valeurs imputées)")),
        (-1, (NODATA, NODATA_INK, "////"), _("sans donnée")),
    ):
        if (kinds == kind).any():
            style: Any = {"facecolor": look[0], "edgecolor": look[1], "hatch": look[2]}
            style["alpha"] = shown.opacity
            frame[kinds == kind].plot(ax=axes, linewidth=0, **style)
            keys.append(Patch(label=words, linewidth=0.4, **style))
    return keys


def _zone(axes: Any, shown: Shown, srid: int) -> list[Any]:
    """Draw the zone over all the layers, as the page draws it."""
    if shown.zone is None:
        return []
    name, shape = shown.zone
    frame = gpd.GeoSeries([shape], crs=DEGREES).to_crs(srid)
    look: Any = {"linewidth": 1.6, "linestyle": (0, (4, 2))}
    with _at_height(axes, 0.9):
        frame.plot(ax=axes, color=to_rgba(ZONE, 0.08), linewidth=0)
        frame.boundary.plot(ax=axes, color=ZONE, **look)
    return [Patch(facecolor=to_rgba(ZONE, 0.08), edgecolor=ZONE, label=name, **look)]


def _title(shown: Shown, drawn: ThematicMap | None) -> str:
    if drawn is not None and drawn.told is not None:
        return drawn.told.title
    if any(one.id == "cells" for one in shown.layers):
        return _("{theme}, par carreau de 200 m").format(theme=shown.theme.title)
    return ", ".join(str(one.title) for one in shown.layers)


def _sign(axes: Any, maps: list[_Map]) -> float:
    """Write whom to quote, the day, and that data are invented where they are.

    Return the height of the small print in inches.
    """
    shown = maps[0].shown
    summaries = [summary_of(one) for one in shown.layers]
    quoted = dict.fromkeys(
        ", ".join(part for part in (one["producer"], one["title"], one["vintage"]) if part)
        for summary in summaries
        for one in summary.sources
    )
    drawn = [one.drawn for one in maps if one.drawn is not None]
    lines = list(dict.fromkeys(citation_of(one.frame, one.told) for one in drawn))
    lines.append(_("Fonds :") + " " + " ; ".join(quoted))
    today = date_format(date.today())
    lines.append(_("Image du {day}, observatoire des quartiers").format(day=today))
    text = "\n".join(textwrap.fill(line, LINE_LENGTH) for line in lines)
    axes.figure.supxlabel(
        text, x=0.01, ha="left", fontsize=SMALL_PRINT, color=SOFT, linespacing=1.0
    )
    if any(summary.demonstration for summary in summaries):
        axes.text(
            0.99, 0.02, _("Territoire de démonstration — données fictives"), ha="right",
            transform=axes.transAxes, fontsize=8, color=NOTICE, fontweight=600,
            bbox={"facecolor": "#fff3dc", "edgecolor": "#e9bd6a"},
        )  # fmt: skip
    # A line is a quarter higher than its letters.
    return (1.25 * SMALL_PRINT * (text.count("\n") + 1) + SMALL_PRINT) / 72
