"""Sheets filled and validated over HTTP, under the same rights as everywhere."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from rest_framework.authtoken.models import Token

from observatory.models import (
    FollowUpSheet,
    Role,
    SheetResult,
    SheetState,
    User,
)
from tests.observatory.figures_makers import a_contract, a_sheet, an_indicator, an_organisation
from tests.people import somebody

pytestmark = pytest.mark.django_db


def person(name: str, role: str, organisation: str = "") -> Client:
    user = somebody(name, role, a_contract(), organisation)
    return Client(headers={"authorization": f"Token {Token.objects.create(user=user).key}"})


@pytest.fixture
def sheet(rules: None) -> FollowUpSheet:
    found = a_sheet("vvv", organisation=an_organisation("Ville"), state=SheetState.EXPECTED,
                    due_on="2016-03-01")  # fmt: skip
    SheetResult.objects.create(
        sheet=found, label="=Groupes", indicator=an_indicator("groups"), target=10,
        formula="result_over_target",
    )  # fmt: skip
    return found


def patch(client: Client, body: Any, code: str = "vvv") -> Any:
    return client.patch(f"/api/sheets/{code}/", body, content_type="application/json")


def step(client: Client, name: str, **body: str) -> Any:
    return client.post(f"/api/sheets/vvv/{name}", body, content_type="application/json")


def test_a_sheet_is_filled_handed_in_sent_back_and_validated(sheet: FollowUpSheet) -> None:
    city, lead = person("ville", Role.REFERENT, "Ville"), person("pilote", Role.CONTRACT_LEAD)
    seen = city.get("/api/sheets/vvv/").json()
    assert (seen["state"], seen["may_fill"], seen["may_validate"]) == ("expected", True, False)
    told = patch(city, {"analysis": "Bien", "results": [{"order": 1, "result": 5}]}).json()
    assert (told["state"], told["analysis"]) == ("draft", "Bien")
    assert (told["results"][0]["result"], told["results"][0]["computed"]) == (5, 50)
    assert step(city, "submit").json()["state"] == "submitted"
    assert step(lead, "send-back", reason="À revoir").json()["state"] == "sent_back"
    assert step(city, "submit").status_code == 200
    assert step(lead, "validate").json()["state"] == "validated"
    assert not city.get("/api/sheets/vvv/").json()["may_fill"]


def test_refusals_are_problems_with_their_status(sheet: FollowUpSheet) -> None:
    city, caf = person("ville", Role.REFERENT, "Ville"), person("caf", Role.REFERENT, "CAF")
    lead = person("pilote", Role.CONTRACT_LEAD)
    assert caf.get("/api/sheets/vvv/").status_code == 404, "not even to read before it is validated"
    assert patch(caf, {"analysis": "x"}).status_code == 404
    assert step(city, "validate").status_code == 403
    assert step(lead, "validate").status_code == 409
    assert step(lead, "burn").status_code == 404
    answer = patch(city, {"results": [{"order": 1, "result": "cinq"}]})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert "not a number" in answer.json()["detail"]
    for odd in ({"analysis": "a\x00b"}, {"results": [{"order": 1, "result": 0.5}]},
                {"results": [{"order": 1, "result": "12 %"}]}):  # fmt: skip
        assert patch(city, odd).status_code == 400, odd
    assert step(lead, "send-back", reason="\x00").status_code == 400, "no reason at all"
    assert patch(city, []).status_code == 400
    broken = city.patch("/api/sheets/vvv/", "{", content_type="application/json")
    assert broken.status_code == 400
    assert patch(city, {}, "nulle-part").status_code == 404


def test_without_an_account_nothing_is_written(sheet: FollowUpSheet, visitor: Client) -> None:
    assert visitor.get("/api/sheets/vvv/").status_code == 404
    assert patch(visitor, {"analysis": "x"}).status_code == 404
    FollowUpSheet.objects.update(state=SheetState.VALIDATED)
    assert patch(visitor, {"analysis": "x"}).status_code in (403, 404)
    assert FollowUpSheet.objects.get().analysis == ""


def test_a_session_cannot_be_used_from_another_site(sheet: FollowUpSheet) -> None:
    person("ville", Role.REFERENT, "Ville")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(username="ville"))
    assert patch(browser, {"analysis": "x"}).status_code == 403
    assert FollowUpSheet.objects.get().state == "expected"


def test_completeness_and_what_is_late(sheet: FollowUpSheet, visitor: Client) -> None:
    address = "/api/sheets/completeness?contract=CV-TEST&year=2015"
    body = person("pilote", Role.CONTRACT_LEAD).get(address).json()
    (actor,) = body["actors"]
    assert (actor["organisation"], actor["lines"], actor["filled"], actor["late"]) == (
        "Ville", 1, 0, 1,
    )  # fmt: skip
    assert [late["code"] for late in body["overdue"]] == ["vvv"]
    assert visitor.get(address).status_code == 404
    lead = person("autre", Role.CONTRACT_LEAD)
    assert lead.get("/api/sheets/completeness?contract=CV-TEST").status_code == 400
    assert lead.get("/api/sheets/completeness?contract=CV-NON&year=2015").status_code == 404


def test_an_actor_gets_its_own_lines_as_a_table_to_fill(sheet: FollowUpSheet) -> None:
    a_sheet("autre", organisation=an_organisation("CAF"))
    address = "/api/sheets/template.csv?contract=CV-TEST&year=2015"
    answer = person("ville", Role.REFERENT, "Ville").get(address)
    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (row["code"], row["order"], row["label"], row["target"], row["result"]) == (
        "vvv", "1", "'=Groupes", "10.0", "",
    )  # fmt: skip
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_filled_table_loads_back(sheet: FollowUpSheet, tmp_path: Any) -> None:
    from importers.loads import load
    from importers.options import LoadOptions

    SheetResult.objects.update(label="Groupes")
    answer = person("ville", Role.REFERENT, "Ville").get(
        "/api/sheets/template.csv?contract=CV-TEST&year=2015"
    )
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    rows[0]["result"] = "7"
    file = tmp_path / "fiches.csv"
    with file.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    load("sheets", file, LoadOptions(contract="CV-TEST", source="source"))
    assert SheetResult.objects.get().result == 7
