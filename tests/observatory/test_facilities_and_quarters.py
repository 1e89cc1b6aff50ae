"""Facilities in, near and attached; the quarters covered; densities by age."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from django.contrib.gis.geos import Point

from observatory.figures.errors import BadParameter
from observatory.figures.facilities import (
    Asked,
    Where,
    by_quarter,
    closest,
    coverage,
    densities,
    ties,
)
from observatory.models import Facility, FacilityLink, Level, Status
from tests.factories import a_box, a_perimeter, a_source, a_territory

pytestmark = pytest.mark.django_db
DAY = date(2016, 1, 1)
EAST_OF = 2.36  # the eastern side of the first quarter
METRE = 1 / 73_200  # degrees of longitude at 48.85° north


@pytest.fixture
def quarters() -> dict[str, Any]:
    """Two priority quarters side by side 500 m apart, and one under watch further east."""
    found = {}
    for code, level, west in (("A", "qpv", 2.35), ("B", "qpv", 2.3668), ("V", "qva", 2.40)):
        territory = a_territory(Level(level), code)
        a_perimeter(
            territory, a_box(west, 48.85, west + 0.01, 48.86),
            since=date(2015, 1, 1), until=date(2024, 1, 1),
        )  # fmt: skip
        found[code] = territory
    return found


def a_facility(key: str, lon: float | None, **more: Any) -> Facility:
    told = {"category": "library", "name": key, "source": a_source("equipements"), **more}
    geom = None if lon is None else Point(lon, 48.855, srid=4326)
    return Facility.objects.create(key=key, geom=geom, **told)


def where(asked: Asked | None = None) -> dict[str, str]:
    found = closest(ties(asked or Asked("library", DAY)))
    names = dict(Facility.objects.values_list("pk", "key"))
    return {names[pk]: str(told) for pk, told in found.items()}


def test_each_facility_has_one_tie_the_closest(quarters: dict[str, Any]) -> None:
    a_facility("dans A", 2.355)
    a_facility("à 100 m", EAST_OF + 100 * METRE)
    a_facility("loin", 2.30)
    a_facility("en veille", 2.405)
    a_facility("près de la veille", 2.41 + 50 * METRE)
    a_facility("sans adresse", None)
    attached = a_facility("rattachée", 2.20)
    FacilityLink.objects.create(facility=attached, territory=quarters["B"])
    lived = a_facility("quartier vécu", 2.21)
    FacilityLink.objects.create(facility=lived, lived_in=True)
    assert where() == {
        "dans A": "in", "à 100 m": "near", "loin": "elsewhere", "en veille": "watched",
        "près de la veille": "elsewhere", "sans adresse": "nowhere", "rattachée": "attached",
        "quartier vécu": "lived_in",
    }  # fmt: skip


@pytest.mark.parametrize(("distance", "told"), [(90, "elsewhere"), (110, "near")])
def test_near_is_the_distance_that_was_asked_for(
    quarters: dict[str, Any], distance: float, told: str
) -> None:
    a_facility("x", EAST_OF + 100 * METRE)
    assert where(Asked("library", DAY, distance)) == {"x": told}


@pytest.mark.parametrize("distance", [-1, 6_000])
def test_a_distance_that_is_no_neighbourhood_is_refused(distance: float) -> None:
    with pytest.raises(BadParameter, match="no distance that counts as near"):
        ties(Asked("library", DAY, distance))


@pytest.mark.parametrize(
    "gone",
    [
        {"state": "closed"}, {"state": "planned"}, {"state": "mobile"},
        {"category": "school"}, {"valid_from": date(2017, 1, 1)}, {"valid_to": date(2016, 1, 1)},
    ],
)  # fmt: skip
def test_closed_coming_mobile_and_other_facilities_cover_no_quarter(
    quarters: dict[str, Any], gone: dict[str, Any]
) -> None:
    a_facility("x", 2.355, **gone)
    assert where() == {}


def test_outlines_are_those_in_force_that_day(quarters: dict[str, Any]) -> None:
    a_facility("x", 2.355)
    assert where(Asked("library", date(2014, 12, 31))) == {"x": "elsewhere"}
    assert where(Asked("library", date(2023, 12, 31))) == {"x": "in"}
    assert where(Asked("library", date(2024, 1, 1))) == {"x": "elsewhere"}


def test_a_draft_outline_holds_no_facility() -> None:
    draft = a_territory(Level.QPV, "P")
    a_perimeter(draft, status=Status.NEGOTIATION)
    a_facility("x", 2.355)
    assert where() == {"x": "elsewhere"}


def test_facilities_and_covered_quarters_are_two_counts(quarters: dict[str, Any]) -> None:
    for number in range(3):
        a_facility(f"dans A {number}", 2.352 + number / 1000)
    attached = a_facility("rattachée", 2.20)
    FacilityLink.objects.create(facility=attached, territory=quarters["B"])
    told = coverage(Asked("library", DAY, 200), [quarters["A"].pk, quarters["B"].pk]).as_dict()
    assert (told["facilities"]["in"], told["facilities"]["attached"]) == (3, 1)
    assert (told["with_one_in"], told["with_one_attached"], told["quarters"]) == (1, 2, 2)
    assert (told["share_with_one_in"], told["share_with_one_attached"]) == (50, 100)
    assert (told["distance"], told["day"]) == (200, "2016-01-01")


def test_one_facility_near_two_quarters_covers_both_and_is_one(quarters: dict[str, Any]) -> None:
    a_facility("entre", (EAST_OF + 2.3668) / 2)
    told = coverage(Asked("library", DAY, 300), [quarters["A"].pk, quarters["B"].pk])
    assert told.facilities["near"] == 1
    assert (told.with_one_in, told.with_one_near) == (0, 2)


def test_without_quarters_no_share_is_made_up() -> None:
    assert coverage(Asked("library", DAY), []).as_dict()["share_with_one_in"] is None


def test_a_network_can_be_asked_for_alone(quarters: dict[str, Any]) -> None:
    a_facility("rep", 2.355, network="REP")
    a_facility("autre", 2.356)
    assert where(Asked("library", DAY, network="REP")) == {"rep": "in"}


def test_counts_by_quarter_have_their_zeros(quarters: dict[str, Any]) -> None:
    inside = a_facility("dans A", 2.355)
    FacilityLink.objects.create(facility=inside, territory=quarters["A"])  # twice the same tie
    table = by_quarter(Asked("library", DAY), [quarters["A"].pk, quarters["B"].pk])
    assert table.loc[quarters["A"].pk].to_dict() == {
        "in": 1, "attached": 0, "lived_in": 0, "near": 0,
    }  # fmt: skip
    assert table.loc[quarters["B"].pk].sum() == 0


def test_a_density_is_per_inhabitants_of_an_age_with_its_interval() -> None:
    counts = pd.Series([2, 1, 0], index=[1, 2, 3])
    people = pd.DataFrame(
        {"value": [500.0, 0.0, 800.0], "low": [400.0, 0.0, 700.0], "high": [1000.0, 0.0, 900.0]},
        index=[1, 2, 3],
    )
    table = densities(counts, people, per=1000)
    assert table.loc[1].to_dict() == {"value": 4.0, "low": 2.0, "high": 5.0}
    assert table.loc[2].isna().all(), "nobody of that age: no density, not zero"
    assert table.loc[3].to_dict() == {"value": 0.0, "low": 0.0, "high": 0.0}


@pytest.mark.real_data
def test_libraries_of_paris_and_its_twenty_quarters(real_data: Any) -> None:
    from importers.loads import load
    from observatory.models import Territory

    load("perimeters", real_data / "perimeters" / "qp-politiquedelaville-shp.zip")
    load("facilities", real_data / "facilities" / "osm_libraries_paris.geojson")
    paris = Territory.objects.filter(level=Level.QPV, code__startswith="QP075")
    told = coverage(Asked("library", DAY, 300), list(paris.values_list("pk", flat=True)))
    assert told.quarters == 20
    assert sum(told.facilities.values()) == 144
    # Beside a slow and simple count, shape by shape.
    shapes = [p.geom for t in paris for p in t.perimeters.all()]
    points = [f.geom for f in Facility.objects.all()]
    assert told.facilities["in"] == sum(any(s.covers(p) for s in shapes) for p in points)
    assert told.with_one_in == sum(any(s.covers(p) for p in points) for s in shapes)
    assert told.with_one_in < told.with_one_near <= 20


def test_every_word_for_a_tie_is_in_order_of_closeness() -> None:
    assert [str(w) for w in Where] == [
        "in", "attached", "lived_in", "watched", "near", "elsewhere", "nowhere",
    ]  # fmt: skip
