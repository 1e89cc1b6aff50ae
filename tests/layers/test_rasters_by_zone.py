"""Rasters come in as figures of quarters, each cell for the share of it inside."""

import shlex
import shutil
import subprocess
from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import Affine, from_origin

from layers.errors import BadRaster
from layers.rasters.zonal import Asked, statistics
from observatory.models import Indicator, Observation, Run
from tests.layers.places import features, place_of, square
from tests.layers.rasters import run_command


@pytest.fixture
def make_raster(tmp_path):
    """Return a maker of small GeoTIFFs in metres, their north-west corner at 0, rows x pixel."""

    def make(values, pixel=100.0, corner=None, crs="EPSG:2154", nodata=-9999.0, name="made.tif"):
        values = np.asarray(values, dtype="float32")
        bands = values if values.ndim == 3 else values[None]
        west, north = corner or (0.0, bands.shape[1] * pixel)
        path = tmp_path / name
        profile = {"driver": "GTiff", "dtype": "float32", "count": len(bands), "nodata": nodata}
        profile |= {"height": bands.shape[1], "width": bands.shape[2], "crs": crs}
        with rasterio.open(
            path, "w", transform=from_origin(west, north, pixel, pixel), **profile
        ) as f:
            f.write(bands)
        return path

    return make


def zones(*shapes, crs="EPSG:2154"):
    return gpd.GeoDataFrame(geometry=list(shapes), index=range(10, 10 + len(shapes)), crs=crs)


class TestZonalStatistics:
    def test_a_cell_counts_for_the_share_of_it_inside(self, make_raster):
        raster = make_raster([[10, 20], [30, 40]])
        # All of the lower-left cell, half of the lower-right one.
        table = statistics(raster, zones(shapely.box(0, 0, 150, 100)), Asked("sum"))
        assert table.loc[10, "value"] == pytest.approx(30 + 40 / 2)
        mean = statistics(raster, zones(shapely.box(0, 0, 150, 100)), Asked("mean")).loc[10]
        assert mean["value"] == pytest.approx((30 + 20) / 1.5)
        assert (mean["numerator"], mean["denominator"]) == pytest.approx((50, 1.5))
        assert mean["covered"] == pytest.approx(1)

    def test_a_zone_smaller_than_a_cell_gets_what_is_in_it(self, make_raster):
        raster = make_raster([[10, 20], [30, 40]])
        triangle = shapely.Polygon([(110, 10), (150, 10), (110, 50)])
        table = statistics(raster, zones(triangle), Asked("sum"))
        assert table.loc[10, "value"] == pytest.approx(40 * triangle.area / 10_000)

    def test_zones_that_share_the_raster_add_up_to_its_total(self, make_raster):
        chance = np.random.default_rng(3)
        values = chance.uniform(0, 50, (12, 12))
        heights = chance.uniform(0, 1200, (4, 2))
        lines = [shapely.LineString([(-10, left), (1300, right)]) for left, right in heights]
        pieces = shapely.polygonize(
            [shapely.unary_union([shapely.box(0, 0, 1200, 1200).boundary, *lines])]
        )
        parts = list(pieces.geoms)
        assert len(parts) >= 4
        table = statistics(make_raster(values), zones(*parts), Asked("sum"))
        assert table["value"].sum() == pytest.approx(values.astype("float32").sum(), rel=1e-6)

    def test_a_share_is_that_of_the_area_of_some_classes(self, make_raster):
        cover = make_raster([[1, 1, 3], [2, 1, 3]])
        asked = Asked("share", classes=(1, 2))
        row = statistics(cover, zones(shapely.box(0, 0, 250, 200)), asked).loc[10]
        assert row["value"] == pytest.approx(100 * 4 / 5)
        assert (row["numerator"], row["denominator"]) == pytest.approx((4, 5))

    def test_unknown_cells_are_left_out_and_told_never_taken_for_zero(self, make_raster):
        raster = make_raster([[10, -9999], [10, -9999]])
        half, none = shapely.box(0, 0, 200, 200), shapely.box(110, 10, 190, 190)
        table = statistics(raster, zones(half, none), Asked("mean"))
        assert table.loc[10, "value"] == pytest.approx(10)
        assert table.loc[10, "covered"] == pytest.approx(0.5)
        assert np.isnan(table.loc[11, "value"])
        assert table.loc[11, "covered"] == 0

    def test_zones_in_degrees_meet_a_raster_in_metres(self, make_raster):
        raster = make_raster(np.full((20, 20), 7), pixel=200, corner=(650_000, 6_866_000))
        shape = gpd.GeoSeries([shapely.box(651_000, 6_863_000, 652_500, 6_864_500)], crs=2154)
        degrees = gpd.GeoDataFrame(geometry=shape.to_crs(4326).values, index=[10], crs=4326)
        row = statistics(raster, degrees, Asked("mean")).loc[10]
        assert row["value"] == pytest.approx(7)
        assert row["denominator"] == pytest.approx(1500 * 1500 / 200**2, rel=1e-3)

    def test_the_band_asked_for_is_the_one_read(self, make_raster):
        raster = make_raster([[[1.0]], [[2.0]]])
        for band in (1, 2):
            table = statistics(raster, zones(shapely.box(0, 0, 100, 100)), Asked("mean", band))
            assert table.loc[10, "value"] == band

    @pytest.mark.parametrize(
        ("asked", "change", "words"),
        [
            (Asked("mean", band=4), {}, "band 4"),
            (Asked("share"), {}, "classes"),
            (Asked("mean"), {"crs": None}, "system of coordinates"),
            (Asked("mean"), {"corner": (9e5, 9e5)}, "No zone lies on the raster"),
        ],
    )
    def test_what_cannot_be_used_is_refused_in_words(self, make_raster, asked, change, words):
        with pytest.raises(BadRaster, match=words):
            statistics(make_raster([[1.0]], **change), zones(shapely.box(0, 0, 10, 10)), asked)

    @pytest.mark.parametrize(
        "way",
        [
            Affine.translation(0, 200) @ Affine.rotation(30) @ Affine.scale(100, -100),
            Affine(100, 0, 0, 0, 100, 0),  # its first row is the southernmost
        ],
    )
    def test_rows_that_do_not_run_from_north_to_south_are_refused_with_the_remedy(
        self, tmp_path, way
    ):
        path, straight = tmp_path / "turned.tif", tmp_path / "STRAIGHT.tif"
        profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "width": 2, "height": 2}
        with rasterio.open(path, "w", **profile, crs=2154, transform=way) as written:
            written.write(np.full((1, 2, 2), 7, dtype="float32"))
        zone = zones(shapely.box(90, 90, 110, 110))
        with pytest.raises(BadRaster, match=r"turned\.tif do not run") as refused:
            statistics(path, zone, Asked("mean"))
        told = "gdalwarp -dstnodata -9999"
        assert f"{told} FILE STRAIGHT.tif" in refused.value.advice
        if shutil.which("gdalwarp"):
            subprocess.run([*told.split(), "-q", path, straight], check=True, timeout=60)
            assert statistics(straight, zone, Asked("mean")).loc[10, "value"] == 7

    def test_a_raster_that_breaks_off_is_refused(self, make_raster):
        path = make_raster(np.random.default_rng(1).uniform(0, 9, (60, 60)))
        path.write_bytes(path.read_bytes()[:2_000])
        with pytest.raises(BadRaster, match=r"made\.tif breaks off"):
            statistics(path, zones(shapely.box(0, 0, 6_000, 6_000)), Asked("mean"))

    def test_what_is_no_number_is_unknown_where_the_file_names_no_such_value(self, make_raster):
        raster = make_raster([[10, np.nan], [10, np.nan]], nodata=None)
        row = statistics(raster, zones(shapely.box(0, 0, 200, 200)), Asked("mean")).loc[10]
        assert row["value"] == pytest.approx(10)
        assert row["covered"] == pytest.approx(0.5)

    @pytest.mark.parametrize("statistic", ["mean", "sum", "share"])
    @pytest.mark.parametrize(
        "values", [[np.inf, 1], [-np.inf, 1], [np.inf, -np.inf], [np.nan, np.inf]]
    )
    @pytest.mark.parametrize("nodata", [-9999.0, None])
    def test_an_infinite_cell_is_refused_in_words_and_never_summed(
        self, make_raster, statistic, values, nodata
    ):
        raster = make_raster([values, [2, 3]], nodata=nodata)
        asked = Asked(statistic, classes=(1.0,))
        crossed, beside = shapely.box(10, 10, 190, 190), shapely.box(0, 0, 200, 100)
        with pytest.raises(BadRaster, match=r"made\.tif holds infinite values under 1 of 2 zones"):
            statistics(raster, zones(beside, crossed), asked)
        assert np.isfinite(statistics(raster, zones(beside), asked).loc[10, "value"])

    @pytest.mark.parametrize("nodata", [np.inf, -np.inf])
    def test_an_infinite_value_said_to_be_no_data_is_no_data(self, make_raster, nodata):
        raster = make_raster([[nodata, 1], [nodata, 3]], nodata=nodata)
        row = statistics(raster, zones(shapely.box(0, 0, 200, 200)), Asked("sum")).loc[10]
        assert row["value"] == pytest.approx(4)
        assert row["covered"] == pytest.approx(0.5)

    def test_the_remedy_told_of_infinite_cells_is_one(self, make_raster, tmp_path):
        raster = make_raster([[np.inf, 1], [-np.inf, 3]])
        whole = zones(shapely.box(0, 0, 200, 200))
        with pytest.raises(BadRaster) as refused:
            statistics(raster, whole, Asked("sum"))
        told = refused.value.advice.split(": ", 1)[1].removesuffix(".")
        finite = tmp_path / "FINITE.tif"
        command = told.replace("FINITE.tif", str(finite)).replace("FILE", str(raster))
        if shutil.which("gdal_calc.py"):
            subprocess.run([*shlex.split(command), "--quiet"], check=True, timeout=120)
            assert statistics(finite, whole, Asked("sum")).loc[10, "value"] == pytest.approx(4)

    def test_a_file_that_is_no_raster_is_refused(self, tmp_path):
        (tmp_path / "x.tif").write_text("no raster")
        with pytest.raises(BadRaster, match=r"x\.tif"):
            statistics(tmp_path / "x.tif", zones(shapely.box(0, 0, 1, 1)), Asked("mean"))


@pytest.mark.django_db(transaction=True)
class TestStoredFigures:
    @pytest.fixture
    def heat(self, make_raster, make_area):
        """A raster of two values side by side, a quarter across both, one outside."""
        corners = gpd.GeoSeries([shapely.box(2.30, 48.87, 2.40, 48.90)], crs=4326).to_crs(2154)
        west, south, east, north = corners.total_bounds
        values = np.full((int((north - south) // 50), int((east - west) // 50)), 30.0)
        make_area(code="QP1", shape=square(2.35, 48.88))
        make_area(code="QP2", shape=square(2.60, 48.88))
        return make_raster(values, pixel=50, corner=(west, north))

    def zonal(self, path, *more):
        return run_command(
            "zonal", path, "--indicator", "heat", "--year", 2022, "--source", "meteo",
            "--date", "2022-06-01", "--producer", "Météo", "--sharing", "public", *more,
        )  # fmt: skip

    def test_each_quarter_gets_a_figure_shown_on_the_map(self, heat, visitor):
        told = self.zonal(heat, "--label", "Température d’été", "--unit", "°C")
        assert (told["computed"], told["not_available"], told["zones"]) == (1, 1, 2)
        place = place_of(2.355, 48.885, 12)
        answer = visitor.get(place.url("figures_qpv", "?indicator=heat"))
        shown = {f["properties"]["code"]: f["properties"]
                 for f in features(answer.content, "figures_qpv").values()}  # fmt: skip
        assert shown["QP1"]["value"] == pytest.approx(30)
        assert shown["QP1"]["unit"] == "°C"
        assert "Météo" in shown["QP1"]["source"]

    def test_the_run_keeps_the_files_checksum_and_the_figure_its_outline(self, heat):
        told = self.zonal(heat)
        run = Run.objects.get(pk=told["run"])
        assert run.kind == "raster zonal"
        assert run.state == "done"
        assert run.inputs[0]["sha256"]
        figure = Observation.objects.get(territory__code="QP1")
        assert (figure.run_id, figure.outline_on) == (run.pk, date(2022, 6, 1))

    def test_a_quarter_outside_has_no_figure_rather_than_zero(self, heat):
        self.zonal(heat, "--statistic", "sum")
        figure = Observation.objects.get(territory__code="QP2")
        assert (figure.value, figure.standing) == (None, "not_available")

    def test_a_second_run_replaces_the_figures_of_the_first(self, heat):
        self.zonal(heat)
        self.zonal(heat)
        assert Observation.objects.count() == 2

    def test_a_sum_of_persons_is_withheld_where_it_is_small(self, make_raster, make_area, visitor):
        area = make_area(code="QP1", shape=square(2.35, 48.88)).territory
        corner = gpd.GeoSeries([shapely.Point(2.34, 48.90)], crs=4326).to_crs(2154)[0]
        raster = make_raster(np.full((100, 100), 0.001), pixel=50, corner=(corner.x, corner.y))
        self.zonal(raster, "--statistic", "sum", "--counts-persons")
        assert 0 < Observation.objects.get(territory=area).value < 5
        answer = visitor.get("/api/layers/figures_qpv/?indicator=heat").json()
        shown = answer["features"][0]["properties"]
        assert (shown["value"], shown["standing"]) == (None, "withheld")

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            (("--statistic", "share", "--classes", "a"), "not a list of numbers"),
            (("--date", "1990-01-01"), "No qpv was in force"),
            (("--generation", "1999"), "No qpv was in force"),
        ],
    )
    def test_a_refusal_says_why_and_stores_nothing(self, heat, capsys, more, words):
        with pytest.raises(SystemExit):
            self.zonal(heat, *more)
        assert not Observation.objects.exists()
        assert not Indicator.objects.filter(code="heat").exists()

    def test_no_figure_is_stored_of_a_raster_with_infinite_cells(self, heat):
        with rasterio.open(heat, "r+") as raster:
            values = raster.read(1)
            values[len(values) // 2] = np.inf  # a row of cells across the first quarter
            raster.write(values, 1)
        with pytest.raises(SystemExit):
            self.zonal(heat, "--statistic", "sum")
        assert not Observation.objects.exists()
        assert Run.objects.get(kind="raster zonal").state == "refused"
