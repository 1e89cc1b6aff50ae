"""A sheet is filled by its own actor, handed in, validated by the steering side; all is noted."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pytest
from django.core.management import call_command

from observatory.figures import sheets
from observatory.figures.campaigns import open_year_as
from observatory.figures.errors import BadSheet, NotYours, WrongStep
from observatory.figures.rates import rate_of
from observatory.history import history_of
from observatory.models import (
    FollowUpSheet,
    FrameworkRow,
    Nature,
    Node,
    NodeActor,
    Role,
    SheetResult,
    SheetState,
    Target,
    TargetForm,
    User,
)
from tests.factories import a_source
from tests.observatory.figures_makers import (
    a_contract,
    a_framework,
    a_sheet,
    an_indicator,
    an_organisation,
)
from tests.people import somebody

pytestmark = pytest.mark.django_db
TODAY = date(2019, 6, 1)


def someone(name: str, role: str, organisation: str = "", contract: str = "CV-TEST") -> User:
    return somebody(name, role, a_contract(contract), organisation)


@pytest.fixture
def city() -> User:
    return someone("ville", Role.REFERENT, "Ville")


@pytest.fixture
def lead() -> User:
    return someone("pilote", Role.CONTRACT_LEAD)


@pytest.fixture
def sheet() -> FollowUpSheet:
    found = a_sheet("vvv", organisation=an_organisation("Ville"), state=SheetState.EXPECTED)
    share = an_indicator("women", Nature.SHARE)
    SheetResult.objects.create(
        sheet=found, order=1, label="Part de femmes", unit="%", indicator=share, target=40,
        formula="result_over_target",
    )  # fmt: skip
    SheetResult.objects.create(
        sheet=found, order=2, label="Groupes", indicator=an_indicator("groups"), target=10,
        formula="result_over_target",
    )  # fmt: skip
    return found


FILLED: dict[str, Any] = {
    "analysis": "En progrès",
    "results": [{"order": 1, "numerator": 194, "denominator": 783}, {"order": 2, "result": 5}],
}


def lines(sheet: FollowUpSheet) -> dict[int, SheetResult]:
    return {line.order: line for line in sheet.results.all()}


def test_from_expected_to_validated(city: User, lead: User, sheet: FollowUpSheet) -> None:
    assert sheets.fill(city, sheet, FILLED).state == SheetState.DRAFT
    assert sheets.submit(city, sheet).state == SheetState.SUBMITTED
    done = sheets.validate(lead, sheet)
    assert (done.state, done.validated_by, done.analysis) == ("validated", lead, "En progrès")
    assert done.validated_at is not None
    first, second = lines(sheet).values()
    assert first.result == pytest.approx(24.7765, abs=1e-3), "worked out from its counts"
    assert rate_of(second).computed == 50


def test_each_step_is_noted_with_its_author_and_reason(
    city: User, lead: User, sheet: FollowUpSheet
) -> None:
    sheets.fill(city, sheet, FILLED)
    sheets.submit(city, sheet)
    sheets.send_back(lead, sheet, "Le total manque")
    sheets.fill(city, sheet, {"alerts": "Corrigé"})
    told = [(c.actor, c.reason, (c.after or {}).get("state")) for c in history_of(sheet)]
    assert told[:4] == [
        (city.pk, "sheet vvv filled", "draft"),
        (lead.pk, "Le total manque", "sent_back"),
        (city.pk, "handed in", "submitted"),
        (city.pk, "sheet vvv filled", "draft"),
    ]
    changes = history_of(lines(sheet)[2])
    assert [c.after for c in changes if c.action == "update"] == [{"result": 5}]


@pytest.mark.parametrize(
    ("name", "role", "organisation", "contract", "allowed"),
    [
        ("own", Role.REFERENT, "Ville", "CV-TEST", True),
        ("other actor", Role.REFERENT, "CAF", "CV-TEST", False),
        ("no organisation", Role.REFERENT, "", "CV-TEST", False),
        ("same actor of another contract", Role.REFERENT, "Ville", "CV-AUTRE", False),
        ("lead", Role.CONTRACT_LEAD, "", "CV-TEST", True),
        ("lead of another contract", Role.CONTRACT_LEAD, "", "CV-AUTRE", False),
        ("committee", Role.COMMITTEE, "Ville", "CV-TEST", False),
        ("partner", Role.PARTNER, "Ville", "CV-TEST", False),
        ("analyst", Role.ANALYST, "Ville", "CV-TEST", False),
    ],
)
def test_an_actor_fills_its_own_sheets_and_no_other(
    sheet: FollowUpSheet, name: str, role: str, organisation: str, contract: str, allowed: bool
) -> None:
    user = someone("x", role, organisation, contract)
    assert sheets.may_fill(user, sheet) is allowed
    assert [s.pk for s in sheets.sheets_of(user)] == ([sheet.pk] if allowed else [])
    if not allowed:
        with pytest.raises(NotYours):
            sheets.fill(user, sheet, FILLED)
        with pytest.raises(NotYours):
            sheets.submit(user, sheet)
        sheet.refresh_from_db()
        assert sheet.state == SheetState.EXPECTED


def test_a_passer_by_fills_nothing(sheet: FollowUpSheet) -> None:
    with pytest.raises(NotYours):
        sheets.fill(None, sheet, FILLED)


def test_an_actor_does_not_validate_its_own_sheet(city: User, sheet: FollowUpSheet) -> None:
    sheets.fill(city, sheet, FILLED)
    sheets.submit(city, sheet)
    for step in (sheets.validate, lambda u, s: sheets.send_back(u, s, "non")):
        with pytest.raises(NotYours):
            step(city, sheet)


def test_steps_follow_their_order(city: User, lead: User, sheet: FollowUpSheet) -> None:
    with pytest.raises(WrongStep):
        sheets.validate(lead, sheet)
    with pytest.raises(WrongStep):
        sheets.send_back(lead, sheet, "trop tôt")
    sheets.fill(city, sheet, FILLED)
    sheets.submit(city, sheet)
    with pytest.raises(WrongStep, match="remise"):
        sheets.fill(city, sheet, FILLED)
    with pytest.raises(WrongStep):
        sheets.submit(city, sheet)
    sheets.validate(lead, sheet)
    with pytest.raises(WrongStep):
        sheets.fill(lead, sheet, FILLED)
    again = sheets.send_back(lead, sheet, "Chiffre révisé")
    assert (again.state, again.validated_by, again.validated_at) == ("sent_back", None, None)


def test_sending_back_needs_a_reason(lead: User, sheet: FollowUpSheet) -> None:
    with pytest.raises(BadSheet, match="with a reason"):
        sheets.send_back(lead, sheet, "  ")


def test_a_line_without_a_figure_says_why_before_it_is_handed_in(
    city: User, sheet: FollowUpSheet
) -> None:
    sheets.fill(city, sheet, {"results": [{"order": 1, "result": 25}]})
    with pytest.raises(BadSheet, match="Nothing is said of: Groupes"):
        sheets.submit(city, sheet)
    words = {"order": 2, "declared_text": "Donnée indisponible à l’échelle des quartiers"}
    sheets.fill(city, sheet, {"results": [words]})
    assert sheets.submit(city, sheet).state == SheetState.SUBMITTED
    assert lines(sheet)[2].result is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({"order": 1, "result": 101}, "a share is from 0 to 100"),
        ({"order": 1, "result": -1}, "a share is from 0 to 100"),
        ({"order": 1, "numerator": 12, "denominator": 10}, "a part over its whole"),
        ({"order": 1, "numerator": -1, "denominator": 10}, "a count under zero"),
        ({"order": 1, "numerator": 1, "denominator": 0}, "a whole that is not over zero"),
        ({"order": 1, "result": 40, "numerator": 1, "denominator": 10}, "the counts give 10.0 %"),
        ({"order": 2, "result": -3}, "a count under zero"),
        ({"order": 2, "result": 12.5}, "a count that is not whole"),
        ({"order": 2, "previous": -1}, "a count under zero"),
        ({"order": 1, "previous": 130}, "a share is from 0 to 100"),
        ({"order": 2, "declared_text": "a\x00b"}, "a sign that no text holds"),
        ({"order": 2, "result": "cinq"}, "not a number"),
        ({"order": 2, "result": True}, "not a number"),
        ({"order": 2, "result": float("nan")}, "not a number"),
        ({"order": 2, "target": 1}, "no 'target' to fill"),
        ({"order": 9, "result": 1}, "no line 9"),
        ({"result": 1}, "no line None"),
        ({"order": 2, "declared_text": "x" * 201}, "at most 200 signs"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_of_it_kept(
    city: User, sheet: FollowUpSheet, line: dict[str, Any], problem: str
) -> None:
    with pytest.raises(BadSheet, match=problem):
        sheets.fill(city, sheet, {"analysis": "x", "results": [{"order": 1, "result": 3}, line]})
    sheet.refresh_from_db()
    assert (sheet.state, sheet.analysis, lines(sheet)[1].result) == ("expected", "", None)


@pytest.mark.parametrize("told", [{"state": "validated"}, {"results": {}}, {"analysis": 3}])
def test_a_sheet_has_only_its_own_fields_to_write(
    city: User, sheet: FollowUpSheet, told: dict[str, Any]
) -> None:
    with pytest.raises(BadSheet):
        sheets.fill(city, sheet, told)


def test_a_printed_share_may_be_rounded(city: User, sheet: FollowUpSheet) -> None:
    line = {"order": 1, "result": 24.7, "numerator": 194, "denominator": 783}
    sheets.fill(city, sheet, {"results": [line]})
    assert lines(sheet)[1].result == 24.7


# -- completeness, lateness -----------------------------------------------------------------


def test_how_far_each_actor_is(city: User, lead: User, sheet: FollowUpSheet) -> None:
    a_sheet("caf", organisation=an_organisation("CAF"), state=SheetState.EXPECTED,
            due_on=date(2019, 5, 31))  # fmt: skip
    sheets.fill(city, sheet, {"results": [{"order": 2, "result": 5}]})
    caf, own = sheets.completeness(a_contract().pk, 2015, TODAY)
    assert (caf["organisation"], caf["sheets"], caf["late"], caf["share"]) == ("CAF", 1, 1, None)
    assert (own["filled"], own["lines"], own["share"]) == (1, 2, 50)
    assert (own["draft"], own["expected"], own["late"]) == (1, 0, 0)
    assert sheets.completeness(a_contract().pk, 2016, TODAY) == []


@pytest.mark.parametrize(
    ("state", "due_on", "late"),
    [
        (SheetState.EXPECTED, date(2019, 5, 31), True),
        (SheetState.SENT_BACK, date(2019, 5, 31), True),
        (SheetState.DRAFT, TODAY, False),
        (SheetState.DRAFT, None, False),
        (SheetState.SUBMITTED, date(2019, 5, 31), False),
        (SheetState.VALIDATED, date(2019, 5, 31), False),
    ],
)
def test_a_sheet_is_late_once_its_day_is_past_and_it_is_still_open(
    state: str, due_on: date | None, late: bool
) -> None:
    found = a_sheet("x", state=state, due_on=due_on)
    assert sheets.is_late(found, TODAY) is late
    assert sheets.overdue(a_contract().pk, TODAY) == ([found] if late else [])


# -- opening a year -------------------------------------------------------------------------


@pytest.fixture
def framework() -> Any:
    found = a_framework()
    node = Node.objects.create(framework=found, kind="action", key="a1", order=1, label="Clauses")
    actors = [
        NodeActor.objects.create(node=node, organisation=an_organisation(name), order=order)
        for order, name in enumerate(("Ville", "CAF"))
    ]
    for order, (code, actor) in enumerate(
        (("hours", actors[0]), ("people", actors[0]), ("invited", actors[1]))
    ):
        indicator = an_indicator(code, unit="h" if code == "hours" else "")
        FrameworkRow.objects.create(
            node=node, actor=actor, indicator=indicator, key=code, label=code, order=order
        )
    FrameworkRow.objects.create(node=node, actor=actors[1], key="none", label="Sans", order=9)
    for version, value in ((1, 100), (2, 150)):
        Target.objects.create(
            indicator=an_indicator("hours"), territory=found.territory, framework=found,
            version=version, form=TargetForm.ABSOLUTE, value=value, source=a_source(),
        )  # fmt: skip
    return found


def test_a_year_opens_with_one_sheet_per_action_and_actor(lead: User, framework: Any) -> None:
    assert open_year_as(lead, framework, 2019, date(2020, 3, 1)) == 2
    city = FollowUpSheet.objects.get(year=2019, organisation__name="Ville")
    assert (city.state, city.due_on, city.title) == ("expected", date(2020, 3, 1), "Clauses")
    hours, people = city.results.all()
    assert (hours.target, hours.unit, hours.formula) == (150, "h", "result_over_target")
    assert (people.target, people.formula) == (None, "none")
    caf = FollowUpSheet.objects.get(year=2019, organisation__name="CAF")
    assert [line.label for line in caf.results.all()] == ["invited"], "no line without indicator"


def test_opening_again_adds_nothing_and_touches_nothing(
    lead: User, city: User, framework: Any
) -> None:
    open_year_as(lead, framework, 2019, date(2020, 3, 1))
    sheet = FollowUpSheet.objects.get(organisation__name="Ville")
    sheets.fill(city, sheet, {"results": [{"order": 1, "result": 120}]})
    assert open_year_as(lead, framework, 2019, date(2021, 3, 1)) == 0
    sheet.refresh_from_db()
    assert (sheet.state, sheet.due_on) == ("draft", date(2020, 3, 1))


def test_last_year_s_result_is_carried_over_once_validated(
    lead: User, city: User, framework: Any
) -> None:
    open_year_as(lead, framework, 2019, date(2020, 3, 1))
    sheet = FollowUpSheet.objects.get(year=2019, organisation__name="Ville")
    told = [{"order": 1, "result": 120}, {"order": 2, "declared_text": "Inconnu"}]
    sheets.fill(city, sheet, {"results": told})
    sheets.submit(city, sheet)
    sheets.validate(lead, sheet)
    open_year_as(lead, framework, 2020, date(2021, 3, 1))
    open_year_as(lead, framework, 2022, date(2023, 3, 1))

    def previous(year: int) -> list[float | None]:
        found = FollowUpSheet.objects.get(year=year, organisation__name="Ville")
        return [line.previous for line in found.results.all()]

    assert previous(2020) == [120, None]
    assert previous(2022) == [None, None], "2021 was never filled: 2019 does not stand for it"


def test_only_the_steering_side_opens_a_year(city: User, framework: Any) -> None:
    with pytest.raises(NotYours):
        open_year_as(city, framework, 2019, date(2020, 3, 1))
    assert not FollowUpSheet.objects.exists()


def test_the_command_opens_a_year_and_tells_who_is_late(framework: Any) -> None:
    def told(*words: str) -> Any:
        out = io.StringIO()
        call_command("sheets", *words, "--json", stdout=out)
        return json.loads(out.getvalue())

    assert told("open", framework.code, "2019", "--due", "2020-03-01") == {"made": 2}
    assert told("open", framework.code, "2019", "--due", "2020-03-01") == {"made": 0}
    late = told("overdue", "CV-TEST")
    assert {row["organisation"] for row in late} == {"Ville", "CAF"}
    assert {row["due_on"] for row in late} == {"2020-03-01"}
    caf, city = told("completeness", "CV-TEST", "2019")
    assert (caf["organisation"], caf["lines"], city["lines"]) == ("CAF", 1, 2)
    with pytest.raises(SystemExit):
        call_command("sheets", "open", "nulle-part", "2019", "--due", "2020-03-01",
                     stderr=io.StringIO())  # fmt: skip
