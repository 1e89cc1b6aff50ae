"""Indicators, figures and frameworks for tests."""

from __future__ import annotations

from typing import Any

from observatory.models import (
    FollowUpSheet,
    Framework,
    Indicator,
    Level,
    Membership,
    Nature,
    Observation,
    Organisation,
    Source,
    Standing,
    Territory,
)
from tests.factories import a_source, a_territory


def an_indicator(code: str = "population", nature: str = Nature.COUNT, **more: Any) -> Indicator:
    """Return the indicator of that code, made at first use."""
    told = {"label": code.capitalize(), "nature": nature, **more}
    return Indicator.objects.get_or_create(code=code, defaults=told)[0]


def a_figure(
    indicator: Indicator, territory: Territory, year: int, value: float | None, **more: Any
) -> Observation:
    """Return a new figure; None is not available unless told otherwise."""
    more.setdefault("standing", Standing.NOT_AVAILABLE if value is None else Standing.DECLARED)
    more.setdefault("source", a_source())
    return Observation.objects.create(
        indicator=indicator, territory=territory, year=year, value=value, **more
    )


def a_share(
    indicator: Indicator, territory: Territory, year: int, top: float, under: float, **more: Any
) -> Observation:
    """Return a new share, in per cent, with the two counts it is made of."""
    value = 100 * top / under
    return a_figure(indicator, territory, year, value, numerator=top, denominator=under, **more)


def two_quarters_of(city: Territory, source: Source | None = None) -> list[Territory]:
    """Return two new quarters of 2015, wholly in the city."""
    told = {"container": city, "area_share": 1.0, "source": source or a_source()}
    found = [a_territory(Level.QPV, f"QP07500{n}", generation=2015) for n in (1, 2)]
    for quarter in found:
        Membership.objects.create(member=quarter, **told)
    return found


def an_organisation(name: str = "Ville", *spellings: str) -> Organisation:
    """Return the organisation of that name."""
    told = {"spellings": list(spellings)}
    return Organisation.objects.get_or_create(name=name, defaults=told)[0]


def a_contract(code: str = "CV-TEST") -> Territory:
    """Return the contract of that code."""
    found = Territory.objects.filter(level=Level.CONTRACT, code=code).first()
    return found or a_territory(Level.CONTRACT, code, f"Contrat {code}")


def a_framework(code: str = "cadre", contract: Territory | None = None) -> Framework:
    """Return a new framework of a contract."""
    return Framework.objects.create(
        code=code, title=f"Cadre {code}", territory=contract or a_contract(), source=a_source()
    )


def a_sheet(code: str, territory: Territory | None = None, **more: Any) -> FollowUpSheet:
    """Return a new follow-up sheet of 2015."""
    told: dict[str, Any] = {"title": f"Fiche {code}", "year": 2015, "source": a_source(), **more}
    return FollowUpSheet.objects.create(code=code, territory=territory or a_contract(), **told)
