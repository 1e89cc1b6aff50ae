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
from carroyage import grid
from carroyage.errors import NothingLeft
from carroyage.households import REQUIRED, SAME_ID, check_households
from carroyage.income_steps import IncomeSteps, SeenIds
from carroyage.models import GridDataset, Origin
from carroyage.streaming import hash_ids
from importers import errors
from importers.files import opened
from importers.incomestore import merge_incomes
from importers.options import LoadOptions
from importers.products import product
from importers.report import Report
from importers.sources import source_asked
from importers.tables import Table, open_table
from importers.values import as_numbers
from observatory.models import Run
from observatory.runs import Progress, silent

Ints = npt.NDArray[np.int64]

SIZE, EPSG = 200, grid.METROPOLITAN
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
        cells = _counted(table, options.crs, report, progress)
    with transaction.atomic(), connection.cursor() as cursor:
        dataset = _dataset(options, run)
        merge_incomes(cursor, dataset, cells, report)
        code = dataset.source.code
        report.facts |= {"dataset": dataset.pk, "source": code, "replaces": code}
    progress("cells stored", len(cells), len(cells))
    return report


def _counted(table: Table, crs: str, report: Report, progress: Progress) -> IncomeSteps:
    """Count persons batch after batch; names of persons, if any, never leave the file."""
    cells, seen = IncomeSteps(SIZE), SeenIds()
    for rows, batch in table.batches(REQUIRED, report):
        records = _typed(batch)
        _to_grid_system(records, crs)
        checked = check_households(records, EPSG, refuse_empty=False, unique_ids=True)
        again = seen.again(hash_ids(pa.array(checked.kept["household_id"], pa.string())))
        _list_rejected(checked.rejected, rows, report)
        for row in rows[checked.kept.index[again]]:
            report.refuse(row, "", None, SAME_ID, "")
        cells.add(checked.kept[~again])
        report.kept += int((~again).sum())
        progress("records read", report.read, max(table.rows, report.read))
    if not report.kept:
        told = ", ".join(f"{text}: {n}" for text, n in report.reasons.items())
        raise NothingLeft("household record", told)
    report.refused.sort(key=lambda refusal: refusal.row)
    return cells


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


def _list_rejected(rejected: pd.DataFrame, rows: Ints, report: Report) -> None:
    for place, reason in zip(rejected["row"], rejected["reason"], strict=True):
        report.refuse(rows[int(place)], "", None, str(reason), "")


def _dataset(options: LoadOptions, run: Run | None) -> GridDataset:
    source = source_asked(product("households"), options, options.vintage)
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
