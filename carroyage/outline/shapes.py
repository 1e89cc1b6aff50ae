"""From chosen pieces to outlines people can read: dissolved, filled, simplified together."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from carroyage.outline.pieces import Pieces, clusters_of

Geometries = npt.NDArray[np.object_]
Bools = npt.NDArray[np.bool_]

SMALLEST_HOLE = 10_000.0  # m²: smaller holes are filled
TOLERANCE = 10.0  # metres
PRECISION = 0.01  # metres: coordinates of neighbours meet on this grid


def outlines(
    pieces: Pieces, chosen: Bools, epsg: int, tolerance: float = TOLERANCE
) -> gpd.GeoDataFrame:
    """Dissolve clusters of touching pieces into outlines.

    Returns
    -------
    GeoDataFrame in the measuring system, numbered from 1 in the order of pieces: ``zone``,
    ``ind`` (located inhabitants of the pieces), ``area`` (m², after simplification).
    """
    labels = clusters_of(pieces, chosen)
    count = labels.max(initial=-1) + 1
    shapes = np.array(
        [dissolve(pieces.shapes[labels == label]) for label in range(count)], dtype=object
    )
    shapes = simplify_together(fill_small_holes(shapes), tolerance)
    persons = np.bincount(labels[chosen], weights=pieces.persons[chosen], minlength=count)
    return gpd.GeoDataFrame(
        {"zone": np.arange(1, count + 1), "ind": persons, "area": shapely.area(shapes)},
        geometry=shapes,
        crs=epsg,
    )


def dissolve(shapes: Geometries) -> Any:
    """Unite shapes whose shared sides may differ by a hair."""
    return shapely.union_all(shapes, grid_size=PRECISION)


def fill_small_holes(shapes: Geometries, smallest: float = SMALLEST_HOLE) -> Geometries:
    """Fill holes under ``smallest`` m², unless another of the shapes lies in the hole."""
    filled = shapes.copy()
    for i, shape in enumerate(shapes):
        parts = [_filled(part, smallest, shapes) for part in shapely.get_parts(shape)]
        filled[i] = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    return filled


def _filled(part: Any, smallest: float, others: Geometries) -> Any:
    kept = []
    for ring in part.interiors:
        hole = shapely.Polygon(ring)
        inhabited = bool(shapely.contains(hole, others).any())
        if hole.area >= smallest or inhabited:
            kept.append(ring)
    return shapely.Polygon(part.exterior, kept)


def simplify_together(shapes: Geometries, tolerance: float = TOLERANCE) -> Geometries:
    """Simplify outlines so that neighbours keep the very same shared border.

    Removes vertices whose removal changes an area of under tolerance² / 2; shared borders are
    simplified once, so no gap nor overlap appears between neighbours. Shapes of which some
    overlap are given back as they are.
    """
    if len(shapes) == 0 or tolerance <= 0:
        return shapes
    snapped = shapely.set_precision(shapes, PRECISION)
    if not shapely.coverage_is_valid(snapped):
        return shapes
    return np.asarray(shapely.coverage_simplify(snapped, tolerance), dtype=object)
