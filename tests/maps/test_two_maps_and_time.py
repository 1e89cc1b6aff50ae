"""Two places or two years side by side under one legend, and one map through the years."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.maps.facts import YEARS, build_facts
from tests.maps.panel import DRAWN, drawing
from tests.maps.screen import READY
from tests.maps.site import grave_faults

pytestmark = pytest.mark.django_db
SHARE = "indicateur=poverty-rate&classes=3&methode=egales"


class TestOneLegendForAllYears:
    def test_every_year_has_the_same_classes(self, client: Client, facts):
        """Values go from 30 to 42 % over the years: 34 and 38 part them in three."""
        years = [drawing(client, f"{SHARE}&periode=toutes&annee={year}") for year in YEARS]
        words = {tuple(one["words"] for one in told["classes"]) for told in years}
        assert words == {("moins de 34,0\u00a0%", "34,0 à 38,0\u00a0%", "38,0\u00a0% et plus")}

    def test_each_year_keeps_its_own_counts(self, client: Client, facts):
        told = drawing(client, f"{SHARE}&periode=toutes&annee=2020")
        assert [one["count"] for one in told["classes"]] == [1, 0, 1]

    def test_without_it_classes_are_those_of_the_year(self, client: Client, facts):
        one, other = (drawing(client, f"{SHARE}&annee={year}")["classes"] for year in (2020, 2021))
        assert [key["words"] for key in one] != [key["words"] for key in other]

    def test_circles_have_one_scale_for_all_years(self, client: Client, facts):
        asked = "indicateur=poverty-rate&affichage=effectif&periode=toutes&annee={}"
        drawn = [drawing(client, asked.format(year)) for year in (2020, 2021)]
        sizes = [one["circles"][0]["diameter"] for one in drawn]
        assert sizes[0] == pytest.approx(sizes[1] * (380 / 420) ** 0.5, abs=0.02)

    def test_a_change_has_no_slider(self, client: Client, facts):
        page = client.get(f"/carte/indicateur/?{SHARE}&affichage=evolution").content.decode()
        assert 'id="temps"' not in page
        assert 'id="temps"' in client.get(f"/carte/indicateur/?{SHARE}").content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    def test_the_slider_goes_through_the_years_by_the_keyboard(self, town, new_screen):
        build_facts()
        screen = new_screen().open(f"/?{SHARE}&annee=2021")
        screen.page.wait_for_selector(DRAWN)
        screen.page.click("#tab-thematic")
        screen.page.focus("#temps")
        screen.page.keyboard.press("ArrowLeft")
        screen.page.wait_for_selector(f"{DRAWN} >> text=/, 2020/")
        assert "annee=2020" in screen.page.url and "periode=toutes" in screen.page.url
        classes = screen.texts(f"{DRAWN} [data-class]")
        assert screen.page.evaluate("document.activeElement.id") == "temps"
        screen.page.keyboard.press("ArrowLeft")
        screen.page.wait_for_selector(f"{DRAWN} >> text=/, 2019/")
        words = [re.sub(r" \d+$", "", one) for one in screen.texts(f"{DRAWN} [data-class]")]
        assert words == [re.sub(r" \d+$", "", one) for one in classes]

    def test_cells_have_no_slider_and_say_why(self, town, new_screen):
        screen = new_screen().open()
        assert "ne se comparent pas" in screen.text("#panel-layers")

    def test_two_years_stand_side_by_side_and_move_together_or_apart(self, town, new_screen):
        build_facts()
        screen = new_screen(1300, 760).open(f"/?{SHARE}&annee=2021")
        screen.page.wait_for_selector(DRAWN)
        screen.page.click(".two-maps")
        screen.page.wait_for_function(
            "() => window.observatorySecond?.map.getLayer('thematic-classed')"
        )
        screen.page.wait_for_selector("#two-year option[value='2019']", state="attached")
        screen.page.select_option("#two-year", "2019")
        screen.page.wait_for_function("() => location.search.includes('annee2=2019')")
        paint = (
            "(name) => JSON.stringify(window[name].map"
            ".getPaintProperty('thematic-classed', 'fill-color'))"
        )
        # In 2019 the quarter has 40 %, in 2021 42 %: one class for both, by the same breaks.
        screen.page.wait_for_function(
            "() => window.observatorySecond.map.getPaintProperty('thematic-classed', 'fill-color')"
            ".length > 2"
        )
        assert screen.page.evaluate(paint, "observatory") == screen.page.evaluate(
            paint, "observatorySecond"
        )
        assert screen.text(".two__year") == "2021"
        places = "() => [observatory, observatorySecond].map(({ map }) => map.getCenter().lng)"
        screen.page.evaluate("() => observatory.map.jumpTo({ center: [2.36, 48.88] })")
        one, other = screen.page.evaluate(places)
        assert one == pytest.approx(other, abs=1e-6)
        screen.page.uncheck("#two-together")
        screen.page.evaluate("() => observatorySecond.map.jumpTo({ center: [2.34, 48.87] })")
        one, other = screen.page.evaluate(places)
        assert other == pytest.approx(2.34, abs=1e-4) and one == pytest.approx(2.36, abs=1e-4)
        screen.page.wait_for_function("() => location.search.includes('lieu2=')")
        again = new_screen(1300, 760).open(screen.page.url.removeprefix(screen.origin))
        again.page.wait_for_selector("#two-year option[value='2019']", state="attached")
        assert again.page.input_value("#two-year") == "2019"
        assert again.page.is_checked("#two-together") is False
        one, other = again.page.evaluate(places)
        assert other == pytest.approx(2.34, abs=1e-3)
        again.page.click(".two-maps")
        assert again.page.locator("#map-second").count() == 0
        assert "lieu2" not in again.page.url

    @pytest.mark.parametrize("width", [360, 1300])
    def test_axe_and_the_policy_agree_at_both_widths(self, town, new_screen, width):
        build_facts()
        screen = new_screen(width, 760).open(f"/?{SHARE}&lieu2=&annee2=2019", ready=READY)
        screen.page.wait_for_selector("#map-second canvas")
        screen.page.wait_for_selector("#two-year option", state="attached")
        assert grave_faults(screen.page) == []
        assert screen.refusals() == []
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= width
