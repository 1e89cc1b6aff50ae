"""Schemes and yearly follow-up sheets, from tables.

Schemes: code, name, theme; optional summary, public, age_from, age_to, zones (levels separated
by ;), address_role, services (organisations), target (its wording), line. Sheets, one row per
result: code, year, title; optional axis, theme, objective, organisation, scheme, action
(framework:key), updated, due_on, line, order, label, unit, previous, target, result,
result_label, numerator, denominator, formula, declared, declared_unit, declared_text, scope,
comparable (non across a change of method), method, analysis, alerts, adjustment, indicator.
"""

from __future__ import annotations

from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from importers.actors import organisations_in
from importers.options import LoadOptions
from importers.places_named import is_level, pieces, territory_named
from importers.report import Report
from importers.rows import Problem, line_said, put, refuse_row, withdraw
from importers.sheets import each, read_columns
from importers.sources import contract_of, source_of_file
from importers.targettext import promises
from importers.trees import nature_of
from importers.values import is_day
from observatory.figures.errors import BadSheet
from observatory.figures.sheets import check_line
from observatory.history import acting
from observatory.models import (
    FollowUpSheet,
    Indicator,
    Level,
    Node,
    Organisation,
    RateFormula,
    Run,
    Scheme,
    Scope,
    Service,
    SheetResult,
    SheetState,
    Source,
    Target,
    TargetForm,
    Territory,
)
from observatory.runs import Progress, silent

SCHEMES = ("code", "name", "theme")
SCHEMES_MORE = (
    "summary", "public", "age_from", "age_to", "zones", "address_role", "services", "target",
    "line",
)  # fmt: skip
SHEETS = ("code", "year", "title")
SHEETS_MORE = (
    "axis", "theme", "objective", "organisation", "scheme", "action", "updated", "due_on", "line",
    "order", "label", "unit", "previous", "target", "result", "result_label", "numerator",
    "denominator", "formula", "declared", "declared_unit", "declared_text", "scope", "comparable",
    "method", "analysis", "alerts", "adjustment", "indicator",
)  # fmt: skip
NUMBERS = ("previous", "target", "result", "numerator", "denominator", "declared")
ROLES = ("", "home", "establishment", "school", "event")
DEFAULT_CONTRACT = "CV-PARIS"


def load_schemes(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load schemes with what the State engages to; whole or not at all. Raises FileRefused."""
    file, report, frame = read_columns(path, "schemes", SCHEMES, SCHEMES_MORE)
    theirs = _schemes_of_others(frame, options.contract or DEFAULT_CONTRACT)
    for row in each(frame):
        _check_scheme(row, theirs, report)
    _refuse_twice(frame, ["code"], report)
    report.raise_if_refused()
    with acting(run=run, reason=f"load of {file.name}"):
        source = source_of_file(file, options)
        contract = _contract(options, source)
        kept = {_store_scheme(row, source, contract, report) for row in each(frame)}
        withdraw(Scheme.objects.filter(source=source), kept, report)
    report.facts |= {"source": source.code, "schemes": len(kept)}
    progress("schemes stored", len(kept), len(kept))
    return report


def load_sheets(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load follow-up sheets; a sheet somebody has worked on since keeps what was written.

    Raises
    ------
    FileRefused
        A formula, scope, scheme or action is unknown, a figure is none, a line stands twice.
    """
    file, report, frame = read_columns(path, "sheets", SHEETS, SHEETS_MORE)
    frame["order"] = frame["order"].where(frame["order"] != "", "1")
    for row in each(frame):
        _check_result(row, options.contract or DEFAULT_CONTRACT, report)
    _refuse_twice(frame, ["code", "order"], report)
    report.raise_if_refused()
    with acting(run=run, reason=f"load of {file.name}"):
        source = source_of_file(file, options)
        contract = _contract(options, source)
        sheets = {}
        for row in each(frame):
            if row.code not in sheets:
                sheets[row.code] = _store_sheet(row, source, contract, report)
        kept = {_store_result(row, sheets[row.code]) for row in each(frame)}
        withdraw(SheetResult.objects.filter(sheet__in=sheets.values()), kept)
        withdraw(
            FollowUpSheet.objects.filter(source=source), {s.pk for s in sheets.values()}, report
        )
    report.facts |= {"source": source.code, "sheets": len(sheets), "results": len(kept)}
    progress("sheets stored", len(sheets), len(sheets))
    return report


def _contract(options: LoadOptions, source: Source) -> Territory:
    code = options.contract or DEFAULT_CONTRACT
    name = "Contrat de ville de Paris" if code == DEFAULT_CONTRACT else code
    return territory_named(options.level or Level.CONTRACT, code, name, source)


def _refuse_twice(frame: pd.DataFrame, columns: list[str], report: Report) -> None:
    for row in frame.index[frame.duplicated(columns)]:
        told = " ".join(str(frame.loc[row, name]) for name in columns)
        report.refuse(int(row), columns[0], told, "the row stands twice", "Keep one.")


# -- schemes -------------------------------------------------------------------------------


def _schemes_of_others(frame: pd.DataFrame, contract: str) -> set[str]:
    """Return the codes that schemes of another contract bear."""
    rows = Scheme.objects.filter(code__in=frame["code"]).values_list("code", "source__code")
    held = {source: contract_of(source) or DEFAULT_CONTRACT for source in {s for _, s in rows}}
    return {code for code, source in rows if held[source] != contract}


def _check_scheme(row: Any, theirs: set[str], report: Report) -> None:
    ages = [row.age_from, row.age_to]
    problems = [
        ("code", not row.code, "a scheme without a code", "Give it a short one."),
        ("code", row.code in theirs, "the scheme of another contract has this code",
         "Give this one a code of its own."),
        ("age_from", any(age and not age.isdecimal() for age in ages), "this is not an age",
         "Write whole years, or leave it blank."),
        ("age_to", all(age.isdecimal() for age in ages) and int(ages[0]) > int(ages[1]),
         "the ages are the wrong way round", "Swap them."),
        ("zones", not all(map(is_level, pieces(row.zones))), "an unknown kind of zone",
         "Write levels of territory: qpv; qva; zsp."),
        ("address_role", row.address_role not in ROLES, "an unknown role of the address",
         f"Words: {', '.join(ROLES[1:])}."),
    ]  # fmt: skip
    refuse_row(row, problems, report)


def _store_scheme(row: Any, source: Source, contract: Territory, report: Report) -> int:
    scheme = put(
        Scheme,
        {"code": row.code},
        {
            "name": row.name[:200],
            "theme": row.theme[:80],
            "summary": row.summary[:400],
            "public": row.public[:300],
            "age_from": int(row.age_from) if row.age_from else None,
            "age_to": int(row.age_to) if row.age_to else None,
            "zones": pieces(row.zones),
            "address_role": row.address_role,
            "source": source,
            "source_line": line_said(row, row.Index),
        },
        report,
    )
    services = [_service(name) for name in pieces(row.services)]
    if {s.pk for s in services} != set(scheme.services.values_list("pk", flat=True)):
        scheme.services.set(services)
    if row.target:
        _store_engagement(row, scheme, source, contract)
    return scheme.pk


def _service(name: str) -> Service:
    organisation = organisations_in(name)[0]
    return put(Service, {"organisation": organisation, "name": organisation.name}, {})


def _store_engagement(row: Any, scheme: Scheme, source: Source, contract: Territory) -> None:
    indicator = put(
        Indicator,
        {"code": f"scheme-{scheme.code}"},
        {
            "label": f"{scheme.name} : engagement", "kind": "result", "theme": scheme.theme,
            "nature": "share" if "%" in row.target else nature_of(row.target),
            "unit": "%" if "%" in row.target else "", "source": source,
            "source_line": line_said(row, row.Index),
        },
    )  # fmt: skip
    kept = set()
    for part, promise in enumerate(promises(row.target), start=1):
        fields = promise.fields()
        if promise.form != TargetForm.UNSET:
            fields["horizon"] = promise.horizon or 2020
        known = {"indicator": indicator, "territory": contract, "version": 1, "part": part}
        told = {
            **fields, "stated": row.target, "source": source,
            "source_line": line_said(row, row.Index),
        }  # fmt: skip
        kept.add(put(Target, known, told).pk)
    withdraw(indicator.targets.filter(version=1), kept)


# -- sheets --------------------------------------------------------------------------------


def _check_result(row: Any, contract: str, report: Report) -> None:
    node = _node(row.action) if row.action else None
    indicator = Indicator.objects.filter(code=row.indicator).first() if row.indicator else None
    held = FollowUpSheet.objects.filter(code=row.code).values_list("territory__code", flat=True)
    problems: list[Problem] = [
        ("code", not row.code, "a sheet without a code", "Give it one of its own."),
        ("code", held.first() not in (None, contract),
         "the sheet of another contract has this code",
         "Give this one a code of its own, or say --contract."),
        ("year", not row.year.isdecimal(), "not a year", "Write four figures."),
        ("order", not row.order.isdecimal(), "not a number", "Number the results of a sheet."),
        ("formula", bool(row.formula) and row.formula not in RateFormula.values,
         "unknown formula", f"Formulas: {', '.join(RateFormula.values)}."),
        ("scope", bool(row.scope) and row.scope not in Scope.values, "unknown scope",
         f"Scopes: {', '.join(Scope.values)}."),
        ("scheme", bool(row.scheme) and not Scheme.objects.filter(code=row.scheme).exists(),
         "no scheme has this code", "Load the schemes first."),
        ("indicator", bool(row.indicator) and indicator is None,
         "no indicator has this code", "Load the dictionary or framework first."),
        ("action", bool(row.action) and node is None,
         "no loaded framework has this node", "Write framework:key."),
        ("action", node is not None and node.framework.territory.code != contract,
         "the action is of another contract", "Say whose sheets these are: --contract."),
        ("due_on", not is_day(row.due_on), "this is not a date", "Write 2016-05-23."),
    ]  # fmt: skip
    problems += [
        (name, not _is_number(getattr(row, name)), "this is not a number", "Leave it blank if none")
        for name in NUMBERS
    ]
    refuse_row(row, problems, report)
    if not any(wrong for _, wrong, _, _ in problems):
        _check_values(row, indicator, report)


def _check_values(row: Any, indicator: Indicator | None, report: Report) -> None:
    """Refuse what no one could write on the sheet's own page: a share over 100, half a count."""
    line = SheetResult(
        label=row.label or row.title, unit=row.unit, indicator=indicator,
        **{name: _number(getattr(row, name)) for name in NUMBERS},
    )  # fmt: skip
    try:
        check_line(line)
    except BadSheet as error:
        report.refuse(row.Index, "result", row.result, str(error).rstrip("."), error.advice)


def _store_sheet(row: Any, source: Source, contract: Territory, report: Report) -> FollowUpSheet:
    organisations = organisations_in(row.organisation) if row.organisation else []
    told: dict[str, Any] = {
        "territory": contract,
        "title": row.title[:300],
        "axis": row.axis[:120],
        "theme": row.theme[:120],
        "objective": row.objective[:400],
        "year": int(row.year),
        "organisation": _first(organisations),
        "written_actor": row.organisation[:200],
        "scheme": Scheme.objects.filter(code=row.scheme).first() if row.scheme else None,
        "node": _node(row.action) if row.action else None,
        "updated_label": row.updated[:60],
        "due_on": date.fromisoformat(row.due_on) if row.due_on else None,
        "source": source,
        "source_line": line_said(row, row.Index),
    }
    found = FollowUpSheet.objects.filter(code=row.code).first()
    # Once somebody has taken the sheet up, its words and state are theirs.
    if found is None or found.state == SheetState.EXPECTED or _is_ours(found, row):
        told |= {
            "method": row.method, "analysis": row.analysis, "alerts": row.alerts,
            "adjustment": row.adjustment,
            "state": SheetState.VALIDATED if _has_figures(row) else SheetState.SUBMITTED,
        }  # fmt: skip
    return put(FollowUpSheet, {"code": row.code}, told, report)


def _is_ours(found: FollowUpSheet, row: Any) -> bool:
    return found.validated_by_id is None and found.alerts == row.alerts


def _has_figures(row: Any) -> bool:
    return any(getattr(row, name) for name in NUMBERS)


def _first(organisations: list[Organisation]) -> Organisation | None:
    return organisations[0] if organisations else None


def _store_result(row: Any, sheet: FollowUpSheet) -> int:
    return put(
        SheetResult,
        {"sheet": sheet, "order": int(row.order)},
        {
            "label": (row.label or row.title)[:300],
            "unit": row.unit[:40],
            **{name: _number(getattr(row, name)) for name in NUMBERS},
            "result_label": row.result_label[:80],
            "formula": row.formula or RateFormula.NONE,
            "declared_unit": row.declared_unit,
            "declared_text": row.declared_text[:200],
            "scope": row.scope or Scope.UNSTATED,
            "comparable": row.comparable.lower() not in ("non", "no", "0"),
            "indicator": Indicator.objects.filter(code=row.indicator).first()
            if row.indicator
            else None,
            "source_line": line_said(row, row.Index),
        },
    ).pk


def _node(text: str) -> Node | None:
    framework, _, key = text.partition(":")
    rows = Node.objects.select_related("framework__territory")
    return rows.filter(framework__code=framework, key=key).first()


def _number(text: str) -> float | None:
    return float(text.replace(" ", "").replace(",", ".")) if text else None


def _is_number(text: str) -> bool:
    try:
        return "_" not in text and isfinite(_number(text) or 0)
    except ValueError:
        return False
