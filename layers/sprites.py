"""The few images that styles fill with or mark places by, drawn here: no file, no other site."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageDraw

SIDE = 16
INK = {"hatch": "#1b3a9c", "dots": "#98a1ad", "place": "#8a2b06"}
NAMES = tuple(INK)
FINER = 4


def _hatch(draw: ImageDraw.ImageDraw, side: int) -> None:
    for start in range(-side, 2 * side, side // 2):
        draw.line([(start, side), (start + side, 0)], fill=INK["hatch"], width=side // 12)


def _dots(draw: ImageDraw.ImageDraw, side: int) -> None:
    for x in (side // 4, 3 * side // 4):
        for y in (side // 4, 3 * side // 4):
            reach = side // 10
            draw.ellipse([x - reach, y - reach, x + reach, y + reach], fill=INK["dots"])


def _place(draw: ImageDraw.ImageDraw, side: int) -> None:
    edge = side // 8
    draw.ellipse([edge, edge, side - edge, side - edge], fill="#ffffff")
    draw.ellipse([2 * edge, 2 * edge, side - 2 * edge, side - 2 * edge], fill=INK["place"])


DRAWERS = {"hatch": _hatch, "dots": _dots, "place": _place}


def index(ratio: int) -> dict[str, dict[str, int]]:
    """Return where each image stands in the sheet, for screens of ``ratio`` dots a pixel."""
    side = SIDE * ratio
    return {
        name: {"x": place * side, "y": 0, "width": side, "height": side, "pixelRatio": ratio}
        for place, name in enumerate(NAMES)
    }


@cache
def sheet(ratio: int) -> bytes:
    """Return the sheet of images as PNG."""
    side = SIDE * ratio
    whole = Image.new("RGBA", (side * len(NAMES), side))
    for place, name in enumerate(NAMES):
        image = Image.new("RGBA", (side * FINER, side * FINER))
        DRAWERS[name](ImageDraw.Draw(image), side * FINER)
        whole.paste(image.resize((side, side), Image.Resampling.LANCZOS), (place * side, 0))
    held = io.BytesIO()
    whole.save(held, "PNG", optimize=True)
    return held.getvalue()
