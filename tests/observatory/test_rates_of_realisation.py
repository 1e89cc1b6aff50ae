"""Each rate follows its own formula, and a declared one is never replaced."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.figures import rates
from observatory.figures.rates import Line, Rate, both_shares
from observatory.models import RateFormula

POSITIVE = st.floats(0.1, 1e6)


@pytest.mark.parametrize(
    ("formula", "line", "rate"),
    [
        (rates.result_over_target, Line(target=18, result=20.3), 112.8),
        (rates.result_over_target, Line(target=25, result=67), 268),
        (rates.gap_reduction, Line(11.3, 5.65, 9.9), 24.8),
        (rates.gap_reduction, Line(11.5, 5.75, 9.4), 36.5),
        (rates.points_over_target, Line(89, 75, 76.2), 1.2),
        (rates.points_over_baseline, Line(21.5, 25.8, 24.7), 3.2),
        (rates.increase_over_target, Line(30, 5, 37), 117.5),
        (rates.multiple, Line(21, 2, 21), 0),
        (rates.multiple, Line(21, 2, 42), 100),
        (rates.coverage, Line(target=100, result=75), 75),
        (rates.done, Line(result=1), 100),
        (rates.done, Line(result=0), 0),
    ],
)
def test_published_cases(formula, line: Line, rate: float) -> None:  # type: ignore[no-untyped-def]
    assert formula(line) == pytest.approx(rate, abs=0.05)


@pytest.mark.parametrize("formula", rates.FORMULAS.values())
def test_without_a_result_there_is_no_rate_and_not_zero(formula) -> None:  # type: ignore[no-untyped-def]
    assert formula(Line(previous=10, target=20)) is None


def test_a_target_of_zero_has_no_rate() -> None:
    assert rates.result_over_target(Line(target=0, result=3)) is None


def test_every_formula_of_the_model_has_a_function() -> None:
    assert set(rates.FORMULAS) == set(RateFormula.values)


@given(previous=POSITIVE, target=POSITIVE)
def test_reaching_the_target_is_the_whole_way_and_staying_is_none(
    previous: float, target: float
) -> None:
    if abs(previous - target) < 1e-3:
        return
    assert rates.gap_reduction(Line(previous, target, target)) == pytest.approx(100)
    assert rates.gap_reduction(Line(previous, target, previous)) == pytest.approx(0)


@given(target=POSITIVE, result=POSITIVE)
def test_a_rate_does_not_depend_on_the_unit(target: float, result: float) -> None:
    once = rates.result_over_target(Line(target=target, result=result))
    thousand = rates.result_over_target(Line(target=1000 * target, result=1000 * result))
    assert once == pytest.approx(thousand)


@pytest.mark.parametrize(
    ("declared", "computed", "agrees"),
    [(113, 112.78, True), (113, 156.1, False), (112.4, 112.4, True), (112.4, 112.9, False),
     (113, None, None), (None, 80, None), (1.2, 1.2, True)],
)  # fmt: skip
def test_a_declared_rate_agrees_but_for_its_own_rounding(
    declared: float | None, computed: float | None, agrees: bool | None
) -> None:
    assert Rate("result_over_target", "%", declared, computed, None).agrees is agrees


def test_the_published_address_join_has_both_shares_and_bounds() -> None:
    told = both_shares(341, 2021, 105)
    assert told["of_all"] == pytest.approx(13.82, abs=0.005)
    assert told["of_located"] == pytest.approx(14.44, abs=0.005)
    assert told["low"] == told["of_all"]
    assert told["high"] == pytest.approx(18.08, abs=0.005)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_both_shares_lie_within_the_bounds(inside: int, outside: int, unlocated: int) -> None:
    told = both_shares(inside, outside, unlocated)
    if inside + outside == 0:
        assert told["of_located"] is None
        return
    assert told["low"] is not None
    assert told["high"] is not None
    assert told["of_located"] is not None
    assert told["low"] - 1e-9 <= told["of_located"] <= told["high"] + 1e-9
