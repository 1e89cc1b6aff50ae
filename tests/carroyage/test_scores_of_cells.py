"""Scores are ratios of sums; a share of shares never appears, nor a zero for no data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carroyage import errors, scores
from carroyage.scores import COMBINED_RANKS, SHARE_POOR, SHARE_POOR_NEAR, with_columns
from carroyage.zones import build_zones
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


def test_a_smoothed_score_is_the_sum_over_sum_of_the_cell_and_its_neighbours() -> None:
    cells = make_cells(
        [(0, 0), (0, 1), (1, 1), (5, 5)], men=[10.0, 30.0, 60.0, 20.0], men_pauv=[5.0, 3.0, 12.0, 8]
    )
    near = with_columns(cells, SHARE_POOR_NEAR)
    assert SHARE_POOR_NEAR.of(near).tolist() == [20 / 100, 20 / 100, 20 / 100, 8 / 20]


@given(cell_sets())
def test_a_smoothed_score_lies_between_the_scores_around(cells: pd.DataFrame) -> None:
    if cells.empty:
        return
    own, near = SHARE_POOR.of(cells), SHARE_POOR_NEAR.of(with_columns(cells, SHARE_POOR_NEAR))
    assert np.nanmin(own) - 1e-9 <= near.min() <= near.max() <= np.nanmax(own) + 1e-9


def test_combined_ranks_put_the_cell_that_is_poor_by_both_scores_first() -> None:
    cells = make_cells(
        [(0, 0), (0, 1), (0, 2)], men_pauv=[90.0, 50.0, 10.0], ind_snv=[4e6, 6e6, 9e6]
    )
    ranks = COMBINED_RANKS.of(with_columns(cells, COMBINED_RANKS))
    assert ranks.tolist() == [1.0, pytest.approx(2 / 3), pytest.approx(1 / 3)]


def test_a_cell_under_secrecy_has_no_rank_and_moves_no_other() -> None:
    cells = make_cells([(0, 0), (0, 1), (0, 2)], men=[200.0, 8.0, 200.0], men_pauv=[90.0, 8.0, 10])
    ranks = COMBINED_RANKS.of(with_columns(cells, COMBINED_RANKS))
    assert np.isnan(ranks[1])
    assert ranks[0] > ranks[2]


@given(cell_sets(), st.randoms())
def test_smoothed_and_combined_scores_do_not_depend_on_row_order(cells, random) -> None:
    rows = list(range(len(cells)))
    random.shuffle(rows)
    for score in (SHARE_POOR_NEAR, COMBINED_RANKS):
        if cells.empty:
            continue
        straight = pd.Series(score.of(with_columns(cells, score)), index=cells.index)
        shuffled = cells.iloc[rows]
        again = pd.Series(score.of(with_columns(shuffled, score)), index=shuffled.index)
        pd.testing.assert_series_equal(again.reindex(cells.index), straight)


@pytest.mark.parametrize("score", ["share_poor_near", "combined_ranks"])
def test_zones_may_be_built_by_a_smoothed_or_combined_score(score: str) -> None:
    cells = make_cells(
        [(0, i) for i in range(20)],
        men_pauv=[100.0 - 5 * i for i in range(20)],
        ind_snv=[6e6 + 2e5 * i for i in range(20)],
    )
    zones = build_zones(cells, score)
    assert len(zones.table) == 1
    assert zones.members["cell"].iloc[0] == cells.index[0]


def test_a_smoothed_score_names_the_columns_it_lacks() -> None:
    with pytest.raises(errors.MissingColumns, match="men_pauv"):
        with_columns(make_cells([(0, 0)]).drop(columns="men_pauv"), SHARE_POOR_NEAR)
