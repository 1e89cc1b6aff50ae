"""Perimeters made of whole blocks: quarters of 2015 and 2024, watch quarters, former contract."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from importers.demonstration import plan
from importers.demonstration.city import City
from importers.demonstration.facts import QUARTERS
from importers.demonstration.ground import Ground
from importers.demonstration.network import Point
from importers.demonstration.zones import Zone

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

KEPT_FROM = 0.5  # share of a block that must lie in the zone for the block to be kept
BARGAIN = 0.10  # how far the dialogue moved that share, block by block
# Redrawing of 2024, as shares of a quarter's number of blocks.
ADDED, GONE, LEAST_KEPT = 0.22, 0.08, 0.7
WATCH_RADIUS, NEW_RADIUS = 250.0, 420.0  # metres


class Blocks:
    """Which blocks touch which: walks, rings and connected sets."""

    def __init__(self, city: City) -> None:
        self.area = shapely.area(city.shapes)
        self._touching: list[list[int]] = [[] for _ in city.shapes]
        for a, b in city.neighbours.tolist():
            self._touching[a].append(b)
            self._touching[b].append(a)

    def beside(self, blocks: Iterable[int]) -> set[int]:
        """Blocks sharing a side with the given ones, without them."""
        own = set(blocks)
        return {other for block in own for other in self._touching[block]} - own

    def parts(self, blocks: set[int]) -> list[set[int]]:
        """Split into connected sets, the largest by area first."""
        left, parts = set(blocks), []
        while left:
            part, queue = set(), [min(left)]
            while queue:
                block = queue.pop()
                if block in left:
                    left.remove(block)
                    part.add(block)
                    queue.extend(b for b in self._touching[block] if b in left)
            parts.append(part)
        return sorted(parts, key=lambda p: (-self.total_area(p), min(p)))

    def total_area(self, blocks: Iterable[int]) -> float:
        """Square metres."""
        return float(sum(self.area[b] for b in blocks))

    def bridge(self, start: set[int], end: set[int], allowed: Bools) -> set[int]:
        """The cheapest chain of allowed blocks (by area) between two sets."""
        queue = [(0.0, block, -1) for block in sorted(start)]
        came: dict[int, int] = {}
        while queue:
            cost, block, before = heapq.heappop(queue)
            if block in came:
                continue
            came[block] = before
            if block in end:
                return _walk_back(came, block) - start - end
            for other in self._touching[block]:
                if other not in came and (allowed[other] or other in end):
                    heapq.heappush(queue, (cost + float(self.area[other]), other, block))
        return set()

    def join(self, blocks: set[int], allowed: Bools) -> set[int]:
        """Make a set connected by adding chains of blocks."""
        parts = self.parts(blocks)
        joined = parts[0]
        for part in parts[1:]:
            joined = joined | part | self.bridge(joined, part, allowed)
        return joined

    def rings(self, blocks: set[int], count: int, allowed: Bools) -> set[int]:
        """Grow a set by whole rings of allowed blocks."""
        for _ in range(count):
            blocks = blocks | {b for b in self.beside(blocks) if allowed[b]}
        return blocks


def _walk_back(came: dict[int, int], block: int) -> set[int]:
    chain = set()
    while block != -1:
        chain.add(block)
        block = came[block]
    return chain


@dataclass(frozen=True)
class Perimeter:
    """A set of blocks with a name and a status."""

    code: str
    name: str
    blocks: tuple[int, ...]


def share_of_blocks(ground: Ground, zone_cells: Iterable[int], count: int) -> Floats:
    """Share of each block that lies in some cells, shape (blocks,)."""
    whole = np.bincount(ground.samples[ground.samples >= 0], minlength=count)
    inside = ground.samples[sorted(zone_cells)]
    part = np.bincount(inside[inside >= 0], minlength=count)
    return part / np.maximum(whole, 1)


def legal_quarters(
    city: City, ground: Ground, zones: list[Zone], graph: Blocks, rng: np.random.Generator
) -> list[Perimeter]:
    """Trim the zones to blocks and join those of one quarter: the quarters of 2015."""
    moved = rng.uniform(-BARGAIN, BARGAIN, len(city.shapes))
    taken = np.zeros(len(city.shapes), bool)
    quarters = []
    for fact in QUARTERS:
        own = [zone for zone in zones if zone.plan.quarter == fact.code]
        allowed = np.isin(city.commune, fact.communes) & ~city.green & ~taken
        share = share_of_blocks(ground, [c for z in own for c in z.cells], len(city.shapes))
        chosen = allowed & (share + moved >= KEPT_FROM)
        for commune in fact.communes:
            there = allowed & (city.commune == commune)
            chosen |= there & (share == share[there].max())
        blocks = graph.join(set(np.flatnonzero(chosen).tolist()), allowed)
        blocks = _fill_holes(city, blocks, allowed)
        taken[list(blocks)] = True
        quarters.append(Perimeter(fact.code, fact.name, tuple(sorted(blocks))))
    return quarters


def _fill_holes(city: City, blocks: set[int], allowed: Bools) -> set[int]:
    shape = city.union(np.array(sorted(blocks)))
    rings = [ring for part in shapely.get_parts(shape) for ring in part.interiors]
    if not rings:
        return blocks
    inner = shapely.polygons(rings)
    points = shapely.point_on_surface(city.shapes)
    _, found = shapely.STRtree(points).query(inner, predicate="contains")
    return blocks | {int(b) for b in found if allowed[b]}


def quarters_2024(
    city: City, legal: list[Perimeter], graph: Blocks, rng: np.random.Generator
) -> tuple[list[Perimeter], dict[str, str]]:
    """Draw the second generation.

    Returns
    -------
    (perimeters, origins) : ``origins`` gives the 2015 code each quarter comes from ("" if new).
    """
    perimeters: list[Perimeter] = []
    origins: dict[str, str] = {}
    taken = {b for quarter in legal for b in quarter.blocks}
    for quarter in sorted(legal, key=lambda q: q.code):
        if quarter.code == plan.OUT_2024:
            continue
        blocks = set(quarter.blocks)
        if quarter.code not in plan.UNCHANGED_2024:
            blocks = _redraw(city, blocks, taken, graph, rng)
            taken |= blocks
        code = f"QN075{len(perimeters) + 1:02d}M"
        perimeters.append(Perimeter(code, quarter.name, tuple(sorted(blocks))))
        origins[code] = quarter.code
    code, name, angle, ring, communes = plan.NEW_2024
    near = set(disc_of_blocks(city, (angle, ring), NEW_RADIUS, communes))
    fresh = graph.join(near, np.isin(city.commune, communes) & ~city.green)
    perimeters.append(Perimeter(code, name, tuple(sorted(fresh))))
    origins[code] = ""
    return perimeters, origins


def _redraw(
    city: City, blocks: set[int], taken: set[int], graph: Blocks, rng: np.random.Generator
) -> set[int]:
    """Add some blocks around a quarter, then drop a few at its edge."""
    communes = set(city.commune[list(blocks)].tolist())
    around = [b for b in sorted(graph.beside(blocks)) if _open(city, b, communes, taken)]
    edge = [b for b in sorted(blocks) if graph.beside({b}) - blocks]
    added = _some(around, max(1, round(ADDED * len(blocks))), rng)
    kept = graph.parts((blocks | added) - _some(edge, round(GONE * len(blocks)), rng))[0]
    return kept if len(kept) > LEAST_KEPT * len(blocks) else blocks | added


def _some(blocks: list[int], count: int, rng: np.random.Generator) -> set[int]:
    return {blocks[i] for i in rng.permutation(len(blocks))[:count].tolist()}


def _open(city: City, block: int, communes: set[str], taken: set[int]) -> bool:
    return city.commune[block] in communes and not city.green[block] and block not in taken


def disc_of_blocks(
    city: City, place: tuple[float, float], radius: float, communes: Iterable[str]
) -> tuple[int, ...]:
    """Built-up blocks whose middle lies within a distance of a planned place."""
    x, y = city.skeleton.point(*place)
    middle = shapely.get_coordinates(shapely.centroid(city.shapes))
    near = np.hypot(middle[:, 0] - x, middle[:, 1] - y) < radius
    near &= np.isin(city.commune, list(communes)) & ~city.green
    return tuple(np.flatnonzero(near).tolist())


def watch_quarters(
    city: City, legal: list[Perimeter], graph: Blocks, names: Iterable[tuple[str, int]]
) -> list[Perimeter]:
    """The seven named watch quarters, apart from the priority quarters."""
    taken = {b for quarter in legal for b in quarter.blocks}
    taken |= graph.beside(taken)
    found = []
    for number, ((name, where), place) in enumerate(zip(names, plan.WATCH_PLACES, strict=True), 1):
        free = np.isin(city.commune, [f"751{where:02d}"]) & ~city.green
        free[list(taken)] = False
        blocks = _nearest_blocks(city, city.skeleton.point(*place), free)
        found.append(Perimeter(f"QVA075{number:02d}", name, tuple(sorted(graph.parts(blocks)[0]))))
        taken |= blocks | graph.beside(blocks)
    return found


def _nearest_blocks(city: City, place: Point, free: Bools) -> set[int]:
    """Free blocks around the free block nearest to a place."""
    middle = shapely.get_coordinates(shapely.centroid(city.shapes))
    far = np.hypot(middle[:, 0] - place[0], middle[:, 1] - place[1])
    first = middle[np.flatnonzero(free)[np.argmin(far[free])]]
    close = np.hypot(middle[:, 0] - first[0], middle[:, 1] - first[1]) < WATCH_RADIUS
    return set(np.flatnonzero(free & close).tolist())


def former_contract(city: City, legal: list[Perimeter], graph: Blocks) -> list[Perimeter]:
    """The former contract's perimeters: two rings of blocks wider than the quarters."""
    by_code = {quarter.code: quarter for quarter in legal}
    allowed = np.char.startswith(city.commune, "751") & ~city.green
    taken: set[int] = set()
    found = []
    for number, (name, codes) in enumerate(plan.FORMER, 1):
        seeds = {b for code in codes for b in by_code[code].blocks}
        blocks = graph.rings(graph.join(seeds, allowed), 2, allowed) - (taken - seeds)
        taken |= blocks
        found.append(Perimeter(f"CUCS075{number:02d}", name, tuple(sorted(blocks))))
    return found
