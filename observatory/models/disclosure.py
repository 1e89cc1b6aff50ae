"""What was published, protected how: the memory that the differencing check needs."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Unit(models.TextChoices):
    """What a figure counts."""

    PERSONS = "persons", "Personnes"
    HOUSEHOLDS = "households", "Ménages"


# A threshold may be raised for a source, never lowered under these.
FLOORS: dict[Unit, int] = {Unit.PERSONS: 5, Unit.HOUSEHOLDS: 11}


class DisclosureRule(models.Model):
    """Threshold, maximum deviation and variance for the figures of one source."""

    source = models.CharField(max_length=80, help_text="Code of the source or of the scheme.")
    unit = models.CharField(max_length=12, choices=Unit.choices, default=Unit.PERSONS)
    threshold = models.PositiveSmallIntegerField(default=5)
    deviation = models.PositiveSmallIntegerField(default=5)
    variance = models.FloatField(default=3.0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "unit"], name="disclosure_rule_once"),
            models.CheckConstraint(
                condition=Q(unit="persons", threshold__gte=FLOORS[Unit.PERSONS])
                | Q(unit="households", threshold__gte=FLOORS[Unit.HOUSEHOLDS]),
                name="disclosure_threshold_not_under_floor",
            ),
            models.CheckConstraint(
                condition=Q(deviation__gte=F("threshold")),
                name="disclosure_deviation_reaches_threshold",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.threshold} {self.unit}"


class Publication(models.Model):
    """One table that went out: the groups it tells apart, and the rule that protected it.

    ``population`` names whose figures these are (an organisation's scheme): tables of one
    population are checked against each other, those withdrawn too. ``subject`` names what the
    table was made from, the days what it tells of.
    """

    population = models.CharField(max_length=120, db_index=True)
    subject = models.CharField(max_length=120)
    threshold = models.PositiveSmallIntegerField()
    deviation = models.PositiveSmallIntegerField()
    variance = models.FloatField()
    atoms = ArrayField(models.TextField(), default=list)
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    published_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["population", "subject"],
                condition=Q(withdrawn_at__isnull=True),
                name="publication_once_per_subject",
            )
        ]

    def __str__(self) -> str:
        return f"{self.population}: {self.subject}"


class PublishedCell(models.Model):
    """One figure of a published table: what was printed, and what can be told from it."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="cells")
    name = models.CharField(max_length=300)
    geography = models.CharField(max_length=60)
    atoms = ArrayField(models.IntegerField())
    value = models.IntegerField(null=True)
    low = models.IntegerField(default=0)
    high = models.IntegerField(null=True)
    withheld = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["publication", "id"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "name"], name="published_cell_once")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.withheld or self.value}"
