"""Each answer bears a number that its log line bears too; counters tell how the site fares."""

import json
import logging
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from layers.gate import TileGate
from layers.kept import KeptTiles
from observatory import health
from observatory.logs import REQUEST_ID, DiscreetFilter, JsonFormatter
from observatory.models import Role
from observatory.paths import PROJECT
from observatory.watching import Watched, outlet_of
from tests.layers.places import place_of
from tests.people import somebody

NUMBER = re.compile(r"[0-9a-f]{32}")


def ask(application, path, **headers):
    said = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": ""}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    body = application(environ, lambda *start: said.append(start))
    content = b"".join(body)
    getattr(body, "close", lambda: None)()
    status, sent = said[0][:2]
    return status, dict(sent), content


def plain(status="200 OK", pieces=(b"a", b"b")):
    def application(environ, start):
        start(status, [("Content-Type", "text/plain")])
        yield from pieces

    return application


@pytest.fixture
def lines():
    """The records of the request log, cleaned as they are before they are written."""
    found, handler = [], logging.Handler()
    handler.emit = found.append
    handler.addFilter(DiscreetFilter())
    logger = logging.getLogger("observatory.request")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(before)


class TestNumbers:
    def test_an_answer_and_its_line_bear_the_same_number(self, lines):
        status, headers, content = ask(Watched(plain()), "/quartiers/")
        assert (status, content) == ("200 OK", b"ab")
        assert NUMBER.fullmatch(headers["X-Request-ID"])
        (line,) = lines
        assert line.request_id == headers["X-Request-ID"]
        assert line.getMessage().startswith("GET /quartiers/ 200 ")

    def test_a_proxys_number_is_kept_so_that_both_logs_can_be_joined(self):
        _, headers, _ = ask(Watched(plain()), "/", x_request_id="proxy-0123456789")
        assert headers["X-Request-ID"] == "proxy-0123456789"

    @pytest.mark.parametrize("given", ["short", "x" * 65, "two words here", "a\r\nSet-Cookie: b=c"])
    def test_a_number_that_could_forge_a_line_or_a_header_is_replaced(self, given):
        _, headers, _ = ask(Watched(plain()), "/", x_request_id=given)
        assert NUMBER.fullmatch(headers["X-Request-ID"])

    def test_two_requests_have_two_numbers(self):
        one, two = (ask(Watched(plain()), "/")[1]["X-Request-ID"] for _ in range(2))
        assert one != two

    @pytest.mark.django_db(transaction=True)
    def test_a_tile_of_the_gate_bears_one_too_kept_or_drawn(self, tmp_path, make_area, lines):
        make_area()
        gate = TileGate(plain("299 Django"), KeptTiles(tmp_path / "tiles"))
        try:
            address = place_of(2.355, 48.885, 12).url("qpv")
            for _ in range(2):
                status, headers, _ = ask(Watched(gate), address)
                assert status == "200 OK"
                assert NUMBER.fullmatch(headers["X-Request-ID"])
        finally:
            gate.drawer.close()
        assert lines == []  # tiles that went well are only counted


class TestLines:
    def test_a_line_says_what_how_and_how_long_but_not_for_whom(self, lines):
        ask(Watched(plain("404 Not Found")), "/api/layers/x/")
        written = json.loads(JsonFormatter().format(lines[0]))
        assert written["path"] == "/api/layers/x/"
        assert (written["status"], written["outlet"]) == (404, "api")
        assert written["milliseconds"] >= 0
        assert written["level"] == "INFO"
        assert set(written) == {
            "time", "level", "logger", "message", "request_id", "method", "path", "status",
            "outlet", "milliseconds",
        }  # fmt: skip

    def test_a_failing_tile_has_a_line(self, lines):
        ask(Watched(plain("503 Service Unavailable")), "/tiles/qpv/1/0/0.pbf")
        assert lines[0].fields["status"] == 503

    def test_an_address_cannot_write_a_second_line(self, lines):
        ask(Watched(plain()), "/x\n2026-01-01 CRITICAL forged\x1b[31m")
        assert "\n" not in lines[0].getMessage()
        assert "\x1b" not in lines[0].getMessage()

    def test_a_failure_is_counted_and_noted_and_goes_on_to_the_server(self, lines):
        def broken(environ, start):
            raise RuntimeError("broken")

        with pytest.raises(RuntimeError):
            ask(Watched(broken), "/api/")
        assert lines[0].fields["status"] == 500

    def test_an_answer_given_up_half_way_is_noted_once(self, lines):
        body = Watched(plain())(
            {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": ""}, lambda *_: None
        )
        next(iter(body))
        body.close()
        body.close()
        assert len(lines) == 1

    def test_a_traceback_in_json_holds_no_query_string(self):
        try:
            raise ValueError("at /adresse?q=12+rue+Dupont")
        except ValueError:
            record = logging.LogRecord("x", logging.ERROR, "f", 1, "oops", (), sys.exc_info())
        assert DiscreetFilter().filter(record)
        written = JsonFormatter().format(record)
        assert "Dupont" not in written
        assert "ValueError" in json.loads(written)["exception"]

    def test_outside_of_a_request_a_line_has_no_number(self):
        from contextvars import Context

        assert Context().run(REQUEST_ID.get) == "-"


@pytest.mark.parametrize(
    ("path", "outlet"),
    [
        ("/tiles/qpv/1/2/3.pbf", "tiles"), ("/ogc/", "ogc"), ("/", "page"), ("", "page"),
        ("/quartiers/x", "page"), ("/never/heard/of", "page"), ("*", "page"),
        ("/metrics", "metrics"),
    ],
)  # fmt: skip
def test_addresses_are_counted_under_a_few_labels_whatever_is_asked(path, outlet):
    assert outlet_of(path) == outlet


@pytest.mark.django_db
class TestMetrics:
    @pytest.fixture(autouse=True)
    def _these_addresses(self, settings):
        settings.ROOT_URLCONF = "observatory.health"

    def test_a_program_on_the_machine_reads_them(self, client):
        ask(Watched(plain()), "/ogc/")
        answer = client.get("/metrics")
        assert answer.status_code == 200
        families = {f.name: f for f in text_string_to_metric_families(answer.content.decode())}
        labels = {tuple(sample.labels) for sample in families["observatory_requests"].samples}
        assert labels == {("outlet", "status")}
        assert families["observatory_request_seconds"].type == "histogram"

    @pytest.mark.parametrize(
        "asked",
        [
            {"REMOTE_ADDR": "192.0.2.7"},
            {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
            {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer "},
            {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer guess"},
        ],
    )
    def test_nobody_else_does(self, client, asked):
        assert client.get("/metrics", **asked).status_code == 404

    def test_a_token_or_an_administrator_does(self, client, monkeypatch):
        far = {"REMOTE_ADDR": "192.0.2.7"}
        monkeypatch.setattr(health.OPTIONS, "metrics_token", "a-long-token")
        sent = {**far, "HTTP_AUTHORIZATION": "Bearer a-long-token"}
        assert client.get("/metrics", **sent).status_code == 200
        for role, status in ((Role.ANALYST, 404), (Role.ADMINISTRATOR, 200)):
            client.force_login(somebody(role, role))
            assert client.get("/metrics", **far).status_code == status


class TestTheServerItself:
    @pytest.fixture
    def site(self, tmp_path):
        """The real server, two processes, with a database that does not answer."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "observatory.deploy.web", "--port", str(port)]
        environment = os.environ | {
            "OBSERVATORY_HOME": str(tmp_path), "WEB_CONCURRENCY": "2",
            "DATABASE_URL": f"postgresql:///none?host={tmp_path}", "OBSERVATORY_LOG_FORMAT": "json",
        }  # fmt: skip
        log = tmp_path / "log"
        with log.open("wb") as handle:
            child = subprocess.Popen(
                command, env=environment, cwd=PROJECT, stdout=handle, stderr=handle,
            )  # fmt: skip
            try:
                for _ in range(300):
                    try:
                        urllib.request.urlopen(
                            f"http://127.0.0.1:{port}/healthz", timeout=5
                        ).close()
                        break
                    except OSError:
                        assert child.poll() is None, log.read_text()
                        time.sleep(0.1)
                yield f"http://127.0.0.1:{port}", log, tmp_path
            finally:
                child.terminate()
                child.wait(30)

    def get(self, address):
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.headers, refused.read().decode()

    def test_processes_are_counted_together_and_lines_are_json(self, site):
        base, log, home = site
        for _ in range(40):
            status, headers, body = self.get(f"{base}/tiles/absent/1/0/0.pbf")
            assert (status, json.loads(body)["title"]) == (404, "Unknown layer")
            assert NUMBER.fullmatch(headers["X-Request-ID"])
        _, headers, _ = self.get(f"{base}/ogc/never?name=Dupont")
        families = text_string_to_metric_families(self.get(f"{base}/metrics")[2])
        counted = {
            tuple(sample.labels.values()): sample.value
            for family in families
            if family.name == "observatory_requests"
            for sample in family.samples
        }
        assert counted["tiles", "4xx"] == 40
        numbered = [json.loads(line) for line in log.read_text().splitlines() if line[:1] == "{"]
        (mine,) = [
            line for line in numbered
            if line["request_id"] == headers["X-Request-ID"]
            and line["logger"] == "observatory.request"
        ]  # fmt: skip
        assert mine["path"] == "/ogc/never"
        assert "Dupont" not in log.read_text()
        assert list((home / "metrics").iterdir())


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_every_outlet_says_so_and_when_to_come_back(
    rules, visitor, database_away
):
    addresses = (
        "/readyz", "/tiles", "/tiles/qpv.json", "/tiles/qpv/12/2074/1408.pbf", "/styles/qpv.json",
        "/rasters/cells/ind.tif", "/api/layers/", "/api/layers/qpv/", "/api/territories/",
        "/api/layers/qpv/export.csv", "/api/layers/qpv/export.geojson", "/api/observations/",
        "/ogc/collections", "/ogc/collections/qpv/items",
        "/ogc/collections/qpv/tiles/WebMercatorQuad/12/1408/2074",
    )  # fmt: skip
    with database_away():
        answers = {address: visitor.get(address) for address in addresses}
    for address, answer in answers.items():
        assert answer.status_code == 503, address
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "database does not answer" in answer.json()["detail"]
        assert "/nowhere" not in answer.content.decode()
    back = {address: visitor.get(address).status_code for address in addresses}
    assert back == dict.fromkeys(addresses, 200) | {"/rasters/cells/ind.tif": 404}  # no cells here
