"""Household files summed by cell on a Dask cluster, as `carroyage.streaming` does on one machine.

Each worker reads and checks some row groups. Three exchanges between workers follow: ids by
their hash (to find those seen twice), living standards by département (for their percentiles),
then sums, declared incomes and communes by 64 km square.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import distributed
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from dask.delayed import delayed

from carroyage import columns, errors, grid, incomes
from carroyage.accumulate import (
    COUNTS,
    SURFACE,
    Lines,
    add_up,
    communes_touched,
    counted,
    prepare,
)
from carroyage.distributed.connection import in_order
from carroyage.households import SAME_ID, WORDS, check_households
from carroyage.secrecy import natural_order, whole_squares
from carroyage.streaming import BATCH, hash_ids, open_households, row_groups

Ints = npt.NDArray[np.int64]
Progress = Callable[[str, int, int], None]

STANDARDS, DECLARED = "standards", "declared"
SQUARES_EACH = 4  # partitions per batch read: squares hold very different numbers of cells


@dataclass(frozen=True)
class Batch:
    """Row groups of one file that one worker reads, and the position of their first record."""

    path: str
    groups: tuple[int, ...]
    names: tuple[str, ...]
    first_row: int


@dataclass(frozen=True)
class Told:
    """What a worker tells of its batch; ``empty`` has the columns of `Measured.frame`."""

    rejected: pd.DataFrame
    departments: list[str]
    communes: list[str]
    records: int
    empty: pd.DataFrame


@dataclass(frozen=True)
class Measured:
    """One batch as numbers: ``frame`` has one row per usable record.

    ``departments`` and ``communes`` spell what the columns of these names number.
    """

    frame: pd.DataFrame
    rejected: pd.DataFrame
    departments: list[str]
    communes: list[str]
    records: int

    def told(self) -> Told:
        """Give what the driver needs: no household but the refused ones."""
        return Told(
            self.rejected, self.departments, self.communes, self.records, self.frame.iloc[:0]
        )


@dataclass(frozen=True)
class ClusterRead:
    """Integer sums of every usable record, the refused ones, and the bounds applied."""

    sums: pd.DataFrame
    rejected: pd.DataFrame
    bounds: incomes.Bounds
    records: int
    size: int

    def parts(self, cells: int) -> Iterator[pd.DataFrame]:
        """Give sums by cell in natural order, whole 64 km squares at a time."""
        corners = grid.corners_of_keys(self.sums["key"].to_numpy(), self.size)
        for first, end in whole_squares(*corners, cells):
            yield self.sums.iloc[first:end]


def read_on_cluster(
    client: distributed.Client,
    source: str | Path | Sequence[str | Path],
    lines: Lines,
    bounds: incomes.Bounds | None = None,
    size: int = 200,
    epsg: int = grid.METROPOLITAN,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> ClusterRead:
    """Read Parquet household files on a cluster and add every usable record up by cell.

    Raises
    ------
    MissingColumns, NothingLeft, MissingWinsorBounds, ClusterLost
    """
    tell = progress or (lambda step, done, total: None)
    batches = cut_in_batches(source, batch)
    measured = [client.persist(delayed(measure_batch)(one, lines, size, epsg)) for one in batches]
    told = list(
        in_order(
            client,
            [one.told() for one in measured],
            lambda done, total: tell("batches read", done, total),
        )
    )
    rejected = pd.concat([one.rejected for one in told], ignore_index=True)
    departments = sorted({name for one in told for name in one.departments})
    communes = sorted({name for one in told for name in one.communes})
    records = sum(one.records for one in told)
    if len(rejected) == records:
        raise errors.NothingLeft("household record", _reasons(rejected))
    frames = [delayed(numbered)(one, departments, communes) for one in measured]
    frame = dd.from_delayed(frames, meta=told[0].empty, verify_meta=False)
    repeated = _repeated_rows(client, frame)
    if len(repeated):
        frame = frame.map_partitions(_without, repeated, meta=frame._meta)
        rejected = _with_repeated(client, rejected, batches, repeated)
    applied = _own_bounds(client, frame, departments) if bounds is None else bounds
    unknown = set(departments) - set(applied)
    if unknown:
        raise errors.MissingWinsorBounds(unknown)
    limits = np.array([incomes.to_cents(applied[name]) for name in departments])
    sums = _sums_by_cell(client, frame, limits, communes, size, tell)
    return ClusterRead(sums, rejected, applied, records, size)


def _reasons(rejected: pd.DataFrame) -> str:
    counted = rejected["reason"].value_counts().items()
    return ", ".join(f"{text}: {n}" for text, n in counted) or "the files are empty"


def cut_in_batches(source: str | Path | Sequence[str | Path], batch: int) -> list[Batch]:
    """List the row groups each worker reads at once, about ``batch`` records."""
    files = open_households(source)
    found, first = [], 0
    for path in files.paths:
        with pq.ParquetFile(path) as file:
            for groups in row_groups(file.metadata, batch):
                found.append(Batch(path, tuple(groups), tuple(files.columns), first))
                first += sum(file.metadata.row_group(one).num_rows for one in groups)
    if not found:
        raise errors.NothingLeft("household record", "the files are empty")
    return found


# -- on a worker ---------------------------------------------------------------------------


def measure_batch(batch: Batch, lines: Lines, size: int, epsg: int) -> Measured:
    """Read, check and measure one batch."""
    words = [name for name in WORDS if name in batch.names]
    with pq.ParquetFile(batch.path, read_dictionary=words) as file:
        table = file.read_row_groups(list(batch.groups), list(batch.names)).unify_dictionaries()
    hashes = hash_ids(table.column("household_id"))
    records = table.to_pandas()
    checked = check_households(
        records, epsg, first_row=batch.first_row, refuse_empty=False, unique_ids=True
    )
    kept = checked.kept
    made = prepare(kept, checked.numbers, lines)
    department, commune = (
        words.remove_unused_categories() for words in (made.department, made.commune)
    )
    # Each household is a cell of its own here: they are added up once bounds are known.
    counts, surface = np.zeros((len(kept), len(COUNTS)), np.int32), np.zeros(len(kept), np.int64)
    added = add_up(made, lines, np.arange(len(kept), dtype=np.int32), counts, surface)
    rows = kept.index.to_numpy(np.int64)
    north, east = grid.cells_of_points(kept["x"], kept["y"], size)
    frame = {
        "row": rows + batch.first_row,
        "hash": hashes[rows].view(np.int64),
        "key": grid.cell_keys(north, east, size),
        "square": grid.cell_keys(north, east, grid.NATURAL_SIZES[-1]),
        "department": department.codes.astype(np.int64),
        "commune": commune.codes.astype(np.int64),
        STANDARDS: added.standards,
        SURFACE: surface,
        **{name: counts[:, COUNTS.index(name)].copy() for name in counted(made)},
    }
    if len(made.limits):
        frame[DECLARED] = added.declared
    spelt = [[str(n) for n in words.categories] for words in (department, commune)]
    return Measured(pd.DataFrame(frame), checked.rejected, spelt[0], spelt[1], len(records))


def numbered(measured: Measured, departments: list[str], communes: list[str]) -> pd.DataFrame:
    """Number départements and communes alike on every worker."""
    frame = measured.frame
    for name, own, known in (
        ("department", measured.departments, departments),
        ("commune", measured.communes, communes),
    ):
        at = {word: number for number, word in enumerate(known)}
        numbers = np.array([at[word] for word in own], np.int64)
        frame = frame.assign(**{name: numbers[frame[name].to_numpy()] if len(own) else frame[name]})
    return frame


def later_rows(ids: pd.DataFrame) -> pd.DataFrame:
    """Give the positions of records whose id an earlier usable record has."""
    ordered = ids.sort_values(["hash", "row"])
    return ordered.loc[ordered["hash"].duplicated(), ["row"]]


def _without(frame: pd.DataFrame, rows: Ints) -> pd.DataFrame:
    return frame[~np.isin(frame["row"], rows)]


def percentiles(standards: pd.DataFrame) -> pd.DataFrame:
    """P5 and P95 of living standards over persons, cents, of each département in a partition."""
    found = []
    for number, rows in standards.groupby("department"):
        low, high = incomes.weighted_quantiles(
            rows[STANDARDS].to_numpy(), rows[columns.PERSONS].to_numpy(np.int64), (0.05, 0.95)
        )
        found.append((number, low, high))
    return pd.DataFrame(found, columns=["department", "low", "high"], dtype=np.int64)


def batch_sums(frame: pd.DataFrame, limits: Ints) -> pd.DataFrame:
    """Winsorise living standards and add one partition up by cell."""
    low, high = limits[frame["department"].to_numpy()].T
    clipped = np.clip(frame[STANDARDS].to_numpy(), low, high)
    summed = frame.drop(columns=[*_not_summed(frame)]).assign(
        **{columns.INCOME_SUM: clipped * frame[columns.PERSONS].to_numpy(np.int64)}
    )
    return add_cells(summed)


def _not_summed(frame: pd.DataFrame) -> list[str]:
    beside = ("row", "hash", "department", "commune", STANDARDS, DECLARED)
    return [name for name in beside if name in frame]


def add_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Add integers up by cell, exactly."""
    return frame.groupby(["square", "key"], as_index=False).sum().astype(np.int64)


def whole_cells(
    sums: pd.DataFrame, households: pd.DataFrame, names: list[str], size: int
) -> pd.DataFrame:
    """Put together what is known of the cells of some whole squares, in natural order."""
    cells = add_cells(sums.reset_index())
    cells = cells.iloc[natural_order(*grid.corners_of_keys(cells["key"].to_numpy(), size))]
    cells = cells.drop(columns="square").reset_index(drop=True)
    code = pd.Index(cells["key"]).get_indexer(households["key"]).astype(np.int64)
    pairs = np.unique(code << 32 | households["commune"].to_numpy())
    cells[columns.COMMUNES] = communes_touched(pairs, names, len(cells))
    if DECLARED in households:
        medians = incomes.medians_by_group(
            households[DECLARED].to_numpy(), households[columns.PERSONS].to_numpy(),
            code, len(cells),
        )  # fmt: skip
        cells[columns.DECLARED_MEDIAN] = medians / 100
    return cells


# -- from the driver -----------------------------------------------------------------------


def _repeated_rows(client: distributed.Client, frame: Any) -> Ints:
    by_hash = frame[["hash", "row"]].shuffle("hash")
    found = by_hash.map_partitions(later_rows, meta=frame._meta[["row"]])
    rows = [part["row"].to_numpy() for part in in_order(client, found.to_delayed())]
    return np.sort(np.concatenate(rows))


def _with_repeated(
    client: distributed.Client, rejected: pd.DataFrame, batches: list[Batch], rows: Ints
) -> pd.DataFrame:
    starts = np.array([one.first_row for one in batches])
    holder = np.searchsorted(starts, rows, side="right") - 1
    tasks = [
        delayed(ids_of)(batches[number], rows[holder == number]) for number in np.unique(holder)
    ]
    late = [part.assign(reason=SAME_ID) for part in in_order(client, tasks)]
    return pd.concat([rejected, *late]).sort_values("row", ignore_index=True)


def ids_of(batch: Batch, rows: Ints) -> pd.DataFrame:
    """Read the ids of some records of a batch again."""
    with pq.ParquetFile(batch.path) as file:
        ids = file.read_row_groups(list(batch.groups), ["household_id"]).to_pandas()
    found = ids["household_id"].to_numpy(object)[rows - batch.first_row]
    return pd.DataFrame({"row": rows, "household_id": found})


def _own_bounds(
    client: distributed.Client, frame: Any, departments: list[str]
) -> Mapping[str, tuple[float, float]]:
    by_department = frame[["department", STANDARDS, columns.PERSONS]].shuffle("department")
    meta = pd.DataFrame({"department": [0], "low": [0], "high": [0]}).iloc[:0]
    found = by_department.map_partitions(percentiles, meta=meta)
    bounds = {}
    for part in in_order(client, found.to_delayed()):
        for number, low, high in part.itertuples(index=False):
            bounds[departments[number]] = (float(low) / 100, float(high) / 100)
    return dict(sorted(bounds.items()))


def _sums_by_cell(
    client: distributed.Client,
    frame: Any,
    limits: Ints,
    communes: list[str],
    size: int,
    tell: Progress,
) -> pd.DataFrame:
    squares = np.unique(np.concatenate(list(in_order(client, _squares(frame)))))
    divisions = _divisions(squares, SQUARES_EACH * frame.npartitions)
    sums = frame.map_partitions(batch_sums, limits, meta=_sums_meta(frame))
    beside = [n for n in ("square", "key", "commune", columns.PERSONS, DECLARED) if n in frame]
    parts = dd.map_partitions(
        whole_cells,
        sums.set_index("square", divisions=divisions),
        frame[beside].set_index("square", divisions=divisions),
        communes,
        size,
        meta=_cells_meta(frame),
    )
    told = in_order(
        client, parts.to_delayed(), lambda done, total: tell("squares summed", done, total)
    )
    return pd.concat(list(told), ignore_index=True)


def _squares(frame: Any) -> list[Any]:
    return [delayed(_unique_squares)(part) for part in frame.to_delayed()]


def _unique_squares(frame: pd.DataFrame) -> Ints:
    return np.unique(frame["square"].to_numpy())


def _divisions(squares: Ints, partitions: int) -> tuple[int, ...]:
    """Cut sorted squares in runs: each partition's first square, then the last one of all."""
    runs = np.array_split(squares, min(partitions, len(squares)))
    return (*(int(run[0]) for run in runs), int(squares[-1]))


def _sums_meta(frame: Any) -> pd.DataFrame:
    return batch_sums(frame._meta, np.zeros((1, 2), np.int64))


def _cells_meta(frame: Any) -> pd.DataFrame:
    empty = frame._meta
    return whole_cells(_sums_meta(frame).set_index("square"), empty, [], 200)
