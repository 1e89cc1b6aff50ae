"""The page where a depositor places the rows that could not be placed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from importers.deposits import errors, review
from importers.deposits.api import review_table
from importers.deposits.outcomes import Fate
from maps.deposits.access import account, for_depositors, own
from maps.deposits.words import FATES, WHYS

PER_PAGE = 20


@require_safe
@for_depositors
def page(request: HttpRequest, number: int) -> HttpResponse:
    """Show rows left to review, with their candidates."""
    found = own(request, number)
    left = review.left(found)
    total = sum(left.values())
    last = max(1, -(-total // PER_PAGE))
    current = min(max(_page_in(request.GET), 1), last)
    rows = review.waiting(found, account(request).pk, PER_PAGE, (current - 1) * PER_PAGE)
    context = {
        "deposit": found,
        "rows": [_shown(row) for row in rows],
        "left": total,
        "page": current,
        "last": last,
        "places": {row.number: row.candidates for row in rows},
    }
    return render(request, "maps/deposits/review.html", context)


def _shown(row: review.Waiting) -> dict[str, Any]:
    return {
        "number": row.number,
        "text": row.text,
        "fate": FATES[Fate[row.fate.upper()]],
        "whys": [WHYS[why] for why in row.whys if why in WHYS],  # type: ignore[index]
        "candidates": row.candidates,
        "alike": row.alike,
    }


@require_POST
@for_depositors
def fix(request: HttpRequest, number: int, row: int) -> HttpResponse:
    """Place one row, or all rows written like it."""
    found, told = own(request, number), request.POST
    alike, actor = "alike" in told, account(request).pk
    chosen = told.get("candidate", "")
    if chosen.isdecimal() and len(chosen) < 4:
        review.choose(found, row, int(chosen), alike=alike, actor=actor)
    else:
        review.place(found, row, _point(told), alike=alike, actor=actor)
    back = reverse("maps:deposit-review", args=[number])
    return redirect(f"{back}?page={_page_in(told)}")


def _page_in(told: QueryDict) -> int:
    """Return the page that is asked for, the first one where that is no number."""
    asked = told.get("page", "1")
    return int(asked) if asked.isdecimal() and len(asked) < 7 else 1


def _point(told: Any) -> tuple[float, float]:
    try:
        return float(told["lon"]), float(told["lat"])
    except (KeyError, ValueError):
        raise errors.NotInReview("No place was chosen.", "Choose one.") from None


@require_safe
@for_depositors
def table(request: HttpRequest, number: int) -> HttpResponse:
    """Download the rows left to review, to correct and deposit again."""
    return review_table(own(request, number), account(request))
