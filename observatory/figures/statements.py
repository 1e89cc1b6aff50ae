"""What the sources print, beside what their own parts give.

A statement has a formula and operands. An operand is a number, or the total of a loaded table:
``rows:figures:sum:INDICATOR:SOURCE``, ``rows:figures:min:…``, ``rows:figures:count:…``,
``rows:funding:amount:SOURCE[:COMMUNE]``, ``rows:funding:projects:SOURCE[:COMMUNE]``,
``rows:projects:count:SOURCE[:STATE]``, ``rows:projects:mentions:SOURCE[:STATE]``. Nothing is
corrected: the printed figure and the one worked out stay side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Count, Min, Sum

from observatory.models import FundingLine, Observation, Project, ProjectShare, Statement

Numbers = Sequence[float]


class Verdict(StrEnum):
    """How a printed figure stands to the one its parts give."""

    AGREES = "agrees"
    TRUNCATED = "truncated"
    DISAGREES = "disagrees"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Checked:
    """One statement, worked out; ``computed`` is None where a table is not loaded."""

    statement: Statement
    computed: float | None
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, with the source to quote."""
        told = self.statement
        return {
            "source": told.source.code,
            "line": told.line,
            "label": told.label,
            "printed": told.printed,
            "computed": self.computed,
            "difference": None if self.computed is None else self.computed - told.printed,
            "unit": told.unit,
            "formula": told.formula,
            "operands": told.operands,
            "verdict": str(self.verdict),
            "remark": told.remark,
            "citation": told.source.citation(),
        }


FORMULAS: dict[str, Callable[[Numbers], float]] = {
    "sum": math.fsum,
    "value": lambda x: x[0],
    "min": min,
    # a raised by b %
    "raised": lambda x: x[0] * (1 + x[1] / 100),
    "difference": lambda x: x[0] - x[1],
    # a of b, in %
    "percent": lambda x: 100 * x[0] / x[1],
    # from a to b, in %
    "increase": lambda x: 100 * (x[1] / x[0] - 1),
    "ratio": lambda x: x[0] / x[1],
    # a % of b
    "share_of": lambda x: x[0] / 100 * x[1],
    # the base of which b is a % more
    "base_of": lambda x: x[1] / (1 + x[0] / 100),
    # gap before a, gap after b, gap aimed at c: how much of the way was made, in %
    "gap_reduction": lambda x: 100 * (x[0] - x[1]) / (x[0] - x[2]),
    # result over (base a raised by b %), in %
    "over_raised": lambda x: 100 * x[2] / (x[0] * (1 + x[1] / 100)),
    "points": lambda x: x[0] - x[1],
    "more_than_half": lambda x: 100 * x[0] / x[1],
}  # fmt: skip


def check(statement: Statement) -> Checked:
    """Work one statement out again."""
    operands = [_operand(told) for told in statement.operands]
    if any(value is None for value in operands):
        return Checked(statement, None, Verdict.UNKNOWN)
    computed = FORMULAS[statement.formula]([value for value in operands if value is not None])
    return Checked(statement, computed, _verdict(statement, computed))


def check_all(only_disagreements: bool = False) -> list[Checked]:
    """Work every statement out again, in the order of sources and lines."""
    found = [check(told) for told in Statement.objects.select_related("source")]
    wrong = (Verdict.DISAGREES, Verdict.TRUNCATED)
    return [one for one in found if one.verdict in wrong] if only_disagreements else found


def _verdict(statement: Statement, computed: float) -> Verdict:
    if statement.formula == "more_than_half":
        return Verdict.AGREES if computed > 50 else Verdict.DISAGREES
    step = Decimal(1).scaleb(-statement.decimals)
    exact = Decimal(repr(round(computed, 9)))
    printed = Decimal(repr(statement.printed)).quantize(step)
    if exact.quantize(step, ROUND_HALF_UP) == printed:
        return Verdict.AGREES
    truncated = (exact / step).to_integral_value(rounding="ROUND_DOWN") * step
    return Verdict.TRUNCATED if truncated == printed else Verdict.DISAGREES


# -- totals of loaded tables ---------------------------------------------------------------


def _operand(told: Any) -> float | None:
    if isinstance(told, (int, float)):
        return float(told)
    _, table, measure, *rest = str(told).split(":")
    return TABLES[table](measure, rest)


def _figures(measure: str, rest: list[str]) -> float | None:
    indicator, source, *level = rest
    rows = Observation.objects.filter(
        indicator__code=indicator, source__code=source, value__isnull=False
    )
    if level:
        rows = rows.filter(territory__level=level[0])
    functions: dict[str, Any] = {"sum": Sum("value"), "min": Min("value"), "count": Count("pk")}
    found = rows.aggregate(found=functions[measure])["found"]
    return None if not rows.exists() else float(found)


def _funding(measure: str, rest: list[str]) -> float | None:
    source, *place = rest
    lines = FundingLine.objects.filter(source__code=source)
    if place:
        lines = lines.filter(places__territory__code=place[0])
    found = lines.aggregate(found=Sum(measure))["found"]
    return None if found is None else float(found)


def _projects(measure: str, rest: list[str]) -> float | None:
    source, *state = rest
    projects = Project.objects.filter(source__code=source)
    if state:
        projects = projects.filter(state=state[0])
    if not projects.exists():
        return None
    shares = ProjectShare.objects.filter(project__in=projects)
    return float(projects.count() if measure == "count" else shares.count())


TABLES: dict[str, Callable[[str, list[str]], float | None]] = {
    "figures": _figures,
    "funding": _funding,
    "projects": _projects,
}
