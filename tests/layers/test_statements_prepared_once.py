"""Tiles are drawn by statements prepared once, and are the same as by Django's own cursor."""

from datetime import date

import psycopg
import pytest
from django.db import connection

from layers import prepared
from layers.gate import Asked, Drawer, connection_settings
from layers.parameters import read_all
from layers.prepared import MOST_PREPARED, Prepared, numbered
from layers.registry import REGISTRY, parameters_of
from layers.tiles import render
from observatory.models import Scope
from tests.layers.places import place_of

# A value of each parameter that any layer takes; a new one without a line here fails the test.
GIVEN = {
    "generation": "2015", "date": "2016-01-01", "until": "2017-01-01", "vintage": "2021",
    "run": "1", "indicator": "population", "year": "2021",
    "category": "school", "scope": Scope.values[0],
}  # fmt: skip


@pytest.fixture
def drawer():
    made = Drawer()
    yield made
    made.close()


@pytest.fixture
def link():
    with psycopg.connect(**connection_settings()) as opened:
        yield Prepared(opened)


def known_on(link):
    """Return how many statements the database holds for this connection."""
    found = link.connection.execute(
        "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'tile_%'", prepare=False
    )
    return found.fetchone()[0]


@pytest.mark.django_db(transaction=True)
class TestTiles:
    def test_every_layer_at_every_zoom_gives_the_same_bytes_whatever_is_given(
        self, drawer, make_area, make_grid
    ):
        make_area()
        make_grid(columns=8)
        filled = 0
        for layer in (layer.within(None) for layer in REGISTRY):
            own = parameters_of([layer])
            for texts in ({}, {p.name: [GIVEN[p.name]] for p in own}):
                values = read_all(own, texts.items())
                for zoom in range(layer.minzoom, layer.maxzoom + 1):
                    tile = place_of(2.338, 48.884, zoom)
                    found = drawer.draw(Asked([layer], layer.id, tile, values, ""))
                    assert found == render([layer], tile, values), (layer.id, zoom, texts)
                    filled += bool(found[1])
        assert filled > 20

    def test_a_tile_that_takes_too_long_is_stopped_and_the_connection_goes_on(self, link):
        link.connection.execute("SET statement_timeout = 50")
        with pytest.raises(psycopg.errors.QueryCanceled):
            link.row("SELECT pg_sleep(20)", {})
        assert link.row("SELECT 'still here'::text", {}) == [b"still here"]

    def test_nothing_can_be_written(self, link):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            link.row("DELETE FROM layers_square RETURNING 1", {})

    def test_a_connection_that_was_cut_is_told_as_such(self, link):
        link.row("SELECT 1", {})
        number = link.connection.info.backend_pid
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
        with pytest.raises(psycopg.OperationalError):
            link.row("SELECT 1", {})
        assert link.connection.closed


@pytest.mark.django_db(transaction=True)
class TestStatements:
    def test_a_statement_is_prepared_once(self, link):
        for number in range(5):
            assert link.row("SELECT %(x)s::int::text", {"x": number}) == [str(number).encode()]
        assert known_on(link) == 1

    def test_values_are_never_read_as_statements(self, link):
        hostile = "'; DROP TABLE layers_change; --"
        assert link.row("SELECT %(x)s::text", {"x": hostile}) == [hostile.encode()]

    def test_a_placeholder_written_twice_is_one_value(self):
        text = "SELECT %(x)s, %(y)s, %(x)s, 'a%%'"
        assert numbered(text) == (b"SELECT $1, $2, $1, 'a%'", ("x", "y"))

    def test_a_value_that_is_missing_is_refused(self, link):
        with pytest.raises(KeyError):
            link.row("SELECT %(x)s::int", {})

    def test_lists_and_days_are_read_as_what_they_are(self, link):
        said = link.row(
            "SELECT cardinality(%(names)s::text[])::text, (%(day)s::date + 1)::text",
            {"names": ["a", "b_c"], "day": date(2024, 2, 28)},
        )
        assert said == [b"2", b"2024-02-29"]

    def test_the_database_never_holds_more_than_a_bounded_number(self, link, monkeypatch):
        monkeypatch.setattr(prepared, "MOST_PREPARED", 10)
        for number in range(25):
            assert link.row(f"SELECT {number}::text", {}) == [str(number).encode()]
            assert known_on(link) <= 10
        assert link.row("SELECT 3::text", {}) == [b"3"]
        assert MOST_PREPARED <= 500
