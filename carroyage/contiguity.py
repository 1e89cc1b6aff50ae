"""Which cells touch: components, one-cell gaps and holes, on integer positions.

A position is one integer, ``row * 2**32 + column`` (see `carroyage.grid.cell_keys`), so a
neighbour is an addition and looking it up is one binary search over sorted positions.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]
Contiguity = Literal["queen", "rook"]

ROW = 1 << 32
HALF_ROOK = (1, ROW)  # east, north: each pair of neighbours is seen once
HALF_QUEEN = (1, ROW - 1, ROW, ROW + 1)


def half_neighbours(contiguity: Contiguity) -> tuple[int, ...]:
    """Give the offsets to half of a position's neighbours (the other half mirrors them)."""
    return HALF_QUEEN if contiguity == "queen" else HALF_ROOK


def neighbour_pairs(keys: Ints, contiguity: Contiguity) -> tuple[Ints, Ints]:
    """List touching pairs among sorted unique positions, as two arrays of indices."""
    first, second = [], []
    for offset in half_neighbours(contiguity):
        at = np.searchsorted(keys, keys + offset)
        at[at == len(keys)] = 0
        hit = np.flatnonzero(keys[at] == keys + offset)
        first.append(hit)
        second.append(at[hit])
    return np.concatenate(first), np.concatenate(second)


def components(
    keys: Ints, contiguity: Contiguity, separators: npt.NDArray | None = None
) -> tuple[int, Ints]:
    """Label connected sets of sorted unique positions.

    Parameters
    ----------
    keys : int64, shape (n,), sorted, unique
    separators : shape (n,), optional
        Positions with different values never connect (an urban unit's code).

    Returns
    -------
    (count, labels) : labels int64, shape (n,), numbered from 0 by first position, hence the
        same whatever the order of the input rows.
    """
    if len(keys) == 0:
        return 0, np.zeros(0, np.int64)
    first, second = neighbour_pairs(keys, contiguity)
    if separators is not None:
        same = separators[first] == separators[second]
        first, second = first[same], second[same]
    links = coo_array((np.ones(len(first), np.int8), (first, second)), (len(keys), len(keys)))
    count, labels = connected_components(links, directed=False)
    return int(count), by_first_seen(labels)


def by_first_seen(labels: npt.NDArray) -> Ints:
    """Renumber labels from 0 in the order in which they first appear."""
    _, at, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(at), np.int64)
    rank[np.argsort(at)] = np.arange(len(at))
    return rank[inverse]


def gap_positions(keys: Ints, contiguity: Contiguity) -> Ints:
    """Find the one-cell gaps that separate components of sorted unique positions.

    A gap is an absent position between two opposite neighbours (west and east, south and
    north, and both diagonals for queen contiguity) that belong to different components.
    """
    _, labels = components(keys, contiguity)
    found = []
    for offset in half_neighbours(contiguity):
        at = np.searchsorted(keys, keys + 2 * offset)
        at[at == len(keys)] = 0
        across = (keys[at] == keys + 2 * offset) & (labels[at] != labels)
        found.append(keys[across] + offset)
    return np.setdiff1d(np.concatenate(found), keys)


def hole_positions(keys: Ints, contiguity: Contiguity) -> Ints:
    """Find absent positions enclosed by one component of sorted unique positions.

    The outside is followed with the dual contiguity (rook around queen zones, queen around
    rook zones), so a diagonal contact closes a queen zone.
    """
    count, labels = components(keys, contiguity)
    outside = ndimage.generate_binary_structure(2, 1 if contiguity == "queen" else 2)
    order = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(labels[order], np.arange(count + 1))
    rows, cols = keys >> 32, keys & (ROW - 1)
    found = [np.zeros(0, np.int64)]
    for start, stop in pairwise(bounds):
        if stop - start < 4:
            continue
        member = order[start:stop]
        found.append(_holes_of(rows[member], cols[member], outside))
    return np.setdiff1d(np.concatenate(found), keys)


def _holes_of(rows: Ints, cols: Ints, outside: npt.NDArray) -> Ints:
    south, west = rows.min(), cols.min()
    mask = np.zeros((int(np.ptp(rows)) + 1, int(np.ptp(cols)) + 1), bool)
    mask[rows - south, cols - west] = True
    filled = ndimage.binary_fill_holes(mask, structure=outside)
    hole_rows, hole_cols = np.nonzero(filled & ~mask)
    return (hole_rows + south) * ROW + hole_cols + west
