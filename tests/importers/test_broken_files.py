"""Wrong files: each is refused in words that say what to do, and nothing of it is stored."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from pathlib import Path

import pytest
import shapely

from importers import files
from importers.text import text_format
from tests.importers.makers import (
    as_csv,
    ban_csv,
    frame,
    geojson,
    grid_csv,
    grid_row,
    qpv_zip,
    quarter,
    raw_geojson,
    shapefile_zip,
    square,
)

pytestmark = pytest.mark.django_db


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


CSV = as_csv([grid_row(0), grid_row(1)]).encode()

BROKEN_TABLES = {
    "empty": ("c.csv", b"", ["c.csv is empty", "Download or export it again"]),
    "blanks only": ("c.csv", b"\n \n\n", ["holds nothing but blanks"]),
    "header only": ("c.csv", CSV.split(b"\n")[0] + b"\n", ["has a header and no row"]),
    "web page": (
        "c.csv",
        b"<!DOCTYPE html>\n<html><body>Erreur 404</body></html>",
        ["c.csv is a web page (HTML), not data", "open it in a browser"],
    ),
    "web page behind blanks": ("c.csv", b"\n\n  <html lang='fr'>", ["is a web page (HTML)"]),
    "xml": ("c.csv", b"<?xml version='1.0'?><error/>", ["is an XML document"]),
    "pdf": ("c.csv", b"%PDF-1.7 ...", ["is a PDF document"]),
    "old excel": ("c.csv", b"\xd0\xcf\x11\xe0" + b"\0" * 40, ["old Excel", "save it as CSV"]),
    "7z": ("c.csv", b"7z\xbc\xaf\x27\x1c" + b"\0" * 40, ["7-Zip", "Unpack it first"]),
    "lfs pointer": (
        "c.csv",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n",
        ["Git LFS pointer", "git lfs pull"],
    ),
    "null bytes": (
        "c.csv",
        CSV[:-20] + b"\0" + CSV[-20:],
        ["holds null bytes (first in line 3)", "export it as CSV UTF-8"],
    ),
    "null signs in UTF-16": (
        "c.csv",
        (CSV[:-20] + b"\0" + CSV[-20:]).decode().encode("utf-16"),
        ["holds null bytes (first in line 3)", "export it as CSV UTF-8"],
    ),
    "mixed encodings": (
        "c.csv",
        b"idcar_200m,nom\n" + "1,été\n2,Hôtel\n".encode() + "3,Créteil\n".encode("latin-1"),
        ["mixes encodings: it reads as UTF-8, except line 4", "save each as UTF-8"],
    ),
    "mixed encodings, the other way": (
        "c.csv",
        b"idcar_200m,nom\n" + "1,été\n2,Hôtel\n".encode("cp1252") + "3,Créteil\n".encode(),
        ["it reads as cp1252, except line 4"],
    ),
    "same column twice": (
        "c.csv",
        b"idcar_200m,ind,ind\n1,2,3\n",
        ["several columns called ind", "Keep one of each"],
    ),
    "broken utf-16": (
        "c.csv",
        "idcar_200m,ind\n".encode("utf-16") + b"\xd8",
        ["cannot be read as UTF-16 (line 2)", "choosing the encoding UTF-8"],
    ),
    "truncated gz": (
        "c.csv.gz",
        gzip.compress(CSV * 50)[:-40],
        ["is a truncated or damaged gz file", "compare the sizes"],
    ),
    "not a gz at all": ("c.csv.gz", CSV, ["is a truncated or damaged gz file"]),
    "gz of a web page": ("c.csv.gz", gzip.compress(b"<html></html>"), ["web page (HTML)"]),
    "parquet cut short": ("c.parquet", b"PAR1" + b"\x01" * 200, ["its Parquet footer is missing"]),
    "csv named parquet": ("c.parquet", CSV, ["its content is not a Parquet file"]),
    "parquet named csv": ("c.csv", b"PAR1" + b"\x01" * 20, ["really a Parquet file", ".parquet"]),
    "json error named csv": (
        "c.csv",
        b'{"error": "not found"}',
        ["really a GeoJSON document", "Rename it"],
    ),
}


@pytest.mark.parametrize("case", BROKEN_TABLES)
def test_a_broken_table_is_refused_in_words(refused, tmp_path, case):
    name, content, words = BROKEN_TABLES[case]
    said = refused("grid", _write(tmp_path / name, content))
    for word in words:
        assert word in said


def test_a_missing_file_is_told_and_never_looked_for_elsewhere(refused, tmp_path):
    said = refused("grid", tmp_path / "nowhere.csv")
    assert "There is no file called" in said
    said = refused("grid", Path("https://example.org/grid.csv"))
    assert "only files of this machine are opened, never addresses" in said
    said = refused("perimeters", Path("/vsicurl/https://example.org/qp.zip"))
    assert "There is no file called" in said


def test_a_folder_in_the_place_of_a_file_is_told(refused, tmp_path):
    said = refused("grid", tmp_path)
    assert "is a folder, not a file" in said
    assert "observatory load folder" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(refused, tmp_path):
    path = grid_csv(tmp_path / "c.csv")
    path.chmod(0)
    assert "may not be read by this account" in refused("grid", path)


def test_permission_is_asked_before_anything_is_read(monkeypatch, tmp_path):
    """Root may read everything: the refusal itself is checked without the system's help."""
    path = grid_csv(tmp_path / "c.csv")

    def forbidden(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(files.errors.NotAllowedToRead) as caught:
        files.local_file(path)
    assert "chmod u+r" in caught.value.advice


# -- archives ------------------------------------------------------------------------------


def test_a_truncated_zip_is_refused(refused, tmp_path):
    whole = qpv_zip(tmp_path / "whole.zip", {"QP075001": square()})
    path = _write(tmp_path / "qp.zip", whole.read_bytes()[:-300])
    said = refused("perimeters", path)
    assert "qp.zip is a truncated or damaged zip file" in said


def test_a_zip_damaged_inside_is_refused(refused, tmp_path):
    content = bytearray(qpv_zip(tmp_path / "whole.zip", {"QP075001": square()}).read_bytes())
    content[60:90] = b"\xff" * 30
    assert "damaged zip" in refused("perimeters", _write(tmp_path / "qp.zip", bytes(content)))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(refused, tmp_path):
    path = tmp_path / "qp.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("QP.shp", b"\0" * (30 << 20))
    said = refused("perimeters", path)
    assert "a zip bomb" in said
    assert "Unpack it yourself" in said


def test_a_gzip_bomb_is_refused(refused, tmp_path):
    bomb = gzip.compress(b"idcar_200m,ind\n" + b"1,2\n" * (8 << 20))
    said = refused("grid", _write(tmp_path / "c.csv.gz", bomb))
    assert "swells without end (a gzip bomb)" in said


@pytest.mark.parametrize("name", ["../escape.shp", "/etc/escape.shp", "a/../../escape.shp"])
def test_a_zip_that_would_write_elsewhere_is_refused(refused, tmp_path, name):
    path = tmp_path / "qp.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"x")
    assert "a path that leaves its own folder" in refused("perimeters", path)
    assert not (tmp_path.parent / "escape.shp").exists()


def test_a_zip_with_a_password_is_refused(refused, tmp_path):
    path = tmp_path / "qp.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("QP.shp", b"x" * 50)
    content = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    assert "protected by a password" in refused("perimeters", _write(path, bytes(content)))


def test_a_zip_of_documents_says_what_it_holds(refused, tmp_path):
    path = tmp_path / "qp.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notice.pdf", b"%PDF")
    assert "it holds notice.pdf" in refused("perimeters", path)


def test_a_spreadsheet_is_recognised_behind_its_zip(refused, tmp_path):
    path = tmp_path / "c.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
    said = refused("grid", path)
    assert "an Excel workbook" in said
    assert "save it as CSV" in said


def test_a_shapefile_without_its_table_is_refused(refused, tmp_path):
    whole = qpv_zip(tmp_path / "whole.zip", {"QP075001": square()})
    path = tmp_path / "qp.zip"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            if not name.endswith(".dbf"):
                target.writestr(name, source.read(name))
    assert "lacks its .dbf part" in refused("perimeters", path)


# -- shapes and their systems --------------------------------------------------------------


def test_shapes_without_a_system_are_refused_with_the_option_to_give_it(refused, bring, tmp_path):
    layer = frame([quarter("QP075001")], [square()], crs=None)
    path = shapefile_zip(tmp_path / "qp.zip", {"QP": layer})
    said = refused("perimeters", path)
    assert "QP does not say its coordinate system (no .prj file)" in said
    assert "--crs EPSG:2154" in said
    assert bring("perimeters", path, crs="EPSG:2154").report.kept == 1


def test_lambert_coordinates_declared_as_degrees_are_recognised(refused, tmp_path):
    path = raw_geojson(tmp_path / "qp.geojson", [(quarter("QP075001"), square())])
    said = refused("perimeters", path)
    assert "is declared in EPSG:4326" in said
    assert "its coordinates (653200, 6.8592e+06) are not there" in said
    assert "They look like EPSG:2154" in said


def test_latitude_before_longitude_is_recognised(refused, tmp_path):
    swapped = shapely.box(48.83, 2.34, 48.84, 2.35)
    path = raw_geojson(tmp_path / "qp.geojson", [(quarter("QP075001"), swapped)])
    said = refused("perimeters", path)
    assert "has latitude and longitude swapped" in said
    assert "Write longitude first" in said


def test_coordinates_of_no_known_system_ask_for_it(refused, tmp_path):
    nowhere = shapely.box(12.0, 3.0, 12.1, 3.1)
    path = raw_geojson(tmp_path / "qp.geojson", [(quarter("QP075001"), nowhere)])
    assert "Ask the producer for the coordinate system" in refused("perimeters", path)


def test_an_unknown_system_given_by_option_is_told(refused, tmp_path):
    path = geojson(tmp_path / "qp.geojson", [quarter("QP075001")], [square()])
    assert "is no coordinate system" in refused("perimeters", path, crs="Lambert")


def test_truncated_geojson_is_refused_with_the_place(refused, tmp_path):
    path = geojson(tmp_path / "qp.geojson", [quarter("QP075001")], [square()])
    path.write_bytes(path.read_bytes()[:-30])
    said = refused("perimeters", path)
    assert "it is not whole GeoJSON" in said
    assert "line 1 column" in said


def test_json_that_is_not_geojson_is_refused(refused, tmp_path):
    path = _write(tmp_path / "qp.geojson", json.dumps({"error": "quota"}).encode())
    said = refused("perimeters", path)
    assert "JSON, but not GeoJSON" in said
    assert "error message" in said


def test_an_empty_collection_is_refused(refused, tmp_path):
    assert "no feature" in refused("perimeters", raw_geojson(tmp_path / "qp.geojson", []))


def test_points_in_the_place_of_areas_are_refused_row_by_row(refused, tmp_path):
    point = shapely.Point(2.35, 48.83)
    path = raw_geojson(tmp_path / "qp.geojson", [(quarter("QP075001"), point)])
    said = refused("perimeters", path)
    assert "a Point is not an area" in said
    assert "feature 1" in said


def test_a_table_in_the_place_of_areas_is_refused(refused, tmp_path):
    assert "a table without shapes" in refused("perimeters", grid_csv(tmp_path / "c.csv"))


def test_a_damaged_geopackage_is_refused(refused, tmp_path):
    path = _write(tmp_path / "iris.gpkg", b"SQLite format 3\x00" + b"\0" * 4000)
    assert "iris.gpkg cannot be read" in refused("iris", path)


# -- addresses -----------------------------------------------------------------------------


def test_an_address_file_without_coordinates_names_the_missing_columns(refused, tmp_path):
    path = ban_csv(tmp_path / "a.csv", [{"id": "1", "numero": "2", "nom_voie": "Rue X"}])
    said = refused("addresses", path)
    assert "lacks the column(s) code_postal, code_insee, nom_commune, lon, lat" in said


# -- texts that are odd but right ----------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("latin-1", "cp1252"),
        ("cp1252", "cp1252"),
        ("utf-16", "utf-16"),
        ("mac_roman", "mac_roman"),
        ("cp850", "cp850"),
    ],
)
def test_the_encoding_of_a_whole_file_is_found(tmp_path, encoding, found):
    text = "id;nom\n1;Évry - l'Haÿ, Hôtel de Ville, à côté\n2;Créteil, Nîmes, Besançon\n"
    path = _write(tmp_path / "c.csv", text.encode(encoding))
    with files.opened(path) as file:
        form = text_format(file)
    assert (form.encoding, form.separator, form.header) == (found, ";", ("id", "nom"))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_even_when_values_hold_others(tmp_path, separator):
    rows = separator.join(["id", "nom", "prix"]) + "\n"
    rows += separator.join(["1", '"un; deux, trois | quatre"', '"4,5"']) + "\n"
    with files.opened(_write(tmp_path / "c.csv", rows.encode())) as file:
        assert text_format(file).separator == separator


def test_names_in_every_encoding_reach_the_database_alike(bring, tmp_path):
    from observatory.models import Address
    from tests.importers.makers import address

    rows = [address(1, nom_voie="Rue de l'Évangile"), address(2, nom_voie="Allée d'Été")]
    for number, encoding in enumerate(("utf-8", "cp1252", "utf-16")):
        path = tmp_path / f"a{number}.csv"
        path.write_bytes(as_csv(rows, ";").encode(encoding))
        bring("addresses", path)
        streets = set(Address.objects.values_list("street", flat=True))
        assert streets == {"Rue de l'Évangile", "Allée d'Été"}
