"""Pages of the annual review of a contract: as it stands today, and as it was frozen."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_cookie

from maps.figures import Figure
from maps.followup.access import contract_called, reviews_of, telling_refusals
from maps.followup.words import FORMULAS, PROGRESS, STATES, reason
from maps.panel import signed_in
from observatory.figures.rates import POINTS
from observatory.figures.reviews import compile_year, freeze_as, is_intact
from observatory.figures.targets import Progress
from observatory.figures.visible import Reader
from observatory.models import Indicator, RateFormula, Right, Source
from observatory.permissions import may

FIRST_YEAR = 1990


@require_safe
@vary_on_cookie
def live(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Show a year of a contract as a person may see it today."""
    contract = contract_called(request.user, code)
    if not FIRST_YEAR <= year <= timezone.localdate().year:
        raise Http404(_("Il n’y a pas de bilan de cette année."))
    content = compile_year(contract, year, Reader(signed_in(request.user)))
    context = _context(content) | {
        "contract": contract,
        "frozen": None,
        "earlier": reviews_of(request.user).filter(territory=contract, year=year),
        "may_freeze": request.user.is_authenticated and may(request.user, Right.VALIDATE, contract),
    }
    return render(request, "maps/followup/review.html", context)


@require_safe
@vary_on_cookie
def frozen(request: HttpRequest, number: int) -> HttpResponse:
    """Show a review as it was frozen, with its day and its checksum."""
    found = reviews_of(request.user).filter(pk=number).first()
    if found is None:
        raise Http404(_("Aucun bilan figé de ce numéro n’est ouvert à ce compte."))
    context = _context(found.content) | {
        "contract": found.territory,
        "frozen": found,
        "intact": is_intact(found),
    }
    return render(request, "maps/followup/review.html", context)


@login_required
@require_POST
@telling_refusals
def freeze(request: HttpRequest, code: str, year: int) -> HttpResponse:
    """Freeze a year; only the steering side may."""
    contract = contract_called(request.user, code)
    made = freeze_as(signed_in(request.user), contract, year)
    return redirect("maps:review-frozen", made.pk)


# -- what the page says of a content -------------------------------------------------------


def _context(content: dict[str, Any]) -> dict[str, Any]:
    """Turn a compiled or frozen content into what the page shows."""
    codes = {one["indicator"] for one in content["engagements"]}
    codes |= set(content["missing"]["without_figure"])
    codes |= {one["indicator"] for one in content["missing"]["to_define"]}
    labels = dict(Indicator.objects.filter(code__in=codes).values_list("code", "label"))
    sources = [one["code"] for one in content["sources"]]
    engagements = [_engagement(one) for one in content["engagements"]]
    return {
        "content": content,
        "year": content["year"],
        "counts": [
            (str(key), word, content["progress"][key])
            for key, word in PROGRESS.items()
            if content["progress"].get(key)
        ],
        "engagements": engagements,
        "states": [
            (word, content["sheets"]["states"][state])
            for state, word in STATES.items()
            if content["sheets"]["states"].get(state)
        ],
        "rates": [_rate(one) for one in content["rates"]],
        "without_figure": sorted(labels.get(c, c) for c in content["missing"]["without_figure"]),
        "to_define": [
            {**one, "label": labels.get(one["indicator"], one["indicator"])}
            for one in content["missing"]["to_define"]
        ],
        "moves": [
            (labels.get(one["indicator"], one["indicator"]),
             PROGRESS[Progress(one["from"])], PROGRESS[Progress(one["to"])])
            for one in content["changes"]["progress"]
        ],
        "adjusted": [
            {**one, "label": labels.get(one["indicator"], one["indicator"]),
             "day": date.fromisoformat(one["decided_on"]) if one["decided_on"] else None}
            for one in content["changes"]["targets_adjusted"]
        ],
        "demonstration": Source.objects.filter(code__in=sources, is_demonstration=True).exists(),
    }  # fmt: skip


def _engagement(one: dict[str, Any]) -> dict[str, Any]:
    return {
        **one,
        "word": PROGRESS[Progress(one["progress"])],
        "figure": _figure(one["value"], one.get("unit", "")),
        "why": reason(one["reason"]) if one["reason"] else "",
    }


def _rate(one: dict[str, Any]) -> dict[str, Any]:
    unit = _("pts") if one.get("rate_unit") == POINTS else "%"
    hidden = "withheld" if one["withheld"] else ""
    formula = RateFormula(one["formula"])
    return {
        **one,
        "result_figure": _figure(one["result"], one["unit"], hidden),
        "target_figure": _figure(one["target"], one["unit"]),
        "declared_figure": _figure(one["declared"], unit),
        "computed_figure": _figure(one["computed"], unit),
        "formula_word": FORMULAS[formula],
    }


def _figure(value: float | None, unit: str, standing: str = "") -> Figure:
    decimals = 0 if value is None or float(value).is_integer() else 1
    return Figure(value, unit, decimals, standing)
