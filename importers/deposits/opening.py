"""Opening a deposited file: what it is, its columns, and its rows in batches of plain texts.

The plain copy lives in memory (text tables, workbooks), or in a private file for the time of
the work where a library insists on a path (GeoPackage, GeoJSON).
"""

from __future__ import annotations

import csv
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import openpyxl
import pyarrow.compute as pc
import pyogrio
import pyproj
import shapely
from openpyxl.utils.exceptions import InvalidFileException
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj.exceptions import CRSError

from importers import errors as import_errors
from importers import files
from importers.deposits import errors
from importers.deposits.vault import Vault, spool_folder
from importers.files import Kind, Opened
from importers.report import Report
from importers.sheets import is_workbook
from importers.tables import Table, open_table

Ints = npt.NDArray[np.int64]
Batch = tuple[Ints, dict[str, list[str]]]

MOST_BYTES = 200 << 20
MOST_ROWS = 1_000_000
MOST_COLUMNS = 200
LONGEST_CELL = 10_000
BATCH_ROWS = 50_000
HEADER_WITHIN = 40
GEOMETRY = ("(longitude)", "(latitude)")
# What the readers of CSV, XLSX and vector files raise on a file that is not whole.
BROKEN = (
    csv.Error, struct.error, zipfile.BadZipFile, zlib.error, ElementTree.ParseError, EOFError,
    KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError,
    OSError, NotImplementedError, InvalidFileException, DataSourceError, DataLayerError, CRSError,
)  # fmt: skip


@dataclass
class DepositFile:
    """One opened file. ``unreadable`` lists rows of a wrong width, once batches were read."""

    name: str
    columns: tuple[str, ...]
    told: str
    path: Path
    kind: str
    table: Table | None = None
    sheet: str = ""
    header_row: int = 0
    layer: str = ""
    rows: int | None = None

    def __post_init__(self) -> None:
        self.unreadable: list[int] = []
        if len(self.columns) > MOST_COLUMNS:
            raise errors.TooManyColumns(len(self.columns), MOST_COLUMNS)

    def samples(self, rows: int = 200) -> dict[str, list[str]]:
        """Return the first cells of each column."""
        for _, cells in self.batches(self.columns):
            return {name: values[:rows] for name, values in cells.items()}
        return {name: [] for name in self.columns}

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Yield (row numbers, cells by column), only of the columns asked for.

        Raises TooManyRows, CellTooLong, UnreadableFile.
        """
        ways = {"xlsx": self._workbook, "csv": self._text}
        seen = 0
        with in_our_words(self.name):
            for numbers, cells in ways.get(self.kind, self._features)(list(columns)):
                seen += len(numbers)
                if seen > MOST_ROWS:
                    raise errors.TooManyRows(MOST_ROWS)
                _refuse_long_cells(numbers, cells)
                yield numbers, cells
        if not seen + len(self.unreadable):
            raise import_errors.EmptyFile(self.name, "has a header and no row")

    def _text(self, columns: list[str]) -> Iterator[Batch]:
        table = self.table
        if table is None:
            raise import_errors.UnreadableFile(self.name, "it is not a text table")
        report = Report("deposit", self.name, personal=True)
        # All columns are looked at: a row without an address is a person, a blank line is not.
        for numbers, batch in table.batches(self.columns, report):
            # Short batches: each is stored whole, so that a kill costs no more than one.
            for start in range(0, len(numbers), BATCH_ROWS):
                piece = batch.select(columns).slice(start, BATCH_ROWS)
                cells = {n: pc.fill_null(piece[n], "").to_pylist() for n in columns}
                yield numbers[start : start + BATCH_ROWS], cells
        self.unreadable = [refusal.row for refusal in report.refused]

    def _workbook(self, columns: list[str]) -> Iterator[Batch]:
        places = [self.columns.index(name) for name in columns]
        handle = self.path.open("rb")
        book = openpyxl.load_workbook(handle, read_only=True, data_only=True)
        try:
            rows = book[self.sheet].iter_rows(
                min_row=self.header_row + 1, values_only=True, max_col=MOST_COLUMNS
            )
            numbers: list[int] = []
            kept: list[list[str]] = []
            for number, row in enumerate(rows, start=self.header_row + 1):
                texts = [_text(row[p]) if p < len(row) else "" for p in places]
                if any(value not in (None, "") for value in row):
                    numbers.append(number)
                    kept.append(texts)
                if len(kept) == BATCH_ROWS:
                    yield _columnwise(numbers, kept, columns)
                    numbers, kept = [], []
            if kept:
                yield _columnwise(numbers, kept, columns)
        finally:
            book.close()
            handle.close()

    def _features(self, columns: list[str]) -> Iterator[Batch]:
        plain = [name for name in columns if name not in GEOMETRY]
        info = pyogrio.read_info(self.path, layer=self.layer, force_feature_count=True)
        for start in range(0, int(info["features"]), BATCH_ROWS):
            frame = pyogrio.read_dataframe(
                self.path, layer=self.layer, columns=plain, skip_features=start,
                max_features=BATCH_ROWS, use_arrow=False,
            )  # fmt: skip
            cells = {name: [_text(value) for value in frame[name]] for name in plain}
            cells |= dict(zip(GEOMETRY, _degrees(frame.geometry, info["crs"]), strict=True))
            yield np.arange(start + 1, start + 1 + len(frame)), cells


def _refuse_long_cells(numbers: Ints, cells: dict[str, list[str]]) -> None:
    for values in cells.values():
        if values and max(map(len, values)) > LONGEST_CELL:
            place = next(p for p, text in enumerate(values) if len(text) > LONGEST_CELL)
            raise errors.CellTooLong(int(numbers[place]), LONGEST_CELL)


def _columnwise(numbers: list[int], rows: list[list[str]], columns: list[str]) -> Batch:
    cells = {name: [row[place] for row in rows] for place, name in enumerate(columns)}
    return np.array(numbers, dtype=np.int64), cells


def _text(value: Any) -> str:
    """Return a cell as text: dates as ISO, whole numbers without a point, no null sign."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("\x00", "").strip()


def _degrees(shapes: Any, crs: str | None) -> tuple[list[str], list[str]]:
    points = shapely.centroid(np.asarray(shapes.values))
    x, y = shapely.get_x(points), shapely.get_y(points)
    system = pyproj.CRS.from_user_input(crs or "EPSG:4326")
    if system.to_epsg() != 4326:
        x, y = pyproj.Transformer.from_crs(system, 4326, always_xy=True).transform(x, y)
    told = [["" if not np.isfinite(v) else f"{v:.7f}" for v in values] for values in (x, y)]
    return told[0], told[1]


# -- what a file is ------------------------------------------------------------------------


@contextmanager
def opened_deposit(vault: Vault, name: str) -> Iterator[DepositFile]:
    """Open the waiting file of a deposit; its plain copy is gone when the block ends.

    Raises
    ------
    WorkbookTrouble, TooManyColumns, and what opening any imported file raises
    """
    with _plain_copy(vault, Path(name).suffix.lower()) as path:
        with in_our_words(name):
            file = _described(path, name)
        yield file


@contextmanager
def in_our_words(name: str) -> Iterator[None]:
    """Tell what a reading library makes of a broken file as an unreadable file.

    Libraries' own words may quote cells: they are not passed on.
    """
    try:
        yield
    except BROKEN as error:
        raise import_errors.UnreadableFile(
            name, f"it is damaged ({type(error).__name__})"
        ) from None


@contextmanager
def _plain_copy(vault: Vault, suffix: str) -> Iterator[Path]:
    if suffix not in (".gpkg", ".geojson", ".json") and hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("deposit")
        with os.fdopen(descriptor, "w+b") as handle:
            vault.copy_file(handle)
            handle.flush()
            yield Path(f"/proc/self/fd/{descriptor}")
        return
    with tempfile.NamedTemporaryFile(dir=spool_folder(), suffix=f".work{suffix}") as handle:
        vault.copy_file(handle)  # type: ignore[arg-type]
        handle.flush()
        yield Path(handle.name)


def _described(path: Path, name: str) -> DepositFile:
    if is_workbook(path):
        return _workbook(path, name)
    kind = files.kind_of(path, name)
    if kind is Kind.CSV:
        table = open_table(Opened(name, kind, (path,)))
        told = table.describe()
        return DepositFile(name, table.columns, told, path, "csv", table=table, rows=table.rows)
    if kind not in (Kind.GEOPACKAGE, Kind.GEOJSON):
        raise import_errors.WrongContent(
            name, files.WORDS[kind], "Give a CSV, XLSX, GeoPackage or GeoJSON file."
        )
    try:
        return _vector(path, name, str(kind))
    except (DataSourceError, DataLayerError):
        raise import_errors.UnreadableFile(name, f"it is not a whole {kind} file") from None


def _vector(path: Path, name: str, kind: str) -> DepositFile:
    layers = [str(layer) for layer, shape in pyogrio.list_layers(path) if shape is not None]
    if not layers:
        raise import_errors.EmptyFile(name, "holds no layer")
    info = pyogrio.read_info(path, layer=layers[0])
    columns = (*map(str, info["fields"]), *GEOMETRY)
    rows = int(info["features"]) if info["features"] >= 0 else None
    told = f"Layer {layers[0]}."
    return DepositFile(name, columns, told, path, kind, layer=layers[0], rows=rows)


def _workbook(path: Path, name: str) -> DepositFile:
    if not zipfile.is_zipfile(path):
        raise errors.WorkbookTrouble(
            f"{name} is an old Excel workbook.", "Save it as .xlsx or as CSV UTF-8."
        )
    with zipfile.ZipFile(path) as archive:
        files.refuse_unsafe(archive, name)
        if any(part.endswith("vbaProject.bin") for part in archive.namelist()):
            raise errors.WorkbookTrouble(f"{name} holds macros.", "Save it as .xlsx, or as CSV.")
    handle = path.open("rb")
    try:
        book = openpyxl.load_workbook(handle, read_only=True, data_only=True)
        for sheet in book.worksheets:
            rows = sheet.iter_rows(max_row=HEADER_WITHIN, values_only=True)
            for number, row in enumerate(rows, start=1):
                header = [_text(value) for value in row]
                if sum(bool(text) for text in header) > 1:
                    names = _distinct(header)
                    told = f"Sheet {sheet.title}, header in row {number}."
                    last = sheet.max_row
                    return DepositFile(
                        name, names, told, path, "xlsx", sheet=sheet.title, header_row=number,
                        rows=last - number if last else None,
                    )  # fmt: skip
    except (KeyError, ValueError, zipfile.BadZipFile, ElementTree.ParseError) as error:
        raise import_errors.UnreadableFile(name, type(error).__name__) from None
    finally:
        handle.close()
    raise import_errors.EmptyFile(name, "has no sheet with a header")


def _distinct(header: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for place, text in enumerate(header, start=1):
        name = text or f"(column {place})"
        found.append(name if name not in found else f"{name} ({place})")
    return tuple(found)
