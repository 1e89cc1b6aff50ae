"""From scored cells to zones: contiguous sets of cells, judged on their sums.

A zone is a computed perimeter: never the legal zoning. The minimum population and the urban
unit are judged on the aggregate, never cell by cell; what is dropped is listed with its reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import KDTree

from carroyage import columns, errors, grid
from carroyage.contiguity import Contiguity, components, gap_positions, hole_positions
from carroyage.scores import Direction, Score, eligible_cells, find_score, with_columns

Ints = npt.NDArray[np.int64]

MIN_POPULATION = columns.MIN_POPULATION
MIN_URBAN_UNIT = 10_000
SUMMED = (
    columns.PERSONS, columns.HOUSEHOLDS, columns.POOR, columns.INCOME_SUM,
    columns.LOW_INCOME_PERSONS,
)  # fmt: skip


@dataclass(frozen=True)
class Zones:
    """Zones made of whole cells.

    Attributes
    ----------
    members : DataFrame
        One row per cell of a zone, sorted by position: ``zone`` (1, 2…), ``north``, ``east``
        (metres), ``role`` ("selected", "gap" or "hole") and ``cell`` (id).
    table : DataFrame indexed by zone
        ``cells`` (positions), the sums ``ind``, ``men``, ``men_pauv``…, ``score`` (sums over
        sums), ``urban_unit`` when given.
    dropped : DataFrame
        Clusters that are not zones: same columns, plus ``reason`` and ``first_cell``.
    parameters : dict
        What the zones were built with.
    shapes : array, optional
        Outlines made elsewhere (see `outlines`).
    """

    members: pd.DataFrame
    table: pd.DataFrame
    dropped: pd.DataFrame
    parameters: dict[str, Any]
    size: int = 200
    epsg: int = grid.METROPOLITAN
    shapes: npt.NDArray[np.object_] | None = None

    def labels(self, cell_ids: Any) -> npt.NDArray[np.int64]:
        """Give each cell its zone, 0 where it has none, shape (n,)."""
        zone = pd.Series(self.members["zone"].to_numpy(), index=self.members["cell"].to_numpy())
        return zone.reindex(pd.Index(cell_ids)).fillna(0).to_numpy(np.int64)

    def outlines(self) -> npt.NDArray[np.object_]:
        """Dissolve each zone's cells; shape (zones,), in the grid's own system."""
        if self.shapes is not None:
            return self.shapes
        squares = grid.cell_polygons(self.members["north"], self.members["east"], self.size)
        return dissolve(squares, self.members["zone"].to_numpy(np.int64))


def dissolve(squares: npt.NDArray[np.object_], zone: Ints) -> npt.NDArray[np.object_]:
    """Dissolve cells by zone, in the order of zones; (n,) cells give (zones,) outlines."""
    order = np.argsort(zone, kind="stable")
    cuts = np.flatnonzero(np.diff(zone[order])) + 1
    groups = np.split(squares[order], cuts) if len(zone) else []
    return np.array([shapely.coverage_union_all(group) for group in groups], dtype=object)


@dataclass(frozen=True)
class UrbanUnits:
    """Which urban unit each cell belongs to, and which of them may hold priority quarters.

    ``column`` names the column of the cells; ``populations`` gives inhabitants by code.
    Under ``minimum`` inhabitants a unit holds no zone, unless its code is in ``derogations``.
    """

    column: str
    populations: Mapping[str, int]
    minimum: int = MIN_URBAN_UNIT
    derogations: Collection[str] = field(default_factory=frozenset)

    def admits(self, unit: Any) -> bool:
        """Say whether zones are allowed in this unit."""
        if unit is None or pd.isna(unit):
            return False
        return unit in self.derogations or self.populations.get(unit, 0) >= self.minimum


def build_zones(
    cells: pd.DataFrame,
    score: Score | str,
    threshold: float | Mapping[str, float] | None = None,
    *,
    direction: Direction | None = None,
    contiguity: Contiguity = "queen",
    min_population: float = MIN_POPULATION,
    min_households: float = columns.MIN_HOUSEHOLDS,
    bridge_gaps: bool = False,
    fill_holes: bool = False,
    urban_units: UrbanUnits | None = None,
) -> Zones:
    """Build zones from scored cells.

    Parameters
    ----------
    cells : DataFrame indexed by cell id
        One row per cell, published column names. Rows may come in any order.
    score : Score or name of a declared score
    threshold : float, or mapping urban unit -> float, optional
        Applied to each cell in the score's direction; the score's own when absent.
    direction : optional
        Must agree with the score's own when given.
    contiguity : "queen" (8 neighbours) or "rook" (4)
    min_population : inhabitants a zone must have, on its sum
    min_households : under this a cell is not eligible for a public score
    bridge_gaps, fill_holes : bool
        Add one-cell gaps between clusters, then enclosed positions. Added cells count in
        sums when the table knows them.
    urban_units : UrbanUnits, optional
        Zones never cross a unit's border, and small units hold none.

    Raises
    ------
    DuplicateCells, MixedGrids, UnexpectedCellSize, MissingColumns, NoThreshold
    """
    score = find_score(score) if isinstance(score, str) else score
    if direction is not None and direction != score.direction:
        raise errors.DirectionDisagrees(score.name, score.direction, direction)
    rules = Rules(
        score, score.threshold if threshold is None else threshold, contiguity, min_population,
        min_households, bridge_gaps, fill_holes, urban_units,
    )  # fmt: skip
    return zones_by(with_columns(cells, score), rules)


def zones_by(cells: pd.DataFrame, rules: Rules) -> Zones:
    """Build zones from scored cells by some rules (see `build_zones`)."""
    keys, cells, size, epsg = by_position(cells)
    chosen = keys[rules.selects(cells)]
    return zones_of(chosen, *rules.grow(chosen), keys, cells, rules, len(cells), size, epsg)


def by_position(cells: pd.DataFrame) -> tuple[Ints, pd.DataFrame, int, int]:
    """Sort cells by position: their keys, the cells, their size (metres) and EPSG code.

    Raises
    ------
    UnreadableCellIds, DuplicateCells, MixedGrids, UnexpectedCellSize
    """
    ids = grid.parse_ids(cells.index)
    epsg, size = ids.one_grid()
    keys = grid.cell_keys(ids.north, ids.east, size)
    order = np.argsort(keys, kind="stable")
    keys, cells = keys[order], cells.iloc[order]
    _refuse_duplicates(keys, cells)
    return keys, cells, size, epsg


@dataclass(frozen=True)
class Rules:
    """What makes a cell selected and a cluster of cells a zone (see `build_zones`)."""

    score: Score
    threshold: float | Mapping[str, float] | None
    contiguity: Contiguity = "queen"
    min_population: float = MIN_POPULATION
    min_households: float = columns.MIN_HOUSEHOLDS
    bridge_gaps: bool = False
    fill_holes: bool = False
    urban_units: UrbanUnits | None = None

    def selects(self, cells: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Say which cells are on the poor side of their threshold, shape (n,)."""
        limits = _thresholds(cells, self.score, self.threshold, self.urban_units)
        passes = self.score.passes(self.score.of(cells), limits)
        return eligible_cells(cells, self.score, self.min_households) & passes

    def grow(self, chosen: Ints) -> tuple[Ints, npt.NDArray[np.object_]]:
        """Add the positions asked for to the selected ones: sorted keys, and each one's role."""
        return _grow(chosen, self.contiguity, self.bridge_gaps, self.fill_holes)

    def told(self) -> dict[str, Any]:
        """Return the rules as a result keeps them."""
        return {
            "score": self.score.name, "direction": self.score.direction,
            "threshold": self.threshold, "contiguity": self.contiguity,
            "min_population": self.min_population, "min_households": self.min_households,
            "bridge_gaps": self.bridge_gaps, "fill_holes": self.fill_holes,
        }  # fmt: skip


def zones_of(
    chosen: Ints,
    found: Ints,
    role: npt.NDArray[np.object_],
    keys: Ints,
    cells: pd.DataFrame,
    rules: Rules,
    read: int,
    size: int,
    epsg: int,
) -> Zones:
    """Make zones of the positions ``found`` (sorted), ``chosen`` being the selected ones.

    ``keys`` (sorted) and ``cells`` tell what is known of them; other cells change nothing.
    ``read`` is how many cells were looked at.
    """
    units = _units_of(found, keys, cells, rules.urban_units)
    separators = None if units is None else pd.factorize(units)[0]
    count, labels = components(found, rules.contiguity, separators)
    clusters = _sums(found, labels, count, keys, cells, rules.score)
    if units is not None:
        clusters["urban_unit"] = units[np.unique(labels, return_index=True)[1]]
    reason = _reasons(clusters, rules.min_population, rules.urban_units)
    members = pd.DataFrame({"label": labels, "key": found, "role": role})
    members["north"], members["east"] = grid.corners_of_keys(found, size)
    parameters = {**rules.told(), "cells_read": read, "cells_selected": len(chosen)}
    return _zones(clusters, reason, members, parameters, size, epsg)


def _refuse_duplicates(keys: Ints, cells: pd.DataFrame) -> None:
    twice = np.flatnonzero(np.diff(keys) == 0)
    if len(twice):
        raise errors.DuplicateCells(cells.index[twice[:5]].tolist(), len(twice))


def _thresholds(
    cells: pd.DataFrame,
    score: Score,
    threshold: float | Mapping[str, float] | None,
    urban_units: UrbanUnits | None,
) -> Any:
    if threshold is None:
        raise errors.NoThreshold(score.name)
    if not isinstance(threshold, Mapping):
        return float(threshold)
    if urban_units is None:
        raise errors.MissingColumns("cells (one threshold per urban unit)", ["urban unit"])
    return cells[urban_units.column].map(dict(threshold)).to_numpy(np.float64)


def _grow(
    chosen: Ints, contiguity: Contiguity, bridge_gaps: bool, fill_holes: bool
) -> tuple[Ints, npt.NDArray[np.object_]]:
    found, roles = [chosen], ["selected"]
    if bridge_gaps and len(chosen):
        found.append(gap_positions(chosen, contiguity))
        roles.append("gap")
    if fill_holes and len(chosen):
        found.append(hole_positions(np.sort(np.concatenate(found)), contiguity))
        roles.append("hole")
    keys = np.concatenate(found)
    role = np.repeat(np.array(roles, dtype=object), [len(part) for part in found])
    order = np.argsort(keys, kind="stable")
    return keys[order], role[order]


def _units_of(
    found: Ints, keys: Ints, cells: pd.DataFrame, urban_units: UrbanUnits | None
) -> npt.NDArray[np.object_] | None:
    if urban_units is None:
        return None
    if urban_units.column not in cells:
        raise errors.MissingColumns("cells", [urban_units.column])
    at, known = _look_up(found, keys)
    source = np.flatnonzero(known)
    if len(source) and not known.all():
        # An added position nobody lives in has no unit of its own: it takes the nearest cell's.
        places = np.column_stack([found >> 32, found & 0xFFFFFFFF])
        at[~known] = at[source[KDTree(places[source]).query(places[~known])[1]]]
    return cells[urban_units.column].astype(object).to_numpy()[at]


def _look_up(found: Ints, keys: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    at = np.searchsorted(keys, found)
    at[at == len(keys)] = 0
    return at, keys[at] == found if len(keys) else np.zeros(0, bool)


def _sums(
    found: Ints, labels: Ints, count: int, keys: Ints, cells: pd.DataFrame, score: Score
) -> pd.DataFrame:
    at, known = _look_up(found, keys)
    names = dict.fromkeys([*SUMMED, score.numerator, score.denominator])
    clusters = pd.DataFrame({"cells": np.bincount(labels, minlength=count)})
    for name in [name for name in names if name in cells]:
        values = cells[name].to_numpy(np.float64, na_value=np.nan)[at[known]]
        clusters[name] = np.bincount(labels[known], weights=values, minlength=count)
    clusters["score"] = score.of(clusters)
    return clusters


def _reasons(
    clusters: pd.DataFrame, min_population: float, urban_units: UrbanUnits | None
) -> npt.NDArray[np.object_]:
    reason = np.full(len(clusters), "", dtype=object)
    if urban_units is not None:
        small = [not urban_units.admits(unit) for unit in clusters["urban_unit"]]
        reason[small] = f"urban unit under {urban_units.minimum} inhabitants"
    few = clusters[columns.PERSONS].to_numpy(np.float64) < min_population
    reason[few & (reason == "")] = f"under {min_population:g} inhabitants"
    return reason


def _zones(
    clusters: pd.DataFrame,
    reason: npt.NDArray[np.object_],
    members: pd.DataFrame,
    parameters: dict[str, Any],
    size: int,
    epsg: int,
) -> Zones:
    kept = reason == ""
    number = np.where(kept, np.cumsum(kept), 0)
    label = members["label"].to_numpy()
    first = np.unique(label, return_index=True)[1] if len(label) else np.zeros(0, np.int64)
    dropped = clusters[~kept].assign(
        reason=reason[~kept],
        first_cell=grid.format_ids(
            members["north"].to_numpy()[first[~kept]],
            members["east"].to_numpy()[first[~kept]], size, epsg,
        ),
    )  # fmt: skip
    inside = members[kept[label]] if len(members) else members
    inside = inside.assign(
        zone=number[inside["label"].to_numpy(np.int64)],
        cell=grid.format_ids(inside["north"], inside["east"], size, epsg),
    )
    table = clusters[kept].set_index(pd.Index(np.arange(1, kept.sum() + 1), name="zone"))
    kept_columns = ["zone", "cell", "north", "east", "role"]
    return Zones(
        inside[kept_columns].reset_index(drop=True), table, dropped.reset_index(drop=True),
        parameters, size, epsg,
    )  # fmt: skip
