"""Truncate and round released values to one decimal, so that breakdowns still add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
class Table:
    """Columns of cells as the rows of one array, ``values`` (names, n)."""

    names: list[str]
    values: Floats

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Table:
        """Copy a frame of numbers."""
        values = np.empty((frame.shape[1], len(frame)))
        for row, (_, column) in zip(values, frame.items(), strict=True):
            row[:] = column.to_numpy()
        return cls([str(name) for name in frame], values)

    def copy(self) -> Table:
        """Copy the array."""
        return Table(self.names, self.values.copy())

    def __getitem__(self, name: str) -> Floats:
        return self.values[self.names.index(name)]

    def __iter__(self) -> Iterator[tuple[str, Floats]]:
        return zip(self.names, self.values, strict=True)

    def frame(self, index: pd.Index | None = None) -> pd.DataFrame:
        """Give a frame that shares the array."""
        return pd.DataFrame(self.values.T, index=index, columns=self.names, copy=False)


@dataclass(frozen=True)
class Rounded:
    """Released values, and the poor households after truncation only (to tell residuals apart)."""

    values: Table
    capped_poor: Floats | None


def round_published(exact: Table, levels: NaturalLevels, cap: float) -> Rounded:
    """Cap poor households, then round imputed rows to tenths.

    Persons are never touched. Parts of a total (ages, building periods, flats and houses) are
    rounded on their running sums, so that they add up to the rounded total; counts that cannot
    exceed households do not after rounding either.
    """
    table, capped_poor, poor = exact.copy(), None, columns.POOR in exact.names
    if poor:
        capped_poor = np.minimum(table[columns.POOR], table[columns.HOUSEHOLDS] * cap)
        table[columns.POOR][:] = capped_poor
    rows = np.flatnonzero(levels.imputed & ~levels.withheld)
    imputed = {name: values.take(rows) for name, values in table}
    for values in table.values:
        one_decimal(values, out=values)
    if len(rows):
        _round_rows(table, imputed, rows)
    if poor:
        limit = np.floor(table[columns.HOUSEHOLDS] * (cap * TENTHS) + 1e-6) / TENTHS
        np.fmin(table[columns.POOR], limit, out=table[columns.POOR])
    return Rounded(table, capped_poor)


def one_decimal(values: npt.NDArray, out: Floats | None = None) -> Floats:
    """Round to one decimal, the same whatever the order in which the values were summed."""
    fine = np.round(values, NOISE, out=out)
    return np.asarray(np.round(fine, 1, out=fine), np.float64)


def _round_rows(table: Table, imputed: dict[str, Floats], rows: Ints) -> None:
    totals = {
        name: to_tenths(table[name].take(rows)) for name in (columns.PERSONS, columns.HOUSEHOLDS)
    }
    known = set(table.names)
    whole = {name for parts in columns.BREAKDOWNS for name in parts if set(parts) <= known}
    for name in columns.PARTS_OF_HOUSEHOLDS:
        if name in known and name not in whole:
            part = to_tenths(imputed[name])
            table[name][rows] = np.minimum(part, totals[columns.HOUSEHOLDS]) / TENTHS
    for parts, total in columns.BREAKDOWNS.items():
        if set(parts) <= known:
            shared = share_out([imputed[name] * TENTHS for name in parts], totals[total])
            for name, tenths in zip(parts, shared, strict=True):
                table[name][rows] = tenths / TENTHS


def to_tenths(values: Floats) -> Ints:
    """Round to integer tenths, halves to even."""
    return np.rint(np.round(values * TENTHS, NOISE)).astype(np.int64)


def share_out(exact: Sequence[Floats], totals: Ints) -> list[Ints]:
    """Round parts to integers that add up to given totals, by rounding running sums.

    Parameters
    ----------
    exact : k parts, float (n,) each, whose sums are close to ``totals``
    totals : int (n,)

    Returns
    -------
    k parts, int64 (n,) each, none negative, each less than one unit from its exact value when
    the sums agree with the totals.
    """
    running, below, parts = np.zeros(len(totals)), np.zeros(len(totals), np.int64), []
    for part in exact[:-1]:
        running = running + part
        edge = np.minimum(np.rint(running).astype(np.int64), totals)
        parts.append(edge - below)
        below = edge
    return [*parts, totals - below]
