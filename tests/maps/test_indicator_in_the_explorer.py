"""An indicator on the explorer's map: its colours, its legend, its address."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from maps.explorer.drawing import LAYERS
from observatory.models import (
    Indicator,
    Observation,
    Perimeter,
    Sharing,
    SourceTerms,
    Standing,
    Territory,
)
from tests.maps.facts import build_facts, observe
from tests.maps.panel import DRAWN, drawing, panel
from tests.maps.screen import distance
from tests.maps.site import grave_faults
from tests.maps.town import IN_QUARTER, PLACES, Place

pytestmark = pytest.mark.django_db
ASKED = "indicateur=poverty-rate&annee=2021&classes=2"


def perimeter(code: str) -> int:
    return Perimeter.objects.get(territory__code=code).pk


class TestWhatIsDrawn:
    def test_every_place_is_in_the_class_of_its_value(self, client: Client, facts):
        told = drawing(client, ASKED)
        assert [one["ids"] for one in told["classes"]] == [
            [perimeter("QN075902")], [perimeter("QN075901")],
        ]  # fmt: skip
        assert [one["count"] for one in told["classes"]] == [1, 1]
        assert told["values"][str(perimeter("QN075901"))] == "42,0\u00a0%"

    def test_it_is_drawn_on_the_outlines_of_its_generation(self, client: Client, facts):
        told = drawing(client, ASKED)
        assert (told["layer"], told["generation"]) == ("qpv", "2024")
        arrondissement = drawing(client, "niveau=commune&indicateur=poverty-rate")
        assert (arrondissement["layer"], arrondissement["generation"]) == ("communes", None)

    def test_each_level_is_a_layer_of_the_server(self, client: Client, facts):
        known = {one["id"] for one in client.get("/tiles").json()["layers"]}
        assert set(LAYERS.values()) <= known

    def test_the_ids_are_those_the_tiles_give(self, client: Client, facts):
        listed = client.get("/quartiers/qpv.json").json()["areas"]
        assert {str(one["id"]) for one in listed} == set(drawing(client, ASKED)["values"])

    def test_no_data_and_kept_back_are_apart_and_in_no_class(self, client: Client, facts):
        poverty = Indicator.objects.get(code="poverty-rate")
        Observation.objects.filter(indicator=poverty, territory__code="QN075901").delete()
        other = Observation.objects.filter(indicator=poverty, territory__code="QN075902", year=2021)
        other.update(value=None, numerator=None, standing=Standing.WITHHELD)
        city = Territory.objects.get(code="75056")
        assert city.level == "commune"
        told = drawing(client, ASKED)
        assert [(one["kind"], one["ids"]) for one in told["absent"]] == [
            ("nodata", [perimeter("QN075901")]), ("few", [perimeter("QN075902")]),
        ]  # fmt: skip
        assert all(one["ids"] == [] for one in told["classes"])
        assert told["values"][str(perimeter("QN075902"))] == "retenu"

    def test_what_partners_share_is_not_drawn_for_anybody(self, client: Client, facts):
        SourceTerms.objects.update(sharing=Sharing.SHARED)
        assert "drawing" not in panel(client, ASKED)

    def test_a_count_is_circles_whose_surface_is_the_value(self, client: Client, facts):
        helped = Indicator.objects.get(code="helped")
        Observation.objects.filter(indicator=helped).delete()
        for code, value in (("QN075901", 400), ("QN075902", 100)):
            observe(helped, Territory.objects.get(code=code), 2021, value)
        told = drawing(client, "indicateur=helped")
        assert told["classes"] == []
        large, small = (one["diameter"] for one in told["circles"])
        assert large == pytest.approx(2 * small, abs=0.02)
        assert [one["words"] for one in told["sizes"]] == ["200", "50", "12"]


class TestWaysToShow:
    def test_a_share_can_be_its_count(self, client: Client, facts):
        told = drawing(client, f"{ASKED}&affichage=effectif")
        assert told["values"][str(perimeter("QN075901"))] == "420"
        assert told["classes"] == [] and len(told["circles"]) == 2

    def test_a_change_is_told_in_points_from_its_first_year(self, client: Client, facts):
        told = drawing(client, f"{ASKED}&affichage=evolution&depuis=2020")
        assert told["values"][str(perimeter("QN075901"))] == "+4,0\u00a0pts"
        assert told["values"][str(perimeter("QN075902"))] == "0,0\u00a0pts"
        assert told["title"] == "Taux de pauvreté, évolution de 2020 à 2021"

    def test_no_change_is_told_across_a_break_of_the_series(self, client: Client, facts):
        page = panel(client, "indicateur=median-income&annee=2021&affichage=evolution")
        assert "Aucune année d’avant ne se compare" in page
        page = panel(client, "indicateur=median-income&annee=2021&affichage=evolution&depuis=2019")
        assert "rupture de série" in page

    def test_a_median_has_no_count(self, client: Client, facts):
        page = panel(client, "indicateur=median-income&affichage=effectif")
        assert "ne se montre pas de cette façon" in page

    def test_the_change_of_what_is_kept_back_is_kept_back(self, client: Client, facts):
        first = Observation.objects.filter(
            indicator__code="poverty-rate", territory__code="QN075901", year=2020
        )
        first.update(value=None, numerator=None, standing=Standing.WITHHELD)
        told = drawing(client, f"{ASKED}&affichage=evolution&depuis=2020")
        assert told["values"][str(perimeter("QN075901"))] == "retenu"


class TestThePanel:
    def test_years_ways_and_breaks_can_be_chosen(self, client: Client, facts):
        page = panel(client, ASKED)
        years = page.split('id="annee"')[1].split("</select")[0]
        assert re.findall(r'<option value="(\d{4})"', years) == ["2021", "2020", "2019"]
        assert 'value="42"' in page.split('id="bornes"')[1].split(">")[0]
        assert "Effectif (cercles)" in page

    def test_the_histogram_has_a_line_at_each_break(self, client: Client, facts):
        page = panel(client, f"{ASKED}&methode=manuelles&bornes=33;36")
        assert page.count("<line ") == 2

    @pytest.mark.parametrize("bornes", ["1e999", "x", "1;nan"])
    def test_breaks_that_are_no_numbers_are_refused_in_words(self, client: Client, facts, bornes):
        page = panel(client, f"{ASKED}&methode=manuelles&bornes={bornes}")
        assert "sont des nombres" in page

    def test_breaks_are_written_as_people_write_them(self, client: Client, facts):
        told = drawing(client, f"{ASKED}&methode=manuelles&bornes=31,5 ; 40")
        assert [one["words"] for one in told["classes"]] == [
            "moins de 31,5\u00a0%", "31,5 à 40,0\u00a0%", "40,0\u00a0% et plus",
        ]  # fmt: skip

    def test_without_figures_it_says_what_to_load(self, client: Client, db):
        assert "Aucun indicateur n’est chargé" in panel(client, "")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    def test_the_colour_of_a_quarter_is_that_of_its_class_in_the_legend(self, town, new_screen):
        """The indicator and its breaks are chosen by hand, then the screen itself is read."""
        build_facts()
        screen = new_screen().open()
        screen.page.click("#tab-thematic")
        screen.page.wait_for_selector(DRAWN)
        screen.page.select_option("#indicateur", "poverty-rate")
        screen.page.wait_for_selector("#panel-thematic:not([aria-busy])")
        screen.page.fill("#bornes", "20 ; 35")
        screen.page.press("#bornes", "Enter")
        screen.page.wait_for_selector(f"{DRAWN} >> text=/35,0.%.et plus/")
        screen.settle()
        # 42 % is in the third class, 30 % in the second.
        assert distance(most_common(screen.patch(corner(IN_QUARTER))), screen.swatch(2)) <= 1
        assert distance(most_common(screen.patch(corner(PLACES["e"]))), screen.swatch(1)) <= 1
        counts = screen.texts(f"{DRAWN} [data-class] .legend__count")
        assert counts == ["0", "1", "1"]
        assert "bornes=20" in screen.page.url and "methode=manuelles" in screen.page.url
        assert screen.page.is_checked("#layer-cells") is False
        other = new_screen().open(screen.page.url.removeprefix(screen.origin))
        other.page.wait_for_selector(DRAWN)
        other.settle()
        assert other.texts(f"{DRAWN} li") == screen.texts(f"{DRAWN} li")
        assert distance(most_common(other.patch(corner(IN_QUARTER))), other.swatch(2)) <= 1
        screen.click_on(IN_QUARTER)
        screen.page.wait_for_selector("#card:not([hidden])")
        assert "42,0 % Taux de pauvreté, 2021" in screen.text("#card")

    def test_from_too_far_the_legend_says_to_come_closer(self, town, new_screen):
        """Communes are drawn from zoom 7 on."""
        build_facts()
        place = "#carte=6/48.89/2.36"
        screen = new_screen().open(f"/?niveau=commune&indicateur=poverty-rate{place}")
        screen.page.wait_for_selector(f"{DRAWN} >> text=/Taux/")
        assert "Taux de pauvreté, 2021 : rapprochez-vous" in screen.text("#legend")
        screen.page.evaluate("observatory.map.jumpTo({ zoom: 12 })")
        screen.settle()
        assert "rapprochez-vous" not in screen.text("#legend")

    def test_map_and_legend_fade_together(self, town, new_screen):
        build_facts()
        screen = new_screen().open(f"/?{ASKED}&opacite=50")
        screen.page.wait_for_selector(DRAWN)
        screen.settle()
        paint = "observatory.map.getPaintProperty('thematic-classed', 'fill-opacity')"
        screen.page.wait_for_function(f"() => {paint} === 0.5")
        swatch = screen.page.locator(f"{DRAWN} [data-class] .swatch").first
        assert swatch.evaluate("(node) => getComputedStyle(node).opacity") == "0.5"
        screen.page.focus("#opacity")
        screen.page.keyboard.press("ArrowRight")
        screen.page.wait_for_function(f"() => {paint} === 0.6")
        assert "opacite=60" in screen.page.url

    def test_one_coloured_thing_at_a_time(self, town, new_screen):
        build_facts()
        screen = new_screen().open(f"/?{ASKED}")
        screen.page.wait_for_selector(DRAWN)
        screen.page.click("#tab-thematic")
        screen.page.uncheck("#thematic-on")
        assert screen.page.is_checked("#layer-cells")
        assert "indicateur" not in screen.page.url
        screen.page.check("#thematic-on")
        screen.page.wait_for_selector(DRAWN)
        assert screen.page.is_checked("#layer-cells") is False
        screen.page.click("#tab-layers")
        screen.toggle("cells")
        assert screen.page.locator(DRAWN).count() == 0

    @pytest.mark.parametrize("width", [360, 1440])
    def test_axe_and_the_policy_agree_at_both_widths(self, town, new_screen, width):
        build_facts()
        screen = new_screen(width, 800).open(f"/?{ASKED}")
        screen.page.wait_for_selector(DRAWN, state="attached")
        if width == 360:
            screen.page.click("[data-sheet=side]")
        for tab in ("thematic", "share"):
            screen.page.click(f"#tab-{tab}")
            assert grave_faults(screen.page) == []
        assert screen.refusals() == []
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= width


def corner(place: Place) -> Place:
    """Return where no name is written."""
    return Place(place.column - 0.3, place.row + 0.3)


def most_common(colours: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    return max(set(colours), key=colours.count)
