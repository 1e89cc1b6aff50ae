"""Engagements in a real browser: a sheet kept as it is typed and taken back, screens, keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings

from observatory.figures.reviews import freeze
from observatory.models import FollowUpSheet, Role, SheetResult, Territory, User
from tests.factories import put_default_rights_back
from tests.maps.promises import CAF, a_followed_contract
from tests.maps.screen import Screen
from tests.maps.test_every_deposit_page import faults_of, give, session_of
from tests.people import somebody

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHEET = "/suivi/fiches/vacances-2021/"
READY = "main h1"
PAGES = {
    "first page": "/suivi/",
    "tree": "/suivi/CV-ESSAI/essai/",
    "sheets": "/suivi/CV-ESSAI/fiches/",
    "sheet to fill": SHEET,
    "sheet done": "/suivi/fiches/aide-2021/",
    "review": "/suivi/CV-ESSAI/bilan/2021/",
    "frozen review": "/suivi/bilans/{review}/",
    "printed errors": "/suivi/erreurs/",
}


@pytest.fixture
def contract(transactional_db: None) -> Territory:
    put_default_rights_back()
    return a_followed_contract()


@pytest.fixture
def actor(contract: Territory) -> User:
    return somebody("caf", Role.REFERENT, contract, CAF)


@pytest.fixture
def filling(actor: User, new_screen: Callable[..., Screen]) -> Callable[..., Screen]:
    """Return what opens the actor's sheet on a screen made as asked."""

    def opened(**options: object) -> Screen:
        screen = new_screen(**options)
        give(screen, settings.SESSION_COOKIE_NAME, session_of(actor))
        return screen.open(SHEET, ready=READY)

    return opened


def told(screen: Screen, words: str) -> None:
    screen.page.wait_for_function(
        "words => document.querySelector('[data-status]').textContent.includes(words)", arg=words
    )


def settled(screen: Screen) -> None:
    """Wait until nothing typed is left to keep."""
    screen.page.wait_for_selector("form.sheet[aria-busy=false]")


def stored() -> SheetResult:
    return SheetResult.objects.get(sheet__code="vacances-2021")


@pytest.mark.parametrize("width", [1440, 360])
def test_pages_of_engagements_have_no_serious_fault_and_fit(
    contract: Territory, new_screen: Callable[..., Screen], width: int
) -> None:
    review = freeze(contract, 2021)
    screen = new_screen(width, 800)
    lead = somebody("pilote", Role.CONTRACT_LEAD, contract)
    give(screen, settings.SESSION_COOKIE_NAME, session_of(lead))
    found = {}
    for name, path in PAGES.items():
        screen.open(path.format(review=review.pk), ready=READY)
        found[name] = faults_of(screen, width)
    assert found == {name: [] for name in PAGES}


def test_what_is_typed_is_kept_at_once_and_can_be_taken_back(
    filling: Callable[..., Screen],
) -> None:
    screen = filling()
    screen.page.fill("#result-1", "377")
    told(screen, "Enregistré.")
    assert stored().result == 377
    screen.page.fill("#result-1", "3 770,0")
    screen.page.fill("#analysis", "Été difficile.")
    screen.page.press("#analysis", "Tab")
    settled(screen)
    undo = screen.page.get_by_role("button", name="Reprendre la dernière saisie")
    assert (stored().result, FollowUpSheet.objects.get(code="vacances-2021").analysis) == (
        3770, "Été difficile.",
    )  # fmt: skip
    undo.click()
    screen.page.wait_for_function("document.querySelector('#analysis').value === ''")
    settled(screen)
    told(screen, "Repris.")
    undo.click()
    screen.page.wait_for_function("document.querySelector('#result-1').value === '377'")
    settled(screen)
    screen.page.reload()
    assert screen.page.input_value("#result-1") == "377"
    assert stored().result == 377


def test_what_cannot_be_is_said_beside_the_form_and_marked(
    filling: Callable[..., Screen],
) -> None:
    screen = filling(troubled=True)
    screen.page.fill("#result-1", "beaucoup")
    screen.page.press("#result-1", "Tab")
    told(screen, "Pas enregistré : « beaucoup » n’est pas un nombre.")
    assert screen.page.get_attribute("#result-1", "aria-invalid") == "true"
    assert stored().result is None
    screen.page.fill("#result-1", "12")
    told(screen, "Enregistré.")
    assert screen.page.get_attribute("#result-1", "aria-invalid") == "false"


def test_whoever_is_signed_out_meanwhile_is_told_to_sign_in_again(
    filling: Callable[..., Screen],
) -> None:
    screen = filling(troubled=True)
    screen.page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    screen.page.fill("#result-1", "12")
    told(screen, "Pas enregistré : le site n’a pas répondu comme attendu. Rechargez la page")
    assert screen.page.input_value("#result-1") == "12"
    assert stored().result is None


def test_the_sheet_is_filled_and_handed_in_without_a_script(
    filling: Callable[..., Screen],
) -> None:
    screen = filling(java_script_enabled=False)
    assert not screen.page.is_visible("[data-undo]")
    screen.page.fill("#result-1", "377")
    screen.page.get_by_role("button", name="Enregistrer").click()
    assert "Enregistré." in screen.page.inner_text("main")
    screen.page.get_by_role("button", name="Remettre la fiche").click()
    assert stored().sheet.state == "submitted"
    assert screen.page.locator("form.sheet").count() == 0


def test_the_tree_opens_and_closes_by_keys(
    contract: Territory, new_screen: Callable[..., Screen]
) -> None:
    screen = new_screen().open("/suivi/CV-ESSAI/essai/", ready=READY)
    summary = screen.page.locator("summary", has_text="Aide aux devoirs")
    summary.focus()
    shown = screen.page.get_by_text("au moins 60 en 2020")
    assert shown.is_visible(), "a tree of few indicators is wholly open"
    screen.page.keyboard.press("Enter")
    assert not shown.is_visible()
    screen.page.keyboard.press("Enter")
    assert shown.is_visible()


def test_a_printed_review_has_neither_menu_nor_forms(
    contract: Territory, new_screen: Callable[..., Screen]
) -> None:
    screen = new_screen()
    lead = somebody("pilote", Role.CONTRACT_LEAD, contract)
    give(screen, settings.SESSION_COOKIE_NAME, session_of(lead))
    screen.open("/suivi/CV-ESSAI/bilan/2021/", ready=READY)
    freeze_it = screen.page.get_by_role("button", name="Figer ce bilan")
    assert freeze_it.is_visible()
    screen.page.emulate_media(media="print")
    assert not freeze_it.is_visible()
    assert not screen.page.locator(".top").is_visible()
    assert screen.page.get_by_role("heading", name="Engagements").is_visible()
