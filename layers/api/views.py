"""What the REST API answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render as render_page
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from carroyage.models import ComputedZone
from layers import crs as systems
from layers import features
from layers.access import one_as_seen_by, visible_to
from layers.api import documented as words
from layers.api import paging
from layers.api.serializers import (
    ObservationSerializer,
    PerimeterSerializer,
    ZoneSerializer,
    drawn,
)
from layers.catalogue import entries
from layers.errors import BadParameter, NoSuchFeature, UnknownLayer
from layers.exports.files import FORMATS
from layers.openview import GEOJSON, HTML, JSON, OpenView, answer_json, wanted_form
from layers.parameters import day, integer, word
from layers.registry import REGISTRY
from layers.selection import Dialect, box, read, single
from layers.summary import summary_of
from observatory.figures.visible import visible_observations
from observatory.models import Level, Perimeter, Right, Run, RunState, User
from observatory.models.perimeters import IN_FORCE
from observatory.permissions import may

DIALECT = Dialect(crs=systems.by_number, order="ordering", fields="fields")
FORMS = {"json": JSON, "html": HTML}


def person_of(request: Request) -> User | None:
    """Return who asks, None for a passer-by."""
    return request.user if request.user and request.user.is_authenticated else None


class Root(OpenView):
    """Where the API begins."""

    @extend_schema(operation_id="getApi", responses={200: dict}, summary="What the API holds")
    def get(self, request: Request) -> HttpResponse:
        """List the parts of the API."""
        names = (
            "layers", "territories", "zones", "observations", "tables", "comparisons", "schema",
        )  # fmt: skip
        parts = {n: request.build_absolute_uri(reverse(f"layers:api:{n}")) for n in names}
        if wanted_form(request, FORMS) == HTML:
            layers = [(layer, summary_of(layer)) for layer in visible_to(request)]
            said = {"title": "API", "parts": parts, "layers": layers, "extensions": list(FORMATS)}
            return render_page(request, "layers/api.html", said)
        return answer_json(request, parts)


class Layers(OpenView):
    """The layers the person may see."""

    @extend_schema(operation_id="listLayers", responses={200: dict}, summary="Layers")
    def get(self, request: Request) -> HttpResponse:
        """List the layers."""
        return answer_json(request, {"layers": entries(visible_to(request))})


class LayerFeatures(OpenView):
    """The features of one layer."""

    @extend_schema(
        operation_id="listLayerFeatures",
        summary="Features of a layer",
        description="Any attribute of the layer is a filter too: `code=QP075011`. "
        "The layer's own parameters (generation, date…) are listed by /api/layers/.",
        parameters=[*words.PAGE, *words.PLACE, words.ORDERING, words.FIELDS, words.CRS],
        responses={(200, GEOJSON): words.FEATURES, **words.REFUSALS},
        examples=[words.EXAMPLE],
    )
    def get(self, request: Request, name: str) -> HttpResponse:
        """Answer one page of GeoJSON."""
        layer = REGISTRY.get(name)
        selection = read(layer, request.GET, DIALECT)
        layer = one_as_seen_by(request, layer)
        selection = replace(selection, layer=layer)
        page = features.page_of(selection)
        links = paging.layer_links(request, selection, page)
        body: dict[str, Any] = {"type": "FeatureCollection", "features": page.features, **links}
        body |= {"numberReturned": len(page.features)}
        if page.matched is not None:
            body["numberMatched"] = page.matched
        body["sources"] = list(summary_of(layer).sources)
        return answer_json(request, body, GEOJSON)


class LayerFeature(OpenView):
    """One feature of one layer."""

    @extend_schema(
        operation_id="getLayerFeature",
        summary="One feature of a layer",
        parameters=[words.FIELDS, words.CRS],
        responses={(200, GEOJSON): words.FEATURE, **words.REFUSALS},
    )
    def get(self, request: Request, name: str, fid: int) -> HttpResponse:
        """Answer one GeoJSON feature."""
        layer = REGISTRY.get(name)
        selection = read(layer, request.GET, DIALECT)
        layer = one_as_seen_by(request, layer)
        return answer_json(request, features.one(layer, fid, selection), GEOJSON)


Narrow = Callable[[QuerySet, Any], QuerySet]


class Rows(OpenView):
    """Stored rows, filtered, ordered, paged, as GeoJSON or JSON.

    ``filters`` gives for each allowed parameter how its text is read and what it narrows.
    """

    right: ClassVar[Right] = Right.VIEW_PUBLIC
    serializer: ClassVar[type]
    geometry: ClassVar[str] = ""
    orders: ClassVar[dict[str, str]]
    usual: ClassVar[tuple[str, ...]]

    def rows(self, person: User | None) -> QuerySet:
        """Return the rows the person may see."""
        raise NotImplementedError

    def filters(self) -> Mapping[str, tuple[Callable[[str], Any], Narrow]]:
        """Return the parameters that narrow the rows."""
        raise NotImplementedError

    def answer(self, request: Request) -> HttpResponse:
        """Answer one page."""
        given = {name: list(texts) for name, texts in request.GET.lists() if name != "format"}
        limit, offset = paging.take_page(given)
        order = paging.take_order(given, self.orders, self.usual)
        fields = self._fields(given)
        crs = (
            systems.by_number(single("crs", given.pop("crs")), "crs")
            if ("crs" in given and self.geometry)
            else systems.CRS84
        )
        place = _place(given) if self.geometry else None
        narrowed = self._narrow(given)
        if not may(person_of(request), self.right):
            raise UnknownLayer("Nothing is served here.")
        rows = narrowed(self.rows(person_of(request))).order_by(*order)
        if place is not None:
            rows = rows.filter(**{f"{self.geometry}__intersects": place})
        if self.geometry:
            rows = rows.annotate(shape=drawn(self.geometry, crs))
        found, count = paging.page(rows, limit, offset)
        told = self.serializer(found, many=True, context={"fields": fields})
        return self._written(request, told.data, paging.links(request, limit, offset, count), count)

    def _written(
        self, request: Request, data: Any, links: dict[str, str | None], count: int
    ) -> HttpResponse:
        counted = {"numberMatched": count, **links}
        if self.geometry:
            returned = {"numberReturned": len(data["features"])}
            return answer_json(request, {**data, **returned, **counted}, GEOJSON)
        return answer_json(request, {"results": list(data), "numberReturned": len(data), **counted})

    def _fields(self, given: dict[str, list[str]]) -> set[str] | None:
        if "fields" not in given or not self.geometry:
            return None
        wanted = set(single("fields", given.pop("fields")).split(","))
        known = set(self.serializer.Meta.fields)  # type: ignore[attr-defined]
        unknown = sorted(wanted - known)
        if unknown:
            raise BadParameter(f"'fields': {unknown[0][:40]!r} is not given here.")
        return wanted

    def _narrow(self, given: dict[str, list[str]]) -> Callable[[QuerySet], QuerySet]:
        filters, steps = self.filters(), []
        for name, texts in given.items():
            if name not in filters:
                raise BadParameter(f"'{name[:60]}' is not a parameter of this address.")
            read_text, narrow = filters[name]
            try:
                steps.append((narrow, read_text(single(name, texts))))
            except ValueError as error:
                raise BadParameter(f"'{name}={texts[0][:60]}' is not usable: {error}.") from None

        def all_of(rows: QuerySet) -> QuerySet:
            for narrow, value in steps:
                rows = narrow(rows, value)
            return rows

        return all_of


def _level(text: str) -> str:
    if text not in Level.values:
        raise ValueError(f"one of {', '.join(Level.values)} is expected")
    return text


def _place(given: dict[str, list[str]]) -> GEOSGeometry | None:
    """Take the place asked for out of ``given``. Raises BadParameter."""
    named = single("bbox-crs", given.pop("bbox-crs")) if "bbox-crs" in given else "4326"
    crs = systems.by_number(named, "bbox-crs")
    if "bbox" not in given:
        return None
    shape = shapely.from_wkt(box(single("bbox", given.pop("bbox")), crs))
    if crs.srid not in (3857, 4326):  # sides straight there are bent here
        shape = shapely.segmentize(shape, 5_000)
    return GEOSGeometry(shape.wkt, srid=crs.srid)


_CODE = word("code", r"[0-9A-Za-z._+-]{1,40}", "")
_YEAR = integer("year", 1900, 2200, "")
_NUMBER = integer("run", 1, 2**31 - 1, "")
_DAY = day("date", "")


class Territories(Rows):
    """Territories as they were drawn between two dates."""

    serializer = PerimeterSerializer
    geometry = "geom"
    usual = ("territory__level", "territory__code")
    orders: ClassVar[dict[str, str]] = {
        "code": "territory__code",
        "name": "territory__name",
        "level": "territory__level",
        "generation": "territory__generation",
        "area": "area",
        "valid_from": "valid_from",
    }

    def rows(self, person: User | None) -> QuerySet:
        """Return what was decided or is a reference; drafts have no place here."""
        return Perimeter.objects.filter(status__in=IN_FORCE).select_related("territory", "source")

    def filters(self) -> Mapping[str, tuple[Callable[[str], Any], Narrow]]:
        """Return the parameters that narrow the territories."""
        return {
            "level": (_level, lambda rows, v: rows.filter(territory__level=v)),
            "code": (_CODE.read, lambda rows, v: rows.filter(territory__code=v)),
            "generation": (_YEAR.read, lambda rows, v: rows.filter(territory__generation=v)),
            "date": (_DAY.read, _in_force),
        }

    @extend_schema(operation_id="listTerritories",
        summary="Territories",
        parameters=[
            words.query("level", "Kind of area.", enum=Level.values),
            words.query("code", "Code, leading zeros kept.", example="QP075011"),
            words.query("generation", "Generation of quarters.", int, 2015),
            words.DATE, *words.BOX, *words.PAGE, words.ORDERING, words.FIELDS, words.CRS,
        ],
        responses={(200, GEOJSON): words.FEATURES, **words.REFUSALS},
        examples=[words.EXAMPLE],
    )  # fmt: skip
    def get(self, request: Request) -> HttpResponse:
        """Answer one page of territories."""
        return self.answer(request)


def _in_force(rows: QuerySet, on: date) -> QuerySet:
    started = Q(valid_from__isnull=True) | Q(valid_from__lte=on)
    return rows.filter(started, Q(valid_to__isnull=True) | Q(valid_to__gt=on))


class Territory(OpenView):
    """One territory as drawn between two dates."""

    @extend_schema(
        operation_id="getTerritory",
        summary="One territory",
        responses={(200, GEOJSON): words.FEATURE, **words.REFUSALS},
    )
    def get(self, request: Request, fid: int) -> HttpResponse:
        """Answer one territory."""
        if not may(person_of(request), Right.VIEW_PUBLIC):
            raise UnknownLayer("Nothing is served here.")
        shape = drawn("geom", systems.CRS84)
        rows = Perimeter.objects.filter(status__in=IN_FORCE).annotate(shape=shape)
        found = rows.select_related("territory", "source").filter(pk=fid).first()
        if found is None:
            raise NoSuchFeature(f"There is no territory {fid}.")
        return answer_json(request, dict(PerimeterSerializer(found).data), GEOJSON)


class Zones(Rows):
    """Zones computed from cells."""

    serializer = ZoneSerializer
    geometry = "perimeter__geom"
    usual = ("-run", "number")
    orders: ClassVar[dict[str, str]] = {
        "run": "run_id",
        "number": "number",
        "ind": "ind",
        "score": "score",
        "cells": "cells",
    }

    def rows(self, person: User | None) -> QuerySet:
        """Return the zones of finished runs; computed, never the legal zoning."""
        done = Run.objects.filter(state=RunState.DONE)
        rows = ComputedZone.objects.filter(run__in=done)
        return rows.select_related("perimeter__territory", "perimeter__source")

    def filters(self) -> Mapping[str, tuple[Callable[[str], Any], Narrow]]:
        """Return the parameters that narrow the zones."""
        return {
            "run": (_NUMBER.read, lambda rows, v: rows.filter(run=v)),
        }

    @extend_schema(operation_id="listZones",
        summary="Computed zones",
        parameters=[
            words.query("run", "Number of the computation.", int, 6),
            *words.BOX, *words.PAGE, words.ordering("-ind"), words.FIELDS, words.CRS,
        ],
        responses={(200, GEOJSON): words.FEATURES, **words.REFUSALS},
    )  # fmt: skip
    def get(self, request: Request) -> HttpResponse:
        """Answer one page of zones."""
        return self.answer(request)


class Observations(Rows):
    """Figures by indicator, territory and year."""

    serializer = ObservationSerializer
    usual = ("indicator__code", "territory__code", "year")
    orders: ClassVar[dict[str, str]] = {
        "indicator": "indicator__code",
        "territory": "territory__code",
        "year": "year",
    }

    def rows(self, person: User | None) -> QuerySet:
        """Return the figures the person may see."""
        return visible_observations(person).select_related("indicator", "territory", "source")

    def filters(self) -> Mapping[str, tuple[Callable[[str], Any], Narrow]]:
        """Return the parameters that narrow the figures."""
        return {
            "indicator": (_CODE.read, lambda rows, v: rows.filter(indicator__code=v)),
            "code": (_CODE.read, lambda rows, v: rows.filter(territory__code=v)),
            "level": (_level, lambda rows, v: rows.filter(territory__level=v)),
            "year": (_YEAR.read, lambda rows, v: rows.filter(year=v)),
        }

    @extend_schema(operation_id="listObservations",
        summary="Observations",
        parameters=[
            words.query("indicator", "Code of the indicator.", example="revenu-median"),
            words.query("code", "Code of the territory.", example="QP075011"),
            words.query("level", "Kind of area.", enum=Level.values),
            words.query("year", "Year of the figure.", int, 2021),
            *words.PAGE, words.ordering("-year"),
        ],
        responses={200: ObservationSerializer(many=True), **words.REFUSALS},
    )  # fmt: skip
    def get(self, request: Request) -> HttpResponse:
        """Answer one page of figures."""
        return self.answer(request)
