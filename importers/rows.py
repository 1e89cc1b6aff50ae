"""One way to store a row that may be there already: added, changed or unchanged, and counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import models

from importers.report import Report

Row = TypeVar("Row", bound=models.Model)
# Column, whether it is wrong, what is wrong, what to do.
Problem = tuple[str, bool, str, str]


def refuse_row(row: Any, problems: list[Problem], report: Report) -> None:
    """Note in the report each thing that is wrong with a row (a named tuple with ``Index``)."""
    for column, wrong, problem, advice in problems:
        if wrong:
            report.refuse(row.Index, column, getattr(row, column), problem, advice)


def line_said(row: Any, otherwise: int | None = None) -> int | None:
    """Return the line of its document that a row says in its column ``line``, if it does."""
    text: str = getattr(row, "line", "")
    return int(text) if text.isdecimal() else otherwise


def put(
    model: type[Row],
    known: Mapping[str, Any],
    told: Mapping[str, Any],
    report: Report | None = None,
) -> Row:
    """Return the row that ``known`` names, made or brought up to ``told``.

    Only a row that differs is written, so that loading twice leaves no trace.
    """
    found = model._default_manager.filter(**known).first()
    if found is None:
        found = model._default_manager.create(**known, **told)
        _count(report, "added")
        return found
    changed = [name for name, value in told.items() if _value(found, name) != value]
    for name in changed:
        setattr(found, name, told[name])
    if changed:
        found.save(update_fields=changed)
    _count(report, "changed" if changed else "unchanged")
    return found


def withdraw(rows: models.QuerySet[Any], kept: set[int], report: Report | None = None) -> None:
    """Delete the rows of a set that are not among those kept."""
    gone = rows.exclude(pk__in=kept)
    count = gone.count()
    if count:
        gone.delete()
    if report is not None:
        report.withdrawn += count


def _value(row: models.Model, name: str) -> Any:
    return getattr(row, name)


def _count(report: Report | None, what: str) -> None:
    if report is not None:
        setattr(report, what, getattr(report, what) + 1)
        report.kept += 1
