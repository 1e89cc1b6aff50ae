"""From the areas a figure is known for to the areas it is wanted for, with an interval.

Only additive figures divide: counts and amounts, or the numerator and denominator of a share.
``areal`` divides by area; ``dasymetric`` by the population of cells, so that parks and tracks
receive nothing. Both keep the total of every source area. Shapes must be in one projected
system: areas are never measured in degrees nor in EPSG:3857.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from observatory.figures.errors import BadParameter, NotAdditive
from observatory.models import Indicator

Floats = npt.NDArray[np.float64]
# A cell that has this share of its area in a zone is wholly in it, but for rounding.
WHOLE = 1 - 1e-6


@dataclass(frozen=True)
class Interpolated:
    """One row per target: ``value``, and ``low`` and ``high`` between which it must lie if what
    is said of the sources (and of the cells) is true. ``unplaced`` is what no target received.
    """

    table: pd.DataFrame
    unplaced: float


def refuse_what_does_not_divide(indicator: Indicator) -> None:
    """Refuse medians, indices and whatever cannot be shared out. Raises NotAdditive."""
    if not (indicator.is_additive or indicator.is_pooled):
        raise NotAdditive(
            f"{indicator.code} ({indicator.get_nature_display()}) cannot be shared between areas.",
            "Interpolate the counts it is made from; a median of parts is not a part of a median.",
        )


def areal(sources: gpd.GeoDataFrame, values: pd.Series, targets: gpd.GeoDataFrame) -> Interpolated:
    """Share each source's value by area.

    Bounds: sources wholly inside a target count in full, those cut count for nothing (low) or
    in full (high).
    """
    _check(sources, targets)
    return _summed(_by_area(sources, targets), _numbers(sources, values), targets)


def dasymetric(
    sources: gpd.GeoDataFrame,
    values: pd.Series,
    targets: gpd.GeoDataFrame,
    cells: gpd.GeoDataFrame,
    weights: pd.Series,
) -> Interpolated:
    """Share each source's value by the weight (population) of cells, cut cells by their area.

    A source where no cell has a weight is shared by area. Bounds: a cell cut by a target's
    outline has its people all outside (low) or all inside (high).
    """
    _check(sources, targets, cells)
    if cells.empty:
        raise BadParameter("There is no cell to share by.", "Load the grid, or share by area.")
    by_cell = _weights_in_sources(sources, cells, _numbers(cells, weights))
    totals = by_cell.groupby("source")["weight"].sum().reindex(range(len(sources)), fill_value=0.0)
    parts = _cells_in_targets(sources, targets, cells, by_cell)
    whole = totals.to_numpy()[parts["source"].to_numpy()]
    shares = pd.DataFrame(
        {
            "source": parts["source"],
            "target": parts["target"],
            "share": parts["weight"] / whole,
            "low": parts["weight"].where(parts["inside"], 0.0) / whole,
            "high": parts["full"] / whole,
        }
    )
    bare = np.flatnonzero(totals.to_numpy() <= 0)
    by_area = _by_area(sources, targets)
    shares = pd.concat([shares, by_area[by_area["source"].isin(bare)]], ignore_index=True)
    return _summed(shares, _numbers(sources, values), targets)


def pooled(
    numerators: Interpolated, denominators: Interpolated, factor: float = 1.0
) -> pd.DataFrame:
    """Return the ratio of two interpolated counts, a sum over a sum, with its widest interval."""
    top, under = numerators.table, denominators.table
    table = pd.DataFrame(index=top.index)
    for name, above, below in (("value", "value", "value"), ("low", "low", "high"),
                               ("high", "high", "low")):  # fmt: skip
        table[name] = factor * top[above] / under[below].where(under[below] > 0)
    # Nobody is surely there: the ratio has no upper bound of its own.
    return table


def _check(*frames: gpd.GeoDataFrame) -> None:
    systems = {frame.crs for frame in frames}
    if len(systems) != 1 or None in systems:
        raise BadParameter("The shapes are not all in one system.", "Put them all in EPSG:2154.")
    if not frames[0].crs.is_projected or frames[0].crs.to_epsg() == 3857:
        raise BadParameter(
            f"Areas cannot be measured in {frames[0].crs}.", "Use a projected system: EPSG:2154."
        )


def _numbers(frame: gpd.GeoDataFrame, values: pd.Series) -> Floats:
    return values.reindex(frame.index).to_numpy(np.float64)


def _pieces(sources: gpd.GeoDataFrame, targets: gpd.GeoDataFrame) -> pd.DataFrame:
    """Intersect sources and targets: places of both, and the area in common, m²."""
    tree = shapely.STRtree(sources.geometry.array)
    target, source = tree.query(targets.geometry.array, predicate="intersects")
    shapes = shapely.intersection(targets.geometry.array[target], sources.geometry.array[source])
    found = pd.DataFrame({"source": source, "target": target, "area": shapely.area(shapes)})
    return found[found["area"] > 0].reset_index(drop=True)


def _by_area(sources: gpd.GeoDataFrame, targets: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the share of each source in each target by area, with its bounds."""
    pieces = _pieces(sources, targets)
    share = pieces["area"].to_numpy() / shapely.area(sources.geometry.array)[pieces["source"]]
    pieces["share"] = share
    pieces["low"], pieces["high"] = np.where(share >= WHOLE, 1.0, 0.0), 1.0
    return pieces.drop(columns="area")


def _summed(shares: pd.DataFrame, known: Floats, targets: gpd.GeoDataFrame) -> Interpolated:
    amounts = known[shares["source"].to_numpy(int)]
    table = pd.DataFrame(index=targets.index)
    for name in ("share", "low", "high"):
        table[name] = _per_target(shares[name].to_numpy() * amounts, shares["target"], targets)
    table = table.rename(columns={"share": "value"})
    return Interpolated(table, float(np.nansum(known) - np.nansum(table["value"])))


def _per_target(amounts: Any, target: pd.Series, targets: gpd.GeoDataFrame) -> Floats:
    """Sum by target; a target that a source without value touches has none: no data is no zero."""
    told = pd.DataFrame({"target": target.to_numpy(), "amount": np.asarray(amounts)})
    groups = told.groupby("target")["amount"]
    sums = groups.sum().where(groups.count() == groups.size())
    return sums.reindex(range(len(targets))).to_numpy(np.float64)


def _weights_in_sources(
    sources: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, weights: Floats
) -> pd.DataFrame:
    """Give each (cell, source) its part of the cell's weight, by area."""
    pieces = _pieces(cells, sources).rename(columns={"source": "cell", "target": "source"})
    areas = shapely.area(cells.geometry.array)
    part = pieces["area"].to_numpy() / areas[pieces["cell"].to_numpy()]
    pieces["weight"] = np.nan_to_num(weights[pieces["cell"].to_numpy()]) * part
    return pieces[["cell", "source", "weight"]]


def _cells_in_targets(
    sources: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    cells: gpd.GeoDataFrame,
    by_cell: pd.DataFrame,
) -> pd.DataFrame:
    """Give each (source, target, cell) its weight, whether it is all inside, and all of it."""
    touching = _pieces(cells, targets).rename(columns={"source": "cell"})[["cell", "target"]]
    both = by_cell.merge(touching, on="cell")
    cell_shapes = cells.geometry.array[both["cell"].to_numpy()]
    within = shapely.intersection(cell_shapes, sources.geometry.array[both["source"].to_numpy()])
    inside = shapely.intersection(within, targets.geometry.array[both["target"].to_numpy()])
    area = shapely.area(within)
    part = np.divide(shapely.area(inside), area, out=np.zeros_like(area), where=area > 0)
    both["full"], both["inside"] = both["weight"], part >= WHOLE
    both["weight"] = both["full"] * part
    # A cell without people brings nobody, and no doubt either.
    return both[(part > 0) & (both["full"] > 0)].reset_index(drop=True)


def errors_of(estimated: pd.Series, truth: pd.Series) -> dict[str, float]:
    """Return how far estimates are from the truth: count, bias and absolute errors, in %."""
    both = pd.concat([estimated, truth], axis=1, keys=["estimated", "truth"]).dropna()
    relative = 100 * (both["estimated"] / both["truth"] - 1)
    size = relative.abs()
    return {
        "count": float(len(both)),
        "mean_error": float(relative.mean()),
        "median_absolute_error": float(size.median()),
        "p90_absolute_error": float(size.quantile(0.9)),
        "total_error": float(100 * (both["estimated"].sum() / both["truth"].sum() - 1)),
    }
