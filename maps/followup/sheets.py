"""Pages of follow-up sheets: who is late, one sheet, its form, its steps, its history.

The form works without a script; with one, each field is posted alone as it is left (static
``followup/sheet.js``), and can be taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_cookie

from maps.figures import Figure
from maps.followup.access import by_script, contract_called, sheet_called, telling_refusals
from maps.followup.rates import lines_of
from maps.followup.refusals import in_words
from maps.followup.words import FIELDS, STATES
from maps.panel import fictitious, signed_in
from observatory.figures import sheets as service
from observatory.figures.errors import BadSheet
from observatory.models import Change, FollowUpSheet, Right, SheetResult, SheetState, User
from observatory.permissions import may

NUMBERS = ("previous", "result", "numerator", "denominator", "declared")
SHORT = ("result_label", "declared_text")
MOST_CHANGES = 60
Step = Callable[[User | None, FollowUpSheet, str], FollowUpSheet]
STEPS: dict[str, Step] = {
    "remettre": lambda user, sheet, reason: service.submit(user, sheet),
    "valider": lambda user, sheet, reason: service.validate(user, sheet),
    "renvoyer": service.send_back,
}


@require_safe
@vary_on_cookie
def listed(request: HttpRequest, code: str) -> HttpResponse:
    """Show a contract's sheets of a year: how far each actor is, and what is late."""
    contract = contract_called(request.user, code)
    rows = service.readable_sheets(signed_in(request.user)).filter(territory=contract)
    years = list(rows.order_by("-year").values_list("year", flat=True).distinct())
    asked = request.GET.get("annee", "")
    latest = next(iter(years), timezone.localdate().year)
    year = int(asked) if asked.isdecimal() and int(asked) in years else latest
    own = rows.filter(year=year).select_related("organisation", "territory")
    day = timezone.localdate()
    told = [_told(sheet, day) for sheet in own.prefetch_related("results").order_by("code")]
    # Whoever shares the contract's material knows who is late; a draft is still its actor's.
    shares = may(request.user, Right.VIEW_SHARED, contract)
    counted = FollowUpSheet.objects.filter(territory=contract, year=year) if shares else own
    readable = {one["sheet"].pk for one in told}
    context = {
        "contract": contract,
        "years": years,
        "year": year,
        "sheets": told,
        "late": [
            {"sheet": one, "open": one.pk in readable}
            for one in service.overdue(contract.pk, day)
            if one.year == year and (shares or one.pk in readable)
        ],
        "actors": [_with_rate(one) for one in service.completeness_of(counted, day)],
        "mine": [t for t in told if _is_own(signed_in(request.user), t["sheet"])],
        "demonstration": fictitious(sheet["sheet"].source_id for sheet in told),
    }
    return render(request, "maps/followup/sheets.html", context)


def _with_rate(actor: dict[str, Any]) -> dict[str, Any]:
    """Return how far an actor is, with the share as people read it."""
    return {**actor, "rate": Figure(actor["share"], "%")}


def _is_own(person: User | None, sheet: FollowUpSheet) -> bool:
    """Tell whether it is for the person's own organisation to fill the sheet."""
    own = person is not None and sheet.organisation_id == person.organisation_id
    return own and sheet.state in service.OPEN and service.may_fill(person, sheet)


def _told(sheet: FollowUpSheet, day: date) -> dict[str, Any]:
    lines = list(sheet.results.all())
    return {
        "sheet": sheet,
        "state": STATES[SheetState(sheet.state)],
        "filled": sum(map(service.is_filled, lines)),
        "lines": len(lines),
        "late": service.is_late(sheet, day),
    }


@telling_refusals
@vary_on_cookie
def one(request: HttpRequest, code: str) -> HttpResponse:
    """Show one sheet; whoever may fill it gets its form, and posts it here, whole or in part."""
    sheet = sheet_called(request.user, code)
    person = signed_in(request.user)
    problem = ""
    if request.method == "POST":
        try:
            service.fill(person, sheet, _filled(request, sheet))
            if by_script(request):
                return JsonResponse({"told": ""})
            return redirect(f"{reverse('maps:sheet', args=[code])}?garde=1")
        except BadSheet as error:
            if by_script(request):
                raise
            problem = in_words(error)
    context = _context(request, sheet) | {"problem": problem, "kept": "garde" in request.GET}
    return render(request, "maps/followup/sheet.html", context, status=400 if problem else 200)


def _context(request: HttpRequest, sheet: FollowUpSheet) -> dict[str, Any]:
    person = signed_in(request.user)
    steers = service.may_steer(person, sheet)
    fills = service.may_fill(person, sheet)
    may_write = fills and sheet.state in service.OPEN
    lines = sorted(lines_of([sheet.pk]), key=lambda line: line.result.order)
    return {
        "sheet": sheet,
        "state": STATES[SheetState(sheet.state)],
        "late": service.is_late(sheet, timezone.localdate()),
        "lines": lines,
        "words": [(name, FIELDS[name], getattr(sheet, name)) for name in service.WORDS],
        "may_write": may_write,
        "may_validate": steers and sheet.state == SheetState.SUBMITTED,
        "may_send_back": steers and sheet.state in (SheetState.SUBMITTED, SheetState.VALIDATED),
        "history": history_of(sheet) if steers or fills else [],
        "knows_history": steers or fills,
        "source": sheet.source.citation() if sheet.source else None,
        "demonstration": fictitious([sheet.source_id] if sheet.source_id else []),
        "posted": request.POST if request.method == "POST" else None,
    }


def _filled(request: HttpRequest, sheet: FollowUpSheet) -> dict[str, Any]:
    """Read a posted form. Raises BadSheet for what is no number."""
    told: dict[str, Any] = {n: request.POST[n] for n in service.WORDS if n in request.POST}
    told["results"] = []
    for order in sheet.results.values_list("order", flat=True):
        line: dict[str, Any] = {"order": order}
        for name in (*NUMBERS, *SHORT):
            text = request.POST.get(f"{name}-{order}")
            if text is not None:
                line[name] = number(text) if name in NUMBERS else text
        if len(line) > 1:
            told["results"].append(line)
    return told


def number(text: str) -> float | None:
    """Read a number as people write it, « 1 234,5 »; nothing is None. Raises BadSheet."""
    bare = text.replace("\u202f", "").replace("\xa0", "").replace(" ", "").replace(",", ".")
    if not bare:
        return None
    try:
        return float(bare)
    except ValueError:
        raise BadSheet(
            _("« {text} » n’est pas un nombre."),
            "Give a number, or nothing at all.",
            text=text[:40],
        ) from None


@login_required
@require_POST
@telling_refusals
def step(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """Hand in, validate or send back."""
    sheet = sheet_called(request.user, code)
    STEPS[name](signed_in(request.user), sheet, request.POST.get("motif", ""))
    return redirect("maps:sheet", code)


# -- history -------------------------------------------------------------------------------


def history_of(sheet: FollowUpSheet) -> list[dict[str, Any]]:
    """Return the last changes of a sheet and of its lines: when, who, what, from what to what."""
    lines = {line.pk: line.label for line in sheet.results.all()}
    own = Change.objects.filter(table=FollowUpSheet._meta.db_table, row_id=sheet.pk)
    theirs = Change.objects.filter(table=SheetResult._meta.db_table, row_id__in=lines)
    rows = list((own | theirs).filter(action="update").order_by("-id")[:MOST_CHANGES])
    people = dict(
        User.objects.filter(pk__in={row.actor for row in rows}).values_list("pk", "username")
    )
    return [
        {
            "at": row.changed_at,
            "who": people.get(row.actor or 0, _("un chargement") if row.run_id else "—"),
            "line": lines[row.row_id] if row.table == SheetResult._meta.db_table else "",
            "reason": row.reason if not row.reason.startswith("sheet ") else "",
            "fields": fields,
        }
        for row in rows
        if (fields := _fields(row.before or {}, row.after or {}))
    ]


def _fields(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[Any, str, str]]:
    """Return each changed field with its words before and after."""
    return [
        (FIELDS[name], _said(name, before.get(name)), _said(name, after.get(name)))
        for name in FIELDS
        if before.get(name) != after.get(name) and name in after
    ]


def _said(name: str, value: Any) -> str:
    if value is None or value == "":
        return _("rien")
    if name == "state":
        return str(STATES[SheetState(value)])
    return str(value)[:160]
