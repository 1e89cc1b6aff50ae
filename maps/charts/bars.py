"""A histogram drawn into the page itself: places in percent, for an SVG without any style."""

from __future__ import annotations

from dataclasses import dataclass

from maps.classes import histogram
from maps.thematicmap import ThematicMap

WIDTH, HEIGHT = 300.0, 84.0


@dataclass(frozen=True)
class Block:
    """One rectangle of the drawing, in its own units."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True)
class Drawing:
    """Blocks, the places of the breaks, and both ends in words."""

    blocks: list[Block]
    breaks: list[float]
    low: str
    high: str
    width: float = WIDTH
    height: float = HEIGHT


def bars_of(drawn: ThematicMap) -> Drawing | None:
    """Return the histogram of a map with classes; None where there is none to draw."""
    if drawn.classes is None or drawn.told is None:
        return None
    bars = histogram(drawn.frame["value"].to_numpy(), drawn.classes)
    if not bars:
        return None
    low, high = bars[0].low, bars[-1].high
    span = (high - low) or 1.0
    most = max(bar.base + bar.count for bar in bars)
    blocks = [
        Block(
            round(WIDTH * (bar.low - low) / span, 2),
            round(HEIGHT * (1 - (bar.base + bar.count) / most), 2),
            round(WIDTH * ((bar.high - bar.low) / span or 1.0), 2),
            round(HEIGHT * bar.count / most, 2),
            drawn.keys[bar.number].colour,
        )
        for bar in bars
    ]
    inside = [edge for edge in drawn.classes.breaks if low <= edge <= high]
    places = [round(WIDTH * (edge - low) / span, 2) for edge in inside]
    return Drawing(blocks, places, drawn.written(low), drawn.written(high))
