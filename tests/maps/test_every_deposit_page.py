"""What holds on every page of deposits: accessibility, policy, phones, English."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import settings

from importers.deposits import service
from importers.models import Deposit, DepositState
from observatory.models import Scheme, User
from tests.importers.deposit_makers import (
    a_list,
    a_partner,
    deposited,
    the_towns_addresses,
)
from tests.maps.screen import Screen, plain
from tests.maps.site import grave_faults, width_of_content
from tests.maps.test_built_files import messages
from tests.people import client_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DOORS = "12 rue de la Chapelle;75018", "rue de la Chapelle;75018", "3 chemin inconnu;75018"
# By what a partner calls it: where it is, what shows that it is ready, its title in English.
PAGES = {
    "sign-in": ("/compte/connexion/", "main form.stack", "Sign in"),
    "list": ("/beneficiaires/", "main table", "My deposits"),
    "new deposit": ("/beneficiaires/nouveau/", "main form.stack", "Deposit a file"),
    "one address": ("/beneficiaires/adresse/", "main form.stack", "An address"),
    "shared figures": ("/beneficiaires/partages/", "main table", "Shared figures"),
    "columns": ("/beneficiaires/{received}/", "#columns", "What the file contains"),
    "progress": ("/beneficiaires/{queued}/", "#progress", "Counting under way"),
    "cancelled": ("/beneficiaires/{cancelled}/", "main a.button", "Cancelled"),
    "result": ("/beneficiaires/{done}/", "#in-qpv", "Result"),
    "review": ("/beneficiaires/{done}/relecture/", "#places[data-ready]", "Rows to place"),
}


@pytest.fixture
def partner(deposit_site: None) -> User:
    """Return a partner of a site with quarters and addresses."""
    the_towns_addresses()
    Scheme.objects.create(code="emplois-francs", name="Emplois francs", zones=["qpv"])
    return a_partner()


@pytest.fixture
def deposits(partner: User) -> dict[str, int]:
    """Return the numbers of one deposit of each state, and some of another partner."""
    done = "ref;sexe;adresse;cp\n" + "\n".join(f"R{n};F;{door}" for n, door in enumerate(DOORS))
    found = {state: deposited(partner, a_list(3, 3), f"{state}.csv") for state in
             ("received", "queued", "cancelled")}  # fmt: skip
    for state in (DepositState.QUEUED, DepositState.CANCELLED):
        Deposit.objects.filter(pk=found[state].pk).update(state=state)
    found["done"] = service.carry_out(deposited(partner, done, "done.csv"))
    service.carry_out(deposited(a_partner("Autre structure"), a_list(30, 60), "other.csv"))
    return {state: deposit.pk for state, deposit in found.items()}


@pytest.fixture
def open_page(partner, deposits, new_screen) -> Callable[[Screen, str], Screen]:
    """Return what opens a page by name, for the partner unless it is the page to sign in."""

    def opened(screen: Screen, name: str) -> Screen:
        if name != "sign-in":
            give(screen, settings.SESSION_COOKIE_NAME, session_of(partner))
        path, ready, _title = PAGES[name]
        return screen.open(path.format(**deposits), ready=ready)

    return opened


def session_of(user: User) -> str:
    return client_of(user).cookies[settings.SESSION_COOKIE_NAME].value


def give(screen: Screen, name: str, value: str) -> None:
    cookie = {"name": name, "value": value, "url": screen.origin}
    screen.page.context.add_cookies([cookie])  # type: ignore[list-item]


def faults_of(screen: Screen, width: int) -> list[str]:
    """Return what must not be on the page as it is now."""
    found = grave_faults(screen.page) + [str(refusal) for refusal in screen.refusals()]
    if width_of_content(screen.page) > width:
        found.append(f"{width_of_content(screen.page)} pixels wide")
    if screen.page.locator("h1").count() != 1:
        found.append("not one title")
    return found + screen.outside_requests() + screen.complaints


@pytest.mark.parametrize("width", [1440, 360])
def test_pages_of_deposits_have_no_serious_fault_and_fit(open_page, new_screen, width):
    screen = new_screen(width, 800)
    found = {name: faults_of(open_page(screen, name), width) for name in PAGES}
    assert found == {name: [] for name in PAGES}


def test_no_french_is_left_on_the_pages_of_deposits_in_english(open_page, new_screen):
    french = [plain(said) for said, english in messages().items()
              if said != english and len(said) > 5 and not re.search(r"[%{<]", said)]  # fmt: skip
    assert len(french) > 300
    screen = new_screen(1440, 800)
    give(screen, "django_language", "en")
    left = {}
    for name, (_path, _ready, title) in PAGES.items():
        open_page(screen, name)
        assert screen.text("main h1") == title
        shown = re.sub(r"Quartier \d", "", screen.text("main"))  # a name stays as it is
        left[name] = [said for said in french if re.search(rf"\b{re.escape(said)}(?!\w)", shown)]
    assert left == {name: [] for name in PAGES}


@pytest.mark.parametrize("width", [1440, 360])
def test_the_answer_for_one_address_has_no_serious_fault_and_fits(open_page, new_screen, width):
    screen = open_page(new_screen(width, 800), "one address")
    screen.page.fill("[name=address]", "12 rue de la Chapelle")
    screen.page.fill("[name=postcode]", "75018")
    screen.page.click("main form.stack button")
    screen.page.wait_for_selector("#found-zones")
    assert "Quartier 2" in screen.text("#found-zones")
    assert faults_of(screen, width) == []


def test_what_is_wrong_with_a_form_is_tied_to_its_field(open_page, new_screen):
    # A refusal is a trouble to Chromium.
    screen = open_page(new_screen(360, 800, troubled=True), "new deposit")
    screen.page.click("main form.stack button[type=submit]")
    screen.page.wait_for_selector(".field--wrong")
    wrong = screen.page.locator(".field--wrong [aria-describedby]")
    assert wrong.count() == 4
    for field in wrong.all():
        for told in field.get_attribute("aria-describedby").split():
            assert screen.page.locator(f"#{told}").count() == 1, told
    assert grave_faults(screen.page) == []
