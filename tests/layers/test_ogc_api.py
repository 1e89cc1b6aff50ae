"""QGIS, GDAL and notebooks take layers from /ogc/ by the standard alone."""

import json
import shutil
import subprocess

import pytest
from owslib.ogcapi.features import Features

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
            ("?bbox=3,2,1,4", 400),
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

    def test_owslib_finds_layers_and_features(self, live_server, make_area):
        make_area(name="Goutte d’Or")
        client = Features(f"{live_server.url}/ogc/")
        assert "qpv" in client.feature_collections()
        found = client.collection_items("qpv", limit=5)
        assert found["features"][0]["properties"]["name"] == "Goutte d’Or"
