"""Telling a known negotiation again: its dated steps, from zones to quarters, as operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from observatory.lifecycle import errors
from observatory.lifecycle.enactment import Validity, enact
from observatory.lifecycle.negotiation import drop, merge, open_negotiation, trim
from observatory.lifecycle.recording import Decision, Target
from observatory.lifecycle.undoing import undo
from observatory.models import Level, Operation, PartRole, Perimeter, Run


@dataclass(frozen=True)
class Step:
    """One dated step: ``inputs`` are labels of zones, ``results`` codes of quarters."""

    kind: str  # open, merge, trim, drop or decree
    day: date
    inputs: Sequence[str] = ()
    results: Sequence[str] = ()
    blocks: Sequence[str] = ()
    author: str = ""
    reason: str = ""
    act: str = ""


@dataclass
class Replayed:
    """The operations recorded, and what could not be tied."""

    operations: list[Operation] = field(default_factory=list)
    heads: dict[str, Perimeter] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@transaction.atomic
def replay(
    zones: Mapping[str, Perimeter],
    steps: Iterable[Step],
    *,
    mark: str,
    generation: int | None = None,
    run: Run | None = None,
) -> Replayed:
    """Record the steps of a negotiation that is over, all or nothing.

    Parameters
    ----------
    zones : the version each label stands for when the negotiation opens
    mark : tells these operations from others, for `take_back`

    Notes
    -----
    A decree ties the last version of each quarter to the legal shape that was delivered for it,
    whatever their likeness: the producer's shape is the law. A quarter without delivered shape
    is noted and stays under negotiation.

    Raises
    ------
    UnknownVersion
        A step names a label or a quarter that no earlier step knows, or is of no known kind.
    LifecycleError
    """
    told = Replayed(heads=dict(zones))
    for step in steps:
        decision = Decision(
            step.day,
            step.author or step.act or mark,
            step.reason or step.act or mark,
            step.act,
            run=run,
            mark=mark,
        )
        if step.kind == "decree":
            _decree(step, decision, told)
        else:
            _work(step, decision, told, generation)
    return told


def take_back(mark: str, author: str, reason: str) -> int:
    """Undo what a document had told before, last step first; return how many operations.

    Raises
    ------
    CannotUndo
        Somebody worked on from there.
    """
    standing = Operation.objects.standing().filter(parameters__mark=mark).order_by("-id")
    with transaction.atomic():
        return len([undo(operation, author, reason) for operation in standing])


def _work(step: Step, decision: Decision, told: Replayed, generation: int | None) -> None:
    versions = list({v.pk: v for v in (_known(label, told) for label in step.inputs)}.values())
    target = None
    if step.results:
        target = Target(step.results[0], level=Level.QPV, generation=generation)
    if step.kind == "drop":
        told.operations.append(drop(versions, decision))
        return
    if step.kind == "merge":
        operation = merge(versions, decision, target)
    elif step.kind == "open":
        operation = open_negotiation(versions, decision, target)
    elif step.kind == "trim" and len(versions) == 1:
        operation = trim(versions[0], decision, blocks=step.blocks, into=target)
    else:
        raise errors.UnknownVersion(
            f"A step of kind {step.kind!r} on {len(versions)} versions cannot be told.",
            "Kinds: open, merge, trim (of one version), drop, decree.",
        )
    told.operations.append(operation)
    made = [p.perimeter for p in operation.parts.filter(role=PartRole.OUTPUT) if p.perimeter]
    told.heads.update(dict.fromkeys([*step.inputs, *step.results], made[0]))


def _known(label: str, told: Replayed) -> Perimeter:
    if label not in told.heads:
        raise errors.UnknownVersion(
            f"No earlier step knows {label!r}.", "Tell the steps in their order."
        )
    return told.heads[label]


def _decree(step: Step, decision: Decision, told: Replayed) -> None:
    """Tie quarters to what was delivered for them, one operation per first day in force."""
    by_day: dict[date, list[Perimeter]] = {}
    for code in step.results:
        version = _known(code, told)
        delivered = Perimeter.objects.in_force().filter(
            territory=version.territory, valid_from__gte=step.day
        )
        first = delivered.order_by("valid_from").first()
        if first is None or first.valid_from is None:
            told.notes.append(f"{code} has no legal perimeter: the decree's step is not tied.")
            continue
        by_day.setdefault(first.valid_from, []).append(version)
    for start, versions in sorted(by_day.items()):
        operation = enact(versions, decision, Validity(start), adopt=True, alike=0.0)
        told.operations.append(operation)
