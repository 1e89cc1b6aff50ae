"""``observatory grid``: household files in, publishable cells out, any grid file checked."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from django.core.management import CommandError, call_command

from carroyage import columns, grid
from carroyage.gridding import grid_households
from carroyage.management.gridfiles import read_cells, read_table, write_table
from carroyage.secrecy import publish_cells
from observatory.models import Level, Run, Status
from tests.carroyage.makers import EAST, NORTH, make_households
from tests.factories import a_perimeter, a_territory
from tests.observatory.ground import outline

pytestmark = pytest.mark.django_db


def run(*words):
    out = io.StringIO()
    call_command("grid", *map(str, words), "--json", stdout=out)
    return json.loads(out.getvalue())


def refused(capsys, *words):
    with pytest.raises(SystemExit) as end:
        call_command("grid", *map(str, words))
    assert end.value.code == 1
    return capsys.readouterr().err


@pytest.fixture
def households():
    return make_households(600, seed=3)


@pytest.fixture
def records(households, tmp_path):
    path = tmp_path / "menages.parquet"
    households.to_parquet(path)
    return path


@pytest.fixture
def cells(records, tmp_path):
    path = tmp_path / "cells.parquet"
    run("make", records, "-o", path, "--poverty-line", 11_700)
    return path


class TestMaking:
    def test_cells_are_those_the_engine_makes(self, households, records, tmp_path):
        path = tmp_path / "cells.parquet"
        told = run("make", records, "-o", path, "--poverty-line", 11_700, "--line", 12_800)
        expected = grid_households(households, poverty_line=11_700, line=12_800).cells
        made = read_cells(path)
        assert made.index.tolist() == expected.index.tolist()
        for name in ("ind", "men", "men_pauv", "ind_snv", "low_income_persons"):
            assert made[name].tolist() == pytest.approx(expected[name].tolist())
        assert told["counts"]["persons"] == households["persons"].sum()

    def test_csv_and_parquet_give_the_same_cells(self, households, records, cells, tmp_path):
        path, out = tmp_path / "menages.csv", tmp_path / "from_csv.parquet"
        households.to_csv(path, index=False, sep=";")
        run("make", path, "-o", out, "--poverty-line", 11_700)
        pd.testing.assert_frame_equal(read_cells(out), read_cells(cells))

    def test_records_are_read_some_at_a_time_and_nothing_of_them_stays(
        self, households, cells, tmp_path, monkeypatch
    ):
        monkeypatch.setattr("carroyage.management.gridfiles.RECORDS_AT_ONCE", 70)
        folder = tmp_path / "streamed"
        folder.mkdir()
        path, out = folder / "menages.csv.gz", folder / "cells.parquet"
        households.to_csv(path, index=False)
        run("make", path, "-o", out, "--poverty-line", 11_700)
        assert out.read_bytes() == cells.read_bytes()
        assert sorted(file.name for file in folder.iterdir()) == ["cells.parquet", "menages.csv.gz"]

    def test_several_files_are_one_delivery(self, households, cells, tmp_path):
        parts = [tmp_path / "a.csv", tmp_path / "b.parquet"]
        households.iloc[:250].to_csv(parts[0], index=False)
        households.iloc[250:].to_parquet(parts[1])
        told = run("make", *parts, "-o", tmp_path / "both.parquet", "--poverty-line", 11_700)
        assert (tmp_path / "both.parquet").read_bytes() == cells.read_bytes()
        record = Run.objects.get(pk=told["run"])
        assert [file["name"] for file in record.inputs] == ["a.csv", "b.parquet"]

    def test_a_number_that_is_none_is_listed_with_its_row(self, households, tmp_path):
        path = tmp_path / "menages.csv"
        texts = households.astype({"declared_income": object, "persons": object})
        texts.loc[4, "declared_income"] = "inconnu"
        texts.loc[5, "persons"] = "deux"
        texts.to_csv(path, index=False)
        listed = tmp_path / "rejected.csv"
        told = run("make", path, "-o", tmp_path / "c.csv", "--poverty-line", 11_700,
                   "--rejected", listed)  # fmt: skip
        assert told["rejected"] == {"declared income missing": 1, "no person": 1}
        assert read_table(listed)["row"].tolist() == [4, 5]

    def test_codes_keep_their_leading_zeros(self, households, tmp_path):
        path, out = tmp_path / "menages.csv", tmp_path / "cells.csv"
        households.assign(department="01", commune="01004").to_csv(path, index=False)
        run("make", path, "-o", out, "--poverty-line", 11_700)
        assert set(read_cells(out)["lcog_geo"]) == {"01004"}

    def test_unusable_records_are_counted_and_listed(self, households, tmp_path):
        bad = households.assign(household_id=lambda t: t["household_id"])
        bad.loc[3, "persons"] = 0
        bad.loc[7, "declared_income"] = -5
        bad.loc[9, "x"] = float("nan")
        path, listed = tmp_path / "menages.parquet", tmp_path / "rejected.csv"
        bad.to_parquet(path)
        told = run("make", path, "-o", tmp_path / "cells.csv", "--poverty-line", 11_700,
                   "--rejected", listed)  # fmt: skip
        assert told["counts"]["households_rejected"] == 3
        assert told["counts"]["households_kept"] == 597
        assert told["rejected"]["no person"] == 1
        assert read_table(listed)["row"].tolist() == [3, 7, 9]

    def test_the_run_says_from_which_file_by_which_lines(self, records, cells):
        record = Run.objects.get(kind="grid make")
        assert record.state == "done"
        assert record.inputs[0]["name"] == "menages.parquet"
        assert len(record.inputs[0]["sha256"]) == 64
        assert record.parameters["poverty_line"] == 11_700
        assert record.report["written"]["name"] == "cells.parquet"

    def test_the_record_is_printed_as_it_is_stored(self, records, tmp_path):
        told = run("make", records, "-o", tmp_path / "c.csv", "--poverty-line", 11_700)
        record = Run.objects.get(pk=told["run"])
        for name in ("kind", "version", "inputs", "parameters", "counts"):
            assert told[name] == getattr(record, name)
        assert told["parameters"]["out"] == "c.csv"
        out = io.StringIO()
        call_command("grid", "make", str(records), "-o", str(tmp_path / "d.csv"),
                     "--poverty-line", "11700", stdout=out)  # fmt: skip
        said = out.getvalue()
        assert f"grid make, version {record.version}" in said
        assert f"menages.parquet, {record.inputs[0]['size']:,} bytes, sha256 " in said
        assert record.inputs[0]["sha256"][:12] in said
        assert "poverty_line 11700.0" in said

    def test_it_warns_that_these_cells_are_not_to_be_shown(self, records, tmp_path, capsys):
        call_command("grid", "make", str(records), "-o", str(tmp_path / "c.csv"),
                     "--poverty-line", "11700")  # fmt: skip
        assert "describe single households" in capsys.readouterr().out

    def test_a_line_for_each_urban_unit(self, households, tmp_path):
        path, out = tmp_path / "menages.parquet", tmp_path / "cells.parquet"
        units = ["00851"] * 300 + ["94301"] * 300
        households.assign(urban_unit=units).to_parquet(path)
        run("make", path, "-o", out, "--poverty-line", 11_700, "--line", "00851=99000,94301=10")
        first = households["persons"].iloc[:300].sum()
        assert 0 < read_cells(out)["low_income_persons"].sum() <= first

    def test_a_missing_column_is_named(self, households, tmp_path, capsys):
        path = tmp_path / "menages.parquet"
        households.drop(columns="declared_income").to_parquet(path)
        told = refused(capsys, "make", path, "-o", tmp_path / "c.csv", "--poverty-line", "11700")
        assert "lacks the column(s) declared_income" in told
        assert Run.objects.get().state == "refused"
        assert not (tmp_path / "c.csv").exists()

    def test_a_line_that_is_none_is_refused(self, records, tmp_path):
        with pytest.raises(CommandError, match="is no line"):
            run("make", records, "-o", tmp_path / "c.csv", "--poverty-line", 1, "--line", "low")


class TestPublishing:
    def test_what_is_written_is_what_the_engine_releases(self, cells, tmp_path):
        told = run("publish", cells, "-o", tmp_path / "out", "--format", "parquet")
        expected = publish_cells(read_cells(cells))
        made = read_cells(tmp_path / "out" / "carreaux_200m.parquet")
        assert sorted(made.index) == sorted(expected.cells.index)
        assert made["men_pauv"].sum() == pytest.approx(expected.cells["men_pauv"].sum())
        assert told["counts"]["cells_imputed"] == expected.imputed_cells
        assert {file["name"] for file in told["written"]} == {
            "carreaux_200m.parquet", "carreaux_1km.parquet", "niveau_naturel.parquet",
            "residus.parquet",
        }  # fmt: skip

    def test_persons_are_released_as_they_are_and_small_cells_are_imputed(self, cells, tmp_path):
        run("publish", cells, "-o", tmp_path / "out")
        raw, made = read_cells(cells), read_cells(tmp_path / "out" / "carreaux_200m.csv")
        assert made["ind"].sort_index().tolist() == raw["ind"].sort_index().tolist()
        few = raw.index[raw["men"].between(1, 10)]
        assert len(few)
        assert (made.loc[few, "i_est_200"] == 1).all()

    def test_no_declared_income_leaves_with_them(self, records, tmp_path):
        raw = tmp_path / "raw.parquet"
        run("make", records, "-o", raw, "--poverty-line", 11_700, "--line", 12_800)
        run("publish", raw, "-o", tmp_path / "out")
        released = read_cells(tmp_path / "out" / "carreaux_200m.csv")
        assert "low_income_persons" in read_cells(raw)
        assert not {columns.LOW_INCOME_PERSONS, columns.DECLARED_MEDIAN} & set(released)

    def test_the_threshold_is_never_lowered(self, cells, tmp_path, capsys):
        told = refused(capsys, "publish", cells, "-o", tmp_path / "out", "--min-households", 5)
        assert "5 households is under 11" in told
        assert not (tmp_path / "out").exists()

    def test_the_run_of_a_publication_says_its_threshold_and_its_cells(self, cells, tmp_path):
        told = run("publish", cells, "-o", tmp_path / "out", "--min-households", 20)
        assert told["kind"] == "grid publish"
        assert told["parameters"]["min_households"] == 20
        assert told["inputs"][0]["name"] == "cells.parquet"
        assert len(told["written"]) == 4
        assert all(len(file["sha256"]) == 64 for file in told["written"])

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda t: pd.concat([t, t.iloc[:1]]), "more than once"),
            (lambda t: t.rename(index=lambda one: one.replace("RES200m", "RES1000m")), "RES1000m"),
            (lambda t: t.drop(columns="men"), "men"),
        ],
        ids=["a cell twice", "another size", "no households"],
    )
    def test_cells_that_cannot_be_protected_are_refused(
        self, cells, tmp_path, capsys, change, words
    ):
        path = tmp_path / "spoilt.csv"
        change(read_cells(cells)).to_csv(path)
        assert words in refused(capsys, "publish", path, "-o", tmp_path / "out")
        assert Run.objects.get(kind="grid publish").state == "refused"

    def test_what_is_published_passes_the_check(self, cells, tmp_path):
        run("publish", cells, "-o", tmp_path / "out")
        told = run("check", tmp_path / "out" / "carreaux_200m.csv")
        assert told["counts"]["errors"] == 0


class TestChecking:
    def write(self, tmp_path, **changed):
        ids = grid.format_ids([NORTH, NORTH + 200], [EAST, EAST], 200)
        values = {"idcar_200m": ids, "ind": [50.0, 60.0], "men": [20.0, 30.0],
                  "men_pauv": [5.0, 6.0], "ind_snv": [1e6, 1.2e6]}  # fmt: skip
        path = tmp_path / "carreaux.csv"
        pd.DataFrame(values | changed).to_csv(path, index=False)
        return path

    def test_an_impossible_share_is_an_error_and_the_status_says_so(self, tmp_path, capsys):
        path = self.write(tmp_path, men_pauv=[25.0, 6.0])
        with pytest.raises(SystemExit) as end:
            call_command("grid", "check", str(path))
        assert end.value.code == 1
        told = capsys.readouterr().out
        assert "have more men_pauv than households" in told
        assert "CRS3035RES200mN2893400E3763200" in told

    def test_a_grid_with_warnings_alone_ends_well(self, tmp_path):
        told = run("check", self.write(tmp_path))
        assert told["counts"]["errors"] == 0
        assert told["counts"]["warnings"] > 0
        assert Run.objects.get(kind="grid check").report["findings"]

    def test_ids_that_do_not_parse_are_named(self, tmp_path, capsys):
        path = self.write(tmp_path, idcar_200m=["Belleville", "Ménilmontant"])
        with pytest.raises(SystemExit):
            call_command("grid", "check", str(path))
        assert "'Belleville'" in capsys.readouterr().out

    def test_a_missing_border_shows_against_the_loaded_territory(self, tmp_path):
        import shapely

        from tests.carroyage.test_perimeters_compared import FROM_GRID

        corners = [FROM_GRID.transform(EAST + dx, NORTH + dy)
                   for dx, dy in ((-100, -100), (700, -100), (700, 700), (-100, 700))]  # fmt: skip
        place = a_territory(Level.COMMUNE, "75056", "Paris")
        a_perimeter(place, outline(shapely.Polygon(corners)), status=Status.REFERENCE)
        told = run("check", self.write(tmp_path), "--territory", "75056")
        codes = {finding["code"] for finding in told["findings"]}
        assert {"border", "inside"} <= codes

    def test_a_territory_that_is_not_loaded_is_said(self, tmp_path, capsys):
        told = refused(capsys, "check", self.write(tmp_path), "--territory", "75056")
        assert "No outline is loaded for 75056" in told

    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("grid.csv", b"", "is empty"),
            ("grid.csv", b"<!DOCTYPE html><html></html>", "is a web page"),
            ("grid.parquet", b"PAR1 cut short", "cannot be read"),
            ("grid.csv", b"code,ind\n75118,12\n", "has no column of cell ids"),
            ("grid.dbf", b"something", "is of no known format"),
        ],
    )
    def test_broken_files_are_refused_in_words(self, tmp_path, capsys, name, content, words):
        path = tmp_path / name
        path.write_bytes(content)
        assert words in refused(capsys, "check", path)
        assert Run.objects.get().state == "refused"

    def test_a_file_that_is_not_there_is_said(self, tmp_path, capsys):
        assert "does not exist" in refused(capsys, "check", tmp_path / "none.csv")


@pytest.mark.parametrize("action", ["make", "publish", "check"])
def test_each_action_teaches_by_example(action, capsys):
    with pytest.raises(SystemExit):
        call_command("grid", action, "--help")
    told = capsys.readouterr().out
    assert f"observatory grid {action} " in told
    assert "--json" in told


@pytest.mark.parametrize("action", ["make", "publish"])
def test_what_may_run_on_a_cluster_says_so(action, capsys):
    with pytest.raises(SystemExit):
        call_command("grid", action, "--help")
    assert "--scheduler tcp://HOST:8786" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["cells.csv", "cells.csv.gz", "cells.parquet"])
def test_a_table_written_reads_back(tmp_path, name):
    ids = pd.Index(grid.format_ids([NORTH], [EAST], 200), name="idcar_200m")
    table = pd.DataFrame({"ind": [12.5], "lcog_geo": ["01004"]}, index=ids)
    write_table(table, tmp_path / name)
    read = read_cells(tmp_path / name)
    assert read.index.tolist() == ids.tolist()
    assert read["lcog_geo"].tolist() == ["01004"]


@pytest.mark.real_data
def test_the_real_grid_of_paris_has_no_error(real_data):
    told = run("check", real_data / "grid" / "carreaux_200m_paris_2021.csv")
    assert told["counts"]["cells"] == 2_065
    assert told["counts"]["errors"] == 0
