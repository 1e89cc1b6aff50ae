"""Plausible outlines of a city, drawn from what is loaded, and judged out of sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from django.db import transaction

from carroyage import errors, grid, store
from carroyage.assess import Assessment, assess, prepare_legal
from carroyage.management import zone_store
from carroyage.management.outline_inputs import City, OutlineWanted, read_city
from carroyage.management.zoning import source_of_zones
from carroyage.models import ComputedZone
from carroyage.outline.model import FittedScore, Truth
from carroyage.outline.pieces import Pieces, clusters_of, cut_pieces
from carroyage.outline.reconstruct import (
    Reconstruction,
    candidate_pieces,
    prepare_pieces,
    reconstruct,
    transferable_score,
)
from carroyage.outline.shapes import outlines
from carroyage.outline.validation import (
    CrossValidated,
    cross_validate,
    cross_validate_threshold,
)
from observatory.errors import ObservatoryError
from observatory.models import Run
from observatory.plain import plain
from observatory.runs import Progress, checksum, recorded, silent

ASSESS = "zones assess"
REFUSALS = (errors.CarroyageError, ObservatoryError)
NAIVE_THRESHOLDS = np.arange(0.15, 0.45, 0.01).tolist()
BY_DIVISION = "one arrondissement or commune"
FITTED, TRANSFERRED = "outline_fitted", "outline_share_poor"

Ints = npt.NDArray[np.int64]


def draw(wanted: OutlineWanted, *, echo: Progress = silent) -> tuple[Run, Reconstruction]:
    """Draw plausible outlines and store them as computed perimeters.

    The score is fitted on the loaded legal generation; without one, the share of poor
    households decides. The run says what was used, and what could not be.

    Raises
    ------
    NothingToZone, PlaceNotDescribed, MissingColumns, UnreadableGridFile
    """
    city = read_city(wanted)
    with recorded(
        store.BUILD,
        inputs=[store.dataset_facts(city.dataset), *wanted.facts()],
        parameters=_parameters(wanted),
        echo=echo,
        refusals=REFUSALS,
    ) as recorder:
        recorder("pieces described", 0, 2)
        made = reconstruct(city.inputs, city.legal, min_population=wanted.min_population)
        recorder("outlines stored", 1, 2)
        names = _save(recorder.run, city, made)
        recorder.run.counts = {
            "pieces": len(made.pieces),
            "pieces_selected": int(made.chosen.sum()),
            "zones": len(made.zones),
            "population": round(float(made.zones["ind"].sum())),
        }
        recorder.run.report = {**told_of(made, city), "zones": _table(made.zones, names)}
        recorder("outlines stored", 2, 2)
    return recorder.run, made


def told_of(made: Reconstruction, city: City) -> dict[str, Any]:
    """Return what was used, what could not be, and the score with its weights."""
    return {
        "territory": city.words,
        "used": made.used,
        "not_used": made.not_used,
        "notes": made.notes,
        "threshold": made.threshold,
        "score": None if made.score is None else made.score.figures(),
        "weights": _weights(made.score),
    }


def _weights(score: FittedScore | None) -> dict[str, float]:
    if score is None:
        return {}
    return {str(name): round(float(value), 3) for name, value in score.weights().items()}


def _parameters(wanted: OutlineWanted) -> dict[str, Any]:
    listed = wanted.listed.name if wanted.listed else None
    told: dict[str, Any] = plain({"outlines": True, **asdict(wanted), "listed": listed})
    return told


def _table(zones: gpd.GeoDataFrame, names: Sequence[str]) -> list[dict[str, Any]]:
    shown = pd.DataFrame({"zone": zones["zone"], "name": list(names), "ind": zones["ind"]})
    rows: list[dict[str, Any]] = plain(
        shown.assign(hectares=(zones["area"] / 10_000).round(1)).to_dict("records")
    )
    return rows


@transaction.atomic
def _save(run: Run, city: City, made: Reconstruction) -> list[str]:
    """Store outlines as computed perimeters, each a territory of its own; return their names."""
    source = source_of_zones(city.dataset)
    shapes = made.zones.geometry.to_crs(store.WGS84)
    label = clusters_of(made.pieces, made.chosen)
    names = zone_store.names_of_shapes(shapes)
    for row, (shape, name) in enumerate(zip(shapes, names, strict=True)):
        number = row + 1
        inside = np.flatnonzero(label == row)
        perimeter = zone_store.add_zone_perimeter(run, source, number, name, shape)
        cells = _cells(made.pieces, inside)
        ComputedZone.objects.create(
            run=run,
            perimeter=perimeter,
            number=number,
            cells=len(cells),
            cell_keys=cells,
            ind=float(made.zones["ind"].iloc[row]),
            score_name=TRANSFERRED if made.score is None else FITTED,
            score=_mean(made.probabilities[inside], made.pieces.persons[inside]),
        )
    return names


def _cells(pieces: Pieces, inside: Ints) -> list[str]:
    """Return the ids of the published cells that some pieces are parts of."""
    rows = np.unique(pieces.cell[inside])
    frame = pieces.frame
    corners = grid.corners_of_keys(frame.keys[rows[rows >= 0]], frame.size)
    return [str(one) for one in grid.format_ids(*corners, frame.size, frame.grid_epsg)]


def _mean(values: Any, weights: Any) -> float:
    return float(np.average(values, weights=weights if weights.sum() > 0 else None))


# -- judged out of sample --------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """One way of drawing, held out one way, and how far it is from the law."""

    drawn: str
    held_out: str
    zones: gpd.GeoDataFrame
    assessment: Assessment

    def as_row(self) -> dict[str, Any]:
        """Return one line of the table."""
        told = self.assessment
        return {
            "drawn": self.drawn,
            "held_out": self.held_out,
            "zones": len(self.zones),
            "iou": told.iou,
            "population_iou": told.population_iou,
            "population_recall": told.population_recall,
            "population_precision": told.population_precision,
            "quarters": told.quarters_total,
            "touched": told.quarters_touched,
            "covered": told.quarters_covered,
            "selected_to_legal_m": told.selected_to_legal,
            "legal_to_selected_m": told.legal_to_selected,
        }


def assess_outlines(
    wanted: OutlineWanted,
    sectors: Sequence[Sequence[str]] = (),
    *,
    map_file: Path | None = None,
    echo: Progress = silent,
) -> Run:
    """Judge outlines where nothing was fitted on what is judged, beside naive whole cells.

    Each arrondissement or commune is drawn by a score that never saw it; ``sectors`` (codes of
    divisions; what is left is one more) are held out too. Without a legal generation, or with
    a single division, nothing is judged and the run says why. ``map_file`` is a PNG of the
    outlines held out first, beside the law.

    Raises
    ------
    NothingToZone, PlaceNotDescribed, MissingColumns, UnreadableGridFile
    """
    city = read_city(wanted)
    with recorded(
        ASSESS,
        inputs=[store.dataset_facts(city.dataset), *wanted.facts()],
        parameters={**_parameters(wanted), "sectors": [list(one) for one in sectors]},
        echo=echo,
        refusals=REFUSALS,
    ) as recorder:
        recorder("pieces described", 0, None)
        pieces = prepare_pieces(city.inputs)
        made = reconstruct(
            city.inputs, city.legal, pieces=pieces, min_population=wanted.min_population
        )
        judged = _judged(city, pieces, wanted, sectors, recorder)
        recorder.run.counts = {"pieces": len(pieces), "zones": len(made.zones)}
        recorder.run.report = {
            **told_of(made, city),
            "rows": [one.as_row() for one in judged],
            "vintages": _vintages(city),
            "not_judged": "" if judged else _why_not(city),
        }
        if map_file is not None and judged:
            _draw_map(map_file, city, judged[0])
            recorder.run.report["map"] = checksum(map_file)
    return recorder.run


def _draw_map(path: Path, city: City, judged: Judged) -> None:
    from carroyage.management.outline_map import draw_map  # matplotlib is slow to import

    told = judged.assessment
    scores = f"IoU {told.iou:.3f}, population-weighted {told.population_iou:.3f}"
    vintages = "; ".join(f"{name}: {vintage}" for name, vintage in _vintages(city).items())
    draw_map(
        path,
        city.legal,
        judged.zones,
        city.inputs.divisions,
        f"Reconstructed and legal: {city.words.split(';')[0]}",
        f"Held out: {judged.held_out}. {scores}.\n{vintages}. Used: "
        f"{', '.join(city.inputs.used()[0])}.",
        city.inputs.epsg,
    )


def _why_not(city: City) -> str:
    if city.legal is None:
        return "no legal quarters are loaded: the outlines can be compared with nothing"
    return "a single division: outlines would be judged on what they were fitted on"


def _judged(
    city: City,
    pieces: Pieces,
    wanted: OutlineWanted,
    sectors: Sequence[Sequence[str]],
    recorder: Progress,
) -> list[Judged]:
    inputs, legal = city.inputs, city.legal
    if legal is None or inputs.divisions is None or len(inputs.divisions) < 2:
        return []
    truth_of = prepare_legal(legal, "code", inputs.territory, inputs.epsg)
    whole = cut_pieces(replace(inputs, areas=None, indicators=(), incomes=(), quarters=None))
    found: list[Judged] = []
    schemes = [BY_DIVISION, *(["one sector"] if sectors else [])]
    for done, scheme in enumerate(schemes):
        recorder("held out", done, len(schemes))
        groups = [
            _groups(city, one, sectors if scheme != BY_DIVISION else ()) for one in (pieces, whole)
        ]
        fitted = cross_validate(
            pieces, Truth.of(pieces, truth_of), groups[0], scheme,
            candidates=candidate_pieces(inputs, pieces), min_population=wanted.min_population,
        )  # fmt: skip
        naive = cross_validate_threshold(
            whole, Truth.of(whole, truth_of), groups[1], scheme, transferable_score(whole),
            NAIVE_THRESHOLDS, wanted.min_population,
        )  # fmt: skip
        found.append(_judge(city, pieces, fitted, "pieces, fitted score", legal))
        found.append(_judge(city, whole, naive, "whole cells, share of poor", legal))
    return found


def _groups(city: City, pieces: Pieces, sectors: Sequence[Sequence[str]]) -> Ints:
    divisions = city.inputs.divisions
    assert divisions is not None  # noqa: S101 - asked by the caller
    row = pieces.groups(divisions, city.inputs.epsg)
    if not sectors:
        return row
    of_code = {code: number for number, sector in enumerate(sectors) for code in sector}
    unknown = sorted(set(of_code) - set(divisions["code"]))
    if unknown:
        raise errors.PlaceNotDescribed(unknown)
    numbers = [of_code.get(code, len(sectors)) for code in divisions["code"]]
    return np.array(numbers, np.int64)[row]


def _judge(
    city: City, pieces: Pieces, found: CrossValidated, drawn: str, legal: gpd.GeoDataFrame
) -> Judged:
    zones = outlines(pieces, found.chosen, city.inputs.epsg)
    points = city.inputs.addresses
    told = assess(
        city.inputs.cells,
        zones,
        legal,
        code="code",
        territory=city.inputs.territory,
        population_points=None if points is None else points.geometry,
        fitted_on=f"every group but the one drawn ({found.scheme})",
        vintages=_vintages(city),
    )
    return Judged(drawn, found.scheme, zones, told)


def _vintages(city: City) -> dict[str, str]:
    source = city.dataset.source
    told = {"cells": f"{source.title} {source.vintage}".strip()}
    if city.legal is not None:
        years = sorted({str(int(year)) for year in city.legal["generation"].dropna()})
        told["quarters"] = f"QPV {', '.join(years)}"
    return told
