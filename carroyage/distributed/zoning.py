"""Zones on a Dask cluster: workers score, select and dissolve; the driver follows contacts.

What crosses the border of a partition is only known to the driver, which is sent the positions
of selected cells (8 bytes each, a few in a hundred) and follows them over the whole ground.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import dask_geopandas
import distributed
import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from dask.delayed import delayed

from carroyage import grid
from carroyage.distributed.connection import in_order, workers
from carroyage.secrecy import natural_order, whole_squares
from carroyage.zones import SUMMED, Rules, Zones, by_position, dissolve, zones_of

Ints = npt.NDArray[np.int64]
CELLS = 100_000  # looked at together by one worker


def zones_on_cluster(
    client: distributed.Client, cells: pd.DataFrame, rules: Rules, part: int = CELLS
) -> Zones:
    """Build zones as `carroyage.zones.build_zones`, cells being dealt out by 64 km squares.

    Raises
    ------
    DuplicateCells, MixedGrids, UnexpectedCellSize, MissingColumns, NoThreshold, ClusterLost
    """
    unit = [rules.urban_units.column] if rules.urban_units else []
    wanted = {*SUMMED, rules.score.numerator, rules.score.denominator, *unit}
    keys, cells, size, epsg = by_position(cells[[name for name in cells if name in wanted]])
    cells = cells.reset_index(drop=True)  # ids are text, slow to send: positions say the same
    corners = grid.corners_of_keys(keys, size)
    order = natural_order(*corners)
    runs = whole_squares(corners[0][order], corners[1][order], part)
    parts = [
        client.scatter((keys[order[first:end]], cells.iloc[order[first:end]]))
        for first, end in runs
        if end > first
    ]
    picked = in_order(client, [delayed(selected)(one, rules) for one in parts])
    chosen = np.sort(np.concatenate([np.zeros(0, np.int64), *picked]))
    found, role = rules.grow(chosen)
    known = in_order(client, [delayed(known_of)(one, found) for one in parts])
    told = pd.concat([cells.iloc[:0].set_axis(keys[:0]), *known]).sort_index()
    zones = zones_of(
        chosen, found, role, told.index.to_numpy(np.int64), told, rules, len(cells), size, epsg
    )
    return replace(zones, shapes=outlines_on_cluster(client, zones))


def selected(part: tuple[Ints, pd.DataFrame], rules: Rules) -> Ints:
    """Give the positions of the selected cells of a partition."""
    keys, cells = part
    return keys[rules.selects(cells)]


def known_of(part: tuple[Ints, pd.DataFrame], found: Ints) -> pd.DataFrame:
    """Give what a partition knows of some positions, by position."""
    keys, cells = part
    rows = np.isin(keys, found)
    return cells[rows].set_axis(keys[rows])


def outlines_on_cluster(client: distributed.Client, zones: Zones) -> npt.NDArray[np.object_]:
    """Dissolve zones' cells on workers, each zone whole on one of them; shape (zones,)."""
    if zones.members.empty:
        return zones.outlines()
    ordered = zones.members.sort_values("zone", kind="stable")
    squares = gpd.GeoDataFrame(
        geometry=grid.cell_polygons(ordered["north"], ordered["east"], zones.size),
        index=pd.Index(ordered["zone"].to_numpy(np.int64), name="zone"),
        crs=zones.epsg,
    )
    # Sorted by their index, rows of one zone are never parted.
    spread = dask_geopandas.from_geopandas(squares, npartitions=2 * workers(client), sort=True)
    tasks = [delayed(_dissolved)(part) for part in spread.to_delayed()]
    return np.concatenate(list(in_order(client, tasks)))


def _dissolved(squares: Any) -> npt.NDArray[np.object_]:
    return dissolve(squares.geometry.to_numpy(), squares.index.to_numpy(np.int64))
