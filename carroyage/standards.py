"""Living standards kept until every record was read: percentiles and medians of all of them.

Both are exact and the same whatever the order of records, with no sorting of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

QUANTILES = (0.05, 0.95)


@dataclass(frozen=True)
class Standards:
    """Households of one batch, shape (n,) each: cell, cents per unit, persons, département."""

    code: Small
    cents: Ints
    persons: Small
    department: Small


@dataclass
class Buckets:
    """Persons by département and step of living standard, ``held`` (départements, steps).

    They tell in which step a percentile lies; only the records of that step are looked at again.
    """

    names: dict[str, int] = field(default_factory=dict)
    held: Ints = field(default_factory=lambda: np.zeros((0, 0), np.int64))

    def numbers(self, department: pd.Categorical) -> Small:
        """Number départements, the same number for the same name in every batch, shape (n,)."""
        return numbered(department, self.names)

    def add(self, kept: Standards) -> None:
        """Count one batch."""
        from carroyage import kernels

        if len(self.held) < len(self.names):
            more = np.zeros((len(self.names), kernels.BUCKETS), np.int64)  # at least doubled
            self.held = np.concatenate([self.held.reshape(-1, kernels.BUCKETS), more])
        kernels.fill_buckets(kept.cents, kept.persons, kept.department, self.held)

    def inhabited(self) -> list[str]:
        """Name the départements that usable records are of, in the order of their numbers."""
        persons = self.held.sum(axis=1).tolist()
        return [name for name, number in self.names.items() if persons[number]]

    def percentiles(self, kept: Sequence[Standards]) -> dict[str, tuple[float, float]]:
        """P5 and P95 over persons by département, in euros (see `incomes.weighted_quantiles`)."""
        reached = np.cumsum(self.held[: len(self.names)], axis=1)
        low, high = (self._quantile(q, reached, kept) for q in QUANTILES)
        return {name: (low[name] / 100, high[name] / 100) for name in sorted(self.inhabited())}

    def _quantile(self, q: float, reached: Ints, kept: Sequence[Standards]) -> dict[str, float]:
        """Give each département's quantile in cents, by name."""
        wanted = q * reached[:, -1]
        step = (reached < wanted[:, None]).sum(axis=1)
        before = np.where(step > 0, reached[np.arange(len(step)), step - 1], 0)
        found = pd.concat([_within(one, step) for one in kept])
        found = found.sort_values(["department", "cents"], ignore_index=True)
        sums = found.groupby("department")["persons"].cumsum()
        place = found["department"].to_numpy()
        enough = found[(before[place] + sums >= wanted[place]).to_numpy()]
        names = list(self.names)
        first = enough.drop_duplicates("department")
        return {
            names[number]: float(cents)
            for number, cents in zip(first["department"], first["cents"], strict=True)
        }


def _within(kept: Standards, step: Ints) -> pd.DataFrame:
    """List the households whose living standard lies in the given step of their département."""
    from carroyage import kernels

    rows = np.zeros(kernels.count_within(kept.cents, kept.department, step), np.int64)
    kernels.records_within(kept.cents, kept.department, step, rows)
    return pd.DataFrame(
        {
            "department": kept.department[rows],
            "cents": kept.cents[rows],
            "persons": kept.persons[rows].astype(np.int64),
        }
    )


def medians_by_cell(kept: Sequence[Standards], declared: list[Ints], men: Ints) -> Floats:
    """Give each cell's median of declared income over persons, in euros, shape (cells,).

    ``declared`` are cents, batch by batch (emptied on the way); ``men`` (cells,) households.
    """
    from carroyage import kernels

    ends = np.cumsum(men)
    place, total = ends - men, int(men.sum())
    values, weights = np.zeros(total, np.int64), np.zeros(total, np.int32)
    for one in kept:
        kernels.by_cell(one.code, declared.pop(0), one.persons, place, values, weights)
    medians = np.zeros(len(men), np.int64)
    kernels.weighted_medians(values, weights, ends, medians)
    return medians / 100


def numbered(words: pd.Categorical, names: dict[str, int]) -> Small:
    """Number words by a list that grows, the same number for the same word in every batch."""
    numbers = [names.setdefault(str(name), len(names)) for name in words.categories]
    return np.array(numbers, np.int32)[words.codes]
