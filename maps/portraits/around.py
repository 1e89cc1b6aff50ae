"""What surrounds a territory's figures: facilities, promises, money, people reached, its class."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from importers.deposits.rights import within_reach
from importers.deposits.shared import shown
from maps.figures import Figure
from maps.followup.words import STATES
from maps.panel import Person, signed_in, wholly_visible
from maps.typologies import is_readable
from observatory.figures.targets import Progress, Stand, stands
from observatory.figures.visible import visible
from observatory.models import (
    Facility,
    FollowUpSheet,
    Framework,
    FundingPlace,
    Opening,
    Perimeter,
    Right,
    SheetState,
    Target,
    Territory,
)
from observatory.models.reviews import TypologyClass
from observatory.permissions import may

# Said of a number of targets; of one alone, maps/followup/words.py has the words.
COUNTED = {
    Progress.REACHED: _("atteintes"),
    Progress.UNDER_WAY: _("en cours"),
    Progress.LATE: _("en retard"),
    Progress.NO_DATA: _("sans donnée"),
    Progress.NOT_MEASURABLE: _("non mesurables"),
    Progress.UNSET: _("sans cible fixée"),
}
# The words of importers/facilities.toml, as a reader says them; any other word stands as it is.
CATEGORIES = {
    "school": _("écoles"),
    "library": _("bibliothèques"),
    "health_centre": _("centres de santé"),
    "social_centre": _("centres sociaux"),
    "hospital": _("hôpitaux"),
    "nursery": _("écoles maternelles et crèches"),
    "post_office": _("bureaux de poste"),
    "town_hall": _("mairies"),
}
MOST_SCHEMES = 12


@dataclass(frozen=True)
class Facilities:
    """Open facilities inside the outline and attached by decision, by category; planned apart."""

    inside: list[tuple[str, int]]
    attached: int
    planned: int
    sources: set[int]


def facilities_of(person: Person, territory: Territory, outline: Perimeter) -> Facilities:
    """Count the facilities of a territory: each once, inside by its outline or by decision."""
    held = visible(Facility.objects.all(), signed_in(person)).filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=date.today())
    )
    here = held.filter(geom__coveredby=outline.geom)
    working = here.filter(state=Opening.OPEN)
    counts = Counter(working.values_list("category", flat=True))
    attached = held.filter(links__territory=territory, state=Opening.OPEN)
    return Facilities(
        [
            (str(CATEGORIES.get(category, category)), count)
            for category, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ],
        attached.exclude(pk__in=here.values("pk")).distinct().count(),
        here.filter(state=Opening.PLANNED).count(),
        set(here.values_list("source_id", flat=True)),
    )


@dataclass(frozen=True)
class Promises:
    """One contract's targets by where they stand, and its sheets of the latest year."""

    title: str
    progress: list[tuple[str, str, int]]
    sheets: list[tuple[str, int]]
    sheets_year: int | None
    source: int


def promises_of(person: Person, territories: list[Territory]) -> list[Promises]:
    """Return what was promised for the territory or what it belongs to, by contract."""
    return [_promises(person, one) for one in frameworks_of(person, territories)]


def stands_seen(person: Person, framework: Framework) -> list[tuple[Target, Stand]]:
    """Return where each target stands today, but those that hang on figures kept from a person."""
    codes = {row for row in framework.nodes.values_list("rows__indicator__code", flat=True) if row}
    year = date.today().year
    open_codes = wholly_visible(person, codes, range(1990, year + 1))
    return [
        (target, stand)
        for target, stand in stands(framework, year)
        if target.indicator.code in open_codes or stand.progress == Progress.NO_DATA
    ]


def frameworks_of(person: Person, territories: list[Territory]) -> list[Framework]:
    """Return the référentiels of these territories that a person may see."""
    held = Framework.objects.filter(territory__in=territories)
    return list(visible(held, signed_in(person), territory="territory").order_by("code"))


def _promises(person: Person, framework: Framework) -> Promises:
    counts = Counter(stand.progress for _target, stand in stands_seen(person, framework))
    told = [(str(one), str(label), counts[one]) for one, label in COUNTED.items() if counts[one]]
    sheets = visible(
        FollowUpSheet.objects.filter(territory=framework.territory),
        signed_in(person),
        territory="territory",
    )
    last = sheets.order_by("-year").values_list("year", flat=True).first()
    states = (
        Counter(sheets.filter(year=last).values_list("state", flat=True)) if last else Counter()
    )
    told_sheets = [(str(STATES[one]), states[one]) for one in SheetState if states[one]]
    return Promises(framework.title, told, told_sheets, last, framework.source_id)


@dataclass(frozen=True)
class Money:
    """Euros of one year that a source says are for this territory alone; shared money apart."""

    year: int
    own: Figure
    lines: int
    shared_lines: int


def money_of(person: Person, territory: Territory) -> tuple[list[Money], set[int]]:
    """Return the money by year, and its sources. Money of several places is never split."""
    places = visible(
        FundingPlace.objects.filter(territory=territory),
        signed_in(person),
        source="line__source",
        territory="territory",
    )
    elsewhere = FundingPlace.objects.exclude(territory=territory).values("line")
    alone = places.filter(line__reach__in=("zone", "place")).exclude(line__in=elsewhere)
    found = []
    for year in sorted(set(places.values_list("line__year", flat=True)), reverse=True):
        own = alone.filter(line__year=year)
        total = own.aggregate(total=Sum("line__amount"))["total"]
        lines = own.count()
        value = Figure(None if total is None else float(total), "€")
        found.append(Money(year, value, lines, places.filter(line__year=year).count() - lines))
    return found, set(places.values_list("line__source_id", flat=True))


@dataclass(frozen=True)
class Reached:
    """People a scheme reached in the territory, as the deposit service lets it be known."""

    scheme: str
    period: str
    value: Figure


def reached_in(person: Person, territory: Territory) -> list[Reached]:
    """Return the gated counts of finished deposits, latest first; only to those who share.

    Where they share in some contracts only, those of these contracts' deposits, as by address.
    """
    if territory.level not in ("qpv", "qva", "arrondissement"):
        return []
    if not may(person, Right.VIEW_SHARED, territory):
        return []
    name = f"{territory.level}={territory.code}"
    found = []
    told_to = shown(within_reach(person, Right.VIEW_SHARED))
    for deposit, figures in sorted(told_to, key=lambda one: one[0].period_to, reverse=True):
        told = figures.get(name)
        if told is not None:
            standing = "withheld" if told["withheld"] else ""
            period = f"{deposit.period_from:%Y}–{deposit.period_to:%Y}"
            if deposit.period_from.year == deposit.period_to.year:
                period = f"{deposit.period_to:%Y}"
            found.append(Reached(deposit.scheme, period, Figure(told["value"], standing=standing)))
    return found[:MOST_SCHEMES]


@dataclass(frozen=True)
class InClass:
    """The class of the latest typology that holds the quarter, and how sure it is."""

    typology: str
    number: int
    count: int
    stability: Figure
    day: date
    indicators: list[str]


def class_of(person: Person, territory: Territory) -> InClass | None:
    """Return the quarter's class, where every figure it was made from may be seen."""
    row: Any = (
        TypologyClass.objects.filter(territory=territory, number__isnull=False)
        .select_related("typology")
        .order_by("-typology__made_at")
        .first()
    )
    if row is None:
        return None
    if not is_readable(person, row.typology):
        return None
    codes = list(row.typology.parameters.get("indicators", []))
    count = max(row.typology.classes.exclude(number=None).values_list("number", flat=True))
    stability = Figure(None if row.stability is None else 100 * row.stability, "%")
    return InClass(
        row.typology.name, row.number, count, stability, row.typology.made_at.date(), codes
    )
