"""Which contracts a person may follow, and how refusals are told on these pages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from maps.followup.refusals import in_words
from maps.panel import Person, signed_in
from observatory.figures.errors import BadSheet, NotYours, WrongStep
from observatory.figures.sheets import readable_sheets
from observatory.figures.visible import visible
from observatory.models import FollowUpSheet, Framework, Review, Right, Territory
from observatory.permissions import may, territories_where

View = Callable[..., HttpResponse]
REFUSALS = {NotYours: 403, WrongStep: 409, BadSheet: 400}


def frameworks_of(person: Person) -> Any:
    """Return the frameworks a person may see."""
    rows = visible(Framework.objects.all(), signed_in(person), territory="territory")
    return rows.select_related("territory", "source").order_by("title")


def reviews_of(person: Person) -> Any:
    """Return the frozen reviews of the contracts a person shares the material of."""
    where = territories_where(person, Right.VIEW_SHARED)
    rows = Review.objects.select_related("territory", "made_by").order_by("-year", "-made_at")
    return rows if where is None else rows.filter(territory__in=where)


def contracts_of(person: Person) -> list[Territory]:
    """Return the contracts of which a person may see a framework, a sheet or a review."""
    if not may(person, Right.VIEW_PUBLIC):
        return []
    held = {
        *frameworks_of(person).values_list("territory", flat=True),
        *readable_sheets(signed_in(person)).values_list("territory", flat=True),
        *reviews_of(person).values_list("territory", flat=True),
    }
    return list(Territory.objects.filter(pk__in=held).order_by("name"))


def contract_called(person: Person, code: str) -> Territory:
    """Return one of them. Raises Http404, the same for what is hidden and what is not."""
    for one in contracts_of(person):
        if one.code == code:
            return one
    raise Http404(_("Aucun contrat de ce code n’est ouvert à ce compte."))


def sheet_called(person: Person, code: str) -> FollowUpSheet:
    """Return a sheet the person may read. Raises Http404."""
    rows = readable_sheets(signed_in(person)).select_related(
        "territory", "organisation", "node__framework", "scheme", "source"
    )
    found = rows.filter(code=code).first() if may(person, Right.VIEW_PUBLIC) else None
    if found is None:
        raise Http404(_("Aucune fiche de ce code n’est ouverte à ce compte."))
    return found


def telling_refusals(view: View) -> View:
    """Keep the answer out of caches, and tell what the service refuses on a page of its own."""

    @never_cache
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except tuple(REFUSALS) as error:
            status, told = REFUSALS[type(error)], in_words(error)
            if by_script(request):
                return JsonResponse({"told": told}, status=status)
            context = {"told": told, "back": back_of(request)}
            return render(request, "maps/followup/refused.html", context, status=status)

    return guarded


def by_script(request: HttpRequest) -> bool:
    """Tell whether a script asks, which shows the answer itself."""
    return request.headers.get("Accept") == "application/json"


def back_of(request: HttpRequest) -> str:
    """Return the page a refused request came from: a step stands below it."""
    if request.resolver_match and request.resolver_match.url_name == "sheet":
        return request.path
    return request.path.rstrip("/").rpartition("/")[0] + "/"
