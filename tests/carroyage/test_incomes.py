"""Consumption units, living standards and medians, on cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carroyage import incomes

INCOMES = st.lists(
    st.tuples(st.integers(0, 10_000_000), st.integers(1, 8)), min_size=1, max_size=80
)


@pytest.mark.parametrize(
    ("persons", "children", "units"),
    [(1, 0, 1.0), (2, 0, 1.5), (2, 1, 1.3), (4, 2, 2.1), (5, 3, 2.4), (3, 0, 2.0)],
)
def test_consumption_units_of_a_household(persons: int, children: int, units: float) -> None:
    assert incomes.consumption_tenths([persons], [children])[0] == round(units * 10)


def test_a_couple_with_two_children_lives_on_its_income_over_2_1() -> None:
    tenths = incomes.consumption_tenths([4], [2])
    assert incomes.living_standards(incomes.to_cents([42_000.0]), tenths)[0] == 2_000_000


@given(st.integers(0, 10**10), st.integers(10, 60))
def test_living_standards_are_rounded_to_the_nearest_cent(cents: int, tenths: int) -> None:
    found = int(incomes.living_standards(np.array([cents]), np.array([tenths]))[0])
    assert abs(found * tenths - cents * 10) * 2 <= tenths


@given(INCOMES)
def test_the_median_is_over_persons_not_households(rows: list[tuple[int, int]]) -> None:
    values, weights = map(np.array, zip(*rows, strict=True))
    everyone = np.sort(np.repeat(values, weights))
    expected = everyone[(len(everyone) + 1) // 2 - 1]
    found = incomes.medians_by_group(values, weights, np.zeros(len(values), np.int64), 1)
    assert found[0] == expected
    assert incomes.weighted_quantile(values, weights, 0.5) == expected


@given(INCOMES, st.integers(0, 10_000_000))
def test_a_median_is_under_the_line_exactly_when_half_of_the_inhabitants_are(
    rows: list[tuple[int, int]], line: int
) -> None:
    values, weights = map(np.array, zip(*rows, strict=True))
    median = incomes.medians_by_group(values, weights, np.zeros(len(values), np.int64), 1)[0]
    low = weights[values < line].sum()
    assert (median < line) == (2 * low >= weights.sum())


@given(INCOMES, st.integers(1, 5))
def test_medians_of_groups_are_those_of_each_group_alone(
    rows: list[tuple[int, int]], n_groups: int
) -> None:
    values, weights = map(np.array, zip(*rows, strict=True))
    groups = np.arange(len(values), dtype=np.int64) * 7 % n_groups
    found = incomes.medians_by_group(values, weights, groups, n_groups)
    for group in range(n_groups):
        own = groups == group
        if own.any():
            assert found[group] == incomes.weighted_quantile(values[own], weights[own], 0.5)
        else:
            assert np.isnan(found[group])


def test_winsorised_standards_stay_within_the_department_s_bounds() -> None:
    standards = incomes.to_cents([1_000.0, 20_000.0, 200_000.0, 60_000.0])
    clipped = incomes.winsorise(standards, ["75", "75", "75", "93"], incomes.BOUNDS_2019)
    assert (clipped / 100).tolist() == [8063.9, 20_000.0, 93_180.6, 41_120.4]


def test_bounds_computed_from_records_leave_a_twentieth_on_each_side() -> None:
    standards = incomes.to_cents(np.arange(1, 101) * 100.0)
    bounds = incomes.percentile_bounds(standards, np.ones(100, np.int64), ["75"] * 100)
    assert bounds == {"75": (500.0, 9500.0)}
