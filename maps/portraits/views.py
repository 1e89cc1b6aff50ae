"""Pages of the portraits: the list to choose from, the page, its map and charts, its PDF."""

from __future__ import annotations

from itertools import groupby

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from maps.areas import alphabetical
from maps.charts.locator import draw_locator
from maps.charts.theme import CONTENT_TYPES
from maps.charts.trend import draw_trend
from maps.downloads import file_answer
from maps.errors import UnknownTerritory
from maps.levels import level_name
from maps.pace import at_a_measured_pace
from maps.panel import fictitious
from maps.places import PORTRAYED, address_of, outline_of, territory_called
from maps.portraits.gridsums import grid
from maps.portraits.keyfigures import Comparisons
from maps.portraits.portrait import portrait_of
from maps.portraits.printing import pdf_of
from observatory.models import Right, Territory
from observatory.models.perimeters import IN_FORCE
from observatory.permissions import may


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the territories that have a portrait, narrowed by level and by words."""
    held = Territory.objects.filter(level__in=PORTRAYED, perimeters__status__in=IN_FORCE)
    levels = [one for one in PORTRAYED if held.filter(level=one).exists()]
    asked = request.GET.get("niveau", "")
    level = asked if asked in levels else next(iter(levels), "")
    words = request.GET.get("texte", "").strip()
    found: list[Territory] = []
    if level and may(request.user, Right.VIEW_PUBLIC):
        found = list(held.filter(level=level).exclude(code="").distinct())
    if words:
        found = [one for one in found if alphabetical(words) in alphabetical(str(one))]
    found.sort(key=lambda one: (-(one.generation or 0), alphabetical(one.name), one.code))
    context = {
        "levels": [(str(one), level_name(one)) for one in levels],
        "level": level,
        "words": words,
        "total": len(found),
        "demonstration": fictitious(one.source_id for one in found),
        "groups": [
            (generation, [(one, address_of(one)) for one in kin])
            for generation, kin in groupby(found[:MOST_LISTED], lambda one: one.generation)
        ],
    }
    return render(request, "maps/portraits/index.html", context)


MOST_LISTED = 400


def _territory(request: HttpRequest, level: str, code: str) -> Territory:
    try:
        return territory_called(request.user, level, code)
    except UnknownTerritory as error:
        raise Http404(str(error)) from None


@require_safe
@vary_on_cookie
def page(request: HttpRequest, level: str, code: str) -> HttpResponse:
    """Show a portrait."""
    portrait = portrait_of(request.user, _territory(request, level, code))
    return render(request, "maps/portraits/page.html", {"portrait": portrait})


@require_safe
@vary_on_cookie
@at_a_measured_pace
def printed(request: HttpRequest, level: str, code: str) -> HttpResponse:
    """Answer the portrait as a PDF of two pages."""
    territory = _territory(request, level, code)
    shared = Comparisons(request.user)
    body = pdf_of(portrait_of(request.user, territory, shared), shared.dataset)
    name = f"portrait-{territory.level}-{territory.code}-{get_language()}.pdf"
    return file_answer(body, "application/pdf", name)


@require_safe
@vary_on_cookie
def picture(request: HttpRequest, level: str, code: str, form: str) -> HttpResponse:
    """Answer the map of a portrait as SVG or PNG."""
    territory = _territory(request, level, code)
    outline = outline_of(territory)
    if outline is None:
        raise Http404(_("Ce territoire n’a pas de contour."))
    body = draw_locator(territory, outline, grid(), form)
    return file_answer(
        body, CONTENT_TYPES[form], f"carte-{territory.code}.{form}", inline=form == "svg"
    )


@require_safe
@vary_on_cookie
def chart(request: HttpRequest, level: str, code: str, indicator: str, form: str) -> HttpResponse:
    """Answer the chart of one indicator of a portrait as SVG or PNG."""
    portrait = portrait_of(request.user, _territory(request, level, code))
    series = next((one for one in portrait.series if one.indicator.code == indicator), None)
    if series is None:
        raise Http404(_("Cet indicateur n’a pas de courbe ici."))
    name = f"{indicator}-{portrait.territory.code}.{form}"
    return file_answer(draw_trend(series, form), CONTENT_TYPES[form], name, inline=form == "svg")
