"""Persons of each cell by steps of 10 € of declared income, added batch after batch.

Lines are rounded to 10 €, so these steps count the persons under any line exactly, and no
household record has to be kept. Memory: 16 bytes for each step met in a cell.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from carroyage import grid
from carroyage.gridding import declared_standards

Ints = npt.NDArray[np.int64]

CENTS_PER_STEP = 1_000
STEP_BITS, PLACE_BITS = 31, 16  # a place is a row or a column of the grid: under 65 536
HIGHEST_STEP = (1 << STEP_BITS) - 1  # 21 thousand million euros: above any line all the same
PENDING = 4_000_000


class IncomeSteps:
    """Counts persons by cell and by step; one cell at a time comes out, in order of position."""

    def __init__(self, size: int = 200) -> None:
        self.size = size
        self._codes: list[Ints] = []
        self._persons: list[Ints] = []

    def add(self, kept: pd.DataFrame) -> None:
        """Add usable household records (canonical columns)."""
        north, east = grid.cells_of_points(kept["x"], kept["y"], self.size)
        step = np.minimum(declared_standards(kept) // CENTS_PER_STEP, HIGHEST_STEP)
        place = (north // self.size << PLACE_BITS) | (east // self.size)
        code, persons = _sums(place << STEP_BITS | step, kept["persons"].to_numpy(np.int64))
        self._codes.append(code)
        self._persons.append(persons)
        if sum(map(len, self._codes[1:])) > max(PENDING, len(self._codes[0])):
            self._gather()

    def _gather(self) -> None:
        if len(self._codes) > 1:
            code, persons = _sums(np.concatenate(self._codes), np.concatenate(self._persons))
            self._codes, self._persons = [code], [persons]

    def _starts(self) -> Ints:
        self._gather()
        if not self._codes:
            return np.zeros(0, np.int64)
        return np.flatnonzero(np.diff(self._codes[0] >> STEP_BITS, prepend=-1))

    def __len__(self) -> int:
        """Count the cells."""
        return len(self._starts())

    def __iter__(self) -> Iterator[tuple[int, int, list[int], list[int]]]:
        """Yield north, east (metres), ascending steps (income // 10 €) and their persons."""
        starts = self._starts()
        if len(starts) == 0:
            return
        code, persons = self._codes[0], self._persons[0]
        for first, end in zip(starts, [*starts[1:], len(code)], strict=True):
            place = int(code[first]) >> STEP_BITS
            north, east = place >> PLACE_BITS, place & ((1 << PLACE_BITS) - 1)
            steps = (code[first:end] & HIGHEST_STEP).tolist()
            yield north * self.size, east * self.size, steps, persons[first:end].tolist()


def _sums(codes: Ints, persons: Ints) -> tuple[Ints, Ints]:
    """Add persons up by code; codes come out ascending."""
    unique, at = np.unique(codes, return_inverse=True)
    return unique, np.bincount(at, persons, len(unique)).astype(np.int64)


class SeenIds:
    """Remembers hashed ids: sorted runs, merged when they are of a size. 8 bytes an id."""

    def __init__(self) -> None:
        self._runs: list[npt.NDArray[np.uint64]] = []

    def again(self, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Say which ids were met before, here or earlier, shape (n,); remember the others."""
        fresh, first = np.unique(hashes, return_index=True)
        known = np.zeros(len(fresh), bool)
        for run in self._runs:
            at = np.searchsorted(run, fresh)
            at[at == len(run)] = 0
            known |= run[at] == fresh
        again = np.ones(len(hashes), bool)
        again[first[~known]] = False
        self._remember(fresh[~known])
        return again

    def _remember(self, run: npt.NDArray[np.uint64]) -> None:
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        if len(run):
            self._runs.append(run)
