"""Shapes of perimeters: unions, cuts and widths.

Set operations work on stored coordinates (EPSG:4326), so that neighbours made of the same
blocks keep the very same vertices; whatever is measured is measured in metres.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from shapely.geometry.base import BaseGeometry

from observatory.models import Perimeter

Shape = BaseGeometry
Shapes = npt.NDArray[np.object_]

WGS84 = 4326
MITRE = 5.0  # sharper corners than about 23° are cut by an opening
STRIP = 0.5  # metres on either side of a cutting line that tell left from right


@cache
def _transformer(start: int, end: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(start, end, always_xy=True)


def moved(shape: Any, start: int, end: int) -> Any:
    """Bring a shape, or an array of shapes, from one system to another."""
    if start == end:
        return shape
    turn = _transformer(start, end)
    return shapely.transform(
        shape, lambda points: np.column_stack(turn.transform(points[:, 0], points[:, 1]))
    )


def in_metres(shape: Any, srid: int) -> Any:
    """Bring stored shapes to the projected system they are measured in."""
    return moved(shape, WGS84, srid)


def in_degrees(shape: Any, srid: int) -> Any:
    """Bring measured shapes back to stored coordinates."""
    return moved(shape, srid, WGS84)


def shape_of(perimeter: Perimeter) -> Shape:
    """Return a stored outline (EPSG:4326) as a shape of shapely."""
    return shapely.from_wkb(bytes(perimeter.geom.wkb))


def shapes_of(perimeters: Iterable[Perimeter]) -> Shapes:
    """Return stored outlines, shape (n,)."""
    found = [shape_of(perimeter) for perimeter in perimeters]
    shapes = np.empty(len(found), dtype=object)
    shapes[:] = found
    return shapes


def stored(shape: Shape) -> MultiPolygon:
    """Return a shape in EPSG:4326 as the database takes it."""
    parts = _gathered(shape)
    made = GEOSGeometry(memoryview(bytes(shapely.to_wkb(parts))), srid=WGS84)
    return cast(MultiPolygon, made)


def polygons_of(shape: Any) -> Shapes:
    """Return the polygons of a shape; points and lines left by a set operation go."""
    parts = shapely.get_parts(shapely.get_parts(np.atleast_1d(shape)))
    found = parts[(shapely.get_dimensions(parts) == 2) & ~shapely.is_empty(parts)]
    return np.asarray(found, dtype=object)


def _gathered(shape: Any) -> Shape:
    return cast(Shape, shapely.multipolygons(polygons_of(shape)))


def union(shapes: Iterable[Shape]) -> Shape:
    """Dissolve shapes into one."""
    return _gathered(shapely.union_all(list(shapes)))


def difference(shape: Shape, others: Iterable[Shape]) -> Shape:
    """Return what of a shape lies in none of the others."""
    away = shapely.union_all(list(others))
    return _gathered(shapely.difference(shape, away))


def intersection(shape: Shape, other: Shape) -> Shape:
    """Return what of a shape lies in another."""
    return _gathered(shapely.intersection(shape, other))


def without_slivers(shape: Shape, width: float) -> Shape:
    """Keep what is at least ``width`` wide (metres; the shape too): a morphological opening.

    Strips that hang on a larger piece go as well as slivers that stand alone. Corners keep
    their points, but for those sharper than about 23 degrees.
    """
    if width <= 0:
        return _gathered(shape)
    core = shapely.buffer(shape, -width / 2, join_style="mitre", mitre_limit=MITRE)
    back = shapely.buffer(core, width / 2 * 1.001, join_style="mitre", mitre_limit=MITRE)
    return _gathered(shapely.intersection(back, shape))


def cut(shape: Shape, line: Shape, srid: int) -> tuple[Shape, Shape]:
    """Cut a shape along a line (both EPSG:4326): what lies left of it, what lies right.

    Pieces the line does not touch go with the nearer side. A line that does not cut through
    leaves one side empty.
    """
    edges = shapely.union_all([shapely.boundary(shape), line])
    pieces = shapely.get_parts(shapely.polygonize([edges]))
    inside = shapely.covers(shape, shapely.point_on_surface(pieces))
    pieces = np.asarray(pieces[inside], dtype=object)
    side = _sides(in_metres(pieces, srid), in_metres(line, srid))
    if len(pieces) == len(polygons_of(shape)) and not _parted(side):
        return shape, shapely.MultiPolygon()
    return union(pieces[side > 0]), union(pieces[side < 0])


def _sides(pieces: Shapes, line: Shape) -> npt.NDArray[np.float64]:
    """Tell left (+1) from right (-1) of a line, shape (n,)."""
    left, right = (
        shapely.area(shapely.intersection(pieces, shapely.buffer(line, width, single_sided=True)))
        for width in (STRIP, -STRIP)
    )
    side = np.sign(left - right)
    for row in np.flatnonzero(side == 0):
        near = {
            sign: shapely.distance(pieces[row], shapely.union_all(pieces[side == sign]))
            for sign in (1.0, -1.0)
            if (side == sign).any()
        }
        side[row] = min(near, key=lambda sign: near[sign]) if near else 1.0
    return side


def _parted(side: npt.NDArray[np.float64]) -> bool:
    return bool((side > 0).any() and (side < 0).any())
