"""QGIS, GDAL and notebooks take layers from /ogc/ by the standard alone."""

import json
import shutil
import subprocess
import sys

import geopandas as gpd
import pytest
import shapely
from django.contrib.gis.geos import Point
from owslib.ogcapi.features import Features

from carroyage.models import Cell
from observatory.models import Facility
from tests.factories import under_terms
from tests.layers.places import features, place_of, square

CRS = "http://www.opengis.net/def/crs/EPSG/0/"


@pytest.mark.django_db
class TestFeatures:
    def items(self, visitor, query="", layer="qpv", status=200):
        answer = visitor.get(f"/ogc/collections/{layer}/items{query}")
        assert answer.status_code == status
        return answer.json()

    def test_pages_follow_each_other_and_miss_nothing(self, visitor, make_area):
        made = {make_area(code=f"QP{number:03}").pk for number in range(7)}
        seen, address = [], "/ogc/collections/qpv/items?limit=3"
        while address:
            page = visitor.get(address).json()
            assert page["numberMatched"] == 7
            seen += [feature["id"] for feature in page["features"]]
            nexts = [link["href"] for link in page["links"] if link["rel"] == "next"]
            address = nexts[0] if nexts else None
        assert len(seen) == 7
        assert set(seen) == made

    def test_a_place_keeps_what_it_touches(self, visitor, make_area):
        near = make_area(code="QP1", shape=square(2.30, 48.85))
        make_area(code="QP2", shape=square(2.40, 48.85))
        for box in ("2.29,48.84,2.305,48.855", "2.309,48.859,2.315,48.87"):
            found = self.items(visitor, f"?bbox={box}")
            assert [feature["id"] for feature in found["features"]] == [near.pk]

    def test_a_place_may_reach_across_the_antimeridian(self, visitor, make_area):
        fiji = make_area(code="QP1", shape=square(178.2, -18.2))
        wallis = make_area(code="QP2", shape=square(-176.2, -13.3))
        make_area(code="QP3", shape=square(2.4, 48.85))

        def ids(query):
            return {feature["id"] for feature in self.items(visitor, query)["features"]}

        assert ids("?bbox=170,-25,-170,-10") == {fiji.pk, wallis.pk}
        assert ids("?bbox=170,-25,0,-170,-10,9") == {fiji.pk, wallis.pk}  # with heights
        assert ids(f"?bbox=-25,170,-10,-170&bbox-crs={CRS}4326") == {fiji.pk, wallis.pk}
        assert ids("?bbox=179,-25,-170,-10") == {wallis.pk}
        assert self.items(visitor, "?bbox=170,-25,-170,-10&limit=1")["numberMatched"] == 2

    @pytest.mark.parametrize("number", [2154, 3035, 3857, 4326])
    def test_a_place_larger_than_its_system_still_holds_what_lies_in_it(
        self, visitor, make_area, number
    ):
        """QGIS asks so when the map is zoomed far out."""
        quarter = make_area(shape=square(2.4, 48.85))
        box = "-90,-180,90,180" if number == 4326 else "-9e7,-9e7,9e7,9e7"
        found = self.items(visitor, f"?bbox={box}&bbox-crs={CRS}{number}")
        assert [feature["id"] for feature in found["features"]] == [quarter.pk]

    def test_a_place_outside_its_system_holds_nothing(self, visitor, make_area):
        make_area(shape=square(2.4, 48.85))
        for box in ("5e7,5e7,6e7,6e7", "-9e7,0,-8e7,9e7"):
            found = self.items(visitor, f"?bbox={box}&bbox-crs={CRS}2154")
            assert (found["features"], found["numberMatched"]) == ([], 0)

    @pytest.mark.parametrize("limit", [10_001, 10**9 + 1, 10**15])
    def test_a_page_larger_than_the_largest_is_the_largest(self, visitor, make_area, limit):
        make_area()
        assert self.items(visitor, f"?limit={limit}")["numberReturned"] == 1

    def test_a_geometry_names_no_system_of_its_own(self, visitor, make_area):
        make_area()
        for number in (2154, 3857, 4326):
            (feature,) = self.items(visitor, f"?crs={CRS}{number}")["features"]
            assert set(feature["geometry"]) == {"type", "coordinates"}

    def test_a_day_or_two_keep_what_was_in_force(self, visitor, make_area):
        from datetime import date

        make_area(code="OLD", valid_to=date(2020, 1, 1), status="superseded")
        make_area(code="NEW", generation=2024, valid_from=date(2024, 1, 1))

        def codes(moment):
            found = self.items(visitor, f"?datetime={moment}")["features"]
            return sorted(feature["properties"]["code"] for feature in found)

        assert codes("2016-01-01") == ["OLD"]
        assert codes("2016-01-01T00:00:00Z/2024-06-01") == ["NEW", "OLD"]
        assert codes("2021-01-01/..") == ["NEW"]
        assert codes("2021-01-01/") == ["NEW"]
        assert codes("../2020-06-01") == codes("/2020-06-01") == ["OLD"]
        assert codes("../..") == ["NEW", "OLD"]

    def test_coordinates_come_in_the_system_and_the_order_asked_for(self, visitor, make_area):
        make_area(shape=square(2.30, 48.85))
        lon_lat = self.items(visitor)["features"][0]["geometry"]["coordinates"][0][0][0]
        lat_lon = self.items(visitor, f"?crs={CRS}4326")
        assert lat_lon["features"][0]["geometry"]["coordinates"][0][0][0] == lon_lat[::-1]
        answer = visitor.get(f"/ogc/collections/qpv/items?crs={CRS}2154")
        assert answer.headers["Content-Crs"] == f"<{CRS}2154>"
        x, y = answer.json()["features"][0]["geometry"]["coordinates"][0][0][0]
        assert 640_000 < x < 660_000
        assert 6_850_000 < y < 6_870_000

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("?bbox=1,2,3", 400),
            ("?bbox=1,4,3,2", 400),
            ("?bbox=", 400),
            ("?bbox=181,2,185,4", 400),
            (f"?bbox=3,2,1,4&bbox-crs={CRS}2154", 400),
            (f"?bbox=4,1,2,3&bbox-crs={CRS}4326", 400),
            ("?limit=-1", 400),
            ("?limit=", 400),
            ("?skipGeometry=banana", 400),
            ("?datetime=", 400),
            ("?datetime=..", 400),
            ("?datetime=2020-01-01/2021-01-01/2022-01-01", 400),
            ("?bbox=nan,1,2,3", 400),
            ("?limit=0", 400),
            ("?limit=ten", 400),
            ("?crs=EPSG:4326", 400),
            ("?datetime=2023-02-30", 400),
            ("?datetime=2024-01-01/2020-01-01", 400),
            ("?f=shp", 400),
            ("?password=1", 400),
            ("?area=x", 400),
            ("?sortby=password", 400),
            ("?properties=geom,name", 400),
            ("?code=%00", 400),
            ("?offset=10", 404),
        ],
    )
    def test_what_means_nothing_is_refused_as_a_problem(self, visitor, make_area, query, status):
        make_area()
        body = self.items(visitor, query, status=status)
        assert body["status"] == status
        assert body["detail"]

    def test_filters_are_values_and_never_sql(self, visitor, make_area):
        make_area(code="QP1", name="L’Haÿ")
        assert len(self.items(visitor, "?name=L’Haÿ")["features"]) == 1
        hostile = "?name=x') OR 1=1; DROP TABLE observatory_perimeter; --"
        assert self.items(visitor, hostile)["features"] == []
        assert len(self.items(visitor)["features"]) == 1

    def test_a_hidden_layer_does_not_exist_here_either(self, visitor, secret_layer):
        for path in ("", "/items", "/items/1", "/schema", "/tiles"):
            assert visitor.get(f"/ogc/collections/drafts{path}").status_code == 404
        assert "drafts" not in visitor.get("/ogc/collections").content.decode()

    def test_a_tile_set_says_where_its_tiles_hold_something(self, visitor, make_area):
        make_area(shape=square(2.30, 48.85))
        make_area(code="QP2", shape=square(-61.53, 16.23))
        base = "/ogc/collections/qpv/tiles/WebMercatorQuad"
        limits = visitor.get(base).json()["tileMatrixSetLimits"]
        assert [told["tileMatrix"] for told in limits] == [str(zoom) for zoom in range(17)]
        for told in limits:
            zoom = int(told["tileMatrix"])
            north_east = place_of(2.31, 48.86, zoom)  # of the first square
            south_west = place_of(-61.53, 16.23, zoom)  # of the second
            assert (told["minTileCol"], told["maxTileRow"]) == (south_west.x, south_west.y)
            assert (told["maxTileCol"], told["minTileRow"]) == (north_east.x, north_east.y)

    def test_an_empty_layer_claims_no_tiles(self, visitor, rules):
        said = visitor.get("/ogc/collections/qpv/tiles/WebMercatorQuad").json()
        assert "tileMatrixSetLimits" not in said
        assert "boundingBox" not in said

    def test_a_tile_is_the_same_at_the_standards_address(self, visitor, make_area):
        make_area()
        place = place_of(2.355, 48.885, 12)
        base = "/ogc/collections/qpv/tiles/WebMercatorQuad"
        answer = visitor.get(f"{base}/{place.z}/{place.y}/{place.x}")
        assert features(answer.content, "qpv") == features(
            visitor.get(place.url("qpv")).content, "qpv"
        )

    def test_a_browser_gets_pages(self, visitor, make_area):
        make_area(name="<b>Goutte</b>")
        for path in ("/ogc/", "/ogc/collections", "/ogc/collections/qpv/items", "/api/"):
            page = visitor.get(path, headers={"accept": "text/html,*/*;q=0.8"})
            assert page.headers["Content-Type"].startswith("text/html")
            assert "<b>Goutte" not in page.content.decode()


@pytest.mark.django_db(transaction=True)
class TestClients:
    @pytest.mark.skipif(not shutil.which("ogr2ogr"), reason="GDAL's programs are not installed")
    def test_gdal_pages_through_a_layer(self, live_server, make_grid, tmp_path):
        make_grid(9, 5)
        target = tmp_path / "cells.geojson"
        subprocess.run(
            ["ogr2ogr", "-f", "GeoJSON", target, f"OAPIF:{live_server.url}/ogc/", "cells",
             "-oo", "PAGE_SIZE=10"],
            check=True, timeout=60,
        )  # fmt: skip
        assert len(json.loads(target.read_text())["features"]) == 45

    def ogr(self, *words):
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "ERROR" not in done.stderr
        return done.stdout

    def taken(self, live_server, folder, layer, *options):
        """Return the codes of what ogr2ogr takes of a layer."""
        target = folder / "taken.geojson"
        address = f"OAPIF:{live_server.url}/ogc/"
        self.ogr("ogr2ogr", "-f", "GeoJSON", str(target), address, layer, *options)
        return [one["properties"]["code"] for one in json.loads(target.read_text())["features"]]

    @pytest.mark.skipif(not shutil.which("ogrinfo"), reason="GDAL's programs are not installed")
    def test_ogrinfo_lists_the_layers_their_fields_and_their_extent(self, live_server, make_area):
        make_area(shape=square(2.30, 48.85))
        source = f"OAPIF:{live_server.url}/ogc/"
        assert "qpv" in self.ogr("ogrinfo", "-ro", source)
        told = self.ogr("ogrinfo", "-ro", "-so", source, "qpv")
        assert "Feature Count: 1" in told
        assert "Extent: (2.300000, 48.850000) - (2.310000, 48.860000)" in told
        for field in ("code: String", "name: String", "generation: Integer", "area: Real"):
            assert field in told

    @pytest.mark.skipif(not shutil.which("ogr2ogr"), reason="GDAL's programs are not installed")
    def test_gdal_keeps_what_a_box_touches_page_after_page(self, live_server, make_area, tmp_path):
        for number in range(30):
            make_area(code=f"QP{number:02}", shape=square(2.0 + number / 50, 48.8))
        box = ("-spat", "2.195", "48.7", "2.405", "48.9")
        codes = set(self.taken(live_server, tmp_path, "qpv", "-oo", "PAGE_SIZE=4", *box))
        assert codes == {f"QP{number:02}" for number in range(10, 21)}

    @pytest.mark.skipif(not shutil.which("ogr2ogr"), reason="GDAL's programs are not installed")
    def test_gdal_keeps_what_a_condition_names(self, live_server, make_area, tmp_path):
        """It asks for the description of the API first, to see what it may ask the server for."""
        for number in range(3):
            make_area(code=f"QP{number:02}", shape=square(2.0 + number / 50, 48.8))
        codes = self.taken(live_server, tmp_path, "qpv", "-where", "code = 'QP01'")
        assert codes == ["QP01"]

    def test_the_description_is_served_as_the_type_that_the_landing_page_names(self, visitor):
        links = {one["rel"]: one for one in visitor.get("/ogc/").json()["links"]}
        told = links["service-desc"]
        for asked in (told["type"], "*/*", f"{told['type']}, application/json"):
            answer = visitor.get(told["href"], headers={"accept": asked})
            assert answer.headers["Content-Type"] == told["type"]
            assert answer.json()["openapi"].startswith("3.0")
        plain = visitor.get(told["href"], headers={"accept": "application/json"})
        assert plain.headers["Content-Type"] == "application/json"

    @pytest.mark.parametrize("srid", [2154, 3035])
    def test_gdal_asks_for_a_system_and_gets_it_right_way_round(
        self, live_server, make_grid, tmp_path, srid
    ):
        """By a newer GDAL than Debian's, which can choose: pyogrio's own, as another program."""
        make_grid(2, 2)
        target, program = tmp_path / "cells.gpkg", "import sys, geopandas as g; "
        program += "g.read_file(sys.argv[1], layer='cells', CRS=sys.argv[2], PAGE_SIZE=3)"
        program += ".to_file(sys.argv[3])"
        address = f"OAPIF:{live_server.url}/ogc/"
        self.ogr(sys.executable, "-c", program, address, f"EPSG:{srid}", str(target))
        read = gpd.read_file(target)
        assert read.crs.to_epsg() == srid
        corners = [(c.east, c.north, c.east + 200, c.north + 200) for c in Cell.objects.all()]
        stored = gpd.GeoSeries([shapely.box(*corner) for corner in corners], crs=3035)
        bounds = read.to_crs(3035).total_bounds
        assert bounds == pytest.approx(stored.total_bounds, abs=0.5)
        assert len(read) == 4

    @pytest.mark.skipif(not shutil.which("ogr2ogr"), reason="GDAL's programs are not installed")
    def test_gdal_reads_points_and_figures_as_well(self, live_server, make_area, source):
        Facility.objects.create(
            source=under_terms(source),
            key="1",
            name="École",
            category="school",
            geom=Point(2.35, 48.88),
        )
        make_area()
        for layer, kind in (("facilities", "Point"), ("figures_qpv", "MultiPolygon")):
            address = f"OAPIF:{live_server.url}/ogc/"
            told = self.ogr("ogrinfo", "-ro", address, layer)
            assert "Feature Count: 1" in told
            assert f"  {kind.upper()} (" in told

    def test_owslib_follows_pages_boxes_and_single_features(self, live_server, make_area):
        made = [make_area(code=f"QP{n}", shape=square(2.0 + n / 10, 48.8)).pk for n in range(6)]
        client = Features(f"{live_server.url}/ogc/")
        assert {"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"} <= {
            *client.conformance()["conformsTo"]
        }
        page = client.collection_items("qpv", limit=4)
        assert page["numberMatched"] == 6
        assert any(link["rel"] == "next" for link in page["links"])
        found = client.collection_items("qpv", bbox=[2.05, 48.7, 2.25, 48.9])
        assert {feature["id"] for feature in found["features"]} == set(made[1:3])
        one = client.collection_item("qpv", str(made[3]))
        assert one["properties"]["code"] == "QP3"

    def test_owslib_finds_layers_and_features(self, live_server, make_area):
        make_area(name="Goutte d’Or")
        client = Features(f"{live_server.url}/ogc/")
        assert "qpv" in client.feature_collections()
        found = client.collection_items("qpv", limit=5)
        assert found["features"][0]["properties"]["name"] == "Goutte d’Or"
