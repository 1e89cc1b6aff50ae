"""Quarters that lose ground, by address: in what, how fast, from which sources."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from observatory.figures.earlywarning import TOO_SHORT
from observatory.models import Level, Membership, Nature, SeriesBreak, Sharing, Territory
from tests.factories import a_source, a_territory, under_terms
from tests.observatory.figures_makers import a_figure, an_indicator

pytestmark = pytest.mark.django_db
YEARS = range(2015, 2021)
BEHIND = "/api/compare/behind/?indicators=poverty,median&within=75056&from=2015&to=2020"


@pytest.fixture
def nation() -> list[Territory]:
    """Return forty quarters of 2015; the first three are those of Paris."""
    found = [a_territory(Level.QPV, f"QP{n:06d}", generation=2015) for n in range(40)]
    city = a_territory(Level.COMMUNE, "75056", "Paris")
    for quarter in found[:3]:
        Membership.objects.create(member=quarter, container=city, source=a_source())
    return found


@pytest.fixture
def told(nation: list[Territory]) -> None:
    """The first quarter gets poorer and earns less each year, and the others stay."""
    poverty = an_indicator("poverty", Nature.SHARE, polarity="lower", unit="%")
    median = an_indicator("median", Nature.MEDIAN, polarity="higher", unit="€")
    source = under_terms(a_source("publie", licence="Licence Ouverte"))
    for year in YEARS:
        for rank, quarter in enumerate(nation):
            fall = (year - 2015) if rank == 0 else 0
            a_figure(poverty, quarter, year, 20 + (rank * 7 % 40) / 2 + 4 * fall, source=source)
            a_figure(
                median, quarter, year, 20_000 - 100 * (rank * 7 % 40 + 8 * fall), source=source
            )


def rows(client: Client, address: str = BEHIND) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])


def test_a_quarter_that_gets_poorer_every_year_is_warned_of(visitor: Client, told: None) -> None:
    found = rows(visitor)
    assert len(found) == 3 * 2, "each quarter of Paris, in each indicator"
    assert {row["territory"] for row in found if row["warned"]} == {"QP000000"}
    poverty, median = found[:2]
    assert (poverty["indicator"], poverty["alerts"], poverty["steep"]) == ("poverty", 2, True)
    assert poverty["slope"] > 5 and median["slope"] > 5, "places among a hundred lost a year"
    assert (poverty["first_year"], poverty["first_value"]) == (2015, 20)
    assert (poverty["last_year"], poverty["last_value"], poverty["years"]) == (2020, 40, 6)
    assert poverty["source"] == "publie" and poverty["licence"] == "Licence Ouverte"


def test_a_quarter_that_stays_where_it_was_is_not(visitor: Client, told: None) -> None:
    for row in rows(visitor)[2:]:
        assert (row["warned"], row["steep"], row["reason"]) == (False, False, "")


def test_one_indicator_alone_is_no_warning(visitor: Client, told: None) -> None:
    [poverty, *_] = rows(visitor, BEHIND.replace("poverty,median", "poverty"))
    assert (poverty["steep"], poverty["alerts"], poverty["warned"]) == (True, 1, False)


def test_no_trend_crosses_a_break_and_it_says_why_there_is_none(
    visitor: Client, told: None
) -> None:
    SeriesBreak.objects.create(indicator=an_indicator("poverty"), year=2019, reason="réforme")
    poverty, median = rows(visitor)[:2]
    assert (poverty["slope"], poverty["steep"], poverty["reason"]) == (None, None, TOO_SHORT)
    assert (poverty["first_year"], poverty["years"]) == (2019, 2)
    assert median["slope"] > 5 and not median["warned"]


def test_a_quarter_without_figures_is_said_to_have_none(visitor: Client, told: None) -> None:
    new = a_territory(Level.QPV, "QP999999", generation=2015)
    city = Territory.objects.get(code="75056")
    Membership.objects.create(member=new, container=city, source=a_source())
    last = rows(visitor)[-1]
    assert (last["territory"], last["years"], last["reason"]) == ("QP999999", 0, TOO_SHORT)
    assert (last["first_value"], last["slope"], last["source"]) == (None, None, "")


def test_quarters_of_two_generations_are_each_placed_among_their_own(
    visitor: Client, told: None, nation: list[Territory]
) -> None:
    city = Territory.objects.get(code="75056")
    new = a_territory(Level.QPV, "QN1", generation=2024)
    Membership.objects.create(member=new, container=city, source=a_source())
    for year in YEARS:
        value = 10 + 9 * (year - 2015)
        a_figure(an_indicator("poverty"), new, year, value, source=under_terms(a_source("publie")))
    found = {row["territory"]: row for row in rows(visitor) if row["indicator"] == "poverty"}
    assert found["QN1"]["slope"] == 0, "alone of its generation, it loses no place"
    assert len(rows(visitor, f"{BEHIND}&generation=2024")) == 2


def test_what_a_reader_may_not_see_warns_of_nothing(
    visitor: Client, told: None, nation: list[Territory]
) -> None:
    working = under_terms(a_source("travail"), Sharing.WORKING)
    hidden = an_indicator("hidden", Nature.SHARE, polarity="lower")
    for year in YEARS:
        for rank, quarter in enumerate(nation):
            a_figure(hidden, quarter, year, 20 + rank + (year if rank == 0 else 0), source=working)
    for row in rows(visitor, BEHIND.replace("poverty,median", "hidden,poverty")):
        if row["indicator"] == "hidden":
            assert (row["slope"], row["last_value"], row["source"]) == (None, None, "")
        assert not row["warned"]


def test_the_csv_says_the_same(visitor: Client, told: None) -> None:
    answer = visitor.get(BEHIND.replace("behind/", "behind.csv"))
    lines = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [line["territory"] for line in lines] == [row["territory"] for row in rows(visitor)]
    assert set(lines[0]) == set(rows(visitor)[0])


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (("indicators=poverty,median", "indicators=poverty,nothing"), 404),
        (("within=75056", "within=99999"), 404),
        (("indicators=poverty,median&", ""), 400),
        (("poverty,median", "poverty,,median"), 400),
        (("poverty,median", ",".join(["poverty"] * 11)), 400),
        (("from=2015", "from=2021"), 400),
    ],
)
def test_nonsense_is_refused(
    visitor: Client, told: None, change: tuple[str, str], status: int
) -> None:
    assert visitor.get(BEHIND.replace(*change)).status_code == status
