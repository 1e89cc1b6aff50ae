"""The dated shapes of territories and how one shape came from another."""

from __future__ import annotations

from datetime import date

from django.contrib.gis.db import models
from django.contrib.gis.geos import Point
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db.models import Exists, F, Func, OuterRef, Q

from observatory.models.sources import Source
from observatory.models.territories import Territory


class Status(models.TextChoices):
    """Life of a perimeter. A computed one never overwrites a legal one."""

    COMPUTED = "computed", "Calculé"
    NEGOTIATION = "negotiation", "En négociation"
    LEGAL = "legal", "Légal"
    SUPERSEDED = "superseded", "Remplacé"
    REFERENCE = "reference", "Référence"  # administrative boundaries: no decree of the policy


# What a search for "the zones in force" means.
IN_FORCE = (Status.LEGAL, Status.SUPERSEDED, Status.REFERENCE)


class DateRange(Func):
    """PostgreSQL's daterange, lower bound in, upper bound out."""

    function = "daterange"
    output_field = models.Field()


class PerimeterQuerySet(models.QuerySet["Perimeter"]):
    """Searches over dated shapes."""

    def on(self, day: date) -> PerimeterQuerySet:
        """Keep the perimeters valid on ``day``: from included, to excluded."""
        started = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
        return self.filter(started & (Q(valid_to__isnull=True) | Q(valid_to__gt=day)))

    def in_force(self) -> PerimeterQuerySet:
        """Keep what was decided or is a reference; leave out what is computed or negotiated."""
        return self.filter(status__in=IN_FORCE)

    def current(self) -> PerimeterQuerySet:
        """Leave out what a later operation, not undone, took and replaced."""
        from observatory.models.operations import OperationPart  # it knows perimeters

        taken = OperationPart.objects.filter(
            perimeter=OuterRef("pk"), role="input", operation__undone_at__isnull=True
        )
        return self.filter(~Exists(taken))

    def covering(self, point: Point, day: date) -> PerimeterQuerySet:
        """Return the zones that contain ``point`` (EPSG:4326) on ``day``, outline included."""
        return self.in_force().on(day).filter(geom__covers=point).select_related("territory")


class Perimeter(models.Model):
    """The shape of a territory between two dates.

    ``geom`` (EPSG:4326) answers "is this point inside"; ``geom_3857`` is what tiles read;
    ``area`` is in square metres, measured in the territory's own projected system.
    """

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="perimeters")
    geom = models.MultiPolygonField(srid=4326)
    measure_srid = models.PositiveIntegerField(default=2154)
    status = models.CharField(max_length=12, choices=Status.choices)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True, help_text="First day it no longer holds.")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="perimeters")
    act = models.CharField(max_length=200, blank=True, help_text="Decree or decision.")
    author = models.CharField(max_length=120, blank=True)
    reason = models.TextField(blank=True)
    repaired = models.CharField(max_length=200, blank=True, help_text="What was mended on load.")
    facts = models.JSONField(default=dict, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    # Computed by the database from geom, so that they can never disagree with it.
    geom_3857 = models.GeneratedField(
        expression=Func(F("geom"), 3857, function="ST_Transform"),
        output_field=models.MultiPolygonField(srid=3857),
        db_persist=True,
    )
    area = models.GeneratedField(
        expression=Func(
            Func(F("geom"), F("measure_srid"), function="ST_Transform"), function="ST_Area"
        ),
        output_field=models.FloatField(),
        db_persist=True,
    )

    objects = PerimeterQuerySet.as_manager()

    class Meta:
        ordering = ["territory", "valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gt=F("valid_from")),
                name="perimeter_ends_after_start",
            ),
            ExclusionConstraint(
                name="perimeter_one_in_force_a_day",
                expressions=[
                    ("territory", RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=["legal", "superseded", "reference"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.territory} ({self.get_status_display()})"


class LineageKind(models.TextChoices):
    """How a perimeter came from an earlier one."""

    OPENED = "opened", "Mise en négociation"
    MERGED = "merged", "Fusion"
    SPLIT = "split", "Division"
    TRIMMED = "trimmed", "Ajustement aux îlots"
    EXTENDED = "extended", "Ajout d’îlots"
    REDUCED = "reduced", "Retrait d’îlots"
    DERIVED = "derived", "Différence de périmètres"
    REDRAWN = "redrawn", "Nouveau tracé"
    ENACTED = "enacted", "Validation par un acte"


class Lineage(models.Model):
    """``child`` came from ``parent``; several parents make a merge, several children a split."""

    parent = models.ForeignKey(Perimeter, on_delete=models.PROTECT, related_name="descendants")
    child = models.ForeignKey(Perimeter, on_delete=models.CASCADE, related_name="ancestors")
    kind = models.CharField(max_length=10, choices=LineageKind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parent", "child"], name="lineage_once"),
            models.CheckConstraint(condition=~Q(parent=F("child")), name="lineage_not_of_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.child} ← {self.parent}"
