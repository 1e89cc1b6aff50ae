"""What the service of sheets refuses is told in the reader's language, with what to do."""

from __future__ import annotations

import ast

import pytest
from django.test import Client
from django.utils.translation import override

from maps.followup.refusals import ADVICE, MESSAGES, in_words
from observatory.figures.errors import BadSheet, WrongStep
from observatory.models import FollowUpSheet, Role, SheetResult, SheetState, Territory
from observatory.paths import PROJECT
from tests.maps.promises import CAF, CITY, a_followed_contract
from tests.maps.screen import plain
from tests.maps.test_followup_pages import DONE, OPEN, signed_in

SERVICE = PROJECT / "observatory/figures"
REFUSALS = {"NotYours", "WrongStep", "BadSheet"}


def raised() -> list[tuple[str, ...]]:
    """Return the message and advice of every refusal of the service, as written."""
    calls = (
        node
        for path in sorted(SERVICE.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )
    return [
        tuple(arg.value for arg in call.args if isinstance(arg, ast.Constant))
        for call in calls
        if call.func.id in REFUSALS
    ]


def test_every_refusal_of_the_service_has_its_words():
    written = raised()
    assert len(written) > 15
    assert all(len(words) == 2 for words in written), "a sentence made of parts has no words"
    assert {words[0] for words in written} == set(MESSAGES)
    assert {words[1] for words in written} == set(ADVICE)


@pytest.mark.parametrize(
    ("refusal", "french", "english"),
    [
        (
            BadSheet("{line}: a part over its whole.", "Correct the counts.", line="Élèves aidés"),
            "Élèves aidés : le numérateur dépasse le dénominateur. Corrigez les effectifs.",
            "Élèves aidés: the numerator is over the denominator. Correct the counts.",
        ),
        (
            BadSheet(
                "{line}: {written:g} % is written, the counts give {exact:.1f} %.",
                "Correct one of them.", line="Élèves", written=40.0, exact=10.04,
            ),
            "Élèves : 40,0 % est écrit, mais les effectifs donnent 10,0 %. Corrigez l’un des deux.",
            "Élèves: 40.0% is written, but the counts give 10.0%. Correct one of them.",
        ),
        (
            WrongStep("The sheet is {state}.", "It must be: {wanted}.", state="remise", wanted="x"),
            "La fiche est « remise » : ce n’est pas possible à cette étape. "
            "Rechargez la page pour voir où elle en est.",
            "The sheet is “handed in”: this cannot be done at that step. "
            "Reload the page to see where it stands.",
        ),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_both_languages(refusal, french, english):
    with override("fr"):
        assert plain(in_words(refusal)) == french
    with override("en"):
        assert plain(in_words(refusal)) == english


def test_braces_typed_into_a_number_are_only_text():
    refusal = BadSheet("« {text} » n’est pas un nombre.", "", text="{0} {line}")
    assert in_words(refusal) == "« {0} {line} » n’est pas un nombre."


class TestOnThePages:
    pytestmark = pytest.mark.django_db

    @pytest.fixture
    def contract(self) -> Territory:
        return a_followed_contract()

    @pytest.fixture
    def actor(self, contract: Territory) -> Client:
        return signed_in(Role.REFERENT, contract, CAF)

    def test_handing_in_too_early_is_refused_in_french_with_a_way_back(self, actor):
        answer = actor.post(f"{OPEN}remettre/")
        page = answer.content.decode()
        assert answer.status_code == 400
        assert "Rien n’est dit de : Enfants partis" in page
        assert "Donnez un résultat, ou dites pourquoi il n’y en a pas." in page
        assert f'href="{OPEN}">Revenir à la page précédente' in page
        assert 'lang="en">Nothing' not in page

    def test_a_negative_count_is_refused_in_french_beside_the_form(self, actor):
        page = actor.post(OPEN, {"result-1": "-4"}).content.decode()
        assert "un effectif ne peut pas être négatif" in page
        assert SheetResult.objects.get(sheet__code="vacances-2021").result is None

    def test_a_validated_sheet_leads_back_to_itself(self, contract):
        city = signed_in(Role.REFERENT, contract, CITY)
        answer = city.post(DONE, {"analysis": "Encore"})
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "La fiche est « validée »" in page
        assert f'href="{DONE}">Revenir' in page

    def test_half_a_group_is_refused_in_words(self, actor):
        page = actor.post(OPEN, {"result-1": "12,5"}).content.decode()
        assert "un effectif est un nombre entier. Donnez l’effectif lui-même." in plain(page)

    def test_one_field_alone_is_kept_and_the_rest_left_as_it_was(self, actor):
        actor.post(OPEN, {"result-1": "377", "analysis": "Bien."})
        answer = actor.post(OPEN, {"result-1": "1 234,0"}, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()) == (200, {"told": ""})
        sheet = FollowUpSheet.objects.get(code="vacances-2021")
        assert (sheet.results.get().result, sheet.analysis) == (1234, "Bien.")

    def test_a_script_is_told_the_same_words_as_a_reader(self, actor):
        asked = {"headers": {"Accept": "application/json"}}
        typed = actor.post(OPEN, {"result-1": "beaucoup"}, **asked)
        assert typed.status_code == 400
        assert typed.json()["told"].startswith("« beaucoup » n’est pas un nombre.")
        FollowUpSheet.objects.update(state=SheetState.SUBMITTED)
        late = actor.post(OPEN, {"result-1": "3"}, **asked)
        assert late.status_code == 409
        assert late.json()["told"].startswith("La fiche est « remise »")
