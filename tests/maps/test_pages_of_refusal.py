"""Pages that refuse: why, what to do, and a way back, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.conf import settings

from observatory.models import User
from tests.maps.likeness import difference_from_reference
from tests.maps.screen import Screen
from tests.maps.site import NOT_OPEN, REFUSALS, WIDTHS, grave_faults, width_of_content
from tests.maps.test_ways_out_of_the_map import FRAME
from tests.people import client_of, somebody

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOO_MANY = "/comparer/?" + "&".join(f"quartier={number}" for number in range(1_100))
IMAGE = f"/carte/image.png?{urlencode({'couches': 'qpv', 'cadre': FRAME})}"


def unreadable(screen: Screen) -> None:
    screen.open(TOO_MANY, ready=".message")


def without_token(screen: Screen) -> None:
    screen.open("/compte/connexion/", ready="main form")
    screen.page.evaluate(
        """() => {
            document.querySelector('main form [name=csrfmiddlewaretoken]').remove();
            document.querySelector('main form').submit();
        }"""
    )
    screen.page.wait_for_selector(".message")


def nowhere(screen: Screen) -> None:
    screen.open("/nulle-part/", ready=".message")


def too_often(screen: Screen) -> None:
    screen.page.request.get(screen.origin + IMAGE)
    screen.open(IMAGE, ready=".message")


PROVOKED: dict[str, Callable[[Screen], None]] = {
    "400": unreadable,
    "403": without_token,
    "404": nowhere,
    "429": too_often,
}


@pytest.mark.parametrize("width", WIDTHS)
def test_a_refusal_says_why_in_french_fits_and_leads_back(town, new_screen, settings, width):
    settings.API_RATES = {**settings.API_RATES, "drawing": "1/hour"}
    screen = new_screen(width, 780, troubled=True)
    for status, title in REFUSALS.items():
        PROVOKED[status](screen)
        assert screen.text(".message__code") == status
        assert screen.text("h1") == title
        assert difference_from_reference(screen, status) == ""
        assert grave_faults(screen.page) == []
        assert width_of_content(screen.page) <= width
        assert screen.refusals() == []
        assert screen.page.get_attribute(".message a.button", "href") == "/"


@pytest.mark.parametrize("width", WIDTHS)
def test_an_account_without_the_right_reads_why_and_whom_to_ask_and_leads_back(
    town, new_screen, width
):
    # The administration is the one place whose address an account may know without the right.
    person = somebody("clerk")
    User.objects.filter(pk=person.pk).update(is_staff=True)
    screen = new_screen(width, 780, troubled=True)
    cookie = client_of(person).cookies[settings.SESSION_COOKIE_NAME].value
    screen.page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": screen.origin}]
    )
    screen.open("/admin/observatory/territory/", ready=".message")
    assert screen.text(".message__code") == "403"
    assert screen.text("h1") == "Cette page ne vous est pas ouverte"
    assert "Demandez-le à la personne qui administre" in screen.text("main")
    assert difference_from_reference(screen, NOT_OPEN) == ""
    assert grave_faults(screen.page) == []
    assert width_of_content(screen.page) <= width
    assert screen.refusals() == []
    assert screen.page.get_attribute(".message a.button", "href") == "/"


def test_a_refusal_is_in_english_when_english_is_asked(town, new_screen, settings):
    settings.API_RATES = {**settings.API_RATES, "drawing": "1/hour"}
    screen = new_screen(troubled=True)
    cookie = {"name": "django_language", "value": "en", "url": screen.origin}
    screen.page.context.add_cookies([cookie])
    for status, french in REFUSALS.items():
        PROVOKED[status](screen)
        assert screen.page.get_attribute("html", "lang") == "en"
        assert screen.text(".message__code") == status
        assert screen.text("h1") != french
        assert screen.text(".message a.button") == "Back to the map"
