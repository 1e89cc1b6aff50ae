"""Classes: the legend always equals the map, with few, equal or missing values too."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.classes import METHODS, Classes, classify, histogram
from maps.errors import BadChoice

AUTOMATIC = [method for method in METHODS if method != "manuelles"]
numbers = st.lists(st.floats(-1e6, 1e6).map(lambda v: round(v, 3)), max_size=60)


@pytest.mark.parametrize("method", AUTOMATIC)
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


def test_a_histogram_counts_every_value():
    assert sum(count for _, _, count in histogram([1, 2, 3, math.nan, 9])) == 4
    assert histogram([4, 4]) == [(4.0, 4.0, 2)]
    assert histogram([]) == []
