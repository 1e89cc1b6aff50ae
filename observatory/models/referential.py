"""What was promised: the tree of a contract, its actors, targets by version, yearly sheets.

One generic tree holds every contract: Paris has themes, objectives, sub-objectives, tables and
actions; another has axes, priorities and engagements. A new contract needs rows, not code.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from observatory.models.accounts import Organisation
from observatory.models.indicators import Indicator, Scope
from observatory.models.registers import Decision, Scheme
from observatory.models.runs import Run
from observatory.models.sources import Source
from observatory.models.territories import Territory


class Framework(models.Model):
    """One published tree of a contract. ``milestones`` names years: start, mid-term, end."""

    code = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="frameworks")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="frameworks")
    year_from = models.PositiveSmallIntegerField(null=True, blank=True)
    year_to = models.PositiveSmallIntegerField(null=True, blank=True)
    milestones = models.JSONField(default=dict, blank=True)
    validated = models.BooleanField(default=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.title


class NodeKind(models.TextChoices):
    """The kinds of node met in the contracts' trees."""

    THEME = "theme", "Thème"
    AXIS = "axis", "Axe"
    PILLAR = "pillar", "Pilier"
    SUB_AXIS = "sub_axis", "Sous-axe"
    OBJECTIVE = "objective", "Objectif"
    SUB_OBJECTIVE = "sub_objective", "Sous-objectif"
    OPERATIONAL_OBJECTIVE = "operational_objective", "Objectif opérationnel"
    HEADING = "heading", "Intitulé de tableau"
    PRIORITY = "priority", "Priorité"
    ENGAGEMENT = "engagement", "Engagement"
    MEASURE = "measure", "Mesure"
    ACTION = "action", "Action"
    EXAMPLE = "example", "Exemple d’action"
    STAKE = "stake", "Enjeu des conseils citoyens"


class Node(models.Model):
    """One node of a framework's tree; ``key`` is stable between two loads of one document."""

    framework = models.ForeignKey(Framework, on_delete=models.CASCADE, related_name="nodes")
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children"
    )
    kind = models.CharField(max_length=24, choices=NodeKind.choices)
    key = models.CharField(max_length=60)
    number = models.CharField(max_length=20, blank=True, help_text="As printed.")
    order = models.PositiveIntegerField()
    label = models.CharField(max_length=600)
    status = models.CharField(max_length=60, blank=True)
    source_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["framework", "order"]
        constraints = [
            models.UniqueConstraint(fields=["framework", "key"], name="node_once_per_framework")
        ]

    def __str__(self) -> str:
        return self.label


class ActorRole(models.TextChoices):
    """What an organisation is to an action."""

    REFERENT = "referent", "Acteur référent"
    PARTNER = "partner", "Partenaire"
    PRODUCER = "producer", "Producteur de données"


class NodeActor(models.Model):
    """Who answers for a node; ``written`` keeps the document's own spelling."""

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="actors")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="nodes")
    role = models.CharField(max_length=8, choices=ActorRole.choices, default=ActorRole.REFERENT)
    written = models.CharField(max_length=200, blank=True)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["node", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["node", "organisation", "role", "written"], name="node_actor_once"
            )
        ]

    def __str__(self) -> str:
        return self.written or str(self.organisation)


class FrameworkRow(models.Model):
    """One row of a framework's tables: an action, who fills it, an indicator, what is aimed at.

    ``indicator`` is empty where the document says there is none.
    """

    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="rows")
    actor = models.ForeignKey(NodeActor, on_delete=models.SET_NULL, null=True, blank=True)
    indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, null=True, blank=True, related_name="rows"
    )
    key = models.CharField(max_length=60)
    label = models.CharField(max_length=600)
    order = models.PositiveIntegerField()
    source_line = models.PositiveIntegerField(null=True, blank=True)
    repaired = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["node", "key"], name="framework_row_once_per_node")
        ]

    def __str__(self) -> str:
        return self.label


class TargetForm(models.TextChoices):
    """What sort of promise a target is."""

    ABSOLUTE = "absolute", "Valeur à atteindre"
    SHARE = "share", "Part à atteindre"
    RELATIVE = "relative", "Augmentation en %"
    POINTS = "points", "Augmentation en points"
    PER_UNIT = "per_unit", "Par unité"
    MULTIPLE = "multiple", "Multiplication"
    ALL = "all", "Tous"
    NONE_LEFT = "none_left", "Aucun"
    HALVE_GAP = "halve_gap", "Réduire un écart de moitié"
    CONVERGE = "converge", "Converger vers une référence"
    DIRECTION = "direction", "Sens seulement"
    DELIVERABLE = "deliverable", "Réalisation à créer"
    UNSET = "unset", "Pas d’objectif fixé"


class Bound(models.TextChoices):
    """Whether a target is to be met, a floor or a ceiling."""

    EXACT = "exact", "À atteindre"
    FLOOR = "floor", "Au moins"
    CEILING = "ceiling", "Au plus"


class Target(models.Model):
    """One version of what is aimed at; several parts share a version (a share *and* a number).

    A target has its own unit and denominator: an indicator that counts may have a target that
    is a share. ``stated`` is the document's wording. Versions are kept; the latest one holds.

    A gap to halve, or a figure to reach, is to a reference: ``reference`` is its territory,
    without its quarters where ``reference_rest`` says so; ``reference_indicator`` its indicator
    where it is another one. With an indicator alone the reference is of the target's own place.
    """

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="targets")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="targets")
    framework = models.ForeignKey(
        Framework, on_delete=models.CASCADE, null=True, blank=True, related_name="targets"
    )
    version = models.PositiveSmallIntegerField(default=1)
    part = models.PositiveSmallIntegerField(default=1)
    form = models.CharField(max_length=12, choices=TargetForm.choices)
    value = models.FloatField(null=True, blank=True)
    upper = models.FloatField(null=True, blank=True, help_text="Of a range, 40 to 60.")
    unit = models.CharField(max_length=60, blank=True)
    denominator = models.CharField(max_length=200, blank=True)
    bound = models.CharField(max_length=8, choices=Bound.choices, default=Bound.EXACT)
    per = models.CharField(max_length=60, blank=True, help_text="Per quarter, per arrondissement.")
    yearly = models.BooleanField(default=False)
    baseline = models.FloatField(null=True, blank=True)
    baseline_year = models.PositiveSmallIntegerField(null=True, blank=True)
    horizon = models.PositiveSmallIntegerField(null=True, blank=True)
    scope = models.CharField(max_length=14, choices=Scope.choices, default=Scope.UNSTATED)
    reference = models.ForeignKey(
        Territory, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reference_rest = models.BooleanField(default=False)
    reference_indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    stated = models.TextField(blank=True)
    reason = models.CharField(max_length=300, blank=True)
    decided_on = models.DateField(null=True, blank=True)
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, null=True, blank=True, related_name="targets"
    )
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="targets")
    source_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["indicator", "version", "part"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "territory", "version", "part"], name="target_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} v{self.version}: {self.stated}"


class Crosswalk(models.Model):
    """Two nodes of two taxonomies speak of the same thing, as a named correspondence says."""

    name = models.CharField(max_length=80)
    left = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="crosswalks")
    right = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="crosswalked_from")
    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    source_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "left", "right"], name="crosswalk_once")
        ]

    def __str__(self) -> str:
        return f"{self.left_id} ↔ {self.right_id}"


class SheetState(models.TextChoices):
    """The steps of a sheet between the one who fills it and the one who validates it."""

    EXPECTED = "expected", "Attendue"
    DRAFT = "draft", "En cours"
    SUBMITTED = "submitted", "Remise"
    VALIDATED = "validated", "Validée"
    SENT_BACK = "sent_back", "Renvoyée"


class FollowUpSheet(models.Model):
    """What an actor says of an action for one year."""

    code = models.SlugField(max_length=80, unique=True)
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, related_name="sheets")
    node = models.ForeignKey(
        Node, on_delete=models.SET_NULL, null=True, blank=True, related_name="sheets"
    )
    scheme = models.ForeignKey(
        Scheme, on_delete=models.SET_NULL, null=True, blank=True, related_name="sheets"
    )
    title = models.CharField(max_length=300)
    axis = models.CharField(max_length=120, blank=True)
    theme = models.CharField(max_length=120, blank=True)
    objective = models.CharField(max_length=400, blank=True)
    year = models.PositiveSmallIntegerField()
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="sheets"
    )
    written_actor = models.CharField(max_length=200, blank=True)
    updated_label = models.CharField(max_length=60, blank=True)
    due_on = models.DateField(null=True, blank=True)
    method = models.TextField(blank=True)
    analysis = models.TextField(blank=True)
    alerts = models.TextField(blank=True)
    adjustment = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=SheetState.choices, default=SheetState.EXPECTED)
    validated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    validated_at = models.DateTimeField(null=True, blank=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True)
    source_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["territory", "year", "code"]

    def __str__(self) -> str:
        return f"{self.title} ({self.year})"


class RateFormula(models.TextChoices):
    """The formulas by which a rate of realisation is worked out (observatory/figures/rates.py)."""

    RESULT_OVER_TARGET = "result_over_target", "Résultat / cible"
    GAP_REDUCTION = "gap_reduction", "Réduction de l’écart"
    POINTS_OVER_BASELINE = "points_over_baseline", "Points depuis le départ"
    POINTS_OVER_TARGET = "points_over_target", "Points au-dessus de la cible"
    INCREASE_OVER_TARGET = "increase_over_target", "Augmentation / augmentation visée"
    MULTIPLE = "multiple", "Multiple"
    COVERAGE = "coverage", "Couverture"
    DONE = "done", "Fait ou non"
    NONE = "none", "Sans taux"


class SheetResult(models.Model):
    """One line of figures of a sheet; the declared rate stays beside the recomputed one.

    ``numerator`` and ``denominator`` are given where the result is a share of known counts.
    """

    sheet = models.ForeignKey(FollowUpSheet, on_delete=models.CASCADE, related_name="results")
    indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, null=True, blank=True, related_name="sheet_results"
    )
    order = models.PositiveSmallIntegerField(default=1)
    label = models.CharField(max_length=300)
    unit = models.CharField(max_length=40, blank=True)
    previous = models.FloatField(null=True, blank=True)
    target = models.FloatField(null=True, blank=True)
    result = models.FloatField(null=True, blank=True)
    result_label = models.CharField(max_length=80, blank=True, help_text="Its date, as printed.")
    numerator = models.FloatField(null=True, blank=True)
    denominator = models.FloatField(null=True, blank=True)
    formula = models.CharField(max_length=20, choices=RateFormula.choices, default=RateFormula.NONE)
    declared = models.FloatField(null=True, blank=True, help_text="Declared rate, in its unit.")
    declared_unit = models.CharField(max_length=10, blank=True, help_text="% or points")
    declared_text = models.CharField(max_length=200, blank=True)
    scope = models.CharField(max_length=14, choices=Scope.choices, default=Scope.UNSTATED)
    comparable = models.BooleanField(default=True, help_text="False across a change of method.")
    source_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["sheet", "order"]
        constraints = [models.UniqueConstraint(fields=["sheet", "order"], name="sheet_result_once")]

    def __str__(self) -> str:
        return self.label
