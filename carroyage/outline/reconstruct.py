"""The whole way for one city: pieces, features, score, threshold, outlines.

Where a legal generation exists, the score is fitted on it; where none does, the absolute share
of poor households decides, the only score that travelled between cities. The result says what
was used, what could not be, and what was fitted on what.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from carroyage import columns, scores
from carroyage.assess import prepare_legal
from carroyage.outline.features import piece_features
from carroyage.outline.inputs import CityInputs
from carroyage.outline.model import (
    MIN_POPULATION,
    PENALTY,
    FittedScore,
    Truth,
    best_threshold,
    fit_score,
)
from carroyage.outline.pieces import Pieces, cut_pieces, drop_small
from carroyage.outline.shapes import TOLERANCE, outlines

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Fitted on Bordeaux 2015 and applied to Paris unseen: IoU 0.326, population-weighted 0.393.
TRANSFERABLE_SHARE = 0.266


@dataclass(frozen=True)
class Reconstruction:
    """Plausible outlines and how they were made.

    ``zones`` : GeoDataFrame in the measuring system (``zone``, ``ind``, ``area``)
    ``score`` : the fitted score, None when the transferable one was used
    ``used``, ``not_used`` : names of inputs; ``notes`` : what a reader must know
    """

    zones: gpd.GeoDataFrame
    pieces: Pieces
    probabilities: Floats
    chosen: Bools
    threshold: float
    score: FittedScore | None
    used: list[str]
    not_used: list[str]
    notes: list[str]


def prepare_pieces(inputs: CityInputs) -> Pieces:
    """Cut the territory in pieces and describe them."""
    pieces = cut_pieces(inputs)
    return pieces.with_features(piece_features(inputs, pieces))


def candidate_pieces(inputs: CityInputs, pieces: Pieces) -> Bools:
    """Say where a quarter may be: in the divisions the list names, or everywhere, (n,)."""
    listed = inputs.listed_codes()
    if inputs.divisions is None or not listed:
        return np.ones(len(pieces), bool)
    row = pieces.groups(inputs.divisions, inputs.epsg)
    return inputs.divisions["code"].astype(str).isin(listed).to_numpy()[row]


def reconstruct(
    inputs: CityInputs,
    legal: gpd.GeoDataFrame | None = None,
    *,
    code: str = "code",
    score: FittedScore | None = None,
    pieces: Pieces | None = None,
    min_population: float = MIN_POPULATION,
    penalty: float = PENALTY,
    tolerance: float = TOLERANCE,
) -> Reconstruction:
    """Draw plausible outlines for a city.

    Parameters
    ----------
    legal : quarters of a legal generation to learn from (``code`` names their identifier)
    score : a score fitted before, instead of ``legal``
    pieces : pieces already prepared from the same inputs

    With neither ``legal`` nor ``score``, cells whose share of poor households reaches 26.6 %
    are selected.
    """
    pieces = prepare_pieces(inputs) if pieces is None else pieces
    among = candidate_pieces(inputs, pieces)
    used, not_used = inputs.used()
    notes = ["approximation, not the legal zoning"]
    if legal is not None and score is None:
        truth = Truth.of(pieces, prepare_legal(legal, code, inputs.territory, inputs.epsg))
        score = fit_score(
            pieces, truth, among, fitted_on="the legal quarters of this city", penalty=penalty
        )
        notes.append("fitted on this city: scores measured here are in-sample")
    if score is None:
        odds, threshold = np.where(among, transferable_score(pieces), 0.0), TRANSFERABLE_SHARE
        not_used.append("legal quarters to learn from")
        notes.append("absolute share of poor households, threshold from another city")
    else:
        odds = np.where(among, score.probabilities(pieces.features), 0.0)
        threshold = best_threshold(pieces, odds, min_population)
    chosen = drop_small(pieces, odds >= threshold, min_population)
    zones = outlines(pieces, chosen, inputs.epsg, tolerance)
    return Reconstruction(zones, pieces, odds, chosen, threshold, score, used, not_used, notes)


def transferable_score(pieces: Pieces) -> Floats:
    """Share of poor households of each piece's own cell, 0 where it cannot be told, (n,)."""
    cells = pieces.frame.cells
    share = scores.SHARE_POOR.of(cells)
    told = scores.eligible_cells(cells, scores.SHARE_POOR, columns.MIN_HOUSEHOLDS)
    known = np.where(told, share, 0.0)[pieces.cell]
    return np.where(pieces.cell >= 0, known, 0.0)
