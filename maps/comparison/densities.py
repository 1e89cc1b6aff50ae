"""Facilities for a thousand inhabitants of the ages they are for, quarter by quarter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from carroyage.management.inhabitants import AGES
from layers.api.densities import NO_CELLS, NOBODY, TOO_FEW, Served, density_rows
from maps.comparison.asked import Asked
from maps.figures import Figure, quantity
from maps.panel import Person, citations, signed_in
from maps.portraits.around import CATEGORIES
from observatory.figures.errors import BadParameter, TooFewFigures
from observatory.figures.visible import Reader, visible
from observatory.models import Facility, Level, Source, Standing

EVERYBODY = (AGES, _("de tous âges"))
# Whom a category is for; all inhabitants where it is not said.
SERVED: dict[str, tuple[tuple[str, ...], Any]] = {
    "nursery": (("ind_0_3", "ind_4_5"), _("de 0 à 5 ans")),
    "school": (("ind_4_5", "ind_6_10"), _("de 4 à 10 ans")),
}
WHY = {
    NO_CELLS: _("aucun carreau avec cet âge"),
    NOBODY: _("aucun habitant de cet âge"),
    TOO_FEW: _("trop peu d’habitants de cet âge"),
}


@dataclass(frozen=True)
class Line:
    """One quarter: how many facilities serve it, how many people of the age, their ratio."""

    code: str
    name: str
    facilities: int
    people: Figure
    density: Figure
    between: tuple[str, str] | None
    why: Any

    @property
    def level(self) -> str:
        """Return the level of the quarter's portrait."""
        return Level.QPV


@dataclass(frozen=True)
class Densities:
    """What is told of one category; ``offered`` are those a person may choose, with their names."""

    offered: list[tuple[str, str]]
    category: str = ""
    label: str = ""
    ages: Any = ""
    lines: list[Line] = field(default_factory=list)
    sources: list[dict[str, str]] = field(default_factory=list)
    query: str = ""

    @property
    def equipped(self) -> int:
        """Return how many quarters have a facility, or one attached to them."""
        return sum(line.facilities > 0 for line in self.lines)


def densities_of(asked: Asked, category: str) -> Densities:
    """Return the facilities of a category for the quarters of the whole compared, as of today.

    Nothing but the choice where none is chosen, for a class or quarters chosen by hand, and
    where no grid tells how many people there are.
    """
    offered = _offered(asked.person) if asked.whole else []
    label = dict(offered).get(category)
    if asked.whole is None or label is None:
        return Densities(offered)
    ages, told = SERVED.get(category, EVERYBODY)
    served = Served(category, ages, asked.whole.code, timezone.localdate())
    try:
        rows = density_rows(served, Reader(signed_in(asked.person)))
    except (BadParameter, TooFewFigures):
        rows = []
    query = {"category": category, "ages": ",".join(ages), "within": served.within,
             "date": served.day.isoformat()}  # fmt: skip
    lines = sorted((_line(row) for row in rows), key=lambda line: line.name)
    return Densities(offered, category, label, told, lines, _sources(rows), urlencode(query))


def _offered(person: Person) -> list[tuple[str, str]]:
    held = visible(Facility.objects.all(), signed_in(person)).order_by()
    found = held.values_list("category", flat=True).distinct()
    return sorted(((one, str(CATEGORIES.get(one, one))) for one in found), key=lambda one: one[1])


def _line(row: dict[str, Any]) -> Line:
    standing = Standing.WITHHELD if row["reason"] == TOO_FEW else ""
    bounds = [row[f"people_{end}"] for end in ("low", "high")]
    low, high = (None if one is None else quantity(one, "", 0) for one in bounds)
    return Line(
        row["territory"],
        row["territory_name"],
        row["facilities"],
        Figure(row["people"], standing=standing),
        Figure(row["density"], decimals=2, standing=standing),
        None if low is None or high is None or low == high else (low, high),
        WHY.get(row["reason"], ""),
    )


def _sources(rows: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    codes = {code for row in rows for name in ("source", "people_source")
             for code in row[name].split(" ; ")}  # fmt: skip
    return citations(Source.objects.filter(code__in=codes).values_list("pk", flat=True))
