"""Zonal statistics stored as figures: they then leave by every outlet, with their source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from django.contrib.gis.db.models.functions import AsWKB

from layers.errors import BadRaster
from layers.rasters.zonal import Asked, statistics
from observatory.history import acting
from observatory.models import (
    Indicator,
    Nature,
    Observation,
    Perimeter,
    Run,
    Scope,
    Source,
    SourceTerms,
    Standing,
)

NATURES = {"mean": Nature.MEAN, "sum": Nature.COUNT, "share": Nature.SHARE}
# Under this share of its area known, a zone's mean or sum says too little to be plain "computed".
NEARLY_ALL = 0.99


@dataclass(frozen=True)
class Wanted:
    """What to compute and under which name to store it.

    ``day`` chooses the outlines; ``terms`` and ``source`` are fields of the raster's source.
    """

    indicator: str
    label: str
    unit: str
    year: int
    level: str
    day: date
    asked: Asked
    source: dict[str, str]
    sharing: str
    counts_persons: bool = False
    generation: int | None = None


def zonal_figures(path: Path, wanted: Wanted, run: Run | None = None) -> dict[str, Any]:
    """Compute and store one figure per zone; return the counts. Raises BadRaster."""
    zones = zones_of(wanted)
    table = statistics(path, zones, wanted.asked)
    with acting(run=run, reason=f"statistics of {path.name}"):
        source = _source(wanted)
        indicator = _indicator(wanted, source)
        Observation.objects.filter(
            indicator=indicator, year=wanted.year, source=source, territory__in=zones.index
        ).delete()
        rows = [_figure(key, row, wanted) for key, row in table.iterrows()]
        Observation.objects.bulk_create(
            Observation(indicator=indicator, source=source, run=run, **row) for row in rows
        )
    standings = [row["standing"] for row in rows]
    return {name.value: standings.count(name) for name in dict.fromkeys(standings)} | {
        "zones": len(rows)
    }


def zones_of(wanted: Wanted) -> gpd.GeoDataFrame:
    """Return the outlines in force that day, by territory, in EPSG:4326. Raises BadRaster."""
    rows = Perimeter.objects.in_force().on(wanted.day).filter(territory__level=wanted.level)
    if wanted.generation is not None:
        rows = rows.filter(territory__generation=wanted.generation)
    # As bytes, that shapely reads: GEOS objects of Django would cost a copy more.
    shapes_of = rows.annotate(outline=AsWKB("geom")).order_by("territory_id")
    found = list(shapes_of.values_list("territory_id", "outline"))
    if not found:
        raise BadRaster(f"No {wanted.level} was in force on {wanted.day}.", "Choose a --date.")
    shapes = shapely.from_wkb([bytes(outline) for _, outline in found])
    return gpd.GeoDataFrame(geometry=shapes, index=[key for key, _ in found], crs=4326)


def _source(wanted: Wanted) -> Source:
    told = {name: text for name, text in wanted.source.items() if name != "code"}
    source, _ = Source.objects.get_or_create(code=wanted.source["code"], defaults=told)
    SourceTerms.objects.get_or_create(source=source, defaults={"sharing": wanted.sharing})
    return source


def _indicator(wanted: Wanted, source: Source) -> Indicator:
    nature = NATURES[wanted.asked.statistic]
    indicator, _ = Indicator.objects.get_or_create(
        code=wanted.indicator,
        defaults={
            "label": wanted.label or wanted.indicator,
            "unit": wanted.unit or ("%" if nature == Nature.SHARE else ""),
            "nature": nature,
            "decimals": 1,
            "counts_persons": wanted.counts_persons,
            "source": source,
        },
    )
    if indicator.nature != nature:
        raise BadRaster(
            f"The indicator {indicator.code} is of another nature ({indicator.nature}).",
            "Choose another code, or another statistic.",
        )
    return indicator


def _figure(territory: Any, row: pd.Series, wanted: Wanted) -> dict[str, Any]:
    told = {
        "territory_id": territory,
        "year": wanted.year,
        "scope": Scope.WHOLE,
        "outline_on": wanted.day,
    }
    if not np.isfinite(row["value"]):
        return {**told, "standing": Standing.NOT_AVAILABLE, "note": "no data of the raster here"}
    whole = row["covered"] >= NEARLY_ALL
    return {
        **told,
        "standing": Standing.COMPUTED if whole else Standing.ESTIMATED,
        "note": "" if whole else f"{100 * row['covered']:.0f} % of the area has data",
        **{name: _known(row[name]) for name in ("value", "numerator", "denominator")},
    }


def _known(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
