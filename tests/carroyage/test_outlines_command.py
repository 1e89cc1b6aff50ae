"""``observatory zones build|assess --outlines``: with all a city may bring, or a grid alone."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
import shapely
from django.core.management import call_command

from carroyage import store
from carroyage.management import zone_store
from carroyage.models import MEASURES, Cell, ComputedZone, GridDataset
from observatory.models import (
    Address,
    Indicator,
    Level,
    Observation,
    Perimeter,
    Run,
    Status,
)
from tests.carroyage.cities import City, make_city
from tests.factories import a_perimeter, a_source, a_territory

pytestmark = pytest.mark.django_db


def run(*words):
    out = io.StringIO()
    call_command("zones", *map(str, words), "--json", stdout=out)
    return json.loads(out.getvalue())


def said(*words):
    out = io.StringIO()
    call_command("zones", *map(str, words), stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def city() -> City:
    return make_city()


def stored(level, code, shape, status=Status.REFERENCE, **facts):
    territory = a_territory(level, code, f"{level} {code}", **facts)
    return a_perimeter(territory, zone_store.multipolygon(shape), status=status)


@pytest.fixture
def grid_alone(city):
    """A city of which nothing is loaded but its published cells."""
    dataset = GridDataset.objects.create(source=a_source("filosofi", title="Filosofi"))
    corners = store.grid.parse_ids(city.cells.index)
    names = [name for name in MEASURES if name in city.cells]
    Cell.objects.bulk_create(
        Cell(
            dataset=dataset, north=int(north), east=int(east), **dict(zip(names, row, strict=True))
        )
        for north, east, row in zip(
            corners.north, corners.east, city.cells[names].to_numpy().tolist(), strict=True
        )
    )
    return dataset


@pytest.fixture
def places(city):
    """Its four arrondissements."""
    for row in city.divisions.to_crs(4326).itertuples():
        stored(Level.ARRONDISSEMENT, row.code, row.geometry)


@pytest.fixture
def law(city):
    """Its two legal quarters."""
    for row in city.legal.to_crs(4326).itertuples():
        stored(Level.QPV, row.code, row.geometry, Status.LEGAL, generation=2015)


@pytest.fixture
def addresses(city):
    source = a_source("ban")
    points = city.addresses.to_crs(4326)
    Address.objects.bulk_create(
        Address(ban_id=f"a{i:05}", street=row.street, commune_code=row.commune,
                commune_name="Paris", source=source, geom=f"SRID=4326;{row.geometry.wkt}")
        for i, row in enumerate(points.itertuples())
    )  # fmt: skip


@pytest.fixture
def iris(city):
    """Its small areas, with their declared median and low-income rate."""
    source = a_source("iris-incomes")
    columns = {"declared-median": "median", "declared-low-income-rate": "poverty"}
    indicators = {
        code: Indicator.objects.create(code=code, label=code, nature="amount") for code in columns
    }
    for number, row in enumerate(city.areas.to_crs(4326).itertuples()):
        made = stored(Level.IRIS, f"7510{number:05}", row.geometry)
        for code, name in columns.items():
            Observation.objects.create(
                indicator=indicators[code], territory=made.territory, year=2021,
                standing="observed", value=getattr(row, name), source=source,
            )  # fmt: skip


@pytest.fixture
def listed(city, tmp_path):
    path = tmp_path / "quarters.csv"
    city.quarters.to_csv(path, index=False)
    return path


class TestAGridAlone:
    """Nothing but cells: the same commands work and say what they could not use."""

    def test_outlines_are_drawn_by_the_share_of_poor_households(self, grid_alone, city):
        told = run("build", "--outlines")
        assert told["used"] == ["cells"]
        assert told["not_used"] == [
            "outline of the territory", "small areas with incomes", "addresses",
            "list of quarters", "legal quarters to learn from",
        ]  # fmt: skip
        assert told["score"] is None
        assert told["threshold"] == pytest.approx(0.266)
        assert told["counts"]["zones"] == len(told["zones"]) > 0
        drawn = [one.perimeter.geom for one in ComputedZone.objects.filter(run=told["run"])]
        for spot in city.legal.geometry.centroid.to_crs(4326):
            assert any(shapely.from_wkb(bytes(shape.wkb)).contains(spot) for shape in drawn)

    def test_the_words_name_everything_that_is_missing(self, grid_alone):
        told = said("build", "--outlines")
        assert "Could not be used: outline of the territory, small areas with incomes" in told
        assert "legal quarters to learn from" in told
        assert "absolute share of poor households, threshold from another city" in told

    def test_assessing_judges_nothing_and_says_why(self, grid_alone):
        told = run("assess", "--outlines")
        assert told["rows"] == []
        assert "no legal quarters are loaded" in told["not_judged"]
        assert told["counts"]["zones"] == run("build", "--outlines")["counts"]["zones"]
        assert "Not judged: no legal quarters are loaded" in said("assess", "--outlines")

    def test_addresses_alone_are_used(self, grid_alone, places, addresses):
        told = run("build", "--outlines")
        assert told["used"] == ["cells", "outline of the territory", "addresses"]

    def test_without_cells_there_is_nothing_to_draw(self, capsys):
        with pytest.raises(SystemExit):
            call_command("zones", "build", "--outlines")
        assert "No published cells are loaded" in capsys.readouterr().err


@pytest.mark.usefixtures("grid_alone", "places", "law", "addresses", "iris")
class TestEverythingLoaded:
    def test_outlines_are_fitted_on_the_law_and_the_weights_are_shown(self, listed):
        told = run("build", "--outlines", "--list", listed)
        assert told["not_used"] == []
        assert told["weights"]["declared-low-income-rate"] > 0
        assert told["weights"]["name_population"] < 0
        assert "in-sample" in " ".join(told["notes"])
        assert "largest weights: " in said("build", "--outlines", "--list", listed)

    def test_the_run_says_from_which_list_and_cells(self, listed):
        told = run("build", "--outlines", "--list", listed)
        record = Run.objects.get(pk=told["run"])
        assert record.parameters["listed"] == "quarters.csv"
        assert [one.get("name") for one in record.inputs] == [None, "quarters.csv"]
        assert len(record.inputs[1]["sha256"]) == 64
        assert "quarters.csv" in said("build", "--outlines", "--list", listed)

    def test_the_law_is_never_overwritten(self):
        before = set(Perimeter.objects.filter(status=Status.LEGAL).values_list("pk", flat=True))
        told = run("build", "--outlines")
        zones = Perimeter.objects.filter(zone__run=told["run"])
        assert {zone.status for zone in zones} == {Status.COMPUTED}
        assert set(
            Perimeter.objects.filter(status=Status.LEGAL).values_list("pk", flat=True)
        ) == before  # fmt: skip

    def test_each_arrondissement_is_judged_by_a_score_that_never_saw_it(self, listed):
        told = run("assess", "--outlines", "--list", listed)
        fitted, naive = told["rows"]
        assert (fitted["drawn"], naive["drawn"]) == (
            "pieces, fitted score", "whole cells, share of poor",
        )  # fmt: skip
        assert fitted["held_out"] == naive["held_out"] == "one arrondissement or commune"
        assert fitted["iou"] > naive["iou"] > 0.2
        assert told["vintages"]["quarters"] == "QPV 2015"

    def test_sectors_are_held_out_too(self):
        told = run("assess", "--outlines", "--sectors", "75101+75102,75103")
        assert [row["held_out"] for row in told["rows"]] == [
            "one arrondissement or commune", "one arrondissement or commune",
            "one sector", "one sector",
        ]  # fmt: skip
        assert "Nothing was fitted on what it is judged on" in said("assess", "--outlines")

    def test_a_map_shows_the_held_out_outlines_beside_the_law(self, tmp_path):
        from PIL import Image

        path = tmp_path / "maps" / "paris.png"
        told = run("assess", "--outlines", "--map", path)
        assert told["map"]["name"] == "paris.png"
        with Image.open(path) as image:
            shown = np.asarray(image.convert("RGB")).reshape(-1, 3)
        assert (shown == (11, 79, 138)).all(axis=1).sum() > 500  # drawn outlines
        filled = (shown[:, 0] > 220) & (shown[:, 1] > 150) & (shown[:, 1] < 190)
        assert (filled & (shown[:, 2] < 90)).sum() > 5_000  # legal quarters

    def test_a_sector_that_is_not_there_is_named(self, capsys):
        with pytest.raises(SystemExit):
            call_command("zones", "assess", "--outlines", "--sectors", "69381")
        assert "69381" in capsys.readouterr().err

    def test_one_arrondissement_alone_is_not_judged_on_what_it_taught(self):
        told = run("assess", "--outlines", "--territory", "75101")
        assert told["rows"] == []
        assert "a single division" in told["not_judged"]

    def test_blocks_of_addresses_make_finer_pieces(self):
        plain = run("build", "--outlines")
        finer = run("build", "--outlines", "--blocks", 100)
        assert finer["counts"]["pieces"] > 2 * plain["counts"]["pieces"]
        assert "blocks of addresses" in finer["used"]

    @pytest.mark.parametrize("missing", ["name", "communes", "population"])
    def test_a_list_without_a_column_is_refused(self, listed, capsys, missing):
        pd.read_csv(listed).drop(columns=missing).to_csv(listed, index=False)
        with pytest.raises(SystemExit):
            call_command("zones", "build", "--outlines", "--list", str(listed))
        assert missing in capsys.readouterr().err


class TestOptions:
    @pytest.mark.parametrize(
        ("words", "ignored"),
        [
            (("build", "--outlines", "--score", "share_poor"), "--score"),
            (("build", "--outlines", "--line", "12800"), "--line"),
            (("assess", "--outlines", "--thresholds", "0.2,0.3"), "--thresholds"),
            (("build", "--list", "quarters.csv"), "--list"),
            (("assess", "--map", "paris.png", "--sectors", "75101"), "--map, --sectors"),
        ],
    )
    def test_an_option_that_would_be_ignored_is_refused(self, capsys, words, ignored):
        with pytest.raises(SystemExit):
            call_command("zones", *words)
        assert f"{ignored} would be ignored here" in capsys.readouterr().err
