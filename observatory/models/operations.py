"""What was done to perimeters, by whom, when and why: nothing of it is ever erased."""

from __future__ import annotations

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q

from observatory.models.perimeters import Perimeter
from observatory.models.runs import Run


class OperationKind(models.TextChoices):
    """What can be done to a perimeter in its life."""

    OPEN = "open", "Mise en négociation"
    MERGE = "merge", "Fusion"
    SPLIT = "split", "Division"
    TRIM = "trim", "Ajustement aux îlots"
    ADD = "add", "Ajout d’îlots"
    REMOVE = "remove", "Retrait d’îlots"
    DROP = "drop", "Abandon"
    ENACT = "enact", "Validation par un acte"
    SUPERSEDE = "supersede", "Remplacement"
    DERIVE = "derive", "Différence de périmètres"


class OperationQuerySet(models.QuerySet["Operation"]):
    """Searches over operations."""

    def standing(self) -> OperationQuerySet:
        """Keep the operations that were not undone."""
        return self.filter(undone_at__isnull=True)


class Operation(models.Model):
    """One decision on perimeters: what it took, what it made, and whether it was undone.

    ``day`` is the day of the decision, ``recorded_at`` the moment it was written here.
    """

    kind = models.CharField(max_length=10, choices=OperationKind.choices)
    day = models.DateField()
    author = models.CharField(max_length=120)
    reason = models.TextField()
    act = models.CharField(max_length=200, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    run = models.ForeignKey(
        Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="operations"
    )
    parameters = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=120, blank=True)
    undone_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_reason = models.TextField(blank=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk} ({self.day})"


class PartRole(models.TextChoices):
    """What a perimeter is to an operation."""

    INPUT = "input", "Point de départ"  # replaced by what the operation makes
    BASIS = "basis", "Référence"  # read, and left as it was
    OUTPUT = "output", "Résultat"
    CHANGED = "changed", "Dates ou statut modifiés"


class OperationPart(models.Model):
    """One perimeter in one operation.

    ``before`` and ``after`` hold the columns of a changed perimeter. When an operation is
    undone its results leave the table of perimeters: their columns are then kept in ``after``
    and their outline in ``geom``.
    """

    operation = models.ForeignKey(Operation, on_delete=models.CASCADE, related_name="parts")
    perimeter = models.ForeignKey(
        Perimeter, on_delete=models.SET_NULL, null=True, related_name="parts"
    )
    role = models.CharField(max_length=10, choices=PartRole.choices)
    place = models.PositiveSmallIntegerField(default=0)
    label = models.CharField(max_length=260)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    made_territory = models.BooleanField(default=False, help_text="Territory made for it.")
    geom = models.MultiPolygonField(srid=4326, null=True, blank=True)

    class Meta:
        ordering = ["operation", "role", "place"]
        constraints = [
            models.UniqueConstraint(
                fields=["operation", "perimeter", "role"],
                condition=Q(perimeter__isnull=False),
                name="operation_part_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.label}"
