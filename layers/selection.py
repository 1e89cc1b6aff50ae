"""Which features of a layer are asked for, read from a query string and checked before any SQL."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import shapely
from django.http import QueryDict

from layers.crs import CRS84, Crs
from layers.errors import BadParameter
from layers.parameters import Value
from layers.registry import Attribute, Layer

MOST_FEATURES = 10_000
USUAL_FEATURES = 100
MOST_VERTICES = 1_000
MOST_VALUES = 100
FARTHEST = 10_000_000  # rows skipped at most: further on, follow the links
# Latitudes a map in EPSG:3857 reaches.
NORTHMOST = 85.06


@dataclass(frozen=True)
class Selection:
    """Features of one layer: parameters, filters, order, page and form.

    ``area`` is WKT in ``area_srid``. ``after`` is the last feature of the page before, in the
    order of ids; ``order`` then is empty.
    """

    layer: Layer
    values: Mapping[str, Value | None] = field(default_factory=dict)
    equal: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    area: str | None = None
    area_srid: int = 4326
    order: tuple[tuple[str, bool], ...] = ()
    fields: tuple[str, ...] | None = None
    crs: Crs = CRS84
    limit: int | None = USUAL_FEATURES
    offset: int = 0
    after: int | None = None
    geometry: bool = True

    @property
    def names(self) -> list[str]:
        """Return the attributes given, in the declared order."""
        names = [attribute.name for attribute in self.layer.attributes]
        return [name for name in names if self.fields is None or name in self.fields]

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing narrows the layer: its count is then known."""
        return not self.equal and self.area is None and not any(self.values.values())

    def unpaged(self) -> Selection:
        """Return the same selection in one piece, for exports."""
        return replace(self, limit=None, offset=0, after=None)


@dataclass(frozen=True)
class Dialect:
    """How one interface names things: the REST API and the OGC APIs differ in words only."""

    crs: Callable[[str, str], Crs]
    order: str
    fields: str
    ignored: frozenset[str] = frozenset({"f", "format"})
    datetime: bool = False


def read(layer: Layer, query: QueryDict, dialect: Dialect) -> Selection:
    """Return the selection a query string asks for. Raises BadParameter; asks no database."""
    given = {name: texts for name, texts in query.lists() if name not in dialect.ignored}
    own = {parameter.name: parameter for parameter in layer.parameters}
    values = {
        name: own[name].value_of(single(name, given.pop(name))) if name in given else None
        for name in own
    }
    if dialect.datetime and "datetime" in given:
        values |= moment(layer, single("datetime", given.pop("datetime")))
    selection = Selection(layer, values, **_common(given, dialect))
    return replace(
        selection,
        order=_order(layer, given.pop(dialect.order, None), dialect.order),
        fields=_fields(layer, given.pop(dialect.fields, None), dialect.fields),
        equal=_filters(layer, given),
    )


def _common(given: dict[str, list[str]], dialect: Dialect) -> dict[str, Any]:
    """Take page, place and form out of ``given``."""

    def take(name: str) -> str | None:
        return single(name, given.pop(name)) if name in given else None

    limit, offset, after = take("limit"), take("offset"), take("after")
    crs, bbox, bbox_crs = take("crs"), take("bbox"), take("bbox-crs")
    area, without = take("intersects"), take("skipGeometry")
    box_crs = dialect.crs(bbox_crs, "bbox-crs") if bbox_crs else CRS84
    if bbox is not None and area is not None:
        raise BadParameter("'bbox' and 'intersects' are two ways to say a place: give one.")
    options: dict[str, Any] = {
        "limit": page_size(limit) if limit is not None else USUAL_FEATURES,
        "offset": whole("offset", offset, 0, FARTHEST) if offset else 0,
        "after": whole("after", after, 0, 2**63 - 1) if after else None,
        "crs": dialect.crs(crs, "crs") if crs else CRS84,
        "geometry": not yes("skipGeometry", without or "false"),
    }
    if bbox is not None:
        options |= {"area": box(bbox, box_crs), "area_srid": box_crs.srid}
    if area is not None:
        options["area"] = polygon(area)
    return options


def single(name: str, texts: list[str]) -> str:
    """Return the one text given for a parameter. Raises BadParameter where there are several."""
    if len(texts) != 1:
        raise BadParameter(f"'{name}' is given {len(texts)} times; give it once.")
    return texts[0]


def page_size(text: str) -> int:
    """Return how many features a page may hold: more than the most is no error (OGC 17-069r4)."""
    return min(whole("limit", text, 1, 10**19), MOST_FEATURES)


def yes(name: str, text: str) -> bool:
    """Return what ``true`` or ``false`` says. Raises BadParameter."""
    if text not in ("true", "false"):
        raise BadParameter(f"'{name}={text[:40]}' must be true or false.")
    return text == "true"


def whole(name: str, text: str, least: int, most: int) -> int:
    """Return a whole number between two bounds, both included. Raises BadParameter."""
    if not re.fullmatch(r"[0-9]{1,19}", text, re.ASCII) or not least <= int(text) <= most:
        raise BadParameter(f"'{name}={text[:40]}' must be a whole number from {least} to {most}.")
    return int(text)


def box(text: str, crs: Crs) -> str:
    """Return the WKT of ``minx,miny,maxx,maxy`` (or with heights). Raises BadParameter.

    In degrees, a first longitude larger than the second one means a place across the
    antimeridian (OGC 17-069r4, 7.15.3). What lies outside the map, or outside the area its system
    is made for, is left out: coordinates mean nothing there.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (4, 6) or not all(math.isfinite(n) for n in numbers):
        raise BadParameter("'bbox' must be four numbers: minx,miny,maxx,maxy.")
    half = len(numbers) // 2
    low, high = numbers[:2], numbers[half : half + 2]
    if crs.north_first:
        low, high = low[::-1], high[::-1]
    degrees = crs.srid == 4326
    if low[1] > high[1] or (low[0] > high[0] and not degrees):
        raise BadParameter("'bbox' must give the lower-left corner, then the upper-right one.")
    if degrees and (low[0] > 180 or high[0] < -180):
        raise BadParameter("'bbox' lies outside the longitudes -180 to 180.")
    spans = [(low[0], high[0])] if low[0] <= high[0] else [(low[0], 180.0), (-180.0, high[0])]
    return _within(
        (-180.0, -NORTHMOST, 180.0, NORTHMOST) if degrees else crs.extent, spans, (low[1], high[1])
    )


def _within(
    extent: tuple[float, float, float, float],
    spans: Sequence[tuple[float, float]],
    rows: tuple[float, float],
) -> str:
    """Return the WKT of boxes, each from west to east, between the same south and north."""
    south, north = max(rows[0], extent[1]), min(rows[1], extent[3])
    cut = [(max(west, extent[0]), min(east, extent[2])) for west, east in spans]
    boxes = [
        shapely.box(west, south, east, north)
        for west, east in cut
        if west <= east and south <= north
    ]
    return str((boxes[0] if len(boxes) == 1 else shapely.MultiPolygon(boxes)).wkt)


def polygon(text: str) -> str:
    """Return the WKT of one polygon in degrees, longitude first. Raises BadParameter."""
    try:
        shape = shapely.from_wkt(text)
    except (shapely.errors.ShapelyError, NotImplementedError):  # the latter for curves
        raise BadParameter("'intersects' must be a polygon written as WKT.") from None
    if shape is None or shape.geom_type not in ("Polygon", "MultiPolygon") or shape.is_empty:
        raise BadParameter("'intersects' must be a polygon written as WKT.")
    count = shapely.get_num_coordinates(shape)
    if count > MOST_VERTICES:
        raise BadParameter(
            f"The polygon has {count} points; at most {MOST_VERTICES} are taken. Simplify it."
        )
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -NORTHMOST <= south <= north <= NORTHMOST):
        raise BadParameter("The polygon must be in degrees, longitude first, within the map.")
    if not shape.is_valid:
        raise BadParameter(f"The polygon is not valid: {shapely.is_valid_reason(shape)[:80]}.")
    return str(shapely.force_2d(shape).wkt)


def moment(layer: Layer, text: str) -> dict[str, Value | None]:
    """Return the day or the days ``datetime`` means for a layer of dated features.

    Where features have no dates the parameter changes nothing, as the standard asks.
    """
    start, between, end = text.partition("/")
    # Only one of two may be open: a day alone is a day.
    days = [_day(start, "0001-01-01" if between else "")]
    days.append(_day(end, "9999-12-31") if between else days[0])
    if days[0] > days[1]:
        raise BadParameter("'datetime' must be a day, or two in order separated by '/'.")
    names = {parameter.name for parameter in layer.parameters}
    if "date" not in names:
        return {}
    return {"date": days[0], "until": days[1] if days[1] != days[0] else None}


def _day(text: str, otherwise: str) -> date:
    """Return a day; ``otherwise`` where its end of the interval is open. Raises BadParameter."""
    found = re.fullmatch(
        r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
        r"(?:[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2}))?",
        text,
        re.ASCII,
    )
    try:
        return date.fromisoformat(otherwise if text in ("", "..") else found[1] if found else "")
    except ValueError:
        raise BadParameter(f"'datetime' holds {text[:40]!r}, which is no day.") from None


def _order(layer: Layer, texts: list[str] | None, name: str) -> tuple[tuple[str, bool], ...]:
    if not texts:
        return ()
    known = {attribute.name for attribute in layer.attributes}
    found = []
    for part in single(name, texts).split(","):
        word = part.strip().removeprefix("+")
        falling = word.startswith("-")
        word = word.removeprefix("-")
        if word not in known:
            raise BadParameter(f"'{name}': {word[:40]!r} is not an attribute of {layer.id}.")
        found.append((word, falling))
    if len({word for word, _ in found}) != len(found):
        raise BadParameter(f"'{name}' names an attribute twice.")
    return tuple(found)


def _fields(layer: Layer, texts: list[str] | None, name: str) -> tuple[str, ...] | None:
    if not texts:
        return None
    known = {attribute.name for attribute in layer.attributes}
    words = [word for word in single(name, texts).split(",") if word]
    for word in words:
        if word not in known:
            raise BadParameter(f"'{name}': {word[:40]!r} is not an attribute of {layer.id}.")
    return tuple(dict.fromkeys(words))


def _filters(layer: Layer, given: Mapping[str, list[str]]) -> dict[str, tuple[Any, ...]]:
    known = {attribute.name: attribute for attribute in layer.attributes}
    found = {}
    for name, texts in given.items():
        if name not in known:
            raise BadParameter(f"'{name[:60]}' is neither a parameter nor an attribute here.")
        if len(texts) > MOST_VALUES:
            raise BadParameter(f"'{name}' is given {len(texts)} times; at most {MOST_VALUES}.")
        found[name] = tuple(_typed(known[name], text) for text in texts)
    return found


def _typed(attribute: Attribute, text: str) -> Any:
    if attribute.kind in ("integer", "number"):
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise BadParameter(f"'{attribute.name}={text[:40]}' must be a number.")
        return number
    if "\x00" in text:
        raise BadParameter(f"'{attribute.name}' holds a sign that no text has.")
    return text
