"""Impossible requests get the right 4xx and a problem document, before any SQL."""

from math import cos, pi, sin

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from layers.registry import REGISTRY
from observatory.models import User
from tests.layers.places import place_of, square

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


@pytest.mark.parametrize(
    "address",
    ["/api/nothing", "/api/layers/qpv/x/y", "/api/layers/qpv/one", "/ogc/nothing", "/ogc/a/b/c",
     "/rasters/x", "/styles/x", "/tiles/x/y", "/api/two%0Alines"],
)  # fmt: skip
def test_no_address_of_the_map_server_answers_with_a_page_of_the_framework(rules, address):
    strict = Client(enforce_csrf_checks=True)
    for method in ("get", "post", "put", "delete"):
        answer = getattr(strict, method)(address)
        assert answer.status_code == 404
        assert_problem(answer, 404)
    assert strict.get(address).json()["title"] == "Adresse inconnue"


@pytest.mark.parametrize("address", ["/tiles", "/tiles/qpv.json", "/styles/qpv.json", "/readyz"])
def test_what_is_only_read_says_so_in_a_problem(rules, address):
    answer = Client(enforce_csrf_checks=True).post(address)
    assert_problem(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD"


def test_an_address_that_lacks_its_last_slash_is_sent_there(visitor, rules):
    answer = visitor.get("/api/layers/qpv?limit=1")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "/api/layers/qpv/?limit=1"


class TestBadInputOfTheOpenApis:
    """Every kind of nonsense, at both interfaces: the right refusal, in words."""

    PLACES = ("/api/layers/{layer}/", "/ogc/collections/{layer}/items")

    def ring(self, points):
        turn = [
            (2 + cos(2 * pi * n / points), 48 + sin(2 * pi * n / points)) for n in range(points)
        ]
        return "POLYGON((" + ",".join(f"{x:.6f} {y:.6f}" for x, y in [*turn, turn[0]]) + "))"

    @pytest.mark.parametrize("place", PLACES)
    @pytest.mark.parametrize(
        "query",
        [
            "bbox=1,2,3", "bbox=a,b,c,d", "bbox=3,2,1,0", "bbox=nan,0,1,1", "bbox=1e400,0,1,1",
            "limit=0", "limit=-1", "limit=1.5", "limit=ten", "limit=1&limit=2", "offset=-5",
            "offset=99999999999", "date=2023-02-30", "date=2023-13-01", "date=yesterday",
            "date=2023-2-3", "generation=MMXV", "generation=99999", "nothing=1", "area=large",
            "code=%00", "intersects=POINT(2 48)", "intersects=POLYGON((0 0,1 1,0 1,1 0,0 0))",
            "intersects=not%20a%20shape", "population=NaN", "crs=EPSG:1",
        ],
    )  # fmt: skip
    def test_nonsense_is_refused_before_any_sql_but_the_count_of_calls(
        self, visitor, rules, place, query
    ):
        with CaptureQueriesContext(connection) as asked:
            answer = visitor.get(f"{place.format(layer='qpv')}?{query}")
        assert_problem(answer, 400)
        assert [one["sql"] for one in asked if "layers_allowance" not in one["sql"]] == []

    @pytest.mark.parametrize("place", PLACES)
    def test_a_polygon_of_ten_thousand_points_is_refused_and_one_of_a_thousand_taken(
        self, visitor, make_area, place
    ):
        make_area(shape=square(2.0, 48.0))
        address = place.format(layer="qpv")
        large = visitor.get(address, {"intersects": self.ring(10_000)})
        assert "10001" in assert_problem(large, 400)
        small = visitor.get(address, {"intersects": self.ring(900)})
        assert len(small.json()["features"]) == 1

    @pytest.mark.parametrize("place", PLACES)
    def test_a_page_past_the_end_does_not_exist(self, visitor, make_area, place):
        make_area()
        address = place.format(layer="qpv")
        assert len(visitor.get(f"{address}?offset=0").json()["features"]) == 1
        assert_problem(visitor.get(f"{address}?offset=1"), 404)
        assert_problem(visitor.get(f"{address}?offset=5000"), 404)

    @pytest.mark.parametrize("place", PLACES)
    @pytest.mark.parametrize("layer", ["absent", "qpv,cells", "QPV", "qpv'--", "drafts"])
    def test_an_unknown_layer_is_not_found(self, visitor, secret_layer, place, layer):
        assert_problem(visitor.get(place.format(layer=layer)), 404)

    @pytest.mark.parametrize(
        "name", ['"', "'); drop table x; --", "fid", "geometry_3857", "__proto__"]
    )
    def test_a_hostile_property_name_is_refused_everywhere(self, visitor, rules, name):
        for query in ({"fields": name}, {"ordering": name}, {name: "1"}):
            assert_problem(visitor.get("/api/layers/qpv/", query), 400)
        for query in ({"properties": name}, {"sortby": name}, {name: "1"}):
            assert_problem(visitor.get("/ogc/collections/qpv/items", query), 400)

    @pytest.mark.parametrize(
        ("sent", "kind", "status"),
        [
            ("{", "application/json", 400),
            ('{"username": "a"}', "application/json", 400),
            ('{"username": "a", "password": "b"}', "application/json", 400),
            ("[]", "application/json", 400),
            ("<a/>", "text/xml", 415),
        ],
    )
    def test_a_token_is_not_given_for_nonsense(self, rules, sent, kind, status):
        strict = Client(enforce_csrf_checks=True)
        assert_problem(strict.post("/api/token", sent, content_type=kind), status)
        assert_problem(strict.get("/api/token"), 405)

    def test_a_token_is_given_for_a_name_and_its_password(self, rules):
        User.objects.create_user("someone", password="a long password")
        sent = {"username": "someone", "password": "a long password"}
        told = Client().post("/api/token", sent, content_type="application/json")
        assert told.status_code == 200
        header = {"authorization": f"Token {told.json()['token']}"}
        assert Client().get("/api/layers/", headers=header).status_code == 200
