"""The quarters in text: beside the map, and on a page of their own."""

from __future__ import annotations

import re

import pytest
from django.contrib.gis.geos import Point
from django.templatetags.static import static
from django.test import Client

from layers.registry import REGISTRY
from observatory.models import AccessRule, Perimeter, Territory
from tests.maps.town import build_town

ECLUSE, COTEAU = "Cité de l’Écluse", "Bas-Coteau"


@pytest.fixture
def quiet_town(db):
    build_town(demonstration=False)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestBesideTheMap:
    def names(self, screen) -> list[str]:
        return screen.texts("#panel-areas .area")

    def test_it_names_the_quarters_of_the_generation_shown(self, screen):
        screen.open()
        screen.page.click("#tab-areas")
        assert self.names(screen) == ["L’Écluse et alentours"]
        screen.page.click("#tab-layers")
        screen.choose("#generation-qpv", "2015")
        screen.page.click("#tab-areas")
        screen.page.wait_for_selector("#panel-areas tr:nth-child(2)")
        assert self.names(screen) == [COTEAU, ECLUSE]
        assert "2015" in screen.text("#legend [data-layer=qpv]")

    def test_a_name_goes_there_and_opens_its_card(self, screen):
        screen.open("/?generation=2015")
        screen.page.click("#tab-areas")
        screen.page.click(f"#panel-areas .area >> text={COTEAU}")
        screen.settle()
        assert screen.text("#card h2") == COTEAU
        assert "12 970 habitants" in screen.text("#card")
        outline = Perimeter.objects.get(territory__name=COTEAU).geom
        centre = screen.page.evaluate("observatory.map.getCenter().toArray()")
        assert outline.covers(Point(*centre, srid=4326))

    def test_search_forgets_accents_and_case(self, screen):
        screen.open("/?generation=2015")
        screen.page.click("#tab-areas")
        screen.page.fill("#area-search", "ECLUSE")
        assert self.names(screen) == [ECLUSE]
        screen.page.fill("#area-search", "qp075902")
        assert self.names(screen) == [COTEAU]
        screen.page.fill("#area-search", "zzz")
        assert self.names(screen) == []
        assert "0 territoire" in screen.text("#panel-areas [role=status]")

    def test_a_figure_nobody_gives_is_not_a_column_of_gaps(self, screen):
        Territory.objects.filter(level="qpv").update(facts={})
        screen.open()
        screen.page.click("#tab-areas")
        screen.page.wait_for_selector("#panel-areas .area")
        assert screen.texts("#panel-areas thead th")[1:] == ["Superficie"]
        assert "sans donnée" not in screen.text("#panel-areas")

    def test_it_is_sorted_by_name_or_by_population(self, screen):
        screen.open("/?generation=2015")
        screen.page.click("#tab-areas")
        screen.page.click(".sort >> text=Nom")
        assert self.names(screen) == [ECLUSE, COTEAU]
        screen.page.click(".sort >> text=Population")
        assert self.names(screen) == [COTEAU, ECLUSE]
        assert screen.page.locator("th[aria-sort=descending]").inner_text().startswith("Population")


@pytest.mark.django_db
class TestPageOfItsOwn:
    def test_it_shows_names_and_figures_without_running_a_script(self, client: Client, quiet_town):
        page = client.get("/quartiers/").content.decode()
        assert "L’Écluse et alentours" in page
        assert "3\u202f100" in page or "3\u00a0100" in page
        assert "Ville de Paris" in page
        assert re.findall(r"<script[^>]*>", page) == [
            f'<script type="module" src="{static("maps/dist/site.js")}">'
        ], "only the menu's, which the page can do without"

    def test_layers_of_one_indicator_have_their_own_page(self, client: Client, quiet_town):
        assert "figures_" not in client.get("/quartiers/").content.decode()
        assert client.get("/quartiers/figures_qpv.json").status_code == 404

    def test_it_says_when_the_data_are_a_demonstration(self, client: Client):
        build_town(demonstration=True)
        assert "données fictives" in client.get("/quartiers/").content.decode()

    def test_it_does_not_say_so_of_real_data(self, client: Client, quiet_town):
        assert "données fictives" not in client.get("/quartiers/").content.decode()

    def test_another_layer_is_chosen_in_the_address(self, client: Client, quiet_town):
        page = client.get("/quartiers/?couche=arrondissements").content.decode()
        assert "Paris 18e" in page
        assert "Écluse" not in page

    @pytest.mark.parametrize(
        ("layer", "address"), [("qpv", "qpv/QN075901"), ("arrondissements", "arrondissement/75118")]
    )
    def test_each_name_leads_to_its_portrait(self, client: Client, quiet_town, layer, address):
        page = client.get(f"/quartiers/?couche={layer}").content.decode()
        assert f'<a href="/portraits/{address}/">' in page
        assert client.get(f"/portraits/{address}/").status_code == 200

    def test_what_has_no_portrait_leads_nowhere(self, client: Client, quiet_town):
        page = client.get("/quartiers/?couche=zones").content.decode()
        assert '<option value="zones" selected>' in page
        assert 'href="/portraits/' not in page.partition("<tbody>")[2]

    def test_an_older_generation_is_chosen_in_the_address(self, client: Client, quiet_town):
        page = client.get("/quartiers/?couche=qpv&generation=2015").content.decode()
        assert "Bas-Coteau" in page
        assert "alentours" not in page
        assert "<option selected>2015</option>" in page

    def test_an_unknown_layer_falls_back_to_the_quarters(self, client: Client, quiet_town):
        assert "Écluse" in client.get("/quartiers/?couche=nowhere").content.decode()

    def test_it_says_what_to_run_when_nothing_is_loaded(self, client: Client):
        page = client.get("/quartiers/")
        assert page.status_code == 200
        assert "make run" in page.content.decode()

    def test_cells_are_never_listed_one_by_one(self, client: Client, quiet_town):
        page = client.get("/quartiers/?couche=cells").content.decode()
        assert '<option value="qpv" selected>' in page
        assert '<option value="cells"' not in page


@pytest.mark.django_db
class TestAsData:
    def areas(self, client: Client, query: str = "") -> list[dict]:
        return client.get(f"/quartiers/qpv.json{query}").json()["areas"]

    def test_it_holds_the_latest_generation_unless_asked(self, client: Client, quiet_town):
        assert {area["values"]["generation"] for area in self.areas(client)} == {2024}
        asked = self.areas(client, "?generation=2015")
        assert {area["name"] for area in asked} == {ECLUSE, COTEAU}

    def test_points_lie_inside_and_bounds_around(self, client: Client, quiet_town):
        for area in self.areas(client, "?generation=2015"):
            outline = Perimeter.objects.get(pk=area["id"]).geom
            assert outline.contains(Point(*area["point"], srid=4326))
            assert area["bounds"] == pytest.approx(outline.extent, abs=1e-5)

    def test_a_quarter_without_figures_has_none_rather_than_zero(self, client: Client, quiet_town):
        assert {area["values"]["median"] for area in self.areas(client)} == {None}

    @pytest.mark.parametrize("name", ["cells", "nowhere", "QPV"])
    def test_what_has_no_list_is_not_found(self, client: Client, quiet_town, name):
        assert client.get(f"/quartiers/{name}.json").status_code == 404

    @pytest.mark.parametrize("query", ["?generation=1", "?generation=x", "?year=2015"])
    def test_a_wrong_parameter_is_refused(self, client: Client, quiet_town, query):
        assert client.get(f"/quartiers/qpv.json{query}").status_code == 400

    def test_what_the_public_may_not_see_is_not_found(self, client: Client, quiet_town):
        AccessRule.objects.filter(right=REGISTRY.get("qpv").right).delete()
        assert client.get("/quartiers/qpv.json").status_code == 404

    def test_it_is_sent_again_only_when_it_has_changed(self, client: Client, quiet_town):
        tag = client.get("/quartiers/qpv.json").headers["ETag"]
        same = client.get("/quartiers/qpv.json", headers={"If-None-Match": tag})
        assert same.status_code == 304
        Perimeter.objects.filter(territory__code="QN075901").delete()
        assert client.get("/quartiers/qpv.json").headers["ETag"] != tag
