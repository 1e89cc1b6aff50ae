"""The map of one indicator: territories, year, classes and breaks as the reader chooses them.

The whole choice is in the address; the picture, the legend, the histogram and the file are made
from the same classes, so that they always agree.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from maps.asked import Choice
from maps.charts.spread import draw_histogram
from maps.charts.theme import CONTENT_TYPES
from maps.downloads import file_answer
from maps.errors import BadChoice
from maps.offers import reading_of
from maps.pace import at_a_measured_pace
from maps.panel import Person
from maps.statics import draw_thematic
from maps.thematicmap import thematic_map

PDF = {"pdf": "application/pdf"}


@require_safe
@vary_on_cookie
def page(request: HttpRequest) -> HttpResponse:
    """Show the map with its legend, its histogram and its table."""
    return render(request, "maps/thematic.html", reading_of(request.user, request.GET))


@require_safe
@vary_on_cookie
@at_a_measured_pace
def picture(request: HttpRequest, name: str, form: str) -> HttpResponse:
    """Answer the map, or its histogram, exactly as the page shows it."""
    try:
        choice = Choice.of(request.GET)
        body = _drawn(request.user, choice, name, form)
    except BadChoice as error:
        raise Http404(str(error)) from None
    kind = (CONTENT_TYPES | PDF)[form]
    return file_answer(body, kind, f"{name}-{choice.indicator}.{form}", inline=form == "svg")


def _drawn(person: Person, choice: Choice, name: str, form: str) -> bytes:
    drawn = thematic_map(person, choice)
    if name == "carte":
        return draw_thematic(drawn, "", form).body
    if drawn.classes is None:
        raise BadChoice(_("Ce graphique n’a rien à montrer."))
    return draw_histogram(drawn, form)
