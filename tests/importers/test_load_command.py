"""``observatory load``: what a person types, reads, and finds again in the record of runs."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from carroyage.models import Cell
from observatory.models import Perimeter, Run, RunState
from tests.importers.makers import (
    arrondissements,
    geojson,
    grid_csv,
    grid_row,
    qpv_zip,
    square,
)

pytestmark = pytest.mark.django_db


def _load(*words: object) -> tuple[str, str, int]:
    """Return what is printed, what goes to standard error, and the exit status."""
    out, err = StringIO(), StringIO()
    try:
        call_command("load", *map(str, words), stdout=out, stderr=err)
    except SystemExit as stopped:
        return out.getvalue(), err.getvalue(), int(stopped.code or 0)
    return out.getvalue(), err.getvalue(), 0


def test_a_load_ends_with_its_report_and_run(tmp_path):
    out, err, status = _load("grid", grid_csv(tmp_path / "c_2019.csv"))
    assert status == 0
    assert "c_2019.csv: 3 lines read, 3 kept, 3 added, 0 repaired, 0 refused." in out
    assert f"Run {Run.objects.get().pk}." in out
    assert err == ""


def test_a_refusal_goes_to_standard_error_with_status_one(tmp_path):
    path = grid_csv(tmp_path / "c.csv", [grid_row(0, ind=-1)])
    out, err, status = _load("grid", path)
    assert (out, status) == ("", 1)
    assert "c.csv is refused: 1 of 1 lines cannot be loaded. Nothing was stored." in err
    assert "Correct these rows in the file, and load it again." in err


def test_json_is_one_object_with_the_whole_report(tmp_path):
    out, _, status = _load("grid", grid_csv(tmp_path / "c_2019.csv"), "--json")
    answer = json.loads(out)
    assert status == 0
    assert (answer["state"], answer["kept"], answer["refused_rows"]) == ("done", 3, [])
    assert answer["run"] == Run.objects.get().pk


def test_json_of_a_refusal_names_the_error_and_lists_the_rows(tmp_path):
    path = grid_csv(tmp_path / "c.csv", [grid_row(0), grid_row(1, men="x")])
    out, _, status = _load("grid", path, "--json")
    answer = json.loads(out)
    assert (status, answer["error"]) == (1, "FileRefused")
    row = answer["report"]["refused_rows"][0]
    assert (row["row"], row["column"], row["value"]) == (3, "men", "x")


def test_options_reach_the_perimeters(tmp_path):
    path = geojson(tmp_path / "z.geojson", [{"ref": "1", "titre": "ZSP 18"}], [square()])
    _load(
        "perimeters", path, "--level", "zsp", "--valid-from", "2013-09-01", "--act", "Arrêté",
        "--code-column", "ref", "--name-column", "titre",
    )  # fmt: skip
    stored = Perimeter.objects.select_related("territory").get()
    assert str(stored.territory) == "1 ZSP 18"
    assert (stored.valid_from, stored.act) == (date(2013, 9, 1), "Arrêté")


def test_the_help_teaches_with_examples(capsys):
    with pytest.raises(SystemExit):
        call_command("load", "--help")
    said = capsys.readouterr().out
    for words in (
        "observatory load perimeters qp-politiquedelaville-shp.zip",
        "One row that cannot be loaded refuses the whole file",
        "--valid-from DATE",
        "households    household records",
    ):
        assert words in said


@pytest.mark.parametrize(
    "words", [("grille", "x.csv"), ("grid",), ("grid", "x", "--valid-from", "hier")]
)
def test_words_that_mean_nothing_are_refused(words):
    from django.core.management.base import CommandError

    with pytest.raises((CommandError, SystemExit)):
        call_command("load", *words, stderr=StringIO())


def test_a_folder_is_told_file_by_file(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    grid_csv(folder / "c_2019.csv")
    arrondissements(folder / "a.geojson", [1])
    (folder / "LISEZMOI.md").write_text("x")
    out, _, status = _load("folder", folder)
    assert status == 0
    assert "c_2019.csv (grid): loaded, 3 lines read" in out
    assert "LISEZMOI.md: not loaded, documentation" in out
    brief, _, _ = _load("folder", folder, "--brief")
    assert "c_2019.csv (grid): already loaded" in brief


def test_a_folder_with_a_refused_file_ends_with_status_one(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    grid_csv(folder / "bad.csv", [grid_row(0, ind=-1)])
    arrondissements(folder / "a.geojson", [1])
    for flag in ((), ("--brief",), ("--json",)):
        out, _, status = _load("folder", folder, *flag)
        assert status == 1
        assert "refused" in out
    answer = json.loads(out)
    assert {f["file"]: f["state"] for f in answer["files"]} == {
        "bad.csv": "refused",
        "a.geojson": "already loaded",
    }
    assert answer["counts"] == {"refused": 1, "already loaded": 1}


def test_every_load_is_a_run_even_refused_and_keeps_the_files_checksum(tmp_path):
    import hashlib

    good, bad = grid_csv(tmp_path / "g.csv"), grid_csv(tmp_path / "b.csv", [grid_row(0, ind=-1)])
    _load("grid", good)
    _load("grid", bad)
    runs = {run.inputs[0]["name"]: run for run in Run.objects.all()}
    assert runs["g.csv"].state == RunState.DONE
    assert runs["b.csv"].state == RunState.REFUSED
    for path in (good, bad):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert runs[path.name].inputs[0]["sha256"] == digest
    assert "a negative value" in runs["b.csv"].message
    assert runs["b.csv"].report["refused"] == 1


def test_an_unforeseen_failure_leaves_nothing_and_no_value_in_the_record(tmp_path, monkeypatch):
    """Whatever breaks halfway, the cells of before stay and the record tells no row."""
    from importers import cellstore

    _load("grid", grid_csv(tmp_path / "a_2019.csv", 2))

    def broken(*args: object) -> int:
        raise RuntimeError("row 75113, Mme Dupont")

    monkeypatch.setattr(cellstore, "_add", broken)
    with pytest.raises(RuntimeError):
        call_command("load", "grid", str(grid_csv(tmp_path / "b_2019.csv", 9)))
    run = Run.objects.first()
    assert (run.state, run.message) == (RunState.FAILED, "RuntimeError")
    assert Cell.objects.count() == 2


def test_a_perimeters_report_is_printed_with_its_repairs(tmp_path):
    from tests.importers.makers import bowtie

    out, _, _ = _load("perimeters", qpv_zip(tmp_path / "qp.zip", {"QP075019": bowtie()}))
    assert "Repaired (1):" in out
    assert "QP_METROPOLE_LB93, feature 1, geometry: QP075019 Quartier QP075019" in out


def test_a_path_is_taken_as_written_and_no_driver_prefix_is_followed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    geojson(tmp_path / "q.geojson", [{"code": "A", "nom": "A"}], [square()])
    for name in ("GeoJSON:q.geojson", "/vsizip/q.geojson", "PG:dbname=postgres"):
        _, err, status = _load("perimeters", Path(name), "--level", "zus")
        assert status == 1
        assert "There is no file called" in err
