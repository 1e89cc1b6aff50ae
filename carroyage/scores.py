"""Declared scores of cells and of aggregates: always sums over sums, never means of shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from carroyage import columns, errors, grid
from carroyage.contiguity import HALF_QUEEN

Direction = Literal["at_least", "at_most"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """A ratio of two additive columns and the sense in which it tells poverty.

    ``direction`` is ``at_least`` when high values are poor, ``at_most`` when low values are.
    ``public`` scores come from published cells, where cells under the secrecy threshold hold
    imputed values and are not eligible by themselves. ``made_from`` names the published columns
    that `with_columns` makes the ratio's own from, where they are not published themselves.
    """

    name: str
    numerator: str
    denominator: str
    direction: Direction
    threshold: float | None
    unit: str
    public: bool
    made_from: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """Columns a table of cells must bring."""
        return self.made_from or (self.numerator, self.denominator)

    def of(self, cells: pd.DataFrame) -> Floats:
        """Score rows of a table, shape (n,); NaN where the denominator is zero or missing."""
        missing = {self.numerator, self.denominator} - set(cells.columns)
        if missing:
            raise errors.MissingColumns(f"cells for the score {self.name}", missing)
        above = cells[self.numerator].to_numpy(np.float64, na_value=np.nan)
        below = cells[self.denominator].to_numpy(np.float64, na_value=np.nan)
        return ratio(above, below)

    def of_aggregate(self, cells: pd.DataFrame) -> float:
        """Score all rows together: the sum of numerators over the sum of denominators."""
        sums = cells[[self.numerator, self.denominator]].sum().to_frame().T
        return float(self.of(sums)[0])

    def passes(self, values: Any, threshold: Any) -> npt.NDArray[np.bool_]:
        """Say which values are on the poor side of the threshold; NaN never is."""
        values = np.asarray(values, np.float64)
        with np.errstate(invalid="ignore"):
            return values >= threshold if self.direction == "at_least" else values <= threshold

    def poverty(self, values: Any) -> Floats:
        """Turn values so that larger means poorer (for ranking)."""
        values = np.asarray(values, np.float64)
        return values if self.direction == "at_least" else -values


MAJORITY_LOW_INCOME = Score(
    "majority_low_income", columns.LOW_INCOME_PERSONS, columns.PERSONS, "at_least", 0.5,
    "share of inhabitants", public=False,
)  # fmt: skip
SHARE_POOR = Score(
    "share_poor", columns.POOR, columns.HOUSEHOLDS, "at_least", 0.25, "share of households",
    public=True,
)  # fmt: skip
MEAN_LIVING_STANDARD = Score(
    "mean_living_standard", columns.INCOME_SUM, columns.PERSONS, "at_most", None,
    "euros per consumption unit and year", public=True,
)  # fmt: skip
# Smoothed: the cell and its eight neighbours together, sums over sums.
SHARE_POOR_NEAR = Score(
    "share_poor_near", "men_pauv_near", "men_near", "at_least", 0.25,
    "share of households of the cell and its neighbours", public=True,
    made_from=(columns.POOR, columns.HOUSEHOLDS),
)  # fmt: skip
# Combined: mean of a cell's ranks (0 to 1, 1 the poorest) by the two public scores, weighted by
# persons in an aggregate. Ranks depend on the cells read: it tells places of one file apart.
COMBINED_RANKS = Score(
    "combined_ranks", "rank_persons", "ranked_persons", "at_least", 0.9,
    "mean rank by share of poor households and by mean living standard", public=True,
    made_from=(columns.POOR, columns.HOUSEHOLDS, columns.INCOME_SUM, columns.PERSONS),
)  # fmt: skip

SCORES = {
    s.name: s
    for s in (
        MAJORITY_LOW_INCOME, SHARE_POOR, MEAN_LIVING_STANDARD, SHARE_POOR_NEAR, COMBINED_RANKS,
    )
}  # fmt: skip


def find_score(name: str) -> Score:
    """Give the declared score of that name, or raise `UnknownScore`."""
    try:
        return SCORES[name]
    except KeyError:
        raise errors.UnknownScore(name, SCORES) from None


def with_columns(cells: pd.DataFrame, score: Score) -> pd.DataFrame:
    """Add the columns a smoothed or combined score is the ratio of; others need none.

    Raises
    ------
    MissingColumns, DuplicateCells
    """
    if not score.made_from or score.numerator in cells:
        return cells
    missing = set(score.made_from) - set(cells.columns)
    if missing:
        raise errors.MissingColumns(f"cells for the score {score.name}", missing)
    if score is COMBINED_RANKS:
        return _with_ranks(cells)
    return cells.assign(**{f"{name}_near": sums_near(cells, name) for name in score.made_from})


def sums_near(cells: pd.DataFrame, name: str) -> Floats:
    """Sum a column over each cell and its eight neighbours, shape (n,); unknown ones add 0."""
    ids = grid.parse_ids(cells.index)
    _, size = ids.one_grid()
    keys = grid.cell_keys(ids.north, ids.east, size)
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    values = np.nan_to_num(cells[name].to_numpy(np.float64, na_value=np.nan))[order]
    total = np.zeros(len(keys))
    for offset in (0, *HALF_QUEEN, *(-step for step in HALF_QUEEN)):
        at = np.searchsorted(sorted_keys, keys + offset)
        at[at == len(keys)] = 0
        total += np.where(sorted_keys[at] == keys + offset, values[at], 0.0)
    return total


def _with_ranks(cells: pd.DataFrame) -> pd.DataFrame:
    eligible = eligible_cells(cells, SHARE_POOR) & eligible_cells(cells, MEAN_LIVING_STANDARD)
    ranks = [
        pd.Series(np.where(eligible, score.poverty(score.of(cells)), np.nan)).rank(pct=True)
        for score in (SHARE_POOR, MEAN_LIVING_STANDARD)
    ]
    persons = np.where(eligible, cells[columns.PERSONS].to_numpy(np.float64), 0.0)
    rank = np.nan_to_num((ranks[0] + ranks[1]).to_numpy(np.float64) / 2)
    return cells.assign(rank_persons=rank * persons, ranked_persons=persons)


def eligible_cells(
    cells: pd.DataFrame, score: Score, min_households: float = columns.MIN_HOUSEHOLDS
) -> npt.NDArray[np.bool_]:
    """Say which cells may be selected by themselves, shape (n,).

    Under ``min_households`` households a published cell holds imputed values: it cannot carry
    a public score. Scores from records need inhabitants only.
    """
    known = np.isfinite(score.of(cells))
    if not score.public:
        return known
    return known & (cells[columns.HOUSEHOLDS].to_numpy(np.float64) >= min_households)


def ratio(above: Floats, below: Floats) -> Floats:
    """Divide, giving NaN (no data) where there is nothing to divide by."""
    out = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out
