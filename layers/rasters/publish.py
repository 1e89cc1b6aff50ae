"""A variable of the published cells as one cloud-optimised GeoTIFF.

Pixels are the cells themselves, in the grid's own system. A cell the producer does not give,
or gives without this variable, holds no data: it is not zero.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from django.db import connection, transaction
from psycopg import sql
from rasterio.transform import from_origin

from carroyage.models import MEASURES, GridDataset
from layers.declarations import DATASET
from layers.errors import NoSuchRaster
from layers.measures import MEANINGS

NO_DATA = float("nan")
BLOCK = 512
AT_A_TIME = 50_000
BOUNDS = """
SELECT min(east), min(north), max(east), max(north), min(size), count({variable})
FROM carroyage_cell WHERE dataset_id = %s AND epsg = %s
"""
CELLS = """
SELECT east, north, {variable} FROM carroyage_cell
WHERE dataset_id = %s AND epsg = %s AND {variable} IS NOT NULL
"""


@dataclass(frozen=True)
class Cells:
    """Which cells: one published file, one system of coordinates, one variable."""

    dataset: GridDataset
    variable: str
    epsg: int

    def statement(self, text: str) -> str:
        """Return ``text`` with the variable's column in it."""
        return sql.SQL(text).format(variable=sql.Identifier(self.variable)).as_string(None)


def cells_of(variable: str, vintage: str | None = None, epsg: int = 3035) -> Cells:
    """Return the published cells of a vintage, the latest by default. Raises NoSuchRaster."""
    if variable not in MEASURES:
        raise NoSuchRaster(
            f"No variable of the cells is called {variable[:40]!r}.",
            f"There are: {', '.join(MEASURES)}.",
        )
    with connection.cursor() as cursor:
        cursor.execute(DATASET, {"vintage": vintage})
        row = cursor.fetchone()
    if row is None:
        raise NoSuchRaster("No published grid of this vintage is loaded.")
    return Cells(GridDataset.objects.select_related("source").get(pk=row[0]), variable, epsg)


def write(cells: Cells, target: Path) -> None:
    """Write the GeoTIFF. Raises NoSuchRaster where no cell has the variable in this system."""
    values, transform = _pixels(cells)
    height, width = values.shape
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        plain = Path(folder) / "plain.tif"
        profile = {
            "driver": "GTiff", "dtype": "float32", "count": 1, "width": width, "height": height,
            "crs": rasterio.CRS.from_epsg(cells.epsg), "transform": transform, "nodata": NO_DATA,
            "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate",
        }  # fmt: skip
        with rasterio.open(plain, "w", **profile) as written:
            written.write(values, 1)
            written.update_tags(**_about(cells))
            written.set_band_description(1, cells.variable)
            written.set_band_unit(1, str(MEANINGS[cells.variable][1]))
        # Overviews are means of the cells that have a value: what a pixel of them stands for.
        rasterio.shutil.copy(
            plain, target, driver="COG", compress="deflate", predictor="yes", blocksize=BLOCK,
            overview_resampling="average", bigtiff="if_safer",
        )  # fmt: skip


def _pixels(cells: Cells) -> tuple[np.ndarray, Any]:
    """Return the values, north up, (rows, columns) float32, and where they lie."""
    chosen = (cells.dataset.pk, cells.epsg)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(cells.statement(BOUNDS), chosen)
            west, south, east, north, size, known = cursor.fetchone()
        if not known:
            raise NoSuchRaster(f"No cell has '{cells.variable}' in EPSG:{cells.epsg}.")
        shape = ((north - south) // size + 1, (east - west) // size + 1)
        values = np.full(shape, NO_DATA, dtype=np.float32)
        with connection.chunked_cursor() as cursor:
            cursor.execute(cells.statement(CELLS), chosen)
            while rows := cursor.fetchmany(AT_A_TIME):
                columns, lines, found = np.array(rows, dtype=float).T
                place = (
                    ((north - lines) // size).astype(int),
                    ((columns - west) // size).astype(int),
                )
                values[place] = found
    return values, from_origin(west, north + size, size, size)


def _about(cells: Cells) -> dict[str, str]:
    source = cells.dataset.source
    told = {
        "TIFFTAG_IMAGEDESCRIPTION": str(MEANINGS[cells.variable][0]),
        "TIFFTAG_COPYRIGHT": ", ".join(filter(None, (source.producer, source.licence))),
        "SOURCE": source.title,
        "VINTAGE": source.vintage,
        "UNIT": str(MEANINGS[cells.variable][1]),
        "OVERVIEWS": "mean of the cells that have a value",
    }
    if source.is_demonstration:
        told["WARNING"] = "demonstration data: they describe no real place"
    return {name: text for name, text in told.items() if text}
