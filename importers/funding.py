"""Money from tables: lines of funding, and projects that several communes may mention.

Funding columns: key, title, funder, year, amount; optional level and territory (a code; several
separated by ;), territory_name, shares (0 to 1, separated by ;), credit, reach, projects, phase,
scheme, line. Projects: key, name, kind, level, territory; optional state, funder, amount, year,
line. One project under two communes is two rows with one key, and counts once.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pandas as pd

from importers.options import LoadOptions
from importers.places_named import is_level, pieces, territory_named
from importers.report import Report
from importers.rows import line_said, put, refuse_row, withdraw
from importers.sheets import each, read_columns
from importers.sources import source_of_file
from observatory.history import acting
from observatory.models import (
    Credit,
    FundingLine,
    FundingPlace,
    Project,
    ProjectShare,
    Reach,
    Run,
    Scheme,
    Source,
)
from observatory.organisations import organisation_called
from observatory.runs import Progress, silent

FUNDING = ("key", "title", "funder", "year", "amount")
FUNDING_MORE = (
    "level", "territory", "territory_name", "shares", "credit", "reach", "projects", "phase",
    "scheme", "line",
)  # fmt: skip
PROJECTS = ("key", "name", "kind", "level", "territory")
PROJECTS_MORE = ("territory_name", "state", "funder", "amount", "year", "line")


def load_funding(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load lines of funding, whole or not at all. Raises FileRefused."""
    file, report, frame = read_columns(path, "funding", FUNDING, FUNDING_MORE)
    for row in each(frame):
        _check_line(row, report)
    _refuse_twice(frame, report)
    report.raise_if_refused()
    with acting(run=run, reason=f"load of {file.name}"):
        source = source_of_file(file, options)
        kept = {_store_line(row, source, report) for row in each(frame)}
        withdraw(FundingLine.objects.filter(source=source), kept, report)
    report.facts |= {"source": source.code}
    progress("lines stored", report.kept, report.kept)
    return report


def load_projects(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load projects and what each commune says of them. Raises FileRefused."""
    file, report, frame = read_columns(path, "projects", PROJECTS, PROJECTS_MORE)
    for row in each(frame):
        _check_project(row, report)
    report.raise_if_refused()
    with acting(run=run, reason=f"load of {file.name}"):
        source = source_of_file(file, options)
        first = ~frame["key"].duplicated()
        projects = {_store_project(row, source, report) for row in each(frame[first])}
        for row in each(frame):
            _store_mention(row, source)
        withdraw(Project.objects.filter(source=source), projects, report)
    report.facts |= {"source": source.code, "projects": len(projects), "mentions": len(frame)}
    if len(frame) != len(projects):
        report.note(f"{len(frame)} mentions of {len(projects)} projects: each counts once.")
    progress("projects stored", len(projects), len(projects))
    return report


# -- funding -------------------------------------------------------------------------------


def _check_line(row: Any, report: Report) -> None:
    places, shares = pieces(row.territory), pieces(row.shares)
    fractions = [_decimal(share) for share in shares]
    total = sum((f for f in fractions if f is not None), Decimal(0))
    problems = [
        ("amount", _decimal(row.amount) is None, "this is not an amount", "Write euros: 1234,50."),
        ("year", not _is_year(row.year), "not a year", "Write a year of four figures."),
        ("funder", not row.funder, "a line without a funder", "Say who pays."),
        ("credit", bool(row.credit) and row.credit not in Credit.values, "unknown credit",
         f"Words: {', '.join(Credit.values)}."),
        ("reach", bool(row.reach) and row.reach not in Reach.values, "unknown reach",
         f"Words: {', '.join(Reach.values)}."),
        ("level", bool(places) and not is_level(row.level), "unknown level of territory",
         "Write qpv, commune, contract…"),
        ("shares", bool(shares) and (len(shares) != len(places) or None in fractions or total > 1),
         "shares that do not divide the amount",
         "Give one share from 0 to 1 per territory, not over 1 in all."),
        ("projects", bool(row.projects) and not row.projects.isdecimal(),
         "not a number of projects",
         "Write a whole number."),
        ("scheme", bool(row.scheme) and not Scheme.objects.filter(code=row.scheme).exists(),
         "no scheme has this code", "Load the schemes first."),
    ]  # fmt: skip
    refuse_row(row, problems, report)


def _refuse_twice(frame: pd.DataFrame, report: Report) -> None:
    for row in frame.index[frame["key"].duplicated() | (frame["key"] == "")]:
        report.refuse(
            int(row), "key", frame.loc[row, "key"], "a key that stands twice or is missing",
            "Give every line a key of its own.",
        )  # fmt: skip


def _store_line(row: Any, source: Source, report: Report) -> int:
    line = put(
        FundingLine,
        {"source": source, "key": row.key[:80]},
        {
            "title": row.title[:300],
            "funder": organisation_called(row.funder),
            "year": int(row.year),
            "amount": _decimal(row.amount),
            "credit": row.credit or Credit.UNSTATED,
            "reach": row.reach or Reach.UNSTATED,
            "projects": int(row.projects) if row.projects else None,
            "phase": row.phase[:30],
            "scheme": Scheme.objects.filter(code=row.scheme).first() if row.scheme else None,
            "row": line_said(row, row.Index),
        },
        report,
    )
    shares = pieces(row.shares)
    kept = set()
    for place, code in enumerate(pieces(row.territory)):
        territory = territory_named(row.level, code, row.territory_name, source)
        share = float(str(_decimal(shares[place]))) if shares else None
        found = put(FundingPlace, {"line": line, "territory": territory}, {"share": share})
        kept.add(found.pk)
    withdraw(FundingPlace.objects.filter(line=line), kept)
    return line.pk


# -- projects ------------------------------------------------------------------------------


def _check_project(row: Any, report: Report) -> None:
    problems = [
        ("key", not row.key, "a project without a key", "Give each its own, twice if in two."),
        ("level", not is_level(row.level), "unknown level of territory", "Write commune, qpv…"),
        ("amount", bool(row.amount) and _decimal(row.amount) is None, "this is not an amount",
         "Write euros, or leave it blank."),
        ("year", bool(row.year) and not _is_year(row.year), "not a year", "Write four figures."),
    ]  # fmt: skip
    refuse_row(row, problems, report)


def _store_project(row: Any, source: Source, report: Report) -> int:
    project = put(
        Project,
        {"source": source, "key": row.key[:80]},
        {
            "name": row.name[:300],
            "kind": row.kind[:60],
            "state": row.state[:60],
            "year": int(row.year) if row.year else None,
            "source_line": line_said(row, row.Index),
        },
        report,
    )
    return project.pk


def _store_mention(row: Any, source: Source) -> None:
    funder = organisation_called(row.funder) if row.funder else None
    put(
        ProjectShare,
        {
            "project": Project.objects.get(source=source, key=row.key[:80]),
            "territory": territory_named(row.level, row.territory, row.territory_name, source),
            "funder": funder,
        },
        {
            "amount": _decimal(row.amount) if row.amount else None,
            "source_line": line_said(row, row.Index),
        },
    )


def _decimal(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace("\u202f", "").replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _is_year(text: str) -> bool:
    return text.isdecimal() and 1945 <= int(text) <= 2100
