"""Household records become cells: each household in one cell, nothing lost, nothing invented."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carroyage import columns, errors, grid, incomes
from carroyage.gridding import grid_households
from tests.carroyage.makers import EAST, NORTH, household_frames, make_households

POVERTY, LINE = 13_890.0, 12_800.0


def make(frame: pd.DataFrame, **options: object) -> pd.DataFrame:
    return grid_households(frame, poverty_line=POVERTY, line=LINE, **options).cells  # type: ignore[arg-type]


def one_household(**changes: object) -> pd.DataFrame:
    frame = make_households(1, seed=4)
    for name in columns.AGES:
        frame[name] = 0
    values = {
        "x": EAST + 10.0, "y": NORTH + 10.0, "persons": 4, "under_14": 2, "ind_0_3": 1,
        "ind_6_10": 1, "ind_25_39": 2, "declared_income": 21_000.0,
        "disposable_income": 27_300.0, "tenure": "social", "dwelling": "flat",
        "floor_area": 61.5, "built": "45_70", "department": "75", "commune": "75118",
        "single_parent": False,
    }  # fmt: skip
    return frame.assign(**{**values, **changes})


def test_one_household_gives_every_published_column() -> None:
    cells = make(one_household(), bounds=incomes.BOUNDS_2019)
    assert cells.index.tolist() == [f"CRS3035RES200mN{NORTH}E{EAST}"]
    cell = cells.iloc[0]
    expected = {
        "ind": 4, "men": 1, "men_pauv": 1, "men_1ind": 0, "men_5ind": 0, "men_prop": 0,
        "men_fmp": 0, "ind_snv": 4 * 13_000.0, "men_surf": 61.5, "men_coll": 1, "men_mais": 0,
        "log_45_70": 1, "log_av45": 0, "log_soc": 1, "ind_0_3": 1, "ind_6_10": 1,
        "ind_25_39": 2, "lcog_geo": "75118", "low_income_persons": 4,
        "declared_median": 10_000.0,
    }  # fmt: skip
    assert {name: cell[name] for name in expected} == expected
    assert set(columns.PUBLISHED) <= set(cells.columns)


def test_poverty_is_disposable_and_low_income_is_declared() -> None:
    frame = one_household(declared_income=40_000.0, disposable_income=20_000.0)
    cell = make(frame, bounds=incomes.BOUNDS_2019).iloc[0]
    assert (cell["men_pauv"], cell["low_income_persons"]) == (1, 0)
    frame = one_household(declared_income=10_000.0, disposable_income=60_000.0)
    cell = make(frame, bounds=incomes.BOUNDS_2019).iloc[0]
    assert (cell["men_pauv"], cell["low_income_persons"]) == (0, 4)


def test_declared_income_is_never_winsorised_and_disposable_always_is() -> None:
    frame = one_household(declared_income=2_100_000.0, disposable_income=2_100_000.0)
    cell = make(frame, bounds=incomes.BOUNDS_2019).iloc[0]
    assert cell["ind_snv"] == pytest.approx(4 * 93_180.6)
    assert cell["declared_median"] == 1_000_000.0


@settings(max_examples=40, deadline=None)
@given(household_frames())
def test_every_household_is_in_exactly_one_cell(frame: pd.DataFrame) -> None:
    cells = make(frame)
    assert cells["men"].sum() == len(frame)
    assert cells["ind"].sum() == frame["persons"].sum()
    assert cells.index.is_unique
    ids = grid.parse_ids(cells.index)
    for north, east, men in zip(ids.north, ids.east, cells["men"], strict=True):
        inside = frame["x"].between(east, east + 200, inclusive="left") & frame["y"].between(
            north, north + 200, inclusive="left"
        )
        assert inside.sum() == men


@settings(max_examples=25, deadline=None)
@given(household_frames(), st.randoms(use_true_random=False))
def test_the_order_of_records_changes_nothing(frame: pd.DataFrame, random: object) -> None:
    order = np.random.default_rng(random.randint(0, 9_999)).permutation(len(frame))  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(make(frame), make(frame.iloc[order]), check_exact=True)


@settings(max_examples=25, deadline=None)
@given(household_frames())
def test_breakdowns_add_up_to_their_total(frame: pd.DataFrame) -> None:
    cells = make(frame)
    for parts, total in columns.BREAKDOWNS.items():
        assert (cells[list(parts)].sum(axis=1) == cells[total]).all()


@settings(max_examples=15, deadline=None)
@given(household_frames())
def test_sums_do_not_depend_on_the_cell_size(frame: pd.DataFrame) -> None:
    small = make(frame)
    large = make(frame, size=1_000)
    names = [name for name in columns.PUBLISHED if name != "ind_snv"]
    assert small[names].sum().tolist() == pytest.approx(large[names].sum().tolist())
    assert small["ind_snv"].sum() == pytest.approx(large["ind_snv"].sum(), abs=0.01)


def test_a_line_per_urban_unit_applies_to_its_own_inhabitants_only() -> None:
    frame = pd.concat([one_household(), one_household(household_id="b"), one_household(
        household_id="c")]).assign(urban_unit=["00851", "59702", None])  # fmt: skip
    made = grid_households(
        frame, poverty_line=POVERTY, line={"00851": 12_800.0, "59702": 9_000.0},
        bounds=incomes.BOUNDS_2019,
    )  # fmt: skip
    assert made.cells["low_income_persons"].tolist() == [4]


def test_a_line_per_urban_unit_needs_the_urban_unit() -> None:
    with pytest.raises(errors.MissingColumns, match="urban_unit"):
        grid_households(one_household(), poverty_line=POVERTY, line={"00851": 12_800.0})


def test_single_parents_unknown_is_not_zero_single_parents() -> None:
    cells = make(make_households().drop(columns="single_parent"))
    assert cells["men_fmp"].isna().all()


def test_communes_touched_are_listed_once_in_order() -> None:
    frame = make_households(60, width=1)
    assert make(frame)["lcog_geo"].tolist() == ["751187511993001"]


BAD = {
    "coordinates missing": {"x": np.nan},
    "coordinates look swapped": {"x": float(NORTH), "y": float(EAST)},
    "outside the grid": {"x": 652_000.0, "y": 6_862_000.0},
    "no person": {"persons": 0},
    "persons are not whole": {"persons": 1.5},
    "children under 14 impossible": {"under_14": -1},
    "no person aged 14 or more": {"under_14": 9},
    "ages impossible": {"ind_0_3": -1},
    "ages do not add up to the persons": {"ind_80p": 30},
    "declared income missing": {"declared_income": np.nan},
    "declared income negative": {"declared_income": -1.0},
    "disposable income missing": {"disposable_income": np.nan},
    "disposable income negative": {"disposable_income": -300.0},
    "floor area impossible": {"floor_area": -5.0},
    "unknown tenure": {"tenure": "castle"},
    "unknown dwelling": {"dwelling": "boat"},
    "unknown built": {"built": "1900"},
    "department missing": {"department": None},
    "household id missing": {"household_id": None},
}


@pytest.mark.parametrize("reason", BAD)
def test_an_unusable_record_is_listed_with_its_reason(reason: str) -> None:
    frame = make_households(30)
    bad = frame.iloc[[7]].assign(household_id="bad one")
    bad = bad.astype(dict.fromkeys(BAD[reason], object)).assign(**BAD[reason])
    made = grid_households(pd.concat([frame, bad]), poverty_line=POVERTY)
    assert made.cells["men"].sum() == 30
    assert made.rejected["reason"].tolist() == [reason]
    assert made.rejected["row"].tolist() == [30]


def test_a_household_id_seen_twice_counts_once() -> None:
    frame = make_households(30)
    made = grid_households(pd.concat([frame, frame.iloc[[3]]]), poverty_line=POVERTY)
    assert made.cells["men"].sum() == 30
    assert made.rejected["reason"].tolist() == ["household id already seen"]
    assert made.rejected["household_id"].tolist() == [frame["household_id"].iloc[3]]


def test_a_whole_file_in_another_system_is_refused() -> None:
    frame = make_households(20).assign(x=652_000.0, y=6_862_000.0)
    with pytest.raises(errors.NothingLeft, match="outside the grid: 20"):
        grid_households(frame, poverty_line=POVERTY)


def test_missing_columns_are_named() -> None:
    with pytest.raises(errors.MissingColumns, match="tenure") as refused:
        grid_households(make_households(3).drop(columns=["tenure", "x"]), poverty_line=POVERTY)
    assert refused.value.missing == ["tenure", "x"]


def test_a_department_without_bounds_is_refused_by_name() -> None:
    with pytest.raises(errors.MissingWinsorBounds, match="93"):
        grid_households(make_households(50), poverty_line=POVERTY, bounds={"75": (1.0, 2.0)})
