"""Named areas, what they are called, and what belongs to what."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from observatory.identity import identity_of
from observatory.models.sources import Source


class Level(models.TextChoices):
    """Kinds of named area; grid cells are not territories (see carroyage)."""

    BLOCK = "block", "Îlot"
    IRIS = "iris", "IRIS"
    ADMIN_QUARTER = "admin_quarter", "Quartier administratif"
    ARRONDISSEMENT = "arrondissement", "Arrondissement"
    COMMUNE = "commune", "Commune"
    DEPARTMENT = "department", "Département"
    REGION = "region", "Région"
    COUNTRY = "country", "Pays"
    METROPOLIS = "metropolis", "Métropole"
    EPT = "ept", "Établissement public territorial"
    CONTRACT = "contract", "Contrat de ville"
    URBAN_UNIT = "urban_unit", "Unité urbaine"
    ZONE = "zone", "Zone calculée"
    QPV = "qpv", "Quartier prioritaire (QPV)"
    QVA = "qva", "Quartier de veille active (QVA)"
    CUCS = "cucs", "Ancien périmètre CUCS"
    ZUS = "zus", "Ancienne ZUS"
    ZSP = "zsp", "Zone de sécurité prioritaire"
    NPNRU = "npnru", "Projet de renouvellement urbain (NPNRU)"
    GROUP = "group", "Groupe libre"


class Territory(models.Model):
    """A named area, whatever its shape on a given day (see Perimeter).

    Its identity is its code, or, where no code exists, the set of its communes, its level and
    its name: quarter names repeat from one commune to the next.
    """

    level = models.CharField(max_length=20, choices=Level.choices)
    code = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=200)
    commune_codes = models.JSONField(default=list, blank=True)
    generation = models.PositiveSmallIntegerField(null=True, blank=True)
    srid = models.PositiveIntegerField(default=2154, help_text="System it is measured in.")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="territories")
    facts = models.JSONField(default=dict, blank=True)
    identity = models.CharField(max_length=300, unique=True, editable=False)

    class Meta:
        ordering = ["level", "code", "name"]
        verbose_name_plural = "territories"
        indexes = [models.Index(fields=["level", "code"])]

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()

    def save(self, *args: object, **kwargs: object) -> None:
        """Store the territory under its identity."""
        self.identity = identity_of(self.level, self.code, self.name, self.commune_codes)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Alias(models.Model):
    """Another spelling of a territory's name or an older code of it."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=200)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        verbose_name_plural = "aliases"
        constraints = [
            models.UniqueConstraint(fields=["territory", "name"], name="alias_once_per_territory")
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A territory belongs, wholly or in part, to another between two dates.

    Many-to-many: a quarter may straddle communes, arrondissements and contracts.
    """

    member = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="containers")
    container = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="members")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    area_share = models.FloatField(
        null=True, blank=True, help_text="Share of the member's area inside the container, 0 to 1."
    )
    declared = models.BooleanField(default=True, help_text="False where computed from the shapes.")
    source = models.ForeignKey(Source, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "container", "valid_from"],
                name="membership_once_per_start",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_to__gt=F("valid_from")),
                name="membership_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(area_share__isnull=True)
                | Q(area_share__gt=0, area_share__lte=1.000001),
                name="membership_share_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} ⊂ {self.container}"
