"""Classes: the legend always equals the map, with few, equal or missing values too."""

from __future__ import annotations

import math
import subprocess
import sys

import mapclassify
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.classes import METHODS, Classes, around_nought, classify, histogram
from maps.errors import BadChoice

AUTOMATIC = [method for method in METHODS if method != "manuelles"]
numbers = st.lists(st.floats(-1e6, 1e6).map(lambda v: round(v, 3)), max_size=60)


@pytest.mark.parametrize("method", AUTOMATIC)
@settings(deadline=None)
@given(values=numbers, count=st.integers(2, 8))
def test_every_value_is_in_exactly_one_class_and_the_counts_say_how_many(method, values, count):
    classes = classify(values, method, count)
    found = classes.of(values)
    assert (found >= 0).all()
    assert list(np.bincount(found, minlength=len(classes.breaks) + 1)) == list(classes.counts)
    assert sum(classes.counts) == len(values)
    assert list(classes.breaks) == sorted(set(classes.breaks))


def test_a_class_holds_its_lower_break():
    classes = Classes("manuelles", (10.0, 20.0), ())
    assert classes.of([9.99, 10.0, 19.99, 20.0]).tolist() == [0, 1, 1, 2]


def test_a_missing_value_is_in_no_class():
    assert classify([1, 2, math.nan, 3]).of([math.nan, 1]).tolist() == [-1, 0]


@pytest.mark.parametrize("method", AUTOMATIC)
def test_equal_values_make_one_class(method):
    classes = classify([7.0] * 12, method)
    assert classes.breaks == ()
    assert classes.counts == (12,)


def test_no_more_classes_than_different_values():
    assert len(classify([1, 1, 2, 2, 2], "quantiles", 5).counts) == 2


def test_quantiles_put_as_many_in_each_class():
    assert classify(list(range(100)), "quantiles", 5).counts == (20,) * 5


def test_jenks_finds_the_gaps():
    classes = classify([1, 2, 3, 50, 51, 52, 98, 99, 100], "jenks", 3, decimals=0)
    assert classes.counts == (3, 3, 3)


def test_jenks_of_many_values_ends_and_finds_the_gaps():
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(centre, 1, 1_000) for centre in (0, 100, 200)])
    assert classify(values, "jenks", 3).counts == (1_000, 1_000, 1_000)


def test_round_breaks_are_round():
    classes = classify(np.linspace(0.7, 99.2, 200), "rondes", 5, decimals=0)
    assert all(edge % 10 == 0 for edge in classes.breaks)


def test_breaks_are_as_short_as_leaves_every_value_in_its_class():
    classes = classify([10.123, 10.127, 55.5, 56.5], "quantiles", 2, decimals=1)
    assert classes.breaks == (55.5,)


def test_breaks_by_hand_stay_as_given():
    assert classify([1, 2, 3], "manuelles", given=[20, 10]).breaks == (10.0, 20.0)


@pytest.mark.parametrize(
    ("method", "count", "breaks"),
    [("inconnue", 5, []), ("jenks", 1, []), ("jenks", 9, []), ("manuelles", 5, []),
     ("manuelles", 5, [math.inf]), ("manuelles", 5, list(range(8)))],
)  # fmt: skip
def test_a_choice_that_cannot_be_is_said(method, count, breaks):
    with pytest.raises(BadChoice):
        classify([1, 2, 3], method, count, given=breaks)


@settings(deadline=None)
@given(values=numbers, count=st.integers(2, 8))
def test_the_bars_of_each_class_add_up_to_what_its_legend_says(values, count):
    classes = classify(values, "quantiles", count)
    told = [0] * len(classes.counts)
    for bar in histogram(values, classes):
        told[bar.number] += bar.count
    assert told == list(classes.counts)


def test_the_highest_value_is_in_the_bar_of_its_own_class():
    """It stands on the last edge, and may be a break itself."""
    classes = classify([30.0, 42.0], "quantiles", 2)
    assert [(bar.number, bar.count) for bar in histogram([30.0, 42.0], classes)] == [(0, 1), (1, 1)]


def test_bars_of_equal_or_of_no_values():
    one = classify([4, 4])
    assert [(bar.low, bar.high, bar.count) for bar in histogram([4, 4], one)] == [(4.0, 4.0, 2)]
    assert histogram([], classify([])) == []


class TestNaturalBreaks:
    """One exact search serves the map and the typology."""

    @settings(deadline=None)
    @given(
        values=st.lists(st.integers(-50, 50), min_size=12, max_size=40, unique=True),
        count=st.integers(2, 5),
    )
    def test_they_are_as_tight_as_those_of_mapclassify(self, values, count):
        def spread(numbers):
            data = np.asarray(values, float)
            return sum(
                ((data[numbers == one] - data[numbers == one].mean()) ** 2).sum()
                for one in np.unique(numbers)
            )

        peer = mapclassify.FisherJenks(np.asarray(values, float), k=count)
        ours = classify(values, "jenks", count, decimals=6)
        assert spread(ours.of(values)) <= spread(peer.yb) + 1e-6
        assert len(ours.counts) == count


class TestChanges:
    def test_rises_and_falls_never_share_a_class(self):
        values = [-8.0, -3, -1, 2, 5, 9, 12]
        classes = around_nought(classify(values, "quantiles", 4), values)
        assert 0.0 in classes.breaks
        assert sum(classes.counts) == len(values)
        numbers = classes.of(values)
        assert max(numbers[:3]) < min(numbers[3:])

    @pytest.mark.parametrize("values", [[1.0, 2, 3, 4], [-4.0, -3, -2, -1]])
    def test_where_all_go_one_way_nothing_moves(self, values):
        classes = classify(values, "quantiles", 2)
        assert around_nought(classes, values) == classes


def test_the_first_map_waits_for_no_compiler_and_what_must_be_compiled_still_is():
    # A process of its own: here, other tests have read mapclassify already.
    told = subprocess.run(
        [sys.executable, "-c", FIRST_MAP], capture_output=True, text=True, check=True
    ).stdout.split()
    assert told == ["2", "function", "CPUDispatcher"]


FIRST_MAP = """
import django
django.setup()
from maps.classes import classify
print(len(classify([1, 2, 3, 4, 5, 6], "quantiles", 3).breaks))
from mapclassify import classifiers
print(type(classifiers._fisher_jenks_means).__name__)
import numba
print(type(numba.njit(lambda value: value)).__name__)
"""
