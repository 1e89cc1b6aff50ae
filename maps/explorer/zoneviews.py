"""The page, and the part of the explorer, that counts in a shape."""

from __future__ import annotations

import json
from typing import Any

import shapely
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_cookie

from carroyage.models import GridDataset
from layers.access import visible_to
from maps.errors import BadChoice, UnknownTerritory
from maps.explorer.shapes import shape_of
from maps.explorer.zone import count_in, is_described
from maps.panel import Person, citations, fictitious
from maps.places import outline_of, territory_called
from maps.portraits.gridsums import grid
from observatory.models import Level, Territory
from observatory.models.perimeters import IN_FORCE


@require_http_methods(["GET", "HEAD", "POST"])
@vary_on_cookie
def zone(request: HttpRequest) -> HttpResponse:
    """Count in the shape of a form; ``partie`` in the address asks for the explorer's part alone.

    The shape is in the body of the request: addresses are kept in logs and histories.
    """
    dataset = grid() if any(one.id == "cells" for one in visible_to(request)) else None
    context: dict[str, Any] = {"grid": dataset}
    if dataset is not None:
        context |= {"territories": countable(), "text": request.POST.get("zone", "")}
        context |= {"asked": request.POST.get("territoire", "")}
        context["demonstration"] = fictitious([dataset.source_id])
        if request.method == "POST":
            context |= _counted(request.user, context["asked"], context["text"], dataset)
    part = "maps/explorer/zone.html" if "partie" in request.GET else "maps/explorer/zone_page.html"
    answer = render(request, part, context)
    answer["Cache-Control"] = "private, no-store"
    return answer


def countable() -> list[Territory]:
    """Return the territories whose outline may be counted in without drawing it."""
    drawn = Territory.objects.filter(perimeters__status__in=IN_FORCE).exclude(code="").distinct()
    quarters = drawn.filter(level=Level.QPV)
    latest = quarters.order_by("-generation").values_list("generation", flat=True).first()
    return [
        *drawn.filter(level=Level.ARRONDISSEMENT).order_by("code"),
        *quarters.filter(generation=latest).order_by("name"),
    ]


def _counted(person: Person, asked: str, text: str, dataset: GridDataset) -> dict[str, Any]:
    try:
        name, shape = named_shape(person, asked, text)
        counted = count_in(shape, dataset)
    except BadChoice as error:
        return {"said": str(error)}
    (source,) = citations([dataset.source_id])
    said = (source["producer"], source["title"], source["vintage"])
    return {
        "name": name,
        "counted": counted,
        "described": is_described(counted),
        "source": ", ".join(part for part in said if part),
        "shape": json.loads(shapely.to_geojson(shape)),
    }


def named_shape(person: Person, asked: str, text: str) -> tuple[str, Any]:
    """Return the name and shape (EPSG:4326) of a territory, or of the text of a drawing.

    Raises BadChoice.
    """
    if not asked:
        return _("Zone dessinée"), shape_of(text)
    level, _sign, code = asked.partition(":")
    territory = territory_called(person, level, code)
    outline = outline_of(territory)
    if outline is None:
        raise UnknownTerritory(_("Ce territoire n’a pas de contour."))
    return territory.name, shapely.from_wkb(bytes(outline.geom.wkb))
