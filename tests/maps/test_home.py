"""The home page by role: what waits for somebody, and never what waits for somebody else."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from importers.deposits.models import Deposit, DepositState
from maps.home.own import filling_of
from observatory.figures.reviews import freeze
from observatory.models import (
    Assignment,
    FollowUpSheet,
    Organisation,
    Right,
    Role,
    Run,
    RunState,
    SheetResult,
    SheetState,
    Territory,
    User,
)
from observatory.permissions import may
from tests.maps.facts import build_facts
from tests.maps.screen import plain
from tests.maps.site import grave_faults, width_of_content
from tests.maps.town import build_town
from tests.observatory.figures_makers import a_contract, a_sheet, an_organisation
from tests.people import client_of, somebody

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 1)
HOME = "/accueil/"


def someone(name: str, role: str = "", organisation: str = "", contract: str = "CV-TEST") -> User:
    """Return an account; a partner's role is held everywhere, any other on one contract."""
    where = None if role in {"", Role.PARTNER} else a_contract(contract)
    return somebody(name, role, where, organisation)


def a_deposit(organisation: str, name: str, state: str, **more: object) -> Deposit:
    told = {"scheme": "essai", "file_digest": "x", "purge_on": date(2099, 1, 1), **more}
    return Deposit.objects.create(
        organisation=an_organisation(organisation), file_name=name, state=state,
        period_from=date(2026, 1, 1), period_to=date(2026, 12, 31), **told,
    )  # fmt: skip


def seen_by(user: User | None) -> str:
    """Return the words of the page, as somebody reads them."""
    answer = client_of(user).get(HOME)
    assert answer.status_code == 200
    body = answer.content.decode().partition("<main")[2]
    return plain(re.sub(r"<[^>]+>", " ", body)).replace("&#x27;", "'")


def part(text: str, title: str) -> str:
    """Return what follows a title, up to the next one that could."""
    found = text.partition(title)[2]
    for other in ("En retard", "Renvoyées, à reprendre", "À remettre", "Remises, en attente"):
        found = found.partition(other)[0]
    return found


class TestAnybody:
    def test_what_is_loaded_and_the_ways_in(self):
        build_town()
        build_facts()
        told = seen_by(None)
        assert "2 quartiers prioritaires (génération 2024), 1 contrat de ville" in told
        assert "3 indicateurs, jusqu’à 2021" in told
        assert "Se connecter" in told

    def test_nothing_of_what_people_have_to_do(self):
        a_sheet("s1", title="Fiche secrète", organisation=an_organisation("Ville"))
        a_deposit("Mission locale", "secret.csv", DepositState.RECEIVED)
        told = seen_by(None)
        assert "Fiche secrète" not in told
        assert "secret.csv" not in told
        assert "À remplir" not in told

    def test_an_empty_site_says_what_to_do(self):
        assert "make run" in seen_by(None)


class TestContributor:
    def sheets(self) -> None:
        ours = an_organisation("Ville")
        long_ago, later = TODAY - timedelta(days=400), TODAY + timedelta(days=9_000)
        for code, state, due in (
            ("late", SheetState.DRAFT, long_ago),
            ("due", SheetState.EXPECTED, later),
            ("back", SheetState.SENT_BACK, long_ago),
            ("handed", SheetState.SUBMITTED, long_ago),
            ("valid", SheetState.VALIDATED, long_ago),
        ):
            a_sheet(code, title=f"Action {code}", organisation=ours, state=state, due_on=due)

    def test_each_sheet_is_in_one_list(self):
        self.sheets()
        told = filling_of(someone("ville", Role.REFERENT, "Ville"), TODAY)
        assert [one.code for one in told.late] == ["late"]
        assert [one.code for one in told.due] == ["due"]
        assert [one.code for one in told.sent_back] == ["back"]
        assert [one.code for one in told.handed_in] == ["handed"]
        assert told.validated == 1
        assert told.left == 3

    def test_what_is_late_and_when_it_was_due_are_on_the_page(self):
        self.sheets()
        told = seen_by(someone("ville", Role.REFERENT, "Ville"))
        assert "Action late" in part(told, "En retard")
        assert "à remettre le 27/04/2025" in part(told, "En retard")
        assert "Action due" in part(told, "À remettre")
        assert "1 fiche validée." in told

    def test_another_actor_s_sheets_are_not(self):
        a_sheet("x", title="Fiche du voisin", organisation=an_organisation("Région"))
        assert "Fiche du voisin" not in seen_by(someone("ville", Role.REFERENT, "Ville"))

    def test_nor_its_own_organisation_s_in_a_contract_where_it_has_no_role(self):
        elsewhere = a_contract("CV-AILLEURS")
        a_sheet("x", elsewhere, title="Ailleurs", organisation=an_organisation("Ville"))
        assert "Ailleurs" not in seen_by(someone("ville", Role.REFERENT, "Ville"))

    def test_when_all_is_handed_in_nothing_waits(self):
        a_sheet("x", organisation=an_organisation("Ville"), state=SheetState.SUBMITTED)
        assert "Rien n’attend" in seen_by(someone("ville", Role.REFERENT, "Ville"))

    def test_it_sees_nothing_of_the_steering_side(self):
        self.sheets()
        told = seen_by(someone("ville", Role.REFERENT, "Ville"))
        assert "Acteur par acteur" not in told
        assert "Administrer" not in told


class TestPartner:
    def test_own_deposits_by_what_they_wait_for(self):
        a_deposit("Mission locale", "nouveau.csv", DepositState.RECEIVED)
        a_deposit("Mission locale", "casse.csv", DepositState.FAILED)
        a_deposit("Mission locale", "encours.csv", DepositState.RUNNING)
        a_deposit("Mission locale", "vieux.csv", DepositState.PURGED)
        told = seen_by(someone("ml", Role.PARTNER, "Mission locale"))
        assert "nouveau.csv" in told.partition("Colonnes à confirmer")[2].partition("Arrêtés")[0]
        assert "casse.csv" in told.partition("Arrêtés")[2].partition("encours.csv")[0]
        assert "1 dépôt terminé." in told

    def test_rows_soon_destroyed_are_told_with_their_day(self):
        soon = timezone.localdate() + timedelta(days=10)
        a_deposit("Mission locale", "fini.csv", DepositState.DONE, purge_on=soon)
        told = seen_by(someone("ml", Role.PARTNER, "Mission locale"))
        assert f"lignes détruites le {soon:%d/%m/%Y}" in told

    def test_another_organisation_s_are_never_there(self):
        a_deposit("Voisine", "voisine.csv", DepositState.RECEIVED)
        assert "voisine.csv" not in seen_by(someone("ml", Role.PARTNER, "Mission locale"))

    def test_an_account_without_organisation_has_none(self):
        a_deposit("Voisine", "voisine.csv", DepositState.RECEIVED)
        told = seen_by(someone("seul", Role.PARTNER))
        assert "Mes dépôts" not in told
        assert "voisine.csv" not in told


class TestSteering:
    def lines(self) -> None:
        for code, name, state, result in (
            ("s1", "Ville", SheetState.SUBMITTED, 12.0),
            ("s2", "Région", SheetState.DRAFT, None),
        ):
            sheet = a_sheet(
                code, title=f"Fiche {name}", organisation=an_organisation(name), state=state,
                due_on=date(2020, 1, 1), year=2019,
            )  # fmt: skip
            SheetResult.objects.create(sheet=sheet, order=1, label="Places", result=result)

    def test_completeness_what_waits_and_what_is_late(self):
        self.lines()
        told = seen_by(someone("pilote", Role.CONTRACT_LEAD))
        assert "Lignes remplies : 50 %" in told
        assert "à valider : 1" in told
        assert "en retard : 1" in told
        assert "Fiche Ville CV-TEST" not in told
        assert "Région" in told.partition("Acteur par acteur")[2]

    def test_the_year_s_review_is_told_frozen_or_not(self):
        self.lines()
        lead = someone("pilote", Role.CONTRACT_LEAD)
        assert "pas encore figé" in seen_by(lead)
        freeze(Territory.objects.get(code="CV-TEST"), 2019)
        assert f"figé le {timezone.localdate():%d/%m/%Y}" in seen_by(lead)

    def test_another_contract_is_not_there(self):
        a_sheet("x", a_contract("CV-AILLEURS"), title="Fiche d’ailleurs")
        told = seen_by(someone("pilote", Role.CONTRACT_LEAD))
        assert "Fiche d’ailleurs" not in told
        assert "CV-AILLEURS" not in told

    def test_a_lead_has_no_deposits_and_no_administration(self):
        self.lines()
        told = seen_by(someone("pilote", Role.CONTRACT_LEAD))
        assert "Mes dépôts" not in told
        assert "Administrer" not in told

    def test_a_committee_reads_the_frozen_reviews_of_its_contract_alone(self):
        self.lines()
        a_sheet("x", a_contract("CV-AILLEURS"), year=2019)
        for code in ("CV-TEST", "CV-AILLEURS"):
            freeze(Territory.objects.get(code=code), 2019)
        told = seen_by(someone("elue", Role.COMMITTEE))
        assert "Contrat CV-TEST, 2019" in told
        assert "CV-AILLEURS" not in told
        assert "à valider" not in told


class TestAdministrator:
    def test_runs_gone_wrong_accounts_without_a_role_and_sources_without_terms(self):
        Run.objects.create(kind="load grid", state=RunState.FAILED, version="1")
        Run.objects.create(kind="deposit", state=RunState.RUNNING, version="1")
        someone("oublie")
        told = seen_by(User.objects.create_superuser("chef", password="x"))
        assert "load grid" in told.partition("Traitements refusés ou échoués")[2]
        assert "Traitements en cours : 1" in told
        assert "oublie" in told.partition("Comptes sans rôle")[2]

    def test_even_it_sees_nothing_of_a_deposit(self):
        a_deposit("Mission locale", "secret.csv", DepositState.RECEIVED)
        assert "secret.csv" not in seen_by(User.objects.create_superuser("chef", password="x"))


class TestAccounts:
    def test_one_without_a_role_is_told_so(self):
        assert "il n’a pas encore de rôle" in seen_by(someone("neuf"))

    def test_a_role_that_has_ended_opens_nothing(self):
        a_sheet("x", title="Fiche finie", organisation=an_organisation("Ville"))
        user = someone("ville", Role.REFERENT, "Ville")
        user.assignments.update(valid_to=date(2020, 1, 1))
        assert not may(user, Right.FILL_SHEET, a_contract())
        assert "Fiche finie" not in seen_by(user)

    def test_the_page_is_kept_by_no_cache(self):
        assert "no-store" in Client().get(HOME)["Cache-Control"]

    def test_several_roles_make_several_blocks(self):
        user = someone("double", Role.REFERENT, "Ville")
        Assignment.objects.create(user=user, role=Role.CONTRACT_LEAD, territory=a_contract())
        a_sheet("x", organisation=an_organisation("Ville"), state=SheetState.SUBMITTED)
        told = seen_by(user)
        assert "À remplir" in told
        assert "Acteur par acteur" in told
        assert FollowUpSheet.objects.count() == 1
        assert Organisation.objects.count() == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    @pytest.mark.parametrize("width", [360, 1440])
    def test_a_full_page_is_within_the_screen_and_axe_agrees(self, town, new_screen, width):
        build_facts()
        user = someone("double", Role.REFERENT, "Ville")
        user.set_password("un-mot-de-passe")
        user.save()
        Assignment.objects.create(user=user, role=Role.CONTRACT_LEAD, territory=a_contract())
        long = "Accompagnement renforcé des jeunes sans solution de formation"
        a_sheet("x", title=long, organisation=an_organisation("Ville"), due_on=date(2020, 1, 1))
        screen = new_screen(width, 800).open("/compte/connexion/?next=/accueil/", ready="main")
        screen.page.fill("#id_username", "double")
        screen.page.fill("#id_password", "un-mot-de-passe")
        screen.page.click("main button[type=submit]")
        screen.page.wait_for_selector("#remplir")
        assert long in screen.text("#remplir .tasks--late")
        assert width_of_content(screen.page) <= width
        assert grave_faults(screen.page) == []
        assert screen.refusals() == []
