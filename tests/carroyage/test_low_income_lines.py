"""The lines of the Paris contract, and the ways to get them wrong."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carroyage import errors, lines

# Contrat de ville de Paris 2015-2020: population and median declared income of the 20 quarters.
QUARTERS = {
    "Bédier-Boutroux": (1850, 12500),
    "Villa d'Este": (2680, 11690),
    "Kellermann-Paul Bourget": (2080, 11100),
    "Jeanne d'Arc-Clisson": (1930, 5400),
    "Oudiné-Chevaleret": (1370, 12100),
    "Didot-Porte de Vanves": (3370, 12200),
    "Porte de Saint-Ouen-Porte Pouchet": (3880, 11700),
    "Blémont": (2510, 12600),
    "Porte Montmartre-Poissonniers-Moskova": (14970, 11300),
    "La Chapelle-Evangile": (7610, 12300),
    "Goutte d'Or": (12970, 10800),
    "Porte de la Chapelle-Charles Hermite": (4490, 10300),
    "Stalingrad Riquet": (14840, 11900),
    "Michelet-A. Karr-Nantes": (13970, 11800),
    "Chaufourniers": (2310, 11800),
    "Danube-Solidarité-Marseillaise": (8990, 10800),
    "Algérie": (1430, 10300),
    "Compans-Pelleport": (1470, 12100),
    "Portes du Vingtième": (17530, 11900),
    "Grand Belleville": (30210, 12300),
}
MEDIANS = [median for _, median in QUARTERS.values()]
PARIS_UNIT = 10_500_000


def paris_line(**changes: object) -> lines.Line:
    return lines.decree_line(18_750, 22_440, PARIS_UNIT, **changes)  # type: ignore[arg-type]


def test_the_paris_line_is_12_800_from_12_799_8() -> None:
    line = paris_line()
    assert line.unrounded == Decimal("12799.8")
    assert line.value == 12_800
    assert line.national_weight == Decimal("0.3")


def test_the_national_line_is_11_250() -> None:
    assert lines.national_line(18_750).value == 11_250


def test_all_twenty_quarters_are_under_the_paris_line_and_six_under_the_national_one() -> None:
    assert sum(population for population, _ in QUARTERS.values()) == 150_460
    assert lines.quarters_under(MEDIANS, paris_line()) == 20
    assert lines.quarters_under(MEDIANS, lines.national_line(18_750)) == 6


def test_with_the_weights_swapped_thirteen_quarters_remain() -> None:
    swapped = paris_line(national_weight="0.7")
    assert swapped.unrounded == Decimal("11914.2")
    assert swapped.value == 11_910
    assert lines.quarters_under(MEDIANS, swapped) == 13
    printed = lines.stated_line(11_914, "declared", "the contract's counter-case")
    assert lines.quarters_under(MEDIANS, printed) == 13


@pytest.mark.parametrize(
    ("population", "weight"),
    [(10_000, "0.7"), (4_999_999, "0.7"), (5_000_000, "0.3"), (10_500_000, "0.3")],
)
def test_five_million_inhabitants_turn_the_weights_over(population: int, weight: str) -> None:
    assert lines.decree_line(18_750, 20_000, population).national_weight == Decimal(weight)


@pytest.mark.parametrize("line", [11_250, 11250.0, "11250.00", 12_800, 11_914])
def test_a_line_entered_as_a_median_is_refused_by_name(line: object) -> None:
    with pytest.raises(errors.LineGivenAsMedian, match=r"national median.*already a low-income"):
        lines.decree_line(line, 22_440, PARIS_UNIT)
    with pytest.raises(errors.LineGivenAsMedian, match="urban unit median") as refused:
        lines.decree_line(18_750, line, PARIS_UNIT)
    assert "18 750" in refused.value.advice


def test_the_known_lines_can_be_replaced() -> None:
    later = {Decimal(13_000): "the line of another year"}
    with pytest.raises(errors.LineGivenAsMedian, match="another year"):
        lines.decree_line(13_000, 22_440, PARIS_UNIT, known_lines=later)
    assert lines.decree_line(11_250, 22_440, PARIS_UNIT, known_lines=later).value > 0


@pytest.mark.parametrize("value", [0, -5, "nan", "inf", "eleven", None])
def test_impossible_medians_are_refused(value: object) -> None:
    with pytest.raises(errors.ImpossibleLineInput):
        lines.decree_line(value, 22_440, PARIS_UNIT)


def test_a_line_tells_where_each_input_comes_from() -> None:
    national = lines.median_input("national median", 18_750, "Insee RFL", "2011")
    told = lines.decree_line(national, 22_440, PARIS_UNIT).explain()
    assert "12800 €" in told
    assert "12799.8" in told
    assert "0.3 x 18750 + 0.7 x 22440" in told
    assert "Insee RFL, 2011" in told
    assert "urban unit population = 10500000" in told


def test_a_stated_line_is_taken_as_it_is() -> None:
    line = lines.stated_line(13_890, "disposable income", "Insee Filosofi", "2021")
    assert line.value == 13_890
    assert "Insee Filosofi, 2021" in line.explain()


def test_an_income_equal_to_the_line_is_not_under_it_nor_is_a_missing_one() -> None:
    under = paris_line().is_above([12_799.99, 12_800, np.nan])
    assert under.tolist() == [True, False, False]


@given(st.integers(10_000, 40_000), st.integers(10_000, 40_000), st.integers(10_000, 20_000_000))
def test_the_line_lies_between_60_percent_of_the_two_medians(
    national: int, local: int, population: int
) -> None:
    line = lines.decree_line(national, local, population, known_lines={})
    low, high = sorted([Decimal(national), Decimal(local)])
    assert lines.SHARE_OF_MEDIAN * low <= line.unrounded <= lines.SHARE_OF_MEDIAN * high
    assert line.value % 10 == 0
    assert abs(line.value - line.unrounded) <= 5
