"""Household records: only cells' incomes stay; bad records are counted, never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carroyage.errors import NothingLeft
from carroyage.models import CellIncome, GridDataset
from observatory.models import Run, RunState
from tests.importers.makers import EAST, NORTH, household

pytestmark = pytest.mark.django_db


def _parquet(path: Path, rows: list[dict[str, object]]) -> Path:
    pd.DataFrame(rows).to_parquet(path)
    return path


def _steps() -> dict[int, dict[int, int]]:
    """Persons by step of 10 €, by the cell's easting."""
    return {
        row.east: dict(zip(row.steps, row.persons, strict=True)) for row in CellIncome.objects.all()
    }


def test_persons_are_counted_by_ten_euros_of_declared_income(bring, tmp_path):
    rows = [
        household(1, declared_income=18_000),  # 1.8 units: 10 000 € each
        household(2, declared_income=18_017),  # 10 009.44 €: the same ten euros
        household(3, declared_income=18_018),  # 10 010 €: the next
        household(4, x=EAST + 250.0, declared_income=0),
    ]
    report = bring("households", _parquet(tmp_path / "menages.parquet", rows)).report
    assert _steps() == {EAST: {1000: 6, 1001: 3}, EAST + 200: {0: 3}}
    assert (report.read, report.kept) == (4, 4)
    assert GridDataset.objects.get().origin == "records"


def test_a_point_on_an_edge_belongs_to_the_cell_it_bounds(bring, tmp_path):
    rows = [household(1, x=float(EAST + 200), y=float(NORTH)), household(2, x=EAST + 199.99)]
    bring("households", _parquet(tmp_path / "m.parquet", rows))
    assert set(_steps()) == {EAST, EAST + 200}


def test_csv_and_parquet_count_the_same(bring, tmp_path):
    rows = [household(n, declared_income=1_000 * n) for n in range(1, 9)]
    bring("households", _parquet(tmp_path / "m.parquet", rows))
    before = _steps()
    path = tmp_path / "m.csv"
    pd.DataFrame(rows).to_csv(path, index=False, sep=";", decimal=",")
    report = bring("households", path).report
    assert _steps() == before
    assert report.unchanged == 8


BAD = {
    "income missing": {"declared_income": None},
    "income negative": {"declared_income": -1},
    "no person": {"persons": 0, "under_14": 0},
    "no coordinates": {"x": float("nan")},
    "far away": {"x": 100.0, "y": 100.0},
    "in degrees": {"x": 2.35, "y": 48.85},
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_record_is_counted_apart_and_the_others_are_loaded(bring, tmp_path, case):
    rows = [household(1), household(2, **BAD[case]), household(3)]
    done = bring("households", _parquet(tmp_path / "m.parquet", rows))
    report = done.report
    assert (report.read, report.kept, report.refused_count) == (3, 2, 1)
    assert [refusal.row for refusal in report.refused] == [2]
    assert sum(report.reasons.values()) == 1
    assert done.run.state == RunState.DONE
    assert sum(sum(steps.values()) for steps in _steps().values()) == 6


def test_a_record_twice_counts_once(bring, tmp_path):
    path = _parquet(tmp_path / "m.parquet", [household(1), household(1), household(2)])
    report = bring("households", path).report
    assert report.reasons == {"household id already seen": 1}
    assert _steps() == {EAST: {1000: 6}}


def test_records_far_apart_in_a_long_file_are_one_when_they_share_an_id(
    bring, tmp_path, monkeypatch
):
    monkeypatch.setattr("importers.tables.BATCH_ROWS", 2)
    rows = [household(n, x=EAST + 200.0 * (n % 3) + 50) for n in range(1, 10)]
    rows[2]["persons"] = 0  # the first of this id is unusable: the second one counts
    rows += [household(3, x=EAST + 50), household(5, x=EAST + 50), household(8, x=EAST + 50)]
    report = bring("households", _parquet(tmp_path / "m.parquet", rows)).report
    assert (report.read, report.kept) == (12, 9)
    assert report.reasons == {"no person": 1, "household id already seen": 2}
    assert [refusal.row for refusal in report.refused] == [3, 11, 12]
    assert sum(sum(steps.values()) for steps in _steps().values()) == 27


def test_no_record_and_no_income_is_shown_anywhere(bring, tmp_path):
    rows = [household(1), household(2, household_id="DUPONT-1961", declared_income=-98_765)]
    done = bring("households", _parquet(tmp_path / "m.parquet", rows))
    run = Run.objects.get()
    everything = json.dumps([run.report, run.counts, run.parameters, run.inputs, run.message])
    everything += done.report.as_text()
    assert "DUPONT" not in everything
    assert "98765" not in everything.replace(" ", "").replace(",", "")
    assert run.report["refused_rows"][0]["value"] is None


def test_coordinates_in_lambert_are_moved_when_said(bring, tmp_path):
    from pyproj import Transformer

    x, y = Transformer.from_crs(3035, 2154, always_xy=True).transform(EAST + 50.0, NORTH + 50.0)
    path = _parquet(tmp_path / "m.parquet", [household(1, x=x, y=y)])
    with pytest.raises(NothingLeft):
        bring("households", path)
    bring("households", path, crs="EPSG:2154")
    assert set(_steps()) == {EAST}


def test_when_no_record_can_be_used_the_file_is_refused(bring, nothing_stored, tmp_path):
    path = _parquet(tmp_path / "m.parquet", [household(1, persons=0), household(2, persons=0)])
    with pytest.raises(NothingLeft) as caught:
        bring("households", path)
    assert "no person: 2" in str(caught.value)
    assert Run.objects.get().state == RunState.REFUSED
    nothing_stored()


def test_missing_columns_are_named(refused, tmp_path):
    rows = [{k: v for k, v in household(1).items() if k != "declared_income"}]
    said = refused("households", _parquet(tmp_path / "m.parquet", rows))
    assert "lacks the column(s) declared_income" in said


def test_columns_about_persons_are_not_even_read(bring, tmp_path):
    rows = [household(1) | {"nom": "Dupont", "naissance": "1961-02-03"}]
    report = bring("households", _parquet(tmp_path / "m.parquet", rows)).report
    assert report.kept == 1
    assert "Dupont" not in json.dumps(report.as_dict())


def test_a_newer_file_takes_the_place_of_the_older(bring, tmp_path):
    bring(
        "households", _parquet(tmp_path / "a.parquet", [household(1), household(2, x=EAST + 250.0)])
    )
    rows = [household(1, declared_income=36_000)]
    report = bring("households", _parquet(tmp_path / "b.parquet", rows)).report
    assert _steps() == {EAST: {2000: 3}}
    cells = report.facts["cells"]
    assert (cells["changed"], cells["withdrawn"], cells["added"]) == (1, 1, 0)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    incomes=st.lists(st.integers(0, 90_000), min_size=1, max_size=25), line=st.integers(0, 6_000)
)
def test_steps_count_the_persons_under_any_line_exactly(bring, tmp_path, incomes, line):
    """Lines are multiples of 10 €: what the steps say is what the records would."""
    rows = [household(n, declared_income=income) for n, income in enumerate(incomes)]
    bring("households", _parquet(tmp_path / "m.parquet", rows))
    euros = line * 10
    under = sum(3 for income in incomes if round(income * 100 / 1.8) < euros * 100)
    found = sum(n for steps in _steps().values() for step, n in steps.items() if step * 10 < euros)
    assert found == under
