"""Areas, coverage and distances between sets of polygons, in a projected system.

Polygons of one set never overlap each other (cells of a grid, parts of a union).
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from carroyage import errors, grid

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

MEASURED_IN = 2154
STEP = 10.0  # metres between sampled points of an outline
WORLD_MERCATOR = {3857, 3395, 900913}


def to_metres(series: Any, epsg: int = MEASURED_IN, what: str = "This geometry") -> Geometries:
    """Bring a GeoSeries or GeoDataFrame to the measuring system; invalid polygons are repaired.

    Raises
    ------
    WrongGeometrySystem
        No CRS is stated, or the measuring system is Web Mercator or geographic.
    """
    target = pyproj.CRS.from_epsg(epsg)
    if epsg in WORLD_MERCATOR or not target.is_projected:
        raise errors.WrongGeometrySystem(what, f"EPSG:{epsg}")
    if series.crs is None:
        raise errors.WrongGeometrySystem(what, None)
    shapes = np.asarray(series.geometry.to_crs(target).array, dtype=object)
    bad = ~shapely.is_valid(shapes)
    if bad.any():
        shapes[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    return shapes


def cells_in_metres(
    north: Ints, east: Ints, size: int, grid_epsg: int, epsg: int = MEASURED_IN
) -> Geometries:
    """Build cell polygons from corners, then bring their corners to the measuring system."""
    if len(north) == 0:
        return np.zeros(0, dtype=object)
    shapes = gpd.GeoSeries(grid.cell_polygons(north, east, size), crs=grid_epsg)
    return np.asarray(shapes.to_crs(epsg).array, dtype=object)


def keys_near(shapes: Geometries, size: int, grid_epsg: int, epsg: int = MEASURED_IN) -> Ints:
    """List the positions whose cell may meet the shapes (their bounding boxes), sorted."""
    to_grid = pyproj.Transformer.from_crs(epsg, grid_epsg, always_xy=True)
    found = [np.zeros(0, np.int64)]
    for west, south, east, north in shapely.bounds(shapes):
        box = to_grid.transform_bounds(west, south, east, north)
        cols = np.arange(int(box[0] // size), int(box[2] // size) + 1, dtype=np.int64)
        rows = np.arange(int(box[1] // size), int(box[3] // size) + 1, dtype=np.int64)
        found.append(((rows[:, None] << 32) | cols[None, :]).ravel())
    return np.unique(np.concatenate(found))


def pair_areas(first: Geometries, second: Geometries) -> tuple[Ints, Ints, Floats]:
    """Intersect two sets: indices of the pairs that share area, and that area in m²."""
    if len(first) == 0 or len(second) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    tree = shapely.STRtree(second)
    i, j = tree.query(first, predicate="intersects")
    shapely.prepare(first)
    shapely.prepare(second)
    areas = np.empty(len(i))
    whole = shapely.contains_properly(second[j], first[i])
    areas[whole] = shapely.area(first[i[whole]])
    rest = ~whole
    areas[rest] = shapely.area(shapely.intersection(first[i[rest]], second[j[rest]]))
    has = areas > 0
    return i[has], j[has], areas[has]


def covered_areas(shapes: Geometries, by: Geometries) -> Floats:
    """Area of each shape covered by a set of disjoint polygons, m², shape (n,)."""
    i, _, areas = pair_areas(shapes, by)
    return np.asarray(np.bincount(i, weights=areas, minlength=len(shapes)), np.float64)


def parts_of_union(shapes: Geometries, limits: Any = None) -> Geometries:
    """Dissolve shapes, clip them to ``limits``, return the disjoint polygons of the result."""
    whole = shapely.union_all(shapes)
    if limits is not None:
        whole = shapely.intersection(whole, limits)
    parts = shapely.get_parts(whole)
    return np.asarray(parts[shapely.get_dimensions(parts) == 2], dtype=object)


def points_inside(points: Geometries, polygons: Geometries) -> npt.NDArray[np.bool_]:
    """Say which points a set of polygons covers (its outline included), shape (n,)."""
    inside = np.zeros(len(points), bool)
    if len(points) and len(polygons):
        inside[shapely.STRtree(points).query(polygons, predicate="covers")[1]] = True
    return inside


def best_prefix_iou(covered: Floats, areas: Floats, legal_area: float) -> tuple[float, Ints]:
    """Find the highest IoU any set of whole units can reach against the legal geometry.

    Parameters
    ----------
    covered, areas : shape (n,)
        Legal area (or population) inside each unit, and the unit's whole area (population).
    legal_area : total legal area (population), inside units or not.

    Returns
    -------
    (iou, order) : the optimum and the indices of the units that reach it

    Notes
    -----
    Exact: for a ratio of sums the best set keeps every unit whose covered share exceeds a
    level, so it is a prefix of the units sorted by share.
    """
    useful = np.flatnonzero(covered > 0)
    share = covered[useful] / areas[useful]
    order = useful[np.argsort(-share, kind="stable")]
    both = np.cumsum(covered[order])
    reached = both / (legal_area + np.cumsum(areas[order]) - both)
    if len(reached) == 0:
        return 0.0, order
    best = int(np.argmax(reached))
    return float(reached[best]), order[: best + 1]


def outline_distance(from_shapes: Geometries, to_shapes: Geometries, step: float = STEP) -> float:
    """Median distance in metres from one set's outline to the other's.

    The first outline is sampled every ``step`` metres; NaN when either set is empty.
    """
    if len(from_shapes) == 0 or len(to_shapes) == 0:
        return float("nan")
    lines = shapely.segmentize(shapely.boundary(shapely.union_all(from_shapes)), step)
    points = shapely.points(shapely.get_coordinates(lines))
    target = shapely.boundary(shapely.union_all(to_shapes))
    tree = shapely.STRtree(_segments(target))
    _, distances = tree.query_nearest(points, return_distance=True, all_matches=False)
    return float(np.median(distances))


def _segments(lines: Any) -> Geometries:
    parts = shapely.get_parts(shapely.get_parts(lines))
    xy, owner = shapely.get_coordinates(parts, return_index=True)
    joined = np.flatnonzero(owner[1:] == owner[:-1])
    ends = np.stack([xy[joined], xy[joined + 1]], axis=1)
    return np.asarray(shapely.linestrings(ends), dtype=object)
