"""Statistics of a raster by zone, each cell weighed by the share of it inside the zone.

exactextract computes the covered share of every cell exactly (Baston, 2024), so that a quarter
smaller than a few pixels still gets what is really in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from exactextract import exact_extract
from exactextract.raster import RasterioRasterSource

from layers.errors import BadRaster

Statistic = Literal["mean", "sum", "share"]


@dataclass(frozen=True)
class Asked:
    """What is computed: over one band, the mean, the sum, or the share (%) of some classes."""

    statistic: Statistic
    band: int = 1
    classes: Sequence[float] = ()


def statistics(path: Path, zones: gpd.GeoDataFrame, asked: Asked) -> pd.DataFrame:
    """Return one row per zone, in the order of ``zones``.

    Parameters
    ----------
    path
        A raster that GDAL reads, with its system of coordinates.
    zones
        Polygons in any system. They are asked in the raster's own: in one of degrees, cells of
        one zone are taken to have one size, true enough over a quarter.

    Returns
    -------
    DataFrame
        ``value`` (NaN: nothing known there), ``numerator`` and ``denominator`` (sums over cells
        weighed by the share covered; NaN for a sum) and ``covered``, the share of the zone's
        area, 0 to 1, that lies on cells with data.

    Raises
    ------
    BadRaster
        Not a raster, no such band, no system of coordinates, classes missing, no zone on it, rows
        that do not run from north to south, a file that breaks off, values that are infinite
        under a zone.
    """
    if asked.statistic == "share" and not asked.classes:
        raise BadRaster("A share needs the classes it is of.", "Give them with --classes 1,2,3.")
    with _opened(path, asked.band) as raster:
        drawn = zones.to_crs(raster.crs)
        pixel = abs(raster.transform.determinant)
        if not shapely.box(*raster.bounds).intersects(shapely.box(*drawn.total_bounds)):
            raise BadRaster("No zone lies on the raster.", "Check the system it declares.")
        wanted = ["count", "unique", "frac"] if asked.statistic == "share" else ["count", "sum"]
        found = _read(path, raster, asked.band, drawn[["geometry"]], wanted)
        _refuse_infinite(path, found)
    count = found["count"].to_numpy(dtype=float)
    area = drawn.geometry.area.to_numpy() / pixel
    with np.errstate(divide="ignore", invalid="ignore"):
        table = _table(found, count, asked)
        table["covered"] = np.clip(np.where(area > 0, count / area, 0.0), 0, 1)
    table.index = zones.index
    return table


def _opened(path: Path, band: int) -> rasterio.DatasetReader:
    try:
        raster = rasterio.open(path)
    except rasterio.errors.RasterioIOError:
        raise BadRaster(f"{path.name} is not a raster that can be read.") from None
    if not raster.crs:
        raster.close()
        raise BadRaster(
            f"{path.name} does not say its system of coordinates.",
            "Assign it first: gdal_edit.py -a_srs EPSG:… FILE.",
        )
    if raster.transform.b or raster.transform.d or raster.transform.e >= 0:
        raster.close()
        raise BadRaster(
            f"The rows of {path.name} do not run from north to south.",
            # Corners a turned raster leaves empty would otherwise be filled with zeros.
            "Straighten it first, with a value it does not hold: "
            "gdalwarp -dstnodata -9999 FILE STRAIGHT.tif.",
        )
    if not 1 <= band <= raster.count:
        raster.close()
        raise BadRaster(f"{path.name} has {raster.count} band(s), not a band {band}.")
    return raster


def _read(
    path: Path,
    raster: rasterio.DatasetReader,
    band: int,
    drawn: gpd.GeoDataFrame,
    wanted: list[str],
) -> pd.DataFrame:
    """Return what exactextract finds under each zone. Raises BadRaster for a broken file."""
    try:
        source = RasterioRasterSource(raster, band_idx=band)
        return exact_extract(source, drawn, wanted, output="pandas")
    except rasterio.errors.RasterioIOError:
        raise BadRaster(
            f"{path.name} breaks off: not all of it can be read.", "Fetch it again."
        ) from None


def _refuse_infinite(path: Path, found: pd.DataFrame) -> None:
    """Raise BadRaster where a cell under a zone is infinite: what it stands for is not known.

    One such cell would make the whole zone's sum infinite, or nothing at all beside one of the
    other sign, and count as known area. A cell that is no number (NaN) is no data already.
    """
    if "unique" in found:
        bad = [bool(np.isinf(values).any()) for values in found["unique"]]
    else:
        total = found["sum"].to_numpy(dtype=float)
        bad = (found["count"].to_numpy(dtype=float) > 0) & ~np.isfinite(total)
    if np.any(bad):
        raise BadRaster(
            f"{path.name} holds infinite values under {np.sum(bad)} of {len(found)} zones.",
            "Make them no data first: "
            "gdal_calc.py --calc 'where(isfinite(A), A, -9999)' --NoDataValue -9999 "
            "-A FILE --outfile FINITE.tif.",
        )


def _table(found: pd.DataFrame, count: np.ndarray, asked: Asked) -> pd.DataFrame:
    nothing = np.full(len(found), np.nan)
    if asked.statistic == "share":
        kept = {float(one) for one in asked.classes}
        inside = np.array(
            [
                sum(f for u, f in zip(unique, part, strict=True) if float(u) in kept)
                for unique, part in zip(found["unique"], found["frac"], strict=True)
            ]
        )
        share = np.where(count > 0, 100 * inside, np.nan)
        return pd.DataFrame({"value": share, "numerator": inside * count, "denominator": count})
    total = np.where(count > 0, found["sum"].to_numpy(dtype=float), np.nan)
    if asked.statistic == "sum":
        return pd.DataFrame({"value": total, "numerator": nothing, "denominator": nothing})
    return pd.DataFrame({"value": total / count, "numerator": total, "denominator": count})
