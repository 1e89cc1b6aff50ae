"""The list of layers, for people and programs that want to know what there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from layers import tilejson
from layers.registry import Attribute, Layer
from layers.summary import read_by, summary_of
from layers.version import Journal, journal_of


def entries(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Return the list of ``layers``; the journal of their data is read once for all."""
    journal = journal_of(read_by(layers))
    return [_entry(layer, journal) for layer in layers]


def _entry(layer: Layer, journal: Journal) -> dict[str, Any]:
    """Return what the list says of one layer, in the language in use."""
    summary = summary_of(layer, journal)
    return {
        "id": layer.id,
        "title": str(layer.title),
        "description": str(layer.description),
        "group": str(layer.group),
        "geometry": layer.geometry,
        "minzoom": layer.minzoom,
        "maxzoom": layer.maxzoom,
        "tiles": tilejson.path([layer], {}, journal),
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
