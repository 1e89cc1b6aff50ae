"""Steering bodies with their calendar and decisions, diagnostics and impact studies, from tables.

Instances, one row per meeting or one for a body without any: contract, name; optional level
(contract), kind, meetings_a_year, day, held (oui), note, line. Decisions: contract, instance,
day, subject; optional level, text. Studies: kind (diagnostic, impact, evaluation, portrait),
title; optional theme, dated_on, year, state, level (qpv), territories (codes separated by ;),
url, line.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from importers.options import LoadOptions
from importers.places_named import is_level, pieces, territory_named
from importers.report import Report
from importers.rows import Problem, line_said, put, refuse_row, withdraw
from importers.sheets import each, read_columns
from importers.sources import source_of_file
from importers.values import is_day
from observatory.history import acting
from observatory.models import (
    Decision,
    Instance,
    Level,
    Meeting,
    Run,
    Source,
    Study,
    StudyKind,
    Territory,
)
from observatory.runs import Progress, silent

INSTANCES = ("contract", "name")
INSTANCES_MORE = ("level", "kind", "meetings_a_year", "day", "held", "note", "line")
DECISIONS = ("contract", "instance", "day", "subject")
DECISIONS_MORE = ("level", "text")
STUDIES = ("kind", "title")
STUDIES_MORE = ("theme", "dated_on", "year", "state", "level", "territories", "url", "line")
YES = ("oui", "yes", "1", "true")


def load_instances(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load steering bodies and their meetings. Raises FileRefused."""
    file, report, frame = read_columns(path, "instances", INSTANCES, INSTANCES_MORE)
    for row in each(frame):
        refuse_row(row, [
            *_place(row),
            ("name", not row.name, "a body without a name", "Name it."),
            ("day", not is_day(row.day), "this is not a date", "Write 2019-06-12."),
            ("meetings_a_year", not _is_number(row.meetings_a_year), "this is not a number",
             "Write how often it should meet in a year."),
        ], report)  # fmt: skip
    report.raise_if_refused()
    with acting(run=run, reason=f"load of {file.name}"):
        source = source_of_file(file, options)
        kept, meetings = set(), set()
        for row in each(frame):
            instance = _store_instance(row, source, report)
            kept.add(instance.pk)
            if row.day:
                known = {"instance": instance, "day": date.fromisoformat(row.day)}
                told = {"held": row.held.lower() in YES, "note": row.note[:300]}
                meetings.add(put(Meeting, known, told).pk)
        withdraw(Meeting.objects.filter(instance__in=kept), meetings)
        withdraw(Instance.objects.filter(source=source, decisions=None), kept, report)
    report.facts |= {"source": source.code, "instances": len(kept), "meetings": len(meetings)}
    progress("instances stored", len(kept), len(kept))
    return report


def load_decisions(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load decisions; none is ever withdrawn: what was decided stays. Raises FileRefused."""
    file, report, frame = read_columns(path, "decisions", DECISIONS, DECISIONS_MORE)
    for row in each(frame):
        refuse_row(row, [
            *_place(row),
            ("day", not row.day or not is_day(row.day), "this is not a date",
             "Write 2019-06-12."),
            ("subject", not row.subject, "a decision without a subject", "Say what of."),
            ("instance", _instance(row) is None, "no steering body has this name",
             "Load the instances first."),
        ], report)  # fmt: skip
    report.raise_if_refused()
    with acting(run=run, reason=f"load of {file.name}"):
        for row in each(frame):
            known = {"instance": _instance(row), "day": date.fromisoformat(row.day),
                     "subject": row.subject[:200]}  # fmt: skip
            put(Decision, known, {"text": row.text}, report)
    progress("decisions stored", report.kept, report.kept)
    return report


def load_studies(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load diagnostics and studies with the quarters they speak of. Raises FileRefused."""
    file, report, frame = read_columns(path, "studies", STUDIES, STUDIES_MORE)
    for row in each(frame):
        _check_study(row, report)
    report.raise_if_refused()
    with acting(run=run, reason=f"load of {file.name}"):
        source = source_of_file(file, options)
        kept = {_store_study(row, source, report) for row in each(frame)}
        withdraw(Study.objects.filter(source=source), kept, report)
    report.facts |= {"source": source.code, "studies": len(kept)}
    progress("studies stored", len(kept), len(kept))
    return report


def _place(row: Any) -> list[Problem]:
    return [
        ("contract", not row.contract, "a body of no contract", "Give the contract's code."),
        ("level", bool(row.level) and not is_level(row.level), "unknown level of territory",
         "Write contract or ept."),
    ]  # fmt: skip


def _store_instance(row: Any, source: Source, report: Report) -> Instance:
    territory = territory_named(row.level or Level.CONTRACT, row.contract, row.contract, source)
    often = row.meetings_a_year.replace(",", ".")
    return put(
        Instance,
        {"territory": territory, "name": row.name[:200]},
        {
            "kind": row.kind[:60],
            "meetings_a_year": float(often) if often else None,
            "source": source,
            "source_line": line_said(row),
        },
        report,
    )


def _instance(row: Any) -> Instance | None:
    level = row.level or Level.CONTRACT
    return Instance.objects.filter(
        territory__code=row.contract, territory__level=level, name=row.instance
    ).first()


def _check_study(row: Any, report: Report) -> None:
    level = row.level or Level.QPV
    codes = pieces(row.territories)
    known = set(
        Territory.objects.filter(level=level, code__in=codes).values_list("code", flat=True)
    )
    refuse_row(row, [
        ("kind", row.kind not in StudyKind.values, "unknown kind of study",
         f"Kinds: {', '.join(StudyKind.values)}."),
        ("title", not row.title, "a study without a title", "Give its title."),
        ("dated_on", not is_day(row.dated_on), "this is not a date", "Write 2019-06-12."),
        ("year", bool(row.year) and not row.year.isdecimal(), "not a year", "Write four figures."),
        ("territories", not set(codes) <= known, "a territory that is not loaded",
         "Load its outline first."),
    ], report)  # fmt: skip


def _store_study(row: Any, source: Source, report: Report) -> int:
    study = put(
        Study,
        {"source": source, "kind": row.kind, "title": row.title[:300]},
        {
            "theme": row.theme[:80],
            "dated_on": date.fromisoformat(row.dated_on) if row.dated_on else None,
            "year": int(row.year) if row.year else None,
            "state": row.state[:40],
            "url": row.url[:200],
            "source_line": line_said(row),
        },
        report,
    )
    level = row.level or Level.QPV
    places = Territory.objects.filter(level=level, code__in=pieces(row.territories))
    if set(places.values_list("pk", flat=True)) != set(
        study.territories.values_list("pk", flat=True)
    ):
        study.territories.set(places)
    return study.pk


def _is_number(text: str) -> bool:
    try:
        return not text or float(text.replace(",", ".")) >= 0
    except ValueError:
        return False
