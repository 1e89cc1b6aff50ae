"""How many quarters have a library: asked by address, with the distance said back."""

from __future__ import annotations

import pytest
from django.contrib.gis.geos import Point

from observatory.models import Facility, Level, Membership, SourceTerms
from tests.factories import a_source, a_territory

pytestmark = pytest.mark.django_db


@pytest.fixture
def libraries(make_area):
    shown = a_source("biblio", producer="Ville", licence="ODbL")
    SourceTerms.objects.create(source=shown, sharing="public")
    first = make_area(code="QP1", name="Un").territory
    make_area(code="QP2", name="Deux", shape=None, valid_from="2024-01-01")
    for key, source in (("a", shown), ("b", a_source("interne"))):
        Facility.objects.create(
            key=key, name=key, category="library", source=source, geom=Point(2.355, 48.885)
        )
    return first


def test_counts_shares_rows_and_source(visitor, libraries):
    body = visitor.get("/api/coverage/?category=library&date=2016-01-01&distance=250").json()
    assert body["facilities"]["in"] == 1, "the other list is nobody's to see yet"
    assert (body["quarters"], body["with_one_in"], body["share_with_one_in"]) == (1, 1, 100)
    assert (body["distance"], body["day"]) == (250, "2016-01-01")
    assert body["by_quarter"] == [
        {"code": "QP1", "name": "Un", "in": 1, "attached": 0, "lived_in": 0, "near": 0}
    ]
    assert [s["licence"] for s in body["sources"]] == ["ODbL"]


def test_quarters_of_one_territory_only(visitor, libraries):
    contract = a_territory(Level.CONTRACT, "CV-A")
    query = "/api/coverage/?category=library&date=2016-01-01&within=CV-A"
    assert visitor.get(query).json()["quarters"] == 0
    Membership.objects.create(member=libraries, container=contract, source=a_source())
    assert visitor.get(query).json()["quarters"] == 1


@pytest.mark.parametrize(
    "query",
    ["", "?category=library&distance=90000", "?category=library&date=hier", "?category=A;DROP",
     "?category=library&colour=red"],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(visitor, query):
    assert visitor.get(f"/api/coverage/{query}").status_code == 400
