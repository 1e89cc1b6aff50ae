"""How every chart looks: the pages' own font and colours, no frame, pale lines.

Figures are made from ``Figure`` alone, never through pyplot: several threads may draw at once.
"""

from __future__ import annotations

import io
import logging
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont
from fontTools.varLib import instancer
from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from observatory.paths import home
from observatory.version import VERSION

INK, SOFT, LINE, GROUND = "#17202b", "#4d5a69", "#d8dde4", "#e9ecf0"
ACCENT, ALERT, NOTICE = "#1b3a9c", "#a3123a", "#7a4300"
# Told apart by colour and by form, for every kind of colour vision.
SERIES = ("#1b3a9c", "#a3123a", "#00675c", "#7a4300", "#5b3d8f", "#4d5a69", "#0b57d0", "#ad4059")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ("-", "--", "-.", ":")
# Pale straw to plum, the map's own ramp (maps/frontend/src/palette.ts).
SEQUENTIAL = ("#f8ecc9", "#f6cf91", "#efa56c", "#d9705a", "#ad4059", "#6d2250")
NODATA, NODATA_INK = "#fafafa", "#c3c9d1"
WITHHELD, WITHHELD_INK = "#e3e6ea", "#98a1ad"

FAMILY = "Observatoire"
WEIGHTS = (400, 600)
FONT = Path(__file__).parents[1] / "static/maps/dist/fonts/source-sans-3-latin.woff2"
POSTSCRIPT_NAME = 6  # among the names of a font file
THIN_SPACE, NARROW_NO_BREAK_SPACE = 0x2009, 0x202F
PNG_DPI = 200
_lock = threading.Lock()
# They tell at length of fonts they open; nothing in it is for whoever runs the site.
for name in ("fontTools", "matplotlib.font_manager", "weasyprint", "weasyprint.progress"):
    logging.getLogger(name).setLevel(logging.ERROR)
STYLE: Any = {
    "font.family": [FAMILY, "DejaVu Sans"],
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": LINE,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "svg.hashsalt": "observatory",  # the same figures give the same bytes
    "svg.fonttype": "path",
    "hatch.linewidth": 0.6,
}


@lru_cache(maxsize=1)
def use_own_font() -> None:
    """Teach matplotlib the pages' font: it reads no woff2 and no variable weight."""
    folder = home() / "fonts"
    folder.mkdir(parents=True, exist_ok=True)
    for weight in WEIGHTS:
        file = folder / f"{FAMILY}{weight}-{VERSION}.ttf"
        if not file.exists():
            _cut(weight, file)
        font_manager.fontManager.addfont(file)


def _cut(weight: int, file: Path) -> None:
    """Write one weight of the font; whole, or not at all."""
    font = instancer.instantiateVariableFont(TTFont(FONT), {"wght": weight})
    font.flavor = None
    font["OS/2"].usWeightClass = weight
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = FAMILY
        # An SVG keeps each letter once by this name: two weights of one name would be mixed.
        elif record.nameID == POSTSCRIPT_NAME:
            record.string = f"{FAMILY}-{weight}"
    for table in font["cmap"].tables:
        # The font lacks the space that French puts between thousands; a thin one is as wide.
        if THIN_SPACE in table.cmap:
            table.cmap[NARROW_NO_BREAK_SPACE] = table.cmap[THIN_SPACE]
    half = file.with_suffix(f".{threading.get_ident()}.part")
    font.save(half)
    half.rename(file)


class Chart:
    """One drawing of a given size in inches, to be saved as SVG or PNG."""

    def __init__(self, width: float, height: float) -> None:
        use_own_font()
        self._style = rc_context(STYLE)
        self.figure: Figure
        self.axes: Axes
        self.width, self.height = width, height

    def __enter__(self) -> Chart:
        # matplotlib's settings are the process's: one drawing at a time.
        _lock.acquire()
        self._style.__enter__()
        # No canvas of its own: geopandas asks for a drawing after each layer, and a real one draws.
        self.figure = Figure(figsize=(self.width, self.height), layout="constrained")
        self.axes = self.figure.add_subplot()
        return self

    def __exit__(self, *trouble: Any) -> None:
        self._style.__exit__(*trouble)
        _lock.release()

    def save(self, form: str) -> bytes:
        """Return the drawing as ``svg``, ``png`` or ``pdf``; call it before leaving the block."""
        buffer = io.BytesIO()
        told = {"Date": None} if form == "svg" else {"CreationDate": None} if form == "pdf" else {}
        self.figure.savefig(buffer, format=form, dpi=PNG_DPI, metadata=told, facecolor="white")
        return buffer.getvalue()


CONTENT_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
