"""INSEE's 200 m cells: CSV, Parquet or GeoPackage, from 2015 to now, however many.

The id alone gives a cell's place: a delivered geometry is never read. Rows go by COPY into a
staging table, and from there, all or none, into the stored cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction

from carroyage import errors as cell_errors
from carroyage import grid
from carroyage.grid import CellIds
from carroyage.households import EXTENTS
from carroyage.models import MEASURES, REQUIRED_MEASURES, GridDataset
from importers import cellstore, errors
from importers.files import opened
from importers.options import LoadOptions
from importers.products import product
from importers.report import Report
from importers.sources import source_of
from importers.tables import Table, open_table, to_csv
from importers.values import as_numbers
from observatory.models import Run
from observatory.runs import Progress, silent

ID_STARTS = ("idcar", "idinspire", "id_inspire", "id_carr")
FLAGS = ("i_est_200", "i_est_1km")
TEXTS = {"groupe": 40, "lcog_geo": 200}
# Names of earlier vintages for what is now called otherwise.
FORMER_NAMES = {"i_est_cr": "i_est_200", "depcom": "lcog_geo"}
ROUNDING = 0.051  # values are published to one decimal

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Columns:
    """Which column of the file gives what: spelling in the file by our own name."""

    cell_id: str
    fields: dict[str, str]
    ignored: tuple[str, ...]


def load_grid(
    path: Path | str,
    options: LoadOptions,
    *,
    run: Run | None = None,
    progress: Progress = silent,
) -> Report:
    """Load one file of cells, whole or not at all.

    Raises
    ------
    FileRefused
        A row has an unreadable id, a value that is no number or negative, more poor
        households than households, or a cell stands twice.
    MissingColumns, and what opening a file raises
    """
    with opened(path) as file, transaction.atomic(), connection.cursor() as cursor:
        table = open_table(file, wanted="idcar")
        columns = recognised_columns(table)
        report = Report("grid", file.name, table.unit)
        report.note(table.describe())
        if columns.ignored:
            report.note(f"Columns left aside: {', '.join(columns.ignored)}.")
        staged = _Staging(cursor, columns, report, options.size)
        staged.fill(table, progress)
        report.raise_if_refused()
        dataset = _dataset(file.name, options, *staged.grid(), run)
        cellstore.merge(cursor, dataset, staged.fields, report, progress)
        code = dataset.source.code
        report.facts |= {"dataset": dataset.pk, "source": code, "replaces": code}
    return report


def recognised_columns(table: Table) -> Columns:
    """Find the id and the measures whatever their case and vintage. Raises MissingColumns."""
    lowered = {name.lower().strip(): name for name in reversed(table.columns)}
    ids = [low for low in lowered if low.startswith(ID_STARTS) and "1km" not in low]
    preferred = sorted(ids, key=lambda low: ("200" not in low and "inspire" not in low, low))
    known = {*MEASURES, *FLAGS, *TEXTS}
    fields = {low: name for low, name in lowered.items() if low in known}
    for former, now in FORMER_NAMES.items():
        if former in lowered and now not in fields:
            fields[now] = lowered[former]
    missing = [] if ids else ["idcar_200m"]
    missing += [name for name in REQUIRED_MEASURES if name not in fields]
    if missing:
        raise errors.MissingColumns(table.file.name, missing, table.columns)
    used = {lowered[preferred[0]], *fields.values()}
    ignored = tuple(name for name in table.columns if name not in used)
    return Columns(lowered[preferred[0]], fields, ignored)


def _dataset(name: str, options: LoadOptions, epsg: int, size: int, run: Run | None) -> GridDataset:
    known = product("insee-grid")
    vintage = known.vintage_of(name, options.vintage)
    size_word = f"{size}m" if size < 1000 else f"{size // 1000}km"
    source = source_of(
        known,
        vintage,
        code=options.source or f"{known.code}-{size_word}-{vintage}".rstrip("-"),
        title=options.title or f"{known.title}, carreaux de {size_word.replace('m', ' m', 1)}"
        if size < 1000
        else f"{known.title}, carreaux de {size // 1000} km",
        producer=options.producer,
        demonstration=options.demonstration,
    )
    dataset, _ = GridDataset.objects.get_or_create(
        source=source, defaults={"epsg": epsg, "size": size, "run": run}
    )
    dataset.epsg, dataset.size = epsg, size
    dataset.run = run or dataset.run
    dataset.save()
    return dataset


class _Staging:
    """Rows of the file, checked and copied batch by batch into a temporary table."""

    def __init__(self, cursor: Any, columns: Columns, report: Report, size: int | None) -> None:
        self.cursor = cursor
        self.columns = columns
        self.report = report
        self.fields = list(columns.fields)
        self._grid: tuple[int, int] | None = (0, size) if size else None

    def grid(self) -> tuple[int, int]:
        """Return the (epsg, size) of the file."""
        return self._grid or (grid.METROPOLITAN, 200)

    def fill(self, table: Table, progress: Progress) -> None:
        """Copy every row; refused ones are in the report."""
        cellstore.make_staging(self.cursor, self.fields)
        wanted = [self.columns.cell_id, *self.columns.fields.values()]
        with self.cursor.copy(cellstore.copy_statement(self.fields)) as copy:
            for rows, batch in table.batches(list(dict.fromkeys(wanted)), self.report):
                ready = self._checked(rows, batch)
                if ready is not None and not self.report.refused_count:
                    copy.write(to_csv(ready))
                progress("rows read", self.report.read, max(table.rows, self.report.read))
        if not self.report.refused_count:
            self._refuse_duplicates()

    def _refuse_duplicates(self) -> None:
        for north, east, rows in cellstore.duplicates(self.cursor):
            epsg, size = self.grid()
            name = grid.format_ids(north, east, size, epsg)[0]
            for row in rows[1:]:
                self.report.refuse(
                    row,
                    self.columns.cell_id,
                    name,
                    f"the cell already stands in {self.report.unit} {rows[0]}",
                    "Keep one row per cell.",
                )

    def _checked(self, rows: Ints, batch: pa.Table) -> pa.Table | None:
        cells = self._parsed(rows, batch[self.columns.cell_id])
        values: dict[str, Any] = {}
        for name, spelling in self.columns.fields.items():
            column = batch[spelling]
            values[name] = (
                _short_texts(column, TEXTS[name])
                if name in TEXTS
                else self._numbers(rows, spelling, column, whole=name in FLAGS)
            )
        self._refuse_too_many_poor(rows, values)
        if cells is None:
            return None
        corners = {"line": rows, "north": cells.north, "east": cells.east}
        return pa.table({**corners, **values})

    # -- ids -----------------------------------------------------------------------------

    def _parsed(self, rows: Ints, ids: Any) -> CellIds | None:
        try:
            cells = grid.parse_ids(ids)
        except cell_errors.CarroyageError as error:
            self._refuse_ids(rows, ids.to_pylist(), error)
            return None
        if len(cells) == 0:
            return None
        if self._grid is None or self._grid[0] == 0:
            size = self._grid[1] if self._grid else int(cells.size[0])
            self._grid = (int(cells.epsg[0]), size)
        self._refuse_other_grids(rows, ids, cells)
        return cells

    def _refuse_ids(self, rows: Ints, ids: list[Any], error: cell_errors.CarroyageError) -> None:
        places: Sequence[int] = getattr(error, "rows", None) or [
            place for place, text in enumerate(ids) if not _readable(text)
        ]
        problem = {
            cell_errors.UnreadableCellIds: "this is not a cell id",
            cell_errors.MisalignedCellIds: "the corner is not a multiple of the cell size",
        }.get(type(error), "this size is not one of the natural grid")
        for place in places:
            value = "" if ids[place] is None else ids[place]
            self.report.refuse(rows[place], self.columns.cell_id, value, problem, str(error.advice))

    def _refuse_other_grids(self, rows: Ints, ids: Any, cells: CellIds) -> None:
        epsg, size = self.grid()
        checks = {
            f"the cell is not of the file's grid, EPSG:{epsg}": cells.epsg != epsg,
            f"the cell is not of the file's size, {size} m": cells.size != size,
            "the corner lies outside the grid's territory": (cells.epsg == epsg)
            & ~_inside(cells, epsg),
        }
        for problem, wrong in checks.items():
            for place in np.flatnonzero(wrong):
                self.report.refuse(
                    rows[place],
                    self.columns.cell_id,
                    ids[int(place)].as_py(),
                    problem,
                    "Give one file per grid and size; north comes first, then east.",
                )

    # -- values --------------------------------------------------------------------------

    def _numbers(self, rows: Ints, spelling: str, column: Any, whole: bool) -> Any:
        found = as_numbers(column)
        mixed = (found.commas & bool(found.points.any())) | found.ambiguous
        problems = {
            "not a number": found.wrong & ~found.ambiguous,
            "a comma that may part thousands or decimals": mixed,
            "a negative value": found.values < 0,
        }
        for problem, places in problems.items():
            for place in np.flatnonzero(places):
                self.report.refuse(
                    rows[place], spelling, column[int(place)].as_py(), problem, _NUMBERS
                )
        values = pa.array(found.values, from_pandas=True)
        return pc.round(values).cast(pa.int16(), safe=False) if whole else values

    def _refuse_too_many_poor(self, rows: Ints, values: dict[str, Any]) -> None:
        poor = values["men_pauv"].to_numpy(zero_copy_only=False)
        households = values["men"].to_numpy(zero_copy_only=False)
        for place in np.flatnonzero(poor > households + ROUNDING):
            self.report.refuse(
                rows[place],
                self.columns.fields["men_pauv"],
                f"{poor[place]:g} of {households[place]:g}",
                "more poor households than households",
                "Check that the columns men and men_pauv are not exchanged.",
            )


_NUMBERS = "Write a plain number, zero or more, or leave it blank where there is no value."


def _readable(text: Any) -> bool:
    try:
        grid.parse_ids([text])
    except cell_errors.CarroyageError:
        return False
    return True


def _inside(cells: CellIds, epsg: int) -> Bools:
    if epsg not in EXTENTS:
        return np.zeros(len(cells), dtype=bool)
    west, south, east, north = EXTENTS[epsg]
    return (
        (cells.east >= west) & (cells.east < east) & (cells.north >= south) & (cells.north < north)
    )


def _short_texts(column: Any, longest: int) -> Any:
    texts = pc.fill_null(pc.utf8_trim_whitespace(column.cast(pa.string())), "")
    return pc.utf8_slice_codeunits(texts, 0, longest)
