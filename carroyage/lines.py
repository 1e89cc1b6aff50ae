"""Low-income lines, each with the inputs it comes from.

Decree 2014-767 of 3 July 2014: S = 0.6 x (w M_nat + (1 - w) M_uu), where M_nat and M_uu are
median *declared* incomes per consumption unit, w = 0.7, and w = 0.3 for urban units of five
million inhabitants or more. Lines are rounded to 10 euros. Decimal arithmetic keeps printed
figures exact (12 799.8, not 12 799.799999).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from carroyage import errors

SHARE_OF_MEDIAN = Decimal("0.6")
USUAL_WEIGHT = Decimal("0.7")
LARGE_UNIT_WEIGHT = Decimal("0.3")
LARGE_UNIT = 5_000_000
ROUNDED_TO = Decimal(10)

KNOWN_LINES: Mapping[Decimal, str] = {
    Decimal(11250): "the national line of 2014",
    Decimal(12800): "the Paris line of 2014",
    Decimal(11914): "the Paris line under the usual weights",
    Decimal(11910): "the Paris line under the usual weights",
    Decimal("12799.8"): "the Paris line of 2014 before rounding",
    Decimal("11914.2"): "the Paris line under the usual weights",
}


@dataclass(frozen=True)
class LineInput:
    """One figure a line comes from: euros per consumption unit and year, or inhabitants."""

    name: str
    value: Decimal
    source: str = "not stated"
    vintage: str = "not stated"

    def __str__(self) -> str:
        return f"{self.name} = {self.value:f} ({self.source}, {self.vintage})"


@dataclass(frozen=True)
class Line:
    """A low-income line in euros per consumption unit and year.

    ``value`` is what is applied (rounded to 10 euros when the decree's formula made it),
    ``unrounded`` what the formula gave, ``national_weight`` the weight w.
    """

    value: Decimal
    unrounded: Decimal
    concept: str
    formula: str
    national_weight: Decimal | None = None
    inputs: tuple[LineInput, ...] = field(default_factory=tuple)

    def is_above(self, incomes: Any) -> npt.NDArray[np.bool_]:
        """Say for each income (euros, shape (n,)) whether it is strictly under the line.

        A missing income is never under the line.
        """
        return np.asarray(incomes, dtype=np.float64) < float(self.value)

    @property
    def cents(self) -> int:
        """The line in integer cents."""
        return int((self.value * 100).to_integral_value(ROUND_HALF_UP))

    def explain(self) -> str:
        """Tell the line and where it comes from, one input per text line."""
        head = f"{self.value:f} € ({self.concept}): {self.formula} = {self.unrounded:f} €"
        return "\n".join([head, *(f"  {item}" for item in self.inputs)])


def median_input(
    name: str,
    value: Any,
    source: str = "not stated",
    vintage: str = "not stated",
    known_lines: Mapping[Decimal, str] | None = None,
) -> LineInput:
    """Check one median income before it enters a formula.

    Raises
    ------
    LineGivenAsMedian
        The value is a known line (``known_lines``, by default those of 2014).
    ImpossibleLineInput
    """
    number = _decimal(name, value)
    known = KNOWN_LINES if known_lines is None else known_lines
    if number in known:
        raise errors.LineGivenAsMedian(name, f"{number:f}", known[number])
    return LineInput(name, number, source, vintage)


def decree_line(
    national_median: Any,
    urban_unit_median: Any,
    urban_unit_population: int | LineInput,
    *,
    known_lines: Mapping[Decimal, str] | None = None,
    national_weight: Any = None,
) -> Line:
    """Compute the decree's line for one urban unit.

    Parameters
    ----------
    national_median, urban_unit_median : number or LineInput
        Median declared incomes per consumption unit, euros per year.
    urban_unit_population : int or LineInput
        Inhabitants; decides the weight.
    national_weight : number, optional
        Overrides the weight, for counter-cases.

    Raises
    ------
    LineGivenAsMedian, ImpossibleLineInput
    """
    national = _as_input("national median", national_median, known_lines)
    local = _as_input("urban unit median", urban_unit_median, known_lines)
    population = _as_population(urban_unit_population)
    weight = (
        decree_weight(population.value)
        if national_weight is None
        else _decimal("weight", national_weight)
    )
    unrounded = SHARE_OF_MEDIAN * (weight * national.value + (1 - weight) * local.value)
    formula = f"0.6 x ({weight:f} x {national.value:f} + {1 - weight:f} x {local.value:f})"
    return Line(
        round_line(unrounded),
        unrounded.normalize(),
        "declared income per consumption unit",
        formula,
        weight,
        (national, local, population),
    )


def national_line(national_median: Any) -> Line:
    """Compute 60 % of the national median (11 250 euros from 18 750), rounded to 10 euros."""
    national = _as_input("national median", national_median, None)
    unrounded = SHARE_OF_MEDIAN * national.value
    return Line(
        round_line(unrounded),
        unrounded.normalize(),
        "declared income per consumption unit",
        f"0.6 x {national.value:f}",
        Decimal(1),
        (national,),
    )


def stated_line(value: Any, concept: str, source: str, vintage: str = "not stated") -> Line:
    """Take any other declared line as it is, with its concept and its source."""
    given = LineInput("line", _decimal("line", value), source, vintage)
    return Line(given.value, given.value, concept, "as stated", None, (given,))


def decree_weight(urban_unit_population: int | Decimal) -> Decimal:
    """Give the weight of the national median for an urban unit of that population."""
    return LARGE_UNIT_WEIGHT if urban_unit_population >= LARGE_UNIT else USUAL_WEIGHT


def round_line(value: Decimal) -> Decimal:
    """Round to 10 euros, halves up."""
    return (value / ROUNDED_TO).to_integral_value(ROUND_HALF_UP) * ROUNDED_TO


def quarters_under(medians: Iterable[float], line: Line) -> int:
    """Count the quarters whose median is strictly under the line."""
    return int(line.is_above(np.fromiter(medians, dtype=np.float64)).sum())


def _as_input(name: str, value: Any, known_lines: Mapping[Decimal, str] | None) -> LineInput:
    if isinstance(value, LineInput):
        return median_input(value.name, value.value, value.source, value.vintage, known_lines)
    return median_input(name, value, known_lines=known_lines)


def _as_population(value: Any) -> LineInput:
    given = value if isinstance(value, LineInput) else LineInput("urban unit population", value)
    return replace(given, value=_decimal(given.name, given.value))


def _decimal(name: str, value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except ArithmeticError as error:
        raise errors.ImpossibleLineInput(name, value) from error
    if not number.is_finite() or number <= 0:
        raise errors.ImpossibleLineInput(name, value)
    return number.normalize()  # so that 12800.0 is told as 12800
