"""The map of a portrait: cells by their share of poor households, the territory over them."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from django.db import connection
from django.utils.translation import gettext as _
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from carroyage.models import GridDataset
from maps.charts.furniture import north_and_scale
from maps.charts.theme import (
    ACCENT,
    GROUND,
    INK,
    NODATA,
    NODATA_INK,
    SOFT,
    WITHHELD,
    WITHHELD_INK,
    Chart,
)  # fmt: skip
from maps.explorer.themes import theme_called
from maps.places import outlines
from observatory.models import Level, Perimeter, Territory
from observatory.models.perimeters import IN_FORCE

# The explorer's own classes of this share.
POOR = theme_called("pauvrete")
# No data, and under the secrecy threshold: told by a pattern.
APART = {-1: (NODATA, NODATA_INK, "////"), -2: (WITHHELD, WITHHELD_INK, "....")}
AROUND = 0.18  # of the territory's size, left on each side
CELLS = """
SELECT ST_AsBinary(ST_Transform(geom_3857, %(srid)s)), men, men_pauv FROM carroyage_cell
WHERE dataset_id = %(dataset)s
    AND geom_3857 && ST_Transform(ST_MakeEnvelope(%(w)s, %(s)s, %(e)s, %(n)s, %(srid)s), 3857)
"""
DASHES = (0, (3, 1.5))
NEIGHBOURS = (Level.QPV, Level.ARRONDISSEMENT, Level.COMMUNE)


def draw_locator(
    territory: Territory,
    outline: Perimeter,
    dataset: GridDataset | None,
    form: str,
    size: tuple[float, float] = (4.6, 4.8),
) -> bytes:
    """Return the map as ``svg`` or ``png``, drawn in the territory's own projected system."""
    srid = outline.measure_srid
    own = outlines([territory.pk], srid)
    window = _window(own.total_bounds, size[0] / size[1])
    with Chart(*size) as chart:
        axes = chart.axes
        axes.set_facecolor(GROUND)
        cells = _cells(dataset, window, srid) if dataset else None
        if cells is not None and len(cells):
            _paint(axes, cells)
        others = _outline_neighbours(axes, territory, window, srid)
        own.boundary.plot(ax=axes, color="white", linewidth=4.5)
        own.boundary.plot(ax=axes, color=ACCENT, linewidth=2.4)
        axes.set_xlim(window[0], window[2])
        axes.set_ylim(window[1], window[3])
        axes.set_aspect("equal")
        axes.set_axis_off()
        axes.add_artist(_ground(axes))
        north_and_scale(axes)
        if cells is not None and len(cells):
            _legend(chart, set(cells["kind"]), others=others)
        return chart.save(form)


def _ground(axes: Any) -> Any:
    """Fill the frame: an axis that is off draws no background of its own."""
    return Rectangle((0, 0), 1, 1, transform=axes.transAxes, color=GROUND, zorder=-5)


def _window(bounds: Any, ratio: float) -> tuple[float, float, float, float]:
    """Return the bounds with room around, of the drawing's own proportions."""
    west, south, east, north = bounds
    x, y = (west + east) / 2, (south + north) / 2
    height = max(north - south, (east - west) / ratio, 500.0) * (1 + 2 * AROUND)
    width = height * ratio
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _cells(
    dataset: GridDataset, window: tuple[float, float, float, float], srid: int
) -> gpd.GeoDataFrame:
    place = dict(zip("wsen", window, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(CELLS, {**place, "dataset": dataset.pk, "srid": srid})
        rows = cursor.fetchall()
    shapes = shapely.from_wkb([bytes(row[0]) for row in rows])
    men = np.array([row[1] for row in rows], dtype=np.float64)
    poor = np.array([row[2] for row in rows], dtype=np.float64)
    kinds = POOR.classes({"men": men, "men_pauv": poor})
    return gpd.GeoDataFrame({"kind": kinds}, geometry=shapes, crs=srid)


def _paint(axes: Any, cells: gpd.GeoDataFrame) -> None:
    for number, colour in enumerate(POOR.colours):
        of_class = cells[cells["kind"] == number]
        if len(of_class):
            of_class.plot(ax=axes, color=colour, edgecolor="white", linewidth=0.25)
    for kind, (colour, ink, hatch) in APART.items():
        of_kind = cells[cells["kind"] == kind]
        if len(of_kind):
            of_kind.plot(ax=axes, facecolor=colour, edgecolor=ink, hatch=hatch, linewidth=0.25)


def _outline_neighbours(
    axes: Any, territory: Territory, window: tuple[float, float, float, float], srid: int
) -> bool:
    """Draw the limits and quarters around; tell whether a quarter other than its own is there."""
    box = gpd.GeoSeries([shapely.box(*window)], crs=srid).to_crs(4326).iloc[0]
    near = Perimeter.objects.filter(
        status__in=IN_FORCE, territory__level__in=NEIGHBOURS, geom__bboverlaps=box.wkt
    )
    same = near.filter(territory__generation=territory.generation) | near.filter(
        territory__generation=None
    )
    frame = outlines(list(same.values_list("territory_id", flat=True)), srid)
    frame = frame[frame["id"] != territory.pk]
    limits = frame[frame["level"] != Level.QPV]
    quarters = frame[frame["level"] == Level.QPV]
    if len(limits):
        limits.boundary.plot(ax=axes, color=SOFT, linewidth=0.8)
    if len(quarters):
        quarters.boundary.plot(ax=axes, color=ACCENT, linewidth=1.0, linestyle=DASHES)
    return bool(len(quarters))


def _legend(chart: Chart, kinds: set[int], *, others: bool) -> None:
    """Say the classes in words, what is apart from them where there is any, and the outlines."""
    keys = [Patch(color=c, label=w) for c, w in zip(POOR.colours, POOR.words(), strict=True)]
    told = {-1: _("sans donnée"), -2: _("moins de 11 ménages")}
    for kind, (colour, ink, hatch) in APART.items():
        if kind in kinds:
            look: Any = {"facecolor": colour, "edgecolor": ink, "hatch": hatch, "linewidth": 0.25}
            keys.append(Patch(label=told[kind], **look))
    lines: list[Any] = [Line2D([], [], color=ACCENT, lw=2.4, label=_("ce territoire"))]
    if others:
        lines.append(Line2D([], [], color=ACCENT, lw=1.0, ls=DASHES, label=_("autre quartier")))
    legend = chart.figure.legend(
        handles=[*keys, *lines], loc="outside lower left", ncols=3, fontsize=10, frameon=False,
        title=_("Part de ménages pauvres, par carreau de 200 m"), title_fontsize=10,
        alignment="left", handlelength=1.3, columnspacing=1.2, labelcolor=INK,
    )  # fmt: skip
    legend.get_title().set_color(SOFT)
