"""How zones move with the choices behind them, and which choice moves them most."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carroyage import errors
from carroyage.sensitivity import Draw, assess_sensitivity, best_overlaps, draw_choices
from carroyage.zones import Zones, build_zones
from tests.carroyage.makers import make_cells

# Three places: surely poor, on the edge of the threshold, and two cells touching by a corner.
ROWS = [(0, 0), (0, 1), (5, 5), (5, 6), (9, 0), (10, 1)]
POOR = [120.0, 120.0, 51.0, 51.0, 100.0, 100.0]


@pytest.fixture
def cells() -> pd.DataFrame:
    return make_cells(ROWS, men_pauv=POOR, ind=700.0)


@pytest.fixture
def reference(cells: pd.DataFrame) -> Zones:
    return build_zones(cells, "share_poor", 0.25)


def test_a_poor_zone_always_exists_and_a_doubtful_one_sometimes(
    cells: pd.DataFrame, reference: Zones
) -> None:
    draws = [Draw("share_poor", t) for t in (0.20, 0.25, 0.30, 0.40)]
    told = assess_sensitivity(cells, reference, draws)
    assert told.zones["exists"].tolist() == [1.0, 0.5, 1.0]
    assert told.draws["zones"].tolist() == [3, 3, 2, 2]
    assert told.draws["found"].tolist() == [3, 3, 2, 2]


def test_contiguity_splits_what_touches_by_a_corner(cells: pd.DataFrame, reference: Zones) -> None:
    draws = [Draw("share_poor", 0.25, contiguity) for contiguity in ("queen", "rook")]
    told = assess_sensitivity(cells, reference, draws)  # under rook each half has 700 persons
    assert told.zones["exists"].tolist() == [1.0, 1.0, 0.5]
    assert told.by_choice.loc[("contiguity", "rook"), "zones"] == 2


def test_the_minimum_population_matters(cells: pd.DataFrame, reference: Zones) -> None:
    draws = [Draw("share_poor", 0.25, min_population=m) for m in (1_000, 1_500)]
    told = assess_sensitivity(cells, reference, draws)
    assert told.zones["exists"].tolist() == [0.5, 0.5, 0.5]
    assert told.by_choice.loc[("min_population", "1500"), "found"] == 0


def test_each_cell_knows_how_often_it_is_selected(cells: pd.DataFrame, reference: Zones) -> None:
    draws = [Draw("share_poor", t) for t in (0.25, 0.30)]
    told = assess_sensitivity(cells, reference, draws).cells
    assert told["selected"].reindex(cells.index).tolist() == [1, 1, 0.5, 0.5, 1, 1]


def test_the_reference_drawn_again_is_found_whole(cells: pd.DataFrame, reference: Zones) -> None:
    told = assess_sensitivity(cells, reference, [Draw("share_poor", 0.25)])
    assert (told.zones["overlap"] == 1).all()


def test_a_line_is_drawn_where_cells_can_be_made_for_it(
    cells: pd.DataFrame, reference: Zones
) -> None:
    asked: list[float] = []

    def at_line(line: float) -> pd.DataFrame:
        asked.append(line)
        low = 400.0 if line > 12_000 else 100.0
        return cells.assign(low_income_persons=low)

    draws = draw_choices(
        {"majority_low_income": (0.5, 0.5)}, lines=(11_000, 13_000), draws=20,
        contiguities=("queen",), min_populations=(1_000,),
    )  # fmt: skip
    told = assess_sensitivity(cells, reference, draws, at_line=at_line)
    assert len(asked) == 20
    assert all(line % 10 == 0 and 11_000 <= line <= 13_000 for line in asked)
    share = np.mean([line > 12_000 for line in asked])
    assert told.zones["exists"].tolist() == pytest.approx([share] * 3)
    assert "line" in told.by_choice.index.get_level_values("choice")


def test_progress_is_told(cells: pd.DataFrame, reference: Zones) -> None:
    seen: list[int] = []
    draws = [Draw("share_poor", 0.25)] * 3
    assess_sensitivity(cells, reference, draws, progress=seen.append)
    assert seen == [1, 2, 3]


def test_draws_repeat_with_their_seed_and_stay_in_range() -> None:
    ranges = {"share_poor": (0.2, 0.3), "mean_living_standard": (15_000.0, 20_000.0)}
    first, second = (draw_choices(ranges, draws=50, seed=4) for _ in range(2))
    assert first == second
    assert first != draw_choices(ranges, draws=50, seed=5)
    for draw in first:
        assert ranges[draw.score][0] <= draw.threshold <= ranges[draw.score][1]


def test_an_unknown_score_or_no_draw_is_refused(cells: pd.DataFrame, reference: Zones) -> None:
    with pytest.raises(errors.UnknownScore):
        draw_choices({"gini": (0, 1)})
    with pytest.raises(errors.NoDraws):
        draw_choices({})
    with pytest.raises(errors.NoDraws):
        assess_sensitivity(cells, reference, [])


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(1, 50)),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_the_best_overlap_is_that_of_the_best_pair(rows: list[tuple[int, int, int]]) -> None:
    home, found, persons = (np.array(column) for column in zip(*rows, strict=True))
    told = best_overlaps(home, found, persons.astype(float), 3)
    for zone in (1, 2, 3):
        best = 0.0
        for other in range(1, 5):
            union = persons[(home == zone) | (found == other)].sum()
            both = persons[(home == zone) & (found == other)].sum()
            best = max(best, both / union if union else 0.0)
        assert told[zone - 1] == pytest.approx(best)


def test_no_reference_zone_is_an_empty_answer(cells: pd.DataFrame) -> None:
    nothing = build_zones(cells, "share_poor", 0.99)
    told = assess_sensitivity(cells, nothing, [Draw("share_poor", 0.25)])
    assert len(told.zones) == 0
    assert told.draws["zones"].tolist() == [3]
