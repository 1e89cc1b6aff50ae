"""How stored rows are written as GeoJSON features and as JSON."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.gis.db.models.functions import Transform
from django.db.models import Func, TextField, Value
from rest_framework import serializers
from rest_framework_gis.serializers import GeoFeatureModelSerializer

from carroyage.models import ComputedZone
from layers.crs import Crs
from observatory.models import Observation, Perimeter


class SourceField(serializers.ReadOnlyField):
    """Whom to quote, beside every value."""

    def to_representation(self, value: Any) -> dict[str, str]:
        """Return the citation."""
        return value.citation()


def drawn(geometry: str, crs: Crs) -> Func:
    """Return the expression of a column's shapes as GeoJSON: ``shape`` of the serializers below.

    The database writes them: Python's way over GEOS and GDAL takes three quarters of a page's time.
    """
    # Options 0: a geometry names no system of its own (RFC 7946).
    said = (Transform(geometry, crs.srid), Value(crs.decimals), Value(0))
    return Func(*said, function="ST_AsGeoJSON", output_field=TextField())


class Shape(serializers.ReadOnlyField):
    """A geometry the database has written as GeoJSON."""

    def to_representation(self, value: str) -> dict[str, Any]:
        """Return the geometry."""
        told: dict[str, Any] = json.loads(value)
        return told


class SparseFeature(GeoFeatureModelSerializer):
    """A GeoJSON feature of which the request may ask some properties only."""

    shape = Shape()

    def get_properties(self, instance: Any, fields: Any) -> dict[str, Any]:
        """Return the properties asked for."""
        properties = super().get_properties(instance, fields)
        wanted = self.context.get("fields")
        return {k: v for k, v in properties.items() if wanted is None or k in wanted}


class PerimeterSerializer(SparseFeature):
    """A territory as it was drawn between two dates."""

    code = serializers.CharField(source="territory.code")
    name = serializers.CharField(source="territory.name")
    level = serializers.CharField(source="territory.level")
    generation = serializers.IntegerField(source="territory.generation", allow_null=True)
    communes = serializers.ListField(
        source="territory.commune_codes", child=serializers.CharField()
    )
    source = SourceField()

    class Meta:
        model = Perimeter
        geo_field = "shape"
        id_field = "pk"
        fields = (
            "pk", "shape", "code", "name", "level", "generation", "communes", "status",
            "valid_from", "valid_to", "act", "area", "source",
        )  # fmt: skip


class ZoneSerializer(SparseFeature):
    """A zone as one run computed it."""

    code = serializers.CharField(source="perimeter.territory.code")
    name = serializers.CharField(source="perimeter.territory.name")
    run = serializers.IntegerField(source="run_id")
    cell_ids = serializers.ListField(source="cell_keys", child=serializers.CharField())
    source = SourceField(source="perimeter.source")

    class Meta:
        model = ComputedZone
        geo_field = "shape"
        id_field = "pk"
        fields = (
            "pk", "shape", "code", "name", "run", "number", "cells", "cell_ids", "ind", "men",
            "men_pauv", "score_name", "score", "line", "source",
        )  # fmt: skip


class ObservationSerializer(serializers.ModelSerializer):
    """One figure with its place, year, scope, standing and source."""

    indicator = serializers.CharField(source="indicator.code")
    label = serializers.CharField(source="indicator.label")  # type: ignore[assignment]
    unit = serializers.CharField(source="indicator.unit")
    territory = serializers.CharField(source="territory.code")
    territory_name = serializers.CharField(source="territory.name")
    level = serializers.CharField(source="territory.level")
    standing = serializers.CharField(source="shown_standing")
    value = serializers.FloatField(source="shown_value", allow_null=True)
    numerator = serializers.FloatField(source="shown_numerator", allow_null=True)
    denominator = serializers.FloatField(source="shown_denominator", allow_null=True)
    low = serializers.FloatField(source="shown_low", allow_null=True)
    high = serializers.FloatField(source="shown_high", allow_null=True)
    source = SourceField()  # type: ignore[assignment]

    class Meta:
        model = Observation
        fields = (
            "indicator", "label", "unit", "territory", "territory_name", "level", "year",
            "period", "scope", "standing", "value", "numerator", "denominator", "low", "high",
            "text", "outline_on", "source",
        )  # fmt: skip
