"""Stored outlines and cells side by side: how many inhabitants of an age live in each outline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import geopandas as gpd
import pandas as pd
import shapely
from psycopg.sql import SQL

from carroyage.grid import cell_polygons, parse_ids
from carroyage.models import MEASURES, GridDataset, Origin
from carroyage.store import read_cells, read_query
from observatory.figures.errors import BadParameter
from observatory.figures.interpolation import areal
from observatory.models import Level

# Metropolitan France and its grid; overseas, cells come in the territory's own projected system.
METROPOLITAN, EUROPEAN_GRID = 2154, 3035
AGES = tuple(name for name in MEASURES if name.startswith("ind_") and name[4].isdigit())
OUTLINES = """
    SELECT DISTINCT ON (t.id) t.id AS territory, t.code, ST_AsBinary(p.geom) AS wkb
    FROM observatory_perimeter p JOIN observatory_territory t ON t.id = p.territory_id
    WHERE t.level = %(level)s AND p.status IN ('legal', 'superseded', 'reference')
        AND p.measure_srid = %(srid)s
        AND (%(generation)s::int IS NULL OR t.generation = %(generation)s)
        AND (%(places)s::bigint[] IS NULL OR t.id = ANY(%(places)s))
        AND (p.valid_to IS NULL OR p.valid_to > %(day)s OR NOT %(dated)s)
        AND (p.valid_from IS NULL OR p.valid_from <= %(day)s OR NOT %(dated)s)
    ORDER BY t.id, p.valid_from DESC NULLS LAST
"""


def outlines_of(
    level: str, generation: int | None = None, day: date | None = None,
    srid: int = METROPOLITAN, places: Sequence[int] | None = None,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Return the outlines of a level in force on a day, by territory, in a projected system.

    Without a day, the latest of each; ``places`` keeps some territories, by their ids.
    """
    values = {
        "level": level, "generation": generation, "day": day or date.today(),
        "dated": day is not None, "srid": srid,
        "places": None if places is None else list(places),
    }  # fmt: skip
    frame = read_query(SQL(OUTLINES), values)
    shapes = shapely.from_wkb(frame["wkb"].str.removeprefix("\\x").to_numpy(object))
    frame = frame.set_index("territory")[["code"]]
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=4326).to_crs(srid)


def cells_with_shapes(
    names: Sequence[str] = ("ind",), srid: int = METROPOLITAN,
    around: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Return the published cells of a projected system with some of their variables.

    ``around`` keeps those that may meet its shapes: a city's cells, where the nation's are loaded.
    Their source is in ``attrs``. Raises BadParameter where no grid is loaded.
    """
    epsg = EUROPEAN_GRID if srid == METROPOLITAN else srid
    grids = GridDataset.objects.filter(origin=Origin.PUBLISHED, epsg=epsg)
    dataset = grids.select_related("source").order_by("-id").first()
    if dataset is None:
        raise BadParameter(
            "No grid is loaded to share by.", "Load one, or share by area (--method areal)."
        )
    box = None
    if around is not None and len(around):
        west, south, east, north = around.to_crs(epsg).total_bounds
        box = (west - dataset.size, south - dataset.size, east, north)
    frame = read_cells(dataset, names, box)
    ids = parse_ids(frame.index, dataset.size)
    shapes = cell_polygons(ids.north, ids.east, dataset.size)
    cells = gpd.GeoDataFrame(frame, geometry=shapes, crs=dataset.epsg).to_crs(srid)
    cells.attrs["source"] = dataset.source
    return cells


def people_of_ages(
    ages: Sequence[str], level: str = Level.QPV, day: date | None = None,
    places: Sequence[int] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return inhabitants of some ages by territory: value, low and high, from the cells.

    ``ages`` are columns of the cells (``ind_0_3``, ``ind_4_5``…), added up. A cell cut by an
    outline is divided by area; the bounds have its people all outside or all inside. The source
    of the cells is in ``attrs``. Raises BadParameter where a column is no age, or no grid is
    loaded.
    """
    unknown = sorted(set(ages) - set(AGES))
    if unknown or not ages:
        raise BadParameter(
            f"{', '.join(unknown) or 'Nothing'} is no age of the cells.",
            f"Ages: {', '.join(AGES)}.",
        )
    targets = outlines_of(level, day=day or date.today(), places=places)
    cells = cells_with_shapes(ages, around=targets)
    whole = cells[list(ages)].sum(axis=1, skipna=False)
    found = areal(cells, whole, targets).table
    found.attrs["source"] = cells.attrs["source"]
    return found
