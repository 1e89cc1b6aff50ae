"""Reading and writing tables of households and of cells, with codes kept as text."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from carroyage import columns
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


def read_households(paths: Sequence[Path]) -> pd.DataFrame:
    """Read household records, one file after the other; canonical columns in lower case.

    Raises
    ------
    UnreadableGridFile, UnknownGridFormat
    """
    return pd.concat([read_table(path) for path in paths], ignore_index=True)


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
    try:
        table = _read(path, suffix)
    except (pa.ArrowException, pd.errors.ParserError, UnicodeError, OSError, ValueError) as error:
        raise UnreadableGridFile(path.name, f"cannot be read ({error})") from None
    table.columns = [str(name).strip().lower() for name in table.columns]
    return table


def _read(path: Path, suffix: str) -> pd.DataFrame:
    if suffix == ".parquet":
        return pq.read_table(path).to_pandas()
    if suffix == ".gpkg":
        import pyogrio

        return pyogrio.read_dataframe(path, read_geometry=False)
    header = _first_line(path)
    separator = max(SEPARATORS, key=header.count)
    names = [name.strip().strip('"') for name in header.rstrip("\r\n").split(separator)]
    texts = dict.fromkeys((name for name in names if name.lower() in TEXTS), "str")
    return pd.read_csv(path, sep=separator, dtype=texts, encoding="utf-8-sig")


def _first_line(path: Path) -> str:
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig") as handle:
        return str(handle.readline())


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table, its index as first column, by what the name says. Raises UnknownGridFormat."""
    suffix = _format(path, WRITTEN)
    path.parent.mkdir(parents=True, exist_ok=True)
    flat = table.reset_index()
    if suffix == ".parquet":
        frame = pa.Table.from_pandas(flat, preserve_index=False).replace_schema_metadata(None)
        pq.write_table(frame, path, compression="zstd")
    else:
        flat.to_csv(path, index=False, lineterminator="\n")


def _format(path: Path, known: Sequence[str]) -> str:
    name = path.name.lower()
    for suffix in known:
        if name.endswith(suffix):
            return suffix
    raise UnknownGridFormat(path.name, known)
