"""Facilities: dated points with a category, and the quarters they are attached to by decision."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.db.models import F, Func, Q

from observatory.models.runs import Run
from observatory.models.sources import Source
from observatory.models.territories import Territory


class Opening(models.TextChoices):
    """Whether a facility works, is to come, or is gone."""

    OPEN = "open", "Ouvert"
    PLANNED = "planned", "En projet"
    CLOSED = "closed", "Fermé"
    MOBILE = "mobile", "Itinérant"


class Facility(models.Model):
    """One facility of one source: ``category`` is ours (school, library…), ``kind`` its own word.

    ``network`` is a dated status given by the producer, such as REP or REP+.
    """

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="facilities")
    key = models.CharField(max_length=80, help_text="The producer's identifier.")
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=40)
    kind = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=200, blank=True)
    commune_code = models.CharField(max_length=5, blank=True, db_index=True)
    network = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=8, choices=Opening.choices, default=Opening.OPEN)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    geom = models.PointField(srid=4326, null=True, blank=True)
    geom_3857 = models.GeneratedField(
        expression=Func(F("geom"), 3857, function="ST_Transform"),
        output_field=models.PointField(srid=3857, null=True),
        db_persist=True,
    )
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        verbose_name_plural = "facilities"
        ordering = ["category", "name"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="facility_once_per_source"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gt=F("valid_from")),
                name="facility_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["category", "state"])]

    def __str__(self) -> str:
        return self.name


class FacilityLink(models.Model):
    """A facility serves a quarter it does not stand in: decided by somebody, with its source.

    ``lived_in`` marks a structure of whose users at least half live in priority quarters
    (quartier vécu); ``territory`` may then be empty, for it is no polygon.
    """

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="links")
    territory = models.ForeignKey(
        Territory, on_delete=models.CASCADE, null=True, blank=True, related_name="facility_links"
    )
    lived_in = models.BooleanField(default=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "territory"], name="facility_link_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.facility_id} → {self.territory_id}"
