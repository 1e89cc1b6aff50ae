"""Zones built from what is loaded, stored as computed perimeters, and assessed."""

from __future__ import annotations

import io
import json
from datetime import date

import numpy as np
import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.core.management import call_command
from pyproj import Transformer

from carroyage import errors, grid, store
from carroyage.lines import decree_line, stated_line
from carroyage.management.territory import assessed_territory
from carroyage.management.zoning import Wanted, build, prepare
from carroyage.models import Cell, CellIncome, ComputedZone, GridDataset, Origin
from observatory.models import (
    Level,
    Membership,
    Perimeter,
    Run,
    Status,
    Territory,
)
from tests.factories import a_perimeter, a_source, a_territory

pytestmark = pytest.mark.django_db

NORTH, EAST = 2_890_000, 3_760_000  # lower-left corner of the test's squares, EPSG:3035


def cells(dataset, table):
    """Store squares from a drawing: one digit a square, tenths of poor households, '.' none."""
    for row, line in enumerate(reversed(table)):
        for column, sign in enumerate(line):
            if sign != ".":
                men = 500.0
                Cell.objects.create(
                    dataset=dataset, north=NORTH + 200 * row, east=EAST + 200 * column,
                    ind=1_000.0, men=men, men_pauv=men * int(sign) / 10,
                    ind_snv=1_000.0 * (30_000 - 2_000 * int(sign)),
                )  # fmt: skip


@pytest.fixture
def published():
    return GridDataset.objects.create(source=a_source("filosofi", title="Filosofi"))


@pytest.fixture
def records():
    return GridDataset.objects.create(
        source=a_source("menages", title="Ménages"), origin=Origin.RECORDS
    )


def incomes(dataset, north, east, steps, persons):
    CellIncome.objects.create(dataset=dataset, north=north, east=east, steps=steps, persons=persons)


def square_in_degrees(column, row, width=1, height=1):
    """Return the block of some squares in EPSG:4326."""
    move = Transformer.from_crs(3035, 4326, always_xy=True)
    west, south = EAST + 200 * column, NORTH + 200 * row
    east, north = west + 200 * width, south + 200 * height
    ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return MultiPolygon(Polygon([move.transform(*corner) for corner in ring]), srid=4326)


def run_command(*words):
    out = io.StringIO()
    call_command("zones", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


class TestPublicCells:
    def test_contiguous_poor_squares_become_zones_and_touching_corners_count(self, published):
        cells(published, ["33..", "..3.", "1..4"])
        run, made = build(Wanted())
        assert made
        zones = ComputedZone.objects.filter(run=run)
        assert [(z.number, z.cells, z.ind) for z in zones] == [(1, 4, 4_000.0)]

    def test_with_four_neighbours_corners_do_not_count(self, published):
        cells(published, ["33..", "..3.", "1..4"])
        run, _ = build(Wanted(contiguity="rook"))
        assert sorted(z.cells for z in run.zones.all()) == [1, 1, 2]

    def test_the_score_of_a_zone_is_poor_households_over_households(self, published):
        cells(published, ["38"])
        Cell.objects.filter(men_pauv=400).update(men=1_500.0, men_pauv=1_200.0)
        run, _ = build(Wanted())
        assert run.zones.get().score == pytest.approx((150 + 1_200) / (500 + 1_500))

    def test_too_few_inhabitants_is_dropped_and_listed_with_its_reason(self, published):
        cells(published, ["3"])
        Cell.objects.update(ind=999.9)
        run, _ = build(Wanted())
        assert not run.zones.exists()
        (dropped,) = run.report["dropped"]
        assert dropped["reason"] == "under 1000 inhabitants"
        assert dropped["first_cell"] == "CRS3035RES200mN2890000E3760000"

    def test_a_zone_is_stored_as_a_computed_perimeter_of_its_squares_and_nothing_more(
        self, published
    ):
        cells(published, ["33", "3."])
        run, _ = build(Wanted())
        zone = run.zones.get()
        assert zone.perimeter.status == Status.COMPUTED
        assert zone.perimeter.territory.level == Level.ZONE
        assert zone.perimeter.area == pytest.approx(3 * 40_000, rel=0.005)
        assert (
            zone.cell_keys
            == grid.format_ids(
                [NORTH, NORTH + 200, NORTH + 200], [EAST, EAST, EAST + 200], 200
            ).tolist()
        )

    def test_a_computed_zone_never_touches_the_legal_perimeter(self, published):
        cells(published, ["33", "3."])
        legal = a_perimeter(a_territory(Level.QPV, "QP075001", generation=2015))
        before = (legal.geom.wkt, legal.status, legal.recorded_at)
        build(Wanted())
        legal.refresh_from_db()
        assert (legal.geom.wkt, legal.status, legal.recorded_at) == before

    def test_the_same_request_on_the_same_cells_gives_the_run_already_recorded(self, published):
        cells(published, ["33"])
        first, made_first = build(Wanted())
        second, made_second = build(Wanted())
        assert (first.pk, made_first, made_second) == (second.pk, True, False)
        assert Run.objects.filter(kind=store.BUILD).count() == 1
        other, made_other = build(Wanted(threshold=0.35))
        assert made_other and other.pk != first.pk

    def test_a_run_says_which_cells_which_parameters_and_how_many(self, published):
        cells(published, ["33.1"])
        run, _ = build(Wanted())
        assert run.inputs[0]["source"] == "filosofi"
        assert run.parameters["score"] == "share_poor"
        assert run.parameters["min_population"] == 1000
        assert run.counts == {
            "cells_read": 3, "cells_selected": 2, "zones": 1, "dropped": 0, "population": 2000,
        }  # fmt: skip

    def test_a_zone_is_named_after_the_arrondissement_that_holds_most_of_it(self, published):
        cells(published, ["333"])
        for code, name, column, width in (("75118", "18e", 0, 1), ("75119", "19e", 1, 2)):
            a_perimeter(
                a_territory(Level.ARRONDISSEMENT, code, name),
                square_in_degrees(column, 0, width),
                status=Status.REFERENCE,
            )
        run, _ = build(Wanted())
        assert run.zones.get().perimeter.territory.name == "Zone 1 — 19e"

    def test_a_missing_value_is_not_zero(self, published):
        cells(published, ["3"])
        Cell.objects.update(men_pauv=None)
        read = store.read_cells(published)
        assert np.isnan(read["men_pauv"]).all()

    def test_nothing_loaded_is_said_with_the_command_to_run(self):
        with pytest.raises(errors.NothingToZone, match="No published cells are loaded") as refusal:
            build(Wanted())
        assert "observatory load grid FILE" in refusal.value.advice


class TestHouseholdRecords:
    LINE = decree_line(18_750, 22_440, 10_000_000)  # 12 800 €

    def test_persons_under_the_line_are_counted_exactly(self, records):
        incomes(records, NORTH, EAST, [1_190, 1_279, 1_280, 2_000], [3, 5, 7, 11])
        read = store.read_income_cells(records, self.LINE)
        assert read["low_income_persons"].tolist() == [8]
        assert read["ind"].tolist() == [26]

    def test_a_line_between_two_steps_is_refused_rather_than_approximated(self, records):
        incomes(records, NORTH, EAST, [1_191], [3])
        line = stated_line(11_914, "declared income per consumption unit", "test")
        with pytest.raises(errors.LineNotRounded, match="11914 € is not a multiple of 10 €"):
            store.read_income_cells(records, line)

    def test_records_are_preferred_to_public_cells_and_the_line_is_explained(
        self, records, published
    ):
        cells(published, ["1"])
        incomes(records, NORTH, EAST, [1_000, 3_000], [1_200, 800])
        run, _ = build(
            Wanted(
                national_median=18_750, urban_unit_median=22_440, urban_unit_population=10_000_000
            )
        )
        zone = run.zones.get()
        assert (zone.score_name, zone.score, zone.line) == ("majority_low_income", 0.6, 12_800)
        assert "12800 €" in run.report["lines"][0]
        assert "0.6 x (0.3 x 18750" in run.report["lines"][0]

    def test_each_urban_unit_has_its_own_line(self, records):
        """Between the two lines: in under the large unit's, out under the small one's."""
        large = {
            "population": 10_000_000,
            "median_income": 22_440,
            "national_median_income": 18_750,
        }
        small = {**large, "population": 40_000}
        for code, facts, column in (("00851", large, 0), ("00999", small, 5)):
            unit = a_territory(Level.URBAN_UNIT, code, f"UU {code}", facts=facts)
            commune = a_territory(Level.COMMUNE, f"9{column}001", "Commune")
            a_perimeter(commune, square_in_degrees(column, 0), status=Status.REFERENCE)
            Membership.objects.create(member=commune, container=unit, source=a_source())
            incomes(records, NORTH, EAST + 200 * column, [1_200], [2_000])
        run, _ = build(Wanted())
        (zone,) = run.zones.all()
        assert zone.line == 12_800
        assert zone.cell_keys == ["CRS3035RES200mN2890000E3760000"]

    def test_an_urban_unit_under_ten_thousand_inhabitants_holds_no_zone(self, records):
        facts = {"population": 9_000, "median_income": 22_440, "national_median_income": 18_750}
        unit = a_territory(Level.URBAN_UNIT, "00998", "Petite", facts=facts)
        commune = a_territory(Level.COMMUNE, "95001", "Commune")
        a_perimeter(commune, square_in_degrees(0, 0), status=Status.REFERENCE)
        Membership.objects.create(member=commune, container=unit, source=a_source())
        incomes(records, NORTH, EAST, [1_000], [2_000])
        run, _ = build(Wanted())
        assert not run.zones.exists()
        assert run.report["dropped"][0]["reason"] == "urban unit under 10000 inhabitants"

    def test_a_line_entered_as_a_median_is_refused_by_name(self, records):
        incomes(records, NORTH, EAST, [1_000], [2_000])
        wrong = Wanted(
            national_median=11_250, urban_unit_median=22_440, urban_unit_population=10_000_000
        )
        with pytest.raises(errors.LineGivenAsMedian, match="the national line of 2014"):
            build(wrong)

    def test_without_any_median_the_missing_figures_are_asked_for(self, records):
        incomes(records, NORTH, EAST, [1_000], [2_000])
        with pytest.raises(errors.NoLineInputs) as refusal:
            build(Wanted())
        assert "--national-median" in refusal.value.advice


class TestCommand:
    def test_build_prints_the_zones(self, published, capsys):
        cells(published, ["33"])
        call_command("zones", "build")
        said = capsys.readouterr().out
        assert "1 zones, 2,000 inhabitants" in said

    def test_build_if_missing_does_nothing_once_there_are_zones(self, published):
        cells(published, ["33"])
        assert run_command("build")["counts"]["zones"] == 1
        cells(published, ["....33", "......"][:1])
        assert run_command("build", "--if-missing") is None

    def test_a_mistake_ends_with_status_1_and_says_what_to_do(self, published, capsys):
        cells(published, ["33"])
        with pytest.raises(SystemExit) as end:
            call_command(
                "zones", "build", "--national-median", "12800", "--urban-unit-median", "22440",
                "--urban-unit-population", "10000000",
            )  # fmt: skip
        assert end.value.code == 1
        said = capsys.readouterr().err
        assert "12800 € is already a low-income line (the Paris line of 2014)" in said
        assert "Enter the median itself" in said

    def test_assess_prints_every_figure_at_every_threshold(self, published):
        cells(published, ["3311", "3311"])
        quarter = a_territory(Level.QPV, "QP075001", "Quartier", generation=2015)
        a_perimeter(quarter, square_in_degrees(0, 0, 2, 2), since=date(2015, 1, 1))
        told = run_command("assess", "--thresholds", "0.05,0.25")
        loose, exact = told["rows"]
        assert exact["iou"] > 0.95
        assert exact["ceiling_iou"] >= exact["iou"]
        assert loose["iou"] == pytest.approx(exact["iou"] / 2, rel=0.1)
        assert exact["auc"]["share_poor"] == 1
        assert (exact["covered"], exact["touched"], exact["quarters"]) == (1, 1, 1)
        assert told["vintages"]["quarters"] == "QPV 2015"

    def test_assess_without_legal_quarters_says_so(self, published, capsys):
        cells(published, ["33"])
        with pytest.raises(SystemExit):
            call_command("zones", "assess")
        assert capsys.readouterr().err


def test_legal_quarters_are_read_with_their_codes_as_text():
    quarter = a_territory(Level.QPV, "001001", "Zéro", generation=2015)
    a_perimeter(quarter)
    read = store.legal_quarters()
    assert read["code"].tolist() == ["001001"]
    assert read.crs.to_epsg() == 4326


def test_cells_keep_their_order_of_position_whatever_the_order_of_loading(published):
    cells(published, ["12", "34"])
    assert store.read_cells(published)["men_pauv"].tolist() == [150, 200, 50, 100]


def test_prepared_cells_know_their_urban_unit_only_where_units_are_loaded(published):
    cells(published, ["3"])
    assert prepare(Wanted()).by_unit is False
    assert Perimeter.objects.count() == Territory.objects.count() == 0


class TestAssessedTerritory:
    """A comparison says which places it is about."""

    @pytest.fixture
    def city_and_neighbour(self, published):
        """Nine squares in a city of two arrondissements, one in a neighbouring commune."""
        cells(published, ["3311111111"])
        city = a_territory(Level.COMMUNE, "75056", "Paris")
        a_perimeter(city, square_in_degrees(0, 0, 9), status=Status.REFERENCE)
        for code, column, width in (("75118", 0, 5), ("75119", 5, 4)):
            part = a_territory(Level.ARRONDISSEMENT, code, code)
            a_perimeter(part, square_in_degrees(column, 0, width), status=Status.REFERENCE)
            Membership.objects.create(member=part, container=city, source=a_source())
        neighbour = a_territory(Level.COMMUNE, "93001", "Aubervilliers")
        a_perimeter(neighbour, square_in_degrees(9, 0), status=Status.REFERENCE)
        return published

    def test_a_fragment_of_a_neighbour_is_left_out_and_named(self, city_and_neighbour):
        told = assessed_territory(city_and_neighbour)
        assert sorted(told.places["code"]) == ["75118", "75119"]
        assert told.words == "2 arrondissements of 75056; left out, a fragment: Aubervilliers"

    def test_places_may_be_named_by_their_codes(self, city_and_neighbour):
        assert assessed_territory(city_and_neighbour, ("93001",)).words == "Aubervilliers"
        both = assessed_territory(city_and_neighbour, ("75118", "93001"))
        assert sorted(both.places["code"]) == ["75118", "93001"]

    def test_a_place_without_cells_is_refused_by_its_code(self, city_and_neighbour):
        with pytest.raises(errors.PlaceNotDescribed, match="do not describe 94001"):
            assessed_territory(city_and_neighbour, ("94001",))

    def test_several_cities_of_like_size_are_assessed_together(self, city_and_neighbour):
        Cell.objects.filter(east__lt=EAST + 1_400).delete()
        told = assessed_territory(city_and_neighbour)
        assert "93001" in set(told.places["code"])

    def test_without_boundaries_nothing_is_clipped(self, published):
        cells(published, ["3"])
        assert assessed_territory(published).is_empty
