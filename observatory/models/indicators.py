"""What is measured, and every figure with its place, its year, its scope and its source."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from observatory.models.accounts import Organisation
from observatory.models.runs import Run
from observatory.models.sources import Source
from observatory.models.territories import Level, Territory


class Kind(models.TextChoices):
    """What an indicator tells: what was done, what came of it, what changed, or the setting."""

    REALISATION = "realisation", "Réalisation"
    RESULT = "result", "Résultat"
    IMPACT = "impact", "Impact"
    CONTEXT = "context", "Contexte"
    UNSTATED = "unstated", "Non précisé"


class Nature(models.TextChoices):
    """What sort of number it is, which decides its range and what may be done with it."""

    COUNT = "count", "Effectif"
    AMOUNT = "amount", "Montant"
    SHARE = "share", "Part (%)"
    CHANGE = "change", "Évolution (%)"
    RATE = "rate", "Taux pour un nombre d’habitants"
    RATIO = "ratio", "Rapport"
    MEDIAN = "median", "Médiane ou quantile"
    MEAN = "mean", "Moyenne"
    INDEX = "index", "Indice"
    BOOLEAN = "boolean", "Oui ou non"
    TEXT = "text", "Qualitatif"


class Polarity(models.TextChoices):
    """Whether a higher value is better; a gap, a dropout rate or delinquency fall when better."""

    HIGHER = "higher", "Plus haut est mieux"
    LOWER = "lower", "Plus bas est mieux"
    NEUTRAL = "neutral", "Sans sens"


class SpatialRule(models.TextChoices):
    """What ties the figure to a place."""

    RESIDENCE = "residence", "Habitants de"
    RESIDENCE_UNSTATED = "residence_unstated", "Personnes, zone non précisée"
    LOCATED = "located", "Situé dans"
    LOCATED_UNSTATED = "located_unstated", "Localisable, zone non précisée"
    BENEFIT = "benefit", "Au bénéfice de"
    NETWORK = "network", "Réseau scolaire (REP)"
    CATCHMENT = "catchment", "Secteur scolaire"
    MONEY = "money", "Crédits par zone"
    MAP = "map", "Production cartographique"
    IMPOSSIBLE = "impossible", "Déclaré impossible aujourd’hui"
    NONE = "none", "Non spatial"
    UNSTATED = "unstated", "Non précisé"


class IndicatorState(models.TextChoices):
    """How far the definition is: from a placeholder to figures received."""

    TO_DEFINE = "to_define", "À définir"
    DISCUSSED = "discussed", "En discussion"
    VALIDATED = "validated", "Validé"
    FILLED = "filled", "Renseigné"


class Indicator(models.Model):
    """One entry of the dictionary.

    ``per`` is what a rate is for (1000: per thousand inhabitants). ``minimum`` and ``maximum``
    narrow the range that ``nature`` gives. ``level`` is the finest level at which the producer
    really gives it: a figure is never shown as if it came from a finer one.
    """

    code = models.SlugField(max_length=80, unique=True)
    label = models.CharField(max_length=400)
    definition = models.TextField(blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.UNSTATED)
    nature = models.CharField(max_length=10, choices=Nature.choices)
    unit = models.CharField(max_length=60, blank=True)
    per = models.FloatField(null=True, blank=True)
    polarity = models.CharField(max_length=8, choices=Polarity.choices, default=Polarity.NEUTRAL)
    numerator = models.CharField(max_length=200, blank=True)
    denominator = models.CharField(max_length=200, blank=True)
    spatial_rule = models.CharField(
        max_length=20, choices=SpatialRule.choices, default=SpatialRule.UNSTATED
    )
    level = models.CharField(max_length=20, choices=Level.choices, blank=True)
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, blank=True)
    periodicity = models.CharField(max_length=60, blank=True)
    state = models.CharField(
        max_length=10, choices=IndicatorState.choices, default=IndicatorState.VALIDATED
    )
    due_label = models.CharField(max_length=80, blank=True, help_text="As the document writes it.")
    due_on = models.DateField(null=True, blank=True)
    minimum = models.FloatField(null=True, blank=True)
    maximum = models.FloatField(null=True, blank=True)
    decimals = models.PositiveSmallIntegerField(default=0)
    counts_persons = models.BooleanField(
        default=False, help_text="Small values could tell something of a person: gated."
    )
    part_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="parts",
        help_text="The count, or the group of persons, of which this is a part.",
    )
    cut = models.CharField(
        max_length=40,
        blank=True,
        help_text="By what the whole is cut: age, sex… Parts of one cut never overlap.",
    )
    theme = models.CharField(max_length=80, blank=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True)
    source_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(maximum__isnull=True)
                | Q(minimum__isnull=True)
                | Q(maximum__gte=F("minimum")),
                name="indicator_range_is_a_range",
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_additive(self) -> bool:
        """Whether figures of parts add up to the figure of the whole."""
        return self.nature in (Nature.COUNT, Nature.AMOUNT)

    @property
    def is_pooled(self) -> bool:
        """Whether a figure of the whole is a sum of numerators over a sum of denominators."""
        return self.nature in (Nature.SHARE, Nature.RATE, Nature.RATIO, Nature.MEAN)


class Scope(models.TextChoices):
    """Which public or zones a figure covers; figures of two scopes are never compared."""

    WHOLE = "whole", "Tout le territoire"
    QPV = "qpv", "QPV"
    QVA = "qva", "QVA"
    QPV_QVA = "qpv_qva", "QPV et QVA"
    QPV_QVA_QPOP = "qpv_qva_qpop", "QPV, QVA et quartiers populaires"
    PRIORITY = "priority", "Toute la géographie prioritaire"
    PROXIMITY = "proximity", "QPV et proximité"
    PROXY = "proxy", "Arrondissements ou communes ayant un QPV"
    NETWORK = "network", "Éducation prioritaire"
    OUTSIDE = "outside", "Hors quartiers"
    UNSTATED = "unstated", "Non précisé"


class Standing(models.TextChoices):
    """What a figure is worth; the last two have no value, which is never zero."""

    DECLARED = "declared", "Déclaré"
    COMPUTED = "computed", "Calculé"
    ESTIMATED = "estimated", "Estimé"
    WITHHELD = "withheld", "Retenu (secret)"
    NOT_AVAILABLE = "not_available", "Non disponible"


WITHOUT_VALUE = (Standing.WITHHELD, Standing.NOT_AVAILABLE)


class Observation(models.Model):
    """One figure: what, where, when, over which scope, by whom.

    ``period`` names a part of the year or a school year; blank, the figure is of the year.
    ``outline_on`` is the day whose outline of the territory the producer counted in, where it
    is not the year itself (2012 incomes given in the outlines of 2015). ``low`` and ``high``
    bound an estimate. ``row`` is the line of the file it came from. ``betrays`` is worked out
    after each load (observatory/figures/differencing.py).
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="observations")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="observations")
    year = models.PositiveSmallIntegerField()
    period = models.CharField(max_length=20, blank=True)
    scope = models.CharField(max_length=14, choices=Scope.choices, default=Scope.WHOLE)
    standing = models.CharField(max_length=14, choices=Standing.choices)
    value = models.FloatField(null=True, blank=True)
    numerator = models.FloatField(null=True, blank=True)
    denominator = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    text = models.CharField(max_length=400, blank=True)
    outline_on = models.DateField(null=True, blank=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="observations")
    extracted_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    row = models.PositiveIntegerField(null=True, blank=True)
    betrays = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Printed, it would let a few persons be found by subtraction: withheld.",
    )
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "year", "territory", "period", "scope", "source"],
                name="observation_once",
            ),
            models.CheckConstraint(
                condition=~Q(standing__in=["withheld", "not_available"])
                | Q(value__isnull=True, low__isnull=True, high__isnull=True, text=""),
                name="observation_without_value_has_none",
            ),
            models.CheckConstraint(
                condition=Q(standing__in=["withheld", "not_available"])
                | Q(value__isnull=False)
                | ~Q(text=""),
                name="observation_with_value_has_one",
            ),
            models.CheckConstraint(
                condition=(Q(low__isnull=True) | Q(value__gte=F("low")))
                & (Q(high__isnull=True) | Q(value__lte=F("high"))),
                name="observation_within_its_interval",
            ),
        ]
        indexes = [models.Index(fields=["territory", "indicator", "year"])]

    def __str__(self) -> str:
        return f"{self.indicator_id} · {self.territory_id} · {self.year}: {self.value}"


class SeriesBreak(models.Model):
    """From this year on, figures no longer compare with earlier ones; no trend crosses it."""

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="breaks")
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, null=True, blank=True)
    year = models.PositiveSmallIntegerField(help_text="First year of the new series.")
    reason = models.CharField(max_length=300)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ["indicator", "year"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "territory", "year"],
                name="series_break_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.year}: {self.reason}"
