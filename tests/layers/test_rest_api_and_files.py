"""Layers, territories and files by plain addresses, with one set of rights."""

import csv
import io
import json
import zipfile

import geopandas as gpd
import openpyxl
import pyarrow.parquet as pq
import pyogrio
import pytest

from layers.api.exports import OF_PAGES
from layers.exports import files
from observatory.models import Perimeter, Source
from observatory.spreadsheets import harmless
from tests.layers.places import square

pytestmark = pytest.mark.django_db


def got(client, address, status=200):
    answer = client.get(address)
    assert answer.status_code == status
    return answer


def whole(answer):
    return b"".join(answer.streaming_content)


def test_layers_territories_and_zones_are_given_as_geojson(visitor, make_area, make_zones):
    make_area(name="Goutte d’Or")
    make_zones([square()])
    for address, name in (
        ("/api/layers/qpv/", "Goutte d’Or"),
        ("/api/territories/?level=qpv", "Goutte d’Or"),
        ("/api/zones/", "Zone 1"),
    ):
        body = got(visitor, address).json()
        assert body["type"] == "FeatureCollection"
        (feature,) = body["features"]
        assert feature["properties"]["name"] == name
        assert feature["geometry"]["type"] == "MultiPolygon"


def test_drafts_are_no_territories_for_the_public(visitor, make_area):
    make_area(status="negotiation")
    assert got(visitor, "/api/territories/").json()["features"] == []


def test_fields_order_pages_and_coordinates_are_chosen(visitor, make_area):
    for number in range(3):
        make_area(code=f"QP{number}", name=f"N{number}")
    query = "?ordering=-name&fields=name&crs=2154&limit=2"
    for path in ("/api/layers/qpv/", "/api/territories/"):
        body = got(visitor, path + query).json()
        assert [f["properties"] for f in body["features"]] == [{"name": "N2"}, {"name": "N1"}]
        assert body["features"][0]["geometry"]["coordinates"][0][0][0][0] > 600_000
        rest = got(visitor, body["next"]).json()
        assert [f["properties"]["name"] for f in rest["features"]] == ["N0"]
        assert rest["next"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?level=planet", 400),
        ("?date=2023-02-29", 400),
        ("?bbox=a", 400),
        ("?crs=9999", 400),
        ("?fields=geom", 400),
        ("?ordering=password", 400),
        ("?password=x", 400),
        ("?offset=5", 404),
    ],
)
def test_nonsense_is_refused_as_a_problem(visitor, make_area, query, status):
    make_area()
    answer = got(visitor, f"/api/territories/{query}", status)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/api/layers/qpv/", "/api/territories/", "/api/zones/"])
def test_a_place_is_given_in_any_system_served(visitor, make_area, make_zones, path):
    for shape in (square(2.35, 48.85), square(2.45, 48.85)):
        make_area(code=f"QP{shape.centroid.x:.3f}", shape=shape)
    make_zones([square(2.35, 48.85), square(2.45, 48.85)])
    for box in ("2.34,48.84,2.37,48.87", "261000,6248000,263500,6251500&bbox-crs=3857",
                "651500,6859500,653900,6862800&bbox-crs=EPSG:2154"):  # fmt: skip
        (found,) = got(visitor, f"{path}?bbox={box}").json()["features"]
        west = min(corner[0] for corner in found["geometry"]["coordinates"][0][0])
        assert west == pytest.approx(2.35)
    got(visitor, f"{path}?bbox=1,2,3,4&bbox-crs=9999", 400)
    got(visitor, f"{path}?bbox=", 400)
    got(visitor, f"{path}?limit=0", 400)
    assert got(visitor, f"{path}?limit=99999999999999").json()["numberReturned"] == 2


def test_rows_without_a_place_know_no_bbox(visitor, rules):
    for query in ("bbox=2,48,3,49", "bbox-crs=2154"):
        got(visitor, f"/api/observations/?{query}", 400)


def test_a_polygon_of_ten_thousand_points_is_refused(visitor, rules):
    ring = ", ".join(f"{2 + i / 1e5} {48 + (i % 2) / 1e3}" for i in range(10_000))
    answer = got(visitor, f"/api/layers/qpv/?intersects=POLYGON (({ring}, 2 48))", 400)
    assert "1000" in answer.json()["detail"]


def test_the_openapi_document_describes_every_part(visitor, rules):
    paths = got(visitor, "/api/schema").json()["paths"]
    assert {"/api/layers/{name}/", "/api/territories/", "/ogc/collections/{name}/items"} <= set(
        paths
    )


OURS = ("/api/layers/", "/api/territories/", "/api/zones/", "/api/observations/", "/ogc/")


def questions_of(operation):
    """Yield the query strings an operation's description gives as examples, and each choice."""
    given = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    yield {}
    for one in given:
        for example in one.get("examples", {}).values():
            yield {one["name"]: example["value"]}
        for choice in one["schema"].get("enum", ()):
            yield {one["name"]: choice}
    firsts = [(one, next(iter(one.get("examples", {}).values()), None)) for one in given]
    yield {one["name"]: example["value"] for one, example in firsts if example}


def test_every_example_of_the_description_is_answered_as_it_says(
    visitor, make_area, make_zones, settings
):
    settings.API_RATES = dict.fromkeys(settings.API_RATES, "")
    quarter = make_area(code="QP075011")
    make_zones([square(), square(2.352, 48.882, 0.002)])
    places = {"name": "qpv", "z": 12, "row": 1408, "column": 2074, "fid": quarter.pk}
    wrong, asked = [], 0
    for path, operations in got(visitor, "/api/schema").json()["paths"].items():
        if not path.startswith(OURS):
            continue
        declared = {form.split(";")[0] for form in operations["get"]["responses"]["200"]["content"]}
        extensions = files.FORMATS if "{extension}" in path else [""]
        for address in [path.format(**places, extension=one) for one in extensions]:
            for question in questions_of(operations["get"]):
                answer = visitor.get(address, question)
                asked += 1
                form = answer.headers["Content-Type"].split(";")[0]
                if answer.status_code != 200 or form not in declared:
                    wrong.append((address, question, answer.status_code, form))
                if answer.streaming:
                    whole(answer)
    assert wrong == []
    assert asked > 100


@pytest.mark.parametrize("query", ["?format=yaml", "?format=xml"])
def test_a_form_the_description_has_not_is_refused_as_a_problem(visitor, rules, query):
    answer = got(visitor, f"/api/schema{query}", 404)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def test_what_writes_to_the_description_is_refused_as_a_problem(visitor, rules):
    answer = visitor.post("/api/schema")
    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_hidden_layer_is_hidden_from_the_api_and_from_files(visitor, secret_layer):
    for path in ("", "1", "export.csv", "export.gpkg"):
        got(visitor, f"/api/layers/drafts/{path}", 404)


class TestFiles:
    @pytest.fixture(autouse=True)
    def _two_quarters(self, make_area):
        make_area(code="QP1", name='=cmd|" /C calc"!A0', facts={"population": 1000})
        make_area(code="QP2", name="Goutte d’Or", shape=square(2.5, 48.8))

    def file(self, visitor, tmp_path, extension, query=""):
        path = tmp_path / f"file.{extension}"
        path.write_bytes(whole(got(visitor, f"/api/layers/qpv/export.{extension}{query}")))
        return path

    def test_geojson(self, visitor, tmp_path):
        read = json.loads(self.file(visitor, tmp_path, "geojson").read_text())
        assert {f["properties"]["code"] for f in read["features"]} == {"QP1", "QP2"}
        assert read["metadonnees"]["Source"].startswith("INSEE")

    @pytest.mark.parametrize("extension", ["geojson", "parquet"])
    def test_every_source_of_a_file_is_named(self, visitor, tmp_path, extension):
        other = Source.objects.create(code="autre", title="Autre", producer="Ville", vintage="2024")
        Perimeter.objects.filter(territory__code="QP2").update(source=other)
        path = self.file(visitor, tmp_path, extension)
        if extension == "geojson":
            about = json.loads(path.read_text())["metadonnees"]
        else:
            about = json.loads(pq.read_schema(path).metadata[b"metadonnees"])
        told = about["Source"].split("\n")
        assert sorted(line.split(", ")[0] for line in told) == ["INSEE", "Ville"]

    def test_csv_holds_no_formula_and_says_where_it_comes_from(self, visitor, tmp_path):
        with zipfile.ZipFile(self.file(visitor, tmp_path, "csv")) as archive:
            rows = list(csv.DictReader(io.StringIO(archive.read("qpv.csv").decode())))
            about = archive.read("metadonnees.csv").decode()
        assert [row["name"][:5] for row in rows] == ["'=cmd", "Goutt"]
        assert rows[0]["population"] == "1000.0"
        assert rows[1]["population"] == ""
        assert "INSEE" in about

    def test_xlsx_holds_no_formula_and_a_metadata_sheet(self, visitor, tmp_path):
        book = openpyxl.load_workbook(self.file(visitor, tmp_path, "xlsx"))
        assert book.sheetnames == ["qpv", "metadonnees"]
        cells = [cell for row in book["qpv"].iter_rows() for cell in row]
        assert not any(cell.data_type == "f" for cell in cells)

    def test_a_worksheet_that_would_overflow_is_refused(self, visitor, monkeypatch):
        monkeypatch.setattr(files, "MOST_XLSX_ROWS", 1)
        detail = got(visitor, "/api/layers/qpv/export.xlsx", 400).json()["detail"]
        assert "gpkg" in detail

    @pytest.mark.parametrize("extension", ["gpkg", "parquet"])
    def test_gis_files_keep_names_shapes_and_system(self, visitor, tmp_path, extension):
        path = self.file(visitor, tmp_path, extension, "?crs=2154")
        read = gpd.read_parquet(path) if extension == "parquet" else gpd.read_file(path)
        assert read.crs.to_epsg() == 2154
        assert set(read["code"]) == {"QP1", "QP2"}
        assert read.geometry.is_valid.all()
        if extension == "gpkg":
            assert "metadonnees" in pyogrio.list_layers(path)[:, 0]

    @pytest.mark.parametrize("extension", sorted(files.FORMATS))
    @pytest.mark.parametrize(
        "name", ["limit", "offset", "after", "skipGeometry", "f", "format", "colour"]
    )
    def test_what_a_file_would_not_follow_is_refused_in_words(self, visitor, extension, name):
        for value in ("1", "true", ""):
            answer = got(visitor, f"/api/layers/qpv/export.{extension}?{name}={value}", 400)
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert f"'{name}' is n" in answer.json()["detail"]

    def test_all_that_the_description_says_of_files_is_followed(self, visitor):
        described = got(visitor, "/api/schema").json()["paths"]
        told = described["/api/layers/{name}/export.{extension}"]["get"]["parameters"]
        asked = {one["name"] for one in told if one["in"] == "query"}
        assert asked
        assert not asked & set(OF_PAGES)
        query = "?bbox=2.45,48.7,2.6,48.9&ordering=-name&fields=name&crs=2154&bbox-crs=4326"
        body = json.loads(whole(got(visitor, f"/api/layers/qpv/export.geojson{query}")))
        assert [f["properties"] for f in body["features"]] == [{"name": "Goutte d’Or"}]
        assert body["features"][0]["geometry"]["coordinates"][0][0][0][0] > 600_000

    def test_a_filter_narrows_every_format(self, visitor, tmp_path):
        read = json.loads(self.file(visitor, tmp_path, "geojson", "?code=QP2").read_text())
        assert [f["properties"]["code"] for f in read["features"]] == ["QP2"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1"])
def test_what_a_spreadsheet_would_run_is_quoted(text):
    assert harmless(text) == f"'{text}"


def test_numbers_and_plain_names_stay_as_they_are():
    assert harmless(-3.5) == -3.5
    assert harmless("Goutte d’Or") == "Goutte d’Or"
