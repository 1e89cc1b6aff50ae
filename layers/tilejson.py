"""TileJSON 3.0.0: what a map library needs to know to draw a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from layers.parameters import Value
from layers.registry import Attribute, Layer
from layers.summary import summary_of
from layers.version import Journal, version_of


def document(
    request: HttpRequest, layers: Sequence[Layer], values: Mapping[str, Value | None]
) -> dict[str, Any]:
    """Return the TileJSON of one tile set made of ``layers``, with their parameters."""
    said = {
        "tilejson": "3.0.0",
        "name": ",".join(layer.id for layer in layers),
        "description": ", ".join(str(layer.title) for layer in layers),
        "scheme": "xyz",
        "tiles": [address(request, layers, values)],
        "minzoom": min(layer.minzoom for layer in layers),
        "maxzoom": max(layer.maxzoom for layer in layers),
        "attribution": attribution_of(layers),
        "vector_layers": [_vector_layer(layer) for layer in layers],
    }
    bounds = bounds_of(layers)
    if bounds:
        said["bounds"] = bounds
    return said


def address(
    request: HttpRequest, layers: Sequence[Layer], values: Mapping[str, Value | None]
) -> str:
    """Return the whole address of the tiles, as `path` gives it."""
    root = reverse("layers:catalogue")
    return request.build_absolute_uri(root) + path(layers, values).removeprefix(root)


def path(
    layers: Sequence[Layer], values: Mapping[str, Value | None], journal: Journal | None = None
) -> str:
    """Return where the tiles are on this site, with {z}, {x}, {y} and the current data version."""
    given = {name: str(value) for name, value in sorted(values.items()) if value is not None}
    query = urlencode({**given, "v": version_of(layers, journal)})
    names = ",".join(layer.id for layer in layers)
    return f"{reverse('layers:catalogue')}/{names}/{{z}}/{{x}}/{{y}}.pbf?{query}"


def _vector_layer(layer: Layer) -> dict[str, Any]:
    return {
        "id": layer.id,
        "description": str(layer.title),
        "minzoom": layer.minzoom,
        "maxzoom": layer.maxzoom,
        "fields": {a.name: _in_words(a, layer.absent_at(a.name)) for a in layer.attributes},
    }


def _in_words(attribute: Attribute, absent_at: list[int]) -> str:
    unit = f" ({attribute.unit})" if attribute.unit else ""
    more = f". {attribute.description}" if attribute.description else ""
    zooms = ", ".join(map(str, absent_at))
    absent = ". " + _("Absent des tuiles au zoom {zooms}").format(zooms=zooms) if zooms else ""
    return f"{attribute.label}{unit}{more}{absent}"


def attribution_of(layers: Sequence[Layer]) -> str:
    """Return whom to quote. Map libraries show it as HTML: producers' names stay text."""
    quoted = dict.fromkeys(summary_of(layer).attribution for layer in layers)
    return escape(", ".join(filter(None, quoted)))


def bounds_of(layers: Sequence[Layer]) -> list[float] | None:
    """Return west, south, east, north in degrees around all features; None where there is none."""
    boxes = [box for layer in layers if (box := summary_of(layer).bounds)]
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return [min(west), min(south), max(east), max(north)]
