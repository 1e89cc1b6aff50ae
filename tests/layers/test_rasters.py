"""Cells leave as GeoTIFF that others read, whole or in ranges."""

import json
import shutil
import subprocess

import numpy as np
import pytest
import rasterio
from django.test import Client
from rio_cogeo.cogeo import cog_validate

from carroyage.models import Cell
from layers.errors import NoSuchRaster
from layers.rasters.publish import cells_of, write
from observatory.models import AccessRule, Role
from tests.layers.conftest import EAST, NORTH
from tests.layers.rasters import run_command


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
