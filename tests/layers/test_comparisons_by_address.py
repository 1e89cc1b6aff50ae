"""Gaps, ranks, evolutions, euros a head and targets by address: with sources, and without leaks."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.test import Client

from layers.api.figures_compare import QUESTIONS
from observatory.figures.differencing import protect
from observatory.figures.gaps import MISSING, NOT_LOADED, OWN_MISSING, WITHHELD
from observatory.models import (
    FrameworkRow,
    FundingLine,
    FundingPlace,
    Indicator,
    Level,
    Membership,
    Nature,
    Node,
    Reach,
    Role,
    SeriesBreak,
    Sharing,
    Target,
    TargetForm,
    Territory,
)
from tests.factories import a_source, a_territory
from tests.layers.figures import shown, someone
from tests.observatory.figures_makers import (
    a_contract,
    a_figure,
    a_framework,
    a_share,
    an_indicator,
    an_organisation,
    two_quarters_of,
)

pytestmark = pytest.mark.django_db
GAPS = "/api/compare/gaps/?indicator=poverty&within=75056&year=2018&reference=75056"
RANKS = "/api/compare/ranks/?indicator=poverty&within=75056&from=2018&to=2018"
EVOLUTION = "/api/compare/evolution/?indicator=poverty&within=75056&from=2013&to=2018"
MONEY = "/api/compare/money/?within=75056&from=2016&to=2017&reference=75056"


@pytest.fixture
def city() -> Territory:
    return a_territory(Level.COMMUNE, "75056", "Paris")


@pytest.fixture
def quarters(city: Territory) -> list[Territory]:
    return two_quarters_of(city, shown())


@pytest.fixture
def poverty() -> Indicator:
    return an_indicator("poverty", Nature.SHARE, polarity="lower", unit="%", counts_persons=True)


def share(
    indicator: Indicator, place: Territory, top: float, under: float, year: int = 2018,
    source: Any = None,
) -> None:  # fmt: skip
    a_share(indicator, place, year, top, under, source=source or shown())


@pytest.fixture
def told(poverty: Indicator, city: Territory, quarters: list[Territory]) -> None:
    """The city and its two quarters, all public."""
    share(poverty, city, 300, 2000)
    share(poverty, quarters[0], 80, 200)
    share(poverty, quarters[1], 20, 100)


def rows(client: Client, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])


# -- what each gives -----------------------------------------------------------------------


def test_a_quarter_stands_beside_its_city_the_rest_of_it_and_all_quarters(
    visitor: Client, told: None
) -> None:
    whole, rest, together = rows(visitor, GAPS)[:3]
    assert [r["reference"] for r in (whole, rest, together)] == [
        "Paris", "Paris hors quartiers", "ensemble des quartiers",
    ]  # fmt: skip
    assert (rest["value"], rest["numerator"], rest["denominator"]) == (40, 80, 200)
    assert (rest["reference_numerator"], rest["reference_denominator"]) == (200, 1700)
    assert rest["difference"] == pytest.approx(40 - 100 * 200 / 1700)
    assert (rest["difference_unit"], rest["scope"], rest["year"]) == ("points", "whole", 2018)
    assert together["reference_value"] == pytest.approx(100 / 3)


@pytest.mark.parametrize("address", [GAPS, RANKS])
def test_every_row_quotes_the_sources_of_both_sides(
    visitor: Client, told: None, address: str
) -> None:
    for row in rows(visitor, address):
        for prefix in ("", "reference_") if address == GAPS else ("",):
            assert row[f"{prefix}source"] == "publie"
            assert row[f"{prefix}producer"] == "Producteur"
            assert row[f"{prefix}licence"] == "Licence Ouverte"


def test_the_csv_says_the_same_as_the_json(visitor: Client, told: None) -> None:
    answer = visitor.get(GAPS.replace("gaps/", "gaps.csv"))
    lines = list(csv.DictReader(io.StringIO(answer.content.decode())))
    told_rows = rows(visitor, GAPS)
    assert [set(line) for line in lines] == [set(row) for row in told_rows]
    assert [line["difference"] for line in lines] == [str(row["difference"]) for row in told_rows]


def test_a_reference_that_is_not_loaded_is_said_and_never_made_up(
    visitor: Client, poverty: Indicator, quarters: list[Territory]
) -> None:
    share(poverty, quarters[0], 80, 200)
    whole, rest, together = rows(visitor, GAPS)[:3]
    for row in (whole, rest):
        assert (row["difference"], row["reference_value"], row["reason"]) == (
            None,
            None,
            NOT_LOADED,
        )
    assert together["reason"] == MISSING
    assert rows(visitor, GAPS)[3]["reason"] == OWN_MISSING


def test_ranks_count_the_quarters_compared(visitor: Client, told: None) -> None:
    first, second = rows(visitor, RANKS)
    assert (first["rank"], first["percentile"], first["worse_than"]) == (2, 75, 75)
    assert (second["rank"], second["known"], second["missing"]) == (1, 2, 0)


def test_an_evolution_comes_with_that_of_its_gap(
    visitor: Client, told: None, poverty: Indicator, city: Territory, quarters: list[Territory]
) -> None:
    share(poverty, quarters[0], 72, 200, 2013)
    share(poverty, city, 280, 2000, 2013)
    row = rows(visitor, EVOLUTION + "&reference=75056")[0]
    assert (row["first_value"], row["last_value"], row["difference"]) == (36, 40, 4)
    assert (row["first_numerator"], row["last_denominator"]) == (72, 200)
    assert (row["reference_difference"], row["gap_change"]) == (pytest.approx(1), pytest.approx(3))
    SeriesBreak.objects.create(indicator=poverty, year=2015, reason="autre méthode")
    row = rows(visitor, EVOLUTION)[0]
    assert row["difference"] is None and "autre méthode" in row["reason"]


def a_grant(place: Territory, amount: float, source: Any = None, **more: Any) -> None:
    line = FundingLine.objects.create(
        key=f"{place.code}-{amount}", title="Action", year=2016, amount=amount,
        funder=an_organisation("État"), source=source or shown(), reach=Reach.ZONE,
        **{"credit": "common", **more},
    )  # fmt: skip
    FundingPlace.objects.create(line=line, territory=place)


@pytest.fixture
def people(city: Territory, quarters: list[Territory]) -> None:
    for place, count in ((city, 1000), (quarters[0], 100), (quarters[1], 50)):
        a_figure(an_indicator("population"), place, 2013, count, source=shown())


def test_euros_a_head_come_with_amount_people_and_effort(
    visitor: Client, people: None, city: Territory, quarters: list[Territory]
) -> None:
    a_grant(quarters[0], 1200)
    a_grant(city, 2800)
    first, second = rows(visitor, MONEY)
    assert (first["amount"], first["people"], first["people_year"]) == (1200, 100, 2013)
    assert (first["per_inhabitant"], first["per_inhabitant_common"]) == (6, 6)
    assert (first["effort_own"], first["effort_reference"], first["effort_ratio"]) == (6, 2, 3)
    assert (first["source"], first["people_source"]) == ("publie", "publie")
    assert second["amount"] is None, "no line is not known, it is no zero"
    assert second["reason"] and second["effort_reason"]


def a_target(contract: Territory, indicator: Indicator, **told: Any) -> None:
    framework = a_framework("cadre", contract)
    framework.source = shown()
    framework.save()
    node = Node.objects.create(framework=framework, kind="action", key="a", label="A", order=1)
    FrameworkRow.objects.create(node=node, indicator=indicator, key="r", label="R", order=1)
    Target.objects.create(
        indicator=indicator, territory=contract, framework=framework, source=shown(), version=1,
        horizon=2020, **told,
    )  # fmt: skip


def test_a_gap_to_halve_is_told_with_its_reference(visitor: Client, city: Territory) -> None:
    contract, dropouts = a_contract("CV-A"), an_indicator("dnb", Nature.SHARE, polarity="lower")
    for year, own, whole in ((2014, 36.3, 20), (2019, 27, 18)):
        a_figure(dropouts, contract, year, own, source=shown())
        a_figure(dropouts, city, year, whole, source=shown("ville"))
    a_target(contract, dropouts, form=TargetForm.HALVE_GAP, reference=city, scope="whole")
    (row,) = rows(visitor, "/api/compare/targets/?contract=CV-A&year=2019")
    assert (row["start_gap"], row["gap"]) == (pytest.approx(16.3), pytest.approx(9))
    assert (row["aim"], row["progress"]) == (pytest.approx(18 + 8.15), "under_way")
    assert row["figure_source"] == "publie ; ville"


# -- nothing leaks -------------------------------------------------------------------------


def test_a_hidden_source_changes_no_answer(
    visitor: Client, told: None, people: None, poverty: Indicator, city: Territory,
    quarters: list[Territory],
) -> None:  # fmt: skip
    """An adversary compares every answer before and after what is not public was loaded."""
    a_grant(quarters[0], 1200)
    elsewhere = a_territory(Level.QPV, "QP099001", generation=2015)
    share(poverty, elsewhere, 30, 100)
    addresses = [GAPS, RANKS, EVOLUTION + "&reference=75056", MONEY]
    addresses += [one.replace("/?", ".csv?") for one in addresses]
    before = [visitor.get(address).content for address in addresses]
    assert all(len(content) > 300 for content in before)
    for number, sharing in enumerate((Sharing.SHARED, Sharing.WORKING, None)):
        hidden = shown(f"cache-{number}", sharing) if sharing else a_source("sans-conditions")
        for place in (city, *quarters, elsewhere):
            share(poverty, place, 50 + number, 400, source=hidden)
            share(poverty, place, 60 + number, 400, 2013, source=hidden)
        a_grant(quarters[1], 555 + number, source=hidden)
    assert [visitor.get(address).content for address in addresses] == before


def test_partners_compare_with_what_they_share(
    visitor: Client, poverty: Indicator, city: Territory, quarters: list[Territory]
) -> None:
    partner = shown("partage", Sharing.SHARED)
    for place, counts in ((city, (300, 2000)), (quarters[0], (80, 200)), (quarters[1], (20, 100))):
        share(poverty, place, *counts, source=partner)
    assert {r["reason"] for r in rows(visitor, GAPS)} == {OWN_MISSING}
    assert rows(someone(Role.PARTNER), GAPS)[1]["difference"] == pytest.approx(40 - 20 / 1.7)


def test_a_right_on_one_contract_compares_that_contract_alone(poverty: Indicator) -> None:
    partner, mine = shown("partage", Sharing.SHARED), a_contract("CV-A")
    own = a_territory(Level.QPV, "QA", generation=2015)
    Membership.objects.create(member=own, container=mine, source=partner)
    other = a_territory(Level.QPV, "QB", generation=2015)
    Membership.objects.create(member=other, container=a_contract("CV-B"), source=partner)
    for place in (own, other):
        share(poverty, place, 80, 200, source=partner)
    client = someone(Role.PARTNER, mine)
    address = "/api/compare/ranks/?indicator=poverty&within={}&from=2018&to=2018"
    assert [r["rank"] for r in rows(client, address.format("CV-A"))] == [1]
    assert [r["rank"] for r in rows(client, address.format("CV-B"))] == [None]


def test_a_few_persons_are_not_told_by_a_gap_nor_by_a_rank(
    visitor: Client, told: None, poverty: Indicator, city: Territory
) -> None:
    small = a_territory(Level.QPV, "QP075003", generation=2015)
    Membership.objects.create(member=small, container=city, area_share=1, source=shown())
    share(poverty, small, 3, 60)
    protect()
    own = [r for r in rows(visitor, GAPS) if r["territory"] == "QP075003"]
    assert {(r["value"], r["numerator"], r["reason"]) for r in own} == {(None, None, WITHHELD)}
    rest = [r for r in rows(visitor, GAPS) if r["reference"] == "Paris hors quartiers"]
    assert {r["reference_numerator"] for r in rest} == {None}
    ranked = {r["territory"]: r["rank"] for r in rows(visitor, RANKS)}
    assert ranked["QP075003"] is None


def test_a_framework_that_is_not_public_tells_no_target(visitor: Client) -> None:
    contract = a_contract("CV-A")
    a_framework("cadre", contract)
    assert visitor.get("/api/compare/targets/?contract=CV-A&year=2019").status_code == 400


# -- what is refused -----------------------------------------------------------------------


def test_ranks_of_several_years_are_each_among_the_quarters_of_that_year(
    visitor: Client, told: None, poverty: Indicator, quarters: list[Territory]
) -> None:
    share(poverty, quarters[0], 10, 100, year=2016)
    share(poverty, quarters[1], 30, 100, year=2017)
    share(poverty, quarters[0], 40, 100, year=2017)
    newer = a_territory(Level.QPV, "QN07501M", generation=2024)
    share(poverty, newer, 99, 100, year=2017)
    asked = RANKS.replace("from=2018", "from=2015")
    rows = visitor.get(asked).json()["results"]
    assert [row["year"] for row in rows] == [2015, 2015, 2016, 2016, 2017, 2017, 2018, 2018]
    first = {row["year"]: row for row in rows if row["territory"] == "QP075001"}
    assert (first[2015]["rank"], first[2015]["known"]) == (None, 0)
    assert first[2015]["reason"] == OWN_MISSING
    assert (first[2016]["rank"], first[2016]["known"]) == (1, 1)
    assert (first[2017]["rank"], first[2017]["known"]) == (2, 2), "the newer drawing is another"
    assert (first[2017]["value"], first[2017]["numerator"]) == (40, 40)


def test_the_list_says_what_each_needs(visitor: Client) -> None:
    listed = visitor.get("/api/compare/").json()["comparisons"]
    assert [one["name"] for one in listed] == list(QUESTIONS)
    for one in listed:
        assert visitor.get(one["json"]).status_code == 400, "what it needs is missing"
        assert set(one["needed"]) <= set(one["parameters"])
    assert visitor.get("/api/").json()["comparisons"].endswith("/api/compare/")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/compare/secrets/", 404),
        (GAPS.replace("poverty", "nothing"), 404),
        (GAPS.replace("within=75056", "within=XX"), 404),
        (GAPS.replace("reference=75056", "reference=99999"), 400),
        (GAPS.replace("year=2018", "year=soon"), 400),
        (GAPS + "&colour=red", 400),
        (GAPS + "&scope=everywhere", 400),
        (RANKS.replace("to=2018", "to=2000"), 400),
        (MONEY + ",75101", 400),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(
    visitor: Client, told: None, address: str, status: int
) -> None:
    answer = visitor.get(address)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_quarters_are_those_of_the_year_asked_about(
    visitor: Client, poverty: Indicator, city: Territory, told: None
) -> None:
    late = a_territory(Level.QPV, "QN07501A", generation=2024)
    Membership.objects.create(
        member=late, container=city, valid_from=date(2024, 1, 1), source=shown()
    )
    assert {r["territory"] for r in rows(visitor, GAPS)} == {"QP075001", "QP075002"}
