"""A contract's year in one stroke, frozen: what was said that day can always be proved."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from observatory.figures import reviews, sheets
from observatory.figures.errors import NotYours
from observatory.models import (
    FrameworkRow,
    Indicator,
    IndicatorState,
    Nature,
    Node,
    Review,
    Role,
    RunState,
    SheetResult,
    SheetState,
    Target,
    TargetForm,
    Territory,
)
from tests.factories import a_source
from tests.observatory.figures_makers import (
    a_figure,
    a_framework,
    a_sheet,
    an_indicator,
    an_organisation,
)
from tests.people import somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract() -> Territory:
    """A contract with three promises: one reached, one late, one that nobody can tell."""
    framework = a_framework()
    node = Node.objects.create(framework=framework, kind="action", key="a", order=1, label="A")
    for order, (code, target, value) in enumerate(
        (("clauses", 100, 120), ("creches", 10, 4), ("medecins", 5, None))
    ):
        indicator = an_indicator(code, polarity="higher", source=a_source())
        FrameworkRow.objects.create(
            node=node, indicator=indicator, key=code, label=code, order=order
        )
        Target.objects.create(
            indicator=indicator, territory=framework.territory, framework=framework,
            form=TargetForm.ABSOLUTE, value=target, stated=f"{target}", horizon=2018,
            source=a_source(),
        )  # fmt: skip
        if value is not None:
            a_figure(indicator, framework.territory, 2019, value)
    return framework.territory


@pytest.fixture
def sheet(contract: Territory) -> Any:
    found = a_sheet(
        "cie", contract, year=2019, organisation=an_organisation("DIRECCTE"),
        state=SheetState.VALIDATED, alerts="Même chiffre dans trois fiches",
    )  # fmt: skip
    SheetResult.objects.create(
        sheet=found, label="CIE", unit="%", target=13, result=20.3, declared=113,
        formula="result_over_target",
    )  # fmt: skip
    late = a_sheet("caf", contract, year=2019, state=SheetState.DRAFT, due_on=date(2020, 3, 1),
                   organisation=an_organisation("CAF"))  # fmt: skip
    SheetResult.objects.create(sheet=late, label="Invitations")
    return found


def test_engagements_are_told_by_where_they_stand(contract: Territory) -> None:
    content = reviews.compile_year(contract, 2019)
    assert content["progress"] == {"late": 1, "no_data": 1, "reached": 1}
    told = {e["indicator"]: (e["progress"], e["value"]) for e in content["engagements"]}
    assert told == {
        "clauses": ("reached", 120), "creches": ("late", 4), "medecins": ("no_data", None),
    }  # fmt: skip
    assert content["missing"]["without_figure"] == ["medecins"]
    assert [s["code"] for s in content["sources"]] == ["source"]


def test_declared_rates_stand_beside_recomputed_ones(contract: Territory, sheet: Any) -> None:
    content = reviews.compile_year(contract, 2019)
    (wrong,) = content["disagreements"]
    assert (wrong["sheet"], wrong["declared"], round(wrong["computed"])) == ("cie", 113, 156)
    assert len(content["rates"]) == 2
    assert content["alerts"] == [
        {"sheet": "cie", "title": "Fiche cie", "alerts": "Même chiffre dans trois fiches",
         "adjustment": ""}
    ]  # fmt: skip


def test_what_is_missing_is_listed(contract: Territory, sheet: Any) -> None:
    Indicator.objects.filter(code="medecins").update(
        state=IndicatorState.TO_DEFINE, due_label="courant 2020"
    )
    missing = reviews.compile_year(contract, 2019)["missing"]
    assert missing["sheets_not_handed_in"] == ["caf"]
    assert missing["results_without_value"] == [{"sheet": "caf", "label": "Invitations"}]
    assert missing["to_define"] == [
        {"indicator": "medecins", "due": "courant 2020", "due_on": None}
    ]
    told = reviews.compile_year(contract, 2019)["sheets"]
    assert told["states"] == {"draft": 1, "validated": 1}
    assert {a["organisation"]: a["late"] for a in told["actors"]} == {"CAF": 1, "DIRECCTE": 0}


def test_a_count_of_few_persons_is_not_in_a_review(contract: Territory, sheet: Any) -> None:
    women = an_indicator("femmes", Nature.COUNT, counts_persons=True)
    SheetResult.objects.create(
        sheet=sheet, order=2, indicator=women, label="Femmes", result=3, target=10, declared=30,
        formula="result_over_target",
    )  # fmt: skip
    (told,) = [r for r in reviews.compile_year(contract, 2019)["rates"] if r["label"] == "Femmes"]
    assert told["withheld"] is True
    assert {told[n] for n in ("result", "declared", "computed", "difference")} == {None}


def test_freezing_keeps_content_day_author_run_and_checksum(
    contract: Territory, sheet: Any
) -> None:
    review = reviews.freeze(contract, 2019)
    stored = Review.objects.get(pk=review.pk)
    assert stored.content == reviews.compile_year(contract, 2019)
    assert reviews.is_intact(stored)
    assert len(stored.checksum) == 64
    assert stored.made_at is not None
    assert stored.run is not None
    assert (stored.run.kind, stored.run.state) == ("review", RunState.DONE)


def test_the_same_facts_give_the_same_checksum_and_others_another(
    contract: Territory, sheet: Any
) -> None:
    first = reviews.freeze(contract, 2019)
    assert reviews.checksum(reviews.compile_year(contract, 2019)) == first.checksum
    SheetResult.objects.filter(sheet=sheet).update(declared=156)
    assert reviews.checksum(reviews.compile_year(contract, 2019)) != first.checksum
    first.refresh_from_db()
    assert first.content["rates"][1]["declared"] == 113, "what was frozen stays as it was said"


def test_the_database_refuses_to_change_what_is_frozen(contract: Territory) -> None:
    review = reviews.freeze(contract, 2019)
    for statement in (
        "UPDATE observatory_review SET content = '{}'",
        "UPDATE observatory_review SET checksum = 'x'",
        "DELETE FROM observatory_review",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    review.refresh_from_db()
    assert reviews.is_intact(review)
    review.content["year"] = 1999
    assert not reviews.is_intact(review)


def test_the_next_year_says_what_changed(contract: Territory, sheet: Any) -> None:
    first = reviews.freeze(contract, 2019)
    a_figure(Indicator.objects.get(code="creches"), contract, 2020, 12)
    Target.objects.create(
        indicator=Indicator.objects.get(code="clauses"), territory=contract, version=2,
        form=TargetForm.ABSOLUTE, value=150, stated="150", reason="COPIL", source=a_source(),
        decided_on=date(2020, 6, 12),
    )  # fmt: skip
    changes = reviews.compile_year(contract, 2020)["changes"]
    assert changes["since"] == {"year": 2019, "checksum": first.checksum}
    assert {"indicator": "creches", "from": "late", "to": "reached"} in changes["progress"]
    (adjusted,) = changes["targets_adjusted"]
    assert (adjusted["version"], adjusted["reason"], adjusted["decided_on"]) == (
        2, "COPIL", "2020-06-12",
    )  # fmt: skip
    assert first.content["changes"]["since"] is None


def test_edits_of_sheets_are_counted(contract: Territory, sheet: Any) -> None:
    lead = somebody("pilote", Role.CONTRACT_LEAD, contract)
    sheets.send_back(lead, sheet, "Vérifier le taux")
    assert reviews.compile_year(contract, 2019)["changes"]["edits"] == {"sheets": 1, "changes": 1}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(Role.CONTRACT_LEAD, True), (Role.ADMINISTRATOR, True), (Role.REFERENT, False),
     (Role.COMMITTEE, False), (Role.ANALYST, False), (Role.PARTNER, False)],
)  # fmt: skip
def test_only_the_steering_side_freezes_a_year(
    contract: Territory, role: str, allowed: bool
) -> None:
    user = somebody("quelquun", role, contract)
    if allowed:
        assert reviews.freeze_as(user, contract, 2019).made_by == user
    else:
        with pytest.raises(NotYours):
            reviews.freeze_as(user, contract, 2019)
        assert not Review.objects.exists()


# -- the command ---------------------------------------------------------------------------


def told(*words: str) -> Any:
    out = io.StringIO()
    call_command("review", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_one_command_freezes_a_year(contract: Territory, sheet: Any) -> None:
    done = told("CV-TEST", "2019")
    review = Review.objects.get()
    assert done["checksum"] == review.checksum
    assert (done["engagements"], done["disagreements"], done["alerts"]) == (3, 1, 1)
    assert done["missing"]["without_figure"] == 1
    (listed,) = told()
    assert (listed["review"], listed["contract"], listed["year"]) == (review.pk, "CV-TEST", 2019)
    assert told("--check", str(review.pk))["intact"] is True


def test_a_dry_run_freezes_nothing(contract: Territory) -> None:
    assert told("CV-TEST", "2019", "--dry-run")["year"] == 2019
    assert not Review.objects.exists()


def test_an_unknown_contract_or_review_is_said_with_the_known_ones(contract: Territory) -> None:
    for words, known in ((("CV-LYON", "2019"), "CV-TEST"), (("--check", "12"), "review")):
        out, err = io.StringIO(), io.StringIO()
        with pytest.raises(SystemExit):
            call_command("review", *words, stdout=out, stderr=err)
        assert known in err.getvalue()
