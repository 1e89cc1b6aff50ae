"""Impossible requests get the right 4xx and a problem document, before any SQL."""

import pytest
from django.db import connection

from layers.registry import REGISTRY
from tests.layers.places import place_of

pytestmark = pytest.mark.django_db


def assert_problem(answer, status):
    """The answer is a problem document (RFC 9457) that gives nothing of the code away."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert "Traceback" not in answer.text
    assert "SELECT" not in answer.text
    return body["detail"]


@pytest.mark.parametrize(
    "numbers",
    [
        "-1/0/0",
        "23/0/0",
        "99999999999/0/0",
        "3/8/0",
        "3/0/8",
        "3/-1/0",
        "3/0/-1",
        "0/1/0",
        "a/0/0",
        "3/0/b",
        "3.0/0/0",
        "1e1/0/0",
        "3/0x1/0",
        "3/ 1/0",
        "3/٣/0",  # digits, but not ours
        "3/1;DROP TABLE observatory_perimeter/0",
        "3/'/0",
        "3/" + "9" * 400 + "/0",
    ],
)
def test_a_tile_that_cannot_be_is_refused_before_any_sql(
    visitor, django_assert_num_queries, numbers
):
    with django_assert_num_queries(0):
        answer = visitor.get(f"/tiles/cells/{numbers}.pbf")
    assert_problem(answer, 400)


@pytest.mark.parametrize(
    "names",
    [
        "nothing",
        "addresses",
        "Cells",
        "cells,nothing",
        "cells,",
        ",",
        "cells;qpv",
        "cells'--",
        "observatory_user",
        "cells%00",
        "céllules",
        "a" * 5000,
    ],
)
@pytest.mark.parametrize("rest", ["/12/2074/1408.pbf", ".json"])
def test_an_unknown_layer_is_not_found_before_any_sql(
    visitor, django_assert_num_queries, names, rest
):
    with django_assert_num_queries(0):
        answer = visitor.get(f"/tiles/{names}{rest}")
    assert len(assert_problem(answer, 404)) < 300


def test_too_many_layers_in_one_tile_are_refused(visitor, django_assert_num_queries):
    names = ",".join(f"layer{number}" for number in range(50))
    with django_assert_num_queries(0):
        assert_problem(visitor.get(f"/tiles/{names}/1/0/0.pbf"), 400)


@pytest.mark.parametrize(
    ("layer", "query", "told"),
    [
        ("qpv", "generation=soon", "1990 to 2100"),
        ("qpv", "generation=2015.5", "1990 to 2100"),
        ("qpv", "generation=1", "1990 to 2100"),
        ("qpv", "generation=99999999999999999999", "1990 to 2100"),
        ("qpv", "generation=", "1990 to 2100"),
        ("qpv", "generation=2015&generation=2024", "2 times"),
        ("qpv", "date=2023-02-29", "does not exist"),
        ("qpv", "date=2023-13-01", "does not exist"),
        ("qpv", "date=01/02/2023", "YYYY-MM-DD"),
        ("qpv", "date=2023-1-1", "YYYY-MM-DD"),
        ("qpv", "date=2015-01-01' OR '1'='1", "YYYY-MM-DD"),
        ("qpv", "Generation=2015", "not a parameter"),
        ("qpv", "columns=password", "not a parameter"),
        ("cells", "generation=2015", "not a parameter"),
        ("cells", "vintage=20 21", "vintage"),
        ("zones", "run=0", "run"),
    ],
)
def test_a_parameter_that_is_not_one_is_refused_before_any_sql(
    visitor, django_assert_num_queries, layer, query, told
):
    with django_assert_num_queries(0):
        answer = visitor.get(f"/tiles/{layer}/12/2074/1408.pbf?{query}")
    assert told in assert_problem(answer, 400)


def test_a_parameter_of_one_layer_of_several_is_accepted(visitor, rules):
    place = place_of(2.35, 48.88, 12)
    assert visitor.get(place.url("cells,qpv", "?generation=2015")).status_code == 200


@pytest.mark.parametrize("zoom", [9, 17])
def test_a_zoom_the_layer_is_not_drawn_at_is_told_before_any_sql(
    visitor, django_assert_num_queries, zoom
):
    with django_assert_num_queries(0):
        answer = visitor.get(place_of(2.35, 48.88, zoom).url("iris"))
    assert "iris 10 to 16" in assert_problem(answer, 404)


def test_a_tile_of_several_layers_holds_those_drawn_at_its_zoom(visitor, make_area):
    make_area()
    place = place_of(2.355, 48.885, 9)
    assert visitor.get(place.url("iris,qpv")).content == visitor.get(place.url("qpv")).content


@pytest.mark.parametrize(
    "address", ["/tiles/", "/tiles/cells", "/tiles/cells/1/2.pbf", "/tiles/cells/1/2/3.png"]
)
def test_an_address_that_means_nothing_says_where_to_look(visitor, address):
    assert "/tiles" in assert_problem(visitor.get(address), 404)


@pytest.mark.parametrize("address", ["/tiles", "/tiles/cells.json", "/tiles/cells/12/0/0.pbf"])
def test_the_map_server_is_only_read(visitor, address):
    assert visitor.post(address).status_code == 405
    assert visitor.delete(address).status_code == 405


def test_a_tile_that_takes_too_long_is_stopped_and_the_connection_goes_on(
    visitor, rules, monkeypatch
):
    import layers.tiles
    from layers.registry import Attribute, Layer

    slow = REGISTRY.register(
        Layer(
            id="slow",
            title="Lent",
            group="Essai",
            geometry="point",
            rows="""SELECT 1 AS fid, ST_SetSRID(ST_MakePoint(0, 0), 3857) AS geometry_3857,
                    1 AS source_id, pg_sleep(20)::text AS nothing""",
            tables=(),
            attributes=(Attribute("nothing", "Rien"),),
        )
    )
    monkeypatch.setattr(
        layers.tiles, "OPTIONS", layers.tiles.OPTIONS.model_copy(update={"tile_timeout_ms": 100})
    )
    try:
        answer = visitor.get(f"/tiles/{slow.id}/0/0/0.pbf")
    finally:
        REGISTRY.unregister("slow")
    assert "100 ms" in assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
