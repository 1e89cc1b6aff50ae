"""Incomes counted batch after batch: exact under any line, whatever the cut and the order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carroyage import columns, income_steps
from carroyage.gridding import grid_households
from carroyage.income_steps import HIGHEST_STEP, IncomeSteps, SeenIds
from tests.carroyage.makers import EAST, NORTH, household_frames, make_households


def counted(*frames: pd.DataFrame) -> list[tuple[int, int, list[int], list[int]]]:
    steps = IncomeSteps()
    for frame in frames:
        steps.add(frame)
    assert len(steps) == len(list(steps))
    return list(steps)


def persons_under(rows: list[tuple[int, int, list[int], list[int]]], line: int) -> dict:
    return {
        f"CRS3035RES200mN{north}E{east}": sum(
            n for step, n in zip(steps, persons, strict=True) if step * 10 < line
        )
        for north, east, steps, persons in rows
    }


@given(household_frames(max_size=120), st.integers(0, 6_000))
def test_persons_under_any_line_are_those_of_the_records(frame: pd.DataFrame, tens: int) -> None:
    cells = grid_households(frame, poverty_line=1, line=tens * 10).cells
    found = persons_under(counted(frame), tens * 10)
    assert found == cells[columns.LOW_INCOME_PERSONS].to_dict()


@given(household_frames(max_size=120), st.integers(1, 60))
def test_batches_and_their_order_change_nothing(frame: pd.DataFrame, batch: int) -> None:
    parts = [frame.iloc[i : i + batch] for i in range(0, len(frame), batch)]
    assert counted(*parts) == counted(frame) == counted(*parts[::-1])


def test_batches_are_gathered_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(income_steps, "PENDING", 30)
    frame = make_households(600)
    steps = IncomeSteps()
    for start in range(0, 600, 20):
        steps.add(frame.iloc[start : start + 20])
        assert sum(map(len, steps._codes[1:])) <= max(30, len(steps._codes[0]))
    assert list(steps) == counted(frame)


def test_cells_come_by_position_and_steps_ascending() -> None:
    rows = counted(make_households(300, width=9))
    places = [(north, east) for north, east, _, _ in rows]
    assert places == sorted(set(places))
    assert all(steps == sorted(set(steps)) for _, _, steps, _ in rows)
    assert all(min(persons) > 0 for _, _, _, persons in rows)


def test_an_enormous_income_is_above_any_line_and_spoils_no_other_cell() -> None:
    frame = make_households(2, width=1).assign(declared_income=[1e14, 0.0])
    (north, east, steps, _) = counted(frame)[0]
    assert (north, east) == (NORTH, EAST)
    assert steps == [0, HIGHEST_STEP]


def test_no_record_gives_no_cell() -> None:
    assert len(IncomeSteps()) == 0
    assert list(IncomeSteps()) == []


@given(st.lists(st.lists(st.integers(0, 40), max_size=15), max_size=12))
def test_an_id_is_known_from_its_second_time_on(batches: list[list[int]]) -> None:
    seen, before = SeenIds(), set()
    for batch in batches:
        expected = []
        for one in batch:
            expected.append(one in before)
            before.add(one)
        assert seen.again(np.array(batch, np.uint64)).tolist() == expected


def test_remembered_ids_stay_in_a_few_runs() -> None:
    seen = SeenIds()
    for start in range(0, 10_000, 50):
        assert not seen.again(np.arange(start, start + 50).astype(np.uint64)).any()
    assert len(seen._runs) < 12
    assert seen.again(np.arange(10_000).astype(np.uint64)).all()
