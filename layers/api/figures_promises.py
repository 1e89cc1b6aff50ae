"""Frameworks, targets and follow-up sheets, as tables."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from layers.api.figures_table import CODE, YEAR, Filters, Table, Told, source_columns
from observatory.figures.rates import Rate, rate_of
from observatory.figures.sheets import readable_sheets
from observatory.figures.visible import gated_results, visible
from observatory.models import (
    Crosswalk,
    Framework,
    FrameworkRow,
    Node,
    NodeActor,
    SheetResult,
    Target,
    User,
)


def _under_framework(model: Any, path: str, *joined: str) -> Any:
    """Return the rows of a model that hang on a framework one may see."""

    def rows(person: User | None) -> QuerySet:
        told = visible(
            model.objects.all(), person, source=f"{path}__source", territory=f"{path}__territory"
        )
        return told.select_related(f"{path}__source", *joined)

    return rows


def _frameworks(person: User | None) -> QuerySet:
    rows = visible(Framework.objects.all(), person, territory="territory")
    return rows.select_related("territory", "source")


def _targets(person: User | None) -> QuerySet:
    rows = visible(Target.objects.all(), person, territory="territory")
    return rows.select_related("indicator", "territory", "framework", "decision", "source")


def _crosswalks(person: User | None) -> QuerySet:
    rows = visible(Crosswalk.objects.all(), person).select_related("source")
    return rows.select_related("left__framework", "right__framework")


def _sheets(person: User | None) -> QuerySet:
    rows = readable_sheets(person)
    return rows.select_related("territory", "node__framework", "scheme", "organisation", "source")


def _results(person: User | None) -> QuerySet:
    rows = gated_results(SheetResult.objects.filter(sheet__in=readable_sheets(person)))
    return rows.select_related("sheet__source", "sheet__territory", "indicator")


def _rate(name: str) -> Told:
    """Return a column of the rate worked out again; a withheld result has none."""

    def told(result: Any) -> Any:
        rate: Rate = rate_of(result)
        return None if result.withheld else rate.as_dict()[name]

    return told


IN_FRAMEWORK: dict[str, Told] = {"framework": "framework.code"}
NODE: dict[str, Told] = {"framework": "node.framework.code", "node": "node.key"}
LINE = {"line": "source_line"}
BY_FRAMEWORK: Filters = {"framework": (CODE, "framework__code")}
BY_NODE: Filters = {"framework": (CODE, "node__framework__code"), "node": (CODE, "node__key")}
SHEET_FILTERS: Filters = {
    "contract": (CODE, "territory__code"), "year": (YEAR, "year"), "state": (CODE, "state"),
}  # fmt: skip

PROMISES = (
    Table(
        "frameworks", _("Référentiels et cadres d’engagement"), _frameworks,
        {"code": "code", "title": "title", "contract": "territory.code",
         "year_from": "year_from", "year_to": "year_to", "milestones": "milestones",
         "validated": "validated", **source_columns(), "run": "run_id"},
        ("code",), {"contract": (CODE, "territory__code")},
    ),
    Table(
        "nodes", _("Axes, objectifs, engagements, actions"),
        _under_framework(Node, "framework", "parent"),
        {**IN_FRAMEWORK, "key": "key", "parent": "parent.key", "kind": "kind",
         "number": "number", "label": "label", "status": "status", "order": "order",
         **source_columns("framework.source"), **LINE},
        ("framework__code", "order"), {**BY_FRAMEWORK, "kind": (CODE, "kind")},
    ),
    Table(
        "actors", _("Acteurs référents"),
        _under_framework(NodeActor, "node__framework", "organisation"),
        {**NODE, "organisation": "organisation.name", "role": "role", "written": "written",
         **source_columns("node.framework.source"), "line": "node.source_line"},
        ("node__framework__code", "node__order", "order"), BY_NODE,
    ),
    Table(
        "rows", _("Lignes des référentiels"),
        _under_framework(FrameworkRow, "node__framework", "actor__organisation", "indicator"),
        {**NODE, "key": "key", "label": "label", "actor": "actor.organisation.name",
         "indicator": "indicator.code", "repaired": "repaired",
         **source_columns("node.framework.source"), **LINE},
        ("node__framework__code", "order"), BY_NODE,
    ),
    Table(
        "targets", _("Objectifs chiffrés"), _targets,
        {
            "indicator": "indicator.code", "label": "indicator.label",
            "contract": "territory.code", "framework": "framework.code", "version": "version",
            "part": "part", "form": "form", "value": "value", "upper": "upper", "unit": "unit",
            "denominator": "denominator", "bound": "bound", "per": "per", "yearly": "yearly",
            "baseline": "baseline", "baseline_year": "baseline_year", "horizon": "horizon",
            "scope": "scope", "stated": "stated", "reason": "reason",
            "decided_on": "decided_on", "decision": "decision.subject", **source_columns(),
            **LINE,
        },
        ("indicator__code", "version", "part"),
        {"indicator": (CODE, "indicator__code"), "contract": (CODE, "territory__code"),
         "framework": (CODE, "framework__code"), "form": (CODE, "form")},
    ),
    Table(
        "crosswalks", _("Correspondances entre cadres"), _crosswalks,
        {"name": "name", "left_framework": "left.framework.code", "left": "left.key",
         "left_label": "left.label", "right_framework": "right.framework.code",
         "right": "right.key", "right_label": "right.label", **source_columns(), **LINE},
        ("name",),
    ),
    Table(
        "sheets", _("Fiches de suivi"), _sheets,
        {
            "code": "code", "contract": "territory.code", "title": "title", "axis": "axis",
            "theme": "theme", "objective": "objective", "year": "year",
            "action": "node.key", "scheme": "scheme.code",
            "organisation": "organisation.name", "written_actor": "written_actor",
            "updated": "updated_label", "due_on": "due_on", "state": "state",
            "validated_at": "validated_at", "method": "method", "analysis": "analysis",
            "alerts": "alerts", "adjustment": "adjustment", **source_columns(), **LINE,
        },
        ("territory__code", "year", "code"), {"code": (CODE, "code"), **SHEET_FILTERS},
    ),
    Table(
        "results", _("Résultats des fiches, taux déclaré et recalculé"), _results,
        {
            "sheet": "sheet.code", "year": "sheet.year", "order": "order", "label": "label",
            "indicator": "indicator.code", "unit": "unit", "scope": "scope",
            "previous": "shown_previous", "target": "target", "result": "shown_result",
            "result_label": "result_label", "numerator": "shown_numerator",
            "denominator": "shown_denominator", "withheld": "withheld", "formula": "formula",
            "declared": "shown_declared", "declared_text": "declared_text",
            "rate_unit": _rate("unit"), "computed": _rate("computed"),
            "computed_from_counts": _rate("from_counts"), "difference": _rate("difference"),
            "agrees": _rate("agrees"), "comparable": "comparable",
            **source_columns("sheet.source"), **LINE,
        },
        ("sheet__code", "order"),
        {"sheet": (CODE, "sheet__code"), "contract": (CODE, "sheet__territory__code"),
         "year": (YEAR, "sheet__year"), "formula": (CODE, "formula")},
    ),
)  # fmt: skip
