"""Pages of the saved maps: their list, and one of them opened for a territory."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from maps.charts.savedmap import draw_saved
from maps.charts.theme import CONTENT_TYPES
from maps.comparison.selection import key_of, wholes
from maps.downloads import file_answer
from maps.levels import level_name
from maps.pace import at_a_measured_pace
from maps.panel import fictitious
from maps.savedmaps.declared import MapTemplate, map_templates
from maps.savedmaps.filled import FilledMap, fill, openings, shown_rows
from observatory.models import Right, Territory
from observatory.permissions import may
from observatory.spreadsheets import csv_text

KINDS = CONTENT_TYPES | {"pdf": "application/pdf"}


@require_safe
@vary_on_cookie
def index(request: HttpRequest) -> HttpResponse:
    """List the saved maps, what each needs, and for how many territories it can be opened."""
    open_to = may(request.user, Right.VIEW_PUBLIC)
    told = [
        {
            "template": one,
            "levels": [level_name(level) for level in one.opened_for],
            "openings": len(openings(one)) if open_to else 0,
            "needs": [_need(layer) for layer in one.layers if layer.needed],
        }
        for one in map_templates().values()
    ]
    return render(request, "maps/savedmaps/index.html", {"maps": told})


def _need(layer: Any) -> str:
    return level_name(layer.level) if not layer.cells else _("carreaux de 200 m")


@require_safe
@vary_on_cookie
def page(request: HttpRequest, key: str) -> HttpResponse:
    """Show a saved map for the territory of the address, or the one with most quarters."""
    template = _template(key)
    known = openings(template) if may(request.user, Right.VIEW_PUBLIC) else []
    context: dict[str, Any] = {"template": template, "openings": known}
    if known:
        whole = _whole(template, known, request.GET.get("dans", ""))
        filled = fill(request.user, template, whole)
        context |= {
            "whole": whole,
            "filled": filled,
            "layers": shown_rows(filled),
            "demonstration": fictitious(
                [whole.source_id, *(pk for one in filled.layers for pk in one.sources)]
            ),
        }
    return render(request, "maps/savedmaps/page.html", context)


@require_safe
@vary_on_cookie
@at_a_measured_pace
def picture(request: HttpRequest, key: str, form: str) -> HttpResponse:
    """Answer a saved map as SVG, PNG or PDF, or what is on it as CSV."""
    template = _template(key)
    known = openings(template) if may(request.user, Right.VIEW_PUBLIC) else []
    filled = fill(request.user, template, _whole(template, known, request.GET.get("dans", "")))
    if not filled.is_drawn:
        raise Http404(_("Il manque des données pour dessiner cette carte."))
    name = f"{key}-{filled.place.code}.{form}"
    if form == "csv":
        return file_answer(_csv(filled).encode(), "text/csv; charset=utf-8", name)
    body = draw_saved(filled, form, timezone.localdate())
    return file_answer(body, KINDS[form], name, inline=form == "svg")


def _template(key: str) -> MapTemplate:
    found = map_templates().get(key)
    if found is None:
        raise Http404(_("Aucun modèle de carte n’a cette adresse."))
    return found


def _whole(template: MapTemplate, known: list[Territory], asked: str) -> Territory:
    """Return the territory asked for as ``level:code``, the usual one without. Raises Http404."""
    by_key = {key_of(one): one for one in known}
    found = by_key.get(asked) if asked else _usual(template, known)
    if found is None:
        raise Http404(_("Cette carte ne s’ouvre pas pour ce territoire."))
    return found


def _usual(template: MapTemplate, known: list[Territory]) -> Territory | None:
    """Return the territory with most quarters of the first level that has some, else the first."""
    held = [one for one in wholes() if one in known]
    order = template.opened_for
    return min(held, key=lambda one: order.index(one.level), default=next(iter(known), None))


def _csv(filled: FilledMap) -> str:
    lines = []
    for layer, rows in shown_rows(filled):
        for name, code, figure in rows:
            value = "" if figure is None or figure.value is None else figure.value
            standing = "" if figure is None else figure.standing or "not_available"
            lines.append((layer.label, code, name, value, standing))
    return csv_text(("layer", "code", "name", "value", "standing"), lines)
