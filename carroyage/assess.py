"""Compare computed zones with the legal quarters, always with the unit's ceiling beside.

A public grid cannot reproduce the legal criterion: these figures say how far it goes. The
result states what was fitted on what, and the vintages of both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from carroyage import columns, errors, grid, overlap
from carroyage.cellframe import CellFrame
from carroyage.location import LocatedPopulation
from carroyage.scores import MEAN_LIVING_STANDARD, SHARE_POOR, Score, eligible_cells
from carroyage.zones import Zones

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

POSITIVE_SHARE = 0.5  # a cell is positive when at least half of its area is legal
TOUCHED_SHARE = 0.1
COVERED_SHARE = 0.5
SLIVER_SHARE = 0.1  # a neighbour's quarter of which less lies in the territory is left out


@dataclass(frozen=True)
class Assessment:
    """How a selection compares with the legal quarters. Areas in m², distances in metres.

    ``auc`` and ``average_precision`` are by score over eligible cells. ``quarters`` has one
    row per legal quarter: ``area_share`` and ``population_share`` inside the selection,
    ``basis`` of the coverage judgement ("population", or "area" where nobody is located),
    ``touched``, ``covered``. ``by_imputation`` tells ``cells``, ``iou``, ``legal_area`` and
    ``selected_area`` apart on cells whose values are "imputed" and "as counted".
    """

    iou: float
    population_iou: float
    population_recall: float
    population_precision: float
    ceiling_iou: float
    ceiling_population_iou: float
    auc: dict[str, float]
    average_precision: dict[str, float]
    quarters_total: int
    quarters_touched: int
    quarters_covered: int
    selected_to_legal: float
    legal_to_selected: float
    selected_area: float
    legal_area: float
    positive_cells: int
    ranked_cells: int
    fitted_on: str
    vintages: dict[str, str]
    notes: list[str]
    by_imputation: dict[str, dict[str, float]]
    quarters: pd.DataFrame = field(repr=False)

    def figures(self) -> dict[str, Any]:
        """Give everything but the table of quarters, ready for JSON."""
        told = asdict(self)
        del told["quarters"]
        return told


@dataclass(frozen=True)
class LegalQuarters:
    """Legal quarters clipped to the assessed territory, in the measuring system."""

    codes: list[str]
    shapes: Geometries
    parts: Geometries
    left_out: int
    limits: Any = None

    @property
    def area(self) -> float:
        """Area of the union, m²."""
        return float(shapely.area(self.parts).sum())


def prepare_legal(
    legal: gpd.GeoDataFrame,
    code: str,
    territory: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    epsg: int = overlap.MEASURED_IN,
) -> LegalQuarters:
    """Clip legal quarters to a territory and dissolve them.

    A quarter of which less than 10 % lies inside is a neighbour's: it is left out and counted.

    Raises
    ------
    MissingColumns, WrongGeometrySystem, EmptyLegalGeometry
    """
    if code not in legal:
        raise errors.MissingColumns("legal quarters", [code])
    shapes = overlap.to_metres(legal, epsg, "Legal quarters")
    codes = legal[code].astype(str).to_numpy()
    whole, limits = shapely.area(shapes), None
    if territory is not None:
        limits = shapely.union_all(overlap.to_metres(territory, epsg, "The territory"))
        shapely.prepare(limits)
        near = shapely.intersects(limits, shapes)
        shapes, codes, whole = shapes[near], codes[near], whole[near]
        shapes = shapely.intersection(shapes, limits)
    inside = shapely.area(shapes) > SLIVER_SHARE * whole
    if not inside.any():
        raise errors.EmptyLegalGeometry
    return LegalQuarters(
        codes[inside].tolist(), shapes[inside], overlap.parts_of_union(shapes[inside]),
        int((~inside).sum()), limits,
    )  # fmt: skip


def assess(
    cells: pd.DataFrame,
    selected: Zones | gpd.GeoSeries | gpd.GeoDataFrame | npt.NDArray[np.bool_],
    legal: gpd.GeoDataFrame,
    *,
    code: str = "code",
    territory: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    population_points: gpd.GeoSeries | gpd.GeoDataFrame | None = None,
    scores: Sequence[Score] = (SHARE_POOR, MEAN_LIVING_STANDARD),
    epsg: int = overlap.MEASURED_IN,
    fitted_on: str = "nothing: a stated threshold",
    vintages: Mapping[str, str] | None = None,
) -> Assessment:
    """Score a selection against the legal quarters.

    Parameters
    ----------
    cells : DataFrame indexed by cell id, published columns
    selected : zones, a boolean per row of ``cells``, or outlines with their CRS
    legal : GeoDataFrame of legal quarters; ``code`` names their identifier
    territory : the assessed territory; legal quarters, selection and cells are clipped to it
    population_points : addresses; each cell's ``ind`` is shared equally among those inside,
        evenly over its area if it has none
    epsg : projected system of every area and distance

    Raises
    ------
    EmptyLegalGeometry, MissingColumns, WrongGeometrySystem, UnreadableCellIds, DuplicateCells
    """
    quarters = prepare_legal(legal, code, territory, epsg)
    frame = CellFrame.of(cells, epsg).within(quarters.limits)
    chosen = _selected_parts(selected, frame, quarters.limits)
    # Distances between outlines take a third of the work and need nothing of the rest.
    with ThreadPoolExecutor(1) as beside:
        there = beside.submit(overlap.outline_distance, chosen, quarters.parts)
        back = beside.submit(overlap.outline_distance, quarters.parts, chosen)
        near = np.concatenate([chosen, quarters.parts])
        people = frame.around(near).locate(population_points)
        table = _quarter_table(quarters, chosen, people)
        legal_in_cell, cell_areas = frame.legal_areas(quarters.parts)
        auc, precision, positives, ranked = _ranks(frame, legal_in_cell / cell_areas, scores)
        ceiling, _ = overlap.best_prefix_iou(legal_in_cell, cell_areas, quarters.area)
        return Assessment(
            **_overlaps(quarters, chosen, people),
            ceiling_iou=ceiling,
            ceiling_population_iou=_population_ceiling(frame, quarters, people, legal_in_cell),
            auc=auc,
            average_precision=precision,
            quarters_total=len(table),
            quarters_touched=int(table["touched"].sum()),
            quarters_covered=int(table["covered"].sum()),
            selected_to_legal=there.result(),
            legal_to_selected=back.result(),
            positive_cells=positives,
            ranked_cells=ranked,
            fitted_on=fitted_on,
            vintages=dict(vintages or {}),
            notes=_notes(table, quarters, population_points is not None),
            by_imputation=_by_imputation(frame.around(near), quarters.parts, chosen),
            quarters=table,
        )


def _selected_parts(selected: Any, frame: CellFrame, limits: Any) -> Geometries:
    if isinstance(selected, gpd.GeoSeries | gpd.GeoDataFrame):
        parts = overlap.parts_of_union(overlap.to_metres(selected, frame.epsg, "The selection"))
        return parts if limits is None else overlap.parts_of_union(parts, limits)
    if isinstance(selected, Zones):
        members = selected.members
        wanted = grid.cell_keys(
            members["north"].to_numpy(), members["east"].to_numpy(), selected.size
        )
        return frame.squares(wanted[frame.holds(wanted, limits)])
    flags = np.asarray(selected, bool)[frame.order]
    return frame.polygons(np.flatnonzero(flags))


def _overlaps(
    quarters: LegalQuarters, chosen: Geometries, people: LocatedPopulation
) -> dict[str, float]:
    i, j, shared = overlap.pair_areas(chosen, quarters.parts)
    pieces = shapely.intersection(chosen[i], quarters.parts[j])
    both, area = float(shared.sum()), float(shapely.area(chosen).sum())
    people_both, people_chosen, people_legal = (
        people.inside(pieces), people.inside(chosen), people.inside(quarters.parts),
    )  # fmt: skip
    return {
        "iou": both / (area + quarters.area - both),
        "population_iou": _divide(people_both, people_chosen + people_legal - people_both),
        "population_recall": _divide(people_both, people_legal),
        "population_precision": _divide(people_both, people_chosen),
        "selected_area": area,
        "legal_area": quarters.area,
    }


def _by_imputation(
    frame: CellFrame, legal: Geometries, chosen: Geometries
) -> dict[str, dict[str, float]]:
    """Compare inside imputed cells and inside the others; nothing where it is not known."""
    cells = frame.cells
    if "i_est_200" in cells:
        imputed = cells["i_est_200"].to_numpy(np.float64) == 1
    elif columns.HOUSEHOLDS in cells:
        # Without the producer's flag: a cell under the secrecy threshold is always imputed.
        imputed = cells[columns.HOUSEHOLDS].to_numpy(np.float64) < columns.MIN_HOUSEHOLDS
    else:
        return {}
    i, j, _ = overlap.pair_areas(chosen, legal)
    common = shapely.intersection(chosen[i], legal[j])
    told = {}
    for name, rows in (("imputed", imputed), ("as counted", ~imputed)):
        squares = frame.polygons(np.flatnonzero(rows))
        both, mine, theirs = (
            float(overlap.covered_areas(squares, parts).sum()) for parts in (common, chosen, legal)
        )
        told[name] = {
            "cells": float(rows.sum()), "iou": _divide(both, mine + theirs - both),
            "selected_area": mine, "legal_area": theirs,
        }  # fmt: skip
    return told


def _divide(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")


def _quarter_table(
    quarters: LegalQuarters, chosen: Geometries, people: LocatedPopulation
) -> pd.DataFrame:
    i, j, shared = overlap.pair_areas(quarters.shapes, chosen)
    pieces = shapely.intersection(quarters.shapes[i], chosen[j])
    count = len(quarters.shapes)
    legal_people = people.inside_each(quarters.shapes)
    found_people = np.bincount(i, weights=people.inside_each(pieces), minlength=count)
    area_share = np.bincount(i, weights=shared, minlength=count) / shapely.area(quarters.shapes)
    located = legal_people > 0
    people_share = np.full(count, np.nan)
    people_share[located] = np.minimum(found_people[located] / legal_people[located], 1.0)
    return pd.DataFrame(
        {
            "area_share": area_share,
            "population": legal_people,
            "population_share": people_share,
            "basis": np.where(located, "population", "area"),
            "touched": area_share >= TOUCHED_SHARE,
            "covered": np.where(located, people_share, area_share) >= COVERED_SHARE,
        },
        index=pd.Index(quarters.codes, name="code"),
    )


def _ranks(
    frame: CellFrame, share: Floats, scores: Sequence[Score]
) -> tuple[dict[str, float], dict[str, float], int, int]:
    # Here, not above: building zones must not wait for it.
    from sklearn.metrics import average_precision_score, roc_auc_score

    auc, precision, positives, ranked = {}, {}, 0, 0
    for score in scores:
        rows = eligible_cells(frame.cells, score)
        truth = share[rows] >= POSITIVE_SHARE
        positives, ranked = int(truth.sum()), len(truth)
        if truth.all() or not truth.any():
            auc[score.name] = precision[score.name] = float("nan")
            continue
        poverty = score.poverty(score.of(frame.cells)[rows])
        auc[score.name] = float(roc_auc_score(truth, poverty))
        precision[score.name] = float(average_precision_score(truth, poverty))
    return auc, precision, positives, ranked


def _population_ceiling(
    frame: CellFrame, quarters: LegalQuarters, people: LocatedPopulation, legal_in_cell: Floats
) -> float:
    rows = np.flatnonzero(legal_in_cell > 0)
    shapes = frame.polygons(rows)
    i, j, _ = overlap.pair_areas(shapes, quarters.parts)
    pieces = shapely.intersection(shapes[i], quarters.parts[j])
    legal = np.bincount(i, weights=people.inside_each(pieces), minlength=len(rows))
    whole = frame.cells[columns.PERSONS].to_numpy(np.float64)[rows]
    total = people.inside(quarters.parts)
    return overlap.best_prefix_iou(np.minimum(legal, whole), whole, total)[0]


def _notes(table: pd.DataFrame, quarters: LegalQuarters, has_points: bool) -> list[str]:
    notes = ["approximation, not the legal zoning"]
    by_area = table.index[table["basis"] == "area"].tolist()
    if by_area:
        notes.append(
            f"{len(by_area)} quarter(s) without located population judged on area: "
            + ", ".join(by_area[:10])
        )
    if quarters.left_out:
        notes.append(f"{quarters.left_out} quarter(s) of neighbours left out")
    if not has_points:
        notes.append("no addresses given: inhabitants spread evenly over each cell")
    return notes
