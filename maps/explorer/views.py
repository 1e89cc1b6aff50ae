"""Views of the explorer: the page, the part of it that tells of an indicator, the embed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_cookie

from layers.access import visible_to
from layers.catalogue import entries
from maps.areas import generations
from maps.charts.bars import bars_of
from maps.charts.theme import CONTENT_TYPES
from maps.comparison.selection import wholes
from maps.downloads import file_answer
from maps.errors import BadChoice
from maps.explorer import qgis
from maps.explorer.address import may_look_up
from maps.explorer.drawing import as_json
from maps.explorer.screen import shown_by
from maps.explorer.sheet import draw_sheet
from maps.explorer.themes import THEMES
from maps.explorer.zoneviews import named_shape
from maps.messages import EXPLORER
from maps.offers import reading_of
from maps.pace import at_a_measured_pace

FORMS = CONTENT_TYPES | {"pdf": "application/pdf"}


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    context = {
        "messages_json": EXPLORER,
        "layers_json": entries(visible_to(request)),
        "generations_json": generations(),
        "themes_json": [theme.as_json() for theme in THEMES],
        "wholes_json": [[f"{one.level}:{one.code}", one.name] for one in wholes()],
        "may_look_up": may_look_up(request.user),
        "origin": request.build_absolute_uri("/").rstrip("/"),
        **more,
    }
    return render(request, "maps/explorer.html", context)


@require_safe
def explorer(request: HttpRequest) -> HttpResponse:
    """Show the map."""
    return _page(request)


@require_safe
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})
def embed(request: HttpRequest) -> HttpResponse:
    """Show the map alone, in a frame of any page: it only reads, and other pages refuse frames."""
    return _page(request, embedded=True, may_look_up=False)


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_cookie
@at_a_measured_pace
def picture(request: HttpRequest, form: str) -> HttpResponse:
    """Answer what is on the screen as a file; a drawn zone is in the body, never in the address."""
    try:
        shown = shown_by(request)
        if request.method == "POST":
            told = request.POST.get("territoire", ""), request.POST.get("zone", "")
            shown = replace(shown, zone=named_shape(request.user, *told))
        body = draw_sheet(shown, form)
    except BadChoice as error:
        raise Http404(str(error)) from None
    return file_answer(body, FORMS[form], f"carte.{form}")


@require_safe
@vary_on_cookie
def layers_for_qgis(request: HttpRequest) -> HttpResponse:
    """Answer the layers on the screen as a file that QGIS opens, tiles and style."""
    try:
        body = qgis.definition(request, shown_by(request, framed=False))
    except BadChoice as error:
        raise Http404(str(error)) from None
    return file_answer(body, qgis.CONTENT_TYPE, "carte.qlr")


@require_safe
@vary_on_cookie
def thematic(request: HttpRequest) -> HttpResponse:
    """Answer the part of the side panel that chooses an indicator, with what to draw of it."""
    context = reading_of(request.user, request.GET)
    drawn = context.get("drawn")
    if drawn is not None:
        drawing = as_json(drawn)
        place = drawing["years"].index(drawing["year"])
        context |= {"bars": bars_of(drawn), "drawing": drawing, "place_in_time": place}
    answer = render(request, "maps/explorer/thematic.html", context)
    answer["Cache-Control"] = "private, no-cache"
    return answer
