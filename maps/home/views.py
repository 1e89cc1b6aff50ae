"""The home page, by role: each block is there for who has its right, with their own things only."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from maps.followup.access import reviews_of
from maps.home.own import depositing_of, filling_of
from maps.home.steering import MOST_LISTED, administered_by, steered_by
from maps.panel import Person, fictitious, signed_in
from observatory.figures.visible import visible_observations
from observatory.models import Level, Right, Territory, User
from observatory.models.perimeters import IN_FORCE
from observatory.permissions import may


@require_safe
@never_cache
@vary_on_cookie
def page(request: HttpRequest) -> HttpResponse:
    """Show what the site holds and, to who is signed in, what waits for them."""
    context = _in_short(request.user)
    user = signed_in(request.user)
    if user is not None:
        context |= _of(user)
    return render(request, "maps/home/page.html", context)


def _in_short(person: Person) -> dict[str, Any]:
    """Return what is loaded that the person may see, in three counts."""
    if not may(person, Right.VIEW_PUBLIC):
        return {}
    quarters = Territory.objects.filter(level=Level.QPV, perimeters__status__in=IN_FORCE)
    latest = quarters.aggregate(latest=Max("generation"))["latest"]
    seen = visible_observations(signed_in(person)).filter(territory__level=Level.QPV)
    return {
        "generation": latest,
        "quarters": quarters.filter(generation=latest).distinct().count(),
        "contracts": Territory.objects.filter(level=Level.CONTRACT).count(),
        "indicators": seen.values("indicator").distinct().count(),
        "year": seen.aggregate(last=Max("year"))["last"],
        "demonstration": fictitious(quarters.values_list("source_id", flat=True)),
    }


def _of(user: User) -> dict[str, Any]:
    today = timezone.localdate()
    filling, depositing = filling_of(user, today), depositing_of(user, today)
    steered, administered = steered_by(user, today), administered_by(user)
    reviews = list(reviews_of(user).defer("content")[:MOST_LISTED])
    return {
        "today": today,
        "filling": filling,
        "depositing": depositing,
        "steered": steered,
        "administered": administered,
        "reviews": reviews,
        "idle": not (filling or depositing or steered or administered or reviews),
    }
