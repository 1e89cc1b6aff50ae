"""Two versions, or two sets of versions: what the second gains and loses against the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from carroyage.management.ground import Ground, ground_under
from carroyage.overlap import Geometries, covered_areas, parts_of_union, points_inside
from observatory.errors import ObservatoryError
from observatory.lifecycle.shapes import in_metres, shapes_of
from observatory.models import Perimeter

INSIDE = 0.5  # share of a cell's or a block's area from which it belongs to a perimeter

Bools = npt.NDArray[np.bool_]


class NotComparable(ObservatoryError):
    """Versions that are not measured in the same system: they lie in different territories."""


@dataclass(frozen=True)
class Change:
    """A quantity before and after: ``kept`` is in both, ``gained`` and ``lost`` in one."""

    kept: float
    gained: float
    lost: float

    @property
    def before(self) -> float:
        """What the first set holds."""
        return self.kept + self.lost

    @property
    def after(self) -> float:
        """What the second set holds."""
        return self.kept + self.gained

    def as_dict(self) -> dict[str, float]:
        """Return all five figures."""
        return {
            "before": self.before,
            "after": self.after,
            "kept": self.kept,
            "gained": self.gained,
            "lost": self.lost,
        }


@dataclass(frozen=True)
class Comparison:
    """What changes from one set of perimeters to another.

    ``area`` in square metres; ``inhabitants`` in persons of cells located at addresses, None
    where no cells are loaded; ``addresses``, ``cells``, ``blocks`` are counts, None where none
    are loaded. ``named`` lists the cells and blocks gained and lost, each by its own id.
    """

    area: Change
    inhabitants: Change | None
    addresses: Change | None
    cells: Change | None
    blocks: Change | None
    named: dict[str, list[str]]
    block_level: str
    notes: list[str] = field(default_factory=list)

    @property
    def iou(self) -> float:
        """Area in common over area of either."""
        return self.area.kept / (self.area.kept + self.area.gained + self.area.lost)

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        names = ("area", "inhabitants", "addresses", "cells", "blocks")
        changes = {name: getattr(self, name) for name in names}
        return {
            "iou": self.iou,
            **{name: one.as_dict() if one else None for name, one in changes.items()},
            **self.named,
            "block_level": self.block_level,
            "notes": self.notes,
        }


def compare(
    before: Sequence[Perimeter], after: Sequence[Perimeter], inside: float = INSIDE
) -> Comparison:
    """Compare two versions, or two sets of versions, each taken as one ground.

    Parameters
    ----------
    inside : share of its area from which a cell or a block belongs to a set

    Raises
    ------
    NotComparable
    """
    epsg = measured_in([*before, *after])
    first, second = (parts_of_union(in_metres(shapes_of(s), epsg)) for s in (before, after))
    ground = ground_under(np.concatenate([first, second]), epsg)
    common = parts_of_union(
        np.array([shapely.intersection(shapely.union_all(first), shapely.union_all(second))])
    )
    cells = _listed(ground.cells, ground.cell_ids, first, second, inside)
    codes = [block.code for block in ground.blocks]
    blocks = _listed(ground.block_shapes, codes, first, second, inside)
    return Comparison(
        _areas(first, second, common),
        _inhabitants(ground, first, second, common),
        _points(ground.addresses, first, second),
        cells[0],
        blocks[0],
        {
            "cells_gained": cells[1],
            "cells_lost": cells[2],
            "blocks_gained": blocks[1],
            "blocks_lost": blocks[2],
        },
        ground.block_level,
        ground.notes,
    )


def measured_in(versions: Sequence[Perimeter]) -> int:
    """Return the one projected system of some versions. Raises NotComparable."""
    systems = {version.measure_srid for version in versions}
    if len(systems) != 1:
        names = ", ".join(f"EPSG:{epsg}" for epsg in sorted(systems)) or "none"
        raise NotComparable(
            f"These versions are measured in several systems ({names}).",
            "Compare one territory at a time: metropolitan France, or one overseas territory.",
        )
    return systems.pop()


def _areas(first: Geometries, second: Geometries, common: Geometries) -> Change:
    kept = float(shapely.area(common).sum())
    return Change(
        kept, float(shapely.area(second).sum()) - kept, float(shapely.area(first).sum()) - kept
    )


def _inhabitants(
    ground: Ground, first: Geometries, second: Geometries, common: Geometries
) -> Change | None:
    """Count persons by where their address is: a point of both sets is common, once."""
    located = ground.population
    if located is None:
        return None
    was, is_now = points_inside(located.points, first), points_inside(located.points, second)
    weights, totals = located.weights, np.zeros(3)
    totals += [weights[was & is_now].sum(), weights[is_now].sum(), weights[was].sum()]
    if len(located.spread):
        per_metre = located.spread_weights / shapely.area(located.spread)
        totals += [
            (covered_areas(located.spread, parts) * per_metre).sum()
            for parts in (common, second, first)
        ]
    kept, after, before = totals.tolist()
    return Change(kept, after - kept, before - kept)


def _points(points: Geometries, first: Geometries, second: Geometries) -> Change | None:
    if len(points) == 0:
        return None
    return _counted(points_inside(points, first), points_inside(points, second))


def _listed(
    shapes: Geometries, names: list[str], first: Geometries, second: Geometries, inside: float
) -> tuple[Change | None, list[str], list[str]]:
    if len(shapes) == 0:
        return None, [], []
    areas = shapely.area(shapes)
    # The last digits of a projected area must not decide whether a whole cell is in.
    limit = inside - 1e-9
    was, is_now = (covered_areas(shapes, parts) / areas >= limit for parts in (first, second))
    gained = [names[row] for row in np.flatnonzero(is_now & ~was)]
    lost = [names[row] for row in np.flatnonzero(was & ~is_now)]
    return _counted(was, is_now), gained, lost


def _counted(was: Bools, is_now: Bools) -> Change:
    return Change(
        float((was & is_now).sum()), float((is_now & ~was).sum()), float((was & ~is_now).sum())
    )
