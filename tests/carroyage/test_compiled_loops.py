"""Compiled loops tell what plain formulas over all records tell, to the cent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carroyage import columns, incomes, kernels
from carroyage.accumulate import COUNTS, Lines, add_up, counted, prepare
from carroyage.households import BUILT, DWELLINGS, TENURES, check_households
from carroyage.standards import Buckets, Standards, medians_by_cell
from tests.carroyage.makers import household_frames, make_households

POVERTY, LINE = 13_890.0, 12_800.0
LINES = Lines(POVERTY, LINE)
# Beyond the last step of living standards too: 2.7 million euros, in cents.
CENTS = st.integers(0, 2**31) | st.integers(0, 3_000_000)
HOUSEHOLDS = st.lists(
    st.tuples(st.integers(0, 3), CENTS, st.integers(1, 12), st.integers(0, 4)),
    min_size=1, max_size=60,
)  # fmt: skip


def kept(rows: list[tuple[int, int, int, int]]) -> Standards:
    department, cents, persons, cell = (np.array(column) for column in zip(*rows, strict=True))
    return Standards(
        cell.astype(np.int32), cents.astype(np.int64), persons.astype(np.int32),
        department.astype(np.int32),
    )  # fmt: skip


def buckets_of(parts: list[Standards], names: list[str]) -> Buckets:
    buckets = Buckets()
    for part in parts:
        words = pd.Categorical.from_codes(part.department, names)
        assert buckets.numbers(words).tolist() == part.department.tolist()
        buckets.add(part)
    return buckets


@given(HOUSEHOLDS, st.integers(0, 60))
def test_percentiles_are_those_of_all_records_sorted(
    rows: list[tuple[int, int, int, int]], cut: int
) -> None:
    there = sorted({row[0] for row in rows})
    rows = [(there.index(row[0]), *row[1:]) for row in rows]
    parts = [kept(part) for part in (rows[:cut], rows[cut:]) if part]
    names = [f"{number:02}" for number in range(len(there))]
    whole = kept(rows)
    expected = incomes.percentile_bounds(
        whole.cents, whole.persons, np.array(names)[whole.department]
    )
    assert buckets_of(parts, names).percentiles(parts) == expected


@given(HOUSEHOLDS)
def test_a_cells_median_is_that_of_its_persons(rows: list[tuple[int, int, int, int]]) -> None:
    one = kept(rows)
    men = np.bincount(one.code, minlength=5)
    found = medians_by_cell([one], [one.cents.copy()], men)
    expected = incomes.medians_by_group(one.cents, one.persons, one.code, 5) / 100
    assert found[men > 0].tolist() == expected[men > 0].tolist()


@given(household_frames(max_size=60))
def test_living_standards_are_those_of_the_formula(frame: pd.DataFrame) -> None:
    checked = check_households(frame)
    batch = prepare(checked.kept, checked.numbers, LINES)
    counts, surface = np.zeros((len(frame), len(COUNTS)), np.int32), np.zeros(len(frame), np.int64)
    alone = np.arange(len(frame), dtype=np.int32)  # each household is a cell of its own
    added = add_up(batch, LINES, alone, counts, surface)
    tenths = incomes.consumption_tenths(frame["persons"], frame["under_14"])
    for found, name in (
        (added.standards, "disposable_income"),
        (added.declared, "declared_income"),
    ):
        expected = incomes.living_standards(incomes.to_cents(frame[name]), tenths)
        assert found.tolist() == expected.tolist()
    table = pd.DataFrame(counts, columns=list(COUNTS))
    assert (table[columns.HOUSEHOLDS] == 1).all()
    assert table[list(columns.AGES[:-1])].to_numpy().tolist() == (
        frame[list(columns.AGES[:-1])].to_numpy().tolist()
    )
    assert (table["men_prop"] == (frame["tenure"] == "owner")).all()
    assert (table["log_soc"] == (frame["tenure"] == "social")).all()
    assert (table["men_coll"] == (frame["dwelling"] == "flat")).all()
    for name in columns.PERIODS[:-1]:
        assert (table[name] == (frame["built"] == name.removeprefix("log_"))).all()
    assert (table["men_fmp"] == frame["single_parent"]).all()
    assert surface.tolist() == np.rint(frame["floor_area"] * 100).astype(int).tolist()


def test_what_is_not_known_is_not_counted() -> None:
    frame = make_households(5).drop(columns="single_parent")
    checked = check_households(frame)
    assert "men_fmp" not in counted(prepare(checked.kept, checked.numbers, LINES))
    told = counted(prepare(checked.kept, checked.numbers, Lines(POVERTY)))
    assert columns.LOW_INCOME_PERSONS not in told


def test_the_loops_know_the_places_of_words() -> None:
    # They compare places in these lists: owner 0, social 1; flat 0; four periods, then unknown.
    assert TENURES[:2] == ("owner", "social")
    assert DWELLINGS[0] == "flat"
    assert [f"log_{name}" for name in BUILT] == list(columns.PERIODS)


SPOILT = {
    "coordinates missing": {"x": np.nan},
    "coordinates look swapped": {"x": 2_893_450.0, "y": 3_763_250.0},
    "outside the grid": {"x": 1.0, "y": np.float64(2)},
    "household id missing": {"household_id": None},
    "no person": {"persons": 0},
    "persons are not whole": {"persons": 1.5},
    "children under 14 impossible": {"under_14": -1},
    "no person aged 14 or more": {"under_14": 9},
    "ages impossible": {"ind_0_3": -1},
    "ages do not add up to the persons": {"ind_inc": 40},
    "declared income missing": {"declared_income": np.inf},
    "declared income negative": {"declared_income": -0.01},
    "declared income impossible": {"declared_income": 1e300},
    "disposable income missing": {"disposable_income": np.nan},
    "disposable income negative": {"disposable_income": -1.0},
    "disposable income impossible": {"disposable_income": 1.1e12},
    "floor area impossible": {"floor_area": 1e300},
    "unknown tenure": {"tenure": "squat"},
    "unknown dwelling": {"dwelling": None},
    "unknown built": {"built": "1945"},
    "department missing": {"department": None},
    "commune missing": {"commune": None},
}


@pytest.mark.parametrize("reason", SPOILT)
def test_each_fault_is_told_by_its_name(reason: str) -> None:
    frame = make_households(6).astype({"persons": float, "household_id": object})
    for name, value in SPOILT[reason].items():
        frame.loc[3, name] = value
    checked = check_households(frame)
    assert checked.rejected[["row", "reason"]].to_numpy().tolist() == [[3, reason]]
    assert len(checked.kept) == len(checked.numbers.x) == 5


def test_the_first_fault_of_a_record_is_the_one_told() -> None:
    frame = make_households(6).astype({"persons": float, "household_id": object})
    for reason in reversed(SPOILT):
        for name, value in SPOILT[reason].items():
            frame.loc[3, name] = value
        told = check_households(frame).rejected["reason"].tolist()
        earlier = list(SPOILT).index(told[0]) <= list(SPOILT).index(reason)
        assert earlier, (reason, told)


@pytest.mark.parametrize(
    ("persons", "reason"),
    [
        (-3, "no person"),
        (2**31, "persons are not whole"),
        (2**40, "persons are not whole"),
        (2**31 - 1, "ages do not add up to the persons"),
    ],
)
def test_a_crowd_that_no_cell_can_count_is_refused(persons: int, reason: str) -> None:
    frame = make_households(3).astype({"persons": np.int64})
    frame.loc[1, "persons"] = persons
    assert check_households(frame).rejected["reason"].tolist() == [reason]


@pytest.mark.parametrize("kind", ["int16", "int64", "float64", "Int32", "str"])
def test_numbers_may_be_stored_in_any_way(kind: str) -> None:
    frame = make_households(40)
    names = ["persons", "under_14", *columns.AGES]
    told = check_households(frame.astype(dict.fromkeys(names, kind))).numbers
    assert told.people.tolist() == check_households(frame).numbers.people.tolist()


def test_code_that_cannot_be_kept_is_compiled_all_the_same() -> None:
    scope: dict[str, object] = {}
    exec("def twice(x):\n    return 2 * x", scope)  # noqa: S102 - a function without a file
    assert kernels.compiled(scope["twice"])(21) == 42  # type: ignore[type-var]
