"""The stored typology as the pages show it: only where all it was made from may be seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from maps.panel import Person, wholly_visible
from observatory.figures.classes import Asked
from observatory.figures.gaps import quarters_within
from observatory.figures.typology import oriented, stored_values
from observatory.models import Indicator, Territory, Typology
from observatory.models.reviews import TypologyClass

ALL_YEARS = range(1990, 2100)


def is_readable(person: Person, typology: Typology) -> bool:
    """Tell whether a person may see every figure a typology was made from."""
    told = typology.parameters
    years = [told["year"]] if isinstance(told.get("year"), int) else ALL_YEARS
    codes = list(told.get("indicators", []))
    return not set(codes) - wholly_visible(person, codes, years)


def latest_typology(person: Person) -> Typology | None:
    """Return the last typology made, if the person may see what it was made from."""
    found = Typology.objects.order_by("-made_at", "-pk").first()
    return found if found is not None and is_readable(person, found) else None


def members_of(typology: Typology, number: int) -> list[Territory]:
    """Return the quarters of a class, by name."""
    rows = typology.classes.filter(number=number).select_related("territory")
    return sorted((row.territory for row in rows), key=lambda one: (one.name, one.code))


def numbers_of(typology: Typology) -> list[int]:
    """Return the classes that hold a quarter, 1 (the most precarious) first."""
    return sorted({row.number for row in typology.classes.all() if row.number is not None})


@dataclass(frozen=True)
class Heat:
    """Quarters by the indicators of a typology.

    ``values`` and ``deviations`` have quarter ids by indicator codes; a deviation is in robust
    deviations from the median of all quarters classed, more being worse, cut at ±3.
    """

    typology: Typology
    rows: list[TypologyClass]
    indicators: list[Indicator]
    year: int
    values: pd.DataFrame
    deviations: pd.DataFrame


def heat_of(typology: Typology, quarters: list[Territory]) -> Heat | None:
    """Return the heat table of some quarters; None where none of them was classed."""
    held = typology.classes.filter(territory__in=quarters).select_related("territory")
    rows = sorted(held, key=_order)
    if not rows:
        return None
    told = typology.parameters
    asked = Asked(**{**told, "indicators": tuple(told["indicators"])})
    places = None
    if asked.within:
        group = Territory.objects.filter(code=asked.within).first()
        places = None if group is None else quarters_within(group.pk, asked.level, _day(asked))
    values, polarity = stored_values(
        asked.indicators, asked.year, level=asked.level, generation=asked.generation,
        territories=places,
    )  # fmt: skip
    wanted = [row.territory_id for row in rows]
    known = {one.code: one for one in Indicator.objects.filter(code__in=asked.indicators)}
    return Heat(
        typology,
        rows,
        [known[code] for code in asked.indicators],
        asked.year,
        values.reindex(wanted),
        oriented(values, polarity).reindex(wanted),
    )


def _day(asked: Asked) -> date:
    return date(asked.year, 12, 31)


def _order(row: TypologyClass) -> tuple[bool, int, float, str]:
    """Order by class, the most precarious first; quarters without a class last."""
    score = -np.inf if row.score is None else row.score
    return row.number is None, row.number or 0, -score, row.territory.name
