"""Watch quarters (QVA): former perimeters minus the priority quarters, plus named quarters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from django.db import transaction

from observatory.lifecycle import errors
from observatory.lifecycle.recording import Decision, Draft, Target, readied
from observatory.lifecycle.shapes import (
    Shape,
    in_degrees,
    in_metres,
    polygons_of,
    shapes_of,
    without_slivers,
)
from observatory.models import (
    Level,
    LineageKind,
    Operation,
    OperationKind,
    PartRole,
    Perimeter,
    Status,
)

WIDTH = 20.0  # metres: narrower is a gap between two drawings of one street, no quarter
ANY = tuple(Status)


@dataclass(frozen=True)
class Remainder:
    """What is left of one perimeter: its outline (EPSG:4326) and square metres."""

    of: Perimeter
    shape: Shape
    area: float
    slivers: float
    parts: int


def remainders(
    former: Iterable[Perimeter],
    quarters: Iterable[Perimeter],
    named: Iterable[Perimeter] = (),
    width: float = WIDTH,
) -> list[Remainder]:
    """Subtract quarters from former perimeters, then add named ones.

    Parameters
    ----------
    former, named : perimeters that are to be watched; a named one is not counted twice where a
        former perimeter holds it
    quarters : priority quarters, which are not watched
    width : metres; what is narrower goes, strips and slivers alike

    Returns
    -------
    What is left of each, in the order given (named after former); those left without anything
    are not listed. ``slivers`` is the area that the width took away, in square metres.
    """
    named = list(named)
    away, own = shapes_of(quarters), shapes_of(named)
    found = [_left(one, [*away, *own], width) for one in former]
    found += [_left(one, [*away], width) for one in named]
    return [one for one in found if one.parts]


def _left(perimeter: Perimeter, away: list[Shape], width: float) -> Remainder:
    (shape,) = shapes_of([perimeter])
    srid = perimeter.measure_srid
    near = [other for other in away if other.intersects(shape)]
    metres = in_metres(shape, srid)
    if near:
        others = in_metres(np.array(near, dtype=object), srid)
        metres = shapely.difference(metres, shapely.union_all(others))
    kept = without_slivers(metres, width) if near else metres
    # A former perimeter that no quarter touches keeps its very outline.
    back = in_degrees(kept, srid) if near else shape
    area = float(shapely.area(kept))
    return Remainder(perimeter, back, area, float(shapely.area(metres)) - area,
                     len(polygons_of(kept)))  # fmt: skip


@transaction.atomic
def derive_watch_quarters(
    former: Iterable[Perimeter],
    quarters: Iterable[Perimeter],
    decision: Decision,
    *,
    named: Iterable[Perimeter] = (),
    width: float = WIDTH,
) -> Operation:
    """Store watch quarters as computed perimeters of level QVA, one per perimeter left.

    Raises
    ------
    NothingToDerive, TooFewVersions, IncompleteDecision, NotAllowed
    """
    decision.check()
    former, quarters, named = list(former), list(quarters), list(named)
    if width < 0:
        raise errors.NothingToDerive(f"{width} is no width.", "Give metres, 0 keeps slivers.")
    basis = readied(
        [*former, *named], decision, "used", allowed=[str(s) for s in ANY], consumed=False
    )
    left = remainders(former, quarters, named, width)
    if not left:
        raise errors.NothingToDerive(
            "Nothing is left of the former perimeters.", "Check which quarters were subtracted."
        )
    draft = Draft(OperationKind.DERIVE, decision, {"width": width})
    draft.takes([*basis, *quarters], PartRole.BASIS)
    for one in left:
        territory = one.of.territory
        own = territory if territory.level == Level.QVA else None
        into = None if own else Target(_code(one.of), territory.name, Level.QVA)
        draft.makes(
            one.shape, [one.of], LineageKind.DERIVED, into=into, keep=own, status=Status.COMPUTED
        )
    draft.tells(
        remainders=[
            {"of": r.of.pk, "area": r.area, "slivers": r.slivers, "parts": r.parts} for r in left
        ]
    )
    return draft.operation


def _code(perimeter: Perimeter) -> str:
    return f"QVA-{perimeter.territory.code or perimeter.pk}"[:40]
