"""The gate in front of the site: kept tiles, drawn once, always current, public ones only."""

import gzip
import threading
import time

import pytest
from django.db import connection, connections

from layers.gate import REMEMBERED, TileGate
from layers.kept import KeptTiles
from observatory.models import AccessRule, Level, Role, Territory
from tests.layers.places import features, place_of, square

PLACE = place_of(2.355, 48.885, 12)


def django_instead(environ, start_response):
    start_response("299 Django", [])
    return [b""]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, dict(headers), body


@pytest.fixture
def gate(tmp_path):
    made = TileGate(django_instead, KeptTiles(tmp_path / "tiles"))
    yield made
    made.drawer.close()


def ask(gate, address, method="GET", **headers):
    path, _, query = address.partition("?")
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    said = []
    body = b"".join(gate(environ, lambda *start: said.append(start)))
    return Answer(*said[0], body)


def current(client, names="qpv", query=""):
    """Return one tile's address as TileJSON hands it out now."""
    url = client.get(f"/tiles/{names}.json{query}").json()["tiles"][0]
    for letter in "zxy":
        url = url.replace(f"{{{letter}}}", str(getattr(PLACE, letter)))
    return url.removeprefix("http://testserver")


def drawings(gate):
    """Count how often a tile is drawn."""
    counted, draw = [], gate.drawer.draw

    def counting(asked):
        counted.append(asked)
        return draw(asked)

    gate.drawer.draw = counting
    return counted


def forget(gate):
    """Let what the gate remembers run out."""
    time.sleep(REMEMBERED + 0.05)


@pytest.mark.django_db(transaction=True)
class TestGate:
    def test_the_gate_and_django_answer_the_same_tile(self, gate, visitor, make_area, make_grid):
        make_area()
        make_grid(columns=8)
        for names in ("qpv", "cells", "cells,qpv"):
            address = current(visitor, names)
            mine, theirs = ask(gate, address), visitor.get(address)
            assert mine.status == "200 OK"
            assert mine.body == theirs.content
            for name in ("ETag", "Cache-Control", "Content-Type", "Access-Control-Allow-Origin"):
                assert mine.headers[name] == theirs.headers[name]

    @pytest.mark.parametrize(
        "address",
        [
            "/tiles/absent/12/0/0.pbf",
            "/tiles/qpv/12/9999/0.pbf",
            "/tiles/qpv/99/0/0.pbf",
            "/tiles/qpv/x/0/0.pbf",
            "/tiles/iris/3/0/0.pbf",
            "/tiles/qpv/12/0/0.pbf?colour=red",
            "/tiles/qpv/12/0/0.pbf?generation=x",
            "/tiles/qpv/12/0/0.pbf?generation=2015&generation=2024",
            "/tiles/qpv.json",
            "/tiles",
            "/",
        ],
    )
    def test_what_the_gate_cannot_answer_with_certainty_goes_to_django(self, gate, address):
        assert ask(gate, address).status == "299 Django"

    def test_writing_goes_to_django(self, gate, visitor, make_area):
        make_area()
        assert ask(gate, current(visitor), method="POST").status == "299 Django"

    def test_a_tile_is_drawn_once_and_then_kept(self, gate, visitor, make_area):
        make_area()
        drawn = drawings(gate)
        address = current(visitor)
        answers = [ask(gate, address) for _ in range(3)]
        assert len({answer.body for answer in answers}) == 1
        assert features(answers[0].body, "qpv")
        assert len(drawn) == 1

    def test_many_who_ask_for_one_tile_at_once_have_it_drawn_once(self, gate, visitor, make_grid):
        make_grid(20, 20)
        drawn = drawings(gate)
        address = current(visitor, "cells").replace(f"/{PLACE.x}/{PLACE.y}", "")
        place = place_of(2.335, 48.89, 12)
        address = place.url("cells", "?" + address.split("?")[1])
        answers, wall = [], threading.Barrier(8)

        def one():
            wall.wait()
            answers.append(ask(gate, address))
            connections.close_all()

        threads = [threading.Thread(target=one) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 8
        assert len({answer.body for answer in answers}) == 1
        assert answers[0].body
        assert len(drawn) == 1

    def test_a_load_shows_at_once_at_its_new_address(self, gate, visitor, make_area):
        make_area()
        before = ask(gate, current(visitor))
        make_area(code="QP075002", shape=square(2.352, 48.882, 0.002))
        after = ask(gate, current(visitor))
        assert len(features(before.body, "qpv")) == 1
        assert len(features(after.body, "qpv")) == 2
        assert after.headers["Cache-Control"].endswith("immutable")

    def test_an_address_without_version_always_shows_the_present(self, gate, make_area):
        make_area()
        for number in range(2, 5):
            assert len(features(ask(gate, PLACE.url("qpv")).body, "qpv")) == number - 1
            make_area(code=f"QP07500{number}", shape=square(2.352, 48.882, 0.002))
        assert ask(gate, PLACE.url("qpv")).headers["Cache-Control"] == "public, no-cache"

    def test_an_address_of_old_data_shows_the_present_and_may_not_be_kept(
        self, gate, visitor, make_area
    ):
        make_area()
        old = current(visitor)
        ask(gate, old)
        Territory.objects.update(name="Renommé")
        forget(gate)
        answer = ask(gate, old)
        (quarter,) = features(answer.body, "qpv").values()
        assert quarter["properties"]["name"] == "Renommé"
        assert answer.headers["Cache-Control"] == "public, no-cache"

    def test_what_has_not_changed_is_not_sent_again(self, gate, visitor, make_area):
        make_area()
        address = current(visitor)
        etag = ask(gate, address).headers["ETag"]
        again = ask(gate, address, if_none_match=etag)
        assert again.status == "304 Not Modified"
        assert again.body == b""
        assert ask(gate, address, if_none_match='"other"').status == "200 OK"

    @pytest.mark.parametrize("held", ["*", "W/{}", '"other", {}', '"other",W/{} , "third"'])
    def test_any_way_of_naming_what_is_held_is_understood(self, gate, visitor, make_area, held):
        make_area()
        address = current(visitor)
        etag = ask(gate, address).headers["ETag"]
        again = ask(gate, address, if_none_match=held.format(etag))
        assert (again.status, again.body) == ("304 Not Modified", b"")
        assert again.headers["ETag"] == etag
        assert again.headers["Cache-Control"] == "public, max-age=31536000, immutable"

    @pytest.mark.parametrize("held", ["", "no tag", '"other"', '"x*"', "W/*", "**"])
    def test_what_names_something_else_gets_the_tile(self, gate, visitor, make_area, held):
        make_area()
        answer = ask(gate, current(visitor), if_none_match=held)
        assert answer.status == "200 OK"
        assert answer.body

    def test_a_tile_asked_for_only_as_it_was_is_refused_once_it_changed(
        self, gate, visitor, make_area
    ):
        make_area()
        address = current(visitor)
        etag = ask(gate, address).headers["ETag"]
        for matching in (etag, "*", f'"other", {etag}'):
            assert ask(gate, address, if_match=matching).status == "200 OK"
        # A weak tag never matches here, and If-Match comes before If-None-Match.
        for other in ('"other"', f"W/{etag}", ""):
            answer = ask(gate, address, if_match=other, if_none_match=etag)
            assert (answer.status, answer.body) == ("412 Precondition Failed", b"")
            assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("method", ["if_match", "if_none_match"])
    @pytest.mark.parametrize("tags", ["*", "{}", "W/{}", '"other"', '"other", {}'])
    def test_the_gate_and_django_read_conditions_alike(
        self, gate, visitor, make_area, method, tags
    ):
        make_area()
        address = current(visitor)
        said = tags.format(ask(gate, address).headers["ETag"])
        mine = ask(gate, address, **{method: said})
        theirs = visitor.get(address, headers={method.replace("_", "-"): said})
        assert int(mine.status[:3]) == theirs.status_code
        assert mine.headers["Cache-Control"] == theirs.headers["Cache-Control"]
        assert mine.headers["ETag"] == theirs.headers["ETag"]

    @pytest.mark.parametrize(
        ("accepted", "compressed"),
        [
            ("gzip", True),
            ("br, GZip;q=0.5", True),
            ("deflate;q=1 , x-gzip ;q=1.000", True),
            ("gzip;q=0.001", True),
            ("gzip;q=0", False),
            ("br, gzip ; q=0.000, deflate", False),
            ("", False),
            ("br", False),
            ("notgzip, gzipped", False),
        ],
    )
    def test_a_tile_is_compressed_for_whoever_takes_it_so(
        self, gate, visitor, make_grid, accepted, compressed
    ):
        make_grid(20, 20)
        answer = ask(gate, current(visitor, "cells"), accept_encoding=accepted)
        assert answer.status == "200 OK"
        assert ("Content-Encoding" in answer.headers) == compressed
        assert (answer.body[:2] == b"\x1f\x8b") == compressed

    def test_a_folder_that_cannot_be_used_leaves_the_tiles_to_django(
        self, tmp_path, visitor, make_area, caplog
    ):
        make_area()
        address = current(visitor)
        (tmp_path / "tiles").write_text("a file where the folder should be")
        gate = TileGate(django_instead, KeptTiles(tmp_path / "tiles"))
        assert ask(gate, address).status == "299 Django"
        assert "cannot be used" in caplog.text

    def test_what_an_older_version_left_in_the_folder_does_no_harm(
        self, tmp_path, visitor, make_area
    ):
        make_area()
        address = current(visitor)
        (tmp_path / "tiles" / ".locks").mkdir(parents=True)  # once a folder of locks
        gate = TileGate(django_instead, KeptTiles(tmp_path / "tiles"))
        assert features(ask(gate, address).body, "qpv")
        gate.drawer.close()

    def test_compressed_answers_hold_the_same_tile(self, gate, visitor, make_grid):
        make_grid(20, 20)
        place = place_of(2.335, 48.89, 12)
        address = place.url("cells", "?" + current(visitor, "cells").split("?")[1])
        plain = ask(gate, address)
        small = ask(gate, address, accept_encoding="br, gzip")
        assert small.headers["Content-Encoding"] == "gzip"
        assert "Content-Encoding" not in plain.headers
        assert gzip.decompress(small.body) == plain.body
        assert len(small.body) < len(plain.body) / 2
        assert small.headers["ETag"] != plain.headers["ETag"]
        assert plain.headers["Vary"] == small.headers["Vary"] == "Accept-Encoding"
        assert int(small.headers["Content-Length"]) == len(small.body)

    def test_generations_are_kept_apart(self, gate, visitor, make_area):
        make_area(code="QP075001", generation=2015)
        make_area(code="QN07501M", generation=2024)
        codes = []
        for query in ("?generation=2015", "?generation=2024", ""):
            (quarter,) = features(ask(gate, PLACE.url("qpv", query)).body, "qpv").values()
            codes.append(quarter["properties"]["code"])
        assert codes == ["QP075001", "QN07501M", "QN07501M"]

    def test_a_head_request_gets_no_body(self, gate, visitor, make_area):
        make_area()
        answer = ask(gate, current(visitor), method="HEAD")
        assert answer.body == b""
        assert int(answer.headers["Content-Length"]) > 0

    def test_an_empty_tile_is_answered_too(self, gate, rules):
        answer = ask(gate, "/tiles/qpv/12/0/0.pbf")
        assert answer.status == "200 OK"
        assert answer.body == b""

    def test_while_the_database_is_away_tiles_are_left_to_django(
        self, gate, visitor, make_area, database_away
    ):
        make_area()
        address = current(visitor)
        with database_away():
            assert ask(gate, address).status == "299 Django"
        assert ask(gate, address).status == "200 OK"

    def test_the_gate_goes_on_after_the_database_was_away(self, gate, visitor, make_area):
        make_area()
        ask(gate, PLACE.url("qpv"))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'observatory tiles' AND datname = current_database()"
            )
        make_area(code="QP075002")
        assert len(features(ask(gate, PLACE.url("qpv")).body, "qpv")) == 2

    def test_the_gate_can_only_read(self, gate, make_area):
        make_area()
        ask(gate, PLACE.url("qpv"))
        mine = gate.drawer._free[0].connection
        assert mine.execute("SHOW transaction_read_only").fetchone() == ("on",)
        assert mine.execute("SHOW statement_timeout").fetchone() != ("0",)


@pytest.mark.django_db(transaction=True)
class TestRights:
    def test_a_hidden_layer_is_left_to_django_and_never_kept(self, gate, secret_layer, make_area):
        make_area(Level.QPV, "P1", "Projet", status="negotiation")
        for names in ("drafts", "qpv,drafts"):
            assert ask(gate, PLACE.url(names)).status == "299 Django"
        gate.kept.finish()
        assert not list(gate.kept.folder.rglob("*.pbf"))

    def test_a_layer_that_is_closed_is_no_longer_answered_from_what_is_kept(
        self, gate, visitor, make_area
    ):
        make_area()
        address = current(visitor)
        assert ask(gate, address).status == "200 OK"
        AccessRule.objects.filter(role=Role.PUBLIC).delete()
        assert ask(gate, PLACE.url("qpv")).status == "299 Django"
        forget(gate)
        assert ask(gate, address).status == "299 Django"

    def test_a_layer_closed_while_its_tile_is_drawn_is_neither_sent_nor_kept(
        self, gate, visitor, make_area
    ):
        make_area()
        address, draw = current(visitor), gate.drawer.draw

        def close_then_draw(asked):
            AccessRule.objects.filter(role=Role.PUBLIC).delete()
            return draw(asked)

        gate.drawer.draw = close_then_draw
        assert ask(gate, address).status == "299 Django"
        gate.kept.finish()
        assert not list(gate.kept.folder.rglob("*.pbf"))
