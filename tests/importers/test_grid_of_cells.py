"""The 200 m grid: whatever its vintage and format, the same cells; one bad row, none of them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carroyage.models import Cell, GridDataset
from observatory.models import Run, RunState, Source
from tests.importers.makers import (
    EAST,
    NORTH,
    as_csv,
    cell,
    grid_csv,
    grid_row,
    square,
)

pytestmark = pytest.mark.django_db


def test_a_csv_gives_cells_with_the_producers_figures(bring, tmp_path):
    done = bring("grid", grid_csv(tmp_path / "carreaux_200m_2019.csv", 3))
    stored = Cell.objects.order_by("east")
    assert [str(c) for c in stored] == [cell(0), cell(1), cell(2)]
    assert (stored[0].ind, stored[0].men, stored[0].men_pauv) == (100.5, 40.0, 10.2)
    assert stored[0].ind_snv == 2_000_000.1
    assert done.report.counts() | {"read": 3} == {
        "read": 3, "kept": 3, "added": 3, "changed": 0, "unchanged": 0, "withdrawn": 0,
        "repaired": 0, "refused": 0,
    }  # fmt: skip


def test_the_source_says_producer_vintage_and_warnings(bring, tmp_path):
    bring("grid", grid_csv(tmp_path / "carreaux_200m_2019.csv"))
    source = Source.objects.get()
    assert (source.producer, source.vintage) == ("INSEE", "2019")
    warnings = source.cautions.split("\n")
    assert len(warnings) == 4
    assert "Ne pas interpréter un carreau isolément." in warnings
    assert not source.is_demonstration


def test_the_id_alone_gives_the_place_whatever_outline_is_delivered(bring, tmp_path):
    elsewhere = [square(700_000, 6_200_000, 200), square(700_200, 6_200_000, 200)]
    rows = [grid_row(0), grid_row(1)]
    path = tmp_path / "carreaux_2017.gpkg"
    gpd.GeoDataFrame(rows, geometry=elsewhere, crs=2154).to_file(path, driver="GPKG")
    done = bring("grid", path)
    first = Cell.objects.order_by("east").first()
    assert (first.north, first.east) == (NORTH, EAST)
    lon = first.geom_3857.transform(4326, clone=True).centroid.x
    assert 2.2 < lon < 2.5, "in Paris, where the id says"
    assert done.report.unit == "feature"


def test_parquet_gives_the_same_cells_as_csv(bring, tmp_path):
    rows = [grid_row(n, ind=100 + n) for n in range(4)]
    bring("grid", grid_csv(tmp_path / "a_2019.csv", rows))
    from_csv = list(Cell.objects.order_by("east").values_list("east", "ind", "men_pauv"))
    path = tmp_path / "b_2019.parquet"
    pd.DataFrame(rows).to_parquet(path)
    done = bring("grid", path)
    assert done.report.unchanged == 4
    assert list(Cell.objects.order_by("east").values_list("east", "ind", "men_pauv")) == from_csv


@pytest.mark.parametrize(
    ("id_name", "ids"),
    [
        ("Idcar_200m", [cell(0), cell(1)]),
        ("idcar_200m", [cell(0), cell(1)]),
        ("IdINSPIRE", [cell(0), cell(1)]),
        ("IDINSPIRE", [f"200mN{NORTH}E{EAST}", f"200mN{NORTH}E{EAST + 200}"]),
        ("id_inspire", [f"200mN{NORTH // 100}E{EAST // 100}", f"200mN{NORTH // 100}E37602"]),
    ],
)
def test_column_names_and_ids_of_every_vintage_are_read(bring, tmp_path, id_name, ids):
    rows = [{id_name: text, "Ind": 10, "Men": 5, "Men_pauv": 1, "Ind_snv": 9.5} for text in ids]
    bring("grid", grid_csv(tmp_path / "carreaux.csv", rows))
    assert sorted(Cell.objects.values_list("east", flat=True)) == [EAST, EAST + 200]
    assert set(Cell.objects.values_list("ind", "men_pauv")) == {(10.0, 1.0)}


def test_the_kilometre_id_beside_the_cells_own_is_not_taken_for_it(bring, tmp_path):
    rows = [grid_row(n) | {"idcar_1km": f"CRS3035RES1000mN{NORTH}E{EAST}"} for n in range(2)]
    bring("grid", grid_csv(tmp_path / "c.csv", [dict(reversed(row.items())) for row in rows]))
    assert GridDataset.objects.get().size == 200


def test_flags_communes_and_natural_group_are_kept(bring, tmp_path):
    more = {"I_est_200": 1, "i_est_1km": 0, "groupe": "12", "lcog_geo": "7511375114"}
    bring("grid", grid_csv(tmp_path / "c.csv", [grid_row(0) | more, grid_row(1) | more]))
    stored = Cell.objects.first()
    assert (stored.i_est_200, stored.i_est_1km) == (1, 0)
    assert (stored.groupe, stored.lcog_geo) == ("12", "7511375114")


def test_a_blank_is_no_value_and_never_a_zero(bring, tmp_path):
    bring("grid", grid_csv(tmp_path / "c.csv", [grid_row(0, men_prop=""), grid_row(1, men_prop=0)]))
    values = dict(Cell.objects.values_list("east", "men_prop"))
    assert values == {EAST: None, EAST + 200: 0.0}


@pytest.mark.parametrize("written", ["", "NA", "nd", "ns", "NaN", "n/a"])
def test_what_producers_write_for_no_value_is_no_value(bring, tmp_path, written):
    bring("grid", grid_csv(tmp_path / "c.csv", [grid_row(0, men_prop=written)]))
    assert Cell.objects.get().men_prop is None


def test_semicolons_and_decimal_commas_are_read(bring, tmp_path):
    rows = [grid_row(0, ind="100,5", men="40,0", men_pauv="10,2", ind_snv="2000000,1")]
    bring("grid", grid_csv(tmp_path / "c.csv", rows, separator=";"))
    stored = Cell.objects.get()
    assert (stored.ind, stored.men_pauv, stored.ind_snv) == (100.5, 10.2, 2_000_000.1)


def test_columns_nobody_asked_for_are_named_in_the_report(bring, tmp_path):
    done = bring("grid", grid_csv(tmp_path / "c.csv", [grid_row(0) | {"couleur": "bleu"}]))
    assert "Columns left aside: couleur." in done.report.notes


# -- twice, and again with something new ---------------------------------------------------


def test_the_same_file_twice_changes_nothing(bring, tmp_path):
    path = grid_csv(tmp_path / "c_2019.csv", 5)
    bring("grid", path)
    before = list(Cell.objects.order_by("pk").values())
    done = bring("grid", path)
    assert (done.report.unchanged, done.report.added, done.report.changed) == (5, 0, 0)
    assert list(Cell.objects.order_by("pk").values()) == before


def test_a_newer_file_of_the_same_vintage_takes_the_place_of_the_older(bring, tmp_path):
    bring("grid", grid_csv(tmp_path / "old_2019.csv", 4))
    rows = [grid_row(1), grid_row(2, ind=7.0), grid_row(9)]
    done = bring("grid", grid_csv(tmp_path / "new_2019.csv", rows))
    report = done.report
    assert (report.added, report.changed, report.unchanged, report.withdrawn) == (1, 1, 1, 2)
    eastings = [EAST + 200, EAST + 400, EAST + 1800]
    assert sorted(Cell.objects.values_list("east", flat=True)) == eastings
    assert Cell.objects.get(east=EAST + 400).ind == 7.0


def test_a_value_withdrawn_by_the_producer_is_withdrawn_here(bring, tmp_path):
    bring("grid", grid_csv(tmp_path / "old_2019.csv", [grid_row(0)]))
    without = {k: v for k, v in grid_row(0).items() if k != "men_prop"}
    bring("grid", grid_csv(tmp_path / "new_2019.csv", [without]))
    assert Cell.objects.get().men_prop is None


def test_two_vintages_stand_side_by_side(bring, tmp_path):
    bring("grid", grid_csv(tmp_path / "c_2019.csv", 2))
    bring("grid", grid_csv(tmp_path / "c_2021.csv", 3))
    counts = {d.source.vintage: d.cells.count() for d in GridDataset.objects.all()}
    assert counts == {"2019": 2, "2021": 3}


# -- refusals ------------------------------------------------------------------------------

BAD_ROWS = {
    "negative persons": (grid_row(1, ind=-3), "column ind (-3): a negative value"),
    "a word": (grid_row(1, men="douze"), "column men (douze): not a number"),
    "infinite": (grid_row(1, ind_snv="inf"), "column ind_snv (inf): not a number"),
    "unreadable id": (grid_row(1, idcar_200m="Belleville"), "(Belleville): this is not a cell id"),
    "no id": (grid_row(1, idcar_200m=""), "column idcar_200m: this is not a cell id"),
    "corner off the grid": (
        grid_row(1, idcar_200m=f"CRS3035RES200mN{NORTH + 7}E{EAST}"),
        "the corner is not a multiple of the cell size",
    ),
    "another size": (
        grid_row(1, idcar_200m=f"CRS3035RES1000mN{NORTH}E{EAST}"),
        "the cell is not of the file's size, 200 m",
    ),
    "an unknown size": (
        grid_row(1, idcar_200m=f"CRS3035RES250mN{NORTH}E{EAST}"),
        "this size is not one of the natural grid",
    ),
    "another grid": (
        grid_row(1, idcar_200m="CRS5490RES200mN1600000E700000"),
        "the cell is not of the file's grid, EPSG:3035",
    ),
    "north and east exchanged": (
        grid_row(1, idcar_200m=f"CRS3035RES200mN{EAST}E{NORTH}"),
        "the corner lies outside the grid's territory",
    ),
    "more poor than households": (
        grid_row(1, men=10, men_pauv=11),
        "column men_pauv (11 of 10): more poor households than households",
    ),
    "the same cell again": (grid_row(0), "the cell already stands in line 2"),
    "thousands or decimals": (
        grid_row(1, ind='"1,234"'),
        "column ind (1,234): a comma that may part thousands or decimals",
    ),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_one_bad_row_refuses_the_file_and_is_named(refused, tmp_path, case):
    row, words = BAD_ROWS[case]
    path = grid_csv(tmp_path / "c.csv", [grid_row(0), row, grid_row(2)])
    said = refused("grid", path)
    assert "c.csv is refused: 1 of 3 lines" in said
    assert f"line 3, {words}" in said or ("line 3, column idcar_200m" in said and words in said)


def test_the_line_is_the_one_seen_in_the_file_even_past_blank_lines(refused, tmp_path):
    lines = as_csv([grid_row(0), grid_row(1, ind=-1)]).splitlines()
    path = tmp_path / "c.csv"
    path.write_text("\n".join([lines[0], lines[1], "", "", lines[2]]) + "\n")
    assert "line 5, column ind (-1)" in refused("grid", path)


def test_a_line_of_another_width_is_named_with_what_to_look_for(refused, tmp_path):
    lines = as_csv([grid_row(0), grid_row(1)]).splitlines()
    path = tmp_path / "c.csv"
    path.write_text("\n".join([lines[0], lines[1] + ",12,13", lines[2]]) + "\n")
    said = refused("grid", path)
    assert "line 2 (8 columns): the line has 8 columns where the header has 6" in said
    assert "Look for a separator inside a value" in said


def test_every_bad_row_is_listed_and_twenty_are_printed(refused, tmp_path):
    path = grid_csv(tmp_path / "c.csv", [grid_row(n, ind=-n - 1) for n in range(50)])
    said = refused("grid", path)
    assert said.count("a negative value") == 20
    assert "… and 30 more, in the stored report." in said
    report = Run.objects.first().report
    assert len(report["refused_rows"]) == 50
    assert report["reasons"] == {"a negative value": 50}


def test_missing_columns_are_named_with_those_found_and_near_spellings(refused, tmp_path):
    row = {"idcar_200m": cell(0), "indiv": 1, "men": 1, "menpauv": 0, "ind_snv": 3}
    said = refused("grid", grid_csv(tmp_path / "c.csv", [row]))
    assert "c.csv lacks the column(s) ind, men_pauv." in said
    assert "It has: idcar_200m, indiv, men, menpauv, ind_snv." in said
    assert "'menpauv' may be 'men_pauv'" in said


def test_a_file_of_another_size_than_asked_for_is_refused(refused, tmp_path):
    assert "1000 m" in refused("grid", grid_csv(tmp_path / "c.csv", 1), size=1000)


def test_a_refused_file_leaves_the_older_one_as_it_was(bring, refused, tmp_path):
    bring("grid", grid_csv(tmp_path / "good_2019.csv", 3))
    before = list(Cell.objects.order_by("pk").values())
    from tests.importers.conftest import told

    with told() as words:
        bring("grid", grid_csv(tmp_path / "bad_2019.csv", [grid_row(0), grid_row(1, ind=-1)]))
    assert "bad_2019.csv is refused" in words[0]
    assert list(Cell.objects.order_by("pk").values()) == before


def test_the_run_keeps_checksum_parameters_counts_and_report(bring, tmp_path):
    path = grid_csv(tmp_path / "c_2019.csv", 2)
    bring("grid", path, producer="Apur")
    run = Run.objects.get()
    assert (run.kind, run.state) == ("load grid", RunState.DONE)
    assert run.inputs[0]["name"] == "c_2019.csv"
    assert run.inputs[0]["size"] == path.stat().st_size
    assert run.parameters == {"kind": "grid", "producer": "Apur"}
    assert run.counts["kept"] == run.report["kept"] == 2
    assert run.done_units == 0 or run.ended_at is not None


@settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    numbers=st.lists(st.integers(0, 400), min_size=1, max_size=40, unique=True),
    persons=st.floats(0, 5_000, allow_nan=False).map(lambda v: round(v, 1)),
)
def test_what_is_stored_is_what_was_written(bring, tmp_path, numbers, persons):
    path = grid_csv(tmp_path / "c_2015.csv", [grid_row(n, ind=persons) for n in numbers])
    bring("grid", path)
    assert set(Cell.objects.values_list("east", "ind")) == {
        (EAST + n * 200, persons) for n in numbers
    }


def test_progress_ends_at_the_last_row(tmp_path, db):
    from importers.loads import load

    seen: list[tuple[str, int, int | None]] = []
    path: Path = grid_csv(tmp_path / "c.csv", 7)
    load("grid", path, echo=lambda step, done, total=None: seen.append((step, done, total)))
    assert ("cells stored", 7, 7) in seen
    assert seen[0][0] == "rows read"
