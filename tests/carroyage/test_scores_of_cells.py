"""Scores are ratios of sums; a share of shares never appears, nor a zero for no data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from carroyage import errors, scores
from tests.carroyage.makers import cell_sets, make_cells


def test_the_score_of_an_aggregate_is_the_ratio_of_sums() -> None:
    cells = make_cells([(0, 0), (0, 1)], men=[10.0, 990.0], men_pauv=[10.0, 99.0])
    assert scores.SHARE_POOR.of(cells).tolist() == [1.0, 0.1]
    assert scores.SHARE_POOR.of_aggregate(cells) == 0.109


@given(cell_sets())
def test_an_aggregate_lies_between_its_extreme_cells(cells: pd.DataFrame) -> None:
    for score in (scores.SHARE_POOR, scores.MEAN_LIVING_STANDARD):
        each = score.of(cells)
        if len(each):
            whole = score.of_aggregate(cells)
            assert each.min() - 1e-9 * abs(whole) <= whole <= each.max() + 1e-9 * abs(whole)
        else:
            assert np.isnan(score.of_aggregate(cells))


def test_a_cell_without_households_has_no_score() -> None:
    cells = make_cells([(0, 0), (0, 1)], men=[0.0, np.nan])
    assert np.isnan(scores.SHARE_POOR.of(cells)).all()
    assert not scores.eligible_cells(cells, scores.SHARE_POOR).any()


def test_low_living_standards_are_the_poor_side() -> None:
    score = scores.MEAN_LIVING_STANDARD
    assert score.passes([12_000.0, 20_000.0, np.nan], 15_000.0).tolist() == [True, False, False]
    assert score.poverty([12_000.0])[0] > score.poverty([20_000.0])[0]


@pytest.mark.parametrize(("men", "eligible"), [(10.9, False), (11.0, True), (12.0, True)])
def test_public_scores_need_eleven_households(men: float, eligible: bool) -> None:
    cells = make_cells([(0, 0)], men=men, men_pauv=5.0)
    assert scores.eligible_cells(cells, scores.SHARE_POOR).tolist() == [eligible]


def test_scores_from_records_need_inhabitants_only() -> None:
    cells = make_cells([(0, 0)], men=1.0, ind=4.0, low_income_persons=4.0)
    assert scores.eligible_cells(cells, scores.MAJORITY_LOW_INCOME).all()


def test_half_of_the_inhabitants_is_a_majority() -> None:
    cells = make_cells([(0, 0), (0, 1)], ind=10.0, low_income_persons=[5.0, 4.0])
    score = scores.find_score("majority_low_income")
    assert score.passes(score.of(cells), score.threshold).tolist() == [True, False]


def test_an_unknown_score_is_refused_with_the_known_ones() -> None:
    with pytest.raises(errors.UnknownScore, match="poverty_index") as refused:
        scores.find_score("poverty_index")
    assert "share_poor" in refused.value.advice


def test_a_score_says_which_columns_it_lacks() -> None:
    with pytest.raises(errors.MissingColumns, match="low_income_persons"):
        scores.MAJORITY_LOW_INCOME.of(make_cells([(0, 0)]))
