"""Maps and sheets drawn on demand are asked for at a measured pace, whichever process answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from layers.models import Allowance
from observatory.models import Role
from tests.maps.facts import build_facts
from tests.maps.promises import a_followed_contract
from tests.maps.test_followup_pages import signed_in
from tests.maps.test_ways_out_of_the_map import FRAME
from tests.maps.town import build_town

pytestmark = pytest.mark.django_db(transaction=True)
IMAGE = f"/carte/image.png?{urlencode({'couches': 'qpv', 'cadre': FRAME})}"
DRAWN = [
    IMAGE,
    "/indicateur/carte.svg?indicateur=poverty-rate",
    "/modeles/quartiers-ept.svg?dans=contract:CV1",
    "/portraits/qpv/QN075901/portrait.pdf",
    "/themes/CV1/dictionnaire-revenus/fiche.pdf",
]


@pytest.fixture
def rate(settings, db):
    """Set how many drawings one caller may ask for."""
    build_town()
    build_facts()

    def put(calls: str) -> None:
        settings.API_RATES = {**settings.API_RATES, "drawing": calls}

    return put


def statuses(client: Client, *addresses: str) -> list[int]:
    return [client.get(address).status_code for address in addresses]


def test_past_the_rate_a_planner_is_told_when_to_ask_again(client, rate):
    rate("2/minute")
    assert statuses(client, IMAGE, IMAGE) == [200, 200]
    refused = client.get(IMAGE)
    seconds = int(refused.headers["Retry-After"])
    assert refused.status_code == 429
    assert 1 <= seconds <= 30
    assert refused.headers["Cache-Control"] == "no-store"
    page = refused.content.decode()
    assert "Trop de dessins demandés à la fois" in page
    assert f"Redemandez celle-ci dans {seconds} seconde" in page


def test_in_english_too(client, rate):
    rate("1/hour")
    client.cookies["django_language"] = "en"
    page = [client.get(IMAGE) for _ in range(2)][1].content.decode()
    assert "Too many drawings asked for at once" in page


@pytest.mark.parametrize("address", DRAWN)
def test_every_drawing_made_on_demand_counts(client, rate, address):
    rate("1/hour")
    assert statuses(client, address, address) == [200, 429]


def test_drawings_are_counted_together_and_apart_from_the_open_apis(client, rate, settings):
    settings.API_RATES = dict.fromkeys(settings.API_RATES, "1/hour")
    assert statuses(client, DRAWN[1], DRAWN[2], "/api/", "/api/") == [200, 429, 200, 429]


def test_pages_and_what_stands_many_times_on_them_are_not_counted(client, rate):
    rate("1/hour")
    page = "/portraits/qpv/QN075901/"
    chart = "/comparer/ecarts/poverty-rate.svg?dans=contract:CV1"
    assert statuses(client, *[page, f"{page}carte.svg", chart] * 2) == [200] * 6
    assert not Allowance.objects.exists()


def test_each_person_has_an_allowance_apart_from_the_office_they_share(client, rate):
    rate("1/hour")
    known = signed_in(Role.CONTRACT_LEAD, a_followed_contract())
    assert statuses(client, DRAWN[1], DRAWN[1]) == [200, 429]
    assert statuses(known, DRAWN[1], DRAWN[1]) == [200, 429]


def test_without_a_rate_nobody_is_counted(client, rate):
    rate("")
    assert statuses(client, *[DRAWN[1]] * 3) == [200] * 3
    assert not Allowance.objects.exists()


def test_drawings_asked_for_at_the_same_moment_are_each_counted(rate):
    rate("3/hour")

    def ask(_number: int) -> int:
        try:
            return int(Client().get(DRAWN[1]).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(ask, range(12)))
    assert sorted(found) == [200] * 3 + [429] * 9
