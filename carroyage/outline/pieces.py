"""Pieces finer than cells: each grid position cut by small areas (cell x IRIS by default)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from carroyage import overlap
from carroyage.cellframe import CellFrame
from carroyage.contiguity import by_first_seen
from carroyage.location import LocatedPopulation
from carroyage.outline.inputs import CityInputs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Geometries = npt.NDArray[np.object_]

THINNEST = 1.0  # m²: smaller pieces are numerical crumbs
BEYOND = 10_000.0  # metres: how far from the last address its block still reaches


@dataclass(frozen=True)
class Pieces:
    """Disjoint polygons that tile the territory, each inside one cell and one small area.

    Attributes
    ----------
    shapes : (n,) polygons in the measuring system
    areas : (n,) m²
    cell : (n,) row of the piece's cell in the frame, -1 where no cell is published
    area_index : (n,) row of its small area, -1 without
    persons : (n,) inhabitants located in the piece
    first, second : (m,) pairs of pieces that touch, by a side or a corner
    frame : the sorted cells
    people : where inhabitants are
    features : DataFrame (n rows), empty until `carroyage.outline.features` fills it
    """

    shapes: Geometries
    areas: Floats
    cell: Ints
    area_index: Ints
    persons: Floats
    first: Ints
    second: Ints
    frame: CellFrame
    people: LocatedPopulation
    features: pd.DataFrame

    def __len__(self) -> int:
        return len(self.shapes)

    def with_features(self, features: pd.DataFrame) -> Pieces:
        """Give the same pieces with their features."""
        return replace(self, features=features)

    def groups(self, divisions: gpd.GeoDataFrame, epsg: int) -> Ints:
        """Give each piece the row of the division (arrondissement) that holds most of it."""
        shapes = overlap.to_metres(divisions, epsg, "The divisions")
        inner = shapely.get_coordinates(shapely.point_on_surface(self.shapes))
        _, found = shapely.STRtree(shapes).query_nearest(shapely.points(inner), all_matches=False)
        return np.asarray(found, np.int64)


def cut_pieces(inputs: CityInputs) -> Pieces:
    """Cut the territory's grid positions by its small areas and locate inhabitants.

    Positions without a published cell are kept: nobody is known to live there, yet legal
    quarters reach over them.
    """
    frame = CellFrame.of(inputs.cells, inputs.epsg)
    limits = _limits(inputs, frame)
    keys, squares = _squares(frame, limits, inputs.epsg)
    shapes, square, area = _cut(squares, limits, inputs)
    if inputs.blocks is not None and inputs.addresses is not None:
        blocks = address_blocks(inputs.addresses, inputs.blocks, inputs.epsg)
        shapes, parent = _cut_by_blocks(shapes, blocks)
        square, area = square[parent], area[parent]
    points = inputs.addresses
    people = frame.locate(points)
    at = np.searchsorted(frame.keys, keys)
    at[at == len(frame.keys)] = 0
    cell = np.where(frame.keys[at] == keys, at, -1)[square]
    first, second = _touching(shapes)
    return Pieces(
        shapes, shapely.area(shapes), cell, area, people.inside_each(shapes), first, second,
        frame, people, pd.DataFrame(index=range(len(shapes))),
    )  # fmt: skip


def _limits(inputs: CityInputs, frame: CellFrame) -> shapely.Geometry:
    if inputs.territory is None:
        return shapely.union_all(frame.squares(frame.keys))
    return shapely.union_all(overlap.to_metres(inputs.territory, inputs.epsg, "The territory"))


def _squares(frame: CellFrame, limits: shapely.Geometry, epsg: int) -> tuple[Ints, Geometries]:
    keys = overlap.keys_near(shapely.get_parts(limits), frame.size, frame.grid_epsg, epsg)
    squares = frame.squares(keys)
    shapely.prepare(limits)
    near = shapely.intersects(limits, squares)
    return keys[near], squares[near]


def _cut(
    squares: Geometries, limits: shapely.Geometry, inputs: CityInputs
) -> tuple[Geometries, Ints, Ints]:
    if inputs.areas is None:
        shapes = shapely.intersection(squares, limits)
        keep = shapely.area(shapes) > THINNEST
        return shapes[keep], np.flatnonzero(keep), np.full(int(keep.sum()), -1, np.int64)
    areas = overlap.to_metres(inputs.areas, inputs.epsg, "Small areas")
    square, area = shapely.STRtree(areas).query(squares, predicate="intersects")
    shapes = shapely.intersection(squares[square], areas[area])
    inside = shapely.intersects(limits, shapely.point_on_surface(shapes))
    keep = (shapely.area(shapes) > THINNEST) & inside
    order = np.lexsort((area[keep], square[keep]))
    return shapes[keep][order], square[keep][order], area[keep][order]


def address_blocks(
    addresses: gpd.GeoDataFrame | gpd.GeoSeries, width: float, epsg: int
) -> Geometries:
    """Share the ground among blocks of neighbouring addresses; disjoint polygons in ``epsg``.

    Addresses of one square of ``width`` metres make a block, which takes the ground nearer to
    their middle than to any other block's.
    """
    xy = shapely.get_coordinates(addresses.geometry.to_crs(epsg).array)
    place = np.floor(xy / width).astype(np.int64)
    _, block, count = np.unique(place, axis=0, return_inverse=True, return_counts=True)
    block = block.ravel()
    middle = np.column_stack([np.bincount(block, xy[:, i]) / count for i in (0, 1)])
    reach = shapely.box(*shapely.total_bounds(shapely.points(middle))).buffer(BEYOND)
    made = shapely.voronoi_polygons(shapely.multipoints(middle), extend_to=reach)
    return np.asarray(shapely.get_parts(made), dtype=object)


def _cut_by_blocks(shapes: Geometries, blocks: Geometries) -> tuple[Geometries, Ints]:
    """Cut pieces by blocks; give each part and the row of the piece it comes from."""
    parent, block = shapely.STRtree(blocks).query(shapes, predicate="intersects")
    parts = shapely.intersection(shapes[parent], blocks[block])
    keep = shapely.area(parts) > THINNEST
    order = np.lexsort((block[keep], parent[keep]))
    return parts[keep][order], parent[keep][order].astype(np.int64)


def _touching(shapes: Geometries) -> tuple[Ints, Ints]:
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = first < second
    return first[once], second[once]


def clusters_of(pieces: Pieces, chosen: npt.NDArray[np.bool_]) -> Ints:
    """Label touching chosen pieces from 0, -1 for the others, shape (n,)."""
    both = chosen[pieces.first] & chosen[pieces.second]
    n = len(pieces)
    links = coo_array(
        (np.ones(int(both.sum()), np.int8), (pieces.first[both], pieces.second[both])), (n, n)
    )
    labels = connected_components(links, directed=False)[1]
    out = np.full(n, -1, np.int64)
    out[chosen] = by_first_seen(labels[chosen])
    return out


def drop_small(
    pieces: Pieces, chosen: npt.NDArray[np.bool_], min_population: float
) -> npt.NDArray[np.bool_]:
    """Keep the chosen pieces whose cluster holds enough inhabitants."""
    labels = clusters_of(pieces, chosen)
    if not chosen.any():
        return chosen
    persons = np.bincount(labels[chosen], weights=pieces.persons[chosen])
    kept = chosen.copy()
    kept[chosen] = persons[labels[chosen]] >= min_population
    return kept
