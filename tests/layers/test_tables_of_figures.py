"""Every table of figures leaves as JSON and CSV, with its source, under one set of rights."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.test import Client

from layers.api.figures import TABLES
from observatory.figures.differencing import protect
from observatory.models import (
    FollowUpSheet,
    Level,
    Membership,
    Nature,
    Role,
    Sharing,
    SheetResult,
    SheetState,
    User,
)
from tests.factories import a_source, a_territory
from tests.layers.figures import shown, someone
from tests.observatory.figures_makers import (
    a_contract,
    a_figure,
    a_framework,
    a_sheet,
    an_indicator,
    an_organisation,
)

pytestmark = pytest.mark.django_db
PROVENANCE = ["source", "source_title", "producer", "vintage", "licence"]
WITHOUT_SOURCE = {"sources", "organisations", "typologies", "classes", "reviews"}


def as_json(client: Client, table: str, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/api/tables/{table}/{query}")
    assert answer.status_code == 200, answer.content
    return list(answer.json()["results"])


def as_csv(client: Client, table: str, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/api/tables/{table}.csv{query}")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


def test_the_list_of_tables_gives_both_addresses_of_each(visitor: Client) -> None:
    told = visitor.get("/api/tables/").json()["tables"]
    assert [one["name"] for one in told] == list(TABLES)
    for one in told:
        assert visitor.get(one["json"]).status_code == 200, one["name"]
        assert visitor.get(one["csv"]).status_code == 200, one["name"]
    assert visitor.get("/api/").json()["tables"].endswith("/api/tables/")


@pytest.mark.parametrize("name", sorted(set(TABLES) - WITHOUT_SOURCE))
def test_every_row_carries_where_it_comes_from(name: str) -> None:
    assert set(PROVENANCE) <= set(TABLES[name].names)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_the_csv_has_the_columns_of_the_json(visitor: Client, name: str) -> None:
    answer = visitor.get(f"/api/tables/{name}.csv")
    header = b"".join(answer.streaming_content).decode().splitlines()[0]  # type: ignore[attr-defined]
    assert header.split(",") == list(TABLES[name].names)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_a_figure_leaves_with_its_place_year_scope_standing_and_source(visitor: Client) -> None:
    quarter = a_territory(Level.QPV, "QP075011", "Goutte d’Or")
    poverty = an_indicator("poverty-rate", Nature.SHARE, unit="%")
    a_figure(poverty, quarter, 2015, 42.5, source=shown(), row=12, outline_on=date(2015, 1, 1))
    (row,) = as_json(visitor, "observations")
    assert row["value"] == 42.5
    assert (row["territory"], row["level"], row["year"]) == ("QP075011", "qpv", 2015)
    assert (row["scope"], row["standing"], row["unit"]) == ("whole", "declared", "%")
    assert (row["source"], row["licence"], row["line"]) == ("publie", "Licence Ouverte", 12)
    assert row["outline_on"] == "2015-01-01"
    (line,) = as_csv(visitor, "observations")
    assert line["value"] == "42.5"
    assert [line[name] for name in PROVENANCE] == [
        "publie", "Source publie", "Producteur", "2021", "Licence Ouverte",
    ]  # fmt: skip


def test_no_data_is_a_blank_with_its_reason_and_never_a_zero(visitor: Client) -> None:
    quarter = a_territory(Level.QPV, "QP075011")
    a_figure(an_indicator("income", Nature.MEDIAN), quarter, 2021, None, source=shown())
    (line,) = as_csv(visitor, "observations")
    assert (line["value"], line["standing"]) == ("", "not_available")


def test_rows_are_narrowed_ordered_and_paged(visitor: Client) -> None:
    quarter, source = a_territory(Level.QPV, "QP1"), shown()
    for year in (2013, 2014, 2015):
        a_figure(an_indicator(), quarter, year, year, source=source)
    assert [r["year"] for r in as_json(visitor, "observations", "?year=2014")] == [2014]
    body = visitor.get("/api/tables/observations/?ordering=-year&limit=2").json()
    assert [r["year"] for r in body["results"]] == [2015, 2014]
    assert (body["numberMatched"], body["numberReturned"]) == (3, 2)
    assert [r["year"] for r in visitor.get(body["next"]).json()["results"]] == [2013]
    assert len(as_csv(visitor, "observations", "?year=2014")) == 1


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/tables/passwords/", 404),
        ("/api/tables/passwords.csv", 404),
        ("/api/tables/observations/?colour=red", 400),
        ("/api/tables/observations.csv?colour=red", 400),
        ("/api/tables/observations/?year=abc", 400),
        ("/api/tables/observations/?ordering=run__id", 400),
        ("/api/tables/observations/?indicator=a&indicator=b", 400),
    ],
)
def test_what_does_not_exist_is_refused_with_words(
    visitor: Client, address: str, status: int
) -> None:
    answer = visitor.get(address)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_a_text_a_spreadsheet_would_run_is_quoted(visitor: Client) -> None:
    an_organisation("=HYPERLINK(1)")
    (line,) = as_csv(visitor, "organisations")
    assert line["name"] == "'=HYPERLINK(1)"


# -- who sees what -------------------------------------------------------------------------


def test_what_is_shared_between_partners_is_not_the_public_s(visitor: Client) -> None:
    quarter = a_territory(Level.QPV, "QP1")
    for code, sharing in (("p", "public"), ("s", "shared"), ("w", "working")):
        a_figure(an_indicator(), quarter, 2015, 100, source=shown(code, sharing))
    a_figure(an_indicator(), quarter, 2015, 100, source=a_source("untold"))

    def seen(client: Client) -> list[str]:
        return sorted(r["source"] for r in as_json(client, "observations"))

    assert seen(visitor) == ["p"]
    assert seen(someone(Role.PARTNER, name="partenaire")) == ["p", "s"]
    assert seen(someone(Role.ANALYST, name="analyste")) == ["p", "s", "untold", "w"]
    older = visitor.get("/api/observations/").json()["results"]
    assert [r["source"]["title"] for r in older] == ["Source p"]


def test_a_right_on_one_contract_shows_that_contract_alone() -> None:
    mine, other = a_contract("CV-A"), a_contract("CV-B")
    source = shown("partage", Sharing.SHARED)
    for contract, code in ((mine, "QA"), (other, "QB")):
        quarter = a_territory(Level.QPV, code)
        Membership.objects.create(member=quarter, container=contract, source=source)
        a_figure(an_indicator(), quarter, 2015, 100, source=source)
        framework = a_framework(f"cadre-{code.lower()}", contract)
        framework.source = source
        framework.save()
    client = someone(Role.PARTNER, mine)
    assert [r["territory"] for r in as_json(client, "observations")] == ["QA"]
    assert [r["code"] for r in as_json(client, "frameworks")] == ["cadre-qa"]


def test_a_sheet_still_being_filled_is_seen_by_its_actor_and_the_steering_side_only(
    visitor: Client,
) -> None:
    contract, city, caf = a_contract(), an_organisation("Ville"), an_organisation("CAF")
    source = shown()
    a_sheet("faite", contract, source=source, state=SheetState.VALIDATED, organisation=city)
    draft = a_sheet("en-cours", contract, source=source, state=SheetState.DRAFT, organisation=city)
    SheetResult.objects.create(sheet=draft, label="Résultat", result=3)

    def seen(client: Client) -> list[str]:
        return [r["code"] for r in as_json(client, "sheets")]

    assert seen(visitor) == ["faite"]
    assert as_json(visitor, "results") == []
    assert seen(someone(Role.CONTRACT_LEAD, contract, "pilote")) == ["en-cours", "faite"]
    for organisation, expected in ((city, ["en-cours", "faite"]), (caf, ["faite"])):
        client = someone(Role.REFERENT, contract, f"referent {organisation}")
        User.objects.filter(username=f"referent {organisation}").update(organisation=organisation)
        assert seen(client) == expected


def test_a_review_is_for_those_who_share_the_contract(visitor: Client) -> None:
    from observatory.models import Review

    contract = a_contract()
    Review.objects.create(territory=contract, year=2015, content={}, checksum="0" * 64)
    assert as_json(visitor, "reviews") == []
    (row,) = as_json(someone(Role.COMMITTEE, contract), "reviews")
    assert (row["contract"], row["year"], row["checksum"]) == (contract.code, 2015, "0" * 64)


# -- small counts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nature", "value", "numerator", "denominator", "hidden"),
    [
        (Nature.COUNT, 4, None, None, True),
        (Nature.COUNT, 5, None, None, False),
        (Nature.COUNT, 0, None, None, False),
        (Nature.SHARE, 3.0, 30, 1000, False),  # a small share of many is no small group
        (Nature.SHARE, 40.0, 4, 10, True),
        (Nature.SHARE, 96.0, 72, 75, True),  # the rest is three persons
        (Nature.SHARE, 0.0, 0, 60, False),
        (Nature.RATE, 800.0, 2, 2.5, True),
    ],
)
@pytest.mark.parametrize("outlet", ["/api/tables/observations/", "/api/observations/"])
def test_a_count_of_persons_too_small_is_withheld_whatever_the_outlet(
    visitor: Client, outlet: str, nature: str, value: float, numerator: float | None,
    denominator: float | None, hidden: bool,
) -> None:  # fmt: skip
    persons = an_indicator("jobseekers", nature, counts_persons=True)
    a_figure(
        persons, a_territory(Level.QPV, "QP1"), 2015, value, source=shown(),
        numerator=numerator, denominator=denominator,
    )  # fmt: skip
    (row,) = visitor.get(outlet).json()["results"]
    told = {row["value"], row["numerator"], row["denominator"]}
    assert told == ({None} if hidden else {value, numerator, denominator})
    assert row["standing"] == ("withheld" if hidden else "declared")


@pytest.mark.parametrize("outlet", ["/api/tables/observations/", "/api/observations/"])
def test_what_subtraction_would_tell_is_withheld_whatever_the_outlet(
    visitor: Client, outlet: str
) -> None:
    persons, ward = an_indicator("helped", counts_persons=True), a_territory("arrondissement", "W")
    quarter = a_territory(Level.QPV, "QP1")
    Membership.objects.create(member=quarter, container=ward, source=shown())
    a_figure(persons, ward, 2015, 103, source=shown())
    a_figure(persons, quarter, 2015, 100, source=shown())
    protect()
    rows = {r["territory"]: r for r in visitor.get(outlet).json()["results"]}
    assert (rows["W"]["value"], rows["QP1"]["value"]) == (103, None)
    assert rows["QP1"]["standing"] == "withheld"


def test_dwellings_and_euros_are_no_persons(visitor: Client) -> None:
    a_figure(an_indicator("libraries"), a_territory(Level.QPV, "QP1"), 2015, 2, source=shown())
    assert as_json(visitor, "observations")[0]["value"] == 2


@pytest.mark.parametrize(("threshold", "hidden"), [(11, True), (2, False)])
def test_a_source_may_raise_the_threshold_and_never_lower_it(
    visitor: Client, threshold: int, hidden: bool
) -> None:
    source = shown("fiscal", secrecy_threshold=threshold)
    persons = an_indicator("households", counts_persons=True)
    quarter, other = a_territory(Level.QPV, "QP1"), a_territory(Level.QPV, "QP2")
    a_figure(persons, quarter, 2015, 10, source=source)
    a_figure(persons, other, 2015, 4, source=source)
    rows = {r["territory"]: r["value"] for r in as_json(visitor, "observations")}
    assert rows == {"QP1": None if hidden else 10, "QP2": None}


def test_the_counts_behind_a_sheet_s_result_are_gated_too(visitor: Client) -> None:
    persons = an_indicator("women", Nature.SHARE, counts_persons=True)
    sheet: FollowUpSheet = a_sheet("vvv", source=shown(), state=SheetState.VALIDATED)
    for order, numerator in ((1, 3), (2, 30)):
        SheetResult.objects.create(
            sheet=sheet, order=order, indicator=persons, label="Part", unit="%", target=10,
            result=numerator, numerator=numerator, denominator=100,
            formula="result_over_target", declared=numerator * 10,
        )  # fmt: skip
    small, large = as_json(visitor, "results")
    assert small["withheld"] is True
    for name in ("result", "numerator", "denominator", "declared", "computed", "difference"):
        assert small[name] is None, name
    assert (large["withheld"], large["result"], large["computed"]) == (False, 30, 300)


def test_declared_and_recomputed_rates_stand_side_by_side(visitor: Client) -> None:
    sheet = a_sheet("cie", source=shown(), state=SheetState.VALIDATED)
    SheetResult.objects.create(
        sheet=sheet, label="CIE", unit="%", target=13, result=20.3, declared=113,
        formula="result_over_target", source_line=2522,
    )  # fmt: skip
    (row,) = as_csv(visitor, "results")
    assert (row["declared"], row["agrees"], row["line"]) == ("113.0", "False", "2522")
    assert round(float(row["computed"])) == 156


@pytest.mark.parametrize(
    ("language", "title"), [("fr", "Objectifs chiffrés"), ("en", "Quantified targets")]
)
def test_titles_of_tables_follow_the_reader_s_language(
    visitor: Client, language: str, title: str
) -> None:
    visitor.cookies["django_language"] = language
    told = visitor.get("/api/tables/").json()["tables"]
    assert {one["name"]: one["title"] for one in told}["targets"] == title
