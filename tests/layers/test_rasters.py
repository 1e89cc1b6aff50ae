"""Cells leave as GeoTIFF that others read; rasters come in as figures of quarters."""

import io
import json
import shlex
import shutil
import subprocess
from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from django.core.management import call_command
from django.test import Client
from rasterio.transform import Affine, from_origin
from rio_cogeo.cogeo import cog_validate

from carroyage.models import Cell
from layers.errors import BadRaster, NoSuchRaster
from layers.rasters.publish import cells_of, write
from layers.rasters.zonal import Asked, statistics
from observatory.models import AccessRule, Indicator, Observation, Role, Run
from tests.layers.conftest import EAST, NORTH
from tests.layers.places import features, place_of, square


def run_command(*words):
    held = io.StringIO()
    call_command("raster", *map(str, words), "--json", stdout=held)
    return json.loads(held.getvalue())


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


@pytest.mark.django_db
class TestPublishedCells:
    def written(self, tmp_path, variable="ind", **options):
        target = tmp_path / "out.tif"
        write(cells_of(variable, **options), target)
        return target

    def test_a_validator_and_gdal_read_it_as_cloud_optimised(self, make_grid, tmp_path):
        make_grid(columns=700, rows=3)  # wider than a block: overviews are needed
        target = self.written(tmp_path)
        valid, errors, warnings = cog_validate(target, strict=True)
        assert (valid, errors, warnings) == (True, [], [])
        told = json.loads(subprocess.check_output(["gdalinfo", "-json", str(target)]))
        assert told["metadata"]["IMAGE_STRUCTURE"]["LAYOUT"] == "COG"
        assert told["bands"][0]["overviews"]
        assert told["size"] == [700, 3]

    def test_each_pixel_is_the_cell_that_lies_there(self, make_grid, tmp_path):
        make_grid(columns=5, rows=4)
        with rasterio.open(self.written(tmp_path)) as raster:
            assert raster.crs.to_epsg() == 3035
            assert raster.bounds == (EAST, NORTH, EAST + 1000, NORTH + 800)
            values = raster.read(1)
            for cell in Cell.objects.all():
                row, column = raster.index(cell.east + 100, cell.north + 100)
                assert values[row, column] == np.float32(cell.ind)

    def test_where_no_value_is_known_there_is_no_data_and_never_zero(self, make_grid, tmp_path):
        make_grid(columns=3, rows=3)
        Cell.objects.filter(east=EAST, north=NORTH).delete()
        Cell.objects.filter(east=EAST + 200, north=NORTH).update(ind=None)
        Cell.objects.filter(east=EAST + 400, north=NORTH).update(ind=0)
        with rasterio.open(self.written(tmp_path)) as raster:
            bottom = raster.read(1)[-1]
            assert np.isnan(raster.nodata)
            assert np.isnan(bottom[:2]).all()
            assert bottom[2] == 0

    def test_it_says_what_it_shows_of_whom(self, make_grid, source, tmp_path):
        make_grid()
        source.is_demonstration = True
        source.save()
        with rasterio.open(self.written(tmp_path, "men")) as raster:
            tags = raster.tags()
            assert raster.descriptions == ("men",)
        assert tags["VINTAGE"] == "2021"
        assert "INSEE" in tags["TIFFTAG_COPYRIGHT"]
        assert "demonstration" in tags["WARNING"]

    @pytest.mark.parametrize(
        ("variable", "options"),
        [("password", {}), ("id", {}), ("ind", {"vintage": "1999"}), ("ind", {"epsg": 2975}),
         ("log_soc", {})],
    )  # fmt: skip
    def test_what_is_not_there_is_said(self, make_grid, tmp_path, variable, options):
        make_grid()
        with pytest.raises(NoSuchRaster):
            self.written(tmp_path, variable, **options)

    def test_a_grid_that_is_not_published_never_leaves(self, make_grid, tmp_path):
        make_grid(origin="households")
        with pytest.raises(NoSuchRaster):
            self.written(tmp_path)

    def test_the_command_writes_the_file(self, make_grid, tmp_path):
        make_grid()
        told = run_command("publish", "ind", tmp_path / "new" / "ind.tif")
        assert told["bytes"] == (tmp_path / "new" / "ind.tif").stat().st_size


class TestOverHttp:
    @pytest.mark.django_db
    def test_ranges_are_the_bytes_of_the_whole(self, visitor, make_grid):
        make_grid(columns=40, rows=40)
        whole = visitor.get("/rasters/cells/ind.tif")
        body = b"".join(whole.streaming_content)
        assert whole.headers["Accept-Ranges"] == "bytes"
        assert int(whole.headers["Content-Length"]) == len(body)
        for asked, expected in (
            ("bytes=0-15", body[:16]),
            ("bytes=100-", body[100:]),
            ("bytes=-20", body[-20:]),
            (f"bytes=10-{len(body) + 999}", body[10:]),
        ):
            part = visitor.get("/rasters/cells/ind.tif", headers={"range": asked})
            assert part.status_code == 206
            assert b"".join(part.streaming_content) == expected
            assert part.headers["Content-Range"].endswith(f"/{len(body)}")
        past = visitor.get("/rasters/cells/ind.tif", headers={"range": f"bytes={len(body)}-"})
        assert past.status_code == 416
        stale = {"range": "bytes=0-1", "if-range": '"older"'}
        assert visitor.get("/rasters/cells/ind.tif", headers=stale).status_code == 200

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "said",
        ["bytes=5-1", "bytes=-", "bytes=0-0,5-6", "items=0-1", "bytes=a-b", "bytes=\u00e9", ""],
    )
    def test_what_is_no_range_is_answered_as_if_nothing_had_been_said(
        self, visitor, make_grid, said
    ):
        make_grid(columns=20, rows=20)
        whole = b"".join(visitor.get("/rasters/cells/ind.tif").streaming_content)
        answer = visitor.get("/rasters/cells/ind.tif", headers={"range": said})
        assert answer.status_code == 200
        assert "Content-Range" not in answer.headers
        assert b"".join(answer.streaming_content) == whole

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        "said", ["bytes=-0", "bytes=999999999999-", "bytes=999999999999-9999999999999"]
    )
    def test_a_range_past_the_end_is_refused_with_the_size(self, visitor, make_grid, said):
        make_grid(columns=20, rows=20)
        size = visitor.get("/rasters/cells/ind.tif").headers["Content-Length"]
        answer = visitor.get("/rasters/cells/ind.tif", headers={"range": said})
        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == f"bytes */{size}"

    @pytest.mark.django_db
    def test_new_cells_make_a_new_file_and_old_ones_a_304(self, visitor, make_grid):
        make_grid()
        first = visitor.get("/rasters/cells/ind.tif")
        etag = {"if-none-match": first.headers["ETag"]}
        assert visitor.get("/rasters/cells/ind.tif", headers=etag).status_code == 304
        Cell.objects.update(ind=7)
        second = visitor.get("/rasters/cells/ind.tif", headers=etag)
        assert second.status_code == 200
        with rasterio.MemoryFile(b"".join(second.streaming_content)) as held, held.open() as raster:
            assert np.nanmax(raster.read(1)) == 7

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("address", "status"),
        [
            ("/rasters/cells/password.tif", 404),
            ("/rasters/cells/ind.tif?epsg=2975", 404),
            ("/rasters/cells/ind.tif?epsg=x", 400),
            ("/rasters/cells/ind.tif?vintage=a'b", 400),
            ("/rasters/cells/ind.tif?colour=red", 400),
            ("/rasters/other.tif", 404),
        ],
    )
    def test_nonsense_is_a_problem(self, visitor, make_grid, address, status):
        make_grid()
        answer = visitor.get(address)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"

    @pytest.mark.django_db
    def test_closed_cells_are_closed_here_too(self, make_grid):
        make_grid()
        AccessRule.objects.filter(role=Role.PUBLIC).delete()
        assert Client().get("/rasters/cells/ind.tif").status_code == 404

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.skipif(not shutil.which("gdalinfo"), reason="GDAL's programs are not installed")
    def test_gdal_reads_it_from_afar(self, live_server, make_grid):
        make_grid(columns=30, rows=20)
        address = f"/vsicurl/{live_server.url}/rasters/cells/ind.tif"
        told = json.loads(subprocess.check_output(["gdalinfo", "-json", "-stats", address]))
        assert told["size"] == [30, 20]
        values = [cell.ind for cell in Cell.objects.all()]
        assert told["bands"][0]["maximum"] == pytest.approx(max(values), abs=0.01)
        assert told["bands"][0]["mean"] == pytest.approx(np.mean(values), abs=0.01)


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
