"""Households at addresses: how many, how large, how old."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Chances of 1, 2… 7 persons in a household.
SIZES = {
    "city": (0.490, 0.260, 0.115, 0.090, 0.030, 0.010, 0.005),
    "poor": (0.420, 0.230, 0.130, 0.110, 0.065, 0.030, 0.015),
    "suburb": (0.360, 0.280, 0.160, 0.130, 0.050, 0.015, 0.005),
}
AGE_LIMITS = (4, 6, 11, 18, 25, 40, 55, 65, 80)
AGE_COLUMNS = (
    "ind_0_3", "ind_4_5", "ind_6_10", "ind_11_17", "ind_18_24", "ind_25_39", "ind_40_54",
    "ind_55_64", "ind_65_79", "ind_80p", "ind_inc",
)  # fmt: skip
UNKNOWN_AGE = 0.0025
ADULT, FOURTEEN = 18, 14
# Ages of people living alone: limits of bands, and cumulated chances.
ALONE = ((18, 25, 40, 55, 65, 80, 98), (0.11, 0.43, 0.63, 0.76, 0.91, 1.0))
HEADS = ((20, 25, 40, 55, 65, 80, 96), (0.04, 0.42, 0.74, 0.86, 0.97, 1.0))


@dataclass(frozen=True)
class Ages:
    """Composition of households: arrays with one entry (or row) per household."""

    under_14: Ints
    bands: Ints  # shape (households, 11)
    single_parent: Bools
    head: Floats


def mean_size(kind: str) -> float:
    """Persons per household."""
    return float(np.dot(SIZES[kind], np.arange(1, len(SIZES[kind]) + 1)))


def draw_sizes(rng: np.random.Generator, kind: str, count: int) -> Ints:
    """Draw household sizes, shape (count,)."""
    return 1 + np.searchsorted(np.cumsum(SIZES[kind])[:-1], rng.random(count), side="right")


def draw_sizes_summing(rng: np.random.Generator, kind: str, persons: int) -> Ints:
    """Draw household sizes that add up to exactly ``persons``."""
    sizes = draw_sizes(rng, kind, int(persons / mean_size(kind) * 1.2) + 20)
    reached = np.cumsum(sizes)
    last = int(np.searchsorted(reached, persons))
    sizes = sizes[: last + 1]
    sizes[last] -= reached[last] - persons
    return sizes


def spread(rng: np.random.Generator, weights: Floats, count: int) -> Ints:
    """Share ``count`` households among addresses by weight, shape like ``weights``."""
    return rng.multinomial(count, weights / weights.sum())


def draw_ages(rng: np.random.Generator, sizes: Ints) -> Ages:
    """Draw the members of every household."""
    n = len(sizes)
    luck = rng.random(n)
    head = np.where(sizes == 1, _from_bands(rng, n, ALONE), _from_bands(rng, n, HEADS))
    lone = (luck < np.interp(sizes, [1, 2, 3, 4, 5], [0, 0.17, 0.20, 0.14, 0.12])) & (sizes > 1)
    couple = ~lone & (luck < np.where(sizes == 2, 0.80, 0.94))
    adults = np.where(lone, 1, np.where(couple, np.minimum(sizes, 2), sizes))
    head = np.where(adults < sizes, np.clip(head, 22, 62), head)
    return _members(rng, sizes, adults, head, lone)


def _members(
    rng: np.random.Generator, sizes: Ints, adults: Ints, head: Floats, lone: Bools
) -> Ages:
    n, total = len(sizes), int(sizes.sum())
    home = np.repeat(np.arange(n), sizes)
    rank = np.arange(total) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    parent = head[home]
    partner = np.clip(parent + rng.normal(0, 4, total), ADULT, 99)
    child = np.clip(parent - rng.uniform(21, 38, total) - 1.5 * rank, 0, 25)
    age = np.where(rank == 0, parent, np.where(rank < adults[home], partner, child))
    band = np.searchsorted(AGE_LIMITS, age, side="right")
    band[rng.random(total) < UNKNOWN_AGE] = len(AGE_COLUMNS) - 1
    bands = np.bincount(home * len(AGE_COLUMNS) + band, minlength=n * len(AGE_COLUMNS))
    young = np.bincount(home[age < FOURTEEN], minlength=n)
    return Ages(young, bands.reshape(n, len(AGE_COLUMNS)), lone, head)


def _from_bands(
    rng: np.random.Generator, count: int, bands: tuple[tuple[int, ...], tuple[float, ...]]
) -> Floats:
    limits, chances = np.array(bands[0], float), np.array(bands[1])
    band = np.searchsorted(chances, rng.random(count), side="right")
    return limits[band] + rng.random(count) * (limits[band + 1] - limits[band])
