"""Facilities as points, in every outlet, at their dates."""

from datetime import date

import pytest
from django.contrib.gis.geos import Point

from observatory.models import Facility, Opening, Sharing, SourceTerms
from tests.factories import under_terms
from tests.layers.places import features, on_earth, place_of

pytestmark = pytest.mark.django_db
PLACE = place_of(2.355, 48.885, 12)


@pytest.fixture
def make_facility(source):
    def make(key, category="school", at=(2.355, 48.885), **told):
        told.setdefault("name", f"Équipement {key}")
        where = Point(*at, srid=4326) if at else None
        return Facility.objects.create(
            source=under_terms(source), key=key, category=category, geom=where, **told
        )

    return make


def drawn(visitor, query=""):
    answer = visitor.get(PLACE.url("facilities", query))
    assert answer.status_code == 200
    return features(answer.content, "facilities")


def test_a_facility_stands_at_its_place_with_what_the_source_says(visitor, make_facility):
    made = make_facility("1", network="REP+", kind="Collège", commune_code="75118")
    shown = drawn(visitor)[made.pk]
    point = on_earth(shown, PLACE)
    made.refresh_from_db()
    assert (
        point.distance(type(point)(made.geom_3857.x, made.geom_3857.y)) <= PLACE.pixel
    )  # drawn to the nearest step of the tile's grid
    assert shown["properties"]["network"] == "REP+"
    assert shown["properties"]["category"] == "school"
    assert shown["properties"]["commune_code"] == "75118"


def test_a_facility_without_a_place_is_not_drawn_anywhere(visitor, make_facility):
    make_facility("1", at=None)
    assert drawn(visitor) == {}
    assert visitor.get("/api/layers/facilities/").json()["features"] == []


def test_a_category_and_a_day_narrow_every_outlet(visitor, make_facility):
    school = make_facility("1")
    make_facility("2", category="library")
    make_facility("3", valid_from=date(2020, 1, 1))
    make_facility("4", valid_to=date(2018, 1, 1), state=Opening.CLOSED)
    make_facility("5", state=Opening.PLANNED)
    query = "?category=school&date=2019-06-01"
    assert set(drawn(visitor, query)) == {school.pk}
    for address in ("/api/layers/facilities/", "/ogc/collections/facilities/items"):
        found = visitor.get(address + query).json()["features"]
        assert [feature["id"] for feature in found] == [school.pk]
        assert found[0]["geometry"]["type"] == "Point"
    file = visitor.get(f"/api/layers/facilities/export.geojson{query}")
    assert b"".join(file.streaming_content).count(b'"Feature"') == 1


@pytest.mark.parametrize("sharing", [Sharing.SHARED, Sharing.WORKING])
def test_what_its_source_keeps_back_is_not_public(visitor, make_facility, source, sharing):
    make_facility("1")
    before = visitor.get("/tiles/facilities.json").json()["tiles"]
    assert len(drawn(visitor)) == 1
    SourceTerms.objects.update(sharing=sharing)
    assert drawn(visitor) == {}
    assert visitor.get("/tiles/facilities.json").json()["tiles"] != before


def test_what_nobody_said_may_be_shared_is_working_material(visitor, make_facility):
    make_facility("1")
    SourceTerms.objects.all().delete()
    assert drawn(visitor) == {}
    assert visitor.get("/api/layers/facilities/").json()["features"] == []


@pytest.mark.parametrize("query", ["category=a b", "category=", "date=2023-02-30", "kind=x"])
def test_a_parameter_that_is_not_one_is_refused(visitor, rules, query):
    answer = visitor.get(PLACE.url("facilities", f"?{query}"))
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
