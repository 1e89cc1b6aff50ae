"""A year of a contract, compiled and frozen: what it said that day can always be read again.

The same database gives the same content, and the same content the same checksum: nothing in it
depends on the hour or the machine.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import date
from typing import Any

from django.db.models import QuerySet

from observatory.errors import ObservatoryError
from observatory.figures import sheets as service
from observatory.figures.errors import NotYours
from observatory.figures.rates import rate_of, unit_of
from observatory.figures.targets import Progress, stands
from observatory.figures.visible import Reader, gated_results, visible
from observatory.models import (
    Change,
    FollowUpSheet,
    Framework,
    Indicator,
    IndicatorState,
    Review,
    Right,
    Run,
    SheetResult,
    Source,
    Target,
    Territory,
    User,
)
from observatory.permissions import may
from observatory.plain import plain
from observatory.runs import recorded


class UnknownContract(ObservatoryError):
    """No contract has the code that was asked for, or it has nothing to review."""


def contract_called(code: str) -> Territory:
    """Return a contract that has a framework or sheets. Raises UnknownContract."""
    rows = Territory.objects.filter(code=code)
    for one in rows:
        if one.frameworks.exists() or one.sheets.exists():
            return one
    known = Territory.objects.filter(sheets__isnull=False) | Territory.objects.filter(
        frameworks__isnull=False
    )
    codes = ", ".join(sorted(set(known.values_list("code", flat=True)))) or "none"
    raise UnknownContract(f"No contract {code!r} has a framework or sheets.", f"Known: {codes}.")


ALL = Reader(everything=True)


def compile_year(contract: Territory, year: int, reader: Reader = ALL) -> dict[str, Any]:
    """Return a contract's year: engagements, rates, alerts, missing, changes, sources.

    A ``reader`` gets what that person may see; what is frozen holds everything, small counts
    withheld.
    """
    engagements = _engagements(contract, year, reader)
    sheets = service.sheets_for(reader).filter(territory=contract, year=year)
    rates = _rates(sheets)
    before = Review.objects.filter(territory=contract, year__lt=year).order_by("year", "made_at")
    last = before.last() if reader.everything else None
    content = {
        "contract": {"code": contract.code, "name": contract.name},
        "year": year,
        "engagements": engagements,
        "progress": dict(sorted(Counter(e["progress"] for e in engagements).items())),
        "sheets": _sheets(sheets, year),
        "rates": rates,
        "disagreements": [r for r in rates if r["agrees"] is False],
        "alerts": _alerts(sheets),
        "missing": _missing(contract, sheets, engagements),
        "changes": _changes(contract, sheets, year, engagements, last),
        "sources": _sources(contract, sheets, reader),
    }
    return plain(content)


def freeze(contract: Territory, year: int, user: User | None = None) -> Review:
    """Compile a year and keep it for ever with its checksum and the day it was made."""
    parameters = {"contract": contract.code, "year": year}
    with recorded("review", parameters=parameters) as recorder:
        content = compile_year(contract, year)
        review = Review.objects.create(
            territory=contract, year=year, content=content, checksum=checksum(content),
            made_by=user, run=Run.objects.get(pk=recorder.run.pk),
        )  # fmt: skip
        recorder.run.counts = {"engagements": len(content["engagements"])}
        recorder.run.report = {"review": review.pk, "checksum": review.checksum}
    return review


def freeze_as(user: User | None, contract: Territory, year: int) -> Review:
    """Freeze a year in somebody's name. Raises NotYours: the steering side does it."""
    if not may(user, Right.VALIDATE, contract):
        raise NotYours("Only the steering side of the contract freezes a year.", "Ask its lead.")
    return freeze(contract, year, user)


def checksum(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a review's content, whatever the order of its keys."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def is_intact(review: Review) -> bool:
    """Tell whether a stored review is what was frozen."""
    return checksum(review.content) == review.checksum


# -- parts ---------------------------------------------------------------------------------


def _frameworks(contract: Territory, reader: Reader) -> QuerySet[Framework]:
    rows = Framework.objects.filter(territory=contract)
    if not reader.everything:
        rows = visible(rows, reader.person, territory="territory")
    return rows.order_by("code")


def _engagements(contract: Territory, year: int, reader: Reader) -> list[dict[str, Any]]:
    """List every target in force with where it stood that year."""
    return [
        {
            "framework": framework.code,
            "indicator": target.indicator.code,
            "label": target.indicator.label,
            "unit": target.indicator.unit,
            "target": target.stated,
            "version": target.version,
            "part": target.part,
            "horizon": target.horizon,
            "source_line": target.source_line,
            **stand.as_dict(),
        }
        for framework in _frameworks(contract, reader)
        for target, stand in stands(framework, year, reader)
    ]


def _sheets(sheets: QuerySet[FollowUpSheet], year: int) -> dict[str, Any]:
    states = Counter(sheets.values_list("state", flat=True))
    # As of the last day of the year after: a year's sheets are due in the next one.
    actors = service.completeness_of(sheets, date(year + 1, 12, 31))
    return {"count": sheets.count(), "states": dict(sorted(states.items())), "actors": actors}


def _rates(sheets: QuerySet[FollowUpSheet]) -> list[dict[str, Any]]:
    rows = gated_results(SheetResult.objects.filter(sheet__in=sheets)).select_related(
        "sheet__organisation", "sheet__source", "indicator"
    )
    found = []
    for result in rows.order_by("sheet__code", "order"):
        hidden = result.withheld
        told = {} if hidden else rate_of(result).as_dict()
        told["rate_unit"] = told.pop("unit", unit_of(result.formula))
        found.append(
            {
                "sheet": result.sheet.code,
                "title": result.sheet.title,
                "actor": result.sheet.organisation.name if result.sheet.organisation else "",
                "label": result.label,
                "unit": result.unit,
                "scope": result.scope,
                "previous": result.shown_previous,
                "target": result.target,
                "result": result.shown_result,
                "withheld": hidden,
                "comparable": result.comparable,
                "declared_text": result.declared_text,
                "declared": None, "computed": None, "difference": None, "agrees": None,
                "formula": result.formula,
                **told,
            }
        )  # fmt: skip
    return found


def _alerts(sheets: QuerySet[FollowUpSheet]) -> list[dict[str, str]]:
    return [
        {"sheet": s.code, "title": s.title, "alerts": s.alerts, "adjustment": s.adjustment}
        for s in sheets.exclude(alerts="").order_by("code")
    ]


def _missing(
    contract: Territory, sheets: QuerySet[FollowUpSheet], engagements: list[dict[str, Any]]
) -> dict[str, Any]:
    """List what nobody can tell: no figure, a sheet not handed in, an indicator not defined."""
    late = sheets.filter(state__in=service.OPEN)
    frameworks = {engagement["framework"] for engagement in engagements}
    undefined = Indicator.objects.filter(
        rows__node__framework__territory=contract, rows__node__framework__code__in=frameworks,
        state=IndicatorState.TO_DEFINE,
    ).distinct()  # fmt: skip
    silent = SheetResult.objects.filter(sheet__in=sheets, result__isnull=True)
    no_data = [e["indicator"] for e in engagements if e["progress"] == str(Progress.NO_DATA)]
    return {
        "without_figure": no_data,
        "sheets_not_handed_in": sorted(late.values_list("code", flat=True)),
        "results_without_value": [
            {"sheet": r.sheet.code, "label": r.label}
            for r in silent.select_related("sheet").order_by("sheet__code", "order")
        ],
        "to_define": [
            {"indicator": i.code, "due": i.due_label, "due_on": i.due_on}
            for i in undefined.order_by("code")
        ],
    }


def _changes(
    contract: Territory, sheets: QuerySet[FollowUpSheet], year: int,
    engagements: list[dict[str, Any]], last: Review | None,
) -> dict[str, Any]:  # fmt: skip
    """Say what differs from the last frozen year, and which targets were adjusted."""
    codes = {engagement["indicator"] for engagement in engagements}
    adjusted = Target.objects.filter(territory=contract, version__gt=1, indicator__code__in=codes)
    told: dict[str, Any] = {
        "targets_adjusted": [
            {"indicator": t.indicator.code, "version": t.version, "stated": t.stated,
             "reason": t.reason, "decided_on": t.decided_on}
            for t in adjusted.filter(decided_on__year=year).select_related("indicator")
            .order_by("indicator__code", "version", "part")
        ],
        "edits": _edits(sheets),
        "since": None,
        "progress": [],
    }  # fmt: skip
    if last is None:
        return told
    told["since"] = {"year": last.year, "checksum": last.checksum}
    before = {(e["indicator"], e["part"]): e["progress"] for e in last.content["engagements"]}
    for engagement in engagements:
        key = (engagement["indicator"], engagement["part"])
        if key in before and before[key] != engagement["progress"]:
            told["progress"].append(
                {"indicator": key[0], "from": before[key], "to": engagement["progress"]}
            )
    return told


def _edits(sheets: QuerySet[FollowUpSheet]) -> dict[str, int]:
    """Count the noted changes of this year's sheets, by what was done."""
    changes = Change.objects.filter(
        table=FollowUpSheet._meta.db_table, row_id__in=sheets.values("pk"), action="update"
    )
    return {"sheets": changes.values("row_id").distinct().count(), "changes": changes.count()}


def _sources(
    contract: Territory, sheets: QuerySet[FollowUpSheet], reader: Reader
) -> list[dict[str, str]]:
    frameworks = Source.objects.filter(frameworks__in=_frameworks(contract, reader))
    both = {s.code: s for s in (*frameworks, *Source.objects.filter(followupsheet__in=sheets))}
    return [{"code": code, **both[code].citation()} for code in sorted(both)]
