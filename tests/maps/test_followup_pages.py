"""The tree of engagements, follow-up sheets and annual reviews, as each person may see them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from maps.followup.sheets import number
from observatory.figures.errors import BadSheet
from observatory.figures.reviews import freeze
from observatory.models import (
    FollowUpSheet,
    Framework,
    Review,
    Role,
    SheetResult,
    SheetState,
    SourceTerms,
    Territory,
)
from tests.maps.promises import CAF, CITY, a_followed_contract
from tests.people import client_of, somebody

pytestmark = pytest.mark.django_db
TREE = "/suivi/CV-ESSAI/essai/"
LIST = "/suivi/CV-ESSAI/fiches/"
DONE, OPEN = "/suivi/fiches/aide-2021/", "/suivi/fiches/vacances-2021/"
REVIEW = "/suivi/CV-ESSAI/bilan/2021/"


@pytest.fixture
def contract() -> Territory:
    return a_followed_contract()


def signed_in(role: str, contract: Territory, organisation: str = "") -> Client:
    return client_of(somebody(f"{role} {organisation}".strip(), role, contract, organisation))


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    bare = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"[\s\xa0\u202f]+", " ", bare)


# -- the tree ------------------------------------------------------------------------------


def test_the_tree_goes_from_theme_to_indicator_and_target(contract: Territory) -> None:
    told = text(Client(), TREE)
    places = [told.index(word) for word in (
        "Grandir", "Réussir à l’école", "Aide aux devoirs", "Part d’élèves aidés",
        "au moins 60 en 2020",
    )]  # fmt: skip
    assert places == sorted(places)
    assert f"Répond : {CITY}" in told
    assert "atteinte" in told and "63,0 % (2021)" in told
    assert "ligne 212" in told and "Licence Ouverte" in told


def test_the_declared_rate_stands_beside_the_one_worked_out(contract: Territory) -> None:
    for address in (TREE, DONE, REVIEW):
        told = text(Client(), address)
        assert "113 %" in told and "105 %" in told and "diffère" in told, address


def test_an_indicator_without_figure_says_so(contract: Territory) -> None:
    assert "sans donnée" in text(Client(), TREE)


def test_what_a_document_prints_stands_beside_what_its_parts_give(contract: Territory) -> None:
    told = text(Client(), "/suivi/erreurs/")
    assert "Taux des CIE 113 % 156,2 % diffère" in told
    assert "1 des 1 chiffres" in told


def test_the_first_page_leads_to_all_of_it(contract: Territory) -> None:
    page = Client().get("/suivi/").content.decode()
    for address in (TREE, f"{LIST}?annee=2021", REVIEW, "/suivi/erreurs/"):
        assert f'href="{address}"' in page, address


def test_nothing_loaded_says_what_is_missing(client: Client) -> None:
    assert "Aucun contrat n’est chargé" in text(client, "/suivi/")


# -- who sees what -------------------------------------------------------------------------

SEEN = {
    # address: public, partner, committee, referent of another actor, its actor, lead
    TREE: (200, 200, 200, 200, 200, 200),
    LIST: (200, 200, 200, 200, 200, 200),
    DONE: (200, 200, 200, 200, 200, 200),
    OPEN: (404, 404, 404, 404, 200, 200),
    REVIEW: (200, 200, 200, 200, 200, 200),
    "/suivi/bilans/{review}/": (404, 200, 200, 200, 200, 200),
    "/suivi/CV-AUTRE/fiches/": (404, 404, 404, 404, 404, 404),
    "/suivi/CV-ESSAI/bilan/1066/": (404, 404, 404, 404, 404, 404),
}  # fmt: skip


def people(contract: Territory) -> list[Client]:
    return [
        Client(),
        signed_in(Role.PARTNER, contract),
        signed_in(Role.COMMITTEE, contract),
        signed_in(Role.REFERENT, contract, CITY),
        signed_in(Role.REFERENT, contract, CAF),
        signed_in(Role.CONTRACT_LEAD, contract),
    ]


def test_each_role_reaches_its_own_pages_and_no_other(contract: Territory) -> None:
    review = freeze(contract, 2021)
    clients = people(contract)
    for address, expected in SEEN.items():
        asked = address.format(review=review.pk)
        assert tuple(c.get(asked).status_code for c in clients) == expected, asked


def test_what_is_not_public_is_hidden_with_all_that_hangs_on_it(contract: Territory) -> None:
    SourceTerms.objects.update(sharing="shared")
    assert [Client().get(a).status_code for a in (TREE, LIST, DONE, REVIEW)] == [404] * 4
    partner = signed_in(Role.PARTNER, contract)
    assert [partner.get(a).status_code for a in (TREE, LIST, DONE, REVIEW)] == [200] * 4


def test_a_figure_that_is_not_public_reaches_neither_tree_nor_review(contract: Territory) -> None:
    from tests.factories import a_source
    from tests.observatory.figures_makers import a_figure, an_indicator

    hidden = a_source("cache")
    a_figure(an_indicator("essai-vacances"), contract, 2021, 377, source=hidden)
    for address in (TREE, REVIEW, LIST):
        assert "377" not in text(Client(), address)
    assert "377" in text(signed_in(Role.CONTRACT_LEAD, contract), REVIEW)


def test_a_count_of_a_few_persons_is_withheld_on_every_page(contract: Territory) -> None:
    line = SheetResult.objects.get(sheet__code="aide-2021")
    line.indicator.counts_persons = True  # type: ignore[union-attr]
    line.indicator.save()  # type: ignore[union-attr]
    SheetResult.objects.filter(pk=line.pk).update(numerator=3, denominator=5)
    for address in (DONE, TREE, REVIEW):
        told = text(Client(), address)
        assert "retenu" in told and "105 %" not in told and "113 %" not in told, address


# -- filling -------------------------------------------------------------------------------


def test_an_actor_fills_its_own_sheet_without_a_script(contract: Territory) -> None:
    actor = signed_in(Role.REFERENT, contract, CAF)
    assert "À remplir par vous" in text(actor, LIST)
    posted = {"analysis": "Été difficile.", "result-1": "1 234,0", "declared_text-1": ""}
    answer = actor.post(OPEN, posted, follow=True)
    assert answer.redirect_chain and "Enregistré." in answer.content.decode()
    sheet = FollowUpSheet.objects.get(code="vacances-2021")
    assert (sheet.analysis, sheet.state) == ("Été difficile.", SheetState.DRAFT)
    assert sheet.results.get().result == 1234
    assert sheet.results.get().target == 400, "targets are the steering side's"


def test_what_is_no_number_is_refused_and_nothing_typed_is_lost(contract: Territory) -> None:
    actor = signed_in(Role.REFERENT, contract, CAF)
    answer = actor.post(OPEN, {"analysis": "Long texte.", "result-1": "beaucoup"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "« beaucoup » n’est pas un nombre." in page
    assert "Long texte." in page and 'value="beaucoup"' in page
    assert SheetResult.objects.get(sheet__code="vacances-2021").result is None


def test_no_one_fills_the_sheet_of_another(contract: Territory) -> None:
    city = signed_in(Role.REFERENT, contract, CITY)
    assert city.post(OPEN, {"analysis": "À moi ?"}).status_code == 404
    assert Client().post(DONE, {"analysis": "Et moi ?"}).status_code == 403
    assert city.post(DONE, {"analysis": "Encore"}).status_code == 409, "it is validated"
    assert 'name="analysis"' not in Client().get(DONE).content.decode()


def test_a_sheet_is_handed_in_sent_back_and_validated(contract: Territory) -> None:
    actor = signed_in(Role.REFERENT, contract, CAF)
    lead = signed_in(Role.CONTRACT_LEAD, contract)
    refused = actor.post(f"{OPEN}remettre/")
    assert refused.status_code == 400 and "Enfants partis" in refused.content.decode()
    actor.post(OPEN, {"result-1": "377"})
    assert actor.post(f"{OPEN}valider/").status_code == 403
    assert actor.post(f"{OPEN}remettre/").status_code == 302
    assert "Valider la fiche" in text(lead, OPEN)
    lead.post(f"{OPEN}renvoyer/", {"motif": "Préciser la source"})
    assert "Préciser la source" in text(actor, OPEN)
    actor.post(f"{OPEN}remettre/")
    lead.post(f"{OPEN}valider/")
    assert FollowUpSheet.objects.get(code="vacances-2021").state == SheetState.VALIDATED
    assert Client().get(OPEN).status_code == 200, "validated, it is public as its source is"


def test_the_history_names_who_changed_what(contract: Territory) -> None:
    actor = signed_in(Role.REFERENT, contract, CAF)
    actor.post(OPEN, {"result-1": "377", "analysis": "Bien."})
    told = text(signed_in(Role.CONTRACT_LEAD, contract), OPEN)
    history = told[told.index("Historique") :]
    assert f"referent {CAF}" in history
    assert "résultat : rien → 377" in history and "état : attendue → en cours" in history
    actor.post(f"{OPEN}remettre/")
    FollowUpSheet.objects.filter(code="vacances-2021").update(state=SheetState.VALIDATED)
    assert "Historique" not in text(Client(), OPEN), "names of accounts are nobody else's business"


@pytest.mark.parametrize(
    ("written", "value"),
    [("", None), (" ", None), ("12", 12), ("1 234,5", 1234.5), ("1\u202f234", 1234), ("0", 0),
     ("-2.5", -2.5)],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(written: str, value: float | None) -> None:
    assert number(written) == value


@pytest.mark.parametrize("written", ["abc", "1,2,3", "12 %", "--"])
def test_other_words_are_no_numbers(written: str) -> None:
    with pytest.raises(BadSheet):
        number(written)


# -- who is late ---------------------------------------------------------------------------


def test_partners_know_who_is_late_without_reading_the_draft(contract: Territory) -> None:
    told = text(signed_in(Role.PARTNER, contract), LIST)
    assert "En retard" in told and "due le 1er mars 2022" in told
    assert re.search(rf"{CAF} 1 0 / 1", told)
    page = signed_in(Role.COMMITTEE, contract).get(LIST).content.decode()
    assert OPEN not in page
    assert CAF not in text(Client(), LIST), "the public sees what is validated alone"


# -- the review ----------------------------------------------------------------------------


def test_the_review_of_a_year_has_its_seven_parts(contract: Territory) -> None:
    told = text(signed_in(Role.CONTRACT_LEAD, contract), REVIEW)
    for heading in ("Engagements", "Taux de réalisation", "Points d’alerte", "Ce qui manque",
                    "Ce qui a changé depuis l’an dernier", "Sources"):  # fmt: skip
        assert heading in told
    assert "Sans chiffre : Enfants partis en vacances" in told
    assert "Fiche non remise : vacances-2021" in told


def test_only_the_steering_side_freezes_a_year(contract: Territory) -> None:
    for client in (Client(), signed_in(Role.PARTNER, contract)):
        assert "Figer ce bilan" not in client.get(REVIEW).content.decode()
        assert client.post(f"{REVIEW}figer/").status_code in (302, 403)
    assert not Review.objects.exists()
    lead = signed_in(Role.CONTRACT_LEAD, contract)
    assert "Figer ce bilan" in lead.get(REVIEW).content.decode()
    answer: Any = lead.post(f"{REVIEW}figer/")
    made = Review.objects.get()
    assert answer.url == f"/suivi/bilans/{made.pk}/"
    assert made.made_by == lead.get(REVIEW).wsgi_request.user


def test_what_is_frozen_stays_and_says_its_day_and_checksum(contract: Territory) -> None:
    made = freeze(contract, 2021)
    partner = signed_in(Role.PARTNER, contract)
    address = f"/suivi/bilans/{made.pk}/"
    before = text(partner, address)
    assert made.checksum in before and "Figé le" in before
    Framework.objects.all().update(title="Autre titre")
    SheetResult.objects.filter(sheet__code="aide-2021").update(declared=999)
    assert text(partner, address) == before
    assert "n’est plus celui" not in before


def test_a_year_says_what_changed_since_the_last_frozen_one(contract: Territory) -> None:
    freeze(contract, 2016)
    made = freeze(contract, 2021)
    told = text(signed_in(Role.PARTNER, contract), f"/suivi/bilans/{made.pk}/")
    assert "Depuis le bilan figé de 2016" in told
    assert re.search(r"Part d’élèves aidés : \S.* → atteinte", told)


@pytest.mark.parametrize(("language", "said"), [("fr", "1 / 1 100 %"), ("en", "1 / 1 100% ")])
def test_how_far_an_actor_is_is_written_as_the_language_does(
    contract: Territory, language: str, said: str
) -> None:
    client = signed_in(Role.CONTRACT_LEAD, contract)
    client.cookies["django_language"] = language
    assert said in text(client, LIST)


@pytest.mark.parametrize("address", ["/suivi/", TREE, LIST, DONE, OPEN, REVIEW, "/suivi/erreurs/"])
def test_every_page_is_in_english_when_english_is_asked(contract: Territory, address: str) -> None:
    client = signed_in(Role.CONTRACT_LEAD, contract)
    client.cookies["django_language"] = "en"
    told = text(client, address)
    for french in ("Fiche", "Référentiels", "diffère", "atteinte", "Enregistrer", "Bilan",
                   "Historique", "sans donnée", "validée", "Objectif "):  # fmt: skip
        assert french not in told.replace("Référentiel d’essai", ""), french
