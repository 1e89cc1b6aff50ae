"""Grid household files that do not fit in memory: one pass over Parquet, batch after batch."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from carroyage import errors, grid, incomes
from carroyage.accumulate import Batch, CellIndex, CellSums, Details, Lines, finish, prepare
from carroyage.gridding import GriddedHouseholds
from carroyage.households import (
    REQUIRED,
    SAME_ID,
    WORDS,
    CheckedHouseholds,
    check_households,
)

BATCH = 500_000
OPTIONAL = ("single_parent", "urban_unit")
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Progress:
    """How far the reading is: records read, and records in the file."""

    done: int
    total: int


def grid_parquet(
    source: str | Path | Sequence[str | Path],
    *,
    poverty_line: float,
    line: float | dict[str, float] | None = None,
    bounds: incomes.Bounds | None = None,
    size: int = 200,
    epsg: int = grid.METROPOLITAN,
    batch: int = BATCH,
    progress: Callable[[Progress], None] | None = None,
    details: bool = False,
) -> GriddedHouseholds:
    """Sum the households of Parquet files by cell, as `carroyage.gridding.grid_households`.

    Memory: one batch, 25 bytes per household read, 200 bytes per cell. The result is the same
    to the byte as gridding all records at once.

    Parameters
    ----------
    source : file, folder or list of files
    bounds : winsorisation bounds in euros; percentiles of all records when absent
    batch : records read at once
    details : also tell the communes each cell touches and, with a declared line, its median;
        13 bytes more per household

    Raises
    ------
    MissingColumns, NothingLeft, MissingWinsorBounds
    """
    lines = Lines(poverty_line, line)
    read = read_households(source, lines, bounds, size, epsg, batch, progress, details)
    return GriddedHouseholds(finish(read.sums.table(), size, epsg), read.rejected, read.bounds)


@dataclass(frozen=True)
class ReadHouseholds:
    """Integer sums of every usable record, the refused ones, and the bounds applied."""

    sums: CellSums
    rejected: pd.DataFrame
    bounds: incomes.Bounds
    records: int

    def parts(self, cells: int) -> Iterator[pd.DataFrame]:
        """Give sums by cell in natural order, whole 64 km squares at a time."""
        return self.sums.parts(cells)


def read_households(
    source: str | Path | Sequence[str | Path],
    lines: Lines,
    bounds: incomes.Bounds | None = None,
    size: int = 200,
    epsg: int = grid.METROPOLITAN,
    batch: int = BATCH,
    progress: Callable[[Progress], None] | None = None,
    details: bool = False,
) -> ReadHouseholds:
    """Read household files once and add every usable record up (see `grid_parquet`)."""
    files = open_households(source)
    again = functools.partial(
        _read_once,
        files,
        lines,
        size=size,
        epsg=epsg,
        batch=batch,
        progress=progress,
        details=details,
    )
    sums, told, done, hashes = again(repeated=np.zeros(0, np.uint64))
    with ThreadPoolExecutor(1) as other:  # ids are compared while incomes are added up
        comparing = other.submit(repeated_hashes, hashes)
        applied = _add_incomes(sums, told, bounds)
        repeated = comparing.result()
    if len(repeated):  # rare: the first usable record of each of these ids is kept
        sums, told, done, _ = again(repeated=repeated)
        applied = _add_incomes(sums, told, bounds)
    return ReadHouseholds(sums, told, applied, done)


def _add_incomes(
    sums: CellSums, rejected: pd.DataFrame, bounds: incomes.Bounds | None
) -> incomes.Bounds:
    if not sums.kept:
        reasons = rejected["reason"].value_counts().items()
        told = ", ".join(f"{text}: {n}" for text, n in reasons)
        raise errors.NothingLeft("household record", told or "the files are empty")
    applied = sums.own_bounds() if bounds is None else bounds
    sums.add_incomes(applied)
    return applied


def _read_once(
    files: HouseholdFiles,
    lines: Lines,
    *,
    repeated: npt.NDArray[np.uint64],
    size: int,
    epsg: int,
    batch: int,
    progress: Callable[[Progress], None] | None,
    details: bool,
) -> tuple[CellSums, pd.DataFrame, int, npt.NDArray[np.uint64]]:
    sums = CellSums(CellIndex(size, epsg), lines, Details() if details else None)
    done = 0
    hashes = np.zeros(files.records, np.uint64)
    rejected = [pd.DataFrame({"row": [], "household_id": [], "reason": []})]
    for usable, refused, own in ahead(_usable(files, lines, epsg, batch, repeated)):
        hashes[done : done + len(own)] = own
        if len(refused):
            rejected.append(refused)
        sums.add(usable)
        done += len(own)
        if progress is not None:
            progress(Progress(done, files.records))
    return sums, pd.concat(rejected[1:] or rejected, ignore_index=True), done, hashes


def _usable(
    files: HouseholdFiles, lines: Lines, epsg: int, batch: int, repeated: npt.NDArray[np.uint64]
) -> Iterator[tuple[Batch, pd.DataFrame, npt.NDArray[np.uint64]]]:
    """Give each batch's usable records, its refused ones, and the hashes of all its ids."""
    first_row, seen = 0, set[int]()
    for records, own in read_batches(files, batch):
        checked = check_batch(records, epsg, first_row, own, repeated, seen)
        first_row += len(own)
        yield prepare(checked.kept, checked.numbers, lines), checked.rejected, own


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Give items in order, each made by another thread while the last one is being used."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item


def side_by_side(work: Callable[[S], T], items: Iterable[S], threads: int = 2) -> Iterator[T]:
    """Do work on items in several threads and give the results in the items' order."""
    with ThreadPoolExecutor(threads) as pool:
        coming: deque[Future[T]] = deque()
        for item in items:
            coming.append(pool.submit(work, item))
            if len(coming) > threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


@dataclass(frozen=True)
class HouseholdFiles:
    """Paths of Parquet files with the canonical columns, and their number of records."""

    paths: list[str]
    columns: list[str]
    records: int


def open_households(source: str | Path | Sequence[str | Path]) -> HouseholdFiles:
    """Open household files (a file, a folder, a list) and check their columns.

    Raises
    ------
    MissingColumns
    """
    given = [str(source)] if isinstance(source, str | Path) else [str(path) for path in source]
    dataset = pads.dataset(given[0] if len(given) == 1 else given, format="parquet")
    missing = set(REQUIRED) - set(dataset.schema.names)
    if missing:
        raise errors.MissingColumns("households", missing)
    names = [*REQUIRED, *(name for name in OPTIONAL if name in dataset.schema.names)]
    return HouseholdFiles(dataset.files, names, dataset.count_rows())


def read_batches(
    files: HouseholdFiles, batch: int
) -> Iterator[tuple[pd.DataFrame, npt.NDArray[np.uint64]]]:
    """Read canonical columns in the files' order, words as categories, with hashed ids.

    The next batch is read while the last one is being worked on.
    """
    for table in ahead(_tables(files, batch)):
        hashes = hash_ids(table.column("household_id"))
        yield table.to_pandas(self_destruct=True, split_blocks=True), hashes


def _tables(files: HouseholdFiles, batch: int) -> Iterator[pa.Table]:
    """Read about ``batch`` records at a time, whole row groups where they are small."""
    words = [name for name in WORDS if name in files.columns]
    for path in files.paths:
        with pq.ParquetFile(path, read_dictionary=words, pre_buffer=False) as file:
            for groups in row_groups(file.metadata, batch):
                if len(groups) == 1 and file.metadata.row_group(groups[0]).num_rows > 2 * batch:
                    for piece in file.iter_batches(batch, groups, files.columns):
                        yield pa.Table.from_batches([piece]).unify_dictionaries()
                else:
                    yield file.read_row_groups(groups, files.columns).unify_dictionaries()


def row_groups(metadata: pq.FileMetaData, batch: int) -> Iterator[list[int]]:
    """Gather consecutive row groups until they hold about a batch."""
    gathered: list[int] = []
    rows = 0
    for number in range(metadata.num_row_groups):
        more = metadata.row_group(number).num_rows
        if gathered and rows + more > batch:
            yield gathered
            gathered, rows = [], 0
        gathered.append(number)
        rows += more
    if gathered:
        yield gathered


def check_batch(
    records: pd.DataFrame,
    epsg: int,
    first_row: int,
    hashes: npt.NDArray[np.uint64],
    repeated: npt.NDArray[np.uint64],
    seen: set[int],
) -> CheckedHouseholds:
    """Set usable records apart; of records with the same id the first usable one is kept.

    ``hashes`` (n,) are those of the records' ids, ``repeated`` those met more than once in the
    files, ``seen`` those of them already kept.
    """
    checked = check_households(
        records, epsg, first_row=first_row, refuse_empty=False, unique_ids=True
    )
    if len(repeated) == 0:
        return checked
    rows = np.setdiff1d(np.arange(len(records)), checked.rejected["row"] - first_row)
    again = np.zeros(len(rows), bool)
    for i in np.flatnonzero(np.isin(hashes[rows], repeated)):
        again[i] = int(hashes[rows[i]]) in seen
        seen.add(int(hashes[rows[i]]))
    late = pd.DataFrame(
        {
            "row": rows[again] + first_row,
            "household_id": checked.kept["household_id"][again].to_numpy(object),
            "reason": SAME_ID,
        }
    )
    rejected = pd.concat([checked.rejected, late]).sort_values("row", ignore_index=True)
    return CheckedHouseholds(checked.kept[~again], checked.numbers.where(~again), rejected)


def repeated_hashes(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Give the values that appear more than once; sorts ``hashes`` in place."""
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


def hash_ids(ids: Any) -> npt.NDArray[np.uint64]:
    """Hash ids (text or numbers) on 64 bits, the same on every machine, shape (n,)."""
    if pa.types.is_integer(ids.type) and ids.null_count == 0:
        return np.asarray(ids.to_numpy(zero_copy_only=False).astype(np.uint64), np.uint64)
    chunks = ids.chunks if isinstance(ids, pa.ChunkedArray) else [ids]
    return np.concatenate([np.zeros(0, np.uint64), *(_hash_texts(chunk) for chunk in chunks)])


def _hash_texts(ids: Any) -> npt.NDArray[np.uint64]:
    from carroyage import kernels

    texts = ids.cast(pa.large_string())
    if texts.null_count:
        texts = texts.fill_null("")
    out = np.zeros(len(texts), np.uint64)
    if len(texts):
        _, ends, letters = texts.buffers()
        kernels.hash_texts(
            np.frombuffer(letters or b"", np.uint8),
            np.frombuffer(ends, np.int64, len(texts) + 1, texts.offset * 8),
            out,
        )
    return out
