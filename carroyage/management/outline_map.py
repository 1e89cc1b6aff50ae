"""A small map of outlines judged out of sample, beside the law, for a report."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import Any

import geopandas as gpd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

LEGAL, DRAWN, GROUND, BORDER = "#e69f00", "#0b4f8a", "#f4f4f2", "#b9b9b4"
WIDTH, DPI = 10.0, 110  # inches, dots per inch
LETTERS = 130  # to a line of small print


def draw_map(
    path: Path,
    legal: gpd.GeoDataFrame,
    drawn: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
    title: str,
    told: str,
    epsg: int,
) -> None:
    """Write a PNG: legal quarters filled, drawn outlines as lines, arrondissements behind.

    ``told`` (sources, vintages, scores) is written under the map; shapes may be in any system.
    """
    ground = places.to_crs(epsg)
    west, south, east, north = ground.total_bounds
    height = WIDTH * (north - south) / (east - west) + 1.2
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0.01, 0.9 / height, 0.98, 1 - 1.3 / height))
    ground.plot(ax=axes, color=GROUND, edgecolor=BORDER, linewidth=0.6)
    legal.to_crs(epsg).clip(ground).plot(ax=axes, color=LEGAL, alpha=0.75)
    drawn.to_crs(epsg).plot(ax=axes, facecolor="none", edgecolor=DRAWN, linewidth=1.5)
    axes.set_axis_off()
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    _scale(axes, west, south)
    axes.legend(
        handles=[
            Patch(color=LEGAL, alpha=0.75, label="legal quarter"),
            Line2D([], [], color=DRAWN, linewidth=1.5, label="reconstruction, not legal"),
        ],
        loc="upper left",
        frameon=False,
        fontsize=11,
    )
    figure.text(0.5, 1 - 0.28 / height, title, ha="center", fontsize=14)
    written = "\n".join(line for text in told.split("\n") for line in wrap(text, LETTERS))
    figure.text(0.5, 0.12 / height, written, ha="center", va="bottom", fontsize=9, color="#444444")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the program's version, the same shapes give the same bytes.
    figure.savefig(path, metadata={"Software": None})


def _scale(axes: Any, west: float, south: float) -> None:
    x, y = west + 200, south + 200
    axes.plot([x, x + 1_000], [y, y], color="#444444", linewidth=2)
    axes.text(x + 500, y + 100, "1 km", ha="center", fontsize=9, color="#444444")
