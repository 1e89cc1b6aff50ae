"""A plain fitted score: standardised features, L2 logistic regression, weights on the table.

The truth of a piece is a share, not a yes or no: it enters as two weighted rows. A piece
weighs as much as its share of the area plus its share of the population.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from carroyage import errors, overlap
from carroyage.assess import LegalQuarters
from carroyage.outline.pieces import Pieces, drop_small

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PENALTY = 0.1  # inverse strength C of the L2 penalty, declared once for every fit
THRESHOLDS = tuple(round(0.10 + 0.02 * i, 2) for i in range(26))
MIN_POPULATION = 1_000


@dataclass(frozen=True)
class Truth:
    """Legal area (m²) and legal population of each piece, shape (n,)."""

    area: Floats
    persons: Floats

    @classmethod
    def of(cls, pieces: Pieces, legal: LegalQuarters) -> Truth:
        """Measure how much of each piece lies in a legal quarter."""
        area = overlap.covered_areas(pieces.shapes, legal.parts)
        i, j, _ = overlap.pair_areas(pieces.shapes, legal.parts)
        inside = pieces.people.inside_each(shapely.intersection(pieces.shapes[i], legal.parts[j]))
        persons = np.bincount(i, weights=inside, minlength=len(pieces))
        return cls(area, np.minimum(persons, pieces.persons))

    def overlaps(self, pieces: Pieces, chosen: Bools, among: Bools) -> tuple[float, float]:
        """Plain and population-weighted IoU of chosen pieces, counting only some pieces."""
        kept = chosen & among
        plain = _iou(self.area, pieces.areas, kept, among)
        return plain, _iou(self.persons, pieces.persons, kept, among)


def _iou(legal: Floats, size: Floats, chosen: Bools, among: Bools) -> float:
    both, union = legal[chosen].sum(), size[chosen].sum() + legal[among & ~chosen].sum()
    return float(both / union) if union > 0 else float("nan")


@dataclass(frozen=True)
class FittedScore:
    """A linear score of standardised features; everything needed to apply it elsewhere."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    penalty: float
    fitted_on: str

    def probabilities(self, features: pd.DataFrame) -> Floats:
        """Probability that a piece is legal, (n,).

        Raises
        ------
        MissingColumns
            A feature the score was fitted with is absent.
        """
        missing = set(self.names) - set(features.columns)
        if missing:
            raise errors.MissingColumns("features", missing)
        standard = (features[list(self.names)].to_numpy(np.float64) - self.means) / self.scales
        linear = standard @ np.array(self.coefficients) + self.intercept
        return np.asarray(1 / (1 + np.exp(-linear)), np.float64)

    def weights(self) -> pd.Series:
        """Standardised weights, largest first by absolute value."""
        told = pd.Series(self.coefficients, index=list(self.names), name="weight")
        return told.reindex(told.abs().sort_values(ascending=False, kind="stable").index)

    def figures(self) -> dict[str, Any]:
        """Give the score as plain values, ready for JSON."""
        return {
            "names": list(self.names), "means": list(self.means), "scales": list(self.scales),
            "coefficients": list(self.coefficients), "intercept": self.intercept,
            "penalty": self.penalty, "fitted_on": self.fitted_on,
        }  # fmt: skip

    @classmethod
    def from_figures(cls, told: dict[str, Any]) -> FittedScore:
        """Read back what `figures` gave."""
        return cls(
            tuple(told["names"]), tuple(told["means"]), tuple(told["scales"]),
            tuple(told["coefficients"]), told["intercept"], told["penalty"], told["fitted_on"],
        )  # fmt: skip


def fit_score(
    pieces: Pieces,
    truth: Truth,
    rows: Bools,
    *,
    fitted_on: str,
    penalty: float = PENALTY,
) -> FittedScore:
    """Fit the score on some pieces.

    Raises
    ------
    NothingToLearn
        The pieces hold no legal area, or nothing else.
    """
    legal, other = _weights(pieces, truth)
    if not (legal[rows].sum() > 0 and other[rows].sum() > 0):
        raise errors.NothingToLearn(fitted_on)
    features = pieces.features
    scaler = StandardScaler().fit(features.to_numpy(np.float64)[rows])
    standard = scaler.transform(features.to_numpy(np.float64)[rows])
    model = LogisticRegression(C=penalty, max_iter=1_000)
    # So small a problem gains nothing from threads, and on a busy machine they wait for each
    # other: fifty times slower was seen.
    with threadpool_limits(1):
        model.fit(
            np.vstack([standard, standard]),
            np.repeat([1, 0], len(standard)),
            sample_weight=np.concatenate([legal[rows], other[rows]]),
        )
    return FittedScore(
        tuple(features.columns), tuple(scaler.mean_.tolist()), tuple(scaler.scale_.tolist()),
        tuple(model.coef_[0].tolist()), float(model.intercept_[0]), penalty, fitted_on,
    )  # fmt: skip


def _weights(pieces: Pieces, truth: Truth) -> tuple[Floats, Floats]:
    half = len(pieces) / 2
    area, persons = half / pieces.areas.sum(), half / max(pieces.persons.sum(), 1.0)
    legal = area * truth.area + persons * truth.persons
    whole = area * pieces.areas + persons * pieces.persons
    return legal, np.maximum(whole - legal, 0.0)


def best_threshold(
    pieces: Pieces, probabilities: Floats, min_population: float = MIN_POPULATION
) -> float:
    """Choose the threshold from the probabilities alone, without looking at any truth.

    It maximises the overlap one should expect if the probabilities are right: the expected
    legal area (and population) inside the selection over that of the union.
    """
    expected = [
        _expected(pieces, probabilities, drop_small(pieces, probabilities >= t, min_population))
        for t in THRESHOLDS
    ]
    return THRESHOLDS[int(np.argmax(expected))]


def _expected(pieces: Pieces, probabilities: Floats, chosen: Bools) -> float:
    total = 0.0
    for size in (pieces.areas, pieces.persons):
        both = (probabilities * size)[chosen].sum()
        union = size[chosen].sum() + (probabilities * size)[~chosen].sum()
        total += both / union if union > 0 else 0.0
    return float(total)
