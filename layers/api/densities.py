"""Facilities for each thousand inhabitants of an age, quarter by quarter, with both counts.

The numerator is what stands in a quarter or is attached to it, as far as the reader may see; the
denominator comes from the published cells, with its bounds. Where it is a few persons it is
withheld, and the ratio with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from carroyage.management.inhabitants import people_of_ages
from observatory.disclosure.rules import rule_for
from observatory.figures.comparisons import Cited, Rows
from observatory.figures.facilities import PER, SOMEBODY, Asked, by_quarter, densities, serving
from observatory.figures.tell import quarters_of
from observatory.figures.visible import Reader, visible
from observatory.models import Facility, Perimeter
from observatory.models.disclosure import Unit

NO_CELLS = "aucun carreau, ou un carreau sans cet âge : la population n’est pas connue"
NOBODY = "aucun habitant de cet âge"
TOO_FEW = "retenu : trop peu d’habitants de cet âge"


@dataclass(frozen=True)
class Served:
    """Which facilities, on which day, for inhabitants of which ages, in whose quarters."""

    category: str
    ages: Sequence[str]
    within: str
    day: date


def density_rows(asked: Served, reader: Reader) -> Rows:
    """Return each quarter in force that day with its facilities, its people and their ratio.

    Raises TooFewFigures, and BadParameter where a column is no age or no grid is loaded.
    """
    held = Perimeter.objects.in_force().on(asked.day)
    quarters = list(quarters_of(asked.within, asked.day).filter(pk__in=held.values("territory")))
    places = [quarter.pk for quarter in quarters]
    shown = visible(Facility.objects.filter(category=asked.category), reader.person)
    sources = sorted(set(shown.values_list("source__code", flat=True)))
    facilities = serving(by_quarter(Asked(asked.category, asked.day, sources=sources), places))
    people = people_of_ages(asked.ages, day=asked.day, places=places)
    grid = people.attrs["source"].code
    cited = Cited([*sources, grid])
    told = people.reindex(places)
    least = rule_for(Unit.PERSONS, grid).threshold
    reasons = told["value"].map(lambda people: _why(people, least))
    told.loc[reasons == TOO_FEW, ["value", "low", "high"]] = np.nan
    ratios = densities(facilities, told)
    return [
        {
            "territory": quarter.code, "territory_name": quarter.name,
            "generation": quarter.generation, "category": asked.category,
            "date": asked.day.isoformat(), "ages": ",".join(asked.ages),
            "facilities": int(facilities[quarter.pk]), **_numbers(told.loc[quarter.pk], "people"),
            "per": PER, **_numbers(ratios.loc[quarter.pk], "density"),
            "reason": reasons[quarter.pk],
            **cited.columns(sources), **cited.columns([grid], "people_"),
        }
        for quarter in quarters
    ]  # fmt: skip


def _numbers(row: Any, name: str) -> dict[str, float | None]:
    """Return a value with its bounds, each of them nothing where it is not known."""
    told = {name: row["value"], f"{name}_low": row["low"], f"{name}_high": row["high"]}
    return {key: None if np.isnan(value) else float(value) for key, value in told.items()}


def _why(people: float, least: float) -> str:
    if np.isnan(people):
        return NO_CELLS
    if people < SOMEBODY:
        return NOBODY
    return TOO_FEW if people < least else ""
