"""The compose file's own nginx configuration, run by a real nginx before the real server."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

import pytest
from rest_framework.authtoken.models import Token
from urllib3 import encode_multipart_formdata

from benchmarks import servers
from importers.deposits.opening import MOST_BYTES
from observatory.models import Level, Role, Scheme
from tests.importers.deposit_makers import FORM, a_list, a_partner, environment
from tests.layers.places import features, place_of, square
from tests.people import somebody

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed"),
]
PLACE = place_of(2.355, 48.885, 12)
FORM_AROUND = 50_000  # bytes a form adds to its file


@dataclass
class Answer:
    status: int
    headers: Message  # whatever the case names are written in
    body: bytes

    @property
    def cached(self) -> str:
        return self.headers.get("X-Cache", "")


@dataclass
class Site:
    proxy: str
    server: ExitStack

    def get(self, path, data=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.proxy + path, data=data, headers=named)
        try:
            answer = urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Answer(answer.status, answer.headers, answer.read())

    def current(self, names="qpv", **headers):
        """Return one tile's path as TileJSON hands it out now."""
        url = json.loads(self.get(f"/tiles/{names}.json", **headers).body)["tiles"][0]
        for letter in "zxy":
            url = url.replace(f"{{{letter}}}", str(getattr(PLACE, letter)))
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}"


@pytest.fixture
def site(rules, tmp_path):
    with ExitStack() as proxy, ExitStack() as server:
        given = {**environment(), "OBSERVATORY_HOME": str(tmp_path / "home")}
        base = server.enter_context(servers.observatory(**given))
        yield Site(proxy.enter_context(servers.compose_nginx(base)), server)


def bearer(user):
    return {"Authorization": f"Token {Token.objects.create(user=user).key}"}


@pytest.fixture
def analyst(rules):
    return bearer(somebody("analyst", Role.ANALYST))


def test_a_versioned_tile_is_answered_by_the_proxy_alone_even_when_the_server_is_gone(
    site, make_area
):
    make_area()
    path = site.current()
    first, second = site.get(path), site.get(path)
    assert [first.cached, second.cached] == ["MISS", "HIT"]
    assert first.headers["Cache-Control"].endswith("immutable")
    assert second.body == first.body
    assert features(second.body, "qpv")
    # A stored answer bears a number of its own, so that both logs stay joined.
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    site.server.close()
    assert site.get(path).body == first.body
    assert site.get(f"{path}0").status == 502


def test_compressed_and_plain_forms_are_stored_apart_whatever_browsers_write(site, make_area):
    for number in range(12):
        make_area(code=f"QP0750{number:02}", shape=square(2.35 + number / 2000, 48.885, 0.0004))
    path = site.current()
    plain = site.get(path)
    small = site.get(path, Accept_Encoding="gzip")
    again = site.get(path, Accept_Encoding="deflate, gzip;q=1.0, br")
    assert [plain.cached, small.cached, again.cached] == ["MISS", "MISS", "HIT"]
    assert gzip.decompress(again.body) == plain.body
    assert again.headers["Content-Encoding"] == "gzip"


def test_a_load_shows_at_once(site, make_area):
    make_area()
    before = site.current()
    assert len(features(site.get(before).body, "qpv")) == 1
    make_area(code="QP075002", shape=square(2.352, 48.882, 0.002))
    after = site.current()
    assert after != before
    fresh = site.get(after)
    assert fresh.cached == "MISS"
    assert len(features(fresh.body, "qpv")) == 2


def test_an_address_without_version_is_never_stored(site, make_area):
    for number in range(1, 4):
        make_area(code=f"QP07500{number}", shape=square(2.35 + number / 500, 48.882, 0.0005))
        answer = site.get(PLACE.url("qpv"))
        assert answer.cached == "MISS"
        assert len(features(answer.body, "qpv")) == number


def test_a_layer_that_is_not_public_is_never_stored(site, make_area, analyst):
    make_area(Level.QPV, "P1", "Projet", status="negotiation")
    path = site.current("negotiations", **analyst)
    for _ in range(2):
        seen = site.get(path, **analyst)
        assert (seen.status, seen.cached) == (200, "BYPASS")
        assert seen.headers["Cache-Control"].startswith("private")
        assert features(seen.body, "negotiations")
        assert site.get(path).status == 404
        assert site.get(path, Cookie="sessionid=guessed").status == 404


def test_who_is_signed_in_is_answered_by_the_server_and_leaves_nothing_behind(
    site, make_area, analyst
):
    make_area()
    path = site.current()
    assert site.get(path, **analyst).cached == "BYPASS"
    assert site.get(path, Cookie="sessionid=x").cached == "BYPASS"
    assert site.get(path).cached == "MISS"


def test_a_deposit_passes_and_is_taken_in(site, make_area):
    make_area()
    Scheme.objects.create(code=FORM["scheme"], name="Essai", zones=["qpv"])
    text = a_list(60_000, 60_000)
    assert len(text) > 2_000_000  # more than nginx lets through unless told
    body, kind = encode_multipart_formdata({**FORM, "file": ("liste.csv", text)})
    answer = site.get("/api/deposits/", body, Content_Type=kind, **bearer(a_partner()))
    assert answer.status == 201, answer.body
    assert json.loads(answer.body)["file"] == "liste.csv"


def test_the_largest_deposit_is_let_through_and_nothing_much_larger(site):
    assert first_line(site, MOST_BYTES + FORM_AROUND).startswith("HTTP/1.1 100")
    assert first_line(site, MOST_BYTES * 1.1).startswith("HTTP/1.1 413")


def first_line(site, length):
    """Return the first line answered to who asks whether a body of this length may be sent."""
    parts = urlsplit(site.proxy)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as link:
        link.sendall(
            f"POST /api/deposits/ HTTP/1.1\r\nHost: {parts.netloc}\r\nExpect: 100-continue\r\n"
            f"Content-Type: text/csv\r\nContent-Length: {int(length)}\r\n\r\n".encode()
        )
        return link.recv(200).decode()


def test_counters_are_not_shown_to_the_world(site):
    assert site.get("/metrics").status == 404


def test_callers_are_told_apart_behind_the_proxy(rules, tmp_path):
    limited = {
        "OBSERVATORY_API_RATE_ADDRESS": "1/hour", "OBSERVATORY_TRUSTED_PROXIES": "1",
        "OBSERVATORY_HOME": str(tmp_path / "home"),
    }  # fmt: skip
    with ExitStack() as running:
        base = running.enter_context(servers.observatory(**environment(), **limited))
        site = Site(running.enter_context(servers.compose_nginx(base)), running)
        # Whatever a visitor writes, the proxy adds whom it answers: here always this machine.
        found = [site.get("/api/", X_Forwarded_For=f"192.0.2.{n}").status for n in range(3)]
        assert found == [200, 429, 429]
