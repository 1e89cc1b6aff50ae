"""Working on perimeters before any act: open, merge, split, trim, add, remove, drop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely
from django.db import transaction

from observatory.lifecycle import errors
from observatory.lifecycle.blocks import Block, blocks_named, blocks_near, covered_shares
from observatory.lifecycle.errors import label, listed
from observatory.lifecycle.recording import WORKABLE, Decision, Draft, Target, readied
from observatory.lifecycle.shapes import (
    Shape,
    cut,
    difference,
    in_metres,
    intersection,
    shape_of,
    shapes_of,
    union,
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

COVERED = 0.5  # share of a block's area from which a trim keeps it
SLIVER = 1.0  # metres: what is narrower is no piece of a quarter
TOUCHING = 1.0  # metres between a block and a perimeter that still touch


@transaction.atomic
def open_negotiation(
    versions: Iterable[Perimeter], decision: Decision, into: Target | None = None
) -> Operation:
    """Put versions under negotiation as they are, computed ones or, for a redraw, legal ones.

    A legal perimeter stays in force meanwhile. ``into`` names the quarter of a single version.
    """
    decision.check()
    allowed = (*WORKABLE, Status.LEGAL, Status.SUPERSEDED)
    ready = readied(versions, decision, "opened", allowed=allowed)
    if into is not None and len(ready) > 1:
        raise errors.TooFewVersions("One quarter cannot name several versions.", "Open them apart.")
    draft = Draft(OperationKind.OPEN, decision)
    for version in ready:
        working = version.status in WORKABLE
        draft.takes([version], PartRole.INPUT if working else PartRole.BASIS)
        draft.makes(
            shape_of(version), [version], LineageKind.OPENED, into=into, keep=version.territory
        )
    return draft.operation


@transaction.atomic
def merge(
    versions: Iterable[Perimeter], decision: Decision, into: Target | None = None
) -> Operation:
    """Make one version of several; they need not touch, a trim often joins them.

    Raises
    ------
    TooFewVersions, WrongStatus, AlreadyReplaced, OutOfOrder, IncompleteDecision, NotAllowed
    """
    decision.check()
    ready = readied(versions, decision, "merged")
    if len(ready) < 2:
        raise errors.TooFewVersions(
            f"Only {label(ready[0])} was given: a merge takes two versions or more.",
            "Name the others.",
        )
    draft = Draft(OperationKind.MERGE, decision)
    draft.takes(ready)
    shape = union(shapes_of(ready))
    result = draft.makes(shape, ready, LineageKind.MERGED, into=into)
    draft.tells(result=result.pk, parts=len(shapely.get_parts(shape)))
    return draft.operation


@transaction.atomic
def split(
    version: Perimeter,
    decision: Decision,
    *,
    line: Shape | None = None,
    blocks: Sequence[str] = (),
    layer: str = Level.BLOCK,
    on: date | None = None,
    into: tuple[Target, Target] | None = None,
) -> Operation:
    """Make two versions of one, along a line (EPSG:4326) or by setting blocks apart.

    The first result is what lies left of the line, or the blocks.

    Raises
    ------
    NotCut, BadLine, UnknownBlocks, and those of `merge`
    """
    decision.check()
    (ready,) = readied([version], decision, "split")
    if (line is None) == (not blocks):
        raise errors.NotCut("A split takes a line or blocks, one of the two.", "Give one.")
    whole = shape_of(ready)
    if line is not None:
        pieces = cut(whole, _checked_line(line), ready.measure_srid)
    else:
        apart = union(b.shape for b in blocks_named(blocks, layer, on or decision.day))
        pieces = intersection(whole, apart), difference(whole, [apart])
    for piece in pieces:
        if _is_sliver(piece, ready.measure_srid):
            raise errors.NotCut(
                f"That does not cut {label(ready)} in two.",
                "Draw the line from outside to outside, or choose blocks that lie partly inside.",
            )
    told = {"line": shapely.to_wkt(line) if line is not None else None, "blocks": list(blocks)}
    draft = Draft(OperationKind.SPLIT, decision, told)
    draft.takes([ready])
    for place, piece in enumerate(pieces):
        draft.makes(piece, [ready], LineageKind.SPLIT, into=into[place] if into else None)
    return draft.operation


def _checked_line(line: Shape) -> Shape:
    bounds = line.bounds
    if line.geom_type not in ("LineString", "MultiLineString") or not shapely.length(line) > 0:
        raise errors.BadLine(
            f"A {line.geom_type} is no cutting line.", "Give a LINESTRING(longitude latitude, …)."
        )
    if min(bounds[0::2]) < -180 or max(bounds[0::2]) > 180 or max(np.abs(bounds[1::2])) > 90:
        raise errors.BadLine(
            "The line is not in longitude and latitude.", "Give it in WGS 84 (EPSG:4326)."
        )
    return line


def _is_sliver(shape: Shape, srid: int) -> bool:
    return bool(shapely.is_empty(without_slivers(in_metres(shape, srid), SLIVER)))


@transaction.atomic
def trim(
    version: Perimeter,
    decision: Decision,
    *,
    layer: str = Level.BLOCK,
    share: float = COVERED,
    blocks: Sequence[str] = (),
    on: date | None = None,
    into: Target | None = None,
) -> Operation:
    """Bring a version to whole blocks: those covered from ``share`` on, or the given ones.

    Parameters
    ----------
    layer : level of the blocks (block or iris); ``on`` a day it holds, the decision's else
    share : 0 to 1, share of a block's area in metres
    blocks : the codes that the negotiation settled on, instead of a share

    Raises
    ------
    NothingKept, NoBlocks, UnknownBlocks, and those of `merge`
    """
    decision.check()
    (ready,) = readied([version], decision, "trimmed")
    if not 0 < share <= 1:
        raise errors.NothingKept(
            f"{share:g} is not a share of a block's area.", "Give more than 0 and at most 1."
        )
    shape, day = shape_of(ready), on or decision.day
    if blocks:
        kept = blocks_named(blocks, layer, day)
        _refuse_elsewhere(kept, ready, shape)
    else:
        kept = _covered(blocks_near(shape, layer, day), shape, share, ready)
    told = {"layer": layer, "on": day, "share": None if blocks else share}
    draft = Draft(OperationKind.TRIM, decision, {**told, "blocks": [b.code for b in kept]})
    draft.takes([ready])
    made = union(block.shape for block in kept)
    draft.makes(made, [ready], LineageKind.TRIMMED, into=into, keep=ready.territory)
    return draft.operation


def _covered(near: list[Block], shape: Shape, share: float, version: Perimeter) -> list[Block]:
    covered = covered_shares(near, shape, version.measure_srid)
    kept = [block for block, part in zip(near, covered, strict=True) if part >= share]
    if not kept:
        best = int(np.argmax(covered))
        raise errors.NothingKept(
            f"No block is covered at {share:.0%} by {label(version)}: nothing would be left. "
            f"The best covered, {near[best].code}, is at {covered[best]:.0%}.",
            "Ask for a smaller --share, or name the blocks.",
        )
    return kept


def _refuse_elsewhere(kept: list[Block], version: Perimeter, shape: Shape) -> None:
    if not covered_shares(kept, shape, version.measure_srid).any():
        raise errors.NothingKept(
            f"None of the blocks given lies in {label(version)}: nothing of it would be left.",
            "Check the codes: " + listed(block.code for block in kept) + ".",
        )


@transaction.atomic
def add_blocks(
    version: Perimeter,
    blocks: Sequence[str],
    decision: Decision,
    *,
    layer: str = Level.BLOCK,
    on: date | None = None,
) -> Operation:
    """Add whole blocks to a version; they must touch it, or each other up to it.

    Raises
    ------
    BlocksApart, BlocksAlreadyIn, UnknownBlocks, and those of `merge`
    """
    ready, found, shape, inside = _with_blocks(version, blocks, decision, "extended", layer, on)
    whole = [b.code for b, part in zip(found, inside, strict=True) if part > 1 - 1e-6]
    if whole:
        raise errors.BlocksAlreadyIn(
            f"{listed(whole)} already in {label(ready)}.", "Leave them out."
        )
    _refuse_apart(found, shape, ready)
    draft = Draft(OperationKind.ADD, decision, {"layer": layer, "blocks": list(blocks)})
    draft.takes([ready])
    made = union([shape, *(block.shape for block in found)])
    draft.makes(made, [ready], LineageKind.EXTENDED, keep=ready.territory)
    return draft.operation


def _refuse_apart(found: list[Block], shape: Shape, version: Perimeter) -> None:
    srid = version.measure_srid
    grown, left = in_metres(shape, srid), list(found)
    while left:
        far = shapely.distance(grown, np.array([in_metres(b.shape, srid) for b in left]))
        if far.min() > TOUCHING:
            nearest = left[int(np.argmin(far))]
            raise errors.BlocksApart(
                f"{nearest.code} lies {far.min():.0f} m away from {label(version)}: "
                "a quarter is a continuous space.",
                "Add the blocks between as well.",
            )
        grown = shapely.union_all(
            [grown, *(in_metres(b.shape, srid) for b, d in zip(left, far, strict=True)
                      if d <= TOUCHING)]
        )  # fmt: skip
        left = [b for b, d in zip(left, far, strict=True) if d > TOUCHING]


@transaction.atomic
def remove_blocks(
    version: Perimeter,
    blocks: Sequence[str],
    decision: Decision,
    *,
    layer: str = Level.BLOCK,
    on: date | None = None,
) -> Operation:
    """Take whole blocks away from a version.

    Raises
    ------
    BlocksNotIn, NothingKept, UnknownBlocks, and those of `merge`
    """
    ready, found, shape, inside = _with_blocks(version, blocks, decision, "reduced", layer, on)
    outside = [b.code for b, part in zip(found, inside, strict=True) if part <= 1e-6]
    if outside:
        raise errors.BlocksNotIn(f"{listed(outside)} not in {label(ready)}.", "Leave them out.")
    made = difference(shape, [block.shape for block in found])
    if _is_sliver(made, ready.measure_srid):
        raise errors.NothingKept(
            f"Nothing would be left of {label(ready)}.", "Drop it: observatory perimeters drop."
        )
    draft = Draft(OperationKind.REMOVE, decision, {"layer": layer, "blocks": list(blocks)})
    draft.takes([ready])
    draft.makes(made, [ready], LineageKind.REDUCED, keep=ready.territory)
    return draft.operation


def _with_blocks(
    version: Perimeter, codes: Sequence[str], decision: Decision, word: str, layer: str,
    on: date | None,
) -> tuple[Perimeter, list[Block], Shape, npt.NDArray[np.float64]]:  # fmt: skip
    """Return the version made ready, the blocks named, its shape, and their shares inside it."""
    decision.check()
    (ready,) = readied([version], decision, word)
    day = on or decision.day
    if not codes:
        raise errors.UnknownBlocks(["(none given)"], layer, day)
    found, shape = blocks_named(codes, layer, day), shape_of(ready)
    return ready, found, shape, covered_shares(found, shape, ready.measure_srid)


@transaction.atomic
def drop(versions: Iterable[Perimeter], decision: Decision) -> Operation:
    """Give versions up: nothing comes of them, unless the operation is undone."""
    decision.check()
    ready = readied(versions, decision, "dropped")
    draft = Draft(OperationKind.DROP, decision)
    draft.takes(ready)
    return draft.operation
