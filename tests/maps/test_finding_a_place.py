"""Quarters of one contract alone on the map, and one address, found and never kept."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from tests.importers.deposit_makers import a_partner, the_towns_addresses
from tests.maps.facts import build_facts
from tests.maps.site import grave_faults

pytestmark = pytest.mark.django_db
ADDRESS = {"address": "12 rue de la Chapelle", "postcode": "75018"}


def names(client: Client, query: str = "", layer: str = "qpv") -> list[str]:
    told = client.get(f"/quartiers/{layer}.json?{query}").json()["areas"]
    return sorted(area["name"] for area in told)


class TestOneContract:
    def test_only_its_quarters_are_listed(self, client: Client, facts):
        from observatory.models import Membership

        assert names(client) == ["Haut-Coteau", "L’Écluse et alentours"]
        held = Membership.objects.filter(member__code="QN075902", container__code="CV1")
        held.delete()
        assert names(client, "dans=contract:CV1") == ["L’Écluse et alentours"]

    def test_a_commune_holds_those_of_its_arrondissements(self, client: Client, facts):
        assert names(client, "dans=commune:75056") == ["Haut-Coteau", "L’Écluse et alentours"]

    def test_an_older_generation_is_of_no_contract_that_came_after(self, client: Client, facts):
        assert names(client, "dans=contract:CV1&generation=2015") == []

    @pytest.mark.parametrize("within", ["contract:inconnu", "rien", ":", "contract:CV1:x"])
    def test_what_is_no_whole_does_not_exist(self, client: Client, facts, within):
        assert client.get(f"/quartiers/qpv.json?dans={within}").status_code == 404


class TestOneAddress:
    def test_its_place_and_zones_are_told_and_no_log_holds_it(
        self, client: Client, deposit_site, caplog
    ):
        the_towns_addresses()
        client.force_login(a_partner())
        with caplog.at_level(logging.DEBUG):
            told = client.post("/carte/adresse/", ADDRESS).json()
        assert "Chapelle" in told["label"]
        assert any("Quartier 2" in zone for zone in told["zones"])
        longitude, latitude = told["point"]
        assert 2 < longitude < 3 and 48 < latitude < 49
        said = "\n".join(r.getMessage() for r in caplog.records if r.name != "django.db.backends")
        assert "chapelle" not in said.lower()

    def test_an_unknown_address_is_said_so(self, client: Client, deposit_site):
        the_towns_addresses()
        client.force_login(a_partner())
        answer = client.post("/carte/adresse/", {"address": "99 rue qui n’existe pas"})
        assert "pas été reconnue" in answer.json()["said"]

    def test_it_never_comes_in_an_address(self, client: Client, deposit_site):
        client.force_login(a_partner())
        assert client.get("/carte/adresse/", ADDRESS).status_code == 405

    def test_nobody_looks_up_without_an_account_that_may(self, client: Client, deposit_site):
        assert client.post("/carte/adresse/", ADDRESS).status_code == 302
        assert "address-form" not in client.get("/").content.decode()
        client.force_login(a_partner())
        assert "address-form" in client.get("/").content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    def test_a_contract_narrows_the_map_the_list_and_the_address(self, town, new_screen):
        from observatory.models import Membership

        build_facts()
        Membership.objects.filter(member__code="QN075902", container__code="CV1").delete()
        screen = new_screen().open()
        screen.page.click("#tab-areas")
        screen.page.wait_for_selector("#areas-list .area")
        assert len(screen.texts("#areas-list .area")) == 2
        screen.page.select_option("#area-within", "contract:CV1")
        screen.page.wait_for_selector("#areas-list >> text=/^1 territoire/")
        assert screen.texts("#areas-list .area") == ["L’Écluse et alentours"]
        screen.settle()
        drawn = (
            "[...new Set(observatory.map.queryRenderedFeatures({ layers: ['qpv-fill'] })"
            ".map((one) => one.properties.name))]"
        )
        assert screen.page.evaluate(drawn) == ["L’Écluse et alentours"]
        assert "filtre=contract" in screen.page.url
        other = new_screen().open(screen.page.url.removeprefix(screen.origin))
        assert other.page.evaluate(drawn) == ["L’Écluse et alentours"]
        screen.page.select_option("#area-within", "")
        screen.page.wait_for_selector("#areas-list >> text=/^2 territoires/")
        screen.settle()
        assert len(screen.page.evaluate(drawn)) == 2

    def test_the_indicator_keeps_to_the_contract_too(self, town, new_screen):
        from observatory.models import Membership

        build_facts()
        Membership.objects.filter(member__code="QN075902", container__code="CV1").delete()
        drawn = "#legend [data-layer=thematic]"
        counts = f"{drawn} .legend__count"
        screen = new_screen().open("/?indicateur=poverty-rate&annee=2021&filtre=contract:CV1")
        screen.page.wait_for_selector(drawn)
        assert screen.texts(counts) == ["1"]
        screen.page.click("#tab-areas")
        screen.page.select_option("#area-within", "")
        screen.page.wait_for_function(f"() => document.querySelectorAll('{counts}').length === 2")
        assert "dans=" not in screen.page.url

    @pytest.mark.parametrize("width", [360, 1440])
    def test_a_partner_finds_an_address_on_the_map(
        self, deposit_site, new_screen, live_server, width
    ):
        the_towns_addresses()
        partner = Client()
        partner.force_login(a_partner())
        screen = new_screen(width, 800)
        cookie = partner.cookies["sessionid"].value
        screen.page.context.add_cookies(
            [{"name": "sessionid", "value": cookie, "url": live_server.url}]
        )
        screen.open()
        if width == 360:
            screen.page.click("[data-sheet=side]")
        screen.page.click("#tab-areas")
        assert grave_faults(screen.page) == []
        screen.page.fill("#address", ADDRESS["address"])
        screen.page.fill("#address-postcode", ADDRESS["postcode"])
        screen.page.press("#address", "Enter")
        screen.page.wait_for_selector("#address-form + div >> text=Quartier 2", state="attached")
        screen.settle()
        point = screen.page.evaluate(
            "observatory.map.getStyle().sources.address.data.geometry.coordinates"
        )
        assert point == pytest.approx(screen.page.evaluate("observatory.map.getCenter().toArray()"))
        assert not any("Chapelle" in address for address in screen.requests)
        assert "Chapelle" not in screen.page.url
