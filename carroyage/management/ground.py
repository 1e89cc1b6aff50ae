"""What lies under perimeters: cells with their persons, addresses, blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from django.utils import timezone
from psycopg.sql import SQL

from carroyage import grid, store
from carroyage.location import LocatedPopulation, locate_population
from carroyage.models import GridDataset, Origin
from carroyage.overlap import Geometries, cells_in_metres, keys_near
from observatory.lifecycle.blocks import BLOCK_LEVELS, Block, blocks_near
from observatory.lifecycle.errors import NoBlocks
from observatory.lifecycle.shapes import in_degrees, in_metres

MARGIN = 1.5  # cell sides around a shape: every cell that meets it lies wholly inside

# The addresses around some shapes, once each, in the grid's system and in the measuring one.
ADDRESSES = SQL("""
    SELECT ST_X(g) AS x, ST_Y(g) AS y, ST_X(m) AS mx, ST_Y(m) AS my FROM (
        SELECT DISTINCT ON (a.id) ST_Transform(a.geom, %(grid)s) AS g,
            ST_Transform(a.geom, %(metres)s) AS m
        FROM unnest(%(west)s::float8[], %(south)s::float8[], %(east)s::float8[],
            %(north)s::float8[]) AS box(west, south, east, north)
        JOIN observatory_address a
            ON a.geom && ST_MakeEnvelope(box.west, box.south, box.east, box.north, 4326)
        ORDER BY a.id
    ) AS around
""")
RECORDED = SQL("""
    SELECT north, east, (SELECT sum(p) FROM unnest(persons) AS p)::float8 AS ind
    FROM carroyage_cellincome WHERE dataset_id = %(dataset)s AND north BETWEEN %(south)s
        AND %(north)s AND east BETWEEN %(west)s AND %(east)s ORDER BY north, east
""")


@dataclass(frozen=True)
class Ground:
    """What is known of the ground around some shapes; lengths in metres of ``epsg``.

    ``cells`` (n,) polygons with ``cell_ids`` and ``persons`` (n,), empty where no cells are
    loaded; ``addresses`` (p,) points; ``blocks`` those of the finest layer loaded.
    ``population`` is None where no cells are loaded: unknown is not zero.
    """

    epsg: int
    cells: Geometries
    cell_ids: list[str]
    persons: npt.NDArray[np.float64]
    addresses: Geometries
    blocks: list[Block]
    block_shapes: Geometries
    block_level: str
    population: LocatedPopulation | None
    source: str

    @property
    def notes(self) -> list[str]:
        """Say what the figures rest on, and what is missing."""
        if self.population is None:
            return ["No cells are loaded there: inhabitants are unknown."]
        spread = len(self.population.spread)
        told = f"Inhabitants: {self.source}, each cell's shared among its addresses"
        told += f" ({spread} without address spread evenly)." if spread else "."
        return [told] + ([] if len(self.addresses) else ["No addresses are loaded there."])


def ground_under(shapes: Geometries, epsg: int) -> Ground:
    """Read what lies under and around shapes given in metres of ``epsg``."""
    dataset, table = _cells_near(shapes, epsg)
    size, system = (dataset.size, dataset.epsg) if dataset else (200, grid.METROPOLITAN)
    points = _addresses_near(shapes, epsg, size, system)
    measured = points[["mx", "my"]].to_numpy(np.float64)
    north, east = (table[name].to_numpy(np.int64) for name in ("north", "east"))
    persons = table["ind"].to_numpy(np.float64)
    population = None
    if dataset is not None:
        population = locate_population(
            grid.cell_keys(north, east, size),
            persons,
            size,
            system,
            points[["x", "y"]].to_numpy(np.float64),
            measured,
            epsg,
        )
    blocks, level = _blocks_near(shapes, epsg)
    outlines = np.array([block.shape for block in blocks], dtype=object)
    return Ground(
        epsg,
        cells_in_metres(north, east, size, system, epsg),
        grid.format_ids(north, east, size, system).tolist(),
        persons,
        np.asarray(shapely.points(measured), dtype=object).reshape(-1),
        blocks,
        np.asarray(in_metres(outlines, epsg), dtype=object),
        level,
        population,
        str(dataset.source) if dataset else "",
    )


def _cells_near(shapes: Geometries, epsg: int) -> tuple[GridDataset | None, pd.DataFrame]:
    """Return the last loaded cells that lie there: published ones, else those of records."""
    for origin in (Origin.PUBLISHED, Origin.RECORDS):
        rows = GridDataset.objects.filter(origin=origin).select_related("source")
        for dataset in rows.order_by("-id"):
            table = _table(dataset, shapes, epsg)
            if len(table):
                return dataset, table
    return None, pd.DataFrame({"north": [], "east": [], "ind": []})


def _table(dataset: GridDataset, shapes: Geometries, epsg: int) -> pd.DataFrame:
    turn = pyproj.Transformer.from_crs(epsg, dataset.epsg, always_xy=True)
    bounds = turn.transform_bounds(*shapely.total_bounds(shapes))
    if not np.isfinite(bounds).all():
        return pd.DataFrame()
    west, south, east, north = bounds
    if dataset.origin == Origin.RECORDS:
        box = {"west": west - dataset.size, "south": south - dataset.size}
        box |= {"east": east, "north": north}
        table = store.read_query(RECORDED, {"dataset": dataset.pk, **box})
    else:
        read = store.read_cells(dataset, ["ind"], within=(west, south, east, north))
        ids = grid.parse_ids(read.index, size=dataset.size)
        table = pd.DataFrame({"north": ids.north, "east": ids.east, "ind": read["ind"].to_numpy()})
    if table.empty:
        return table
    keys = grid.cell_keys(table["north"].to_numpy(), table["east"].to_numpy(), dataset.size)
    return table[np.isin(keys, keys_near(shapes, dataset.size, dataset.epsg, epsg))]


def _addresses_near(shapes: Geometries, epsg: int, size: int, system: int) -> pd.DataFrame:
    boxes = shapely.box(*shapely.bounds(shapes).T)
    around = shapely.bounds(in_degrees(shapely.buffer(boxes, MARGIN * size), epsg))
    sides = dict(zip(("west", "south", "east", "north"), around.T.tolist(), strict=True))
    return store.read_query(ADDRESSES, {"grid": system, "metres": epsg, **sides})


def _blocks_near(shapes: Geometries, epsg: int) -> tuple[list[Block], str]:
    around: Any = in_degrees(shapely.box(*shapely.total_bounds(shapes)), epsg)
    for level in BLOCK_LEVELS:
        try:
            return blocks_near(around, level, timezone.localdate()), str(level)
        except NoBlocks:
            continue
    return [], ""
