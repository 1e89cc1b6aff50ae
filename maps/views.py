"""The named areas of the layers, as a page and as data."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_safe
from django.views.decorators.vary import vary_on_cookie

from layers.access import visible_to
from layers.parameters import read_all
from layers.problems import answering_problems
from layers.registry import Layer
from layers.summary import summary_of
from layers.version import version_of
from maps.areas import Area, alphabetical, areas_of, generations, is_listed
from maps.errors import UnknownTerritory
from maps.places import address_of, ever_within
from observatory.models import Perimeter


def _listed(request: HttpRequest, name: str) -> Layer:
    """Return the layer of that name if it has a list this person may see; else answer 404."""
    found = next((one for one in visible_to(request) if one.id == name), None)
    if found is None or not is_listed(found):
        raise Http404(_("Cette couche n’a pas de liste de territoires."))
    return found


def _areas_tag(request: HttpRequest, layer: str) -> str:
    """Return a tag that changes with what the layer shows."""
    return f'"{version_of([_listed(request, layer)])}"'


@require_safe
@answering_problems
@vary_on_cookie
@condition(etag_func=_areas_tag)
@gzip_page
def areas_json(request: HttpRequest, layer: str) -> HttpResponse:
    """Answer with the named areas of a layer: names, figures, a point inside, the extent.

    ``dans`` (``LEVEL:CODE``) keeps those of one contract, commune or arrondissement.
    """
    found = _listed(request, layer)
    given = [(name, texts) for name, texts in request.GET.lists() if name != "dans"]
    areas = areas_of(found, read_all(found.parameters, given))
    if within := request.GET.get("dans", ""):
        areas = _of_whole(areas, within)
    response = JsonResponse({"areas": [area.as_json() for area in areas]})
    response["Cache-Control"] = "private, no-cache"
    return response


def _of_whole(areas: list[Area], within: str) -> list[Area]:
    """Return the areas whose territory belongs, or once belonged, to a whole."""
    drawn = Perimeter.objects.filter(pk__in=[area.id for area in areas])
    territories = dict(drawn.values_list("pk", "territory_id"))
    levels = drawn.values_list("territory__level", flat=True).distinct()
    try:
        held = set().union(*(ever_within(level, within) for level in levels))
    except UnknownTerritory as error:
        raise Http404(str(error)) from None
    return [area for area in areas if territories.get(area.id) in held]


@require_safe
def areas_page(request: HttpRequest) -> HttpResponse:
    """Show a layer's areas as a table that needs neither map nor script."""
    layers = [one for one in visible_to(request) if is_listed(one)]
    by_id = {one.id: one for one in layers}
    wanted = request.GET.get("couche", "")
    chosen = by_id.get(wanted) or by_id.get("qpv") or next(iter(layers), None)
    context: dict[str, Any] = {"layers": layers, "layer": chosen}
    if chosen is not None:
        held = generations().get(chosen.id, [])
        asked = request.GET.get("generation", "")
        generation = asked if asked in held else (held[-1] if held else None)
        context |= {"generations": held, "generation": generation}
        context |= _table_of(chosen, int(generation) if generation else None)
    return render(request, "maps/areas.html", context)


def _table_of(layer: Layer, generation: int | None) -> dict[str, Any]:
    """Return what the page of a layer's areas shows, in the order of their names."""
    areas = areas_of(layer, {"generation": generation})
    by_name = sorted(areas, key=lambda area: (alphabetical(area.name), area.code))
    # A column nobody has a value in says nothing.
    filled = {name for area in by_name for name, value in area.values.items() if value is not None}
    columns = [one for one in layer.attributes if one.name in filled - {"name", "code"}]
    drawn = Perimeter.objects.filter(pk__in=[area.id for area in areas])
    portraits = {one.pk: address_of(one.territory) for one in drawn.select_related("territory")}
    return {
        "areas": [(area, portraits.get(area.id, "")) for area in by_name],
        "columns": columns,
        "summary": summary_of(layer),
    }
