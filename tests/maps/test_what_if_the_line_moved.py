"""The line that moves: zones, numbers and overlap are the engine's, live and never stored."""

from __future__ import annotations

import pytest
import shapely
from django.test import Client

from carroyage.models import ComputedZone, Origin
from carroyage.scores import SHARE_POOR
from carroyage.store import latest_dataset, read_cells
from carroyage.zones import build_zones
from maps.whatif import SLIDERS
from observatory.models import AccessRule, Perimeter
from tests.maps.screen import plain
from tests.maps.site import grave_faults
from tests.maps.town import PLACES, build_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town_here(db: None) -> None:
    build_town()


def trial(client: Client, **asked: object) -> dict:
    return client.get("/et-si/zones.json", asked).json()


class TestAnswers:
    @pytest.mark.parametrize("place", [10, 12, 17, 22, 25, 30, 60])
    def test_zones_and_inhabitants_are_the_engine_s(self, client, town_here, place):
        cells = read_cells(latest_dataset(Origin.PUBLISHED))
        engine = build_zones(cells, SHARE_POOR, place / 100)
        told = trial(client, seuil=place)
        assert len(told["zones"]["features"]) == len(engine.table)
        persons = [one["properties"]["persons"] for one in told["zones"]["features"]]
        assert persons == [round(value) for value in engine.table["ind"]]

    def test_a_lower_line_makes_zones_grow(self, client, town_here):
        # Cells c to f (17 % and over) are four; e and f (30 % and over) are two.
        assert "2 000 habitants" in [plain(line) for line in trial(client, seuil=17)["lines"]]
        assert "1 000 habitants" in [plain(line) for line in trial(client, seuil=30)["lines"]]

    def test_a_zone_under_a_thousand_inhabitants_vanishes(self, client, town_here):
        told = trial(client, seuil=60)
        assert told["zones"]["features"] == []
        assert plain(" ".join(told["lines"][:2])) == "aucune zone 0 habitants"

    def test_the_overlap_with_legal_quarters_is_told_by_inhabitants(self, client, town_here):
        # The legal quarter of 2024 is cell b. From 12 %: cells b to f are one zone.
        told = [plain(line) for line in trial(client, seuil=12)["lines"]]
        assert "100 % des habitants des quartiers légaux y vivent" in told
        assert "20 % de leurs habitants vivent dans un quartier légal" in told

    def test_the_outline_is_that_of_the_cells_in_degrees(self, client, town_here):
        (zone,) = trial(client, seuil=25)["zones"]["features"]
        shape = shapely.geometry.shape(zone["geometry"])
        for name, place in PLACES.items():
            assert shape.contains(shapely.Point(place.centre)) == (name in "ef")

    def test_the_living_standard_goes_the_other_way(self, client, town_here):
        # Every cell of the town has 21 000 €.
        assert trial(client, critere="niveau-de-vie", seuil=20_000)["zones"]["features"] == []
        assert trial(client, critere="niveau-de-vie", seuil=22_000)["zones"]["features"] != []

    def test_nothing_is_stored(self, client, town_here):
        before = (ComputedZone.objects.count(), Perimeter.objects.count())
        trial(client, seuil=12)
        assert (ComputedZone.objects.count(), Perimeter.objects.count()) == before

    def test_new_cells_are_seen_at_once(self, client, town_here):
        from carroyage.models import Cell

        trial(client, seuil=25)
        Cell.objects.filter(men_pauv=120).update(men_pauv=0)
        assert trial(client, seuil=25)["zones"]["features"] == []

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({"critere": "autre"}, "critère"),
            ({"seuil": "beaucoup"}, "nombre"),
            ({"seuil": "nan"}, "hors de la réglette"),
            ({"seuil": 99}, "hors de la réglette"),
        ],
    )
    def test_a_place_beyond_the_slider_is_refused_in_words(self, client, town_here, asked, said):
        answer = client.get("/et-si/zones.json", asked)
        assert answer.status_code == 400
        assert said in answer.json()["error"]

    def test_without_a_grid_there_is_nothing_to_try(self, client, db):
        assert client.get("/et-si/zones.json").status_code == 404
        assert "make run" in client.get("/et-si/").content.decode()

    def test_whoever_may_not_see_the_cells_tries_nothing(self, client, town_here):
        AccessRule.objects.all().delete()
        assert client.get("/et-si/zones.json").status_code == 404
        assert "réglette bouge" in client.get("/et-si/").content.decode()

    def test_the_page_names_the_grid_it_counts_on(self, client, town_here):
        source = latest_dataset(Origin.PUBLISHED).source
        page = plain(client.get("/et-si/").content.decode())
        assert f"Source : {source.producer}, {source.title}, {source.vintage}" in page

    @pytest.mark.parametrize("slider", SLIDERS.values(), ids=lambda one: one.key)
    def test_both_ends_of_every_slider_answer(self, client, town_here, slider):
        for place in (slider.low, slider.high):
            assert "zones" in trial(client, critere=slider.key, seuil=place)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    READY = "#whatif[data-state=ready]"

    def test_moving_the_slider_by_the_keyboard_moves_the_numbers_and_the_zones(self, screen):
        screen.open("/et-si/", ready=self.READY)
        before = screen.texts("#results li")
        assert before[:2] == ["1 zone", "1 000 habitants"]
        screen.page.focus("#seuil")
        for _ in range(8):
            screen.page.keyboard.press("ArrowLeft")
        screen.page.wait_for_selector("#results >> text=/2.000 habitants/")
        screen.page.wait_for_selector(self.READY)
        assert screen.text("#written") == "17 %"
        assert screen.texts("#results li")[:2] == ["1 zone", "2 000 habitants"]
        screen.settle()
        drawn = screen.page.evaluate(
            "observatory.map.queryRenderedFeatures({layers: ['trial-fill']})"
            ".map((one) => one.properties.persons)"
        )
        assert set(drawn) == {2000}
        assert "seuil=17" in screen.page.url

    def test_the_place_of_the_slider_is_in_the_address(self, screen):
        screen.open("/et-si/?critere=pauvrete&seuil=60", ready=self.READY)
        assert screen.text("#written") == "60 %"
        assert screen.texts("#results li")[0] == "aucune zone"

    def test_the_zones_are_in_a_table_too(self, screen):
        screen.open("/et-si/", ready=self.READY)
        screen.page.click(".whatif details summary")
        assert screen.text("#rows") == "1 1 000"

    def test_without_script_the_answer_is_a_page_away(self, town, new_screen):
        screen = new_screen(java_script_enabled=False)
        screen.page.goto(screen.origin + "/et-si/?critere=pauvrete&seuil=12")
        assert "2 500 habitants" in screen.texts("#results li")

    @pytest.mark.parametrize("width", [360, 1440])
    def test_axe_and_the_policy_agree_at_both_widths(self, town, new_screen, width):
        screen = new_screen(width, 800).open("/et-si/", ready=self.READY)
        assert grave_faults(screen.page) == []
        assert screen.refusals() == []
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= width
