"""The ground plan: blocks bounded by streets, and every territory made of whole blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from importers.demonstration import errors, plan
from importers.demonstration.fields import distance
from importers.demonstration.network import Network, Plot, Point
from importers.demonstration.skeleton import Skeleton
from importers.demonstration.subdivide import Node, Tree, halve

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Geometries = npt.NDArray[np.object_]

SNAP = 0.01  # metres: every corner lies on this lattice, so that neighbours share corners
QUARTERS_EACH = 4
PARK_SIZES = (45_000.0, 190_000.0)
PARK_CHANCE = 0.03
CITY = "751"


@dataclass(frozen=True)
class Part:
    """An administrative quarter, or a whole neighbouring commune: a run of blocks."""

    commune: str
    number: int
    node: Node


@dataclass(frozen=True)
class City:
    """The ground plan. Arrays have one entry per block.

    ``shapes`` are the blocks' polygons in EPSG:3035, which tile the territory exactly;
    ``plots`` the same before their corners were joined; ``green`` marks parks and woods.
    """

    skeleton: Skeleton
    plots: list[Plot]
    shapes: Geometries
    green: Bools
    commune: npt.NDArray[np.str_]
    quarter: Ints
    parts: list[Part]
    neighbours: Ints

    @property
    def network(self) -> Network:
        """The streets."""
        return self.skeleton.network

    @property
    def communes(self) -> list[str]:
        """Codes of arrondissements and communes, sorted."""
        return sorted(set(self.commune.tolist()))

    def union(self, blocks: Ints | Bools) -> shapely.Geometry:
        """Dissolve blocks into one shape, keeping every corner."""
        return shapely.coverage_union_all(self.shapes[blocks])


def draw_city(rng: np.random.Generator) -> City:
    """Draw the ground plan."""
    skeleton = Skeleton(rng)
    pieces = _pieces(skeleton, rng)
    tree = Tree(skeleton.network, rng)
    park = _parks(skeleton, rng)
    parts = [
        Part(code, number, tree.cut(plot, lambda p: _block_size(skeleton, p), park))
        for code, number, plot in pieces
    ]
    shapes, neighbours = join_blocks(tree.blocks)
    commune = np.concatenate([np.repeat(p.commune, p.node.end - p.node.start) for p in parts])
    quarter = np.concatenate([np.repeat(p.number, p.node.end - p.node.start) for p in parts])
    green = np.array(tree.green)
    return City(skeleton, tree.blocks, shapes, green, commune, quarter, parts, neighbours)


def _pieces(skeleton: Skeleton, rng: np.random.Generator) -> list[tuple[str, int, Plot]]:
    by_commune: dict[str, list[Plot]] = {}
    for sector in plan.SECTORS:
        by_commune.setdefault(sector.commune, []).append(skeleton.plot(sector))
    pieces: list[tuple[str, int, Plot]] = []
    for code in sorted(by_commune):
        plots = by_commune[code]
        while code.startswith(CITY) and len(plots) < QUARTERS_EACH:
            plots.sort(key=Plot.area)
            largest = plots.pop()
            halves = halve(largest, skeleton.network, rng)
            if halves is None:
                raise errors.NoRoomForZone(f"administrative quarters of {code}", 4, len(plots))
            plots.extend(halves)
        pieces.extend((code, number, plot) for number, plot in enumerate(plots, 1))
    return pieces


def _block_size(skeleton: Skeleton, place: Point) -> float:
    """Largest block wanted at a place, square metres: small in the old centre."""
    far = distance(place, skeleton.centre)
    return float(np.interp(far, [0, 1_500, 3_500, 5_500, 7_000], [9e3, 14e3, 21e3, 26e3, 44e3]))


def _parks(skeleton: Skeleton, rng: np.random.Generator) -> Callable[[Point, float], bool]:
    green = [(skeleton.point(a, r), size) for a, r, size in plan.GREEN]
    kept_free = [
        (skeleton.point(z.angle, z.ring), 180 * z.cells**0.5 + 250)
        for z in (*plan.ZONES, plan.SMALL_UNIT_ZONE)
    ]

    def park(place: Point, area: float) -> bool:
        if any(area <= s and distance(place, p) < 0.55 * s**0.5 for p, s in green):
            return True
        if _in_forest(skeleton, place):
            return area < PARK_SIZES[1] * 2
        if any(distance(place, p) < radius + area**0.5 for p, radius in kept_free):
            return False
        return PARK_SIZES[0] < area < PARK_SIZES[1] and bool(rng.random() < PARK_CHANCE)

    return park


def _in_forest(skeleton: Skeleton, place: Point) -> bool:
    dx, dy = place[0] - skeleton.centre[0], place[1] - skeleton.centre[1]
    angle = float(np.degrees(np.arctan2(dy, dx)))
    edge = skeleton.point(angle, 4 + plan.FOREST_DEPTH)
    inner = skeleton.point(angle, 4.0)
    far = distance(place, skeleton.centre)
    return distance(inner, skeleton.centre) < far < distance(edge, skeleton.centre)


def join_blocks(plots: list[Plot]) -> tuple[Geometries, Ints]:
    """Join the blocks' lines so that neighbours share every corner.

    Returns
    -------
    (shapes, neighbours) : polygons, shape (n,), and pairs of blocks that share a street,
        shape (pairs, 2), lower number first.

    Raises
    ------
    BrokenTiling
    """
    drafts = shapely.polygons([shapely.linearrings(p.xs, p.ys) for p in plots])
    lines = shapely.unary_union(shapely.boundary(drafts), grid_size=SNAP)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    inner = shapely.point_on_surface(drafts)
    face, block = shapely.STRtree(inner).query(faces, predicate="contains")
    if len(faces) != len(plots) or len(np.unique(block)) != len(plots) or len(face) != len(plots):
        raise errors.BrokenTiling(len(plots), len(faces))
    shapes = np.empty(len(plots), dtype=object)
    shapes[block] = shapely.normalize(faces[face])
    return shapes, shared_sides(shapes)


def shared_sides(shapes: Geometries) -> Ints:
    """List pairs of polygons of a coverage that share at least one side, shape (pairs, 2)."""
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    lattice = np.rint(points / SNAP).astype(np.int64)
    same = owner[:-1] == owner[1:]
    a, b, who = lattice[:-1][same], lattice[1:][same], owner[:-1][same]
    swap = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    a[swap], b[swap] = b[swap], a[swap].copy()
    sides = np.hstack([a, b])
    order = np.lexsort((who, *sides.T))
    sides, who = sides[order], who[order]
    twice = (sides[:-1] == sides[1:]).all(axis=1)
    pairs = np.stack([who[:-1][twice], who[1:][twice]], axis=1)
    return np.unique(np.sort(pairs, axis=1), axis=0)
