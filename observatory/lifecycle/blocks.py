"""The layer of blocks, or of IRIS, that perimeters are trimmed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely

from observatory.lifecycle import errors
from observatory.lifecycle.shapes import Shape, in_metres, shape_of, stored
from observatory.models import Level, Perimeter

BLOCK_LEVELS = (Level.BLOCK, Level.IRIS)


@dataclass(frozen=True)
class Block:
    """One block: its code and its outline (EPSG:4326)."""

    code: str
    shape: Shape


def blocks_near(shape: Shape, level: str, day: date) -> list[Block]:
    """Return the blocks whose bounding box meets a shape's on a day, in order of code.

    Raises
    ------
    NoBlocks
        None is loaded there for that day.
    """
    known = _layer(level).on(day).filter(geom__bboverlaps=stored(shape))
    found = [Block(row.territory.code, shape_of(row)) for row in known]
    if not found:
        raise _none_there(level, day)
    return found


def blocks_named(codes: Sequence[str], level: str, day: date) -> list[Block]:
    """Return the blocks of these codes on a day, each once. Raises UnknownBlocks."""
    rows = _layer(level).on(day).filter(territory__code__in=codes)
    found = {row.territory.code: Block(row.territory.code, shape_of(row)) for row in rows}
    missing = set(codes) - set(found)
    if missing:
        raise errors.UnknownBlocks(missing, level, day)
    return [found[code] for code in sorted(found)]


def covered_shares(blocks: Sequence[Block], shape: Shape, srid: int) -> npt.NDArray[np.float64]:
    """Return the share of each block's area that a shape covers, 0 to 1, shape (n,)."""
    outlines = np.array([block.shape for block in blocks], dtype=object)
    metres = in_metres(outlines, srid)
    common = shapely.intersection(metres, in_metres(shape, srid))
    return np.asarray(shapely.area(common) / shapely.area(metres), np.float64)


def _layer(level: str):  # type: ignore[no-untyped-def]  # a queryset
    rows = Perimeter.objects.in_force().filter(territory__level=level)
    return rows.select_related("territory").order_by("territory__code")


def _none_there(level: str, day: date) -> errors.NoBlocks:
    known = _layer(level).order_by("valid_from")
    if not known.exists():
        return errors.NoBlocks(
            f"No layer of level {level} is loaded.",
            f"Load one: observatory load boundaries FILE --level {level}; or use --layer iris.",
        )
    first = known.first()
    since = first.valid_from if first and first.valid_from else "always"
    return errors.NoBlocks(
        f"No {level} lies there on {day} (the layer starts: {since}).",
        "Choose a day on which the layer holds with --blocks-on.",
    )
