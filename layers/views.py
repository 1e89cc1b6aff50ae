"""What the map server answers: the list of layers, TileJSON, tiles."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.request import Request

from layers import glyphs, sprites, styles
from layers import tilejson as tilejson_of
from layers.access import as_seen_by, identify, visible_to
from layers.caching import etag_of, json_answer, lifetime, unchanged
from layers.catalogue import entries
from layers.errors import NoSuchGlyphs, UnknownPage
from layers.parameters import Value, read_all
from layers.problems import read_only
from layers.registry import REGISTRY, Layer, parameters_of
from layers.tiles import CONTENT_TYPE, REFUSED, Tile, drawn_at, render
from layers.version import version_of


@read_only
def catalogue(request: HttpRequest) -> HttpResponse:
    """List the layers the person may see."""
    identify(request)
    return json_answer(request, {"layers": entries(visible_to(request))})


@read_only
def tilejson(request: HttpRequest, names: str) -> HttpResponse:
    """Describe the tiles of one layer, or of several in one."""
    layers = REGISTRY.parse(names)
    values = _values(request, layers)
    seen, _ = as_seen_by(request, layers)
    return json_answer(request, tilejson_of.document(request, seen, values))


@read_only
def style(request: HttpRequest, names: str) -> HttpResponse:
    """Say how one layer, or several, are drawn: a MapLibre style."""
    layers = REGISTRY.parse(names)
    values = _values(request, layers)
    seen, _ = as_seen_by(request, layers)
    return json_answer(request, styles.document(request, seen, values))


@read_only
def sprite(request: HttpRequest, ratio: str, extension: str) -> HttpResponse:
    """Answer the sheet of images styles use, or where each stands in it."""
    dots = {"": 1, "@2x": 2}.get(ratio)
    if dots is None or extension not in ("json", "png"):
        raise UnknownPage("Images are at observatory.json, .png, @2x.json and @2x.png.")
    if extension == "png":
        return _for_anybody(HttpResponse(sprites.sheet(dots), content_type="image/png"))
    return _for_anybody(JsonResponse(sprites.index(dots)))


@read_only
def letters(request: HttpRequest, stack: str, start: int, end: int) -> HttpResponse:
    """Answer 256 letters of a font."""
    if end != start + glyphs.SPAN - 1:
        raise NoSuchGlyphs(f"Letters are served by {glyphs.SPAN}: 0-255, 256-511…")
    body = glyphs.glyphs(stack, start)
    return _for_anybody(HttpResponse(body, content_type="application/x-protobuf"))


def _for_anybody(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = f"public, max-age={86_400 * 7}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@read_only
def tile(request: HttpRequest, names: str, z: str, x: str, y: str) -> HttpResponse:
    """Answer one vector tile; an empty one where nothing lies."""
    if REFUSED in request.META:  # no caller can write there: what they send is named HTTP_…
        raise request.META[REFUSED]
    return tile_answer(request, names, z, x, y)


def tile_answer(
    request: HttpRequest | Request,
    names: str,
    z: str,
    x: str,
    y: str,
    ignored: frozenset[str] = frozenset(),
) -> HttpResponse:
    """Return one vector tile, or the 304 that says it has not changed.

    ``ignored`` are query parameters that mean something to the interface alone. Raises
    LayersError.
    """
    asked = Tile.parse(z, x, y)
    layers = REGISTRY.parse(names)
    values = _values(request, layers, ignored)
    drawn_at(layers, asked.z)
    layers, public = as_seen_by(request, layers)
    if "If-None-Match" in request.headers or "If-Match" in request.headers:
        version = version_of(layers)
        kept = unchanged(request, etag_of(version, public), lifetime(request, version, public))
        if kept is not None:
            return kept
    version, body = render(layers, asked, values)
    response = HttpResponse(body, content_type=CONTENT_TYPE)
    response.headers["ETag"] = etag_of(version, public)
    response.headers["Cache-Control"] = lifetime(request, version, public)
    # Tiles hold no credentials, and notebooks served elsewhere read them too.
    if public:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _values(
    request: HttpRequest | Request, layers: Sequence[Layer], ignored: frozenset[str] = frozenset()
) -> dict[str, Value | None]:
    aside = {"v", *ignored}
    given = [(name, texts) for name, texts in request.GET.lists() if name not in aside]
    return read_all(parameters_of(layers), given)
