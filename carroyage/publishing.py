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
from carroyage.accumulate import Lines, completed, finish
from carroyage.secrecy import PublishedGrid, numbered_on, publish_sorted
from carroyage.streaming import BATCH, Progress, ReadHouseholds, read_households, side_by_side

PART = 50_000  # cells protected at once
LEVELS = {"cells": "cells_200m", "kilometres": "cells_1km", "natural": "cells_natural"}
TRUE_CELLS = "true_cells_200m"
SELDOM_REPEATED = (columns.INCOME_SUM, "men_surf", columns.DECLARED_MEDIAN)


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
    writer = LevelWriter(Path(folder), epsg, keep_true_cells)
    with writer:
        sums = read.parts(PART)
        for published in published_parts(writer.true(sums), epsg, min_households):
            writer.write(published)
    return writer.summary(read)


def published_parts(
    sums: Iterator[pd.DataFrame], epsg: int, min_households: int
) -> Iterator[PublishedGrid]:
    """Protect integer sums by cell, part after part of whole 64 km squares, in their order."""

    def protect(part: pd.DataFrame) -> PublishedGrid:
        north, east = grid.corners_of_keys(part["key"].to_numpy(), 200)
        return publish_sorted(completed(part), north, east, epsg, min_households=min_households)

    return numbered_on(side_by_side(protect, sums))


class LevelWriter:
    """Writes parts to one Parquet file per level and adds their counts up."""

    def __init__(self, folder: Path, epsg: int, keep_true_cells: bool) -> None:
        self.epsg = epsg
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

    def true(self, parts: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Let integer sums pass: count their persons and, if asked for, write true cells."""
        for sums in parts:
            self.counts["persons"] += int(sums[columns.PERSONS].sum())
            if "true" in self.files:
                self._append("true", finish(sums, 200, self.epsg))
            yield sums

    def write(self, published: PublishedGrid) -> None:
        """Write one part of every level."""
        for level in LEVELS:
            self._append(level, getattr(published, level))
        self.counts["cells"] += len(published.cells)
        self.counts["imputed"] += published.imputed_cells
        self.counts["withheld"] += published.withheld_cells
        self.imputed_persons += published.imputed_persons
        self.residuals = add_residuals(self.residuals, published.residuals)

    def _append(self, level: str, frame: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(frame.reset_index(), preserve_index=False)
        if level not in self.writers:
            # The first part gives the schema of all of them. What hardly repeats is no dictionary.
            repeated = [name for name in table.column_names[1:] if name not in SELDOM_REPEATED]
            self.writers[level] = pq.ParquetWriter(
                self.files[level], table.schema, compression="zstd", use_dictionary=repeated
            )
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
