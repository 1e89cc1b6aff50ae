"""Opening a year: one sheet expected of each referent actor for each action of a framework."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.text import slugify

from observatory.figures.errors import NotYours
from observatory.history import acting
from observatory.models import (
    ActorRole,
    FollowUpSheet,
    Framework,
    FrameworkRow,
    NodeActor,
    RateFormula,
    Right,
    SheetResult,
    SheetState,
    Target,
    TargetForm,
    User,
)
from observatory.permissions import may

# The rate that goes with each form of target; the others have none.
FORMULAS: dict[str, str] = {
    TargetForm.ABSOLUTE: RateFormula.RESULT_OVER_TARGET,
    TargetForm.SHARE: RateFormula.RESULT_OVER_TARGET,
    TargetForm.RELATIVE: RateFormula.INCREASE_OVER_TARGET,
    TargetForm.POINTS: RateFormula.POINTS_OVER_BASELINE,
    TargetForm.MULTIPLE: RateFormula.MULTIPLE,
    TargetForm.ALL: RateFormula.COVERAGE,
    TargetForm.DELIVERABLE: RateFormula.DONE,
}


def open_year_as(user: User | None, framework: Framework, year: int, due_on: date) -> int:
    """Open a year in somebody's name. Raises NotYours: the steering side does it."""
    if not may(user, Right.VALIDATE, framework.territory):
        raise NotYours("Only the steering side of the contract opens a year.", "Ask its lead.")
    return open_year(framework, year, due_on, user)


@transaction.atomic
def open_year(framework: Framework, year: int, due_on: date, user: User | None = None) -> int:
    """Make the sheets expected for a year that are not there yet; return how many.

    Each has one line per indicator of the action that the actor answers for, with the target
    in force and, as the result of the year before, what the last sheet said.
    """
    rows = FrameworkRow.objects.filter(node__framework=framework, indicator__isnull=False)
    by_actor: dict[int, list[FrameworkRow]] = {}
    for row in rows.select_related("indicator", "actor").order_by("order"):
        if row.actor_id is not None:
            by_actor.setdefault(row.actor_id, []).append(row)
    actors = NodeActor.objects.filter(pk__in=by_actor, role=ActorRole.REFERENT)
    targets = _in_force(framework)
    made = 0
    with acting(user, reason=f"{framework.code}: {year} opened"):
        for actor in actors.select_related("node", "organisation"):
            sheet, new = FollowUpSheet.objects.get_or_create(
                code=_code(framework, year, actor),
                defaults={
                    "territory": framework.territory, "node": actor.node,
                    "title": actor.node.label[:300], "year": year,
                    "organisation": actor.organisation, "written_actor": actor.written,
                    "due_on": due_on, "state": SheetState.EXPECTED, "source": framework.source,
                },
            )  # fmt: skip
            if new:
                made += 1
                _add_lines(sheet, by_actor[actor.pk], targets)
    return made


def _code(framework: Framework, year: int, actor: NodeActor) -> str:
    own = f"-{year}-{actor.pk}"
    return f"{slugify(f'{framework.code}-{actor.node.key}')[: 80 - len(own)]}{own}"


def _in_force(framework: Framework) -> dict[int, Target]:
    """Return the target in force of each indicator: first part of the last version."""
    rows = Target.objects.filter(
        indicator__rows__node__framework=framework, territory=framework.territory
    ).distinct()
    return {t.indicator_id: t for t in rows.order_by("indicator", "version", "-part")}


def _add_lines(sheet: FollowUpSheet, rows: list[FrameworkRow], targets: dict[int, Target]) -> None:
    for order, row in enumerate(rows, start=1):
        if row.indicator is None:
            continue
        target = targets.get(row.indicator.pk)
        SheetResult.objects.create(
            sheet=sheet, indicator=row.indicator, order=order, label=row.label[:300],
            unit=(target.unit if target and target.unit else row.indicator.unit)[:40],
            previous=_last_result(row.indicator.pk, sheet),
            target=100.0 if target and target.form == TargetForm.ALL
            else target.value if target else None,
            formula=FORMULAS.get(target.form, RateFormula.NONE) if target else RateFormula.NONE,
            scope=target.scope if target else "unstated", source_line=row.source_line,
        )  # fmt: skip


def _last_result(indicator: int, sheet: FollowUpSheet) -> float | None:
    """Return the validated result of the year before; that of no other year stands for it."""
    before = SheetResult.objects.filter(
        indicator=indicator, sheet__territory=sheet.territory, sheet__year=sheet.year - 1,
        sheet__organisation=sheet.organisation, sheet__state=SheetState.VALIDATED,
    )  # fmt: skip
    return before.values_list("result", flat=True).first()
