"""What is loaded of a city, as the reconstruction of outlines takes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from psycopg.sql import SQL

from carroyage import errors, store
from carroyage.management.gridfiles import read_table
from carroyage.management.territory import assessed_territory
from carroyage.models import GridDataset, Origin
from carroyage.outline.inputs import CityInputs
from observatory.models import Observation
from observatory.runs import checksum

# Declared incomes by IRIS: shares as they are, amounts as logarithms.
AMOUNTS = ("declared-median", "declared-q1", "declared-q3")
INDICATORS = ("declared-low-income-rate", *AMOUNTS, "declared-business-share")
LIST_COLUMNS = ("name", "communes", "population")


@dataclass(frozen=True)
class OutlineWanted:
    """How outlines are asked for: places, legal generation, the planner's list (a file)."""

    places: tuple[str, ...] = ()
    generation: int | None = None
    listed: Path | None = None
    blocks: float | None = None
    vintage: str = ""
    min_population: float = 1_000

    def facts(self) -> list[dict[str, Any]]:
        """Return what a run records of the list."""
        return [checksum(self.listed)] if self.listed and self.listed.is_file() else []


@dataclass(frozen=True)
class City:
    """Loaded inputs, the law to learn from where there is one, and how the ground is told."""

    dataset: GridDataset
    inputs: CityInputs
    legal: gpd.GeoDataFrame | None
    words: str


def read_city(wanted: OutlineWanted) -> City:
    """Read everything that is loaded of the city the cells describe, or of some places.

    Raises
    ------
    NothingToZone, PlaceNotDescribed, MissingColumns, UnreadableGridFile
    """
    dataset = store.latest_dataset(Origin.PUBLISHED, wanted.vintage)
    if dataset is None:
        raise errors.NothingToZone("published cells")
    listed = None if wanted.listed is None else read_list(wanted.listed)
    territory = assessed_territory(dataset, wanted.places)
    known = not territory.is_empty
    places = territory.places.sort_values("code", ignore_index=True) if known else None
    cells = store.read_cells(dataset).dropna(axis=1, how="all")
    areas = read_areas(places) if places is not None else None
    inputs = CityInputs(
        cells,
        places,
        areas,
        tuple(name for name in INDICATORS if areas is not None and name in areas),
        tuple(name for name in AMOUNTS if areas is not None and name in areas),
        None if places is None else read_addresses(places),
        listed,
        places,
        blocks=wanted.blocks,
    )
    legal = store.legal_quarters(wanted.generation)
    return City(dataset, inputs, _within(legal, places), territory.words)


def _within(legal: gpd.GeoDataFrame, places: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    if not legal.empty and places is not None:
        legal = legal[legal.intersects(shapely.union_all(places.geometry.array))]
    return None if legal.empty else legal


def read_list(path: Path) -> pd.DataFrame:
    """Read the planner's list: ``name``, ``communes`` (codes), ``population``; or ``streets``.

    Raises
    ------
    MissingColumns, UnreadableGridFile
    """
    table = read_table(path)
    missing = set(LIST_COLUMNS) - set(table.columns)
    if missing:
        raise errors.MissingColumns("listed quarters", missing)
    return table.assign(communes=table["communes"].astype(str), name=table["name"].astype(str))


def read_areas(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Return the IRIS inside some places, with their last declared incomes; None without any."""
    west, south, east, north = map(float, places.total_bounds)
    areas = store.read_shapes(
        SQL("""
        SELECT t.code, p.geom FROM observatory_perimeter p
        JOIN observatory_territory t ON t.id = p.territory_id
        WHERE t.level = 'iris' AND p.status = 'reference'
            AND p.geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
        ORDER BY t.code
        """),
        {"west": west, "south": south, "east": east, "north": north},
    )
    if areas.empty:
        return None
    found = Observation.objects.filter(
        indicator__code__in=INDICATORS, territory__level="iris", value__isnull=False
    ).order_by("year")
    rows = found.values_list("territory__code", "indicator__code", "value")
    told = pd.DataFrame(list(rows), columns=["code", "name", "value"])
    wide = told.drop_duplicates(["code", "name"], keep="last").pivot(
        index="code", columns="name", values="value"
    )
    joined: gpd.GeoDataFrame = areas.join(wide, on="code").dropna(axis=1, how="all")
    return joined


def read_addresses(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Return the addresses around some places with their street and commune; None without any."""
    west, south, east, north = map(float, places.total_bounds)
    frame = store.read_query(
        SQL("""
        SELECT ST_X(geom) AS x, ST_Y(geom) AS y, street AS name, commune_code AS code
        FROM observatory_address
        WHERE geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
        ORDER BY ban_id
        """),
        {"west": west, "south": south, "east": east, "north": north},
    )
    if frame.empty:
        return None
    return gpd.GeoDataFrame(
        {"street": frame["name"], "commune": frame["code"]},
        geometry=shapely.points(frame["x"], frame["y"]),
        crs=store.WGS84,
    )
