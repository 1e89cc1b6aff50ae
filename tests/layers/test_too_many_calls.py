"""How often one caller may ask the open APIs, over real HTTP and with two server processes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from rest_framework.authtoken.models import Token

from benchmarks import servers
from layers.models import Allowance
from layers.throttling import spend
from observatory.models import Assignment, Role, User
from tests.importers.deposit_makers import environment

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/"


@dataclass
class Answer:
    status: int
    headers: dict
    body: dict = field(default_factory=dict)


def call(base, path=API, data=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(base + path, data=data, headers=named)
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        text = answer.read()
    found = json.loads(text) if "json" in answer.headers["Content-Type"] else {}
    return Answer(answer.status, dict(answer.headers), found)


def statuses(base, count, path=API, **headers):
    return [call(base, path, **headers).status for _ in range(count)]


@pytest.fixture
def rates(settings, rules):
    """Set the rates; unless a test says otherwise nobody is limited."""

    def put(person="", address="", sign_in=""):
        settings.API_RATES = {"person": person, "address": address, "sign_in": sign_in}

    put()
    return put


@pytest.fixture
def proxies(settings):
    def put(count):
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": count}

    return put


@pytest.fixture
def person(rules):
    """Return a maker of people, each as the header their token goes in."""

    def make(name):
        user = User.objects.create_user(name, password="a long pass phrase")
        Assignment.objects.create(user=user, role=Role.ANALYST)
        return {"Authorization": f"Token {Token.objects.create(user=user).key}"}

    return make


class TestRefusals:
    def test_past_the_rate_a_passer_by_is_told_when_to_come_back(self, live_server, rates):
        rates(address="3/minute")
        assert statuses(live_server.url, 3) == [200, 200, 200]
        refused = call(live_server.url)
        assert refused.status == 429
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert refused.headers["Cache-Control"] == "no-store"
        assert 1 <= int(refused.headers["Retry-After"]) <= 20
        assert refused.body["status"] == 429
        assert refused.body["title"] == "Too many calls"
        assert refused.headers["Retry-After"] in refused.body["detail"]
        assert refused.body["instance"] == API

    def test_one_call_more_is_answered_after_its_share_of_the_period(self, live_server, rates):
        rates(address="3/minute")
        statuses(live_server.url, 3)
        Allowance.objects.update(full_at=a_third_earlier())
        assert statuses(live_server.url, 2) == [200, 429]

    def test_a_refused_call_costs_nothing_more(self, live_server, rates):
        rates(address="2/minute")
        statuses(live_server.url, 2)
        before = Allowance.objects.get().full_at
        assert statuses(live_server.url, 5) == [429] * 5
        assert Allowance.objects.get().full_at == before

    def test_every_open_api_counts(self, live_server, rates):
        rates(address="1/hour")
        for path in (
            "/api/", "/api/schema", "/api/territories/", "/api/tables/", "/ogc/",
            "/ogc/collections/qpv/items", "/api/layers/qpv/export.geojson",
        ):  # fmt: skip
            Allowance.objects.all().delete()
            assert call(live_server.url, path).status == 200, path
            refused = call(live_server.url, path)
            assert (refused.status, refused.body["status"]) == (429, 429), path

    def test_what_other_rooms_serve_below_api_is_counted_and_refused_alike(
        self, live_server, rates, person, settings
    ):
        settings.ROOT_URLCONF = "observatory.urls"
        rates(person="1/hour")
        somebody = person("partner")
        assert call(live_server.url, "/api/deposits/", **somebody).status in (200, 403)
        refused = call(live_server.url, "/api/deposits/", **somebody)
        assert (refused.status, refused.body["title"]) == (429, "Too many calls")
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert int(refused.headers["Retry-After"]) > 60

    def test_maps_are_not_counted(self, live_server, rates, make_area):
        make_area()
        rates(address="1/hour")
        tile = "/ogc/collections/qpv/tiles/WebMercatorQuad/12/1408/2074"
        for path in ("/tiles/qpv/12/2074/1408.pbf", "/tiles/qpv.json", tile):
            assert statuses(live_server.url, 3, path) == [200] * 3, path
        assert not Allowance.objects.exists()

    def test_without_a_rate_nobody_is_counted(self, live_server, rates):
        assert statuses(live_server.url, 5) == [200] * 5
        assert not Allowance.objects.exists()


class TestWhoIsOneCaller:
    def test_each_person_has_an_allowance_apart_from_passers_by(self, live_server, rates, person):
        rates(person="2/hour", address="1/hour")
        one, two = person("one"), person("two")
        assert statuses(live_server.url, 3, **one) == [200, 200, 429]
        assert statuses(live_server.url, 3, **two) == [200, 200, 429]
        assert statuses(live_server.url, 2) == [200, 429]

    def test_a_header_anybody_may_write_is_not_believed(self, live_server, rates, proxies):
        rates(address="2/hour")
        proxies(0)
        found = [
            call(live_server.url, X_Forwarded_For=f"192.0.2.{number}").status
            for number in range(1, 5)
        ]
        assert found == [200, 200, 429, 429]

    def test_behind_a_known_proxy_each_visitor_is_one_caller(self, live_server, rates, proxies):
        rates(address="1/hour")
        proxies(1)
        for visitor in ("192.0.2.1", "192.0.2.2"):
            # What the visitor wrote comes first, what the proxy saw comes last.
            for invented in ("203.0.113.9", "203.0.113.10"):
                said = f"{invented}, {visitor}"
                status = call(live_server.url, X_Forwarded_For=said).status
                assert status == (200 if invented.endswith(".9") else 429), said

    def test_the_addresses_of_one_ipv6_network_are_one_caller(self, live_server, rates, proxies):
        rates(address="1/hour")
        proxies(1)
        said = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::7", "2001:db8:1:3::1", "::ffff:192.0.2.7",
                "192.0.2.7"]  # fmt: skip
        found = [call(live_server.url, X_Forwarded_For=one).status for one in said]
        assert found == [200, 429, 200, 200, 429]

    def test_a_proxy_that_says_no_address_is_answered_all_the_same(
        self, live_server, rates, proxies
    ):
        rates(address="1/hour")
        proxies(1)
        for said in ("unknown", "x" * 500, "192.0.2.1:4711"):
            found = [call(live_server.url, X_Forwarded_For=said).status for _ in range(2)]
            assert found == [200, 429], said

    def test_neither_addresses_nor_accounts_are_written_down(
        self, live_server, rates, proxies, person
    ):
        rates(address="9/hour", person="9/hour")
        proxies(1)
        call(live_server.url, X_Forwarded_For="192.0.2.77")
        call(live_server.url, **person("somebody"))
        kept = list(Allowance.objects.values_list("caller", flat=True))
        assert [len(caller) for caller in kept] == [64, 64]
        assert not any("192.0.2.77" in caller or "somebody" in caller for caller in kept)


class TestSigningIn:
    FORM = b"username=somebody&password=wrong"

    def test_passwords_cannot_be_tried_without_end(self, live_server, rates, person):
        person("somebody")
        rates(sign_in="3/minute")
        found = [call(live_server.url, "/api/token", self.FORM) for _ in range(4)]
        assert [answer.status for answer in found] == [400, 400, 400, 429]
        assert found[-1].headers["Content-Type"] == "application/problem+json"
        right = b"username=somebody&password=a+long+pass+phrase"
        assert call(live_server.url, "/api/token", right).status == 429

    def test_an_account_does_not_help_in_trying_others(self, live_server, rates, person):
        rates(sign_in="1/hour")
        somebody = person("somebody")
        found = [call(live_server.url, "/api/token", self.FORM, **somebody) for _ in range(2)]
        assert [answer.status for answer in found] == [400, 429]


class TestCounting:
    def test_calls_at_the_same_moment_are_each_counted(self, rates):
        def try_once(_number):
            try:
                return spend("caller", 10, 3600)
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            waits = list(pool.map(try_once, range(30)))
        assert waits.count(0.0) == 10
        assert all(0 < wait <= 360 for wait in waits if wait)

    def test_rows_that_say_nothing_any_more_are_cleared(self, rates):
        for number in range(30):
            spend(f"old {number}", 10, 60)
        Allowance.objects.update(full_at="2020-01-01T00:00:00Z")
        for number in range(3):
            spend(f"new {number}", 10, 60)
        assert sorted(Allowance.objects.values_list("caller", flat=True)) == [
            f"new {number}" for number in range(3)
        ]

    def test_the_processes_of_one_server_count_together(self, rates, tmp_path):
        given = {"OBSERVATORY_API_RATE_ADDRESS": "5/hour", "OBSERVATORY_HOME": str(tmp_path)}
        with servers.observatory(**{**environment(), **given}) as base:
            with ThreadPoolExecutor(8) as pool:
                found = list(pool.map(lambda _number: call(base).status, range(24)))
            assert sorted(found) == [200] * 5 + [429] * 19


def a_third_earlier():
    return F("full_at") - timedelta(seconds=20)
