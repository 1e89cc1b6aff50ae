"""What the OGC APIs answer."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_page
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request

from layers import crs as systems
from layers import features, views
from layers.access import one_as_seen_by, visible_to
from layers.api import documented as words
from layers.api.paging import layer_links
from layers.errors import BadParameter, NoSuchFeature, UnknownPage
from layers.ogc import documents
from layers.openview import GEOJSON, HTML, JSON, OpenView, answer_json, wanted_form
from layers.registry import REGISTRY, Layer
from layers.selection import Dialect, Selection, read
from layers.tiles import CONTENT_TYPE

F = words.query("f", "Form of the answer: json or html.", enum=["json", "html"])
LIMIT = [
    words.query("limit", "Features of a page, 10 000 at most.", int, 100),
    words.query(
        "datetime", "A day, or two separated by '/', '..' for no end.", example="2016-01-01"
    ),
    words.query("bbox", "west,south,east,north, or as bbox-crs says.", example="2.3,48.8,2.4,48.9"),
    words.query("bbox-crs", "URI of the system the bbox is given in."),
    words.query("properties", "Attributes to give, all by default.", example="code,name"),
    words.query("sortby", "Attributes, falling with a minus before them.", example="-name"),
]
CRS_PARAMETER = words.query("crs", "URI of the system coordinates are given in.")


def documented(
    name: str, summary: str, *parameters: Any, form: str = JSON, body: Any = dict, page: bool = True
) -> Any:
    """Describe a view in the OpenAPI document; ``page`` tells that it answers HTML as well."""
    responses: dict[Any, Any] = {(200, form): body, **words.REFUSALS}
    if page:
        responses[200, HTML] = str
        parameters = (F, *parameters)
    described = extend_schema(
        operation_id=name, summary=summary, parameters=list(parameters), responses=responses
    )
    return extend_schema_view(get=described)


WORDS = Dialect(crs=systems.by_uri, order="sortby", fields="properties", datetime=True)
FORMS = {"json": JSON, "html": HTML}
ITEM_FORMS = {"json": GEOJSON, "geojson": GEOJSON, "html": HTML}


def root_of(request: Request | HttpRequest) -> str:
    """Return scheme and host of the request."""
    return request.build_absolute_uri("/")[:-1]


def layer_of(request: Request, name: str) -> Layer:
    """Return the layer, if the person may see it. Raises UnknownLayer."""
    return one_as_seen_by(request, REGISTRY.get(name))


class DocumentView(OpenView):
    """One document, as JSON or as a page."""

    def document(self, request: Request, **named: str) -> dict[str, Any]:
        """Return the document."""
        raise NotImplementedError

    def get(self, request: Request, **named: str) -> HttpResponse:
        """Answer the document in the form asked for."""
        _only(request, {"f"})
        form = wanted_form(request, FORMS)
        return shown(request, self.document(request, **named), form)


def _only(request: Request, allowed: set[str]) -> None:
    unknown = sorted(set(request.GET) - allowed)
    if unknown:
        raise BadParameter(f"'{unknown[0][:60]}' is not a parameter of this address.")


def shown(request: Request, body: dict[str, Any], form: str, kind: str = JSON) -> HttpResponse:
    """Return ``body`` as JSON or as a page."""
    if form == HTML:
        title = str(body.get("title") or documents.TITLE)
        page = render_page(request, "layers/document.html", {"body": body, "title": title})
        page.headers["Cache-Control"] = "private, no-cache"
        return page
    return answer_json(request, body, kind)


@documented("getLandingPage", "Landing page of the OGC APIs")
class Landing(DocumentView):
    """The landing page."""

    def document(self, request: Request, **named: str) -> dict[str, Any]:
        """Return the landing page."""
        return documents.landing(root_of(request))


@documented("getConformance", "Standards followed")
class Conformance(DocumentView):
    """The standards followed."""

    def document(self, request: Request, **named: str) -> dict[str, Any]:
        """Return the list of conformance classes."""
        return {"title": "Conformance", "conformsTo": documents.CONFORMANCE}


@documented("getCollections", "Layers as OGC collections")
class Collections(DocumentView):
    """The layers the person may see."""

    def document(self, request: Request, **named: str) -> dict[str, Any]:
        """Return the list of layers."""
        root, path = root_of(request), reverse("layers:ogc:collections")
        return {
            "title": "Collections",
            "links": [
                documents.link(root, path, "self"),
                documents.link(root, f"{path}?f=html", "alternate", HTML),
            ],
            "collections": [documents.collection(root, layer) for layer in visible_to(request)],
        }


@documented("describeCollection", "One layer as an OGC collection")
class Collection(DocumentView):
    """One layer."""

    def document(self, request: Request, **named: str) -> dict[str, Any]:
        """Return what is said of the layer."""
        return documents.collection(root_of(request), layer_of(request, named["name"]))


@documented(
    "getSchema", "JSON Schema of a layer's features", form="application/schema+json", page=False
)
class Schema(OpenView):
    """The attributes of a layer."""

    def get(self, request: Request, name: str) -> HttpResponse:
        """Answer the JSON Schema of the layer's features."""
        _only(request, {"f"})
        wanted_form(request, {"json": JSON})
        said = documents.schema(root_of(request), layer_of(request, name))
        return answer_json(request, said, "application/schema+json")


@documented(
    "getFeatures",
    "Features of a layer, page after page",
    *LIMIT,
    CRS_PARAMETER,
    form=GEOJSON,
    body=words.FEATURES,
)
class Items(OpenView):
    """The features of a layer, page after page."""

    def get(self, request: Request, name: str) -> HttpResponse:
        """Answer one page of features."""
        layer = REGISTRY.get(name)
        form = wanted_form(request, ITEM_FORMS)
        selection = read(layer, request.GET, WORDS)
        selection = replace(selection, layer=one_as_seen_by(request, layer))
        page = features.page_of(selection)
        path = reverse("layers:ogc:items", args=[name])
        body: dict[str, Any] = {
            "type": "FeatureCollection",
            "features": page.features,
            "numberReturned": len(page.features),
            "links": _page_links(request, path, selection, page, form),
        }
        if page.matched is not None:
            body["numberMatched"] = page.matched
        if form != HTML:
            body["timeStamp"] = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        body["title"] = str(layer.title)
        response = shown(request, body, form, GEOJSON)
        response.headers["Content-Crs"] = f"<{selection.crs.uri}>"
        return response


def _page_links(
    request: Request, path: str, selection: Selection, page: features.Page, form: str
) -> list[dict[str, str]]:
    root = root_of(request)
    given = [(name, text) for name, texts in request.GET.lists() for text in texts]
    own = [pair for pair in given if pair[0] != "f"]
    links = [
        documents.link(root, f"{path}?{urlencode(given)}", "self", GEOJSON),
        documents.link(root, f"{path}?{urlencode([*own, ('f', 'html')])}", "alternate", HTML),
        documents.link(root, path.removesuffix("/items"), "collection"),
    ]
    turns = layer_links(request, selection, page)
    for rel, address in (("next", turns["next"]), ("prev", turns["previous"])):
        if address is not None:
            links.append({"href": address, "rel": rel, "type": form})
    return links


@documented("getFeature", "One feature of a layer", CRS_PARAMETER, form=GEOJSON, body=words.FEATURE)
class Item(OpenView):
    """One feature."""

    def get(self, request: Request, name: str, fid: str) -> HttpResponse:
        """Answer one feature."""
        layer = REGISTRY.get(name)
        form = wanted_form(request, ITEM_FORMS)
        selection = read(layer, request.GET, WORDS)
        if not re.fullmatch(r"[0-9]{1,18}", fid, re.ASCII):
            raise NoSuchFeature(f"The layer {layer.id} has no feature {fid[:40]!r}.")
        layer = one_as_seen_by(request, layer)
        root, path = root_of(request), reverse("layers:ogc:item", args=[name, fid])
        body = features.one(layer, int(fid), selection)
        body["links"] = [
            documents.link(root, path, "self", GEOJSON),
            documents.link(root, f"{path}?f=html", "alternate", HTML),
            documents.link(root, reverse("layers:ogc:collection", args=[name]), "collection"),
        ]
        response = shown(request, body, form, GEOJSON)
        response.headers["Content-Crs"] = f"<{selection.crs.uri}>"
        return response


@documented("getTileSets", "Tile sets of a layer")
class Tilesets(DocumentView):
    """The tile sets of a layer: one."""

    def document(self, request: Request, **named: str) -> dict[str, Any]:
        """Return the list of tile sets."""
        root, layer = root_of(request), layer_of(request, named["name"])
        path = reverse("layers:ogc:tileset", args=[layer.id])
        return {
            "title": str(layer.title),
            "links": [documents.link(root, path.rpartition("/")[0], "self")],
            "tilesets": [
                {
                    "title": str(layer.title),
                    "dataType": "vector",
                    "crs": systems.KNOWN[2].uri,
                    "tileMatrixSetURI": documents.MERCATOR,
                    "links": [documents.link(root, path, "self")],
                }
            ],
        }


@documented("getTileSet", "The tile set of a layer")
class Tileset(DocumentView):
    """The tile set of a layer."""

    def document(self, request: Request, **named: str) -> dict[str, Any]:
        """Return the tile set's metadata."""
        return documents.tileset(root_of(request), layer_of(request, named["name"]))


@documented("getTileMatrixSets", "Tiling schemes")
class TileMatrixSets(DocumentView):
    """The tiling schemes: one."""

    def document(self, request: Request, **named: str) -> dict[str, Any]:
        """Return the list of schemes."""
        path = reverse("layers:ogc:tilematrixset")
        scheme = {"id": "WebMercatorQuad", "title": "WebMercatorQuad", "uri": documents.MERCATOR}
        scheme_links = [documents.link(root_of(request), path, "self")]
        return {"title": "Schemes", "tileMatrixSets": [{**scheme, "links": scheme_links}]}


@documented("getTileMatrixSet", "The web's usual pyramid")
class TileMatrixSet(DocumentView):
    """The usual web pyramid."""

    def document(self, request: Request, **named: str) -> dict[str, Any]:
        """Return the scheme."""
        return documents.tile_matrix_set()


@documented("getTile", "One vector tile", form=CONTENT_TYPE, body=bytes, page=False)
class OneTile(OpenView):
    """A vector tile at the address the standard gives it: row before column."""

    throttle_classes = ()  # a map asks for dozens at once, here as at /tiles

    def get(self, request: Request, name: str, z: str, row: str, column: str) -> HttpResponse:
        """Answer the same tile as /tiles/{name}/{z}/{column}/{row}.pbf."""
        if "," in name:
            raise UnknownPage("One collection at a time; /tiles takes several layers.")
        return views.tile_answer(request, name, z, column, row, ignored=frozenset({"f"}))
