"""Reading and writing tables of households and of cells, with codes kept as text."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from carroyage import columns, errors
from carroyage.households import REQUIRED, WORDS
from carroyage.management.errors import NoCellIds, UnknownGridFormat, UnreadableGridFile

READ = (".csv", ".csv.gz", ".parquet", ".gpkg")
WRITTEN = (".csv", ".csv.gz", ".parquet")
ID_COLUMNS = ("idcar_200m", "idcar_1km", "idcar_nat", "idinspire", "id_inspire", "idcar", "id")
# "01001" is no number: these keep their leading zeros.
TEXTS = (
    *ID_COLUMNS, "household_id", "address_id", "department", "commune", "urban_unit", "tenure",
    "dwelling", "built", columns.COMMUNES, "groupe",
)  # fmt: skip
SEPARATORS = ",;\t|"
HTML = (b"<!doctype", b"<html", b"<?xml")
RECORDS_AT_ONCE = 500_000


@contextmanager
def household_files(
    paths: Sequence[Path], beside: Path, progress: Callable[[int], None]
) -> Iterator[list[Path]]:
    """Give household files as Parquet with canonical columns, some records at a time.

    A file that already is one is given as it is; another is rewritten in a folder in
    ``beside``, removed afterwards. ``progress`` is told how many records were rewritten.

    Raises
    ------
    UnreadableGridFile, UnknownGridFormat, MissingColumns
    """
    beside.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=beside, prefix=".households-") as folder:
        given, done = [], 0
        for number, path in enumerate(paths):
            if _is_canonical(path):
                given.append(path)
                continue
            rewritten = Path(folder) / f"{number:05}.parquet"
            with TableWriter(rewritten) as writer:
                for records in _record_batches(path):
                    writer.write(_canonical(records))
                    progress(done := done + len(records))
            given.append(rewritten)
        yield given


def _is_canonical(path: Path) -> bool:
    """Tell whether a file can be streamed as it is: Parquet, known names, numbers as numbers."""
    if _format(path, READ) != ".parquet":
        return False
    _refuse_no_table(path)
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableGridFile(path.name, f"cannot be read ({error})") from None
    if not set(REQUIRED) <= set(schema.names):
        return False
    types = [schema.field(name).type for name in REQUIRED if name not in (*WORDS, "household_id")]
    return all(pa.types.is_integer(one) or pa.types.is_floating(one) for one in types)


def _record_batches(path: Path) -> Iterator[pd.DataFrame]:
    if _format(path, READ) in (".csv", ".csv.gz"):
        _refuse_no_table(path)
        with _readable(path), _read_csv(path, chunksize=RECORDS_AT_ONCE) as chunks:
            for chunk in chunks:
                yield _lower_names(chunk)
    else:
        yield read_table(path)


def _canonical(records: pd.DataFrame) -> pd.DataFrame:
    """Keep what the engine reads: words as text, numbers as numbers, NaN where there is none."""
    missing = set(REQUIRED) - set(records.columns)
    if missing:
        raise errors.MissingColumns("households", missing)
    out: dict[str, Any] = {}
    for name in (*REQUIRED, "single_parent", "urban_unit"):
        if name not in records:
            continue
        values = records[name]
        if name in (*WORDS, "household_id"):
            out[name] = values.astype("string")
        elif name == "single_parent":
            out[name] = values.astype("boolean")
        else:
            out[name] = pd.to_numeric(values, errors="coerce").astype("float64")
    return pd.DataFrame(out)


def read_cells(path: Path) -> pd.DataFrame:
    """Read a file of cells, indexed by id; columns in lower case, in the file's order.

    Raises
    ------
    NoCellIds, UnreadableGridFile, UnknownGridFormat
    """
    table = read_table(path)
    found = next((name for name in ID_COLUMNS if name in table), None)
    if found is None:
        raise NoCellIds(path.name, table.columns)
    return table.set_index(found)


def read_table(path: Path) -> pd.DataFrame:
    """Read one table by what its name says it is."""
    suffix = _format(path, READ)
    _refuse_no_table(path)
    with _readable(path):
        return _lower_names(_read(path, suffix))


def _refuse_no_table(path: Path) -> None:
    if not path.is_file():
        raise UnreadableGridFile(str(path), "does not exist", "Check the path.")
    with path.open("rb") as handle:
        start = handle.read(64)
    if not start.strip():
        raise UnreadableGridFile(path.name, "is empty")
    if start.lstrip().lower().startswith(HTML):
        raise UnreadableGridFile(
            path.name, "is a web page, not a table", "Download the file itself, not its page."
        )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, pd.errors.ParserError, UnicodeError, OSError, ValueError) as error:
        raise UnreadableGridFile(path.name, f"cannot be read ({error})") from None


def _lower_names(table: pd.DataFrame) -> pd.DataFrame:
    table.columns = [str(name).strip().lower() for name in table.columns]
    return table


def _read(path: Path, suffix: str) -> pd.DataFrame:
    if suffix == ".parquet":
        return pq.read_table(path).to_pandas()
    if suffix == ".gpkg":
        import pyogrio

        return pyogrio.read_dataframe(path, read_geometry=False)
    return _read_csv(path)


def _read_csv(path: Path, **options: Any) -> Any:
    header = _first_line(path)
    separator = max(SEPARATORS, key=header.count)
    names = [name.strip().strip('"') for name in header.rstrip("\r\n").split(separator)]
    texts = dict.fromkeys((name for name in names if name.lower() in TEXTS), "str")
    return pd.read_csv(path, sep=separator, dtype=texts, encoding="utf-8-sig", **options)


def _first_line(path: Path) -> str:
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig") as handle:
        return str(handle.readline())


class TableWriter:
    """Writes a table part after part, by what the file's name says: CSV or Parquet.

    The file appears with its first part: a refusal before it leaves nothing behind.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.suffix = path, _format(path, WRITTEN)
        self._parquet: pq.ParquetWriter | None = None
        self._text: Any = None

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *_: object) -> None:
        for open_file in (self._parquet, self._text):
            if open_file is not None:
                open_file.close()

    def write(self, part: pd.DataFrame) -> None:
        """Write one more part, without its index."""
        if self._parquet is None and self._text is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.suffix == ".parquet":
            table = pa.Table.from_pandas(part, preserve_index=False).replace_schema_metadata(None)
            if self._parquet is None:
                self._parquet = pq.ParquetWriter(self.path, table.schema, compression="zstd")
            self._parquet.write_table(table.cast(self._parquet.schema))
            return
        first = self._text is None
        if first:
            packed = self.suffix == ".csv.gz"
            self._text = (gzip.open if packed else open)(self.path, "wt", encoding="utf-8")
        part.to_csv(self._text, index=False, header=first, lineterminator="\n")


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table, its index as first column, by what the name says. Raises UnknownGridFormat."""
    with TableWriter(path) as writer:
        writer.write(table.reset_index())


def _format(path: Path, known: Sequence[str]) -> str:
    name = path.name.lower()
    for suffix in known:
        if name.endswith(suffix):
            return suffix
    raise UnknownGridFormat(path.name, known)
