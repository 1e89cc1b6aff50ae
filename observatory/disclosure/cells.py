"""Atoms and cells: the smallest groups that any two published figures tell apart, and figures.

An atom is an intersection of zones × period × sex × age, or any finer group; a cell is a
figure, the sum of some atoms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array


@dataclass(frozen=True)
class Atom:
    """A group with its true count and the sum of its records' keys (modulo 2**64)."""

    name: str
    count: int
    key_sum: int


@dataclass(frozen=True)
class Cell:
    """One figure to publish: its name, the geography it belongs to, the atoms it adds up."""

    name: str
    geography: str
    atoms: tuple[int, ...]


def incidence(cells: Sequence[Sequence[int]], atoms: int) -> Any:
    """Return the 0/1 matrix of cells × atoms, scipy CSR, shape (len(cells), atoms)."""
    lengths = [len(members) for members in cells]
    places = np.fromiter((place for members in cells for place in members), np.int64, sum(lengths))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    ones = np.ones(len(places), dtype=np.float64)
    return csr_array((ones, places, starts), shape=(len(cells), atoms))
