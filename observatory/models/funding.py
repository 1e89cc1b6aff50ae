"""Money: who gave what, when, for where; and projects that several communes share."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.db.models import Q

from observatory.models.accounts import Organisation
from observatory.models.referential import Node
from observatory.models.registers import Scheme
from observatory.models.runs import Run
from observatory.models.sources import Source
from observatory.models.territories import Territory


class Credit(models.TextChoices):
    """Specific credits of the policy, or the common law's."""

    SPECIFIC = "specific", "Crédits spécifiques"
    COMMON = "common", "Droit commun"
    UNSTATED = "unstated", "Non précisé"


class Reach(models.TextChoices):
    """Where money goes; multi-site and whole-department money is never given to one quarter."""

    ZONE = "zone", "Dans la zone"
    PLACE = "place", "En un lieu"
    MULTI_SITE = "multi_site", "Plusieurs sites"
    WIDER = "wider", "Plus large, quartiers prioritaires d’abord"
    UNSTATED = "unstated", "Non précisé"


class FundingLine(models.Model):
    """One amount in euros of one funder and year. ``projects`` counts those it stands for."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="funding")
    key = models.CharField(max_length=80, help_text="Unique within the source.")
    title = models.CharField(max_length=300)
    funder = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="funding")
    year = models.PositiveSmallIntegerField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    credit = models.CharField(max_length=8, choices=Credit.choices, default=Credit.UNSTATED)
    phase = models.CharField(max_length=30, blank=True, help_text="planned, voted, paid")
    reach = models.CharField(max_length=10, choices=Reach.choices, default=Reach.UNSTATED)
    projects = models.PositiveIntegerField(null=True, blank=True)
    scheme = models.ForeignKey(
        Scheme, on_delete=models.SET_NULL, null=True, blank=True, related_name="funding"
    )
    node = models.ForeignKey(
        Node, on_delete=models.SET_NULL, null=True, blank=True, related_name="funding"
    )
    place = models.PointField(srid=4326, null=True, blank=True)
    row = models.PositiveIntegerField(null=True, blank=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ["source", "year", "key"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="funding_once_per_source")
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.amount} €"


class FundingPlace(models.Model):
    """A territory a line is for; ``share`` (0 to 1) where the funder says how it divides."""

    line = models.ForeignKey(FundingLine, on_delete=models.CASCADE, related_name="places")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="funding")
    share = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "territory"], name="funding_place_once"),
            models.CheckConstraint(
                condition=Q(share__isnull=True) | Q(share__gte=0, share__lte=1),
                name="funding_share_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} → {self.territory_id}"


class Project(models.Model):
    """A facility or renewal project, counted once however many communes mention it."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="projects")
    key = models.CharField(max_length=80)
    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=60)
    state = models.CharField(max_length=60, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    source_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["source", "key"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="project_once_per_source")
        ]

    def __str__(self) -> str:
        return self.name


class ProjectShare(models.Model):
    """What a source says a project has from a funder under one commune or quarter."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="shares")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="projects")
    funder = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    source_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "territory", "funder"],
                name="project_share_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id} in {self.territory_id}"
