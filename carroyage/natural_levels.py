"""The natural level of each cell and its imputation group, as INSEE forms them.

From squares of 64 km down to 200 m, a square is split if and only if every child holds 0 or at
least 11 households. Inside a natural cell larger than 200 m, the sub-cells under 11 households
form one group; if together they are still under 11, the least populated sub-cell that has 11
or more joins them. Source: INSEE, Filosofi gridded data, documentation of the 2019 vintage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from carroyage import columns, grid

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NO_GROUP = -1
KILOMETRE = 1_000
LARGEST = grid.NATURAL_SIZES[-1]


@dataclass(frozen=True)
class NaturalLevels:
    """What each 200 m cell belongs to; arrays of shape (n,), in the order of the input.

    ``size`` is the natural cell's side in metres, ``north`` and ``east`` its corner.
    ``group`` numbers imputation groups from 0, by 64 km square and then by the position of
    their natural cell, so that squares can be treated apart and put together; it is -1 for
    cells published as they are. ``withheld`` marks cells of a 64 km square that holds fewer
    households than the threshold, about which only the persons may be told.
    """

    size: Ints
    north: Ints
    east: Ints
    group: Ints
    withheld: Bools

    @property
    def imputed(self) -> Bools:
        """Cells whose values are imputed from their group."""
        return self.group != NO_GROUP


def natural_levels(
    north: Ints,
    east: Ints,
    households: Floats,
    persons: Floats,
    min_households: int = columns.MIN_HOUSEHOLDS,
    size: int = 200,
) -> NaturalLevels:
    """Find the natural level and the imputation group of inhabited cells.

    Parameters
    ----------
    north, east : int64 (n,), corners of distinct 200 m cells, metres
    households, persons : float (n,), true (unprotected) counts, households > 0
    """
    level = _levels(north, east, households, min_households, size)
    top, left = north // level * level, east // level * level
    # Natural cells of 1 km or more have distinct corners on the kilometre grid.
    natural = _dense(top // KILOMETRE, left // KILOMETRE)
    inside = level > size
    total = np.bincount(natural[inside], weights=households[inside], minlength=_span(natural))
    withheld = inside & (total[natural] < min_households)
    joins = _joins_group(natural, inside, households, persons, north, east, min_households)
    return NaturalLevels(level, top, left, _numbered(top, left, natural, joins), withheld)


def _levels(north: Ints, east: Ints, households: Floats, min_households: int, size: int) -> Ints:
    sizes = [s for s in grid.NATURAL_SIZES if s >= size]
    level = np.full(len(north), size, np.int64)
    still = np.ones(len(north), bool)  # every ancestor so far was split
    for whole, part in zip(sizes[:0:-1], sizes[-2::-1], strict=True):
        under = households < min_households
        if part > size:
            child = _dense(north // part, east // part)
            under = (np.bincount(child, weights=households) < min_households)[child]
        square = _dense(north // whole, east // whole)
        few = np.bincount(square[under], minlength=_span(square))
        stays = still & (few[square] > 0)
        level[stays] = whole
        still &= ~stays
    return level


def _dense(rows: Ints, cols: Ints) -> Ints:
    """Number positions row by row inside their bounding box: no sorting, some numbers unused."""
    if len(rows) == 0:
        return np.zeros(0, np.int64)
    west = cols.min()
    return np.asarray((rows - rows.min()) * (cols.max() - west + 1) + (cols - west), np.int64)


def _span(codes: Ints) -> int:
    return int(codes.max(initial=-1)) + 1


def _numbered(top: Ints, left: Ints, natural: Ints, joins: Bools) -> Ints:
    """Number groups from 0: by 64 km square, then by the corner of their natural cell."""
    group = np.full(len(natural), NO_GROUP, np.int64)
    used = np.zeros(_span(natural), bool)
    used[natural[joins]] = True
    corner = np.zeros((2, len(used)), np.int64)
    corner[:, natural[joins]] = top[joins], left[joins]
    codes = np.flatnonzero(used)
    rows, cols = corner[:, codes]
    rank = np.empty(len(used), np.int64)
    rank[codes[np.lexsort((cols, rows, cols // LARGEST, rows // LARGEST))]] = np.arange(len(codes))
    group[joins] = rank[natural[joins]]
    return group


def _joins_group(
    natural: Ints,
    inside: Bools,
    households: Floats,
    persons: Floats,
    north: Ints,
    east: Ints,
    min_households: int,
) -> Bools:
    small = inside & (households < min_households)
    gathered = np.bincount(natural[small], weights=households[small], minlength=_span(natural))
    short = (gathered > 0) & (gathered < min_households)
    large = np.flatnonzero(inside & ~small & short[natural])
    order = np.lexsort(
        (east[large], north[large], households[large], persons[large], natural[large])
    )
    owner = natural[large][order]
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    joins = small.copy()
    joins[large[order[first]]] = True
    return joins
