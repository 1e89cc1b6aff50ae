"""A file larger than memory gives, batch after batch, the same bytes as all records at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carroyage import columns, errors
from carroyage.accumulate import CellIndex, Lines
from carroyage.gridding import grid_households
from carroyage.publishing import publish_parquet
from carroyage.secrecy import natural_order, publish_cells
from carroyage.streaming import Progress, grid_parquet, hash_ids, read_households, side_by_side
from tests.carroyage.makers import household_frames, make_households

POVERTY, LINE = 13_890.0, 12_800.0
STREAMED = [*columns.PUBLISHED, columns.LOW_INCOME_PERSONS]
ON_DISK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def save(frame: pd.DataFrame, folder: Path, rows: int = 100, name: str = "h.parquet") -> Path:
    path = folder / name
    frame.to_parquet(path, row_group_size=rows)
    return path


def at_once(frame: pd.DataFrame) -> pd.DataFrame:
    cells = grid_households(frame, poverty_line=POVERTY, line=LINE).cells[STREAMED]
    return cells.astype(float).sort_index()


def streamed(source: object, **options: object) -> pd.DataFrame:
    made = grid_parquet(source, poverty_line=POVERTY, line=LINE, **options)  # type: ignore[arg-type]
    return made.cells[STREAMED].astype(float).sort_index()


@ON_DISK
@given(household_frames(), st.integers(1, 400), st.integers(1, 200))
def test_batches_and_row_groups_change_nothing(
    tmp_path: Path, frame: pd.DataFrame, batch: int, rows: int
) -> None:
    path = save(frame, tmp_path, rows)
    pd.testing.assert_frame_equal(streamed(path, batch=batch), at_once(frame), check_exact=True)


@ON_DISK
@given(household_frames(), st.integers(20, 400))
def test_communes_touched_and_declared_medians_are_those_of_all_records(
    tmp_path: Path, frame: pd.DataFrame, batch: int
) -> None:
    made = grid_parquet(
        save(frame, tmp_path, 40), poverty_line=POVERTY, line=LINE, batch=batch, details=True
    )
    expected = grid_households(frame, poverty_line=POVERTY, line=LINE).cells
    pd.testing.assert_frame_equal(made.cells.sort_index(), expected.sort_index(), check_exact=True)


def test_several_files_and_a_folder_are_one_source(tmp_path: Path) -> None:
    frame = make_households(300)
    parts = [save(frame.iloc[i::3], tmp_path, name=f"part{i}.parquet") for i in range(3)]
    pd.testing.assert_frame_equal(streamed(parts), at_once(frame), check_exact=True)
    pd.testing.assert_frame_equal(streamed(tmp_path), at_once(frame), check_exact=True)


def test_bounds_are_the_percentiles_of_all_records(tmp_path: Path) -> None:
    frame = make_households(2_000, width=20)
    whole = grid_households(frame, poverty_line=POVERTY)
    made = grid_parquet(save(frame, tmp_path), poverty_line=POVERTY, batch=123)
    assert made.bounds == whole.bounds
    given_bounds = {"75": (9_000.0, 50_000.0), "93": (8_000.0, 40_000.0)}
    again = grid_parquet(tmp_path / "h.parquet", poverty_line=POVERTY, bounds=given_bounds)
    assert again.bounds == given_bounds
    assert again.cells["ind_snv"].sum() != made.cells["ind_snv"].sum()


def test_words_may_be_plain_text_or_categories(tmp_path: Path) -> None:
    frame = make_households(200)
    words = ["tenure", "dwelling", "built", "department", "commune"]
    plain = save(frame, tmp_path)
    coded = save(frame.astype(dict.fromkeys(words, "category")), tmp_path, name="c.parquet")
    pd.testing.assert_frame_equal(streamed(plain), streamed(coded), check_exact=True)


def test_a_line_per_urban_unit_is_streamed_too(tmp_path: Path) -> None:
    frame = make_households(300)
    frame["urban_unit"] = np.where(frame["x"] % 2 < 1, "00851", "59702")
    line = {"00851": 12_800.0, "59702": 9_000.0}
    whole = grid_households(frame, poverty_line=POVERTY, line=line).cells
    made = grid_parquet(save(frame, tmp_path), poverty_line=POVERTY, line=line, batch=77).cells
    name = columns.LOW_INCOME_PERSONS
    assert made[name].sort_index().tolist() == whole[name].sort_index().tolist()


def spoilt(n: int = 400) -> pd.DataFrame:
    """Records of which some are unusable and some share an id, far apart in the file."""
    frame = make_households(n)
    frame.loc[10, "persons"] = 0
    frame.loc[250, "declared_income"] = -1.0
    frame.loc[[5, 390], "household_id"] = "twice"  # both usable: the first is kept
    frame.loc[[20, 300], "household_id"] = "spoilt twice"  # the first is unusable
    frame.loc[20, "floor_area"] = np.nan
    return frame


def test_a_departement_known_from_unusable_records_alone_needs_no_bounds(tmp_path: Path) -> None:
    frame = make_households(60)
    frame.loc[7, ["department", "commune", "persons"]] = ["2A", "2A004", 0]
    made = grid_parquet(save(frame, tmp_path), poverty_line=POVERTY, details=True)
    assert set(made.bounds) == {"75", "93"}
    assert made.rejected["row"].tolist() == [7]
    assert not made.cells["lcog_geo"].str.contains("2A").any()


@pytest.mark.parametrize("batch", [50, 1_000])
def test_unusable_records_are_listed_as_when_read_at_once(tmp_path: Path, batch: int) -> None:
    frame = spoilt()
    whole = grid_households(frame, poverty_line=POVERTY)
    made = grid_parquet(save(frame, tmp_path, 60), poverty_line=POVERTY, batch=batch)
    pd.testing.assert_frame_equal(made.rejected, whole.rejected, check_dtype=False)
    assert made.rejected["row"].tolist() == [10, 20, 250, 390]
    assert made.cells["men"].sum() == 396


def test_a_file_without_a_usable_record_is_refused(tmp_path: Path) -> None:
    frame = make_households(30).assign(x=652_000.0, y=6_862_000.0)
    with pytest.raises(errors.NothingLeft, match="outside the grid: 30"):
        grid_parquet(save(frame, tmp_path), poverty_line=POVERTY)
    with pytest.raises(errors.NothingLeft, match="empty"):
        grid_parquet(save(frame.iloc[:0], tmp_path), poverty_line=POVERTY)


def test_missing_columns_are_named_before_reading(tmp_path: Path) -> None:
    path = save(make_households(5).drop(columns="built"), tmp_path)
    with pytest.raises(errors.MissingColumns, match="built"):
        grid_parquet(path, poverty_line=POVERTY)


def test_bounds_must_name_every_department(tmp_path: Path) -> None:
    path = save(make_households(50), tmp_path)
    with pytest.raises(errors.MissingWinsorBounds, match="93"):
        grid_parquet(path, poverty_line=POVERTY, bounds={"75": (1.0, 2.0)})


def test_progress_goes_from_the_first_batch_to_the_last_record(tmp_path: Path) -> None:
    told: list[Progress] = []
    grid_parquet(
        save(make_households(350), tmp_path), poverty_line=POVERTY, batch=100, progress=told.append
    )
    assert [p.done for p in told] == [100, 200, 300, 350]
    assert {p.total for p in told} == {350}


def test_published_files_equal_publishing_all_cells_at_once(tmp_path: Path) -> None:
    frame = make_households(3_000, width=1_500)
    raw = grid_households(frame, poverty_line=POVERTY).cells.drop(columns="lcog_geo")
    whole = publish_cells(raw)
    made = publish_parquet(save(frame, tmp_path), tmp_path / "out", poverty_line=POVERTY, batch=700)
    for level in ("cells", "kilometres", "natural"):
        expected = getattr(whole, level)
        read = pd.read_parquet(made.files[level]).set_index(expected.index.name)
        pd.testing.assert_frame_equal(read, expected, check_exact=True, check_dtype=False)
    assert made.records == 3_000
    assert made.persons == frame["persons"].sum()
    assert made.imputed_cells == whole.imputed_cells
    pd.testing.assert_frame_equal(made.residuals, whole.residuals)


def test_cutting_squares_apart_changes_no_byte(tmp_path: Path) -> None:
    from carroyage.publishing import published_parts

    path = save(make_households(2_000, width=1_500), tmp_path)
    read = read_households(path, Lines(POVERTY))
    cut = [part.cells for part in published_parts(read.parts(1), 3035, 11)]
    together = [part.cells for part in published_parts(read.parts(10**9), 3035, 11)]
    assert len(cut) > 5
    assert len(together) == 1
    pd.testing.assert_frame_equal(pd.concat(cut), together[0], check_exact=True)


def test_true_cells_are_written_on_demand_only(tmp_path: Path) -> None:
    path = save(make_households(100), tmp_path)
    made = publish_parquet(path, tmp_path / "a", poverty_line=POVERTY)
    assert set(made.files) == {"cells", "kilometres", "natural"}
    assert len(list((tmp_path / "a").iterdir())) == 3
    made = publish_parquet(
        path, tmp_path / "b", poverty_line=POVERTY, line=LINE, keep_true_cells=True
    )
    assert columns.LOW_INCOME_PERSONS in pq.read_schema(made.files["true"]).names
    assert columns.LOW_INCOME_PERSONS not in pq.read_schema(made.files["cells"]).names


@given(st.lists(st.tuples(st.integers(10_000, 15_999), st.integers(15_500, 21_000)), max_size=40))
def test_a_position_keeps_its_number(places: list[tuple[int, int]]) -> None:
    index = CellIndex(200, 3035)
    row, column = np.array(places, np.int64).reshape(-1, 2).T
    x, y = column * 200.0, row * 200.0  # a lower left corner belongs to its cell
    first = index.codes(x, y)
    again = index.codes(x[::-1] + 199.99, y[::-1] + 199.99)
    assert again[::-1].tolist() == first.tolist()
    assert index.count == len(set(places))
    keys = index.keys()
    assert keys[first].tolist() == ((row << 32) | column).tolist()


TEXTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=30)


@given(TEXTS)
def test_hashes_tell_ids_apart_and_only_them(texts: list[str]) -> None:
    hashes = hash_ids(pa.array(texts, pa.string())).tolist()
    assert len(set(hashes)) == len(set(texts))
    by_text = dict(zip(texts, hashes, strict=True))
    assert [by_text[text] for text in texts] == hashes


@given(TEXTS, st.integers(0, 10))
def test_hashes_do_not_depend_on_how_the_column_is_stored(texts: list[str], cut: int) -> None:
    whole = hash_ids(pa.array(texts, pa.string()))
    halves = [pa.array(part, pa.string()) for part in (texts[:cut], texts[cut:])]
    pieces = pa.chunked_array(halves)
    assert hash_ids(pieces).tolist() == whole.tolist()
    assert hash_ids(pa.array(["x", *texts], pa.large_string())[1:]).tolist() == whole.tolist()


def test_whole_number_ids_are_their_own_hash() -> None:
    assert hash_ids(pa.array([3, 5, 2**40])).tolist() == [3, 5, 2**40]


def test_cells_come_by_64_km_square_then_by_position(tmp_path: Path) -> None:
    path = save(make_households(800, width=1_200), tmp_path)
    sums = read_households(path, Lines(POVERTY)).sums.table()
    keys = sums["key"].to_numpy()
    north, east = keys >> 32, keys & 0xFFFFFFFF
    assert natural_order(north * 200, east * 200).tolist() == list(range(len(keys)))


def test_work_done_side_by_side_comes_in_order_and_fails_as_it_would_alone() -> None:
    assert list(side_by_side(lambda n: n * n, range(9), threads=3)) == [n * n for n in range(9)]
    assert list(side_by_side(str, [])) == []
    given = side_by_side(lambda n: 6 // n, [3, 2, 0, 1])
    assert [next(given), next(given)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(given)
