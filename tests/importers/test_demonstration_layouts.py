"""The demonstration's files have the layouts real producers deliver, column for column."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
from pathlib import Path

import pandas as pd
import pyogrio
import pytest

from tests.importers.test_demonstration import Demonstration, open_demonstration


@pytest.fixture(scope="module")
def demo() -> Demonstration:
    return open_demonstration()


def header(path: Path, separator: str = ",") -> list[str]:
    return list(pd.read_csv(path, sep=separator, nrows=0).columns)


def feature_keys(path: Path) -> set[str]:
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return set().union(*(feature["properties"] for feature in features))


@pytest.mark.real_data
def test_the_grid_has_the_real_files_columns(demo: Demonstration, real_data: Path) -> None:
    real = header(real_data / "grid/carreaux_200m_paris_2021.csv")
    assert header(demo.folder / "grid/carreaux_200m_demonstration_2021.csv") == real


@pytest.mark.real_data
def test_addresses_have_bans_columns(demo: Demonstration, real_data: Path) -> None:
    real = header(real_data / "addresses/adresses-75.csv.gz", ";")
    for file in sorted((demo.folder / "addresses").glob("*.gz")):
        assert header(file, ";") == real


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["paris_arrondissements", "paris_quartier_paris"])
def test_city_boundaries_have_the_citys_properties(
    demo: Demonstration, real_data: Path, name: str
) -> None:
    path = f"boundaries/{name}.geojson"
    assert feature_keys(demo.folder / path) >= feature_keys(real_data / path)


@pytest.mark.real_data
def test_communes_have_the_real_properties(demo: Demonstration, real_data: Path) -> None:
    real = feature_keys(real_data / "boundaries/communes-94-val-de-marne.geojson")
    for file in sorted((demo.folder / "boundaries").glob("communes-*.geojson")):
        assert feature_keys(file) == real


@pytest.mark.real_data
def test_iris_have_igns_columns(demo: Demonstration, real_data: Path) -> None:
    real = pyogrio.read_info(real_data / "boundaries/iris_ge_paris_2025.gpkg", layer="iris")
    mine = pyogrio.read_info(demo.folder / "boundaries/iris_ge_demonstration_2025.geojson")
    assert list(mine["fields"]) == list(real["fields"])


@pytest.mark.real_data
def test_schools_have_the_directorys_columns(demo: Demonstration, real_data: Path) -> None:
    real = pd.read_csv(real_data / "facilities/ecoles_94_annuaire_education.csv")
    mine = pd.read_csv(demo.folder / "facilities/ecoles_demonstration.csv")
    assert list(mine.columns) == list(real.columns)
    column = "Appartenance_Education_Prioritaire"
    assert set(mine[column].dropna()) == set(real[column].dropna())


@pytest.mark.real_data
def test_libraries_have_openstreetmaps_properties(demo: Demonstration, real_data: Path) -> None:
    real = json.loads((real_data / "facilities/osm_libraries_paris.geojson").read_text())
    common = set.intersection(*(set(f["properties"]) for f in real["features"]))
    assert feature_keys(demo.folder / "facilities/bibliotheques_demonstration.geojson") >= common


@pytest.mark.real_data
def test_quarters_come_as_the_producers_zip(demo: Demonstration, real_data: Path) -> None:
    name = "perimeters/qp-politiquedelaville-shp.zip"
    real = f"/vsizip/{real_data / name}"
    mine = f"/vsizip/{demo.folder / name}"
    layers = [str(layer) for layer, _ in pyogrio.list_layers(mine)]
    assert set(layers) <= {str(layer) for layer, _ in pyogrio.list_layers(real)}
    for layer in layers:
        ours, theirs = (pyogrio.read_info(z, layer=layer) for z in (mine, real))
        assert list(ours["fields"]) == list(theirs["fields"])
    entries = zipfile.ZipFile(real_data / name).namelist()
    assert set(zipfile.ZipFile(demo.folder / name).namelist()) <= set(entries)


def test_tables_of_shapefiles_say_latin_1_by_their_header_only(demo: Demonstration) -> None:
    archive = zipfile.ZipFile(demo.folder / "perimeters/qp-politiquedelaville-shp.zip")
    table = archive.read("QP_METROPOLE_LB93.dbf")
    assert table[29] == 0x57
    assert "Bédier-Boutroux".encode("latin-1") in table
    assert not any(name.endswith(".cpg") for name in archive.namelist())


def test_archives_bear_fixed_dates(demo: Demonstration) -> None:
    archive = zipfile.ZipFile(demo.folder / "perimeters/qp-politiquedelaville-shp.zip")
    assert {entry.date_time[0] for entry in archive.infolist()} == {2015}
    raw = (demo.folder / "addresses/adresses-75.csv.gz").read_bytes()
    assert struct.unpack("<I", raw[4:8]) == (0,)
    text = gzip.decompress(raw).decode("utf-8")
    assert text.startswith("id;id_fantoir;numero;rep;nom_voie;")


def test_codes_are_those_of_their_level(demo: Demonstration) -> None:
    def properties(path: str) -> pd.DataFrame:
        features = json.loads((demo.folder / path).read_text(encoding="utf-8"))["features"]
        return pd.DataFrame([feature["properties"] for feature in features])

    arrondissements = properties("boundaries/paris_arrondissements.geojson")
    assert sorted(arrondissements.c_arinsee) == list(range(75101, 75121))
    assert set(arrondissements.l_ar) >= {"1er Ardt", "2ème Ardt", "20ème Ardt"}
    iris = properties("boundaries/iris_ge_demonstration_2025.geojson")
    assert iris.code_iris.is_unique
    assert (iris.code_iris == iris.code_insee + iris.iris).all()
    assert (iris.cleabs == "IRIS____" + iris.code_iris.str.zfill(16)).all()
    assert set(iris.type_iris) <= {"H", "A", "D"}


def test_quarters_bear_their_published_names(demo: Demonstration) -> None:
    assert demo.quarters.NOM_QP["QP075005"] == "Jeanne d'Arc-Clisson"
    assert demo.quarters.COMMUNE_QP["QP075013"] == "Paris 18ème et 19ème arrondissements"
    assert demo.quarters.COMMUNE_QP["QP075020"] == "Paris 10ème, 11ème et 20ème arrondissements"
    listed = pd.read_csv(demo.folder / "quarters_list/quartiers_2015.csv", sep=";")
    assert listed.population.sum() == 150_460
    assert listed.set_index("code").nom.to_dict() == demo.quarters.NOM_QP.to_dict()


def test_published_cells_withhold_nothing_they_should_tell(demo: Demonstration) -> None:
    cells = pd.read_csv(demo.folder / "grid/carreaux_200m_demonstration_2021.csv")
    assert cells.idcar_200m.is_unique
    assert cells.ind.sum() == demo.households.persons.sum()
    assert (cells.men_pauv <= 0.8 * cells.men + 0.15).all()
    ages = cells.filter(regex=r"^ind_(?!snv)").sum(axis=1)
    assert (ages - cells.ind).abs().max() < 0.2


def test_records_have_the_engines_columns(demo: Demonstration) -> None:
    from carroyage.households import BUILT, DWELLINGS, REQUIRED, TENURES

    homes = demo.households
    assert set(REQUIRED) <= set(homes.columns)
    assert {"address_id", "single_parent", "urban_unit"} <= set(homes.columns)
    assert set(homes.tenure.unique()) == set(TENURES)
    assert set(homes.dwelling.unique()) == set(DWELLINGS)
    assert set(homes.built.unique()) == set(BUILT)
