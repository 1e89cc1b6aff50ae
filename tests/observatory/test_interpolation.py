"""From areas with figures to areas without: totals are kept, medians refused, doubt is said."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from observatory.figures.errors import BadParameter, NotAdditive
from observatory.figures.interpolation import (
    areal,
    dasymetric,
    errors_of,
    pooled,
    refuse_what_does_not_divide,
)
from observatory.models import Indicator, Nature


def areas(*shapes: shapely.Geometry, crs: int | None = 2154) -> gpd.GeoDataFrame:
    names = [chr(ord("a") + place) for place in range(len(shapes))]
    return gpd.GeoDataFrame(index=pd.Index(names), geometry=list(shapes), crs=crs)


def numbers(*values: float) -> pd.Series:
    names = [chr(ord("a") + place) for place in range(len(values))]
    return pd.Series(values, index=names, dtype=float)


TWO = areas(box(0, 0, 100, 100), box(100, 0, 200, 100))


@pytest.mark.parametrize(
    "nature", [Nature.MEDIAN, Nature.INDEX, Nature.TEXT, Nature.BOOLEAN, Nature.CHANGE]
)
def test_medians_and_indices_are_refused_with_what_to_do(nature: str) -> None:
    with pytest.raises(NotAdditive) as refused:
        refuse_what_does_not_divide(Indicator(code="revenu-median", nature=nature))
    assert "revenu-median" in str(refused.value)
    assert "Interpolate the counts" in refused.value.advice


@pytest.mark.parametrize("nature", [Nature.COUNT, Nature.AMOUNT, Nature.SHARE, Nature.RATE])
def test_counts_and_what_is_made_of_counts_divide(nature: str) -> None:
    refuse_what_does_not_divide(Indicator(code="population", nature=nature))


def test_by_area_half_an_area_has_half_of_its_people() -> None:
    found = areal(TWO, numbers(80, 20), areas(box(50, 0, 200, 100)))
    assert found.table.loc["a"].to_dict() == {"value": 60, "low": 20, "high": 100}
    assert found.unplaced == 40


def test_by_cells_parks_receive_nobody() -> None:
    cells = areas(box(0, 0, 50, 100), box(50, 0, 100, 100))
    quarter = areas(box(50, 0, 100, 100))
    found = dasymetric(areas(box(0, 0, 100, 100)), numbers(1000), quarter, cells, numbers(0, 7))
    assert found.table.loc["a"].to_dict() == {"value": 1000, "low": 1000, "high": 1000}


def test_a_cell_cut_by_the_outline_makes_the_interval() -> None:
    cells = areas(box(0, 0, 50, 100), box(50, 0, 100, 100))
    quarter = areas(box(0, 0, 75, 100))
    found = dasymetric(areas(box(0, 0, 100, 100)), numbers(100), quarter, cells, numbers(60, 40))
    assert found.table.loc["a"].round(9).to_dict() == {"value": 80, "low": 60, "high": 100}


def test_a_source_without_any_inhabited_cell_is_shared_by_area() -> None:
    cells = areas(box(0, 0, 100, 100))
    quarter = areas(box(50, 0, 150, 100))
    found = dasymetric(TWO, numbers(100, 40), quarter, cells, numbers(10))
    assert found.table.loc["a"].round(9).to_dict() == {"value": 70, "low": 0, "high": 140}


def test_a_source_without_a_value_makes_no_zero() -> None:
    quarters = areas(box(50, 0, 150, 100), box(0, 0, 50, 100))
    cells = areas(box(0, 0, 100, 100))  # the second source has no cell at all
    for found in (
        areal(TWO, numbers(80, np.nan), quarters),
        dasymetric(TWO, numbers(80, np.nan), quarters, cells, numbers(10)),
    ):
        assert found.table.loc["a"].isna().all()
        assert found.table["value"]["b"] == 40


def test_a_target_that_nothing_touches_has_no_value() -> None:
    away = areas(box(5000, 0, 5100, 100))
    assert areal(TWO, numbers(1, 1), away).table.loc["a"].isna().all()


def test_degrees_web_mercator_and_mixed_systems_are_refused() -> None:
    for wrong in (4326, 3857):
        with pytest.raises(BadParameter, match="cannot be measured"):
            areal(TWO.set_crs(wrong, allow_override=True), numbers(1, 1),
                  TWO.set_crs(wrong, allow_override=True))  # fmt: skip
    with pytest.raises(BadParameter, match="not all in one system"):
        areal(TWO, numbers(1, 1), TWO.to_crs(3035))
    with pytest.raises(BadParameter, match="no cell"):
        dasymetric(TWO, numbers(1, 1), TWO, TWO.iloc[:0], numbers())


def test_a_share_of_a_whole_is_a_sum_over_a_sum() -> None:
    quarter = areas(box(50, 0, 150, 100))
    poor, people = areal(TWO, numbers(50, 10), quarter), areal(TWO, numbers(100, 100), quarter)
    table = pooled(poor, people, 100)
    assert table["value"]["a"] == 30, "(25 + 5) of (50 + 50), not a mean weighted otherwise"
    assert table["low"]["a"] == 0
    assert np.isnan(table["high"]["a"]), "nobody is surely there: no upper bound is invented"


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1e6), min_size=4, max_size=4),
    st.lists(st.integers(0, 10_000), min_size=9, max_size=9),  # persons
    st.floats(10, 190),
)
def test_whatever_the_figures_totals_are_kept_and_values_stay_within_bounds(
    values: list[float], weights: list[int], cut: float
) -> None:
    squares = [box(x, y, x + 100, y + 100) for x in (0, 100) for y in (0, 100)]
    sources, told = areas(*squares), numbers(*values)
    step = 200 / 3
    grid = [box(i * step, j * step, (i + 1) * step, (j + 1) * step)
            for i in range(3) for j in range(3)]  # fmt: skip
    targets = areas(box(0, 0, cut, 200), box(cut, 0, 200, 200))
    for found in (
        areal(sources, told, targets),
        dasymetric(sources, told, targets, areas(*grid), numbers(*weights)),
    ):
        table, slack = found.table, 1e-6 * (1 + sum(values))
        assert abs(table["value"].sum() - sum(values)) <= slack
        assert abs(found.unplaced) <= slack
        assert (table["low"] <= table["value"] + slack).all()
        assert (table["value"] <= table["high"] + slack).all()


def test_errors_are_told_with_their_distribution() -> None:
    told = errors_of(numbers(110, 90, 100, 130), numbers(100, 100, 100, 100))
    assert {name: round(value, 6) for name, value in told.items()} == {
        "count": 4, "mean_error": 7.5, "median_absolute_error": 10, "p90_absolute_error": 24,
        "total_error": 7.5,
    }  # fmt: skip


def test_areas_without_a_truth_are_not_scored() -> None:
    assert errors_of(numbers(110, 90), numbers(100, np.nan))["count"] == 1
