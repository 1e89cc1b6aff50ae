"""Tables read in batches, whatever the file: one memory-bounded way for CSV, Parquet, layers.

A batch carries the number of each row as the person sees it: a CSV's header is line 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pyogrio

from importers import errors
from importers.files import Kind, Opened
from importers.report import Report
from importers.text import TextFormat, text_format

BATCH_ROWS = 50_000
BLOCK_BYTES = 8 << 20

Ints = npt.NDArray[np.int64]


@dataclass
class Table:
    """A table of any file kind, ready to be read in batches.

    ``columns`` are spelt as in the file; ``rows`` is the expected number of rows (a text's
    number of line ends, so an upper bound where a cell holds a line end).
    """

    file: Opened
    columns: tuple[str, ...]
    rows: int
    unit: str
    text: TextFormat | None = None
    layer: str | None = None
    _bad: list[tuple[int, int, int]] = field(default_factory=list)

    def describe(self) -> str:
        """Say how the table was read."""
        if self.text is None:
            return f"Read as {self.file.kind}, {len(self.columns)} columns."
        names = {";": "semicolon", ",": "comma", "\t": "tab", "|": "bar"}
        encoding = self.text.encoding.removesuffix("-sig")
        return f"Read as text: encoding {encoding}, separator {names[self.text.separator]}."

    def require(self, *names: str) -> None:
        """Refuse the file where a column is missing. Raises MissingColumns."""
        missing = [name for name in names if name not in self.columns]
        if missing:
            raise errors.MissingColumns(self.file.name, missing, self.columns)

    def batches(self, columns: Sequence[str], report: Report) -> Iterator[tuple[Ints, pa.Table]]:
        """Yield (row numbers, columns as a pyarrow table); notes rows of a wrong width.

        Text columns come as strings, trimmed of nothing; wholly blank lines are left out.
        Raises EmptyFile where there is no row at all.
        """
        self._bad.clear()
        reader = {Kind.CSV: self._csv, Kind.PARQUET: self._parquet}.get(self.file.kind)
        before = report.read
        for numbers, batch in (reader or self._features)(list(columns)):
            report.read += len(numbers)
            yield numbers, batch
        for number, expected, found in self._bad:
            report.read += 1
            report.refuse(
                number,
                "",
                f"{found} columns",
                f"the line has {found} columns where the header has {expected}",
                "Look for a separator inside a value, or a line cut in two.",
            )
        if report.read == before:
            raise errors.EmptyFile(self.file.name, "has a header and no row")

    # -- one way per kind ----------------------------------------------------------------

    def _csv(self, columns: list[str]) -> Iterator[tuple[Ints, pa.Table]]:
        numbers = _Numbering(self._bad)
        with self.file.stream() as stream:
            try:
                for batch in self._csv_reader(stream, columns):
                    rows = numbers.take(batch.num_rows)
                    filled = _not_blank(batch)
                    whole = pa.Table.from_batches([batch])
                    yield rows[filled], whole if filled.all() else whole.filter(pa.array(filled))
            except pa.ArrowInvalid as error:
                raise errors.UnreadableFile(self.file.name, str(error)[:200]) from None

    def _csv_reader(self, stream: Any, columns: list[str]) -> pacsv.CSVStreamingReader:
        if self.text is None:
            raise errors.UnreadableFile(self.file.name, "it is not a text table")
        names = _unique_names(self.text.header)

        def note(row: Any) -> str:
            if row.text.strip():
                self._bad.append((row.number, row.expected_columns, row.actual_columns))
            return "skip"

        return pacsv.open_csv(
            stream,
            read_options=pacsv.ReadOptions(
                use_threads=False,
                column_names=names,
                skip_rows_after_names=1,  # the header, over several lines where it is quoted
                block_size=BLOCK_BYTES,
                encoding=self.text.encoding.replace("utf-8-sig", "utf8"),
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=self.text.separator,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types={name: pa.string() for name in names}, include_columns=columns
            ),
        )

    def _parquet(self, columns: list[str]) -> Iterator[tuple[Ints, pa.Table]]:
        start = 1
        with pq.ParquetFile(self.file.data[0]) as parquet:
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=columns):
                yield np.arange(start, start + batch.num_rows), pa.Table.from_batches([batch])
                start += batch.num_rows

    def _features(self, columns: list[str]) -> Iterator[tuple[Ints, pa.Table]]:
        start = 1
        with pyogrio.open_arrow(
            self.file.data[0],
            layer=self.layer,
            columns=columns,
            read_geometry=False,
            batch_size=BATCH_ROWS,
            use_pyarrow=True,
        ) as (_, reader):
            for batch in reader:
                yield np.arange(start, start + batch.num_rows), pa.Table.from_batches([batch])
                start += batch.num_rows


class _Numbering:
    """Gives rows their numbers in the file, skipping those the reader set aside."""

    def __init__(self, bad: list[tuple[int, int, int]]) -> None:
        self._bad = bad
        self._next = 2  # the header is line 1

    def take(self, count: int) -> Ints:
        skipped = {number for number, _, _ in self._bad if number >= self._next}
        end = self._next + count + len(skipped)
        numbers = np.arange(self._next, end)
        if skipped:
            numbers = numbers[~np.isin(numbers, list(skipped))]
        numbers = numbers[:count]
        self._next = int(numbers[-1]) + 1 if count else self._next
        return numbers


def _not_blank(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    filled = np.zeros(batch.num_rows, dtype=bool)
    for column in batch.columns:
        filled |= pc.greater(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
        if filled.all():
            break
    return filled


def _unique_names(header: Sequence[str]) -> list[str]:
    return [name or f"(column {place})" for place, name in enumerate(header, start=1)]


def open_table(file: Opened, wanted: str = "") -> Table:
    """Open a file as a table; ``wanted`` is a column by which a layer is chosen among several.

    Raises
    ------
    EmptyFile, UnreadableFile, WrongContent, and what ``text_format`` raises
    """
    if file.kind is Kind.CSV:
        found = text_format(file)
        table = Table(file, tuple(_unique_names(found.header)), found.lines, "line", found)
    elif file.kind is Kind.PARQUET:
        table = _parquet_table(file)
    else:
        table = _layer_table(file, wanted)
    if not table.rows:
        raise errors.EmptyFile(file.name, "has a header and no row")
    return table


def _parquet_table(file: Opened) -> Table:
    try:
        with pq.ParquetFile(file.data[0]) as parquet:
            names = tuple(parquet.schema_arrow.names)
            return Table(file, names, parquet.metadata.num_rows, "row")
    except (pa.ArrowInvalid, OSError):
        raise errors.UnreadableFile(file.name, "its Parquet footer is missing") from None


def _layer_table(file: Opened, wanted: str) -> Table:
    try:
        found = []
        for name, _ in pyogrio.list_layers(file.data[0]):
            info = pyogrio.read_info(file.data[0], layer=name, force_feature_count=True)
            columns = tuple(str(column) for column in info["fields"])
            found.append(Table(file, columns, int(info["features"]), "feature", layer=str(name)))
    except pyogrio.errors.DataSourceError as error:
        raise errors.UnreadableFile(file.name, str(error)[:200]) from None
    if not found:
        raise errors.EmptyFile(file.name, "holds no layer")
    chosen = [table for table in found if any(wanted in name.lower() for name in table.columns)]
    return (chosen or found)[0]


def to_csv(table: pa.Table) -> memoryview:
    """Return a table as the CSV that PostgreSQL's COPY reads: no header, blank for no value."""
    sink = pa.BufferOutputStream()
    pacsv.write_csv(table, sink, pacsv.WriteOptions(include_header=False))
    return memoryview(sink.getvalue())
