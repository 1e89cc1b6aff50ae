"""What holds on every page: the frame, accessibility, the policy, both languages, small screens."""

from __future__ import annotations

import gzip

import pytest
from django.urls import URLPattern

from maps.urls import urlpatterns
from tests.maps.facts import build_facts
from tests.maps.likeness import difference_from_reference
from tests.maps.screen import Screen
from tests.maps.site import NOT_PAGES, PAGES, grave_faults, width_of_content

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def with_figures(town) -> None:
    """Every page has something to show."""
    build_facts()


every_page = pytest.mark.parametrize("name", PAGES)


def test_no_page_is_left_out_of_these_tests():
    own = {one.name for one in urlpatterns if isinstance(one, URLPattern)}
    assert own == set(PAGES) | NOT_PAGES


# A page takes seconds to open and its site to fill: what one opening shows is looked at together.


@every_page
def test_on_a_desk_a_page_is_accessible_framed_light_and_keeps_the_policy(town, new_screen, name):
    screen = new_screen(1440, 900).open(PAGES[name][0], ready=PAGES[name][1])
    assert difference_from_reference(screen, name) == ""
    assert grave_faults(screen.page) == []
    assert screen.page.locator("h1").count() == 1
    assert {"Carte", "Comparer", "Portraits", "Liste des quartiers"} <= set(
        screen.texts(".top__nav a")
    )
    assert len(screen.texts(".top__nav a[aria-current=page]")) <= 1
    assert screen.refusals() == []
    assert screen.outside_requests() == []
    assert screen.complaints == []
    assert weight_of(screen) < 600_000


@every_page
def test_on_a_phone_a_page_is_accessible_and_no_wider_than_the_phone(town, new_screen, name):
    screen = new_screen(360, 780).open(PAGES[name][0], ready=PAGES[name][1])
    assert difference_from_reference(screen, name) == ""
    assert grave_faults(screen.page) == []
    assert width_of_content(screen.page) <= 360


@every_page
def test_the_page_is_in_english_when_english_is_asked(screen, name):
    screen.page.context.add_cookies(
        [{"name": "django_language", "value": "en", "url": screen.origin}]
    )
    screen.open(PAGES[name][0], ready=PAGES[name][1])
    assert screen.page.get_attribute("html", "lang") == "en"
    assert screen.texts(".top__nav a")[0] == "Map"
    assert "Aller au contenu" not in screen.page.content()


def weight_of(screen: Screen) -> int:
    """Return the bytes of scripts, styles, font and pictures as compressed, tiles aside."""
    own = {url for url in screen.requests if "/tiles" not in url and url.startswith("http")}
    return sum(len(gzip.compress(screen.page.request.get(url).body())) for url in own)
