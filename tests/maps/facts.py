"""Figures for the small town: a city, its two quarters of 2024, indicators over several years."""

from __future__ import annotations

from datetime import date

from observatory.models import (
    Facility,
    Indicator,
    Level,
    Membership,
    Nature,
    Observation,
    Polarity,
    SeriesBreak,
    Source,
    Standing,
    Status,
    Territory,
)
from tests.factories import a_perimeter, a_source, a_territory, under_terms
from tests.maps.town import PLACES, Place, outline

YEARS = (2019, 2020, 2021)
# Poor persons out of 1 000 by year, of the quarter of the town; the city has 200 out of 10 000.
POOR = {2019: 400, 2020: 380, 2021: 420}
OTHER_POOR, CITY_POOR = 300, 2_000


def public_source(code: str = "chiffres", **fields: object) -> Source:
    """Return a source anybody may see."""
    return under_terms(a_source(code, title="Tableau d’essai", producer="Insee", **fields))


def an_indicator(code: str, label: str, nature: str = Nature.SHARE, **fields: object) -> Indicator:
    """Return a new indicator, lower being better unless said otherwise."""
    told = {"polarity": Polarity.LOWER, "decimals": 1, "theme": "revenus", **fields}
    return Indicator.objects.create(code=code, label=label, nature=nature, **told)


def observe(
    indicator: Indicator,
    territory: Territory,
    year: int,
    value: float | None = None,
    standing: str = Standing.DECLARED,
    **fields: object,
) -> Observation:
    """Store one figure."""
    fields.setdefault("source", public_source())
    return Observation.objects.create(
        indicator=indicator,
        territory=territory,
        year=year,
        value=value,
        standing=standing,
        **fields,
    )


def a_share(
    indicator: Indicator, territory: Territory, year: int, top: float, under: float
) -> None:
    """Store a share with its two counts."""
    observe(indicator, territory, year, 100 * top / under, numerator=top, denominator=under)


def build_facts() -> None:
    """Add to the town: its city, a second quarter of 2024, and their figures."""
    source = public_source()
    quarter = Territory.objects.get(code="QN075901")
    city = a_territory(Level.COMMUNE, "75056", "Paris", source=source)
    ground = outline(*(Place(column, row) for column in range(6) for row in range(3)))
    a_perimeter(city, ground, status=Status.REFERENCE)
    inner = a_territory(Level.ARRONDISSEMENT, "75119", "Paris 19e", source=source)
    a_perimeter(inner, ground, status=Status.REFERENCE)
    other = a_territory(Level.QPV, "QN075902", "Haut-Coteau", generation=2024, source=source)
    a_perimeter(other, outline(PLACES["e"]), since=date(2024, 1, 1), act="Décret no 2")
    contract = a_territory(Level.CONTRACT, "CV1", "Contrat d’essai", source=source)
    for one in (quarter, other):
        for whole in (city, contract, inner):
            Membership.objects.create(member=one, container=whole, source=source, area_share=1.0)
    Membership.objects.create(member=inner, container=city, source=source)
    build_figures(quarter, other, city)
    Facility.objects.create(
        source=source, key="1", name="École", category="école", geom=quarter_point(quarter)
    )


def build_figures(quarter: Territory, other: Territory, city: Territory) -> None:
    """Store shares with counts, a median, a withheld count and a broken series."""
    poverty = an_indicator("poverty-rate", "Taux de pauvreté", unit="%")
    for year in YEARS:
        a_share(poverty, quarter, year, POOR[year], 1_000)
        a_share(poverty, other, year, OTHER_POOR, 1_000)
        a_share(poverty, city, year, CITY_POOR, 10_000)
    income = an_indicator(
        "median-income", "Revenu médian", Nature.MEDIAN, unit="€", decimals=0,
        polarity=Polarity.HIGHER,
    )  # fmt: skip
    for year, value in ((2019, 12_000), (2021, 13_500)):
        observe(income, quarter, year, value)
    observe(income, other, 2021, 15_000)
    SeriesBreak.objects.create(indicator=income, year=2020, reason="nouvelle définition")
    helped = an_indicator("helped", "Jeunes suivis", Nature.COUNT, decimals=0, counts_persons=True)
    observe(helped, quarter, 2021, 3)
    observe(helped, other, 2021, 0)


def quarter_point(quarter: Territory) -> object:
    """Return a point inside a quarter."""
    return quarter.perimeters.get().geom.point_on_surface
