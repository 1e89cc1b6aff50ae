"""How a page looks, kept small: its picture in coarse greys, compared block by block.

Fine enough to see a lost style sheet or a panel elsewhere, coarse enough not to see another day of
the month or letters smoothed by another browser.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from tests.maps.screen import Screen

KEPT = Path(__file__).parent / "references"
RENEWED = "OBSERVATORY_RENEW_REFERENCES"
BLOCK = 10  # pixels of the page, a side, that make one of the kept picture
CLEAR = 24  # of 255 greys: less is how letters are smoothed, not where they are
MOST_BLOCKS = 0.08  # of those where anything is drawn: most of a page is its ground
MOST_HEIGHT = 0.03
STILL = """async () => {
    // Maps drawn by the graphics card differ from one card to the next; what lies on them does not.
    document.querySelectorAll('canvas').forEach((one) => { one.style.visibility = 'hidden'; });
    document.querySelectorAll('img[loading=lazy]').forEach((one) => { one.loading = 'eager'; });
    await document.fonts.ready;
    await Promise.all([...document.images].map((one) => one.decode().catch(() => null)));
}"""

Greys = npt.NDArray[np.uint8]


def difference_from_reference(screen: Screen, name: str) -> str:
    """Tell how the whole page differs from its kept picture, in words; nothing where it does not.

    Told to renew, keep the page as it is now.
    """
    screen.page.evaluate(STILL)
    now = coarse(screen.page.screenshot(full_page=True, animations="disabled"))
    file = KEPT / f"{name}-{screen.page.viewport_size['width']}.png"
    if os.environ.get(RENEWED):
        Image.fromarray(now).save(file, optimize=True)
        return ""
    if not file.exists():
        return f"{file.name} is not kept: make references, and look at it"
    return difference(now, np.asarray(Image.open(file)))


def coarse(png: bytes) -> Greys:
    """Return the mean grey of each block of a picture."""
    picture = Image.open(io.BytesIO(png)).convert("L")
    return np.asarray(picture.reduce(BLOCK))


def difference(now: Greys, before: Greys) -> str:
    """Tell in words what changed between two coarse pictures; nothing where little did."""
    if now.shape[1] != before.shape[1]:
        return f"{now.shape[1]} blocks wide, {before.shape[1]} before"
    if abs(now.shape[0] / before.shape[0] - 1) > MOST_HEIGHT:
        return f"{now.shape[0]} blocks high, {before.shape[0]} before"
    share = changed_share(now, before)
    return f"{share:.0%} of what is drawn changed" if share > MOST_BLOCKS else ""


def changed_share(now: Greys, before: Greys) -> float:
    """Return the share (0 to 1) of blocks that changed, of those where either draws anything."""
    rows = min(len(now), len(before))
    new, old = now[:rows].astype(int), before[:rows].astype(int)
    drawn = (abs(new - _ground(now)) > CLEAR) | (abs(old - _ground(before)) > CLEAR)
    changed = abs(new - old) > CLEAR
    return float(changed.sum() / max(drawn.sum(), 1))


def _ground(greys: Greys) -> int:
    return int(np.bincount(greys.ravel()).argmax())
