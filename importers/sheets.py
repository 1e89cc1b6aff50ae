"""Small and middling tables read whole, as texts: CSV, or a workbook's sheet, old or new.

In a workbook the header is looked for: titles and notes may stand above it, and a row of words
may stand under the row of names. Values are kept as written; nothing is guessed here.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import xlrd

from importers import errors, files
from importers.files import local_file, opened
from importers.report import Report
from importers.tables import open_table

OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
LONGEST_TITLE_BLOCK = 40  # rows in which a header is looked for
MOST_ROWS = 1_048_576
MOST_COLUMNS = 2_000


@dataclass
class Sheet:
    """A table as texts, indexed by the row's number in the file; blanks are ''.

    ``labels`` are the words a workbook has under its names, by column.
    """

    name: str
    unit: str
    frame: pd.DataFrame
    told: str
    sheet: str = ""
    labels: dict[str, str] = field(default_factory=dict)


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """Give a table's rows as named tuples, their number under ``Index``."""
    yield from frame.itertuples()


def is_workbook(path: Path) -> bool:
    """Tell whether a file is a spreadsheet, by its content."""
    with path.open("rb") as handle:
        head = handle.read(4)
    if head == OLD_WORKBOOK:
        return True
    if head[:2] != b"PK" or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist()


def read_sheet(
    path: Path | str, report: Report, required: Sequence[str] = (), sheet: str = ""
) -> Sheet:
    """Read one table; in a workbook, the sheet named, or the first that has the columns.

    Raises
    ------
    MissingColumns, EmptyFile, UnreadableFile, UnsafeArchive, and what opening a file raises
    """
    path = local_file(path)
    found = _from_workbook(path, required, sheet) if is_workbook(path) else _from_text(path, report)
    missing = [name for name in required if name not in found.frame.columns]
    if missing:
        raise errors.MissingColumns(path.name, missing, map(str, found.frame.columns))
    report.unit = found.unit
    if is_workbook(path):
        report.read += len(found.frame)
    report.note(found.told)
    return found


def read_columns(
    path: Path | str, kind: str, required: tuple[str, ...], more: tuple[str, ...]
) -> tuple[Path, Report, pd.DataFrame]:
    """Read one table and begin its report; optional columns it lacks are there, empty.

    Raises
    ------
    The errors of `read_sheet`
    """
    file = local_file(path)
    report = Report(kind, file.name)
    frame = read_sheet(file, report, required).frame
    for name in more:
        if name not in frame:
            frame[name] = ""
    return file, report, frame


def columns_of(path: Path) -> list[tuple[str, ...]]:
    """Return the header of a text table, or every row of a workbook that could be one."""
    if is_workbook(path):
        grids = _grids(path, first_rows=LONGEST_TITLE_BLOCK)
        return [tuple(_text(v) for v in row) for _, grid in grids for row in grid]
    with opened(path) as file:
        return [open_table(file).columns]


# -- text ----------------------------------------------------------------------------------


def _from_text(path: Path, report: Report) -> Sheet:
    with opened(path) as file:
        table = open_table(file)
        parts = []
        for rows, batch in table.batches(table.columns, report):
            frame = batch.to_pandas(strings_to_categorical=False)
            frame = frame.astype(object).where(frame.notna(), "")
            frame.index = pd.Index(rows)
            parts.append(frame)
    whole = pd.concat(parts) if len(parts) > 1 else parts[0]
    return Sheet(path.name, table.unit, whole.map(_stripped), table.describe())


def _stripped(value: Any) -> str:
    return value.strip() if isinstance(value, str) else _text(value)


# -- workbooks -----------------------------------------------------------------------------


def _from_workbook(path: Path, required: Sequence[str], wanted: str) -> Sheet:
    grids = [(name, grid) for name, grid in _grids(path) if wanted in ("", name)]
    for name, grid in grids:
        place = _header_place(grid, required)
        if place is not None:
            return _sheet_of(path, name, grid, place)
    raise errors.MissingColumns(
        path.name,
        list(required) or ["a header"],
        [f"sheet {name}" for name, _ in grids],
    )


def _grids(path: Path, first_rows: int = 0) -> Iterable[tuple[str, list[list[Any]]]]:
    with path.open("rb") as handle:
        old = handle.read(4) == OLD_WORKBOOK
    try:
        yield from _old_grids(path, first_rows) if old else _new_grids(path, first_rows)
    except (xlrd.XLRDError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise errors.UnreadableFile(path.name, str(error)[:200]) from None


def _old_grids(path: Path, first_rows: int) -> Iterable[tuple[str, list[list[Any]]]]:
    with xlrd.open_workbook(path, on_demand=True) as book:
        for name in book.sheet_names():
            sheet = book.sheet_by_name(name)
            count = min(sheet.nrows, first_rows or sheet.nrows)
            yield name, [_old_row(book, sheet.row(row)) for row in range(count)]


def _old_row(book: xlrd.Book, cells: list[Any]) -> list[Any]:
    return [
        xlrd.xldate_as_datetime(cell.value, book.datemode)
        if cell.ctype == xlrd.XL_CELL_DATE
        else ("" if cell.ctype == xlrd.XL_CELL_ERROR else cell.value)
        for cell in cells
    ]


def _new_grids(path: Path, first_rows: int) -> Iterable[tuple[str, list[list[Any]]]]:
    with zipfile.ZipFile(path) as archive:
        files.refuse_unsafe(archive, path.name)
    # data_only: what a formula gave when it was last saved, never the formula.
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            rows = sheet.iter_rows(
                values_only=True, max_row=first_rows or MOST_ROWS, max_col=MOST_COLUMNS
            )
            yield sheet.title, [list(row) for row in rows]
    finally:
        book.close()


def _header_place(grid: list[list[Any]], required: Sequence[str]) -> int | None:
    wanted = set(required)
    for place, row in enumerate(grid[:LONGEST_TITLE_BLOCK]):
        names = {_text(value) for value in row} - {""}
        if (wanted and wanted <= names) or (not wanted and len(names) > 1):
            return place
    return None


def _sheet_of(path: Path, name: str, grid: list[list[Any]], place: int) -> Sheet:
    header = _names(grid, place)
    used = [column for column, text in enumerate(header) if text]
    names = [header[column] for column in used]
    twice = [text for text in names if names.count(text) > 1]
    if twice:
        raise errors.DuplicateColumns(path.name, twice)
    rows = {
        number: [_text(row[column]) if column < len(row) else "" for column in used]
        for number, row in enumerate(grid[place + 1 :], start=place + 2)
        if any(_text(value) for value in row)
    }
    labels = _labels(grid, place, used, names)
    if labels:
        rows.pop(place + 2)
    if not rows:
        raise errors.EmptyFile(path.name, "has a header and no row")
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=names).astype(object)
    told = f"Read sheet {name}: header in row {place + 1}, {len(names)} columns."
    return Sheet(path.name, "row", frame, told, name, labels)


def _names(grid: list[list[Any]], place: int) -> list[str]:
    """Return the names of the columns; one that has only words under it is called by these."""
    names = [_text(value) for value in grid[place]]
    under = [_text(value) for value in grid[place + 1]] if place + 1 < len(grid) else []
    unnamed = [column for column, name in enumerate(names) if not name]
    if len(unnamed) < len(names) / 2:
        for column in unnamed:
            word = under[column] if column < len(under) else ""
            names[column] = word if not _is_number(word) and word not in names else ""
    return names


def _labels(grid: list[list[Any]], place: int, used: list[int], names: list[str]) -> dict[str, str]:
    """Return the row of words under the names, where every other row holds numbers there."""
    if place + 2 >= len(grid):
        return {}
    words = [_text(grid[place + 1][column]) for column in used]
    values = [_text(grid[place + 2][column]) for column in used]
    wordy = sum(bool(word) and not _is_number(word) for word in words)
    numeric = sum(_is_number(value) for value in values)
    if wordy > 0.8 * len(used) and numeric > 0.5 * len(used):
        return dict(zip(names, words, strict=True))
    return {}


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _text(value: Any) -> str:
    """Return a cell as text: 2015.0 is 2015, a date is 2015-01-01, nothing is ''."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.time().min else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(str(value).split())
