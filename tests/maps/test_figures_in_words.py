"""Figures are written as the page's language writes them, and an absence is never a zero."""

from __future__ import annotations

import math

import pytest
from django.utils.translation import override

from maps.figures import Figure, difference_of, figure_of, quantity
from observatory.models import Indicator, Nature
from tests.maps.screen import plain


@pytest.mark.parametrize(
    ("language", "value", "unit", "decimals", "said"),
    [
        ("fr", 1234.5, "", 0, "1 234"),
        ("fr", 12.46, "%", 1, "12,5 %"),
        ("en", 12.46, "%", 1, "12.5%"),
        ("en", 1234567, "€", 0, "1,234,567 €"),
        ("fr", -3.2, "pts", 1, "−3,2 pts"),
        ("fr", -0.04, "%", 1, "0,0 %"),
    ],
)
def test_a_quantity_is_written_as_the_language_writes_it(language, value, unit, decimals, said):
    with override(language):
        assert plain(quantity(value, unit, decimals)) == said


def test_a_difference_says_its_direction():
    share = Indicator(nature=Nature.SHARE, decimals=1)
    with override("fr"):
        assert plain(difference_of(share, 21.2)) == "+21,2 pts"
        assert plain(difference_of(share, -2)) == "−2,0 pts"


def test_a_difference_of_incomes_is_in_euros():
    income = Indicator(nature=Nature.MEDIAN, unit="€", decimals=0)
    with override("fr"):
        assert plain(difference_of(income, -1250)) == "−1 250 €"


@pytest.mark.parametrize("value", [None, math.nan])
def test_no_data_is_said_and_is_not_zero(value):
    with override("fr"):
        assert str(figure_of(Indicator(nature=Nature.COUNT), value)) == "sans donnée"


def test_what_is_kept_back_is_told_apart_from_what_is_missing():
    with override("fr"):
        assert str(Figure(None, standing="withheld")) == "retenu"
        assert Figure(None, standing="withheld").is_withheld
        assert not Figure(None, standing="not_available").is_withheld


def test_a_zero_is_a_value():
    assert str(Figure(0.0)) == "0"
