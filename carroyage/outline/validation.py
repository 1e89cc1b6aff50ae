"""Out-of-sample scores: what is judged never took part in the fit nor in any choice.

In each fold the model is fitted without the held-out group and makes a map of the whole city;
only the held-out part of that map is kept. The threshold comes from the map's own
probabilities, so no truth takes part in it. The kept parts are put together and judged once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carroyage.outline.model import (
    MIN_POPULATION,
    PENALTY,
    FittedScore,
    Truth,
    best_threshold,
    fit_score,
)
from carroyage.outline.pieces import Pieces, drop_small
from carroyage.overlap import best_prefix_iou

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Fold:
    """One held-out group: the threshold applied there and the score fitted without it."""

    group: int
    threshold: float
    score: FittedScore | None


@dataclass(frozen=True)
class CrossValidated:
    """A map put together from held-out parts, and what made each part.

    ``chosen`` (n pieces,); ``iou`` and ``population_iou`` are measured on pieces (outlines are
    judged by `carroyage.assess.assess`), and the ceilings are the best any set of pieces
    could reach.
    """

    chosen: Bools
    iou: float
    population_iou: float
    ceiling_iou: float
    ceiling_population_iou: float
    folds: list[Fold]
    scheme: str


def cross_validate(
    pieces: Pieces,
    truth: Truth,
    groups: Ints,
    scheme: str,
    *,
    candidates: Bools | None = None,
    penalty: float = PENALTY,
    min_population: float = MIN_POPULATION,
) -> CrossValidated:
    """Map each group with a score fitted on the others.

    Parameters
    ----------
    groups : (n,) the group of each piece; groups are held out one by one
    scheme : how the groups were made, for the result to say
    candidates : (n,) pieces where a quarter may be (all by default); others never are
    """
    among = np.ones(len(pieces), bool) if candidates is None else candidates

    def make(group: int, training: Bools) -> tuple[Bools, float, FittedScore]:
        score = fit_score(
            pieces, truth, training & among, penalty=penalty,
            fitted_on=f"every group but {group} ({scheme})",
        )  # fmt: skip
        odds = np.where(among, score.probabilities(pieces.features), 0.0)
        threshold = best_threshold(pieces, odds, min_population)
        return drop_small(pieces, odds >= threshold, min_population), threshold, score

    return _assemble(pieces, truth, groups, scheme, make)


def cross_validate_threshold(
    pieces: Pieces,
    truth: Truth,
    groups: Ints,
    scheme: str,
    poverty: Floats,
    thresholds: Sequence[float],
    min_population: float = MIN_POPULATION,
) -> CrossValidated:
    """Map each group with the threshold of one given score that suits the others best.

    ``poverty`` (n,) grows with poverty; NaN is never chosen. This is the naive peer.
    """

    def make(group: int, training: Bools) -> tuple[Bools, float, None]:
        def merit(threshold: float) -> float:
            chosen = drop_small(pieces, (poverty >= threshold) & training, min_population)
            return sum(truth.overlaps(pieces, chosen, training))

        best = max(thresholds, key=merit)
        return drop_small(pieces, poverty >= best, min_population), best, None

    return _assemble(pieces, truth, groups, scheme, make)


def _assemble(
    pieces: Pieces,
    truth: Truth,
    groups: Ints,
    scheme: str,
    make: Callable[[int, Bools], tuple[Bools, float, FittedScore | None]],
) -> CrossValidated:
    chosen, folds = np.zeros(len(pieces), bool), []
    for group in np.unique(groups):
        held = groups == group
        whole, threshold, score = make(int(group), ~held)
        chosen[held] = whole[held]
        folds.append(Fold(int(group), threshold, score))
    plain, population = truth.overlaps(pieces, chosen, np.ones(len(pieces), bool))
    ceilings = (
        best_prefix_iou(truth.area, pieces.areas, truth.area.sum())[0],
        best_prefix_iou(truth.persons, pieces.persons, truth.persons.sum())[0],
    )
    return CrossValidated(chosen, plain, population, *ceilings, folds, scheme)
