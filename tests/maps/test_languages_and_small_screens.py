"""French first, English on request; everything within reach of a thumb."""

from __future__ import annotations

import pytest

from tests.maps.town import PLACES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_page_is_french_even_for_an_english_browser(town, new_screen):
    screen = new_screen(locale="en-GB").open()
    assert screen.page.get_attribute("html", "lang") == "fr"
    assert screen.text("#tab-layers") == "Couches"
    assert "moins de 10 %" in screen.texts("#legend [data-class]")


def test_english_is_one_click_away_and_keeps_the_view(screen):
    screen.open("/?couches=cells,arrondissements")
    screen.page.click(".top__language button")
    screen.page.wait_for_selector("html[lang=en]")
    screen.page.wait_for_selector("#explorer[data-state=ready]")
    assert "couches=cells,arrondissements" in screen.page.url
    assert screen.text("#tab-layers") == "Layers"
    assert screen.texts("#legend [data-class]")[0] == "under 10%"
    screen.click_on(PLACES["e"])
    assert "30.0%" in screen.text("#card")
    assert "Households 200" in screen.text("#card")


def test_nothing_french_is_left_in_the_english_page(screen):
    screen.page.context.add_cookies(
        [{"name": "django_language", "value": "en", "url": screen.origin}]
    )
    screen.open()
    shown = screen.text("body").replace("Insee, Carroyage d’essai", "")
    for word in ("Couche", "Légende", "Carreau", "ménage", "données", "Quartier", "sans "):
        assert word not in shown


class TestAt360Pixels:
    @pytest.fixture
    def phone(self, town, new_screen):
        return new_screen(360, 800, has_touch=True)

    def test_nothing_sticks_out_sideways(self, phone):
        phone.open()
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360
        for selector in (".top", "#map", ".dock", "#sources"):
            box = phone.page.locator(selector).bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360.5

    def test_sheets_put_away_leave_no_blank_below_the_map(self, phone):
        phone.open()
        height = "document.documentElement.scrollHeight - window.innerHeight"
        assert phone.page.evaluate(height) == 0
        phone.page.click("[data-sheet=side]")
        assert phone.page.evaluate(height) == 0

    def test_the_map_opens_where_cells_are_seen(self, phone):
        phone.open()
        seen = phone.page.evaluate(
            "observatory.map.queryRenderedFeatures({ layers: ['cells-classed'] }).length"
        )
        assert seen > 0

    def test_layers_and_legend_come_up_one_at_a_time(self, phone):
        phone.open()
        assert not phone.shows("#panel-layers")
        phone.page.click("[data-sheet=side]")
        assert phone.shows("#panel-layers")
        phone.page.click("[data-sheet=legend]")
        phone.page.wait_for_selector("#panel-layers", state="hidden")
        assert "moins de 10 %" in phone.texts("#legend [data-class]")

    def test_the_warnings_are_in_the_layers_sheet(self, phone):
        phone.open()
        phone.page.click("[data-sheet=side]")
        phone.page.locator("#cautions").scroll_into_view_if_needed()
        assert "un carreau isolé" in phone.text("#cautions")

    def test_a_touch_shows_the_card_within_the_screen(self, phone):
        phone.open()
        phone.page.touchscreen.tap(*phone.point_of(PLACES["d"].centre))
        phone.page.wait_for_selector("#card", state="visible")
        assert "22,0 %" in phone.text("#card")
        box = phone.page.locator("#card").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360.5
        assert box["y"] >= 200, "the map stays in sight above the card"
        assert not phone.shows(".tip")

    def test_targets_are_large_enough_for_a_finger(self, phone):
        phone.open()
        phone.page.click("[data-sheet=side]")
        for button in phone.page.locator("button:visible, select:visible").all():
            box = button.bounding_box()
            assert min(box["width"], box["height"]) >= 24, button.inner_text()
