"""Empty, failing and scriptless pages say what is wrong and what to do."""

from __future__ import annotations

import pytest

from tests.maps.screen import READY

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SETTLED = "#explorer:not([data-state=loading])"


def test_without_data_the_page_says_which_command_to_run(new_screen):
    screen = new_screen().open(ready="#explorer[data-state=empty]")
    shown = screen.text("#cover")
    assert "Aucune donnée n’est encore chargée" in shown
    assert "make run" in shown
    assert "observatory load grid" in shown


def test_real_data_are_not_called_a_demonstration(transactional_db, new_screen):
    from tests.maps.town import build_town

    build_town(demonstration=False)
    screen = new_screen().open()
    assert not screen.shows("#demonstration")
    assert "fictives" not in screen.text("body")


def test_demonstration_data_are_called_so(screen):
    screen.open()
    assert screen.text("#demonstration") == "Territoire de démonstration — données fictives"


def test_a_silent_tile_server_is_said_and_can_be_asked_again(town, new_screen):
    screen = new_screen(troubled=True)
    screen.page.route("**/maplibre-gl*.js", lambda route: route.abort())
    screen.open(ready="#explorer[data-state=error]")
    assert "Le serveur de cartes ne répond pas" in screen.text("#cover")
    screen.page.unroute("**/maplibre-gl*.js")
    screen.page.click("#cover button")
    screen.page.wait_for_selector(READY)
    assert not screen.shows("#cover")


def test_failing_tiles_leave_the_rest_usable(town, new_screen):
    screen = new_screen(troubled=True)
    screen.page.route("**/tiles/cells/**", lambda route: route.fulfill(status=503, body="{}"))
    screen.open(ready=SETTLED)
    screen.page.wait_for_selector("#trouble", state="visible")
    assert "Réessayer" in screen.text("#trouble")
    screen.page.click("#tab-areas")
    assert screen.texts("#panel-areas .area") == ["L’Écluse et alentours"]


def test_a_browser_without_webgl_still_lists_the_quarters(town, new_screen):
    screen = new_screen(troubled=True)
    screen.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
    screen.open(ready="#explorer[data-state=error]")
    assert "ne peut pas être dessinée" in screen.text("#cover")
    screen.page.click("#tab-areas")
    screen.page.click("#panel-areas .area")
    assert "3 100 habitants" in screen.text("#card")
    screen.page.click("#cover a.button")
    screen.page.wait_for_selector("main table")
    assert "L’Écluse et alentours" in screen.text("main table")


def test_an_address_that_names_no_layer_of_this_site_shows_the_usual_ones(screen):
    screen.open("/?couches=zzz,rien")
    assert screen.page.is_checked("#layer-qpv")
    assert screen.page.is_checked("#layer-cells")


def test_an_address_with_one_layer_of_this_site_shows_that_one_alone(screen):
    screen.open("/?couches=zzz,qpv")
    assert screen.page.is_checked("#layer-qpv")
    assert not screen.page.is_checked("#layer-cells")


@pytest.mark.parametrize("width", [1440, 360])
def test_an_indicator_that_cannot_be_drawn_is_said_where_it_is_seen(town, new_screen, width):
    screen = new_screen(width, 780).open("/?indicateur=rien&niveau=lune")
    screen.page.wait_for_selector("#panel-thematic [role=alert]", state="visible")
    assert "Aucune carte n’est faite à ce niveau" in screen.text("#panel-thematic [role=alert]")


def test_without_script_the_page_leads_to_the_list(town, new_screen):
    screen = new_screen(java_script_enabled=False)
    screen.page.goto(screen.origin)
    screen.page.click("noscript a, .cover a")
    assert "L’Écluse et alentours" in screen.text("table")
