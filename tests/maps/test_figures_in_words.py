"""Figures are written as the page's language writes them, and an absence is never a zero."""

from __future__ import annotations

import math

import pytest
from django.utils.translation import override

from layers.registry import Attribute
from maps.areas import Area
from maps.figures import Figure, difference_of, figure_of, quantity
from maps.templatetags.maps_deposits import percented
from maps.templatetags.maps_values import value
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


def in_the_list(attribute: Attribute, found: object) -> str:
    """Return what the list of quarters says of one value."""
    return plain(value(Area(1, {attribute.name: found}, (0, 0), (0, 0, 0, 0)), attribute))


@pytest.mark.parametrize(
    ("language", "found", "decimals", "said"),
    [
        ("fr", 18.08, 1, "18,1 %"),
        ("fr", 18.04, 1, "18,0 %"),
        ("fr", 99.96, 1, "100,0 %"),
        ("fr", 18.5001, 0, "19 %"),
        ("fr", -18.08, 1, "−18,1 %"),
        ("en", 18.08, 1, "18.1%"),
    ],
)
def test_a_value_of_the_list_is_rounded_and_not_cut_off(language, found, decimals, said):
    share = Attribute("poverty", "Taux de pauvreté", "number", "%", decimals)
    with override(language):
        assert in_the_list(share, found) == said


def test_an_extent_in_the_list_is_rounded_to_a_tenth_of_a_hectare():
    extent = Attribute("area", "Superficie", "number", "m²", 0)
    with override("fr"):
        assert in_the_list(extent, 180_800) == "18,1 ha"
        assert in_the_list(extent, 12_345_678) == "1 234,6 ha"


def test_the_list_does_not_say_a_unit_twice():
    households = Attribute("households", "Ménages", "integer", "ménages", 0)
    with override("fr"):
        assert in_the_list(households, 1322) == "1 322"
        assert in_the_list(households, None) == "sans donnée"
        assert in_the_list(households, 0) == "0"


@pytest.mark.parametrize(
    ("language", "share", "said"),
    [
        ("fr", 0.1808, "18,1 %"),
        ("fr", 0.18996, "19,0 %"),
        ("en", 0.1808, "18.1%"),
        ("fr", None, "sans donnée"),
    ],
)
def test_a_share_of_a_deposit_is_rounded_and_not_cut_off(language, share, said):
    with override(language):
        assert plain(percented(share)) == said
