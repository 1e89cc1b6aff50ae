"""Organisations, people's accounts, and the one table that says who may do what where."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from observatory.models.territories import Territory


class Organisation(models.Model):
    """A signatory, partner, referent actor or producer."""

    name = models.CharField(max_length=200, unique=True)
    short_name = models.CharField(max_length=60, blank=True)
    spellings = models.JSONField(default=list, blank=True, help_text="Other spellings met.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """An account; it belongs to at most one organisation."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="users"
    )


class Role(models.TextChoices):
    """What someone is to a territory. Everybody, signed in or not, is at least the public."""

    PUBLIC = "public", "Public"
    PARTNER = "partner", "Partenaire"
    REFERENT = "referent", "Acteur référent"
    CONTRACT_LEAD = "contract_lead", "Pilote du contrat"
    ANALYST = "analyst", "Analyste"
    COMMITTEE = "committee", "Comité de pilotage"
    ADMINISTRATOR = "administrator", "Administrateur"


class Right(models.TextChoices):
    """What may be done; every page, API, tile, export and job asks for one of these."""

    VIEW_PUBLIC = "view_public", "Voir ce qui est public"
    VIEW_SHARED = "view_shared", "Voir ce qui est partagé entre partenaires"
    VIEW_WORKING = "view_working", "Voir les travaux en cours"
    DEPOSIT = "deposit", "Déposer un fichier"
    FILL_SHEET = "fill_sheet", "Remplir ses fiches"
    VALIDATE = "validate", "Valider"
    EDIT_PERIMETER = "edit_perimeter", "Modifier un périmètre"
    LOAD = "load", "Charger des données"
    ADMINISTER = "administer", "Administrer"


class AccessRule(models.Model):
    """Role × territory × right. No territory: wherever the role is held."""

    role = models.CharField(max_length=20, choices=Role.choices)
    right = models.CharField(max_length=20, choices=Right.choices)
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, null=True, blank=True)

    class Meta:
        ordering = ["role", "right"]
        constraints = [
            models.UniqueConstraint(
                fields=["role", "right", "territory"],
                name="access_rule_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} → {self.right} ({self.territory or 'where held'})"


class Assignment(models.Model):
    """Someone holds a role on a territory (none: everywhere) between two dates."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="assignments")
    role = models.CharField(max_length=20, choices=Role.choices)
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, null=True, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["user", "role"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "territory"],
                name="assignment_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role} ({self.territory or 'everywhere'})"
