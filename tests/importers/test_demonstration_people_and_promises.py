"""The people of the demonstration: households, incomes, and what the whole must promise."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.demonstration import errors, incomes, people, promises
from importers.demonstration.facilities import where_addresses_lie
from importers.demonstration.iris import draw_iris
from importers.demonstration.layers import shape_of
from importers.demonstration.territory import Territory, draw_territory


@given(st.integers(30, 5_000), st.integers(0, 1000), st.sampled_from(sorted(people.SIZES)))
def test_household_sizes_add_up_exactly(persons: int, seed: int, kind: str) -> None:
    sizes = people.draw_sizes_summing(np.random.default_rng(seed), kind, persons)
    assert sizes.sum() == persons
    assert sizes.min() >= 1


@given(st.lists(st.integers(1, 8), min_size=1, max_size=200), st.integers(0, 1000))
def test_ages_agree_with_sizes(sizes: list[int], seed: int) -> None:
    ages = people.draw_ages(np.random.default_rng(seed), np.array(sizes))
    assert (ages.bands.sum(axis=1) == sizes).all()
    assert (ages.under_14 < np.array(sizes)).all()
    assert not ages.single_parent[np.array(sizes) == 1].any()


def test_mean_sizes_are_those_of_the_draw() -> None:
    sizes = people.draw_sizes(np.random.default_rng(0), "poor", 200_000)
    assert sizes.mean() == pytest.approx(people.mean_size("poor"), rel=0.01)


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 6)), min_size=1, max_size=60))
def test_weighted_median_splits_the_persons(rows: list[tuple[int, int]]) -> None:
    values, persons = (np.array(c) for c in zip(*rows, strict=True))
    median = incomes.weighted_median(values.astype(float), persons)
    half = persons.sum() / 2
    assert persons[values < median].sum() < half <= persons[values <= median].sum()


def test_consumption_units_follow_the_scale() -> None:
    table = pd.DataFrame({"persons": [1, 2, 4, 3], "under_14": [0, 0, 2, 2]})
    assert incomes.consumption_units(table) == pytest.approx([1.0, 1.5, 2.1, 1.6])


def work_of(income: list[float], cell: list[int], quarter: list[int]) -> incomes.Calibration:
    persons = np.ones(len(income), np.int64)
    return incomes.Calibration(np.array(income), persons, np.array(cell), np.array(quarter))


@given(st.lists(st.floats(0, 60_000), min_size=1, max_size=80), st.integers(0, 99))
@settings(max_examples=60)
def test_a_cell_outside_the_zones_never_has_a_poor_majority(income: list[float], seed: int) -> None:
    cell = np.random.default_rng(seed).integers(0, 4, len(income)).tolist()
    work = work_of(income, cell, [-1] * len(income))
    order = np.argsort(work.income, kind="stable")
    incomes._cap(work, np.array([], np.int64))
    for number in set(cell):
        own = np.array(cell) == number
        assert (work.income[own] < 12_800).sum() < 0.5 * own.sum()
        ranked = [i for i in order if own[i]]
        assert (np.diff(work.income[ranked]) >= -1e-6).all(), "the order is kept"


def test_a_balanced_cell_keeps_the_quarters_own_incomes() -> None:
    income = [5_000.0] * 4 + [6_000.0, 9_000.0, 12_000.0, 15_000.0, 20_000.0, 30_000.0]
    work = work_of(income, [0] * 10, [0] * 4 + [-1] * 6)
    incomes._balance(work, np.arange(10))
    assert (work.income[:4] == 5_000).all()
    assert (work.income < 12_800).sum() < 5


def test_disposable_incomes_rise_with_declared_ones() -> None:
    declared = np.linspace(0, 150_000, 400)
    homes = pd.DataFrame({"single_parent": np.zeros(400, bool)})
    calm = np.zeros(400)
    left = incomes.disposable(declared, homes, np.zeros(400, np.int64), calm, np.zeros(1))
    assert (np.diff(left) > 0).all()
    assert left[0] > 5_000
    assert left[-1] < 0.75 * declared[-1]


def test_an_unreachable_median_is_said() -> None:
    message = str(errors.MedianOutOfReach("QP075003", 11_690, 8_000, 11_000))
    assert "QP075003" in message
    assert "8000 to 11000" in message


# -- promises ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def territory() -> Territory:
    return draw_territory(2014)


def changed(territory: Territory, **columns: np.ndarray) -> Territory:
    return replace(territory, households=territory.households.assign(**columns))


def test_a_finished_territory_keeps_its_promises(territory: Territory) -> None:
    promises.keep_promises(territory)
    assert promises.count_zones(territory, 0.0) == 0


def test_one_person_more_breaks_a_promise(territory: Territory) -> None:
    persons = territory.households["persons"].to_numpy(copy=True)
    persons[np.flatnonzero(territory.quarter == 0)[0]] += 1
    with pytest.raises(errors.PromiseBroken, match="inhabitants of QP075001: expected 1850"):
        promises.keep_promises(changed(territory, persons=persons))


def test_incomes_one_per_cent_higher_break_a_promise(territory: Territory) -> None:
    income = territory.households["declared_income"].to_numpy(np.float64) * 1.01
    with pytest.raises(errors.PromiseBroken, match="median of QP075001: expected 12500"):
        promises.keep_promises(changed(territory, declared_income=income))


def test_a_rich_neighbourhood_made_poor_adds_a_zone(territory: Territory) -> None:
    income = territory.households["declared_income"].to_numpy(np.float64, copy=True)
    rich = (territory.households["commune"] == "75108").to_numpy()
    income[rich] = 1_000
    with pytest.raises(errors.PromiseBroken, match="expected 21, found 22"):
        promises.keep_promises(changed(territory, declared_income=income))


def test_statistical_blocks_follow_the_population(territory: Territory) -> None:
    found = draw_iris(territory)
    assert [iris.code for iris in found] == sorted({iris.code for iris in found})
    covered = sorted((iris.first, iris.last) for iris in found)
    assert covered[0][0] == 0
    assert covered[-1][1] == len(territory.city.shapes)
    assert all(a[1] == b[0] for a, b in pairwise(covered))


def test_decoys_stay_small_and_apart(territory: Territory) -> None:
    ground, cell = territory.ground, territory.cell
    persons = np.bincount(cell, territory.households["persons"], ground.rows * ground.columns)
    assert persons[list(territory.decoys.small_zone)].sum() < 1_000
    assert (persons[list(territory.decoys.lone)] < 1_000).all()
    zones = ground.around([c for zone in territory.zones for c in zone.cells])
    assert not zones[territory.decoys.cells].any()


def test_facilities_are_drawn_where_they_are_said_to_be(territory: Territory) -> None:
    zone = where_addresses_lie(territory)
    assert ((zone == 0) == (territory.doors.quarter >= 0)).all()
    points = shapely.points(territory.addresses[["x", "y"]].to_numpy())
    legal = shapely.union_all([shape_of(territory, q) for q in territory.legal])
    shapely.prepare(legal)
    far = shapely.distance(points[zone == 1], legal)
    assert 0 < far.min() <= far.max() <= 95
    assert not shapely.dwithin(points[zone == 2], legal, 90).any()
