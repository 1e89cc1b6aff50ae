"""Libraries for a thousand small children, quarter by quarter: both counts, bounds and sources."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.test import Client

from carroyage.models import Cell, GridDataset
from layers.api.densities import NO_CELLS, NOBODY, TOO_FEW
from observatory.models import Facility, FacilityLink, Level, Membership, Role, Territory
from observatory.models.disclosure import DisclosureRule
from tests.factories import a_perimeter, a_source, a_territory
from tests.layers.figures import shown, someone
from tests.observatory.figures_makers import a_contract

pytestmark = pytest.mark.django_db
NORTH, EAST = 2_893_400, 3_760_400  # a corner of the grid, in the north of Paris
ASKED = "/api/compare/densities/?category=library&ages=ind_0_3,ind_4_5&within=CV-TEST"
ON = f"{ASKED}&date=2016-01-01"


def a_quarter(code: str, column: float, columns: float) -> Territory:
    """Return a quarter of the contract over some columns of cells, two rows of them."""
    found = a_territory(Level.QPV, code, generation=2015)
    west = EAST + 200 * column
    box = Polygon.from_bbox((west, NORTH, west + 200 * columns, NORTH + 400))
    box.srid = 3035
    shape = MultiPolygon(box.transform(4326, clone=True), srid=4326)
    a_perimeter(found, shape, since=date(2015, 1, 1))
    Membership.objects.create(member=found, container=a_contract(), source=a_source())
    return found


@pytest.fixture
def quarters() -> dict[str, Territory]:
    """One quarter of a whole column and half of the next, one without children, one off the grid.

    Twenty children to a column: ten of each age.
    """
    grid = GridDataset.objects.create(
        source=a_source("grille", producer="INSEE", licence="Licence Ouverte", vintage="2021")
    )
    Cell.objects.bulk_create(
        Cell(dataset=grid, north=NORTH + 200 * row, east=EAST + 200 * column, ind=100,
             ind_0_3=0 if column == 3 else 5, ind_4_5=0 if column == 3 else 5)
        for column in range(4) for row in range(2)
    )  # fmt: skip
    return {
        code: a_quarter(code, *place)
        for code, place in {"CUT": (0, 1.5), "BARE": (3, 1), "AWAY": (20, 1)}.items()
    }


def a_library(key: str, place: Territory, source: Any, **more: Any) -> Facility:
    inside = place.perimeters.get().geom.point_on_surface
    return Facility.objects.create(
        key=key, name=key, category="library", source=source, geom=inside, **more
    )


def rows(client: Client, address: str = ON) -> dict[str, dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return {row["territory"]: row for row in answer.json()["results"]}


def test_facilities_over_children_with_bounds_and_both_sources(
    visitor: Client, quarters: dict[str, Territory]
) -> None:
    a_library("a", quarters["CUT"], shown())
    told = rows(visitor)["CUT"]
    assert told["facilities"] == 1
    assert told["people"] == pytest.approx(30, rel=1e-2), "the cells cut are divided by area"
    assert (told["people_low"], told["people_high"]) == pytest.approx((20, 40), rel=1e-2)
    assert told["density"] == pytest.approx(1000 / told["people"])
    assert told["density_low"] == pytest.approx(1000 / told["people_high"])
    assert told["density_high"] == pytest.approx(1000 / told["people_low"])
    assert (told["per"], told["ages"], told["date"]) == (1000, "ind_0_3,ind_4_5", "2016-01-01")
    assert (told["source"], told["people_producer"], told["people_vintage"]) == (
        shown().code, "INSEE", "2021",
    )  # fmt: skip


def test_no_cell_is_not_nobody_and_neither_has_a_density(
    visitor: Client, quarters: dict[str, Territory]
) -> None:
    a_library("f", quarters["BARE"], shown())
    told = rows(visitor)
    bare, away = told["BARE"], told["AWAY"]
    assert bare["people"] == pytest.approx(0, abs=1e-3), "but for slivers of the next column"
    assert (bare["density"], bare["density_high"], bare["reason"]) == (None, None, NOBODY)
    assert (away["people"], away["density"], away["reason"]) == (None, None, NO_CELLS)


NUMBERS = ("people", "people_low", "people_high", "density", "density_low", "density_high")


@pytest.mark.parametrize(("threshold", "children", "withheld"), [(5, 4, True), (5, 6, False),
                                                                  (10, 6, True)])  # fmt: skip
def test_a_few_children_are_withheld_with_all_that_would_tell_them(
    visitor: Client, quarters: dict[str, Territory], threshold: int, children: int, withheld: bool
) -> None:
    DisclosureRule.objects.create(
        source="grille", unit="persons", threshold=threshold, deviation=threshold, variance=3.0
    )
    Cell.objects.update(ind_0_3=0, ind_4_5=0)
    Cell.objects.filter(east=EAST).update(ind_0_3=children / 2)
    a_library("g", quarters["CUT"], shown())
    told = rows(visitor)["CUT"]
    assert all((told[name] is None) is withheld for name in NUMBERS), told
    assert told["reason"] == (TOO_FEW if withheld else "")
    assert told["facilities"] == 1
    text = visitor.get(ON.replace("densities/", "densities.csv")).content.decode()
    (line,) = (row for row in csv.DictReader(io.StringIO(text)) if row["territory"] == "CUT")
    assert (line["people"] == "") is withheld


def test_a_library_next_door_that_serves_the_quarter_counts_with_those_inside(
    visitor: Client, quarters: dict[str, Territory]
) -> None:
    beside = a_library("b", quarters["BARE"], shown())
    assert rows(visitor)["CUT"]["facilities"] == 0
    FacilityLink.objects.create(facility=beside, territory=quarters["CUT"], source=shown())
    assert rows(visitor)["CUT"]["facilities"] == 1


def test_what_a_reader_may_not_see_is_not_counted(
    visitor: Client, quarters: dict[str, Territory]
) -> None:
    a_library("c", quarters["CUT"], a_source("liste-interne"))
    assert rows(visitor)["CUT"]["facilities"] == 0
    assert rows(someone(Role.ANALYST))["CUT"]["facilities"] == 1


def test_a_library_that_opened_later_counts_from_its_day(
    visitor: Client, quarters: dict[str, Territory]
) -> None:
    a_library("d", quarters["CUT"], shown(), valid_from="2018-01-01")
    assert rows(visitor)["CUT"]["facilities"] == 0
    assert rows(visitor, f"{ASKED}&date=2018-01-01")["CUT"]["facilities"] == 1


def test_a_quarter_that_was_not_there_yet_is_not_among_them(
    visitor: Client, quarters: dict[str, Territory]
) -> None:
    assert rows(visitor, f"{ASKED}&date=2014-06-01") == {}


def test_the_csv_says_the_same(visitor: Client, quarters: dict[str, Territory]) -> None:
    a_library("e", quarters["CUT"], shown())
    text = visitor.get(ON.replace("densities/", "densities.csv")).content.decode()
    told = {row["territory"]: row for row in csv.DictReader(io.StringIO(text))}
    assert float(told["CUT"]["density"]) == pytest.approx(rows(visitor)["CUT"]["density"])
    assert told["AWAY"]["density"] == ""


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("ages=ind_0_3,ind_4_5", "ages=ind"), "no age of the cells"),
        (("ages=ind_0_3,ind_4_5", "ages=log_soc"), "no age of the cells"),
        (("ages=ind_0_3,ind_4_5", "ages=DROP TABLE"), "not usable"),
        (("&ages=ind_0_3,ind_4_5", ""), "'ages' is missing"),
        (("&within=CV-TEST", ""), "'within' is missing"),
        (("date=2016-01-01", "date=2016-02-30"), "does not exist"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    visitor: Client, quarters: dict[str, Territory], change: tuple[str, str], problem: str
) -> None:
    answer = visitor.get(ON.replace(*change))
    assert answer.status_code == 400
    assert problem in answer.json()["detail"]


def test_without_a_grid_it_says_what_to_load(visitor: Client) -> None:
    a_quarter("CUT", 0, 1)
    answer = visitor.get(ON)
    assert answer.status_code == 400
    assert "No grid is loaded" in answer.json()["detail"]
