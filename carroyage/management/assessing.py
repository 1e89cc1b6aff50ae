"""Comparing zones with the legal quarters at several thresholds, with a run record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from carroyage import errors, store
from carroyage.assess import Assessment, assess
from carroyage.management.territory import Assessed, assessed_territory
from carroyage.management.wanted import THRESHOLDS, Wanted
from carroyage.management.zoning import Prepared, build_on, prepare
from carroyage.models import GridDataset, Origin
from carroyage.scores import MAJORITY_LOW_INCOME, MEAN_LIVING_STANDARD, SHARE_POOR
from observatory.models import Run
from observatory.runs import Progress, recorded, silent

ASSESS = "zones assess"


@dataclass(frozen=True)
class Scale:
    """What one threshold gives: the zones' count and the comparison."""

    threshold: float
    zones: int
    assessment: Assessment


def assess_thresholds(
    wanted: Wanted,
    thresholds: Sequence[float],
    *,
    generation: int | None = None,
    places: tuple[str, ...] = (),
    echo: Progress = silent,
) -> tuple[Run, list[Scale]]:
    """Compare the zones at several thresholds with the legal quarters, under one run record.

    Without thresholds, several around the score's own are tried.
    """
    prepared = prepare(wanted)
    thresholds = thresholds or THRESHOLDS[prepared.score]
    legal = store.legal_quarters(generation)
    if legal.empty:
        raise errors.EmptyLegalGeometry
    inputs = [store.dataset_facts(prepared.dataset)]
    parameters = {
        **asdict(wanted),
        "thresholds": list(thresholds),
        "generation": generation,
        "places": places,
    }
    parameters["score"] = prepared.score
    with recorded(
        ASSESS,
        inputs=inputs,
        parameters=parameters,
        echo=echo,
        refusals=(errors.CarroyageError,),
    ) as recorder:
        territory, points, cells = _context(prepared, places)
        scales = []
        for done, threshold in enumerate(thresholds):
            recorder("thresholds", done, len(thresholds))
            zones = build_on(prepared, wanted, threshold)
            told = assess(
                cells,
                zones,
                legal,
                territory=None if territory.is_empty else territory.places,
                population_points=points,
                scores=_scores(cells),
                vintages=_vintages(prepared.dataset, legal),
            )
            scales.append(Scale(threshold, len(zones.table), told))
        recorder.run.counts = {"thresholds": len(scales), "quarters": len(told.quarters)}
        recorder.run.report = {
            "territory": territory.words,
            "rows": [row_of(scale) for scale in scales],
        }
    return recorder.run, scales


def _context(prepared: Prepared, places: tuple[str, ...]) -> tuple[Assessed, Any, pd.DataFrame]:
    territory = assessed_territory(prepared.dataset, places)
    cells = prepared.cells
    published = store.latest_dataset(Origin.PUBLISHED)
    if prepared.dataset.origin == Origin.RECORDS and published is not None:
        # Ranks of the public scores need public columns; persons stay those of the records.
        public = store.read_cells(published, ["men", "men_pauv", "ind_snv"])
        cells = cells.join(public, how="left")
    if territory.is_empty:
        return territory, None, cells
    bounds = tuple(territory.places.total_bounds)
    return territory, store.address_points(prepared.dataset.epsg, bounds), cells


def _scores(cells: pd.DataFrame) -> list[Any]:
    declared = (MAJORITY_LOW_INCOME, SHARE_POOR, MEAN_LIVING_STANDARD)
    return [s for s in declared if {s.numerator, s.denominator} <= set(cells.columns)]


def _vintages(dataset: GridDataset, legal: gpd.GeoDataFrame) -> dict[str, str]:
    years = sorted({str(int(year)) for year in legal["generation"].dropna()})
    return {
        "cells": f"{dataset.source.title} {dataset.source.vintage}".strip(),
        "quarters": f"QPV {', '.join(years)}",
    }


def row_of(scale: Scale) -> dict[str, Any]:
    """Return one line of the assessment table."""
    told = scale.assessment
    return {
        "threshold": scale.threshold,
        "zones": scale.zones,
        "iou": told.iou,
        "ceiling_iou": told.ceiling_iou,
        "population_iou": told.population_iou,
        "ceiling_population_iou": told.ceiling_population_iou,
        "population_recall": told.population_recall,
        "population_precision": told.population_precision,
        "auc": told.auc,
        "by_imputation": told.by_imputation,
        "quarters": told.quarters_total,
        "touched": told.quarters_touched,
        "covered": told.quarters_covered,
        "selected_to_legal_m": told.selected_to_legal,
        "legal_to_selected_m": told.legal_to_selected,
    }
