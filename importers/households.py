"""Household records: turned at once into each cell's distribution of declared income.

No record is stored, and none is shown: a refused one is told by its row and reason alone. A
refused record does not refuse the file; it is counted and listed apart.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyproj
from django.db import connection, transaction

from carroyage import columns as names
from carroyage import grid, gridding
from carroyage.households import REQUIRED, CheckedHouseholds, check_households
from carroyage.models import GridDataset, Origin
from importers import errors
from importers.files import opened
from importers.incomestore import merge_incomes
from importers.options import LoadOptions
from importers.products import product, source_of
from importers.report import Report
from importers.tables import Table, open_table
from importers.values import as_numbers
from observatory.models import Run
from observatory.runs import Progress, silent

Ints = npt.NDArray[np.int64]

SIZE = 200
CENTS_PER_STEP = 1_000  # steps of 10 €: lines are rounded to 10 €
NUMBERS = (
    "x", "y", "persons", "under_14", *names.AGES, "declared_income", "disposable_income",
    "floor_area",
)  # fmt: skip


def load_households(
    path: Path | str,
    options: LoadOptions,
    *,
    run: Run | None = None,
    progress: Progress = silent,
) -> Report:
    """Load one file of household records into distributions of income by cell.

    Raises
    ------
    MissingColumns, NothingLeft
        A canonical column is absent; not one record can be used.
    """
    with opened(path) as file:
        table = open_table(file, wanted="household_id")
        table.require(*REQUIRED)
        report = Report("households", file.name, table.unit, personal=True)
        report.note(table.describe())
        rows, records = _records(table, report, progress)
    _to_grid_system(records, options.crs)
    checked = check_households(records, grid.METROPOLITAN)
    _list_rejected(checked, rows, report)
    cells = income_steps(checked.kept)
    with transaction.atomic(), connection.cursor() as cursor:
        dataset = _dataset(options, run)
        merge_incomes(cursor, dataset, cells, report)
        code = dataset.source.code
        report.facts |= {"dataset": dataset.pk, "source": code, "replaces": code}
    progress("cells stored", len(cells), len(cells))
    return report


def _records(table: Table, report: Report, progress: Progress) -> tuple[Ints, pd.DataFrame]:
    """Read the needed columns only; names of persons, if any, never leave the file."""
    numbers, parts = [], []
    for rows, batch in table.batches(REQUIRED, report):
        numbers.append(rows)
        parts.append(_typed(batch))
        progress("records read", report.read, max(table.rows, report.read))
    return np.concatenate(numbers), pd.concat(parts, ignore_index=True)


def _typed(batch: pa.Table) -> pd.DataFrame:
    frame: dict[str, Any] = {name: as_numbers(batch[name]).values for name in NUMBERS}
    for name in REQUIRED:
        if name not in NUMBERS:
            texts = batch[name].cast(pa.string()).to_pandas()
            frame[name] = texts.where(texts.str.strip() != "", None)
    return pd.DataFrame(frame)


def _to_grid_system(records: pd.DataFrame, crs: str) -> None:
    """Move coordinates given in another system into the grid's."""
    if not crs:
        return
    try:
        mover = pyproj.Transformer.from_crs(crs, grid.METROPOLITAN, always_xy=True)
    except pyproj.exceptions.CRSError:
        raise errors.BadOption(
            f"--crs {crs} is no coordinate system.", "Write for instance --crs EPSG:2154."
        ) from None
    records["x"], records["y"] = mover.transform(records["x"].to_numpy(), records["y"].to_numpy())


def _list_rejected(checked: CheckedHouseholds, rows: Ints, report: Report) -> None:
    for place, reason in zip(checked.rejected["row"], checked.rejected["reason"], strict=True):
        report.refuse(rows[int(place)], "", None, str(reason), "")
    report.refused.sort(key=lambda refusal: refusal.row)
    report.kept = len(checked.kept)


def income_steps(kept: pd.DataFrame) -> pd.DataFrame:
    """Count persons of each cell by step of 10 € of declared income per consumption unit.

    Returns
    -------
    DataFrame with ``north``, ``east`` (metres), ``steps`` and ``persons`` (lists, ascending
    steps), one row per cell, by position.
    """
    north, east = grid.cells_of_points(kept["x"], kept["y"], SIZE)
    counted = pd.DataFrame(
        {
            "north": north,
            "east": east,
            "steps": gridding.declared_standards(kept) // CENTS_PER_STEP,
            "persons": kept["persons"].to_numpy(np.int64),
        }
    )
    sums = counted.groupby(["north", "east", "steps"], as_index=False)["persons"].sum()
    return pd.DataFrame(sums.groupby(["north", "east"], as_index=False).agg(list))


def _dataset(options: LoadOptions, run: Run | None) -> GridDataset:
    source = source_of(
        product("households"),
        options.vintage,
        code=options.source,
        title=options.title,
        producer=options.producer,
        demonstration=options.demonstration,
    )
    dataset, _ = GridDataset.objects.get_or_create(
        source=source,
        defaults={
            "origin": Origin.RECORDS,
            "epsg": grid.METROPOLITAN,
            "size": SIZE,
            "run": run,
        },
    )
    if run and dataset.run_id != run.pk:
        dataset.run = run
        dataset.save()
    return dataset
