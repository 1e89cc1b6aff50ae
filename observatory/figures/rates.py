"""Rates of realisation: explicit formulas, and the declared rate beside the one worked out.

Every formula is one function of a result line; what it needs and does not have makes the rate
None, never zero. Rates are in %, except those in points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from observatory.models import RateFormula, SheetResult

POINTS = "points"
PERCENT = "%"
# A declared rate is rounded as the document pleases: half a unit of its last figure.
LARGEST_ROUNDING = 0.5


@dataclass(frozen=True)
class Line:
    """What a formula may use; all in the indicator's own unit, None where not known."""

    previous: float | None = None
    target: float | None = None
    result: float | None = None


def result_over_target(line: Line) -> float | None:
    """100 × result / target.

    >>> round(result_over_target(Line(target=13, result=20.3)))
    156
    """
    return _percent(line.result, line.target)


def gap_reduction(line: Line) -> float | None:
    """Share of the way made from the previous value to the target, in %.

    For gaps and other values to bring down (or up): previous 11.3, target 5.65, result 9.9.

    >>> round(gap_reduction(Line(11.3, 5.65, 9.9)))
    25
    """
    if line.previous is None or line.target is None or line.result is None:
        return None
    return _percent(line.previous - line.result, line.previous - line.target)


def points_over_baseline(line: Line) -> float | None:
    """Result less the value before, in points."""
    return _difference(line.result, line.previous)


def points_over_target(line: Line) -> float | None:
    """Result less the target, in points: positive may hide a fall from the value before."""
    return _difference(line.result, line.target)


def increase_over_target(line: Line) -> float | None:
    """100 × result / (previous raised by the target, a percentage).

    >>> round(increase_over_target(Line(previous=30, target=5, result=37)))
    117
    """
    if line.previous is None or line.target is None:
        return None
    return _percent(line.result, line.previous * (1 + line.target / 100))


def multiple(line: Line) -> float | None:
    """Share of the way to ``target`` times the value before, in %.

    Doubling 21 aims at 42: staying at 21 is 0 %.
    """
    if line.previous is None or line.target is None or line.result is None:
        return None
    return _percent(line.result - line.previous, line.previous * (line.target - 1))


def coverage(line: Line) -> float | None:
    """Share covered over the share to cover, in %."""
    return result_over_target(line)


def done(line: Line) -> float | None:
    """100 where it was done, 0 where it was not."""
    return None if line.result is None else 100.0 if line.result > 0 else 0.0


def no_rate(line: Line) -> float | None:
    """No rate can be worked out."""
    return None


FORMULAS: dict[str, Callable[[Line], float | None]] = {
    RateFormula.RESULT_OVER_TARGET: result_over_target,
    RateFormula.GAP_REDUCTION: gap_reduction,
    RateFormula.POINTS_OVER_BASELINE: points_over_baseline,
    RateFormula.POINTS_OVER_TARGET: points_over_target,
    RateFormula.INCREASE_OVER_TARGET: increase_over_target,
    RateFormula.MULTIPLE: multiple,
    RateFormula.COVERAGE: coverage,
    RateFormula.DONE: done,
    RateFormula.NONE: no_rate,
}
IN_POINTS = (RateFormula.POINTS_OVER_BASELINE, RateFormula.POINTS_OVER_TARGET)


def unit_of(formula: str) -> str:
    """Return the unit a formula gives: % or points."""
    return POINTS if formula in IN_POINTS else PERCENT


@dataclass(frozen=True)
class Rate:
    """A declared rate beside the one worked out from the printed result.

    ``from_counts`` is worked out from the counts behind the result, where they are known, so
    that what rounding does can be seen. ``difference`` is declared less computed.
    """

    formula: str
    unit: str
    declared: float | None
    computed: float | None
    from_counts: float | None

    @property
    def difference(self) -> float | None:
        """Declared less computed."""
        return _difference(self.declared, self.computed)

    @property
    def agrees(self) -> bool | None:
        """Whether the declared rate is the computed one but for rounding; None: no telling."""
        gap = self.difference
        if gap is None:
            return None
        decimals = _decimals(self.declared or 0.0)
        return abs(gap) <= LARGEST_ROUNDING * 10**-decimals + 1e-9

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "formula": self.formula,
            "unit": self.unit,
            "declared": self.declared,
            "computed": self.computed,
            "from_counts": self.from_counts,
            "difference": self.difference,
            "agrees": self.agrees,
        }


def rate_of(result: SheetResult) -> Rate:
    """Work out the rate of one line of a sheet by its own formula."""
    function = FORMULAS[result.formula]
    exact = share_of_counts(result.numerator, result.denominator)
    known = Line(result.previous, result.target, result.result)
    from_counts = None
    if exact is not None and result.unit == PERCENT:
        from_counts = function(Line(result.previous, result.target, exact))
    return Rate(
        result.formula, unit_of(result.formula), result.declared, function(known), from_counts
    )


def share_of_counts(numerator: float | None, denominator: float | None) -> float | None:
    """Return 100 × numerator / denominator, or None."""
    return _percent(numerator, denominator)


def both_shares(inside: int, outside: int, unlocated: int) -> dict[str, float | None]:
    """Return the share inside over all rows and over located rows, with bounds, in %.

    The unlocated may all be outside (``low``) or all inside (``high``).

    >>> {name: round(value, 1) for name, value in both_shares(341, 2021, 105).items()}
    {'of_all': 13.8, 'of_located': 14.4, 'low': 13.8, 'high': 18.1}
    """
    located, everyone = inside + outside, inside + outside + unlocated
    return {
        "of_all": _percent(inside, everyone),
        "of_located": _percent(inside, located),
        "low": _percent(inside, everyone),
        "high": _percent(inside + unlocated, everyone),
    }


def _percent(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else 100 * part / whole


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _decimals(value: float) -> int:
    text = f"{value:.6f}".rstrip("0")
    return len(text.split(".")[1]) if "." in text else 0
