"""A click, or Enter, shows what is known of a point, and from whom."""

from __future__ import annotations

import pytest

from tests.maps.town import FEW, PLACES, WITHOUT_DATA

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_click_on_a_cell_shows_its_values_and_their_source(screen):
    screen.open()
    screen.click_on(PLACES["e"])
    card = screen.text("#card")
    assert "Carreau de 200 m" in card
    assert "30,0 %" in card  # 60 poor households out of 200
    assert "21 000 €" in card
    assert "Ménages 200" in card
    assert "Source : Insee, Carroyage d’essai, 2021 — Licence Ouverte 2.0" in card
    assert "données fictives" in card
    assert "un carreau isolé" in card


def test_the_card_names_the_zone_and_the_district_around_the_cell(screen):
    screen.open()
    screen.click_on(PLACES["e"])
    assert screen.texts("#card details[data-layer] > summary") == [
        "Zones calculées Zone 1",
        "Arrondissements Paris 18e",
    ]


def test_a_quarter_is_read_where_cells_are_off(screen):
    screen.open("/?couches=qpv")
    screen.click_on(PLACES["b"])
    card = screen.text("#card")
    assert card.startswith("L’Écluse et alentours")
    assert "QN075901" in card
    assert "3 100 habitants" in card
    assert "Ville de Paris" in card


def test_a_cell_of_few_households_says_that_its_values_are_imputed(screen):
    screen.open()
    screen.click_on(FEW)
    assert "Moins de 11 ménages" in screen.text("#card .note")
    assert screen.page.locator("#card .figure .figure__class[style]").count() == 0


def test_a_missing_value_is_said_and_is_not_zero(screen):
    screen.open()
    screen.click_on(WITHOUT_DATA)
    assert "sans donnée" in screen.text("#card .figure")
    assert "Ménages pauvres sans donnée" in screen.text("#card")
    assert "0,0 %" not in screen.text("#card .figure >> nth=0")


def test_a_click_beside_everything_closes_the_card(screen):
    screen.open("/?couches=cells")
    screen.click_on(PLACES["a"])
    assert screen.shows("#card")
    stage = screen.page.locator(".stage").bounding_box()
    screen.page.mouse.click(stage["x"] + 30, stage["y"] + 30)
    assert not screen.shows("#card")


def test_the_card_does_not_hide_the_cell_it_tells_of(screen):
    screen.open()
    screen.click_on(PLACES["f"])
    screen.settle()
    card, (x, _) = screen.page.locator("#card").bounding_box(), screen.point_of(PLACES["f"].centre)
    assert x < card["x"]


def test_each_producer_is_named_below_the_map_while_its_data_are_shown(screen):
    screen.open()
    shown = screen.text("#sources")
    assert shown.count("Insee, 2021 — Licence Ouverte 2.0") == 1
    assert shown.count("Ville de Paris") == 1
    screen.toggle("cells")
    screen.toggle("zones")
    assert "Insee" not in screen.text("#sources")
    assert "Ville de Paris" in screen.text("#sources")


def test_one_button_brings_the_whole_territory_back(screen):
    screen.open()
    place = "observatory.map.getBounds().toArray().flat()"
    before = screen.page.evaluate(place)
    screen.page.evaluate("observatory.map.jumpTo({ center: [2.2, 48.7], zoom: 16 })")
    screen.page.click(".whole")
    screen.settle()
    assert screen.page.evaluate(place) == pytest.approx(before, abs=1e-3)


def test_the_pointer_lights_up_what_it_is_over_and_names_it(screen):
    screen.open()
    before = screen.page.screenshot()
    screen.page.mouse.move(*screen.point_of(PLACES["d"].centre))
    screen.page.wait_for_selector(".tip", state="visible")
    assert screen.text(".tip").startswith("22,0 % de ménages pauvres")
    screen.settle()
    assert screen.page.screenshot() != before
    lit = screen.page.evaluate(
        """() => observatory.map.queryRenderedFeatures({ layers: ['cells-classed'] })
            .filter((feature) => feature.state.lit).map((feature) => feature.properties.men_pauv)"""
    )
    assert set(lit) == {44}


def test_the_keyboard_reads_the_centre_of_the_map(screen):
    screen.open()
    longitude, latitude = PLACES["c"].centre
    screen.page.evaluate(
        "([lng, lat]) => observatory.map.jumpTo({ center: [lng, lat], zoom: 15 })",
        [longitude, latitude],
    )
    screen.settle()
    screen.page.focus("#tab-layers")
    for _ in range(40):
        screen.page.keyboard.press("Tab")
        if screen.page.evaluate("document.activeElement.tagName") == "CANVAS":
            break
    assert screen.shows(".crosshair")
    screen.page.keyboard.press("Enter")
    assert "17,0 %" in screen.text("#card")
    # The reader is taken to the card, and back to the map by Escape.
    assert screen.page.evaluate("document.activeElement.closest('#card') !== null")
    screen.page.keyboard.press("Escape")
    assert not screen.shows("#card")
    assert screen.page.evaluate("document.activeElement.tagName") == "CANVAS"
