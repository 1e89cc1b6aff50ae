"""A folder of files: recognised, in the right order, once; what cannot be loaded is said."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from carroyage.models import Cell, CellIncome
from importers.errors import FileMissing, UnreadableFile, WrongContent
from importers.folder import load_folder
from observatory.models import Address, Membership, Run, Source, Territory
from tests.importers.makers import (
    address,
    arrondissements,
    ban_csv,
    geojson,
    grid_csv,
    grid_row,
    household,
    qpv_zip,
    raw_geojson,
    square,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of every kind, under names that say nothing of their order."""
    root = tmp_path / "data"
    (root / "a").mkdir(parents=True)
    qpv_zip(root / "a" / "quarters.zip", {"QP075001": square()})
    (root / "a" / "quarters-parts").rename(tmp_path / "parts")
    arrondissements(root / "z.geojson", [1, 2])
    grid_csv(root / "cells.csv", 3)
    ban_csv(root / "doors.csv.gz", [address(1), address(2)])
    pd.DataFrame([household(1)]).to_parquet(root / "b.parquet")
    geojson(root / "communes.geojson", [{"code": "93001", "nom": "Aubervilliers"}], [square()])
    (root / "README.md").write_text("# Données")
    (root / "panel.csv").write_text("code,revenu_median\nQP075001,13000\n")
    import shapely

    raw_geojson(root / "libraries.geojson", [({"name": "M"}, shapely.Point(2.35, 48.85))])
    return root


def _states(folder: Path, **options: object) -> dict[str, str]:
    return {o.file: o.state for o in load_folder(folder, **options)}  # type: ignore[arg-type]


def test_each_file_is_recognised_by_what_it_holds(db, folder):
    kinds = {o.file: o.kind for o in load_folder(folder)}
    assert kinds == {
        "a/quarters.zip": "perimeters",
        "z.geojson": "boundaries",
        "communes.geojson": "boundaries",
        "cells.csv": "grid",
        "doors.csv.gz": "addresses",
        "b.parquet": "households",
        "README.md": "",
        "panel.csv": "",
        "libraries.geojson": "",
    }
    assert (Cell.objects.count(), Address.objects.count(), CellIncome.objects.count()) == (3, 2, 1)


def test_boundaries_come_before_the_quarters_that_lie_in_them(db, folder):
    order = [o.kind for o in load_folder(folder) if o.kind]
    assert order == sorted(
        order,
        key=["boundaries", "perimeters", "grid", "households", "addresses"].index,
    )
    assert Membership.objects.filter(member__level="qpv").exists()


def test_what_has_no_importer_is_said_with_the_reason(db, folder):
    words = {o.file: o.words for o in load_folder(folder) if o.state == "not loaded"}
    assert words["README.md"] == "documentation"
    assert words["panel.csv"].startswith("no importer for this table (columns code, revenu_median")
    assert words["libraries.geojson"] == "no importer for these points or lines"


def test_a_second_time_nothing_is_loaded(db, folder):
    first = _states(folder)
    runs = Run.objects.count()
    second = _states(folder)
    assert set(second.values()) == {"already loaded", "not loaded"}
    assert [f for f, s in second.items() if s == "not loaded"] == [
        f for f, s in first.items() if s == "not loaded"
    ]
    assert Run.objects.count() == runs


def test_a_changed_file_is_loaded_and_it_alone(db, folder):
    _states(folder)
    grid_csv(folder / "cells.csv", 5)
    states = _states(folder)
    assert [f for f, s in states.items() if s == "loaded"] == ["cells.csv"]
    assert Cell.objects.count() == 5


def test_a_file_put_back_after_another_took_its_place_is_loaded_again(db, folder):
    original = (folder / "cells.csv").read_bytes()
    _states(folder)
    grid_csv(folder / "cells.csv", 5)
    _states(folder)
    (folder / "cells.csv").write_bytes(original)
    assert _states(folder)["cells.csv"] == "loaded"
    assert Cell.objects.count() == 3


def test_two_departements_of_one_product_do_not_call_each_other_again(db, folder):
    geojson(folder / "94.geojson", [{"code": "94001", "nom": "Ablon"}], [square()])
    _states(folder)
    assert "loaded" not in _states(folder).values()


def test_all_is_loaded_again_when_asked(db, folder):
    _states(folder)
    assert "already loaded" not in _states(folder, again=True).values()


def test_a_refused_file_does_not_keep_the_others_out(db, folder):
    grid_csv(folder / "cells.csv", [grid_row(0), grid_row(1, ind=-1)])
    outcomes = {o.file: o for o in load_folder(folder)}
    assert outcomes["cells.csv"].state == "refused"
    assert "a negative value" in outcomes["cells.csv"].words
    assert Address.objects.count() == 2
    assert Cell.objects.count() == 0


# -- with a manifest -----------------------------------------------------------------------

MANIFEST = """
title = "Territoire de démonstration"
demonstration = true
[[file]]
path = "quartiers.geojson"
kind = "perimeters"
title = "Quartiers de veille active"
producer = "Démonstration — données fictives"
vintage = "2015"
level = "qva"
valid_from = 2015-01-01
valid_to = "2024-01-01"
act = "Contrat de ville"
status = "legal"
[[file]]
path = "bruit.csv"
kind = "noise"
title = "Bruit"
[[file]]
path = "absent.csv"
kind = "grid"
"""


@pytest.fixture
def demonstration(tmp_path: Path) -> Path:
    root = tmp_path / "demo"
    root.mkdir()
    geojson(root / "quartiers.geojson", [{"code": "V1", "nom": "Olympiades"}], [square()])
    (root / "bruit.csv").write_text("a,b\n1,2\n")
    (root / "manifest.toml").write_text(MANIFEST, encoding="utf-8")
    (root / "notes.txt").write_text("x,y\n1,2\n")
    return root


def test_a_manifest_says_what_each_file_is(db, demonstration):
    outcomes = {o.file: (o.state, o.words) for o in load_folder(demonstration)}
    assert outcomes["quartiers.geojson"][0] == "loaded"
    assert outcomes["bruit.csv"] == ("not loaded", "no importer for noise yet")
    assert outcomes["absent.csv"] == ("not loaded", "the manifest names it, but it is not there")
    assert outcomes["notes.txt"] == ("not loaded", "the manifest does not name it")
    stored = Territory.objects.get()
    perimeter = stored.perimeters.get()
    assert (stored.level, perimeter.act) == ("qva", "Contrat de ville")
    assert (str(perimeter.valid_from), str(perimeter.valid_to)) == ("2015-01-01", "2024-01-01")
    assert perimeter.status == "superseded", "legal until a day that has passed"


def test_what_is_invented_is_marked_so_wherever_it_is_cited(db, demonstration):
    list(load_folder(demonstration))
    source = Source.objects.get()
    assert source.is_demonstration
    assert source.licence == "Données fictives"
    assert source.url == ""
    assert source.code == "demonstration-quartiers"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[file]\n", "manifest.toml cannot be read"),
        ("[[file]]\nkind = 'grid'\n", "path"),
        ("[[file]]\npath = '../secret.csv'\nkind = 'grid'\n", "lies outside the folder"),
        ("[[file]]\npath = 'a.csv'\nkind = 'grid'\nvalid_from = 'hier'\n", "valid_from"),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused(db, demonstration, text, words):
    (demonstration / "manifest.toml").write_text(text)
    with pytest.raises(UnreadableFile) as caught:
        list(load_folder(demonstration))
    assert words in str(caught.value)
    assert Run.objects.count() == 0


def test_a_folder_that_is_none_is_told(db, tmp_path):
    with pytest.raises(FileMissing):
        list(load_folder(tmp_path / "nowhere"))
    with pytest.raises(WrongContent) as caught:
        list(load_folder(grid_csv(tmp_path / "c.csv")))
    assert "observatory load KIND FILE" in caught.value.advice
