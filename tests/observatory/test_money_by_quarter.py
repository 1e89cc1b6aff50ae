"""Euros per inhabitant, effort of the common law: none counted twice, none spread by guess."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from observatory.figures.money import (
    Lines,
    efforts,
    per_inhabitant,
    population,
    projects,
    spent,
)
from observatory.models import (
    Credit,
    FundingLine,
    FundingPlace,
    Level,
    Membership,
    Project,
    ProjectShare,
    Reach,
    Territory,
)
from tests.factories import a_source, a_territory
from tests.observatory.figures_makers import a_figure, an_indicator, an_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def places() -> dict[str, Territory]:
    """A city of 1 000 with two quarters of 100 and 50, and a third without a population."""
    found = {"VILLE": a_territory(Level.COMMUNE, "75056", "Paris")}
    people = an_indicator("population")
    a_figure(people, found["VILLE"], 2013, 1000)
    for code, count in (("A", 100), ("B", 50), ("C", None)):
        found[code] = a_territory(Level.QPV, code)
        Membership.objects.create(
            member=found[code], container=found["VILLE"], source=a_source(),
            valid_from=date(2015, 1, 1),
        )  # fmt: skip
        a_figure(people, found[code], 2013, count)
    return found


def a_line(key: str, amount: float, *where: tuple[Territory, float | None], **more: Any) -> None:
    told = {"title": key, "year": 2016, "credit": Credit.SPECIFIC, "source": a_source(), **more}
    line = FundingLine.objects.create(
        key=key, amount=amount, funder=an_organisation("État"), **told
    )
    for territory, share in where:
        FundingPlace.objects.create(line=line, territory=territory, share=share)


def quarters(places: dict[str, Territory]) -> list[int]:
    return [places[code].pk for code in "ABC"]


def test_euros_of_one_quarter_by_credit(places: dict[str, Territory]) -> None:
    a_line("1", 1000, (places["A"], None))
    a_line("2", 500, (places["A"], None), credit=Credit.COMMON)
    a_line("3", 9999, (places["A"], None), year=2017)
    table = spent([2016], quarters(places)).table
    assert table.loc[places["A"].pk, ["specific", "common", "total"]].tolist() == [1000, 500, 1500]
    assert np.isnan(table.loc[places["B"].pk, "total"]), "no line is not known, it is not zero"


def test_an_amount_is_divided_as_the_funder_says(places: dict[str, Territory]) -> None:
    a_line("1", 1000, (places["A"], 0.7), (places["B"], 0.2))
    found = spent([2016], quarters(places))
    assert found.table["total"].tolist()[:2] == pytest.approx([700, 200])
    assert found.unplaced == pytest.approx(100)


@pytest.mark.parametrize("reach", [Reach.MULTI_SITE, Reach.WIDER])
def test_money_of_several_sites_is_nobody_s_alone(places: dict[str, Territory], reach: str) -> None:
    a_line("1", 1000, (places["A"], None), reach=reach)
    found = spent([2016], quarters(places))
    assert found.table["total"].isna().all()
    assert found.unplaced == 1000


def test_several_places_without_shares_are_never_split_evenly(places: dict[str, Territory]) -> None:
    a_line("1", 1000, (places["A"], None), (places["B"], None))
    found = spent([2016], quarters(places))
    assert found.table["total"].isna().all()
    assert (found.unplaced, found.lines) == (1000, 1)


def test_planned_and_paid_money_are_not_added_up(places: dict[str, Territory]) -> None:
    a_line("voté", 1000, (places["A"], None), phase="voted")
    a_line("payé", 900, (places["A"], None), phase="paid")
    found = spent([2016], quarters(places), Lines(phase="paid"))
    assert found.table.loc[places["A"].pk, "total"] == 900


def test_euros_per_inhabitant_and_year(places: dict[str, Territory]) -> None:
    a_line("1", 1000, (places["A"], None))
    a_line("2", 3000, (places["A"], None), year=2017)
    a_line("3", 300, (places["C"], None))
    table = per_inhabitant([2016, 2017], quarters(places))
    assert table.loc[places["A"].pk, "total"] == 20, "4 000 € over two years for 100 inhabitants"
    assert table.loc[places["A"].pk, "people_year"] == 2013
    assert np.isnan(table.loc[places["C"].pk, "total"]), "without a population there is no rate"


def test_the_population_is_the_latest_known_by_then(places: dict[str, Territory]) -> None:
    a_figure(an_indicator("population"), places["A"], 2018, 200)
    told = {year: population([places["A"].pk], year)["people"].iloc[0] for year in (2017, 2019)}
    assert told == {2017: 100, 2019: 200}
    assert population([places["A"].pk], 2010)["people"].isna().all()


def test_the_effort_ratio_is_to_the_whole_city_a_head(places: dict[str, Territory]) -> None:
    a_line("quartier", 600, (places["A"], None), credit=Credit.COMMON)
    a_line("ville", 1400, (places["VILLE"], None), credit=Credit.COMMON)
    a_line("autre crédit", 9999, (places["VILLE"], None))
    told = efforts([2016], quarters(places), places["VILLE"].pk)
    one = told[places["A"].pk]
    assert (one.own, one.reference, one.ratio) == (6, 2, 3)
    assert told[places["B"].pk].ratio is None
    assert told[places["B"].pk].reason == "sans montant ou sans population"


def test_a_line_for_two_quarters_counts_once_in_the_reference(places: dict[str, Territory]) -> None:
    a_line("deux", 1000, (places["A"], 0.5), (places["B"], 0.5), credit=Credit.COMMON)
    told = efforts([2016], quarters(places), places["VILLE"].pk)
    assert told[places["A"].pk].reference == 1
    assert (told[places["A"].pk].ratio, told[places["B"].pk].ratio) == (5, 10)


def test_without_a_reference_no_ratio_is_approximated(places: dict[str, Territory]) -> None:
    a_line("quartier", 600, (places["A"], None), credit=Credit.COMMON)
    elsewhere = a_territory(Level.COMMUNE, "93001")
    told = efforts([2016], quarters(places), elsewhere.pk)[places["A"].pk]
    assert (told.own, told.ratio, told.reason) == (6, None, "la référence n’est pas connue")


def test_one_project_under_two_communes_is_one_project() -> None:
    arcueil, gentilly = (a_territory(Level.COMMUNE, code) for code in ("94003", "94037"))
    centre = Project.objects.create(source=a_source(), key="cv", name="Centre de santé", kind="x")
    for territory, amount in ((arcueil, 300_000), (gentilly, 150_000)):
        ProjectShare.objects.create(project=centre, territory=territory, amount=amount)
    assert projects() == {"projects": 1, "mentions": 2, "amount": 450_000}
    assert projects([gentilly.pk]) == {"projects": 1, "mentions": 1, "amount": 150_000}


def test_the_grants_of_the_department_by_commune() -> None:
    from importers.published import load_published

    list(load_published("subventions"))
    ivry = Territory.objects.get(level=Level.COMMUNE, code="94041")
    years = list(range(2015, 2020))
    found = spent(years, [ivry.pk], Lines(sources=["grand-orly-2019-subventions"]))
    assert found.table["total"].iloc[0] == 217_300
    assert found.unplaced == 0
    a_figure(an_indicator("population"), ivry, 2013, 58_933)
    told = per_inhabitant(years, [ivry.pk])["total"].iloc[0]
    assert told == pytest.approx(217_300 / 58_933 / 5)
