"""What is stored of a deposit where anyone may look: never a row, never an exact count."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from observatory.models import Organisation, Run, Territory


class DepositState(models.TextChoices):
    """Where a deposit stands."""

    RECEIVED = "received", _("Colonnes à confirmer")
    QUEUED = "queued", _("En attente")
    RUNNING = "running", _("En cours")
    DONE = "done", _("Terminé")
    REFUSED = "refused", _("Refusé")
    FAILED = "failed", _("Échoué")
    CANCELLED = "cancelled", _("Annulé")
    PURGED = "purged", _("Purgé")


class RowUnit(models.TextChoices):
    """What one row of the file is."""

    PERSON = "person", _("Une personne")
    HOUSEHOLD = "household", _("Un ménage")
    STRUCTURE = "structure", _("Une structure")
    EVENT = "event", _("Un événement")


class AddressRole(models.TextChoices):
    """What the address of a row means."""

    HOME = "home", _("Domicile")
    ESTABLISHMENT = "establishment", _("Établissement")
    SCHOOL = "school", _("École")
    EVENT = "event", _("Lieu de l’événement")


class Deposit(models.Model):
    """One file of one organisation for one scheme and period, for one contract or for all.

    ``mark`` names its key and its waiting file. ``columns`` holds the column chosen for each
    role, ``discarded`` the names of columns that are not stored, with the reason.
    """

    mark = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="deposits"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    scheme = models.CharField(max_length=80)
    contract = models.ForeignKey(
        Territory, on_delete=models.PROTECT, null=True, blank=True, related_name="deposits"
    )
    period_from = models.DateField()
    period_to = models.DateField()
    unit = models.CharField(max_length=10, choices=RowUnit.choices, default=RowUnit.PERSON)
    address_role = models.CharField(
        max_length=14, choices=AddressRole.choices, default=AddressRole.HOME
    )
    proximity_metres = models.PositiveIntegerField(null=True, blank=True)
    file_name = models.CharField(max_length=200)
    file_size = models.BigIntegerField(default=0)
    file_digest = models.CharField(max_length=64, help_text="Keyed: tells no file by itself.")
    columns = models.JSONField(default=dict)
    discarded = models.JSONField(default=list)
    state = models.CharField(
        max_length=10, choices=DepositState.choices, default=DepositState.RECEIVED
    )
    cancel_asked = models.BooleanField(default=False)
    message = models.TextField(blank=True)
    problem = models.CharField(max_length=60, blank=True, help_text="Class of what went wrong.")
    distinct_rows = models.BooleanField(
        default=False, help_text="Count a reference once within the deposit."
    )
    distinct_scheme = models.BooleanField(
        default=False, help_text="Leave out references already in a deposit of the scheme."
    )
    placed_since_shared = models.PositiveIntegerField(
        default=0, help_text="Rows placed by the depositor since its figures were shared."
    )
    version = models.PositiveIntegerField(default=1)
    replaces = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replaced_by"
    )
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, blank=True)
    perimeters = ArrayField(models.BigIntegerField(), default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    purge_on = models.DateField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organisation", "state"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(period_to__gte=models.F("period_from")),
                name="deposit_period_in_order",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.period_from:%Y} #{self.pk}"
