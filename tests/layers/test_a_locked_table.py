"""While a load holds a table, those who ask for one tile share one refusal, and not for longer."""

import threading
from contextlib import contextmanager
from wsgiref.util import setup_testing_defaults

import psycopg
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections

import layers.gate
import layers.kept
from layers.errors import TookTooLong
from layers.gate import TileGate
from layers.kept import LOCKS, KeptTiles, Key
from tests.layers.places import features, place_of

PLACE = place_of(2.355, 48.885, 12)
BESIDE = place_of(2.355, 48.885, 11)
LONG = 600.0  # seconds: no test lasts so long


@pytest.fixture
def gates(tmp_path, monkeypatch):
    """Two gates before the site, as of two processes: all they share is the folder."""
    hurried = layers.gate.OPTIONS.model_copy(update={"tile_timeout_ms": 300})
    monkeypatch.setattr(layers.gate, "OPTIONS", hurried)
    made = [TileGate(WSGIHandler(), KeptTiles(tmp_path / "tiles")) for _ in range(2)]
    yield made
    for gate in made:
        gate.drawer.close()


@contextmanager
def held(table):
    """Hold a table as a load does that replaces all of it: nobody can read it."""
    stored = connection.settings_dict
    given = {"dbname": stored["NAME"], "user": stored["USER"], "host": stored["HOST"]}
    given |= {"password": stored["PASSWORD"], "port": stored["PORT"]}
    with psycopg.connect(**{name: value for name, value in given.items() if value}) as load:
        load.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def drawings(gates):
    """Count how often any of the gates asks the database for a tile."""
    counted = []
    for gate in gates:

        def counting(asked, draw=gate.drawer.draw):
            counted.append(asked.tile)
            return draw(asked)

        gate.drawer.draw = counting
    return counted


def ask(gate, place=PLACE, method="GET"):
    """Return status, headers and body of one tile, asked for as a server does."""
    environ = {"REQUEST_METHOD": method, "PATH_INFO": place.url("qpv")}
    setup_testing_defaults(environ)
    said = []
    body = b"".join(gate(environ, lambda status, headers, *_: said.append((status, headers))))
    return said[0][0], dict(said[0][1]), body


def ask_all(gates, times):
    """Return the answers of ``times`` clients of each gate, all at the same moment."""
    answers, wall = [], threading.Barrier(times * len(gates))

    def one(gate):
        wall.wait()
        answers.append(ask(gate))
        connections.close_all()

    threads = [threading.Thread(target=one, args=(gate,)) for gate in gates for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
class TestWhileALoadHoldsTheTable:
    def test_sixteen_who_ask_for_one_tile_wait_for_one_attempt(self, gates, make_area):
        make_area()
        drawn = drawings(gates)
        with held("observatory_perimeter"):
            answers = ask_all(gates, 8)
        assert len(drawn) == 1
        assert len(answers) == 16
        for status, headers, body in answers:
            assert status == "503 Service Unavailable"
            assert int(headers["Retry-After"]) > 0
            assert headers["Cache-Control"] == "no-store"
            assert headers["Content-Type"] == "application/problem+json"
            assert b"took too long" in body

    def test_who_asks_just_after_is_told_without_another_attempt(
        self, gates, make_area, monkeypatch
    ):
        monkeypatch.setattr(layers.kept, "REMEMBERED", LONG)
        make_area()
        drawn = drawings(gates)
        with held("observatory_perimeter"):
            told = [ask(gate) for gate in (*gates, *gates)]
            assert ask(gates[1], method="HEAD")[0] == "503 Service Unavailable"
        assert {status for status, _, _ in told} == {"503 Service Unavailable"}
        assert len(drawn) == 1

    def test_once_the_load_is_over_the_tile_is_drawn(self, gates, make_area, monkeypatch):
        monkeypatch.setattr(layers.kept, "REMEMBERED", 0.0)
        make_area()
        with held("observatory_perimeter"):
            assert ask(gates[0])[0] == "503 Service Unavailable"
        for gate in gates:
            status, _, body = ask(gate)
            assert status == "200 OK"
            assert features(body, "qpv")

    def test_one_tile_that_took_too_long_closes_no_other(self, gates, make_area, monkeypatch):
        monkeypatch.setattr(layers.kept, "REMEMBERED", LONG)
        make_area()
        with held("observatory_perimeter"):
            assert ask(gates[0])[0] == "503 Service Unavailable"
        assert ask(gates[0], BESIDE)[0] == "200 OK"
        assert ask(gates[1])[0] == "503 Service Unavailable"

    def test_a_tile_kept_before_is_answered_all_the_same(self, gates, make_area):
        make_area()
        before = ask(gates[0])
        with held("observatory_perimeter"):
            assert ask(gates[0]) == before
        assert before[0] == "200 OK"


class TestWhatIsRemembered:
    def key(self, x):
        return Key("qpv", "a" * 16, "_", 12, x, 2)

    def too_long(self):
        raise TookTooLong(300)

    def fail(self, kept, key):
        with pytest.raises(TookTooLong):
            kept.get_or_make(key, False, self.too_long)

    def test_many_tiles_that_fail_take_no_more_room_than_few(self, tmp_path):
        kept = KeptTiles(tmp_path)
        before = set(vars(kept))
        for x in range(500):
            self.fail(kept, self.key(x))
        assert (tmp_path / LOCKS).stat().st_size <= layers.kept.FAILURES * layers.kept.FAILURE.size
        assert [path.name for path in tmp_path.iterdir()] == [LOCKS]
        assert set(vars(kept)) == before
        assert not kept._unwritten

    def test_two_tiles_with_one_place_are_told_apart(self, tmp_path, monkeypatch):
        monkeypatch.setattr(layers.kept, "FAILURES", 1)
        monkeypatch.setattr(layers.kept, "REMEMBERED", LONG)
        kept = KeptTiles(tmp_path)
        self.fail(kept, self.key(1))
        made = kept.get_or_make(self.key(2), False, lambda: (self.key(2), b"tile"))
        assert made == (self.key(2), b"tile", False)

    def test_a_clock_that_began_again_leaves_no_refusal_behind(self, tmp_path, monkeypatch):
        """Moments are counted from the start of the machine, and the folder outlives that."""
        kept = KeptTiles(tmp_path)
        now = layers.kept.time.monotonic()
        with monkeypatch.context() as later:
            later.setattr(layers.kept.time, "monotonic", lambda: now + 10_000)
            self.fail(kept, self.key(1))
        made = kept.get_or_make(self.key(1), False, lambda: (self.key(1), b"tile"))
        assert made == (self.key(1), b"tile", False)

    def test_any_other_failure_is_not_remembered(self, tmp_path, monkeypatch):
        monkeypatch.setattr(layers.kept, "REMEMBERED", LONG)
        kept = KeptTiles(tmp_path)

        def broken():
            raise psycopg.OperationalError("gone")

        with pytest.raises(psycopg.OperationalError):
            kept.get_or_make(self.key(1), False, broken)
        assert kept.get_or_make(self.key(1), False, lambda: (self.key(1), b"tile"))
