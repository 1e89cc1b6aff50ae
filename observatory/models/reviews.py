"""What is frozen: annual reviews and typologies, as they stood on the day they were made."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from observatory.models.runs import Run
from observatory.models.territories import Territory


class Review(models.Model):
    """A year of a contract as it was known one day; ``checksum`` is SHA-256 of its content."""

    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="reviews")
    year = models.PositiveSmallIntegerField()
    content = models.JSONField()
    checksum = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ["territory", "year", "-made_at"]

    def __str__(self) -> str:
        return f"{self.territory_id} {self.year} ({self.checksum[:8]})"


class Typology(models.Model):
    """A classification of quarters with all that is needed to make it again."""

    name = models.CharField(max_length=120)
    parameters = models.JSONField()
    facts = models.JSONField(default=dict)
    made_at = models.DateTimeField(auto_now_add=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        verbose_name_plural = "typologies"
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return self.name


class TypologyClass(models.Model):
    """The class of one quarter: 1 is the most precarious.

    ``score`` is in robust deviations (positive: worse), ``stability`` the share of redraws in
    which the quarter keeps its class, ``difficulties`` counts indicators in the worst quarter.
    """

    typology = models.ForeignKey(Typology, on_delete=models.CASCADE, related_name="classes")
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="classes")
    number = models.PositiveSmallIntegerField(null=True)
    score = models.FloatField(null=True)
    stability = models.FloatField(null=True)
    difficulties = models.PositiveSmallIntegerField(null=True)
    known = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name_plural = "typology classes"
        ordering = ["typology", "number", "-score"]
        constraints = [
            models.UniqueConstraint(fields=["typology", "territory"], name="typology_class_once")
        ]

    def __str__(self) -> str:
        return f"{self.territory_id}: {self.number}"
