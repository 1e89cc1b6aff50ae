"""The rings and radials that bound arrondissements and communes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from pyproj import Transformer

from importers.demonstration import plan
from importers.demonstration.network import Network, Plot, Point

RADIAL_PIECES = 5
BEND = 0.035  # how far a radial swings aside, as a share of its length


def centre_3035() -> Point:
    """The city's centre in EPSG:3035, rounded to the metre."""
    x, y = Transformer.from_crs(4326, 3035, always_xy=True).transform(*plan.CENTRE)
    return float(round(x)), float(round(y))


@dataclass(frozen=True)
class Wave:
    """Smooth departures from the ellipse, shared by all rings so that they stay nested."""

    amplitude: tuple[float, ...]
    phase: tuple[float, ...]

    def at(self, degrees: float) -> float:
        """Factor on the radius at an angle."""
        turn = math.radians(degrees)
        terms = zip(self.amplitude, self.phase, strict=True)
        return 1 + sum(a * math.cos((j + 2) * turn + p) for j, (a, p) in enumerate(terms))


class Skeleton:
    """Points of rings and radials, made once and shared by both sides."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.centre = centre_3035()
        self.network = Network()
        phases = tuple(float(p) for p in rng.uniform(0, 2 * math.pi, 5))
        self._wave = Wave((0.020, 0.022, 0.014, 0.010, 0.008), phases)
        self._bends = rng.uniform(-1, 1, 64)
        self._radials: dict[tuple[int, float], tuple[list[Point], list[int]]] = {}
        self._arcs: dict[tuple[int, float], int] = {}
        self._streets: dict[tuple[int, float], int] = {}

    def point(self, angle: float, ring: float) -> Point:
        """The place at an angle (degrees) and a ring position (2.5: between rings 2 and 3)."""
        lower = math.floor(ring)
        inner, outer = self._on_ring(lower, angle), self._on_ring(lower + 1, angle)
        return _between(inner, outer, ring - lower)

    def plot(self, sector: plan.Sector) -> Plot:
        """The outline of a sector, counter-clockwise."""
        points: list[Point] = []
        labels: list[int] = []
        self._walk_arc(sector.ring, sector.low, sector.high, points, labels)
        self._walk_radial(sector.ring, sector.high, points, labels, outward=False)
        if sector.ring > 1:
            self._walk_arc(sector.ring - 1, sector.high, sector.low, points, labels)
        self._walk_radial(sector.ring, sector.low, points, labels, outward=True)
        return Plot([p[0] for p in points], [p[1] for p in points], labels)

    def _on_ring(self, ring: int, angle: float) -> Point:
        if ring == 0:
            return self.centre[0], self.centre[1] + plan.RINGS[1][2]
        a, b, shift = plan.RINGS[ring]
        turn = math.radians(angle)
        radius = a * b / math.hypot(b * math.cos(turn), a * math.sin(turn))
        radius *= self._wave.at(angle)
        x = self.centre[0] + radius * math.cos(turn)
        return x, self.centre[1] + shift + radius * math.sin(turn)

    def _walk_arc(
        self, ring: int, start: float, end: float, points: list[Point], labels: list[int]
    ) -> None:
        angles = ring_angles(ring, min(start, end), max(start, end))
        if start > end:
            angles.reverse()
        for here, there in pairwise(angles):
            points.append(self._on_ring(ring, here % 360))
            labels.append(self._arc_segment(ring, min(here, there), max(here, there)))

    def _arc_segment(self, ring: int, low: float, high: float) -> int:
        key = (ring, low % 360)
        if key not in self._arcs:
            street = self._arc_street(ring, (low + high) / 2)
            ends = self._on_ring(ring, low % 360), self._on_ring(ring, high % 360)
            self._arcs[key] = self.network.add_segment(street, *ends)
        return self._arcs[key]

    def _arc_street(self, ring: int, angle: float) -> int:
        water = any(r == ring and a < b and _inside(angle, a, b) for r, a, b in plan.RIVER)
        kind = "river" if water else ("ring" if ring <= plan.RINGS_WITH_BOULEVARD else "edge")
        key = (ring if not water else -ring, _limit_before(ring, angle))
        if key not in self._streets:
            self._streets[key] = self.network.add_street(kind)
        return self._streets[key]

    def _walk_radial(
        self, ring: int, angle: float, points: list[Point], labels: list[int], *, outward: bool
    ) -> None:
        line, segments = self._radial(ring, angle % 360)
        if outward:
            points.extend(line[:-1])
            labels.extend(segments)
        else:
            points.extend(line[:0:-1])
            labels.extend(segments[::-1])

    def _radial(self, ring: int, angle: float) -> tuple[list[Point], list[int]]:
        if (ring, angle) not in self._radials:
            line = self._bent_line(ring, angle)
            water = any(r == ring and a == b and a % 360 == angle for r, a, b in plan.RIVER)
            street = self.network.add_street("river" if water else "avenue")
            segments = [self.network.add_segment(street, *ends) for ends in pairwise(line)]
            self._radials[ring, angle] = (line, segments)
        return self._radials[ring, angle]

    def _bent_line(self, ring: int, angle: float) -> list[Point]:
        inner, outer = self._on_ring(ring - 1, angle), self._on_ring(ring, angle)
        swing = BEND * float(self._bends[len(self._radials) % len(self._bends)])
        aside = (-(outer[1] - inner[1]) * swing, (outer[0] - inner[0]) * swing)
        line = [inner]
        for k in range(1, RADIAL_PIECES):
            x, y = _between(inner, outer, k / RADIAL_PIECES)
            push = math.sin(math.pi * k / RADIAL_PIECES)
            line.append((x + aside[0] * push, y + aside[1] * push))
        return [*line, outer]


def ring_angles(ring: int, low: float, high: float) -> list[float]:
    """Angles of a ring's vertices from ``low`` to ``high``, both included, in degrees."""
    limits = {a % 360 for s in plan.SECTORS if s.ring in (ring, ring + 1) for a in (s.low, s.high)}
    limits |= {a % 360 for r, a, b in plan.RIVER if r == ring and a < b for a in (a, b)}
    step = plan.RING_STEP[ring]
    regular = {k * step for k in range(round(360 / step))}
    far = {r for r in regular if all(_gap(r, limit) > step / 3 for limit in limits)}
    turns = sorted(limits | far)
    unrolled = [t + 360 * k for k in (-1, 0, 1) for t in turns]
    return [t for t in unrolled if low <= t <= high]


def _limit_before(ring: int, angle: float) -> float:
    """The sector limit that begins the stretch of a ring an angle lies on: one street each."""
    side = ring if any(s.ring == ring for s in plan.SECTORS) else ring + 1
    limits = sorted({s.low % 360 for s in plan.SECTORS if s.ring == side})
    before = [limit for limit in limits if limit <= angle % 360]
    return before[-1] if before else limits[-1]


def _inside(angle: float, low: float, high: float) -> bool:
    return (angle - low) % 360 <= high - low


def _gap(a: float, b: float) -> float:
    return abs((a - b + 180) % 360 - 180)


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
