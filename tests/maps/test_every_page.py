"""What holds on every page: the frame, accessibility, the policy, both languages, small screens."""

from __future__ import annotations

import pytest
from django.urls import URLPattern

from maps.urls import urlpatterns
from tests.maps.facts import build_facts
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


@every_page
def test_axe_finds_nothing_serious(screen, name):
    screen.open(PAGES[name][0], ready=PAGES[name][1])
    assert grave_faults(screen.page) == []


@every_page
def test_axe_finds_nothing_serious_at_360_pixels(town, new_screen, name):
    screen = new_screen(360, 780).open(PAGES[name][0], ready=PAGES[name][1])
    assert grave_faults(screen.page) == []


@every_page
def test_the_policy_refuses_nothing_and_nothing_leaves_the_site(screen, name):
    screen.open(PAGES[name][0], ready=PAGES[name][1])
    assert screen.refusals() == []
    assert screen.outside_requests() == []
    assert screen.complaints == []


@every_page
def test_no_page_is_wider_than_a_phone(town, new_screen, name):
    screen = new_screen(360, 780).open(PAGES[name][0], ready=PAGES[name][1])
    assert width_of_content(screen.page) <= 360


@every_page
def test_every_page_leads_to_the_others_and_says_which_one_it_is(screen, name):
    screen.open(PAGES[name][0], ready=PAGES[name][1])
    ways = screen.texts(".top__nav a")
    assert {"Carte", "Comparer", "Portraits", "Liste des quartiers"} <= set(ways)
    assert len(screen.texts(".top__nav a[aria-current=page]")) <= 1
    assert screen.page.locator("h1").count() == 1


@every_page
def test_the_page_is_in_english_when_english_is_asked(screen, name):
    screen.page.context.add_cookies(
        [{"name": "django_language", "value": "en", "url": screen.origin}]
    )
    screen.open(PAGES[name][0], ready=PAGES[name][1])
    assert screen.page.get_attribute("html", "lang") == "en"
    assert screen.texts(".top__nav a")[0] == "Map"
    assert "Aller au contenu" not in screen.page.content()


@every_page
def test_every_page_is_light(screen, name):
    """Scripts, styles, font and pictures as a compressing server sends them, tiles aside."""
    import gzip

    screen.open(PAGES[name][0], ready=PAGES[name][1])
    own = {url for url in screen.requests if "/tiles" not in url and url.startswith("http")}
    bodies = [screen.page.request.get(url).body() for url in own]
    assert sum(len(gzip.compress(body)) for body in bodies) < 600_000
