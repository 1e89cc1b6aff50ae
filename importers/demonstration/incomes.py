"""Declared incomes that meet the published medians and the planned majorities by construction.

All incomes here are euros per consumption unit and year. Every adjustment keeps the order of
households inside their cell: it multiplies, it never swaps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from importers.demonstration import errors, plan
from importers.demonstration.city import CITY, City
from importers.demonstration.facts import BY_CODE, PARIS_LINE
from importers.demonstration.fields import SmoothField
from importers.demonstration.households import Doors
from importers.demonstration.perimeters import Perimeter
from importers.demonstration.zones import Zone

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SPREAD = 0.66  # deviation of the logarithm of incomes inside one place
TENURE_EFFECT = (0.24, -0.30, 0.02)  # owners, social tenants, others: on the logarithm
NO_INCOME = 0.012  # share of households declaring nothing
# Outside the zones at most this share of a cell's inhabitants is under the Paris line.
CEILING = 0.445
BALANCE = 0.47  # the same once part of the cell's inhabitants belong to a quarter
# Where the median of a zone's cell may lie, so that the majority holds under the line(s).
BELOW_BOTH = (0.75, 1.10, 11_700.0)  # of the quarter's median, at most that many euros
BETWEEN_LINES = (12_030.0, 12_560.0)
JITTER = 0.22
# From one end of the search to the other: incomes of the trimmed parts of a zone's cells, and
# of the parts of a quarter outside the zone, relative to what they would be.
TRIMMED = (3.0, 0.75)
BEYOND = (0.55, 2.8)
STEPS = 45
EXACT_PERSONS = 5  # persons on both sides of the middle who are put at the published median


def weighted_median(values: Floats, persons: Ints) -> float:
    """The smallest value at which half of the persons are reached."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(persons[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def consumption_units(households: pd.DataFrame) -> Floats:
    """1, plus 0.5 per other person of 14 or more, plus 0.3 per child under 14."""
    others = households["persons"] - 1 - households["under_14"]
    return (1 + 0.5 * others + 0.3 * households["under_14"]).to_numpy(np.float64)


@dataclass
class Calibration:
    """Incomes being adjusted; arrays have one entry per household."""

    income: Floats
    persons: Ints
    cell: Ints
    quarter: Ints  # position in the list of legal quarters, -1 outside

    def members(self, cell: int) -> Ints:
        """Households of a cell (they are kept in a sorted index)."""
        start, end = np.searchsorted(self._sorted_cells, [cell, cell + 1])
        return self._order[start:end]

    def __post_init__(self) -> None:
        self._order = np.argsort(self.cell, kind="stable")
        self._sorted_cells = self.cell[self._order]


def draw_incomes(
    city: City,
    doors: Doors,
    households: pd.DataFrame,
    door: Ints,
    rng: np.random.Generator,
) -> Floats:
    """Draw incomes before any adjustment, shape (households,)."""
    middle = _middle(city, doors, rng)[door]
    luck = SPREAD * rng.normal(size=len(door))
    tenure = households["tenure"].cat.codes.to_numpy()
    traits = np.array(TENURE_EFFECT)[tenure] - 0.22 * households["single_parent"].to_numpy()
    income = middle * np.exp(luck + traits)
    income[rng.random(len(door)) < NO_INCOME] = 0.0
    return income


def _middle(city: City, doors: Doors, rng: np.random.Generator) -> Floats:
    """The usual income around each address."""
    medians = {f"{CITY}{n:02d}": value for n, value in plan.MEDIANS.items()}
    medians |= {c.code: c.median for c in plan.COMMUNES}
    table = doors.table
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    close = SmoothField.draw(rng, city.skeleton.centre, 330.0).at(x, y)
    wide = SmoothField.draw(rng, city.skeleton.centre, 1_200.0).at(x, y)
    usual = table["insee"].map(medians).to_numpy(np.float64)
    pulled = np.where(usual > 17_000, usual - (usual - 17_000) * 0.75 * doors.near, usual)
    return pulled * np.exp(0.15 * close + 0.09 * wide)


def calibrate(work: Calibration, zones: list[Zone], legal: list[Perimeter], decoys: Ints) -> None:
    """Adjust incomes in place.

    ``decoys`` are cells that must be poor without belonging to a quarter.

    Raises
    ------
    MedianOutOfReach
    """
    poor = np.array(sorted({c for z in zones for c in z.cells} | set(decoys.tolist())))
    _cap(work, poor)
    for cell in decoys.tolist():
        _set_median(work, work.members(cell), 10_400.0)
    for zone in zones:
        if not zone.plan.quarter:
            for k, cell in enumerate(zone.cells):
                _set_median(work, work.members(cell), 12_150.0 + 60 * (k % 5))
    for number, quarter in enumerate(legal):
        own = [zone for zone in zones if zone.plan.quarter == quarter.code]
        _Search(work, number, quarter.code, own).settle()


def _cap(work: Calibration, poor: Ints) -> None:
    """Raise all incomes of a cell where too many are under the line."""
    order = np.lexsort((work.income, work.cell))
    cell, persons = work.cell[order], work.persons[order].astype(float)
    total = np.bincount(work.cell, work.persons)
    reached = np.cumsum(persons)
    before = np.concatenate([[0.0], np.cumsum(total)])[cell]
    over = (reached - before) > CEILING * total[cell]
    first = np.flatnonzero(over & np.concatenate([[True], ~over[:-1] | (cell[1:] != cell[:-1])]))
    income = work.income[order][first]
    limit = PARIS_LINE * 1.003
    factor = np.ones(len(total))
    raised = income < limit
    factor[cell[first[raised]]] = limit / np.maximum(income[raised], 1.0)
    _lift_empty(work, order[first[raised]], factor)
    factor[poor] = 1.0
    work.income *= factor[work.cell]


def _lift_empty(work: Calibration, critical: Ints, factor: Floats) -> None:
    """A cell whose critical household declares nothing cannot be raised by multiplying."""
    for household in critical[work.income[critical] < 1.0].tolist():
        cell = work.cell[household]
        members = work.members(cell)
        work.income[members] = np.maximum(work.income[members], PARIS_LINE * 1.003)
        factor[cell] = 1.0


def _set_median(work: Calibration, members: Ints, median: float) -> None:
    work.income[members] *= median / weighted_median(work.income[members], work.persons[members])


def _balance(work: Calibration, members: Ints) -> None:
    """Keep a cell outside the zones under the ceiling by raising those outside the quarter."""
    free = members[work.quarter[members] < 0]
    fixed = members[work.quarter[members] >= 0]
    under = work.persons[fixed][work.income[fixed] < PARIS_LINE].sum()
    room = BALANCE * work.persons[members].sum() - under
    order = free[np.argsort(work.income[free], kind="stable")]
    over = order[np.cumsum(work.persons[order]) > room]
    if len(over) and work.income[over[0]] < PARIS_LINE:
        limit = PARIS_LINE * 1.003
        work.income[free] *= limit / max(work.income[over[0]], 100.0)
        work.income[over] = np.maximum(work.income[over], limit)


class _Search:
    """One quarter: finds the mix that gives the published median, keeping cells poor."""

    def __init__(self, work: Calibration, number: int, code: str, zones: list[Zone]) -> None:
        self._work, self._code = work, code
        self._target = float(BY_CODE[code].median)
        self._own = np.flatnonzero(work.quarter == number)
        self._cells: list[tuple[Ints, Ints, tuple[float, float], float]] = []
        inside = []
        for zone in zones:
            for k, cell in enumerate(zone.cells):
                members = work.members(cell)
                trimmed = members[work.quarter[members] != number]
                jitter = JITTER * (((k * 7) % 5) / 4 - 0.5)
                self._cells.append((members, trimmed, self._range(zone), jitter))
                inside.append(members)
        self._beyond = np.setdiff1d(self._own, np.concatenate(inside))

    def _range(self, zone: Zone) -> tuple[float, float]:
        if not zone.plan.below_usual:
            return BETWEEN_LINES
        low, high, most = BELOW_BOTH
        return low * self._target, min(high * self._target, most)

    def settle(self) -> None:
        """Search, apply, and put the middle households exactly on the median."""
        touched = np.unique(np.concatenate([self._beyond, *(c[0] for c in self._cells)]))
        base = self._work.income[touched].copy()
        low, high = 0.0, 1.0
        reach = [self._try(touched, base, t) for t in (low, high)]
        if not reach[0] <= self._target <= reach[1]:
            raise errors.MedianOutOfReach(self._code, self._target, reach[0], reach[1])
        for _ in range(STEPS):
            middle = (low + high) / 2
            if self._try(touched, base, middle) < self._target:
                low = middle
            else:
                high = middle
        self._try(touched, base, high)
        self._pin()
        for cell in np.unique(self._work.cell[self._beyond]).tolist():
            _balance(self._work, self._work.members(cell))

    def _try(self, touched: Ints, base: Floats, share: float) -> float:
        work = self._work
        work.income[touched] = base
        for members, trimmed, (low, high), jitter in self._cells:
            work.income[trimmed] *= _mix(TRIMMED, share)
            place = min(max(share + jitter * 4 * share * (1 - share), 0.0), 1.0)
            _set_median(work, members, low + (high - low) * place)
        work.income[self._beyond] *= _mix(BEYOND, share)
        return weighted_median(work.income[self._own], work.persons[self._own])

    def _pin(self) -> None:
        work, own = self._work, self._own
        order = own[np.argsort(work.income[own], kind="stable")]
        reached = np.cumsum(work.persons[order])
        half = reached[-1] / 2
        first = int(np.searchsorted(reached, half - EXACT_PERSONS))
        last = int(np.searchsorted(reached, half + EXACT_PERSONS))
        middle = order[first : last + 1]
        work.income[middle] = self._target + np.linspace(-1.5, 1.5, len(middle))


def _mix(ends: tuple[float, float], share: float) -> float:
    return float(ends[0] ** (1 - share) * ends[1] ** share)


def disposable(
    declared: Floats,
    households: pd.DataFrame,
    door: Ints,
    noise: Floats,
    local: Floats,
) -> Floats:
    """Turn declared into disposable incomes: benefits below, taxes above, some noise.

    ``noise`` has one normal draw per household, ``local`` one smooth value per address.
    """
    benefits = np.maximum(0, 7_000 - 0.43 * declared)
    benefits += np.where(households["single_parent"], 900, 0) * (declared < 20_000)
    taxed = np.interp(
        declared, [0, 12e3, 20e3, 40e3, 80e3, 1e7], [0, 300, 1_700, 8_700, 25e3, 4.6e6]
    )
    around = np.clip(local, -1.3, 1.3)[door]
    level = (declared - taxed + benefits) * np.exp(0.07 * noise + 0.10 * around)
    return np.maximum(level, 2_500.0)
