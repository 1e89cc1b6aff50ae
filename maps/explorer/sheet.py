"""The explorer's screen as a file: the same layers, classes and place, with all a sheet must carry.

Title, legend, scale, north, sources and the day it was made. Counts and figures are those of the
page: both come from maps/thematicmap.py.
"""

from __future__ import annotations

import textwrap
from dataclasses import replace
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from django.db import connection
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from psycopg import sql

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
from maps.explorer.screen import Shown
from maps.explorer.themes import Theme
from maps.places import METRES
from maps.statics import draw_circles, paint_classes
from maps.thematicmap import ThematicMap, thematic_map
from observatory.models import Perimeter

MOST_SHAPES = 20_000
TIME_LIMIT_MS = 15_000
WIDTH, LEAST_RATIO, MOST_RATIO = 8.0, 0.45, 1.5
LINE_LENGTH = 165  # signs of the small print
LAND = "#fcfbf8"
LANDS = {"communes", "arrondissements"}
ROWS = sql.SQL("""
SELECT {columns}
FROM ({rows}) AS row
WHERE geometry_3857 && ST_Transform(ST_MakeEnvelope({w}, {s}, {e}, {n}, 4326), 3857)
LIMIT {most}
""")


def draw_sheet(shown: Shown, form: str) -> bytes:
    """Return the screen as ``svg``, ``png`` or ``pdf``. Raises BadChoice."""
    srid = _system(shown)
    drawn = thematic_map(shown.person, shown.choice) if shown.choice else None
    window = shown.bounds(srid)
    west, south, east, north = window
    ratio = min(max((north - south) / (east - west), LEAST_RATIO), MOST_RATIO)
    with Chart(WIDTH, WIDTH * ratio + 2.0) as chart:
        axes = chart.axes
        axes.add_artist(Rectangle((0, 0), 1, 1, transform=axes.transAxes, color=GROUND, zorder=-5))
        keys = _draw_all(axes, shown, drawn, srid)
        axes.set_xlim(west, east)
        axes.set_ylim(south, north)
        axes.set_aspect("equal")
        axes.set_axis_off()
        axes.set_title(_title(shown, drawn), loc="left", fontweight=600, fontsize=13)
        north_and_scale(axes)
        if keys:
            chart.figure.legend(
                handles=keys, loc="outside lower left", ncols=3, frameon=False, fontsize=8,
                alignment="left", handlelength=1.6, borderpad=1.2,
                labelspacing=1.2 if drawn is not None and drawn.classes is None else 0.5,
            )  # fmt: skip
        _sign(axes, shown, drawn)
        return chart.save(form)


def _system(shown: Shown) -> int:
    """Return the projected system of what is in sight: a scale in EPSG:3857 would be wrong."""
    near = Perimeter.objects.filter(geom__bboverlaps=shapely.box(*shown.window).wkt).first()
    return near.measure_srid if near else METRES


def _draw_all(axes: Any, shown: Shown, drawn: ThematicMap | None, srid: int) -> list[Any]:
    """Draw from the ground up; return the keys of the legend."""
    over = [one for one in shown.layers if one.id not in LANDS and one.id != "cells"]
    keys: list[Any] = []
    for layer in shown.layers:
        if layer.id in LANDS:
            keys += _outline(axes, layer, shown, srid)
        elif layer.id == "cells":
            keys = _cells(axes, layer, shown, srid) + keys
    if drawn is not None:
        here = _moved(drawn, srid)
        assert drawn.told is not None  # noqa: S101 - a choice names an indicator
        if drawn.told.additive:
            here.frame.plot(ax=axes, facecolor=LAND, edgecolor=SOFT, linewidth=0.5)
            keys = draw_circles(axes, here) + keys
        else:
            keys = paint_classes(axes, here, shown.opacity) + keys
    for layer in over:
        keys += _outline(axes, layer, shown, srid)
    return keys


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
    columns = tuple(dict.fromkeys((theme.numerator, theme.denominator, "men")))
    frame = _rows(layer, shown, srid, columns)
    if not len(frame):
        return []
    numbers = {name: frame[name].to_numpy(np.float64) for name in columns}
    kinds = theme.classes(numbers[theme.numerator], numbers[theme.denominator], numbers["men"])
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


def _title(shown: Shown, drawn: ThematicMap | None) -> str:
    if drawn is not None and drawn.told is not None:
        return drawn.told.title
    if any(one.id == "cells" for one in shown.layers):
        return _("{theme}, par carreau de 200 m").format(theme=shown.theme.title)
    return ", ".join(str(one.title) for one in shown.layers)


def _sign(axes: Any, shown: Shown, drawn: ThematicMap | None) -> None:
    """Write whom to quote, the day, and that data are invented where they are."""
    summaries = [summary_of(one) for one in shown.layers]
    quoted = dict.fromkeys(
        ", ".join(part for part in (one["producer"], one["title"], one["vintage"]) if part)
        for summary in summaries
        for one in summary.sources
    )
    lines = [citation_of(drawn.frame, drawn.told)] if drawn else []
    lines.append(_("Fonds :") + " " + " ; ".join(quoted))
    today = date_format(date.today())
    lines.append(_("Image du {day}, observatoire des quartiers").format(day=today))
    text = "\n".join(textwrap.fill(line, LINE_LENGTH) for line in lines)
    axes.figure.supxlabel(text, x=0.01, ha="left", fontsize=6.5, color=SOFT, linespacing=1.0)
    if any(summary.demonstration for summary in summaries):
        axes.text(
            0.99, 0.02, _("Territoire de démonstration — données fictives"), ha="right",
            transform=axes.transAxes, fontsize=8, color=NOTICE, fontweight=600,
            bbox={"facecolor": "#fff3dc", "edgecolor": "#e9bd6a"},
        )  # fmt: skip
