"""MapLibre style documents: how each layer is drawn where nobody has chosen otherwise.

The form follows the geometry, and what a layer's declaration says of its look. Sprites and
letters come from this server: a style asks no other site for anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from layers.features import cut_points
from layers.glyphs import BOLD
from layers.parameters import Value
from layers.registry import Layer, Look, parameters_of
from layers.selection import Selection
from layers.tilejson import attribution_of, bounds_of

# Six classes from pale straw to plum, as on the map's own page: lightness falls at every step.
RAMP = ("#f8ecc9", "#f6cf91", "#efa56c", "#d9705a", "#ad4059", "#6d2250")
NO_DATA = "#e3e6ea"
WITHHELD = "#c3b9d6"  # a figure that exists and that few people are behind: not the same as none
PLAIN = Look()


def document(
    request: HttpRequest, layers: Sequence[Layer], values: Mapping[str, Value | None]
) -> dict[str, Any]:
    """Return the style (version 8) of ``layers``, the first one lowest."""
    source = ",".join(layer.id for layer in layers)
    given = {name: str(value) for name, value in sorted(values.items()) if value is not None}
    tilejson = request.build_absolute_uri(reverse("layers:tilejson", args=[source]))
    root = request.build_absolute_uri(reverse("layers:styles-root"))
    said: dict[str, Any] = {
        "version": 8,
        "name": ", ".join(str(layer.title) for layer in layers),
        "metadata": {
            "observatory:attribution": attribution_of(layers),
            "observatory:classes": {},
            "observatory:legend": {},
        },
        "sources": {
            "observatory": {
                "type": "vector",
                "url": tilejson + (f"?{urlencode(given)}" if given else ""),
            }
        },
        "sprite": f"{root}sprites/observatory",
        "glyphs": f"{root}glyphs/{{fontstack}}/{{range}}.pbf",
        "layers": [],
    }
    for layer in layers:
        breaks = _breaks(layer, values)
        if breaks:
            said["metadata"]["observatory:classes"][layer.id] = breaks
        if layer.look and layer.look.shade:
            said["metadata"]["observatory:legend"][layer.id] = _legend(layer.look, breaks)
        said["layers"] += _drawn(layer, breaks)
    bounds = bounds_of(layers)
    if bounds:
        west, south, east, north = bounds
        said["center"] = [(west + east) / 2, (south + north) / 2]
        said["zoom"] = max(layers[0].minzoom, 9)
    return said


def _breaks(layer: Layer, values: Mapping[str, Value | None]) -> list[float]:
    """Return the lower bounds of the classes: as declared, or equal numbers of features each."""
    look = layer.look or PLAIN
    if not look.shade or look.breaks:
        return list(look.breaks)
    own = {p.name: values.get(p.name) for p in parameters_of([layer])}
    found = cut_points(Selection(layer, own), look.shade[0], len(RAMP))
    return sorted(set(found))


def _legend(look: Look, breaks: Sequence[float]) -> list[dict[str, Any]]:
    """Return what each colour means: lower bound included, upper one not; then what has no value.

    Where nothing has a value there are no classes.
    """
    ends = [None, *breaks, None] if breaks else []
    classes = [
        {"colour": colour, "from": low, "to": high}
        for colour, low, high in zip(RAMP, ends, ends[1:], strict=False)
    ]
    without = [{"colour": NO_DATA, "label": _("Pas de donnée")}]
    if look.standing:
        without.insert(0, {"colour": WITHHELD, "label": _("Retenu : trop peu de personnes")})
    return [*classes, *without]


def _drawn(layer: Layer, breaks: Sequence[float]) -> list[dict[str, Any]]:
    look = layer.look or PLAIN
    if layer.geometry == "point":
        parts = [_place(layer)]
    elif layer.geometry == "line":
        parts = [_line(layer, look)]
    else:
        parts = [_fill(layer, look, breaks), _line(layer, look)]
    if look.label:
        parts.append(_name(layer, look))
    return parts


def _part(layer: Layer, part: str, kind: str, **more: Any) -> dict[str, Any]:
    base = {"id": f"{layer.id}-{part}", "type": kind, "source": "observatory"}
    return {**base, "source-layer": layer.id, "minzoom": layer.minzoom, **more}


def _fill(layer: Layer, look: Look, breaks: Sequence[float]) -> dict[str, Any]:
    if look.shade:
        paint: dict[str, Any] = {"fill-color": _ramp(look, breaks), "fill-opacity": 0.85}
    elif look.pattern:
        paint = {"fill-pattern": look.pattern}
    else:
        paint = {"fill-color": look.colour, "fill-opacity": 0.08}
    return _part(layer, "fill", "fill", paint=paint)


def _ramp(look: Look, breaks: Sequence[float]) -> Any:
    """A colour for each class; none of them where the value is absent or nothing divides it."""
    over, under = look.shade[0], look.shade[1] if len(look.shade) > 1 else None
    held: list[Any] = ["has", over]
    value: Any = ["get", over]
    if under:
        held = ["all", held, [">", ["coalesce", ["get", under], 0], 0]]
        value = ["/", value, ["get", under]]
    steps = [part for pair in zip(breaks, RAMP[1:], strict=False) for part in pair]
    shown = ["step", value, RAMP[0], *steps] if breaks else RAMP[0]
    kept = [["==", ["get", look.standing], "withheld"], WITHHELD] if look.standing else []
    return ["case", held, shown, *kept, NO_DATA]


def _line(layer: Layer, look: Look) -> dict[str, Any]:
    paint: dict[str, Any] = {"line-color": look.colour, "line-width": look.width}
    if look.dashes:
        paint["line-dasharray"] = list(look.dashes)
    return _part(layer, "line", "line", layout={"line-join": "round"}, paint=paint)


def _place(layer: Layer) -> dict[str, Any]:
    layout = {"icon-image": "place", "icon-allow-overlap": True}
    return _part(layer, "place", "symbol", layout=layout)


def _name(layer: Layer, look: Look) -> dict[str, Any]:
    layout: dict[str, Any] = {
        "text-field": ["coalesce", ["get", look.label], ""],
        "text-font": [BOLD],
        "text-size": 12,
    }
    if layer.geometry == "point":
        layout |= {"text-anchor": "top", "text-offset": [0, 0.7]}
    paint = {"text-color": "#2f3a48", "text-halo-color": "#ffffff", "text-halo-width": 1.5}
    named = _part(layer, "name", "symbol", layout=layout, paint=paint)
    return {**named, "minzoom": max(layer.minzoom, look.label_zoom)}
