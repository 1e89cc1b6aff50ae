"""Plots cut in two again and again by straight streets, down to blocks.

The order of the blocks is that of a walk through the tree of cuts, so every larger plot is a
run of consecutive blocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from importers.demonstration.network import Network, Plot, Point

TRIES = 5
CORNER = 14.0  # metres: no new street closer than this to an existing corner
AVENUE, MAIN, STREET = 450_000.0, 110_000.0, 34_000.0  # square metres of the plot that is cut


@dataclass(slots=True)
class Node:
    """A plot on the way down: its blocks are ``blocks[start:end]`` of the tree."""

    start: int
    end: int
    area: float
    children: tuple[Node, ...] = ()


@dataclass
class Tree:
    """All blocks, in the order of the walk, and the plots they came from."""

    network: Network
    rng: np.random.Generator
    blocks: list[Plot] = field(default_factory=list)
    green: list[bool] = field(default_factory=list)

    def cut(
        self,
        plot: Plot,
        target: Callable[[Point], float],
        park: Callable[[Point, float], bool],
    ) -> Node:
        """Cut a plot down to blocks of about ``target`` square metres, and some parks.

        ``target`` gives the largest block wanted at a place; ``park`` says whether a plot of
        that place and area becomes a park, which is not cut further.
        """
        area, place = plot.area(), plot.centre()
        start = len(self.blocks)
        if park(place, area):
            return self._leaf(plot, area, green=True)
        halves = None
        if area > target(place) * self.rng.uniform(0.8, 1.25):
            halves = halve(plot, self.network, self.rng)
        if halves is None:
            return self._leaf(plot, area, green=False)
        children = tuple(self.cut(half, target, park) for half in halves)
        return Node(start, len(self.blocks), area, children)

    def _leaf(self, plot: Plot, area: float, *, green: bool) -> Node:
        self.blocks.append(plot)
        self.green.append(green)
        return Node(len(self.blocks) - 1, len(self.blocks), area)


def halve(plot: Plot, network: Network, rng: np.random.Generator) -> tuple[Plot, Plot] | None:
    """Cut a plot across its long side, or return None when no clean cut was found."""
    cx, cy = plot.centre()
    ux, uy, reach = plot.long_axis()
    best: tuple[float, _Cut] | None = None
    for turn, slide in zip(rng.normal(0, 0.11, TRIES), rng.normal(0, 0.13, TRIES), strict=True):
        normal = _turned(ux, uy, float(turn))
        shift = reach * float(slide)
        cut = _find_cut(plot, (cx + shift * ux, cy + shift * uy), normal)
        if cut is not None and (best is None or cut.quality > best[0]):
            best = (cut.quality, cut)
    if best is None:
        return None
    street = network.add_street(_kind(plot.area()))
    segment = network.add_segment(street, best[1].entry, best[1].exit)
    return best[1].apply(segment)


@dataclass(slots=True)
class _Cut:
    """A line crossing a plot's outline exactly twice: at edges i and j."""

    plot: Plot
    edges: tuple[int, int]
    entry: Point
    exit: Point
    quality: float = 0.0

    def apply(self, segment: int) -> tuple[Plot, Plot]:
        (i, j), (a, b) = self.edges, (self.entry, self.exit)
        return _side(self.plot, i, j, a, b, segment), _side(self.plot, j, i, b, a, segment)


def _find_cut(plot: Plot, through: Point, normal: Point) -> _Cut | None:
    xs, ys = plot.xs, plot.ys
    n = len(xs)
    apart = [
        (x - through[0]) * normal[0] + (y - through[1]) * normal[1]
        for x, y in zip(xs, ys, strict=True)
    ]
    crossed = [i for i in range(n) if (apart[i] > 0) != (apart[(i + 1) % n] > 0)]
    if len(crossed) != 2:
        return None
    ends = []
    for i in crossed:
        k = (i + 1) % n
        share = apart[i] / (apart[i] - apart[k])
        size = math.hypot(xs[k] - xs[i], ys[k] - ys[i])
        if min(share, 1 - share) * size < CORNER:
            return None
        ends.append((xs[i] + share * (xs[k] - xs[i]), ys[i] + share * (ys[k] - ys[i])))
    cut = _Cut(plot, (crossed[0], crossed[1]), ends[0], ends[1])
    cut.quality = sum(_roundness(half) for half in cut.apply(0))
    return cut


def _side(plot: Plot, i: int, j: int, entry: Point, leave: Point, segment: int) -> Plot:
    """The part of the outline from ``entry`` on edge i round to ``leave`` on edge j."""
    n = len(plot.xs)
    count = (j - i) % n
    between = [(i + 1 + k) % n for k in range(count)]
    xs = [entry[0], *(plot.xs[k] for k in between), leave[0]]
    ys = [entry[1], *(plot.ys[k] for k in between), leave[1]]
    labels = [plot.segments[i], *(plot.segments[k] for k in between), segment]
    return Plot(xs, ys, labels)


def _roundness(plot: Plot) -> float:
    return 4 * math.pi * plot.area() / plot.perimeter() ** 2


def _turned(x: float, y: float, angle: float) -> Point:
    c, s = math.cos(angle), math.sin(angle)
    return x * c - y * s, x * s + y * c


def _kind(area: float) -> str:
    if area > AVENUE:
        return "avenue"
    if area > MAIN:
        return "main"
    return "street" if area > STREET else "lane"
