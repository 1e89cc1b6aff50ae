"""Money, projects, printed figures worked out again, classes and reviews, as tables."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from layers.api.figures_table import CODE, YEAR, Table, Told, source_columns
from observatory.figures.statements import check
from observatory.figures.visible import NEEDED, visible
from observatory.models import (
    FundingLine,
    Project,
    ProjectShare,
    Review,
    Right,
    Statement,
    Typology,
    TypologyClass,
    User,
)
from observatory.permissions import territories_where

LINE = {"line": "source_line"}


def _funding(person: User | None) -> QuerySet:
    rows = visible(FundingLine.objects.all(), person).select_related("funder", "scheme", "source")
    return rows.prefetch_related("places__territory")


def _places(line: Any) -> list[str]:
    return [p.territory.code or p.territory.name for p in line.places.all()]


def _shares(line: Any) -> list[float]:
    return [p.share for p in line.places.all() if p.share is not None]


def _projects(person: User | None) -> QuerySet:
    rows = visible(Project.objects.all(), person).select_related("source")
    return rows.prefetch_related("shares__territory")


def _mentions(person: User | None) -> QuerySet:
    rows = visible(ProjectShare.objects.all(), person, source="project__source")
    return rows.select_related("project__source", "territory", "funder")


def _statements(person: User | None) -> QuerySet:
    return visible(Statement.objects.all(), person).select_related("source")


def _checked(name: str) -> Told:
    return lambda statement: check(statement).as_dict()[name]


def _reviews(person: User | None) -> QuerySet:
    """Return the reviews of contracts one may see the shared material of."""
    where = territories_where(person, Right.VIEW_SHARED)
    rows = Review.objects.select_related("territory", "run").defer("content")
    return rows if where is None else rows.filter(territory__in=where)


def _reaches(person: User | None) -> list[str]:
    """Return the reaches a person may see everywhere: classes compare quarters of all contracts."""
    return [r for r, right in NEEDED.items() if territories_where(person, right) is None]


def _typologies(person: User | None) -> QuerySet:
    return Typology.objects.filter(facts__sharing__in=_reaches(person)).select_related("run")


def _classes(person: User | None) -> QuerySet:
    rows = TypologyClass.objects.filter(typology__facts__sharing__in=_reaches(person))
    return rows.select_related("typology", "territory")


MONEY = (
    Table(
        "funding", _("Financements"), _funding,
        {
            "key": "key", "title": "title", "funder": "funder.name", "year": "year",
            "amount": "amount", "credit": "credit", "phase": "phase", "reach": "reach",
            "projects": "projects", "scheme": "scheme.code", "territories": _places,
            "shares": _shares, **source_columns(), "line": "row", "run": "run_id",
        },
        ("source__code", "year", "key"),
        {"year": (YEAR, "year"), "credit": (CODE, "credit"), "reach": (CODE, "reach"),
         "territory": (CODE, "places__territory__code"), "source": (CODE, "source__code")},
    ),
    Table(
        "projects", _("Projets, comptés une fois"), _projects,
        {"key": "key", "name": "name", "kind": "kind", "state": "state", "year": "year",
         "territories": lambda p: [s.territory.code or s.territory.name for s in p.shares.all()],
         **source_columns(), **LINE},
        ("source__code", "key"), {"source": (CODE, "source__code"), "state": (CODE, "state")},
    ),
    Table(
        "project-mentions", _("Mentions d’un projet par commune"), _mentions,
        {"project": "project.key", "name": "project.name", "territory": "territory.code",
         "territory_name": "territory.name", "funder": "funder.name", "amount": "amount",
         **source_columns("project.source"), **LINE},
        ("project__key", "territory__code"), {"source": (CODE, "project__source__code")},
    ),
    Table(
        "statements", _("Chiffres imprimés, et recalculés"), _statements,
        {
            "key": "key", "label": "label", "printed": "printed",
            "computed": _checked("computed"), "difference": _checked("difference"),
            "verdict": _checked("verdict"), "unit": "unit", "formula": "formula",
            "operands": "operands", "remark": "remark", **source_columns(), "line": "line",
        },
        ("source__code", "line", "key"),
        {"source": (CODE, "source__code"), "formula": (CODE, "formula")},
    ),
    Table(
        "typologies", _("Typologies"), _typologies,
        {"id": "pk", "name": "name", "parameters": "parameters", "facts": "facts",
         "made_at": "made_at", "run": "run_id"},
        ("-made_at",),
    ),
    Table(
        "classes", _("Classe de chaque quartier"), _classes,
        {"typology": "typology_id", "typology_name": "typology.name",
         "territory": "territory.code", "territory_name": "territory.name",
         "class": "number", "score": "score", "stability": "stability",
         "difficulties": "difficulties", "run": "typology.run_id"},
        ("typology", "number", "territory__code"),
        {"territory": (CODE, "territory__code")},
    ),
    Table(
        "reviews", _("Bilans annuels figés"), _reviews,
        {"id": "pk", "contract": "territory.code", "year": "year", "checksum": "checksum",
         "made_at": "made_at", "run": "run_id"},
        ("territory__code", "year", "-made_at"),
        {"contract": (CODE, "territory__code"), "year": (YEAR, "year")},
    ),
)  # fmt: skip
