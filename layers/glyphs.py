"""Letters for maps, as signed distance fields, made from a free font that is on the machine.

The form is the one MapLibre reads (glyphs.proto of node-fontnik): each letter is drawn at 24
pixels with 3 more all around, and each byte tells how far its pixel is from the outline.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt

from layers.errors import NoSuchGlyphs

FONTS = {"DejaVu Sans Regular": "DejaVuSans.ttf", "DejaVu Sans Bold": "DejaVuSans-Bold.ttf"}
REGULAR, BOLD = FONTS
SPAN = 256
LAST = 0xFFFF
PIXELS, BORDER, FINER = 24, 3, 4
# A byte falls from 255 inside to 0 outside over 8 pixels; the outline itself is at 3/4 of it.
RADIUS, CUTOFF = 8, 0.25
# Where MapLibre takes the top of a line to be, in pixels above the baseline.
ASCENDER = 26


def glyphs(stack: str, start: int) -> bytes:
    """Return letters ``start`` to ``start`` + 255 of the first known font of a stack.

    Raises NoSuchGlyphs for an unknown font, or a start that is none.
    """
    known = [name for name in stack.split(",") if name in FONTS]
    if not known:
        raise NoSuchGlyphs(f"No font of {stack[:60]!r} is served; there are {', '.join(FONTS)}.")
    if start % SPAN or not 0 <= start <= LAST:
        raise NoSuchGlyphs(f"Letters are served by {SPAN}: 0-255, 256-511…")
    return _stack(known[0], start)


@cache  # two fonts and 256 starts at most, most of them empty
def _stack(name: str, start: int) -> bytes:
    path = Path(get_data_path()) / "fonts" / "ttf" / FONTS[name]
    font = ImageFont.truetype(str(path), PIXELS * FINER, layout_engine=ImageFont.Layout.BASIC)
    held = _letters_of(str(path))
    body = _text(1, name) + _text(2, f"{start}-{start + SPAN - 1}")
    for code in range(start, start + SPAN):
        if code in held:
            body += _bytes(3, _glyph(font, code))
    return _bytes(1, body)


@cache
def _letters_of(path: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(path).get_charmap())


def _glyph(font: ImageFont.FreeTypeFont, code: int) -> bytes:
    letter = chr(code)
    left, top, right, bottom = (
        round(edge / FINER) for edge in font.getbbox(letter, anchor="ls", mode="L")
    )
    width, height = max(0, right - left), max(0, bottom - top)
    found = _number(1, code)
    if width and height:
        field = _field(font, letter, (left, top), (width, height))
        found += _bytes(2, field.tobytes())
    found += _number(3, width) + _number(4, height)
    found += _number(5, _zigzag(left)) + _number(6, _zigzag(-top - ASCENDER))
    return found + _number(7, round(font.getlength(letter) / FINER))


def _field(
    font: ImageFont.FreeTypeFont, letter: str, corner: tuple[int, int], size: tuple[int, int]
) -> np.ndarray:
    """Return the distance field of one letter, (height + 6, width + 6) bytes."""
    wide, high = ((side + 2 * BORDER) * FINER for side in size)
    image = Image.new("L", (wide, high))
    left, top = corner
    origin = ((BORDER - left) * FINER, (BORDER - top) * FINER)
    ImageDraw.Draw(image).text(origin, letter, fill=255, font=font, anchor="ls")
    inside = np.asarray(image) > 127
    outside = distance_transform_edt(~inside) if inside.any() else np.full(inside.shape, 1e3)
    distance = (outside - distance_transform_edt(inside)) / FINER
    blocks = distance.reshape(high // FINER, FINER, wide // FINER, FINER).mean(axis=(1, 3))
    return np.clip(255 - 255 * (blocks / RADIUS + CUTOFF), 0, 255).astype(np.uint8)


# -- protocol buffers, as much of them as this takes ---------------------------------------


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _zigzag(value: int) -> int:
    return 2 * value if value >= 0 else -2 * value - 1


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())
