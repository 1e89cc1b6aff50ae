"""From household files to published files, at the scale of a country, in bounded memory.

Secrecy never looks beyond a 64 km square, so squares are protected and written one group
after the other: three Parquet files, one per nested level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from carroyage import columns, grid, incomes
from carroyage.accumulate import Lines, finish
from carroyage.secrecy import PublishedGrid, publish_sorted
from carroyage.streaming import BATCH, Progress, ReadHouseholds, ahead, read_households

PART = 150_000  # cells protected at once
LEVELS = {"cells": "cells_200m", "kilometres": "cells_1km", "natural": "cells_natural"}
TRUE_CELLS = "true_cells_200m"


@dataclass(frozen=True)
class PublishedFiles:
    """What was written and counted.

    ``files`` : path by level (``cells``, ``kilometres``, ``natural``, and ``true`` when the
    unprotected cells were asked for); ``residuals`` : see `carroyage.secrecy`.
    """

    files: dict[str, Path]
    records: int
    rejected: pd.DataFrame
    bounds: incomes.Bounds
    cells: int
    persons: int
    imputed_cells: int
    imputed_persons: float
    withheld_cells: int
    residuals: pd.DataFrame


def publish_parquet(
    source: str | Path | Sequence[str | Path],
    folder: str | Path,
    *,
    poverty_line: float,
    line: float | dict[str, float] | None = None,
    bounds: incomes.Bounds | None = None,
    epsg: int = grid.METROPOLITAN,
    min_households: int = columns.MIN_HOUSEHOLDS,
    keep_true_cells: bool = False,
    batch: int = BATCH,
    progress: Callable[[Progress], None] | None = None,
) -> PublishedFiles:
    """Grid household files and write the three published levels as Parquet.

    Parameters
    ----------
    source : file, folder or list of files of household records
    folder : where ``cells_200m.parquet``, ``cells_1km.parquet``, ``cells_natural.parquet`` go
    keep_true_cells : also write ``true_cells_200m.parquet``, which must never leave
        the statistical office (it has the low-income persons the legal score needs)

    Raises
    ------
    MissingColumns, NothingLeft, MissingWinsorBounds, ThresholdTooLow, SecrecyBroken
    """
    lines = Lines(poverty_line, line)
    read = read_households(source, lines, bounds, 200, epsg, batch, progress)
    writer = LevelWriter(Path(folder), keep_true_cells)
    with writer:
        for true, published in ahead(published_parts(read, epsg, min_households)):
            writer.write(true, published)
    return writer.summary(read)


def published_parts(
    read: ReadHouseholds, epsg: int, min_households: int, cells: int = PART
) -> Iterator[tuple[pd.DataFrame, PublishedGrid]]:
    """Yield true and protected cells, some whole 64 km squares at a time, groups numbered on."""
    first = 1
    for part in read.parts(cells):
        true = finish(part, 200, epsg)
        north, east = grid.corners_of_keys(part["key"].to_numpy(), 200)
        published = publish_sorted(
            true, north, east, epsg, min_households=min_households, first_group=first
        )
        first += published.groups
        yield true, published


class LevelWriter:
    """Writes parts to one Parquet file per level and adds their counts up."""

    def __init__(self, folder: Path, keep_true_cells: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.files = {level: folder / f"{name}.parquet" for level, name in LEVELS.items()}
        if keep_true_cells:
            self.files["true"] = folder / f"{TRUE_CELLS}.parquet"
        self.writers: dict[str, pq.ParquetWriter] = {}
        self.counts = {"cells": 0, "persons": 0, "imputed": 0, "withheld": 0}
        self.imputed_persons = 0.0
        self.residuals: pd.DataFrame | None = None

    def __enter__(self) -> LevelWriter:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self.writers.values():
            writer.close()

    def write(self, true: pd.DataFrame, published: PublishedGrid) -> None:
        """Write one part of every level."""
        for level in LEVELS:
            self._append(level, getattr(published, level))
        if "true" in self.files:
            self._append("true", true)
        self.counts["cells"] += len(published.cells)
        self.counts["persons"] += int(true[columns.PERSONS].sum())
        self.counts["imputed"] += published.imputed_cells
        self.counts["withheld"] += published.withheld_cells
        self.imputed_persons += published.imputed_persons
        self.residuals = add_residuals(self.residuals, published.residuals)

    def _append(self, level: str, frame: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(frame.reset_index(), preserve_index=False)
        if level not in self.writers:
            # The index of the first part is the schema of all of them.
            path = self.files[level]
            self.writers[level] = pq.ParquetWriter(path, table.schema, compression="zstd")
        self.writers[level].write_table(table.cast(self.writers[level].schema))

    def summary(self, read: ReadHouseholds) -> PublishedFiles:
        """Tell what was written."""
        return PublishedFiles(
            self.files, read.records, read.rejected, read.bounds, self.counts["cells"],
            self.counts["persons"], self.counts["imputed"], self.imputed_persons,
            self.counts["withheld"],
            pd.DataFrame() if self.residuals is None else self.residuals,
        )  # fmt: skip


def add_residuals(known: pd.DataFrame | None, more: pd.DataFrame) -> pd.DataFrame:
    """Add residuals of two parts: sums add up, the largest in one group is the larger."""
    if known is None:
        return more
    total = known + more
    total["largest_in_one_group"] = known["largest_in_one_group"].combine(
        more["largest_in_one_group"], max
    )
    return total
