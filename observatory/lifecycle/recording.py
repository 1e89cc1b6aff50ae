"""How an operation is written: what it takes, what it makes, what it changes, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from observatory.lifecycle import errors
from observatory.lifecycle.rights import require_edit
from observatory.lifecycle.shapes import Shape, stored
from observatory.models import (
    Level,
    Lineage,
    LineageKind,
    Operation,
    OperationKind,
    OperationPart,
    PartRole,
    Perimeter,
    Run,
    Source,
    Status,
    Territory,
    User,
)
from observatory.plain import plain

WORKABLE = (Status.COMPUTED, Status.NEGOTIATION)


@dataclass(frozen=True)
class Decision:
    """Who decided, when and why; ``user`` is the account asked for its rights, if any.

    ``mark`` tells the decisions of one document from others, so that it can be told again.
    """

    day: date
    author: str
    reason: str
    act: str = ""
    user: User | None = None
    run: Run | None = None
    mark: str = ""

    def check(self, *, act_needed: bool = False) -> None:
        """Refuse a decision nobody could trace. Raises IncompleteDecision."""
        missing = [name for name in ("author", "reason") if not getattr(self, name).strip()]
        if act_needed and not self.act.strip():
            missing.append("act")
        if missing:
            words = " and ".join(f"its {name}" for name in missing)
            raise errors.IncompleteDecision(
                f"The decision does not tell {words}.",
                "Say " + ", ".join(f"--{name}" for name in missing) + ".",
            )
        if self.day > timezone.localdate():
            raise errors.IncompleteDecision(
                f"The decision is dated {self.day}, which is still to come.",
                "Record a decision once it is taken; its validity may start later.",
            )


@dataclass(frozen=True)
class Target:
    """The territory a result belongs to: found by level and code, else made."""

    code: str
    name: str = ""
    level: str = Level.QPV
    generation: int | None = None


class Draft:
    """An operation being written. Use inside a transaction only."""

    def __init__(
        self, kind: OperationKind, decision: Decision, parameters: dict[str, Any] | None = None
    ) -> None:
        self.decision = decision
        told = dict(parameters or {})
        if decision.mark:
            told["mark"] = decision.mark
        self.operation = Operation.objects.create(
            kind=kind,
            day=decision.day,
            author=decision.author,
            reason=decision.reason,
            act=decision.act,
            user=decision.user,
            run=decision.run,
            parameters=plain(told),
        )
        self._inputs: list[Perimeter] = []
        self._made = 0

    def takes(self, versions: Iterable[Perimeter], role: PartRole = PartRole.INPUT) -> None:
        """Note what the operation works on."""
        for version in versions:
            self._inputs.append(version)
            self._part(version, role)

    def makes(
        self,
        shape: Shape,
        parents: Sequence[Perimeter],
        kind: LineageKind,
        *,
        into: Target | None = None,
        keep: Territory | None = None,
        status: Status = Status.NEGOTIATION,
        valid: tuple[date | None, date | None] = (None, None),
    ) -> Perimeter:
        """Store a result (EPSG:4326) with its parents.

        It belongs to the territory ``into`` names, else to ``keep``, else to a new zone. What
        is negotiated dates from the day of the decision.
        """
        self._made += 1
        if status == Status.NEGOTIATION:
            valid = (self.decision.day, None)
        source = source_of(parents)
        territory, made = self._territory(into, keep, parents, source)
        result = Perimeter.objects.create(
            territory=territory,
            geom=stored(shape),
            measure_srid=parents[0].measure_srid,
            status=status,
            valid_from=valid[0],
            valid_to=valid[1],
            source=source,
            act=self.operation.act,
            author=self.operation.author,
            reason=self.operation.reason,
            facts={"operation": self.operation.pk, "kind": str(self.operation.kind)},
        )
        result.refresh_from_db()
        for parent in parents:
            Lineage.objects.create(parent=parent, child=result, kind=kind)
        self._part(result, PartRole.OUTPUT, made_territory=made)
        return result

    def changes(self, version: Perimeter, **columns: Any) -> None:
        """Change columns of a stored perimeter, keeping what they were."""
        before = {name: getattr(version, name) for name in columns}
        for name, value in columns.items():
            setattr(version, name, value)
        version.save(update_fields=list(columns))
        self._part(version, PartRole.CHANGED, before=plain(before), after=plain(columns))

    def adopts(self, version: Perimeter, existing: Perimeter) -> None:
        """Tie a version to the perimeter a producer already delivered for it."""
        Lineage.objects.create(parent=version, child=existing, kind=LineageKind.ENACTED)
        self._part(existing, PartRole.CHANGED, before={}, after={})

    def tells(self, **facts: Any) -> None:
        """Add to the parameters what was found on the way."""
        self.operation.parameters.update(plain(facts))
        self.operation.save(update_fields=["parameters"])

    def _part(self, version: Perimeter, role: PartRole, **more: Any) -> None:
        OperationPart.objects.create(
            operation=self.operation,
            perimeter=version,
            role=role,
            place=self.operation.parts.filter(role=role).count(),
            label=errors.label(version)[:260],
            **more,
        )

    def _territory(
        self,
        into: Target | None,
        keep: Territory | None,
        parents: Sequence[Perimeter],
        source: Source,
    ) -> tuple[Territory, bool]:
        if into is None and keep is not None:
            return keep, False
        if into is None:
            name = " + ".join(parent.territory.name for parent in parents)
            code = f"N{self.operation.pk}-{self._made}"
            into = Target(code, name[:200], Level.ZONE)
        found = Territory.objects.filter(level=into.level, code=into.code).first()
        if found is not None:
            return found, False
        made = Territory.objects.create(
            level=into.level,
            code=into.code,
            name=into.name or into.code,
            generation=into.generation,
            srid=parents[0].territory.srid,
            source=source,
        )
        return made, True


def source_of(parents: Sequence[Perimeter]) -> Source:
    """Return the source of negotiated and enacted shapes; a demonstration's stay labelled so."""
    fictitious = any(parent.source.is_demonstration for parent in parents)
    source, _ = Source.objects.get_or_create(
        code="decisions-demonstration" if fictitious else "decisions",
        defaults={
            "title": "Périmètres négociés et décidés",
            "producer": "Décisions enregistrées dans l’observatoire"
            + (" (démonstration, fictif)" if fictitious else ""),
            "is_demonstration": fictitious,
        },
    )
    return source


def readied(
    versions: Iterable[Perimeter],
    decision: Decision,
    verb: str,
    *,
    allowed: Sequence[str] = WORKABLE,
    consumed: bool = True,
) -> list[Perimeter]:
    """Lock versions and check that the decision may work on them, in the order given.

    Raises
    ------
    TooFewVersions, WrongStatus, AlreadyReplaced, OutOfOrder, NotAllowed
    """
    asked = list(dict.fromkeys(version.pk for version in versions))
    rows = Perimeter.objects.select_for_update(of=("self",)).select_related("territory", "source")
    found = {row.pk: row for row in rows.filter(pk__in=asked).order_by("pk")}
    ready = [found[key] for key in asked if key in found]
    if not ready:
        raise errors.TooFewVersions(f"There is nothing to be {verb}.", "Name a version.")
    for version in ready:
        if version.status not in allowed:
            raise errors.WrongStatus(version, verb)
        if consumed:
            refuse_replaced(version)
        _refuse_backwards(version, decision.day)
    require_edit(decision.user, ready)
    return ready


def taken_by(version: Perimeter) -> Operation | None:
    """Return the standing operation that replaced a version, if any."""
    return (
        Operation.objects.standing()
        .filter(parts__perimeter=version, parts__role=PartRole.INPUT)
        .order_by("id")
        .first()
    )


def refuse_replaced(version: Perimeter) -> None:
    """Refuse a version that is no longer current. Raises AlreadyReplaced."""
    by = taken_by(version)
    if by is not None:
        raise errors.AlreadyReplaced(version, by)


def _refuse_backwards(version: Perimeter, day: date) -> None:
    made = Operation.objects.standing().filter(
        parts__perimeter=version, parts__role=PartRole.OUTPUT, day__gt=day
    )
    latest = made.order_by("-day").first()
    if latest is not None:
        raise errors.OutOfOrder(version, day, latest)
