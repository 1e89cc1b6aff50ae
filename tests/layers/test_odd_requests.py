"""Requests no good client makes: each gets an answer or a refusal in words, never a failure."""

import json

import pytest
from django.db import connection
from django.test import Client

from layers.crs import KNOWN
from observatory.models import Perimeter, User
from tests.layers.places import place_of, square

pytestmark = pytest.mark.django_db

PROBLEM = "application/problem+json"
ODD_FORMS = (
    "", "text/html", "text/html,", "text/html;q=abc", "application/xml", "*/*;q=0", "\u00ff",
    "application/json;q=nan", "a/b;" * 500, ",,,", "/", "*",
)  # fmt: skip


def refused(answer, status=400):
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == PROBLEM
    return answer.json()["detail"]


@pytest.mark.parametrize("form", ODD_FORMS)
def test_a_form_the_description_cannot_take_gets_openapi(rules, form):
    answer = Client().get("/api/schema", headers={"accept": form})
    assert answer.status_code == 200
    assert "json" in answer.headers["Content-Type"]
    assert answer.json()["openapi"].startswith("3.0")


@pytest.mark.parametrize("form", ODD_FORMS)
def test_a_token_is_given_or_refused_whatever_form_is_asked_for(rules, settings, form):
    settings.API_RATES = dict.fromkeys(settings.API_RATES, "")
    person = {"username": "analyst", "password": "wrong"}
    refused(Client().post("/api/token", person, headers={"accept": form}))


def test_the_token_itself_is_json_whatever_form_is_asked_for(rules):
    person = {"username": "analyst", "password": "right, long and known"}
    User.objects.create_user(**person)
    answer = Client().post("/api/token", person, headers={"accept": "application/xml"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert len(answer.json()["token"]) == 40


@pytest.mark.parametrize(
    "outlet",
    ["/api/layers/qpv/", "/api/layers/qpv/export.csv", "/ogc/collections/qpv/items"],
)
@pytest.mark.parametrize(
    "shape",
    [
        "CURVEPOLYGON(CIRCULARSTRING(0 0,1 1,2 0,1 -1,0 0))",
        "MULTISURFACE(CURVEPOLYGON(COMPOUNDCURVE((2 48,3 48),(3 48,3 49,2 48))))",
        "COMPOUNDCURVE((0 0,1 1))",
        "TIN(((0 0,1 1,1 0,0 0)))",
        "TRIANGLE((0 0,1 1,1 0,0 0))",
        "GEOMETRYCOLLECTION(POLYGON((2 48,3 48,3 49,2 48)))",
        "POLYGON((nan nan,1 1,1 0,nan nan))",
        "POLYGON((inf 0,1 1,1 0,inf 0))",
        "(" * 5_000,
    ],
)
def test_a_place_that_is_no_plain_polygon_is_refused_in_words(make_area, outlet, shape):
    make_area()
    told = refused(Client().get(outlet, {"intersects": shape}))
    assert "olygon" in told


@pytest.mark.parametrize(
    "address",
    [
        "/tiles", "/tiles/qpv.json", "/styles/qpv.json", "/api/", "/api/layers/qpv/",
        "/api/territories/", "/api/schema", "/ogc/", "/ogc/collections/qpv/items",
        "/rasters/cells/ind.tif", place_of(2.355, 48.885, 12).url("qpv"),
    ],
)  # fmt: skip
def test_thousands_of_parameters_are_refused_as_a_problem_or_not_read(make_area, address):
    make_area()
    many = "&".join(f"a{number}=1" for number in range(3_000))
    answer = Client().get(f"{address}?{many}")
    if answer.status_code == 200:  # an address that reads no parameter at all
        assert address in ("/tiles", "/api/", "/api/schema")
    else:
        assert "1000 parameters" in refused(answer)


@pytest.mark.parametrize("crs", KNOWN, ids=str)
def test_shapes_of_territories_are_those_the_database_holds(make_area, make_zones, crs):
    """In the system asked for, easting first, to its centimetre or millimetre."""
    kept = make_area(shape=square(2.3512345678, 48.8812345678))
    run = make_zones([square(2.36, 48.88)])
    zone = Perimeter.objects.exclude(pk=kept.pk).get()
    for address, outline in (
        ("/api/territories/?code=QP075001", kept),
        (f"/api/zones/?run={run.pk}", zone),
    ):
        (found,) = Client().get(f"{address}&crs={crs.srid}").json()["features"]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ST_AsGeoJSON(ST_Transform(geom, %s), %s, 0) FROM observatory_perimeter "
                "WHERE id = %s",
                [crs.srid, crs.decimals, outline.pk],
            )
            assert found["geometry"] == json.loads(cursor.fetchone()[0])
        assert set(found["geometry"]) == {"type", "coordinates"}


def test_one_territory_has_its_shape_in_degrees(make_area):
    kept = make_area(shape=square(2.3512345678, 48.8812345678))
    found = Client().get(f"/api/territories/{kept.pk}").json()
    assert min(found["geometry"]["coordinates"][0][0]) == [2.3512346, 48.8812346]
