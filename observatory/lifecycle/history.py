"""Reading the life of a perimeter back: versions, decisions, and what was undone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from observatory.models import Lineage, Operation, OperationKind, OperationPart, PartRole, Perimeter
from observatory.plain import plain


def ancestors_of(versions: Iterable[Perimeter]) -> list[Perimeter]:
    """Return versions and all they came from, oldest first."""
    return _walk(versions, "child_id", "parent_id")


def descendants_of(versions: Iterable[Perimeter]) -> list[Perimeter]:
    """Return versions and all that came of them, oldest first."""
    return _walk(versions, "parent_id", "child_id")


def _walk(versions: Iterable[Perimeter], start: str, end: str) -> list[Perimeter]:
    found = {version.pk for version in versions}
    edge = set(found)
    while edge:
        links = Lineage.objects.filter(**{f"{start}__in": edge})
        edge = set(links.values_list(end, flat=True)) - found
        found |= edge
    rows = Perimeter.objects.filter(pk__in=found).select_related("territory", "source")
    return list(rows.order_by("pk"))


def operations_on(versions: Iterable[Perimeter]) -> list[Operation]:
    """Return every operation that took, made or changed one of these, undone ones too.

    Operations that only read one, to subtract it from others, are not of its life.
    """
    keys = [version.pk for version in versions]
    lived = Q(parts__perimeter__in=keys) & (
        ~Q(parts__role=PartRole.BASIS) | Q(kind=OperationKind.OPEN)
    )
    rows = Operation.objects.filter(lived).distinct().order_by("id")
    return list(rows.prefetch_related("parts__perimeter__territory"))


def life_of(versions: Iterable[Perimeter]) -> dict[str, Any]:
    """Return the whole life of versions as plain data: versions, and events in order.

    Everything they came from and all that came of them is told, with who decided it, when and
    why, and what was undone.
    """
    asked = list(versions)
    family = {row.pk: row for row in ancestors_of(asked)}
    family.update({row.pk: row for row in descendants_of(asked)})
    rows = [family[key] for key in sorted(family)]
    return {
        "asked": [version.pk for version in asked],
        "versions": [version_facts(row) for row in rows],
        "operations": [operation_facts(operation) for operation in operations_on(rows)],
    }


def version_facts(version: Perimeter) -> dict[str, Any]:
    """Return one version as plain data."""
    facts: dict[str, Any] = plain(
        {
            "version": version.pk,
            "level": version.territory.level,
            "code": version.territory.code,
            "name": version.territory.name,
            "status": version.status,
            "valid_from": version.valid_from,
            "valid_to": version.valid_to,
            "act": version.act,
            "author": version.author,
            "reason": version.reason,
            "area": version.area,
            "source": str(version.source),
            "recorded_at": version.recorded_at,
            "from": [
                {"version": link.parent_id, "kind": link.kind}
                for link in version.ancestors.order_by("parent_id")
            ],
        }
    )
    return facts


def operation_facts(operation: Operation) -> dict[str, Any]:
    """Return one operation as plain data, with what it took, made and changed."""
    parts = list(operation.parts.all())
    facts: dict[str, Any] = plain(
        {
            "operation": operation.pk,
            "kind": operation.kind,
            "day": operation.day,
            "author": operation.author,
            "reason": operation.reason,
            "act": operation.act,
            "user": str(operation.user or ""),
            "run": operation.run_id,
            "parameters": operation.parameters,
            "recorded_at": operation.recorded_at,
            "undone_at": operation.undone_at,
            "undone_by": operation.undone_by,
            "undone_reason": operation.undone_reason,
            "took": [_told(p) for p in parts if p.role in (PartRole.INPUT, PartRole.BASIS)],
            "made": [_told(p) for p in parts if p.role == PartRole.OUTPUT],
            "changed": [_told(p) for p in parts if p.role == PartRole.CHANGED],
        }
    )
    return facts


def _told(part: OperationPart) -> dict[str, Any]:
    return {
        "version": part.perimeter_id,
        "label": part.label,
        "before": part.before,
        "after": part.after,
    }
