"""What an act does: a negotiated version becomes legal, a legal one is superseded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import shapely
from django.db import transaction
from django.utils import timezone

from observatory.lifecycle import errors
from observatory.lifecycle.errors import label
from observatory.lifecycle.recording import Decision, Draft, Target, readied
from observatory.lifecycle.rights import require_edit
from observatory.lifecycle.shapes import (
    in_metres,
    intersection,
    shape_of,
    stored,
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
    Territory,
)

ADOPTED_IOU = 0.5  # what a producer delivered must look like what was negotiated
OVERLAP_WIDTH = 5.0  # metres: two producers' outlines of one street differ by less


@dataclass(frozen=True)
class Validity:
    """Days on which a perimeter holds: ``start`` included, ``end`` excluded or None."""

    start: date
    end: date | None = None

    @property
    def status(self) -> Status:
        """Legal, or superseded once its end has come."""
        past = self.end is not None and self.end <= timezone.localdate()
        return Status.SUPERSEDED if past else Status.LEGAL

    def meets(self, perimeter: Perimeter) -> bool:
        """Tell whether a stored perimeter holds on any of these days."""
        late = self.end is not None and (perimeter.valid_from or date.min) >= self.end
        early = perimeter.valid_to is not None and perimeter.valid_to <= self.start
        return not late and not early


@transaction.atomic
def enact(
    versions: Iterable[Perimeter],
    decision: Decision,
    validity: Validity,
    *,
    closes: Iterable[Perimeter] = (),
    close_previous: bool = False,
    adopt: bool = False,
    alike: float = ADOPTED_IOU,
    into: Mapping[int, Target] | None = None,
) -> Operation:
    """Make negotiated versions legal by an act.

    Parameters
    ----------
    closes : legal perimeters, of an earlier generation, that end where these start
    close_previous : end the shape that each territory had until then
    adopt : where a producer already delivered the legal shape with the same first day, tie the
        version to it instead of storing a second one; the delivered shape stays the legal one
    alike : IoU under which a delivered shape is not that of the version
    into : the quarter each version becomes, by version number; its own territory else

    Raises
    ------
    IncompleteDecision, BadValidity, NoQuarter, AlreadyInForce, Overlapping, WrongStatus,
    AlreadyReplaced, OutOfOrder, NotAllowed
    """
    decision.check(act_needed=True)
    _check_validity(validity, decision.day)
    ready = readied(versions, decision, "enacted", allowed=(Status.NEGOTIATION,))
    into = into or {}
    draft = Draft(
        OperationKind.ENACT,
        decision,
        {"valid_from": validity.start, "valid_to": validity.end, "adopt": adopt},
    )
    draft.takes(ready)
    standing = {v.pk: _standing(v, into.get(v.pk), validity) for v in ready}
    closed = _close(draft, closes, standing, close_previous, validity, decision)
    delivered = {
        key: _delivered(found, closed, validity, adopt=adopt) for key, found in standing.items()
    }
    adopted: dict[str, float] = {}
    for version in ready:
        existing = delivered[version.pk]
        if existing is None:
            _enact_one(draft, version, into.get(version.pk), validity)
        else:
            adopted[str(existing.pk)] = _adopt(draft, version, existing, alike)
    draft.tells(adopted=adopted, closed=sorted(closed))
    _refuse_overlaps(draft.operation, validity)
    return draft.operation


def _check_validity(validity: Validity, act_day: date) -> None:
    if validity.start < act_day:
        raise errors.BadValidity(
            f"The act of {act_day} cannot hold from {validity.start}, before it was taken.",
            "Give the first day in force with --from: the act's own day or later.",
        )
    if validity.end is not None and validity.end <= validity.start:
        raise errors.BadValidity(
            f"A perimeter cannot hold from {validity.start} to {validity.end}.",
            "The end is the first day it no longer holds: later than its start.",
        )


def _standing(version: Perimeter, into: Target | None, validity: Validity) -> list[Perimeter]:
    """Return what is in force on the territory a version is to belong to, on those days."""
    territory: Territory | None = version.territory
    if into is not None:
        territory = Territory.objects.filter(level=into.level, code=into.code).first()
    elif version.territory.level == Level.ZONE:
        raise errors.NoQuarter(
            f"{label(version)} is still a zone: an act needs the quarter it becomes.",
            "Name it with --into CODE, here or when merging, trimming or opening.",
        )
    if territory is None:
        return []
    rows = Perimeter.objects.in_force().filter(territory=territory).select_related("territory")
    return [row for row in rows if validity.meets(row)]


def _close(
    draft: Draft,
    closes: Iterable[Perimeter],
    standing: Mapping[int, list[Perimeter]],
    close_previous: bool,
    validity: Validity,
    decision: Decision,
) -> set[int]:
    asked = {perimeter.pk: perimeter for perimeter in closes}
    if close_previous:
        for found in standing.values():
            asked.update({p.pk: p for p in found if _starts_before(p, validity.start)})
    rows = Perimeter.objects.select_for_update(of=("self",)).select_related("territory")
    closing = list(rows.filter(pk__in=asked).order_by("pk"))
    require_edit(decision.user, closing)
    for perimeter in closing:
        _end(draft, perimeter, validity.start)
    return set(asked)


def _starts_before(perimeter: Perimeter, day: date) -> bool:
    return (perimeter.valid_from or date.min) < day


def _end(draft: Draft, perimeter: Perimeter, day: date) -> None:
    """End a legal perimeter on ``day``, its first day out of force."""
    if perimeter.status not in (Status.LEGAL, Status.SUPERSEDED):
        raise errors.WrongStatus(perimeter, "superseded")
    if not _starts_before(perimeter, day):
        raise errors.BadValidity(
            f"{label(perimeter)} starts on {perimeter.valid_from}: it cannot end on {day}.",
            "A perimeter ends after its first day.",
        )
    if perimeter.valid_to is not None and perimeter.valid_to < day:
        raise errors.BadValidity(
            f"{label(perimeter)} already ended on {perimeter.valid_to}, before {day}.",
            "Leave it out: an act cannot bring it back to life.",
        )
    ended = Validity(perimeter.valid_from or date.min, day)
    draft.changes(perimeter, valid_to=day, status=ended.status)


def _delivered(
    standing: Sequence[Perimeter], closed: set[int], validity: Validity, *, adopt: bool
) -> Perimeter | None:
    """Return the perimeter to adopt, None where a new one is to be stored."""
    left = [perimeter for perimeter in standing if perimeter.pk not in closed]
    if not left:
        return None
    other = left[0]
    if adopt and len(left) == 1 and other.valid_from == validity.start:
        return other
    until = other.valid_to or "now on"
    raise errors.AlreadyInForce(
        f"{label(other)} is already in force from {other.valid_from or 'ever'} to {until}.",
        "Close it with --close-previous, or, where a producer delivered this very act's shape, "
        "tie the version to it with --adopt.",
    )


def _enact_one(draft: Draft, version: Perimeter, into: Target | None, validity: Validity) -> None:
    draft.makes(
        shape_of(version),
        [version],
        LineageKind.ENACTED,
        into=into,
        keep=version.territory,
        status=validity.status,
        valid=(validity.start, validity.end),
    )


def _adopt(draft: Draft, version: Perimeter, existing: Perimeter, alike: float) -> float:
    """Tie a version to a delivered perimeter; return the IoU of both, measured in metres."""
    ours, theirs = (in_metres(shape_of(p), version.measure_srid) for p in (version, existing))
    both = shapely.area(shapely.intersection(ours, theirs))
    iou = float(both / (shapely.area(ours) + shapely.area(theirs) - both))
    if iou < alike:
        raise errors.AlreadyInForce(
            f"{label(existing)} and {label(version)} have {iou:.0%} of their ground in common: "
            "the delivered shape is not that of this negotiation.",
            "Check the code with --into, or load the right file.",
        )
    draft.adopts(version, existing)
    return round(iou, 6)


def _refuse_overlaps(operation: Operation, validity: Validity) -> None:
    """Refuse quarters of one kind over the same ground on their first day."""
    made = [part.perimeter for part in operation.parts.filter(role=PartRole.OUTPUT)]
    for perimeter in made:
        if perimeter is None:
            continue
        shape = shape_of(perimeter)
        others = (
            Perimeter.objects.in_force()
            .on(validity.start)
            .filter(territory__level=perimeter.territory.level, geom__intersects=stored(shape))
            .exclude(pk=perimeter.pk)
            .select_related("territory")
        )
        for other in others:
            both = in_metres(intersection(shape, shape_of(other)), perimeter.measure_srid)
            wide = without_slivers(both, OVERLAP_WIDTH)
            if not shapely.is_empty(wide):
                raise errors.Overlapping(
                    f"{label(perimeter)} and {label(other)} would both hold "
                    f"{shapely.area(union([wide])):,.0f} m² on {validity.start}.",
                    "Take the common blocks out of one of them, or close the other "
                    "(--closes, --close-previous).",
                )


@transaction.atomic
def supersede(versions: Iterable[Perimeter], decision: Decision, end: date) -> Operation:
    """End legal perimeters by an act; ``end`` is the first day they no longer hold.

    Raises
    ------
    IncompleteDecision, WrongStatus, BadValidity, TooFewVersions, NotAllowed
    """
    decision.check(act_needed=True)
    if end < decision.day:
        raise errors.BadValidity(
            f"The act of {decision.day} cannot end a perimeter on {end}, before it was taken.",
            f"The end is the first day out of force: {decision.day + timedelta(days=1)} or later.",
        )
    allowed = (Status.LEGAL, Status.SUPERSEDED)
    ready = readied(versions, decision, "superseded", allowed=allowed, consumed=False)
    draft = Draft(OperationKind.SUPERSEDE, decision, {"valid_to": end})
    for version in ready:
        _end(draft, version, end)
    return draft.operation
