"""A line over the years never crosses a series break, on any chart."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from maps.charts.breaks import break_years, parted
from maps.charts.furniture import length_in_words, round_length
from tests.maps.facts import build_facts
from tests.maps.screen import plain
from tests.maps.town import build_town


def test_a_line_has_a_hole_before_the_new_series():
    years, values = parted(pd.Series([1.0, 2.0, 3.0], index=[2018, 2019, 2020]), [2019])
    assert years == [2018, 2018.5, 2019, 2020]
    assert math.isnan(values[1])
    assert [values[0], *values[2:]] == [1.0, 2.0, 3.0]


def test_a_missing_year_is_left_out_and_is_not_zero():
    assert parted(pd.Series([1.0, math.nan, 3.0], index=[1, 2, 3]), []) == ([1, 3], [1, 3])


@pytest.mark.django_db
def test_the_breaks_are_those_of_the_dictionary():
    build_town()
    build_facts()
    assert break_years("median-income") == [2020]
    assert break_years("poverty-rate") == []


@pytest.mark.parametrize(
    ("width", "length", "words"),
    [(4_300, 1_000, "1 km"), (900, 200, "200 m"), (81_000, 20_000, "20 km"), (40, 10, "10 m")],
)
def test_a_scale_is_a_round_length(width, length, words):
    assert round_length(width) == length
    assert plain(length_in_words(length)) == words
