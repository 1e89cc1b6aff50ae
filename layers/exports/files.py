"""One writer per file format; each goes through the rows once, some thousands at a time."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely
from django.utils.text import slugify
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from psycopg import sql

from layers.errors import TooManyRows
from layers.exports.about import facts_about, lines_about
from layers.features import count_of, feature_of, geojson_of, rows_of
from layers.selection import Selection
from observatory.spreadsheets import harmless

ABOUT = "metadonnees"
# Rows of a worksheet, one of them for the names.
MOST_XLSX_ROWS = 1_048_576 - 1
AT_A_TIME = 20_000


@dataclass(frozen=True)
class Format:
    """One file format: its media type, the end of the file's name, how it is written.

    ``write`` makes the whole file at a path; ``stream``, where there is one, yields it piece by
    piece with no file at all.
    """

    extension: str
    media_type: str
    write: Callable[[Selection, Path], None] | None = None
    stream: Callable[[Selection], Iterator[bytes]] | None = None

    def name_for(self, selection: Selection) -> str:
        """Return a plain name for the file."""
        return f"{slugify(selection.layer.id)}.{self.extension}"


def _binary(selection: Selection) -> sql.Composable:
    """Geometry as WKB, easting first, in the system asked for."""
    shape = sql.SQL("ST_AsBinary(ST_Transform(shown.geometry_3857, {}))")
    return shape.format(sql.Literal(selection.crs.srid))


def _frames(selection: Selection) -> Iterator[tuple[pd.DataFrame, Any]]:
    """Yield attributes and geometries (an array of shapely), some thousands of rows at a time."""
    kinds = {attribute.name: attribute.kind for attribute in selection.layer.attributes}
    types = {"text": "string", "date": "string", "integer": "Int64", "number": "float64"}
    for rows in rows_of(selection, _binary(selection), AT_A_TIME):
        frame = pd.DataFrame([row[:-1] for row in rows], columns=["fid", *selection.names])
        frame = frame.astype({name: types[kinds[name]] for name in selection.names})
        yield frame, shapely.from_wkb([bytes(row[-1]) for row in rows])


def _empty(selection: Selection) -> tuple[pd.DataFrame, Any]:
    return pd.DataFrame(columns=["fid", *selection.names]), shapely.from_wkb([])


def geojson(selection: Selection) -> Iterator[bytes]:
    """Yield GeoJSON; what the file is about stands beside the features."""
    about = facts_about(selection)
    head: dict[str, Any] = {"type": "FeatureCollection", "name": selection.layer.id, ABOUT: about}
    if selection.crs.srid != 4326:  # RFC 7946 knows degrees only; older readers follow this
        name = f"urn:ogc:def:crs:EPSG::{selection.crs.srid}"
        head["crs"] = {"type": "name", "properties": {"name": name}}
    yield json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "features": ['
    first = True
    for rows in rows_of(selection, geojson_of(selection)):
        written = [json.dumps(feature_of(selection, row), ensure_ascii=False) for row in rows]
        yield ("" if first else ",").encode() + ",".join(written).encode()
        first = False
    yield b"]}\n"


def csv_zip(selection: Selection, path: Path) -> None:
    """Write a zip of two CSV files: the rows with a point inside each shape, and the metadata."""
    point = sql.SQL(
        "(SELECT ARRAY[ST_X(p), ST_Y(p)] FROM (SELECT ST_Transform("
        "ST_PointOnSurface(shown.geometry_3857), {}) AS p) AS inside)"
    ).format(sql.Literal(selection.crs.srid))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive:
        with archive.open(f"{ABOUT}.csv", "w") as handle:
            handle.write(_csv_lines([("element", "valeur"), *lines_about(selection)]))
        with archive.open(f"{selection.layer.id}.csv", "w", force_zip64=True) as handle:
            handle.write(_csv_lines([("fid", *selection.names, "x", "y")]))
            for rows in rows_of(selection, point):
                handle.write(_csv_lines((*row[:-1], *row[-1]) for row in rows))


def _csv_lines(rows: Any) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerows([harmless(value) for value in row] for row in rows)
    return buffer.getvalue().encode()


def xlsx(selection: Selection, path: Path) -> None:
    """Write a workbook of two sheets. Raises TooManyRows past what a worksheet holds."""
    count = count_of(selection)
    if count is None or count > MOST_XLSX_ROWS:
        raise TooManyRows(
            f"A worksheet holds {MOST_XLSX_ROWS:,} rows and the selection has more.",
            "Narrow it with bbox or a filter, or ask for csv, gpkg or parquet.",
        )
    book = Workbook(write_only=True)
    sheet = book.create_sheet(selection.layer.id[:31])
    sheet.append(["fid", *selection.names])
    for rows in rows_of(selection, None):
        for row in rows:
            sheet.append([_xlsx_cell(sheet, value) for value in row])
    about = book.create_sheet(ABOUT)
    for line in lines_about(selection):
        about.append([_xlsx_cell(about, text) for text in line])
    book.save(path)


def _xlsx_cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # A text stays a text, whatever it starts with; signs no XML may hold are left out.
    clean = "".join(sign for sign in value if sign >= " " or sign in "\t\n\r")
    cell = WriteOnlyCell(sheet, value=harmless(clean))
    cell.data_type = "s"
    return cell


def gpkg(selection: Selection, path: Path) -> None:
    """Write a GeoPackage: the layer, and a table of metadata."""
    written = False
    for frame, shapes in _frames(selection):
        _gpkg_part(selection, frame, shapes, path, append=written)
        written = True
    if not written:
        _gpkg_part(selection, *_empty(selection), path, append=False)
    about = pd.DataFrame(lines_about(selection), columns=["element", "valeur"])
    pyogrio.write_dataframe(about, path, layer=ABOUT, driver="GPKG", append=True)


def _gpkg_part(
    selection: Selection, frame: pd.DataFrame, shapes: Any, path: Path, append: bool
) -> None:
    # GeoPackage keeps its own fid and allows no other column of that name.
    named = gpd.GeoDataFrame(
        frame.rename(columns={"fid": "id_objet"}), geometry=shapes, crs=selection.crs.srid
    )
    kind = {"polygon": "MultiPolygon", "line": "MultiLineString", "point": "Point"}
    pyogrio.write_dataframe(
        named,
        path,
        layer=selection.layer.id,
        driver="GPKG",
        append=append,
        geometry_type=kind[selection.layer.geometry],
        promote_to_multi=selection.layer.geometry != "point",
    )


def parquet(selection: Selection, path: Path) -> None:
    """Write GeoParquet 1.1: row groups of WKB, metadata in the file's own footer."""
    schema = _arrow_schema(selection)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for frame, shapes in _frames(selection):
            columns = frame.assign(geometry=shapely.to_wkb(shapes))
            table = pa.Table.from_pandas(columns, schema=schema, preserve_index=False)
            writer.write_table(table)


def _arrow_schema(selection: Selection) -> pa.Schema:
    types = {"text": pa.string(), "date": pa.string(), "integer": pa.int64()}
    kinds = {attribute.name: attribute.kind for attribute in selection.layer.attributes}
    fields = [("fid", pa.int64())]
    fields += [(name, types.get(kinds[name], pa.float64())) for name in selection.names]
    crs = pyproj.CRS.from_epsg(selection.crs.srid).to_json_dict()
    column = {"encoding": "WKB", "geometry_types": [], "crs": crs}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    about = json.dumps(facts_about(selection), ensure_ascii=False)
    return pa.schema([*fields, ("geometry", pa.binary())], {"geo": json.dumps(geo), ABOUT: about})


FORMATS = {
    "geojson": Format("geojson", "application/geo+json", stream=geojson),
    "csv": Format("csv.zip", "application/zip", write=csv_zip),
    "xlsx": Format(
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        write=xlsx,
    ),
    "gpkg": Format("gpkg", "application/geopackage+sqlite3", write=gpkg),
    "parquet": Format("parquet", "application/vnd.apache.parquet", write=parquet),
}
