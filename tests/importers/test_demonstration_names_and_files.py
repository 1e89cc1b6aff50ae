"""The names and files of the demonstration: written as their producers write them."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from importers.demonstration import files, naming
from importers.demonstration.addresses import address_ids
from importers.demonstration.facts import BY_CODE, QUARTERS, Quarter


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Rue de l'Évangile", "RUE DE L EVANGILE"),
        ("Rue Mercœur", "RUE MERCOEUR"),
        ("Boulevard Saint-Éloi", "BOULEVARD SAINT ELOI"),
        ("L'Haÿe-Blanche", "L HAYE BLANCHE"),
    ],
)
def test_the_posts_spelling_drops_accents(written: str, expected: str) -> None:
    assert naming.ascii_upper(written) == expected


def test_towns_are_written_as_in_ban() -> None:
    assert naming.town_of("75101").name == "Paris 1er Arrondissement"
    assert naming.town_of("75116").postcode == "75016"
    assert naming.town_of("93903").delivery == "PRE L EVEQUE"
    assert naming.ordinal_fr(13) == "13ème"


def test_street_names_are_unique_in_the_city() -> None:
    kinds = ["street", "lane", "avenue", "ring", "river", "main"] * 500
    doors = pd.DataFrame({"street": range(3_000), "insee": ["75111"] * 3_000})
    names = naming.name_streets(kinds, doors, np.random.default_rng(4))
    assert len(set(names)) == 3_000
    assert {n.split(" ")[0] for n in names[4::6]} == {"Quai"}


def test_address_ids_tell_repeated_numbers_apart() -> None:
    table = pd.DataFrame(
        {"insee": ["75113"] * 3, "street": [9, 9, 12], "number": [7, 7, 2],
         "repeat": ["", "b", ""]}
    )  # fmt: skip
    assert address_ids(table).tolist() == [
        "75113_0001_00007", "75113_0001_00007_b", "75113_0002_00002",
    ]  # fmt: skip


def test_arrondissements_are_worded_as_the_producer_does() -> None:
    labels = [Quarter("", "", numbers, 0, 0).commune_label for numbers in ((13,), (18, 19))]
    assert labels == ["Paris 13ème arrondissement", "Paris 18ème et 19ème arrondissements"]
    assert BY_CODE["QP075020"].communes == ("75110", "75111", "75120")
    assert len(BY_CODE) == len(QUARTERS) == 20


def test_toml_is_read_back_as_written() -> None:
    document = {
        "title": 'Une « citation " » et un \\',
        "count": 3,
        "share": 0.5,
        "yes": True,
        "day": date(2014, 6, 19),
        "list": ["é", "b"],
        "table": [{"code": "75101", "blocks": ["ILOT00001"]}, {"code": "75102"}],
    }
    assert tomllib.loads(files.to_toml(document)) == document


def test_geojson_corners_are_rounded_alike(tmp_path: Path) -> None:
    left = shapely.box(3_760_000, 2_889_000, 3_760_300, 2_889_400)
    right = shapely.box(3_760_300, 2_889_000, 3_760_700, 2_889_400)
    moved = files.reproject(np.array([left, right], dtype=object), 4326)
    assert shapely.coverage_is_valid(moved)
    path = tmp_path / "sub" / "two.geojson"
    files.write_geojson(path, [({"nom": "L'Été"}, left), ({"nom": "Œuvre"}, right)])
    assert "L'Été" in path.read_text(encoding="utf-8")


def test_files_do_not_depend_on_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    table = pd.DataFrame({"a": [1, 2], "b": ["x", "é"]})
    written = []
    for moment in (0.0, 2e9):
        monkeypatch.setattr(time, "time", lambda moment=moment: moment)
        for name in ("t.csv.gz", "t.parquet"):
            write = files.write_csv if name.endswith("gz") else files.write_parquet
            write(tmp_path / name, table)
        written.append([(tmp_path / name).read_bytes() for name in ("t.csv.gz", "t.parquet")])
    assert written[0] == written[1]
