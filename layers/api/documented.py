"""The parameters of the API in words, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

PROBLEM = OpenApiResponse(
    response={
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
        },
        "required": ["title", "status", "detail"],
    },
    description="What is wrong and what to do (RFC 9457).",
)
GEOMETRY: dict[str, Any] = {"type": "object", "nullable": True}
FEATURE: dict[str, Any] = {
    "type": "object",
    "required": ["type", "geometry", "properties"],
    "properties": {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": {"type": "integer"},
        "geometry": GEOMETRY,
        "properties": {"type": "object"},
    },
}
FEATURES: dict[str, Any] = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {"type": "array", "items": FEATURE},
        "numberReturned": {"type": "integer"},
        "numberMatched": {"type": "integer"},
        "next": {"type": "string", "nullable": True},
        "previous": {"type": "string", "nullable": True},
    },
}
EXAMPLE = OpenApiExample(
    "One quarter",
    value={
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": 12,
                "geometry": {"type": "MultiPolygon", "coordinates": [[[[2.35, 48.88]]]]},
                "properties": {"code": "QP075011", "name": "Goutte d’Or", "generation": 2015},
            }
        ],
        "numberReturned": 1,
        "numberMatched": 1,
    },
    response_only=True,
)


def query(
    name: str,
    what: str,
    kind: Any = OpenApiTypes.STR,
    example: str | int | None = None,
    **more: Any,
) -> OpenApiParameter:
    """Return one described query parameter."""
    examples = [OpenApiExample(str(example), value=example)] if example is not None else None
    return OpenApiParameter(name, kind, description=what, examples=examples, **more)


BBOX = query(
    "bbox", "Place: west,south,east,north in degrees, or in the system bbox-crs names.",
    example="2.34,48.88,2.36,48.89",
)  # fmt: skip
PAGE = [
    query("limit", "Rows of a page, 10 000 at most.", OpenApiTypes.INT, 100),
    query(
        "offset", "Rows to skip; past the last one the page does not exist.", OpenApiTypes.INT, 0
    ),
]


def ordering(example: str) -> OpenApiParameter:
    """Return the parameter that orders rows, with an example true at its address."""
    return query("ordering", "Attributes, falling with a minus before them.", example=example)


ORDERING = ordering("-name")
FIELDS = query("fields", "Attributes to give, all by default.", example="code,name")
CRS = query("crs", "EPSG number the coordinates are given in.", example="2154")
DATE = query("date", "Day in force, YYYY-MM-DD.", OpenApiTypes.DATE, "2016-01-01")
BOX = [BBOX, query("bbox-crs", "EPSG number the bbox is given in.", example="4326")]
PLACE = [
    *BOX,
    query("intersects", "A polygon as WKT in degrees, of 1 000 points at most.", example=None),
]
REFUSALS = {400: PROBLEM, 404: PROBLEM, 429: PROBLEM, 503: PROBLEM}
