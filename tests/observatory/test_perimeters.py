"""Dated shapes: which zones contain a point on a day, and what the database refuses."""

from datetime import date

import pytest
import shapely
from django.contrib.gis.geos import Point
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from pyproj import Transformer

from observatory.models import Level, Lineage, LineageKind, Perimeter, Status
from tests.factories import a_box, a_perimeter, a_territory

pytestmark = pytest.mark.django_db

INSIDE = Point(2.355, 48.855, srid=4326)
START, END = date(2015, 1, 1), date(2024, 1, 1)


def names_at(point, day):
    return {p.territory.code for p in Perimeter.objects.covering(point, day)}


@pytest.fixture
def quarter():
    return a_territory(Level.QPV, "QP075011", "Goutte d'Or", generation=2015)


def test_a_point_is_in_a_quarter_from_its_first_day_to_the_day_before_its_end(quarter):
    a_perimeter(quarter, since=START, until=END)
    days = [date(2014, 12, 31), START, date(2023, 12, 31), END]
    assert [bool(names_at(INSIDE, day)) for day in days] == [False, True, True, False]


@pytest.mark.parametrize(
    "x, y", [(2.35, 48.855), (2.36, 48.86), (2.355, 48.85)], ids=["edge", "corner", "lower edge"]
)
def test_a_point_on_the_outline_is_in(quarter, x, y):
    a_perimeter(quarter, since=START)
    assert names_at(Point(x, y, srid=4326), date(2016, 1, 1)) == {"QP075011"}


def test_a_point_just_outside_is_out(quarter):
    a_perimeter(quarter, since=START)
    assert names_at(Point(2.3600001, 48.855, srid=4326), date(2016, 1, 1)) == set()


def test_a_point_may_be_in_several_zones_of_different_kinds(quarter):
    a_perimeter(quarter, since=START)
    a_perimeter(
        a_territory(Level.ARRONDISSEMENT, "75118", "18e"), status=Status.REFERENCE, geom=None
    )
    assert names_at(INSIDE, date(2016, 1, 1)) == {"QP075011", "75118"}


def test_a_computed_or_negotiated_zone_is_never_in_force(quarter):
    a_perimeter(quarter, status=Status.COMPUTED, since=START)
    a_perimeter(quarter, status=Status.NEGOTIATION, since=START)
    assert names_at(INSIDE, date(2016, 1, 1)) == set()


def test_a_superseded_quarter_still_answers_for_its_own_days(quarter):
    a_perimeter(quarter, status=Status.SUPERSEDED, since=START, until=END)
    new = a_territory(Level.QPV, "QN07511M", generation=2024)
    a_perimeter(new, since=END)
    assert names_at(INSIDE, date(2023, 6, 1)) == {"QP075011"}
    assert names_at(INSIDE, date(2025, 6, 1)) == {"QN07511M"}


def test_zones_of_a_point_are_found_in_one_query(quarter, django_assert_num_queries):
    a_perimeter(quarter, since=START)
    with django_assert_num_queries(1):
        assert names_at(INSIDE, date(2016, 1, 1)) == {"QP075011"}


def test_a_quarter_cannot_have_two_shapes_in_force_on_one_day(quarter):
    a_perimeter(quarter, since=START, until=END)
    with pytest.raises(IntegrityError, match="perimeter_one_in_force_a_day"), transaction.atomic():
        a_perimeter(quarter, since=date(2023, 12, 31))
    a_perimeter(quarter, since=END)


def test_computed_versions_of_a_quarter_may_lie_beside_the_legal_one(quarter):
    a_perimeter(quarter, since=START)
    a_perimeter(quarter, status=Status.COMPUTED, since=START)
    assert quarter.perimeters.count() == 2


def test_a_perimeter_cannot_end_before_it_starts(quarter):
    with pytest.raises(IntegrityError, match="perimeter_ends_after_start"), transaction.atomic():
        a_perimeter(quarter, since=END, until=START)


def test_areas_are_measured_in_the_territorys_own_system_not_in_web_mercator(quarter):
    box = a_box(2.35, 48.85, 2.36, 48.86)
    perimeter = a_perimeter(quarter, box)
    to_metres = Transformer.from_crs(4326, 2154, always_xy=True)
    corners = [to_metres.transform(x, y) for x, y in box[0][0].coords]
    assert perimeter.area == pytest.approx(shapely.Polygon(corners).area, rel=1e-9)
    assert perimeter.geom_3857.area > 2 * perimeter.area


def test_an_overseas_quarter_is_measured_overseas():
    quarter = a_territory(Level.QPV, "QP974001", srid=2975)
    perimeter = a_perimeter(quarter, a_box(55.44, -20.88, 55.45, -20.87), measure_srid=2975)
    assert perimeter.area == pytest.approx(1_040 * 1_107, rel=0.01)


def test_the_shape_tiles_read_follows_every_change_of_the_legal_shape(quarter):
    perimeter = a_perimeter(quarter)
    before = perimeter.geom_3857.extent
    perimeter.geom = a_box(2.40, 48.85, 2.41, 48.86)
    perimeter.save()
    perimeter.refresh_from_db()
    assert perimeter.geom_3857.extent[0] > before[2]


def test_a_merge_keeps_both_parents_and_they_cannot_be_deleted_from_under_it():
    parents = [
        a_perimeter(a_territory(Level.ZONE, f"Z{i}"), status=Status.COMPUTED) for i in (1, 2)
    ]
    child = a_perimeter(a_territory(Level.QPV, "QP075019", "Les Portes du Vingtième"))
    for parent in parents:
        Lineage.objects.create(parent=parent, child=child, kind=LineageKind.MERGED)
    assert {link.parent for link in child.ancestors.all()} == set(parents)
    with pytest.raises(ProtectedError):
        parents[0].delete()


def test_a_perimeter_cannot_descend_from_itself():
    perimeter = a_perimeter(a_territory(Level.ZONE, "Z1"), status=Status.COMPUTED)
    with pytest.raises(IntegrityError), transaction.atomic():
        Lineage.objects.create(parent=perimeter, child=perimeter, kind=LineageKind.REDRAWN)
