"""What becomes of each row, and the groups (atoms) that rows are counted in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from importers.deposits.perimeters import LEVELS, Perimeters
from observatory.models import Level

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Fate(IntEnum):
    """Where a row ended. They are never collapsed to in and out."""

    QPV = 0
    QVA = 1
    PROXIMITY = 2
    OUTSIDE = 3
    AMBIGUOUS = 4
    NOT_LOCATED = 5


ZONES = tuple(str(level) for level in LEVELS)
# The parts of an atom's name, in order; a bar cannot stand in any of them.
DIMENSIONS = ("fate", *ZONES, "period", "sex", "age", "structure")


@dataclass
class Joined:
    """Fate of each row (n,), and the code of its zone at each level, '' for none."""

    fate: Ints
    zones: dict[str, npt.NDArray[np.object_]]


def join(
    perimeters: Perimeters,
    day: date,
    lon: Floats,
    lat: Floats,
    precision: Floats,
    proximity: float | None,
) -> Joined:
    """Join points (degrees) to the perimeters of one day; NaN where a row has no point.

    A point nearer to the outline of a quarter than its own precision is ambiguous, and so has
    no quarter; its arrondissement and commune are still told.
    """
    here = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    fate = np.full(len(lon), int(Fate.NOT_LOCATED), dtype=np.int64)
    zones = {level: np.full(len(lon), "", dtype=object) for level in ZONES}
    x, y = lon[here], lat[here]
    for level in ZONES:
        layer = perimeters.layer(level, day)
        place = layer.locate(x, y)
        if len(layer):
            codes = np.array([*layer.codes, ""], dtype=object)
            zones[level][here] = codes[place]
    fate[here] = _fates(perimeters, day, x, y, zones, here, proximity)
    unsure = here[_too_near(perimeters, day, x, y, precision[here])]
    fate[unsure] = Fate.AMBIGUOUS
    for level in (Level.QPV, Level.QVA):
        zones[str(level)][unsure] = ""
    return Joined(fate, zones)


def _fates(
    perimeters: Perimeters,
    day: date,
    x: Floats,
    y: Floats,
    zones: dict[str, npt.NDArray[np.object_]],
    here: Ints,
    proximity: float | None,
) -> Ints:
    found = np.full(len(x), int(Fate.OUTSIDE), dtype=np.int64)
    if proximity:
        found[perimeters.layer(Level.QPV, day).within(x, y, proximity)] = Fate.PROXIMITY
    found[zones[str(Level.QVA)][here] != ""] = Fate.QVA
    found[zones[str(Level.QPV)][here] != ""] = Fate.QPV
    return found


def _too_near(
    perimeters: Perimeters, day: date, x: Floats, y: Floats, precision: Floats
) -> npt.NDArray[np.bool_]:
    near = np.zeros(len(x), dtype=bool)
    for level in (Level.QPV, Level.QVA):
        near |= perimeters.layer(level, day).near_outline(x, y, precision)
    return near


def atoms_of(joined: Joined, others: Sequence[Sequence[str]]) -> tuple[list[str], Ints]:
    """Return the groups the rows are counted in, and the place of each row's group; shape (n,).

    ``others`` holds period, sex, age and structure of each row, in this order.
    """
    fates = np.array([fate.name.lower() for fate in Fate], dtype=object)
    columns: list[Any] = [fates[joined.fate], *(joined.zones[level] for level in ZONES)]
    columns += [np.array(values, dtype=object) for values in others]
    groups = np.zeros(len(joined.fate), dtype=np.int64)
    told = []
    for column in columns:
        codes, values = pd.factorize(column)
        groups = pd.factorize(groups * max(len(values), 1) + codes)[0]
        # Each different value is cleaned once, however many rows and groups bear it.
        told.append((codes, np.array([_clean(value) for value in values], dtype=object)))
    first = np.unique(groups, return_index=True)[1]
    parts = [cleaned[codes[first]] for codes, cleaned in told]
    return _joined_twins(list(map("|".join, zip(*parts, strict=True))), groups)


def _joined_twins(names: list[str], groups: Ints) -> tuple[list[str], Ints]:
    """Make one group of two whose names became the same when they were cleaned."""
    codes, distinct = pd.factorize(np.array(names, dtype=object))
    return [str(name) for name in distinct], codes[groups] if len(names) else groups


def _clean(value: str) -> str:
    return value.replace("|", "/")[:80]


def parts_of(name: str) -> dict[str, str]:
    """Return an atom's dimensions by name.

    >>> parts_of("qpv|QP1||75118|||2015|F||")["qpv"]
    'QP1'
    """
    return dict(zip(DIMENSIONS, name.split("|"), strict=True))
