"""Writing files whose bytes depend on nothing but their content: no dates, no random names."""

from __future__ import annotations

import gzip
import json
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyproj import Transformer

DEGREES = 8  # decimals: about a millimetre
METRES = 3
STAMP = (2015, 8, 1, 0, 0, 0)
DBF_DATE = "2015-08-01"
# The producer's tables tell their alphabet by one byte of their header (Windows, Western
# Europe) and by no file beside them.
DBF_ENCODING, DBF_LANGUAGE_BYTE, DBF_LANGUAGE = "CP1252", 29, 0x57


@cache
def transformer(epsg: int) -> Transformer:
    """The way from EPSG:3035 (east, north) to another system (east, north)."""
    return Transformer.from_crs(3035, epsg, always_xy=True)


def reproject(shape: Any, epsg: int) -> Any:
    """Move shapes from EPSG:3035 to another system, rounding every corner alike."""
    turn = transformer(epsg)
    decimals = DEGREES if epsg == 4326 else METRES

    def move(points: Any) -> Any:
        return np.round(np.column_stack(turn.transform(points[:, 0], points[:, 1])), decimals)

    return shapely.transform(shape, move)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends, making folders as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def write_geojson(path: Path, rows: Iterable[tuple[Mapping[str, Any], Any]]) -> None:
    """Write features as GeoJSON (WGS 84) from properties and shapes in EPSG:3035."""
    pairs = list(rows)
    shapes = reproject(np.array([shape for _, shape in pairs], dtype=object), 4326)
    features = [
        f'{{"type": "Feature", "geometry": {shapely.to_geojson(shape)}, '
        f'"properties": {json.dumps(dict(facts), ensure_ascii=False)}}}'
        for (facts, _), shape in zip(pairs, shapes, strict=True)
    ]
    body = ",\n".join(features)
    write_text(path, f'{{"type": "FeatureCollection", "features": [\n{body}\n]}}\n')


def write_csv(path: Path, table: pd.DataFrame, separator: str = ",") -> None:
    """Write a table as CSV, gzipped when the name ends so."""
    data = table.to_csv(index=False, sep=separator, lineterminator="\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        data = gzip.compress(data, compresslevel=6, mtime=0)
    path.write_bytes(data)


def write_parquet(path: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet, without the library's own notes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(arrow, path, compression="zstd")


def write_shapefile_zip(path: Path, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Write layers as shapefiles in one zip, as the producer of the quarters does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name, layer in layers.items():
            pyogrio.write_dataframe(
                layer, Path(scratch) / f"{name}.shp", driver="ESRI Shapefile",
                encoding=DBF_ENCODING, DBF_DATE_LAST_UPDATE=DBF_DATE,
            )  # fmt: skip
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(scratch).iterdir()):
                if file.suffix != ".cpg":
                    archive.writestr(_entry(file.name), _as_delivered(file))


def _as_delivered(file: Path) -> bytes:
    data = bytearray(file.read_bytes())
    if file.suffix == ".dbf":
        data[DBF_LANGUAGE_BYTE] = DBF_LANGUAGE
    return bytes(data)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, STAMP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry


def to_toml(document: Mapping[str, Any]) -> str:
    """Write plain values, lists of plain values and lists of tables as TOML."""
    lines = [f"{key} = {_value(v)}" for key, v in document.items() if not _is_tables(v)]
    for key, tables in document.items():
        if _is_tables(tables):
            for table in tables:
                lines += ["", f"[[{key}]]", *(f"{k} = {_value(v)}" for k, v in table.items())]
    return "\n".join(lines) + "\n"


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _value(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    # TOML's strings, numbers, booleans and lists of them are written as JSON writes them.
    return json.dumps(value, ensure_ascii=False)
