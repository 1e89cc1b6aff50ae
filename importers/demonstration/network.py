"""Streets as straight segments: who they are, where they run, how wide they are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Point = tuple[float, float]

# Half-widths in metres, from the middle of the way to the fronts of the buildings.
HALF_WIDTH = {
    "river": 72.0, "ring": 17.0, "avenue": 13.0, "main": 9.0, "street": 6.5, "lane": 4.5,
    "edge": 10.0,
}  # fmt: skip
KINDS = tuple(HALF_WIDTH)


@dataclass
class Network:
    """A growing list of streets and of their segments.

    A segment knows its street, its origin, its direction (unit vector) and how far from the
    street's beginning it starts, so that house numbers can follow the street.
    """

    kind: list[str] = field(default_factory=list)
    segments: list[tuple[int, float, float, float, float, float]] = field(default_factory=list)
    length: list[float] = field(default_factory=list)

    def add_street(self, kind: str) -> int:
        """Open a new street and return its number."""
        self.kind.append(kind)
        self.length.append(0.0)
        return len(self.kind) - 1

    def add_segment(self, street: int, start: Point, end: Point) -> int:
        """Append a segment to a street and return the segment's number."""
        dx, dy = end[0] - start[0], end[1] - start[1]
        size = math.hypot(dx, dy)
        row = (street, start[0], start[1], dx / size, dy / size, self.length[street])
        self.segments.append(row)
        self.length[street] += size
        return len(self.segments) - 1

    def table(self) -> tuple[Ints, Floats]:
        """Give each segment's street, shape (n,), and its five numbers, shape (n, 5)."""
        streets = np.array([row[0] for row in self.segments], np.int64)
        return streets, np.array([row[1:] for row in self.segments], np.float64)

    def half_widths(self) -> Floats:
        """Give each street's half-width in metres, shape (streets,)."""
        return np.array([HALF_WIDTH[kind] for kind in self.kind])


@dataclass(slots=True)
class Plot:
    """A simple polygon, counter-clockwise; edge i joins vertices i and i + 1.

    ``segments`` holds for each edge the number of the street segment it lies on.
    """

    xs: list[float]
    ys: list[float]
    segments: list[int]

    def area(self) -> float:
        """Area in square metres, positive when counter-clockwise."""
        return _moments(self.xs, self.ys)[0]

    def centre(self) -> Point:
        """Centroid."""
        area, sx, sy = _moments(self.xs, self.ys)[:3]
        return sx / area, sy / area

    def perimeter(self) -> float:
        """Length of the outline in metres."""
        n = len(self.xs)
        return sum(
            math.hypot(self.xs[i] - self.xs[i - 1], self.ys[i] - self.ys[i - 1]) for i in range(n)
        )

    def long_axis(self) -> tuple[float, float, float]:
        """Direction of the longest extent (unit vector) and that extent's half-length."""
        area, sx, sy, sxx, syy, sxy = _moments(self.xs, self.ys)
        mx, my = sx / area, sy / area
        vxx, vyy, vxy = sxx / area - mx * mx, syy / area - my * my, sxy / area - mx * my
        turn = 0.5 * math.atan2(2 * vxy, vxx - vyy)
        spread = 0.5 * (vxx + vyy) + math.hypot(0.5 * (vxx - vyy), vxy)
        return math.cos(turn), math.sin(turn), math.sqrt(3 * spread)


def _moments(xs: list[float], ys: list[float]) -> tuple[float, float, float, float, float, float]:
    ox, oy = xs[0], ys[0]
    area = sx = sy = sxx = syy = sxy = 0.0
    x0, y0 = xs[-1] - ox, ys[-1] - oy
    for x, y in zip(xs, ys, strict=True):
        x1, y1 = x - ox, y - oy
        cross = x0 * y1 - x1 * y0
        area += cross
        sx += (x0 + x1) * cross
        sy += (y0 + y1) * cross
        sxx += (x0 * x0 + x0 * x1 + x1 * x1) * cross
        syy += (y0 * y0 + y0 * y1 + y1 * y1) * cross
        sxy += (x0 * y1 + 2 * x0 * y0 + 2 * x1 * y1 + x1 * y0) * cross
        x0, y0 = x1, y1
    area, sx, sy, sxx, syy, sxy = area / 2, sx / 6, sy / 6, sxx / 12, syy / 12, sxy / 24
    return _shifted(area, sx, sy, sxx, syy, sxy, ox, oy)


def _shifted(
    area: float, sx: float, sy: float, sxx: float, syy: float, sxy: float, ox: float, oy: float
) -> tuple[float, float, float, float, float, float]:
    return (
        area,
        sx + ox * area,
        sy + oy * area,
        sxx + 2 * ox * sx + ox * ox * area,
        syy + 2 * oy * sy + oy * oy * area,
        sxy + ox * sy + oy * sx + ox * oy * area,
    )
