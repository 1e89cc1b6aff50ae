"""Taking an operation back: the state before it, exactly; the operation stays in the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.contrib.admin.utils import NestedObjects
from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from observatory.lifecycle import errors
from observatory.lifecycle.errors import label, listed
from observatory.lifecycle.recording import taken_by
from observatory.lifecycle.rights import require_edit
from observatory.models import (
    Lineage,
    LineageKind,
    Membership,
    Operation,
    OperationPart,
    PartRole,
    Perimeter,
    Territory,
    User,
)
from observatory.plain import plain

# Rows that follow a perimeter or a territory and say nothing of their own.
FOLLOWING = (Lineage, OperationPart, Perimeter, Territory, Membership)
KEPT = ("status", "valid_from", "valid_to", "act", "author", "reason", "measure_srid")


@transaction.atomic
def undo(operation: Operation, author: str, reason: str, user: User | None = None) -> Operation:
    """Take an operation back.

    What it made leaves the table of perimeters, what it changed gets its columns back, what it
    took is current again. The operation keeps what it had made, in its parts.

    Raises
    ------
    CannotUndo
        Undone already; a later operation works on what it made; something else was changed or
        stored since on what it made.
    NotAllowed, IncompleteDecision
    """
    locked = Operation.objects.select_for_update().get(pk=operation.pk)
    _check(locked, author, reason)
    parts = list(locked.parts.select_related("perimeter__territory", "perimeter__source"))
    made = [part for part in parts if part.role == PartRole.OUTPUT]
    changed = [part for part in parts if part.role == PartRole.CHANGED]
    require_edit(user, [part.perimeter for part in parts if part.perimeter is not None])
    for part in made:
        _refuse_used(part)
    _untie(parts, changed)
    _take_back(made)
    for part in changed:
        _restore(part)
    locked.undone_at, locked.undone_user = timezone.now(), user
    locked.undone_by, locked.undone_reason = author, reason
    locked.save()
    return locked


def _check(operation: Operation, author: str, reason: str) -> None:
    if operation.undone_at is not None:
        raise errors.CannotUndo(
            f"Operation {operation.pk} was already undone by {operation.undone_by} "
            f"on {operation.undone_at.date()}."
        )
    if not author.strip() or not reason.strip():
        raise errors.IncompleteDecision(
            "Undoing is a decision too: it needs an author and a reason.",
            "Say --author and --reason.",
        )


def _refuse_used(part: OperationPart) -> None:
    version = part.perimeter
    if version is None:
        raise errors.CannotUndo(
            f"{part.label} is no longer stored: a later load withdrew it.",
            "Nothing is left to take back.",
        )
    later = taken_by(version) or _later_on(version, part)
    if later is not None:
        raise errors.CannotUndo(
            f"Operation {later.pk} ({later.kind}, {later.day}) works on {label(version)}.",
            f"Undo operation {later.pk} first.",
        )
    others = _dependents([version, *([version.territory] if part.made_territory else [])])
    if others:
        raise errors.CannotUndo(
            f"Results stand on {label(version)}: {listed(others)}.", "Remove them first."
        )


def _later_on(version: Perimeter, part: OperationPart) -> Operation | None:
    """Return a standing later operation that read or changed a version."""
    return (
        Operation.objects.standing()
        .filter(parts__perimeter=version, pk__gt=part.operation_id)
        .order_by("id")
        .first()
    )


def _dependents(rows: Sequence[Perimeter | Territory]) -> list[str]:
    """Name what else would vanish with a result: kinds of rows with their number."""
    found: dict[str, int] = {}
    for row in rows:
        collector = NestedObjects(using=DEFAULT_DB_ALIAS, origin=[row])
        collector.collect([row])
        every = [one for many in collector.data.values() for one in many]
        for one in [*every, *collector.protected]:
            if not isinstance(one, FOLLOWING):
                name = str(one._meta.verbose_name_plural)
                found[name] = found.get(name, 0) + 1
    return [f"{count} {name}" for name, count in sorted(found.items())]


def _untie(parts: Iterable[OperationPart], changed: Iterable[OperationPart]) -> None:
    """Remove the links to perimeters that were adopted, not made."""
    parents = [p.perimeter_id for p in parts if p.role == PartRole.INPUT]
    children = [p.perimeter_id for p in changed]
    Lineage.objects.filter(
        parent__in=parents, child__in=children, kind=LineageKind.ENACTED
    ).delete()


def _take_back(made: Iterable[OperationPart]) -> None:
    """Delete the results, keeping their columns and outline in the operation."""
    territories = []
    for part in made:
        version = part.perimeter
        assert version is not None  # noqa: S101 - refused above
        part.after = plain({name: getattr(version, name) for name in KEPT})
        part.after["area"] = version.area
        part.after["territory"] = {
            name: getattr(version.territory, name) for name in ("level", "code", "name")
        }
        part.geom = version.geom
        part.save(update_fields=["after", "geom"])
        if part.made_territory:
            territories.append(version.territory)
        version.delete()
    for territory in territories:
        if not territory.perimeters.exists():
            territory.delete()


def _restore(part: OperationPart) -> None:
    version = part.perimeter
    if version is None:
        raise errors.CannotUndo(
            f"{part.label} is no longer stored: its dates cannot be given back.",
            "Load its file again, then undo.",
        )
    now = plain({name: getattr(version, name) for name in part.after or {}})
    if now != (part.after or {}):
        raise errors.CannotUndo(
            f"{label(version)} was changed since (now {now}).",
            "Undo what changed it, or load its file again.",
        )
    # Through to_python: dates were kept as text.
    for name, value in (part.before or {}).items():
        setattr(version, name, getattr(Perimeter, name).field.to_python(value))
    if part.before:
        version.save(update_fields=list(part.before))
