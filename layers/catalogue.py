"""The list of layers, for people and programs that want to know what there is."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from layers.registry import Attribute, Layer
from layers.summary import summary_of


def entry(layer: Layer) -> dict[str, Any]:
    """Return what the list says of one layer, in the language in use."""
    summary = summary_of(layer)
    return {
        "id": layer.id,
        "title": str(layer.title),
        "description": str(layer.description),
        "group": str(layer.group),
        "geometry": layer.geometry,
        "minzoom": layer.minzoom,
        "maxzoom": layer.maxzoom,
        "tilejson": reverse("layers:tilejson", args=[layer.id]),
        "style": reverse("layers:style", args=[layer.id]),
        "attributes": [
            {**described(attribute), "absent_at": layer.absent_at(attribute.name)}
            for attribute in layer.attributes
        ],
        "parameters": [
            {"name": p.name, "description": str(p.description), "schema": dict(p.schema)}
            for p in layer.parameters
        ],
        "source": summary.sources[0] if summary.sources else None,
        "sources": list(summary.sources),
        "demonstration": summary.demonstration,
        "count": summary.count,
        "bounds": summary.bounds,
        "cautions": [str(caution) for caution in layer.cautions],
    }


def described(attribute: Attribute) -> dict[str, Any]:
    """Return what is said of one attribute, in the language in use."""
    return {
        "name": attribute.name,
        "label": str(attribute.label),
        "type": attribute.kind,
        "unit": str(attribute.unit),
        "description": str(attribute.description),
        "decimals": attribute.decimals,
    }
