"""Invalid outlines mended and accounted for, then brought to EPSG:4326."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.validation import explain_validity

from importers.places import measuring_srids
from importers.report import Report
from importers.vectors import WGS84, polygons_of

DEBRIS = 1.0  # square metres: crumbs that mending leaves beside the real polygon
NOTABLE_CHANGE = 0.01  # share of the area from which a mended outline must be looked at


@dataclass(frozen=True)
class Shape:
    """A usable outline: multipolygon in EPSG:4326, the system to measure it in, what was mended."""

    polygons: shapely.MultiPolygon
    srid: int
    repaired: str = ""


def shapes_of(
    frame: gpd.GeoDataFrame, report: Report, layer: str, names: dict[int, str]
) -> dict[int, Shape]:
    """Return the outline of each row that has one; the others are refused in the report.

    Outlines are mended in their own system, where the producer drew them. ``names`` tells
    what to call a row in the report.
    """
    mended = {row: _mended(shape) for row, shape in frame.geometry.items()}
    kept: dict[int, tuple[shapely.MultiPolygon, str]] = {}
    for row, (polygons, problem) in mended.items():
        if polygons is None:
            report.refuse(row, "geometry", names.get(row, ""), problem, _NO_SHAPE, layer)
        else:
            kept[row] = (polygons, problem)
    return _in_degrees(frame, kept, report, layer, names)


_NO_SHAPE = "Ask the producer for the outline of this area, as a polygon."


def _mended(shape: Any) -> tuple[shapely.MultiPolygon | None, str]:
    """Return polygons and, where they had to be mended, why; None and the reason otherwise."""
    if shape is None or shape.is_empty:
        return None, "there is no outline"
    if not shapely.is_valid(shape):
        reason = explain_validity(shape).split("[")[0].strip() or "invalid outline"
        polygons = polygons_of(shapely.make_valid(shape))
        return (polygons, reason) if polygons is not None else (None, f"hopeless outline, {reason}")
    polygons = polygons_of(shape)
    return polygons, "" if polygons is not None else f"a {shape.geom_type} is not an area"


def _in_degrees(
    frame: gpd.GeoDataFrame,
    kept: dict[int, tuple[shapely.MultiPolygon, str]],
    report: Report,
    layer: str,
    names: dict[int, str],
) -> dict[int, Shape]:
    rows = list(kept)
    degrees = gpd.GeoSeries([kept[row][0] for row in rows], crs=frame.crs).to_crs(WGS84)
    bounds = degrees.bounds
    srids = measuring_srids((bounds.minx + bounds.maxx) / 2, (bounds.miny + bounds.maxy) / 2)
    found = {}
    for place, row in enumerate(rows):
        polygons, srid = degrees.iloc[place], int(srids[place])
        told = kept[row][1]
        if told:
            polygons, told = _accounted(frame, row, polygons, srid, told)
            report.repair(row, "geometry", f"{names.get(row, '')} {told}".strip(), _DONE, layer)
        found[row] = Shape(_surely_valid(polygons), srid, told[:200])
    return found


_DONE = "redrawn as valid polygons covering all that the outline encloses"


def _accounted(
    frame: gpd.GeoDataFrame, row: int, polygons: Any, srid: int, reason: str
) -> tuple[Any, str]:
    """Drop crumbs and say what the mending did to the area."""
    before = gpd.GeoSeries([frame.geometry[row]], crs=frame.crs).to_crs(srid).area.iloc[0]
    parts = gpd.GeoSeries(list(polygons.geoms), crs=WGS84)
    areas = parts.to_crs(srid).area.to_numpy()
    large = np.flatnonzero(areas >= min(DEBRIS, areas.max()))
    after = areas[large].sum()
    text = f"{reason}; area {before:.0f} m² before, {after:.0f} m² after"
    if abs(after - before) > NOTABLE_CHANGE * after:
        text += " (look at it)"
    return shapely.MultiPolygon([parts.iloc[i] for i in large]), text


def _surely_valid(polygons: Any) -> shapely.MultiPolygon:
    """Mend what rounding to degrees may have crossed again: nothing visible."""
    if shapely.is_valid(polygons):
        return polygons
    return polygons_of(shapely.make_valid(polygons))
