"""The facts a finished territory must hold, checked before a single file is written."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from importers.demonstration import errors, facts, plan
from importers.demonstration.incomes import consumption_units, weighted_median
from importers.demonstration.territory import Territory

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ZONES_WITH_ONE_LINE = 22
QUARTERS_UNDER_USUAL_LINE = 13


def keep_promises(territory: Territory) -> None:
    """Check populations, medians and the three counts of zones.

    Raises
    ------
    PromiseBroken
    """
    _populations_and_medians(territory)
    big, usual = float(facts.PARIS_LINE), float(facts.USUAL_WEIGHTS_LINE)
    small = (territory.households["urban_unit"] == plan.SMALL_UNIT).to_numpy()
    for promise, line, expected in (
        ("zones under each unit's own line", np.where(small, usual, big), facts.COMPUTED_ZONES),
        ("zones under the Paris line everywhere", big, ZONES_WITH_ONE_LINE),
        ("zones under the usual line everywhere", usual, QUARTERS_UNDER_USUAL_LINE),
        ("zones under that line rounded", round(usual, -1), QUARTERS_UNDER_USUAL_LINE),
    ):
        found = count_zones(territory, line)
        if found != expected:
            raise errors.PromiseBroken(promise, expected, found)


def _populations_and_medians(territory: Territory) -> None:
    persons = territory.households["persons"].to_numpy(np.int64)
    income = declared_per_unit(territory)
    for number, quarter in enumerate(territory.legal):
        fact = facts.BY_CODE[quarter.code]
        own = territory.quarter == number
        if persons[own].sum() != fact.population:
            raise errors.PromiseBroken(
                f"inhabitants of {fact.code}", fact.population, persons[own].sum()
            )
        median = round(weighted_median(income[own], persons[own]), -1)
        if median != fact.median:
            raise errors.PromiseBroken(f"median of {fact.code}", fact.median, median)


def declared_per_unit(territory: Territory) -> Floats:
    """Declared income per consumption unit of each household, euros."""
    declared = territory.households["declared_income"].to_numpy(np.float64)
    return declared / consumption_units(territory.households)


def poor_cells(territory: Territory, line: float | Floats) -> Bools:
    """Mark the cells where most inhabitants are under a line, shape (cells,)."""
    count = territory.ground.rows * territory.ground.columns
    persons = territory.households["persons"].to_numpy(np.float64)
    low = np.where(declared_per_unit(territory) < line, persons, 0)
    total = np.bincount(territory.cell, persons, minlength=count)
    return np.bincount(territory.cell, low, minlength=count) > total / 2


def count_zones(territory: Territory, line: float | Floats) -> int:
    """Count aggregates of poor cells (8 neighbours) of at least 1 000 inhabitants."""
    ground = territory.ground
    mask = poor_cells(territory, line).reshape(ground.rows, ground.columns)
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    persons = territory.households["persons"].to_numpy(np.float64)
    sums = np.bincount(labels.ravel()[territory.cell], persons)
    return int((sums[1:] >= facts.MIN_POPULATION).sum())
