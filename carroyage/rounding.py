"""Truncate and round released values to one decimal, so that breakdowns still add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from carroyage import columns
from carroyage.natural_levels import NaturalLevels

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TENTHS = 10
NOISE = 6  # decimals kept before rounding: a half stays a half in whatever order it was summed


@dataclass(frozen=True)
class Rounded:
    """Released values, and the same after truncation only (to tell residuals apart)."""

    values: pd.DataFrame
    capped: pd.DataFrame


def round_published(exact: pd.DataFrame, levels: NaturalLevels, cap: float) -> Rounded:
    """Cap poor households, then round imputed rows to tenths.

    Persons are never touched. Parts of a total (ages, building periods, flats and houses) are
    rounded on their running sums, so that they add up to the rounded total; counts that cannot
    exceed households do not after rounding either.
    """
    capped = _capped(exact, cap)
    values = {str(name): one_decimal(capped[name].to_numpy(np.float64)) for name in capped}
    rows = np.flatnonzero(levels.imputed & ~levels.withheld)
    if len(rows):
        _round_rows(values, capped, rows)
    _keep_cap(values, cap)
    return Rounded(pd.DataFrame(values, index=exact.index, copy=False), capped)


def one_decimal(values: npt.NDArray) -> Floats:
    """Round to one decimal, the same whatever the order in which the values were summed."""
    return np.asarray(np.round(np.round(values, NOISE), 1), np.float64)


def _capped(exact: pd.DataFrame, cap: float) -> pd.DataFrame:
    if columns.POOR not in exact:
        return exact
    limit = exact[columns.HOUSEHOLDS] * cap
    return exact.assign(**{columns.POOR: np.minimum(exact[columns.POOR], limit)})


def _round_rows(values: dict[str, Floats], capped: pd.DataFrame, rows: Ints) -> None:
    totals = {name: to_tenths(values[name][rows]) for name in (columns.PERSONS, columns.HOUSEHOLDS)}
    whole = {name for parts in columns.BREAKDOWNS for name in parts if set(parts) <= set(values)}
    for name in columns.PARTS_OF_HOUSEHOLDS:
        if name in values and name not in whole:
            part = to_tenths(capped[name].to_numpy(np.float64)[rows])
            values[name][rows] = np.minimum(part, totals[columns.HOUSEHOLDS]) / TENTHS
    for parts, total in columns.BREAKDOWNS.items():
        if set(parts) <= set(values):
            exact = np.column_stack([capped[name].to_numpy(np.float64)[rows] for name in parts])
            shared = share_out(exact * TENTHS, totals[total])
            for j, name in enumerate(parts):
                values[name][rows] = shared[:, j] / TENTHS


def _keep_cap(values: dict[str, Floats], cap: float) -> None:
    if columns.POOR in values:
        limit = np.floor(values[columns.HOUSEHOLDS] * (cap * TENTHS) + 1e-6) / TENTHS
        values[columns.POOR] = np.fmin(values[columns.POOR], limit)


def to_tenths(values: Floats) -> Ints:
    """Round to integer tenths, halves to even."""
    return np.rint(np.round(values * TENTHS, NOISE)).astype(np.int64)


def share_out(exact: Floats, totals: Ints) -> Ints:
    """Round parts to integers that add up to given totals, by rounding running sums.

    Parameters
    ----------
    exact : float (n, k), parts whose sums are close to ``totals``
    totals : int (n,)

    Returns
    -------
    int64 (n, k), no part negative, each less than one unit from its exact value when the sums
    agree with the totals.
    """
    edges = np.rint(np.cumsum(exact, axis=1)).astype(np.int64)
    np.minimum(edges, totals[:, None], out=edges)
    edges[:, -1] = totals
    return np.diff(edges, axis=1, prepend=0)
