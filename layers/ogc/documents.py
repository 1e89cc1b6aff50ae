"""The documents of the OGC APIs: what there is, how it is called, which standards it follows.

Written after OGC 17-069r4 (Features, Part 1), 18-058r1 (Part 2, systems of coordinates) and
20-057 (Tiles, Part 1). Why no library does this: docs/decisions/0008.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from layers.api.schema import OPENAPI
from layers.catalogue import described
from layers.crs import CRS84, KNOWN
from layers.openview import GEOJSON, HTML, JSON
from layers.registry import Attribute, Layer
from layers.summary import summary_of
from layers.tiles import CONTENT_TYPE
from layers.version import version_of

TITLE = "Observatoire territorial"
CONFORMANCE = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
]
MERCATOR = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
TILESETS_VECTOR = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
PROBE_ZOOMS = 23
WORLD = 20037508.342789244


def link(root: str, path: str, rel: str, form: str = JSON, title: str = "") -> dict[str, str]:
    """Return one link; ``root`` is scheme and host."""
    found = {"href": root + path, "rel": rel, "type": form}
    return found | ({"title": title} if title else {})


def landing(root: str) -> dict[str, Any]:
    """Return the landing page."""
    home = reverse("layers:ogc:landing")
    return {
        "title": TITLE,
        "description": "Layers of the territorial observatory as OGC API Features and Tiles.",
        "links": [
            link(root, home, "self"),
            link(root, f"{home}?f=html", "alternate", HTML),
            link(root, reverse("layers:api:schema"), "service-desc", OPENAPI),
            link(root, reverse("layers:api:root"), "service-doc", HTML),
            link(root, reverse("layers:ogc:conformance"), "conformance"),
            link(root, reverse("layers:ogc:collections"), "data"),
            link(
                root,
                reverse("layers:ogc:tilematrixsets"),
                "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes",
            ),
        ],
    }


def collection(root: str, layer: Layer) -> dict[str, Any]:
    """Return what is said of one layer."""
    summary = summary_of(layer)
    path = reverse("layers:ogc:collection", args=[layer.id])
    said: dict[str, Any] = {
        "id": layer.id,
        "title": str(layer.title),
        "description": str(layer.description or layer.title),
        "itemType": "feature",
        "crs": [crs.uri for crs in KNOWN],
        "storageCrs": CRS84.uri,
        "attribution": summary.attribution,
        "demonstration": summary.demonstration,
        "cautions": [str(caution) for caution in layer.cautions],
        "attributes": [described(attribute) for attribute in layer.attributes],
        "links": [
            link(root, path, "self"),
            link(root, f"{path}?f=html", "alternate", HTML),
            link(root, f"{path}/items", "items", GEOJSON, str(layer.title)),
            link(root, f"{path}/items?f=html", "items", HTML, str(layer.title)),
            link(root, f"{path}/schema", "describedby", "application/schema+json"),
            link(root, f"{path}/tiles", TILESETS_VECTOR),
            *[
                link(root, "", "license", HTML, source["licence"]) | {"href": source["url"]}
                for source in summary.sources
                if source["licence"] and source["url"]
            ],
        ],
    }
    if summary.bounds:
        said["extent"] = {"spatial": {"bbox": [list(summary.bounds)], "crs": CRS84.uri}}
    return said


def schema(root: str, layer: Layer) -> dict[str, Any]:
    """Return the JSON Schema of the layer's features."""
    kinds = {"text": "string", "date": "string", "integer": "integer", "number": "number"}

    def of(attribute: Attribute) -> dict[str, Any]:
        said: dict[str, Any] = {"title": str(attribute.label), "type": kinds[attribute.kind]}
        if attribute.kind == "date":
            said["format"] = "date"
        if attribute.unit:
            said["x-ogc-unit"] = str(attribute.unit)
        if attribute.description:
            said["description"] = str(attribute.description)
        return said

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": root + reverse("layers:ogc:schema", args=[layer.id]),
        "type": "object",
        "title": str(layer.title),
        "properties": {
            "geometry": {"format": f"geometry-{layer.geometry}", "x-ogc-role": "primary-geometry"},
            **{attribute.name: of(attribute) for attribute in layer.attributes},
        },
    }


def tileset(root: str, layer: Layer) -> dict[str, Any]:
    """Return the metadata of a layer's vector tiles."""
    path = reverse("layers:ogc:tileset", args=[layer.id])
    summary = summary_of(layer)
    tiles = f"{path}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?v={version_of([layer])}"
    said: dict[str, Any] = {
        "title": str(layer.title),
        "dataType": "vector",
        "crs": f"{KNOWN[2].uri}",
        "tileMatrixSetURI": MERCATOR,
        "links": [
            link(root, path, "self"),
            link(root, reverse("layers:ogc:tilematrixset"), SCHEME),
            link(root, tiles, "item", CONTENT_TYPE) | {"templated": "true"},
            link(root, reverse("layers:tilejson", args=[layer.id]), "describedby"),
        ],
        "layers": [
            {
                "id": layer.id,
                "dataType": "vector",
                "minTileMatrix": str(layer.minzoom),
                "maxTileMatrix": str(layer.maxzoom),
                "geometryDimension": {"point": 0, "line": 1, "polygon": 2}[layer.geometry],
                "propertiesSchema": schema(root, layer),
            }
        ],
    }
    if summary.bounds:
        said["tileMatrixSetLimits"] = limits(summary.bounds, layer.minzoom, layer.maxzoom)
        west, south, east, north = summary.bounds
        said["boundingBox"] = {
            "lowerLeft": [west, south],
            "upperRight": [east, north],
            "crs": CRS84.uri,
        }
    return said


def limits(bounds: Sequence[float], least: int, most: int) -> list[dict[str, Any]]:
    """Return for each zoom which tiles hold something, around ``bounds`` in degrees."""
    west, south, east, north = bounds
    found = []
    for zoom in range(least, most + 1):
        (left, top), (right, bottom) = _tile_at(west, north, zoom), _tile_at(east, south, zoom)
        told = {"tileMatrix": str(zoom), "minTileRow": top, "maxTileRow": bottom}
        found.append(told | {"minTileCol": left, "maxTileCol": right})
    return found


def _tile_at(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    """Return column and row of the tile a point lies in (OGC 17-083r4, Annex D)."""
    across = (longitude + 180) / 360
    down = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
    last = 2**zoom - 1
    return min(max(int(across * 2**zoom), 0), last), min(max(int(down * 2**zoom), 0), last)


def tile_matrix_set() -> dict[str, Any]:
    """Return the usual web pyramid (OGC 17-083r4, WebMercatorQuad)."""
    return {
        "id": "WebMercatorQuad",
        "title": "Google Maps Compatible for the World",
        "uri": MERCATOR,
        "crs": KNOWN[2].uri,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [
            {
                "id": str(zoom),
                "scaleDenominator": 559082264.0287178 / 2**zoom,
                "cellSize": 2 * WORLD / 256 / 2**zoom,
                "pointOfOrigin": [-WORLD, WORLD],
                "tileWidth": 256,
                "tileHeight": 256,
                "matrixWidth": 2**zoom,
                "matrixHeight": 2**zoom,
            }
            for zoom in range(PROBE_ZOOMS)
        ],
    }
