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
    pieces = _pieces(sources, targets)
    share = pieces["area"].to_numpy() / shapely.area(sources.geometry.array)[pieces["source"]]
    return _summed(pieces, share, _numbers(sources, values), sources, targets)


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
    own = _numbers(cells, weights)
    by_cell = _weights_in_sources(sources, cells, own)
    totals = by_cell.groupby("source")["weight"].sum().reindex(range(len(sources)), fill_value=0.0)
    parts = _cells_in_targets(sources, targets, cells, by_cell)
    share = _ratio(parts["weight"], totals, parts["source"])
    low = _ratio(parts["weight"].where(parts["inside"], 0.0), totals, parts["source"])
    high = _ratio(parts["full"], totals, parts["source"])
    known = _numbers(sources, values)
    table = pd.DataFrame(index=targets.index)
    for name, told in (("value", share), ("low", low), ("high", high)):
        amount = told * known[parts["source"].to_numpy()]
        table[name] = _per_target(amount, parts["target"], targets)
    bare = totals.to_numpy() <= 0
    if bare.any():
        rest = areal(sources[bare], values[bare], targets).table
        table = table.add(rest, fill_value=0.0)
    return Interpolated(table, float(np.nansum(known) - np.nansum(table["value"])))


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


def _summed(
    pieces: pd.DataFrame,
    share: Floats,
    known: Floats,
    sources: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
) -> Interpolated:
    amounts = known[pieces["source"].to_numpy()]
    table = pd.DataFrame(index=targets.index)
    table["value"] = _per_target(share * amounts, pieces["target"], targets)
    table["low"] = _per_target(np.where(share >= WHOLE, amounts, 0.0), pieces["target"], targets)
    table["high"] = _per_target(amounts, pieces["target"], targets)
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
    return both[part > 0].reset_index(drop=True)


def _ratio(weights: pd.Series, totals: pd.Series, source: pd.Series) -> Floats:
    whole = totals.to_numpy()[source.to_numpy()]
    return np.divide(weights.to_numpy(), whole, out=np.zeros(len(whole)), where=whole > 0)


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
