"""Consumption units, living standards, winsorisation and medians, in integer cents.

Integers make every sum exact, hence the same whatever the order of rows or the machine.
Source: INSEE, Filosofi documentation; OECD-modified equivalence scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bounds = Mapping[str, tuple[float, float]]
SMALL_WEIGHT = 256

# P5 and P95 of living standards, euros per year, by département (INSEE, 2019 vintage).
BOUNDS_2019: Bounds = {
    "75": (8063.9, 93180.6),
    "92": (9467.8, 77439.3),
    "93": (6975.6, 41120.4),
    "94": (8524.6, 55850.2),
}


def consumption_tenths(persons: Any, under_14: Any) -> Ints:
    """Count consumption units in tenths, shape (n,).

    10 for the first person, 5 for every other person aged 14 or more, 3 per child under 14.
    """
    persons, under_14 = np.asarray(persons, np.int64), np.asarray(under_14, np.int64)
    return 10 + 5 * (persons - under_14 - 1) + 3 * under_14


def to_cents(euros: Any) -> Ints:
    """Turn euros into integer cents, rounded to the nearest."""
    return np.rint(np.asarray(euros, np.float64) * 100).astype(np.int64)


def living_standards(income_cents: Ints, tenths: Ints) -> Ints:
    """Divide household incomes by consumption units: cents per unit, rounded half up."""
    return (20 * income_cents + tenths) // (2 * tenths)


def weighted_quantile(values: Any, weights: Any, q: float) -> Any:
    """Give the smallest value at which cumulated weights reach ``q`` of their total.

    Values and weights have shape (n,) with n >= 1; no interpolation, so the result is one of
    the values and does not depend on the order of rows.
    """
    return weighted_quantiles(values, weights, (q,))[0]


def weighted_quantiles(values: Any, weights: Any, qs: tuple[float, ...]) -> list[Any]:
    """Give several weighted quantiles of integer or real values with one sort."""
    values, weights = np.asarray(values), np.asarray(weights)
    if values.dtype.kind == "i" and weights.max(initial=0) < SMALL_WEIGHT:
        # Sorting one integer that holds both is ten times faster than sorting by an index.
        both = values.astype(np.int64) * SMALL_WEIGHT + weights.astype(np.int64)
        both.sort()
        values, weights = both // SMALL_WEIGHT, both % SMALL_WEIGHT
    else:
        order = np.argsort(values, kind="stable")
        values, weights = values[order], weights[order]
    reached = np.cumsum(weights, dtype=np.int64 if weights.dtype.kind in "iu" else None)
    ranks = np.searchsorted(reached, [q * reached[-1] for q in qs], side="left")
    return [values[min(int(rank), len(values) - 1)] for rank in ranks]


def medians_by_group(values: Any, weights: Any, groups: Ints, n_groups: int) -> Any:
    """Median of each group over persons, shape (n_groups,); NaN for a group without weight.

    ``values`` (n,), ``weights`` (n,) persons per row, ``groups`` (n,) integers under
    ``n_groups``. The median is the smallest value reaching half the group's persons, so a
    group's median is under a line exactly when at least half of its persons are.
    """
    values, weights = np.asarray(values), np.asarray(weights, np.int64)
    order = np.lexsort((values, groups))
    sorted_groups, reached = groups[order], np.cumsum(weights[order])
    totals = np.bincount(sorted_groups, weights[order], minlength=n_groups).astype(np.int64)
    before = np.concatenate([[0], np.cumsum(totals)[:-1]])
    at = np.searchsorted(reached, before + (totals + 1) // 2, side="left")
    medians = np.full(n_groups, np.nan)
    has = totals > 0
    medians[has] = values[order][at[has]]
    return medians


def percentile_bounds(
    standards: Ints, persons: Ints, departments: Any, low: float = 0.05, high: float = 0.95
) -> dict[str, tuple[float, float]]:
    """Compute each département's P5 and P95 of living standards over persons, in euros."""
    departments = np.asarray(departments, dtype=object).astype(str)
    bounds = {}
    for name in np.unique(departments):
        rows = departments == name
        found = weighted_quantiles(standards[rows], persons[rows], (low, high))
        bounds[str(name)] = (float(found[0]) / 100, float(found[1]) / 100)
    return bounds


def winsorise(standards: Ints, departments: Any, bounds: Bounds) -> Ints:
    """Clip living standards (cents) to their département's bounds (euros)."""
    names, codes = np.unique(np.asarray(departments, dtype=object).astype(str), return_inverse=True)
    low = to_cents([bounds[name][0] for name in names])
    high = to_cents([bounds[name][1] for name in names])
    return np.clip(standards, low[codes], high[codes])
