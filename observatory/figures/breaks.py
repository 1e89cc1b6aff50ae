"""Natural breaks of a series, exact: the classes with the least spread inside them.

W. D. Fisher, *On grouping for maximum homogeneity* (JASA 1958), by dynamic programming over the
distinct values, whole matrices at a time: 1 300 values take some milliseconds, so that a
classification can be redrawn hundreds of times to tell how stable it is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def natural_breaks(values: npt.ArrayLike, count: int) -> Floats:
    """Return the upper bounds, included, of ``count`` classes (fewer where values are fewer).

    The sum of squared deviations from the classes' means is the least there is.

    >>> natural_breaks(np.array([1.0, 2, 10, 11, 30]), 3)
    array([ 2., 11., 30.])
    """
    distinct, weights = np.unique(np.asarray(values, np.float64), return_counts=True)
    count = min(count, len(distinct))
    cost = _spreads(distinct, weights.astype(np.float64))
    best, starts = cost[0].copy(), np.zeros((count, len(distinct)), int)
    for step in range(1, count):
        # A class from place i to place j follows the best division of what lies before i.
        before = np.concatenate([[np.inf], best[:-1]])
        total = before[:, None] + cost
        starts[step] = total.argmin(axis=0)
        best = total[starts[step], np.arange(len(distinct))]
    return distinct[_last_places(starts)]


def between(values: Floats, edges: Floats) -> Floats:
    """Move each bound midway to the next value, so that a new value goes to the nearer class.

    >>> between(np.array([1.0, 2, 10, 11, 30]), np.array([2.0, 11, 30]))
    array([ 6. , 20.5, 30. ])
    """
    distinct = np.unique(values)
    after = distinct[np.searchsorted(distinct, edges[:-1], side="right")]
    return np.append((edges[:-1] + after) / 2, edges[-1])


def _spreads(values: Floats, weights: Floats) -> Floats:
    """Return the squared deviations of every run of values, from row to column, shape (n, n)."""
    centred = values - np.average(values, weights=weights)
    sums = [np.concatenate([[0.0], np.cumsum(weights * centred**power)]) for power in (0, 1, 2)]
    many, first, second = (total[None, 1:] - total[:-1, None] for total in sums)
    order = np.arange(len(values))
    inside = order[:, None] <= order[None, :]
    return np.where(inside, np.maximum(second - first**2 / np.where(inside, many, 1), 0), np.inf)


def _last_places(starts: npt.NDArray[np.int_]) -> list[int]:
    """Walk back from the last class to the first."""
    last = starts.shape[1] - 1
    found = []
    for row in starts[::-1]:
        found.append(last)
        last = int(row[last]) - 1
    return found[::-1]
