"""Figures of IRIS stored as estimates of quarters: where from, how sure, and what is not known."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pytest
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon, Polygon
from django.core.management import call_command

from carroyage.management.inhabitants import people_of_ages
from carroyage.models import Cell, GridDataset
from importers.interpolated import Wanted, interpolate
from observatory.figures.errors import BadParameter, NotAdditive, TooFewFigures
from observatory.models import (
    Facility,
    Level,
    Nature,
    Observation,
    Run,
    RunState,
    SourceTerms,
    Standing,
    Territory,
)
from tests.factories import a_perimeter, a_source, a_territory
from tests.observatory.figures_makers import a_figure, a_share, an_indicator

pytestmark = pytest.mark.django_db
NORTH, EAST = 2_893_400, 3_760_400  # a corner of the grid, in the north of Paris


def cells_wide(column: float, row: float, columns: float, rows: float) -> GEOSGeometry:
    """A block of cells of the grid, in EPSG:4326."""
    west, south = EAST + 200 * column, NORTH + 200 * row
    block = Polygon.from_bbox((west, south, west + 200 * columns, south + 200 * rows))
    block.srid = 3035
    return MultiPolygon(block.transform(4326, clone=True), srid=4326)


@pytest.fixture
def place() -> dict[str, Territory]:
    """Two IRIS of 2 × 2 cells side by side, and quarters across, inside and outside."""
    source = a_source("iris", producer="IGN")
    found = {}
    for code, shape in (("I1", cells_wide(0, 0, 2, 2)), ("I2", cells_wide(2, 0, 2, 2))):
        found[code] = a_territory(Level.IRIS, code, source=source)
        a_perimeter(found[code], shape, status="reference")
    for code, shape in (
        ("ACROSS", cells_wide(1, 0, 2, 2)), ("CUT", cells_wide(0, 0, 1.5, 2)),
        ("EDGE", cells_wide(3, 0, 2, 2)), ("AWAY", cells_wide(20, 0, 1, 1)),
    ):  # fmt: skip
        found[code] = a_territory(Level.QPV, code, generation=2015)
        a_perimeter(found[code], shape, since=date(2015, 1, 1))
    grid = GridDataset.objects.create(source=a_source("grille", vintage="2021"))
    # Columns 0 and 2 are parks; everybody lives in columns 1 and 3.
    Cell.objects.bulk_create(
        Cell(dataset=grid, north=NORTH + 200 * row, east=EAST + 200 * column,
             ind=0 if column % 2 == 0 else 50)
        for column in range(4) for row in range(2)
    )  # fmt: skip
    return found


@pytest.fixture
def people(place: dict[str, Territory]) -> Any:
    source = a_source("recensement", producer="INSEE", licence="Licence Ouverte")
    SourceTerms.objects.create(source=source, sharing="shared")
    population = an_indicator("population", Nature.COUNT)
    for code, value in (("I1", 1000), ("I2", 400)):
        a_figure(population, place[code], 2021, value, source=source)
    return source


REUNION = 2975


def a_block_overseas(column: float, columns: float) -> GEOSGeometry:
    """A block of cells of La Réunion's own grid, in EPSG:4326."""
    west = 340_000 + 200 * column
    block = Polygon.from_bbox((west, 7_650_000, west + 200 * columns, 7_650_400))
    block.srid = REUNION
    return MultiPolygon(block.transform(4326, clone=True), srid=4326)


@pytest.fixture
def overseas() -> Territory:
    """One IRIS of 4 × 2 cells, a quarter on its right half where three quarters of people live."""
    iris, quarter = a_territory(Level.IRIS, "974110101"), a_territory(Level.QPV, "QP974001")
    a_perimeter(iris, a_block_overseas(0, 4), status="reference", measure_srid=REUNION)
    a_perimeter(quarter, a_block_overseas(2, 2), since=date(2015, 1, 1), measure_srid=REUNION)
    grid = GridDataset.objects.create(source=a_source("grille-974", vintage="2019"), epsg=REUNION)
    Cell.objects.bulk_create(
        Cell(dataset=grid, north=7_650_000 + 200 * row, east=340_000 + 200 * column,
             ind=30 if column >= 2 else 10)
        for column in range(4) for row in range(2)
    )  # fmt: skip
    a_figure(an_indicator("population", Nature.COUNT), iris, 2021, 800, source=a_source("insee"))
    return quarter


@pytest.mark.parametrize(("method", "value"), [("dasymetric", 600), ("areal", 400)])
def test_overseas_is_measured_in_its_own_system_by_its_own_cells(
    overseas: Territory, method: str, value: float
) -> None:
    interpolate(Wanted("population", 2021, method=method))
    assert estimates()["QP974001"].value == pytest.approx(value, rel=0.01)


def test_metropolitan_france_and_overseas_are_shared_out_side_by_side(
    people: Any, overseas: Territory
) -> None:
    interpolate(Wanted("population", 2021))
    found = estimates()
    assert found["QP974001"].value == pytest.approx(600, rel=0.01)
    assert found["ACROSS"].standing == Standing.ESTIMATED


def estimates() -> dict[str, Observation]:
    rows = Observation.objects.filter(source__code__startswith="estimation-")
    return {row.territory.code: row for row in rows.select_related("territory", "source")}


def test_people_go_where_the_cells_say_they_live(people: Any) -> None:
    report = interpolate(Wanted("population", 2021))
    found = estimates()
    assert set(found) == {"ACROSS", "CUT", "EDGE"}
    across, cut = found["ACROSS"], found["CUT"]
    assert across.value == pytest.approx(1000, rel=1e-3), "column 1 holds all of the first IRIS"
    assert cut.value == pytest.approx(500, rel=1e-3)
    assert (cut.low, cut.high) == (pytest.approx(0, abs=5), pytest.approx(1000, rel=1e-3))
    assert across.standing == Standing.ESTIMATED
    assert report.facts["estimated"] == 2


def test_by_area_half_of_each(people: Any) -> None:
    interpolate(Wanted("population", 2021, method="areal"))
    assert estimates()["ACROSS"].value == pytest.approx(700, rel=1e-3)
    assert (estimates()["ACROSS"].low, estimates()["ACROSS"].high) == (0, 1400)


def test_a_quarter_partly_outside_what_is_known_has_no_estimate(people: Any) -> None:
    report = interpolate(Wanted("population", 2021))
    edge = estimates()["EDGE"]
    assert (edge.standing, edge.value) == (Standing.NOT_AVAILABLE, None)
    assert "1 not wholly covered by known figures: not available." in report.notes
    assert "1 lie where no source does: left out." in report.notes


def test_an_iris_without_a_figure_leaves_its_quarters_without(
    place: dict[str, Territory], people: Any
) -> None:
    Observation.objects.filter(territory=place["I2"]).update(
        value=None, standing=Standing.WITHHELD
    )  # fmt: skip
    interpolate(Wanted("population", 2021, method="areal"))
    assert estimates()["ACROSS"].value is None
    assert estimates()["CUT"].value == pytest.approx(750, rel=1e-3)


def test_an_estimate_quotes_what_it_was_made_from_and_keeps_its_reach(people: Any) -> None:
    interpolate(Wanted("population", 2021))
    row = estimates()["ACROSS"]
    assert row.note == "dasymetric : iris, carreaux 2021"
    assert "recensement" in row.source.producer
    assert row.source.licence == "Licence Ouverte"
    assert row.source.terms.sharing == "shared", "that of the figures; the grid itself is public"
    assert row.run is not None
    assert (row.run.kind, row.run.state) == ("interpolate", RunState.DONE)
    assert row.outline_on == date(2021, 12, 31)


def test_a_share_is_rebuilt_from_its_counts(place: dict[str, Territory], people: Any) -> None:
    poverty = an_indicator("poverty-rate", Nature.SHARE, unit="%")
    for code, poor, of in (("I1", 500, 1000), ("I2", 20, 400)):
        a_share(poverty, place[code], 2021, poor, of)
    interpolate(Wanted("poverty-rate", 2021, method="areal"))
    row = estimates()["ACROSS"]
    assert row.value == pytest.approx(100 * 260 / 700, rel=1e-3)
    assert (row.numerator, row.denominator) == (
        pytest.approx(260, rel=1e-3),
        pytest.approx(700, rel=1e-3),
    )
    assert row.high is not None and row.high <= 100


def test_a_median_is_refused_and_nothing_is_stored(place: dict[str, Territory]) -> None:
    income = an_indicator("median-income", Nature.MEDIAN)
    a_figure(income, place["I1"], 2021, 20_000)
    with pytest.raises(NotAdditive):
        interpolate(Wanted("median-income", 2021))
    assert not estimates()


def test_a_share_without_its_counts_is_refused(place: dict[str, Territory]) -> None:
    a_figure(an_indicator("poverty-rate", Nature.SHARE), place["I1"], 2021, 40)
    with pytest.raises(NotAdditive, match="without the counts"):
        interpolate(Wanted("poverty-rate", 2021))
    assert Run.objects.get(kind="interpolate").state == RunState.REFUSED


def test_what_is_not_loaded_is_said(place: dict[str, Territory], people: Any) -> None:
    with pytest.raises(TooFewFigures, match="No figure of population in 1999"):
        interpolate(Wanted("population", 1999))
    with pytest.raises(BadParameter, match="No method is called 'kriging'"):
        interpolate(Wanted("population", 2021, method="kriging"))
    with pytest.raises(TooFewFigures, match="No outline"):
        interpolate(Wanted("population", 2021, day=date(2010, 1, 1)))
    Cell.objects.all().delete()
    GridDataset.objects.all().delete()
    with pytest.raises(BadParameter, match="No grid is loaded"):
        interpolate(Wanted("population", 2021))


def test_estimating_again_changes_nothing(people: Any) -> None:
    interpolate(Wanted("population", 2021))
    again = interpolate(Wanted("population", 2021))
    assert (again.unchanged, again.changed, again.added, again.withdrawn) == (3, 0, 0, 0)


def test_a_published_figure_comes_before_an_estimate(
    place: dict[str, Territory], people: Any
) -> None:
    from observatory.figures.series import figures

    interpolate(Wanted("population", 2021))
    a_figure(
        Observation.objects.earliest("pk").indicator, place["ACROSS"], 2021, 987, source=people
    )
    frame = figures(["population"], territories=[place["ACROSS"].pk], years=[2021])
    assert (frame["value"][0], frame["sources"][0]) == (987, 2)


# -- inhabitants of an age, facilities for each thousand of them ---------------------------------


def test_children_of_a_quarter_are_those_of_its_cells(place: dict[str, Territory]) -> None:
    Cell.objects.update(ind_0_3=10, ind_4_5=2)
    people = people_of_ages(["ind_0_3", "ind_4_5"], day=date(2016, 1, 1))
    cut = people.loc[place["CUT"].pk]
    assert cut["value"] == pytest.approx(12 * 3, rel=1e-2), "three cells, two of them halves"
    assert cut["low"] <= cut["value"] <= cut["high"]
    assert people.loc[place["AWAY"].pk].isna().all(), "no cell there: nobody knows, not nobody"


def test_an_age_withheld_in_one_cell_is_not_known_for_the_quarter(
    place: dict[str, Territory],
) -> None:
    Cell.objects.update(ind_0_3=10)
    Cell.objects.filter(east=EAST + 200).update(ind_0_3=None)
    people = people_of_ages(["ind_0_3"], day=date(2016, 1, 1))
    assert people.loc[place["CUT"].pk].isna().all()


@pytest.mark.parametrize("ages", [[], ["ind"], ["ind_0_3", "log_soc"]])
def test_what_is_no_age_is_refused(place: dict[str, Territory], ages: list[str]) -> None:
    with pytest.raises(BadParameter, match="no age of the cells"):
        people_of_ages(ages)


def test_the_density_of_libraries_for_small_children(place: dict[str, Territory]) -> None:
    Cell.objects.update(ind_0_3=10)
    inside = place["CUT"].perimeters.get().geom.point_on_surface
    Facility.objects.create(
        key="b", name="B", category="library", source=a_source(), geom=inside
    )  # fmt: skip
    out = io.StringIO()
    words = ("coverage", "library", "CUT", "--on", "2016-01-01", "--ages", "ind_0_3", "--json")
    call_command("indicators", *words, stdout=out)
    (row,) = json.loads(out.getvalue())["by_quarter"]
    assert row["in"] == 1
    assert row["density_value"] == pytest.approx(1000 / 30, rel=1e-2)
    assert row["density_low"] <= row["density_value"] <= row["density_high"]
