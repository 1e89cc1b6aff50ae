"""The registers: sources' terms, services, schemes, steering bodies and decisions, studies."""

from __future__ import annotations

from django.db import models

from observatory.models.accounts import Organisation
from observatory.models.sources import Source
from observatory.models.territories import Territory


class Sharing(models.TextChoices):
    """Who may see what a source gives; each value needs the right of the same reach."""

    PUBLIC = "public", "Public"
    SHARED = "shared", "Entre partenaires"
    WORKING = "working", "Travail en cours"


class SourceTerms(models.Model):
    """How often a source comes, at which scale, and who may see it."""

    source = models.OneToOneField(Source, on_delete=models.CASCADE, related_name="terms")
    frequency = models.CharField(max_length=60, blank=True)
    geography = models.CharField(max_length=120, blank=True)
    sharing = models.CharField(max_length=8, choices=Sharing.choices, default=Sharing.PUBLIC)
    secrecy_threshold = models.PositiveSmallIntegerField(null=True, blank=True)
    contact = models.CharField(max_length=200, blank=True, help_text="A service, never a person.")

    class Meta:
        verbose_name_plural = "source terms"

    def __str__(self) -> str:
        return f"{self.source_id}: {self.sharing}"


class Service(models.Model):
    """A service of an organisation that answers for something; never a person."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="services"
    )
    name = models.CharField(max_length=200)
    contact = models.CharField(max_length=200, blank=True, help_text="Switchboard or web page.")

    class Meta:
        ordering = ["organisation", "name"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "name"], name="service_once")
        ]

    def __str__(self) -> str:
        return self.name


class Scheme(models.Model):
    """A dispositif: what it offers, to whom, and which zones open a right to it.

    ``zones`` lists levels of territory (qpv, qva…) whose inhabitants or structures are entitled
    or favoured; empty where the scheme is open everywhere. Ages are in years, both included.
    """

    code = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    theme = models.CharField(max_length=80, blank=True)
    summary = models.CharField(max_length=400, blank=True)
    public = models.CharField(max_length=300, blank=True)
    age_from = models.PositiveSmallIntegerField(null=True, blank=True)
    age_to = models.PositiveSmallIntegerField(null=True, blank=True)
    zones = models.JSONField(default=list, blank=True)
    address_role = models.CharField(
        max_length=20, blank=True, help_text="home, establishment, school, event"
    )
    services = models.ManyToManyField(Service, blank=True, related_name="schemes")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True)
    source_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["theme", "code"]

    def __str__(self) -> str:
        return self.name


class Instance(models.Model):
    """A steering body of a contract or territory, and how often it should meet."""

    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, related_name="instances")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=60, blank=True)
    meetings_a_year = models.FloatField(null=True, blank=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True)
    source_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["territory", "name"]
        constraints = [models.UniqueConstraint(fields=["territory", "name"], name="instance_once")]

    def __str__(self) -> str:
        return self.name


class Meeting(models.Model):
    """One date of an instance's calendar, planned or held."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="meetings")
    day = models.DateField()
    held = models.BooleanField(default=False)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["instance", "day"]
        constraints = [models.UniqueConstraint(fields=["instance", "day"], name="meeting_once")]

    def __str__(self) -> str:
        return f"{self.instance_id} {self.day}"


class Decision(models.Model):
    """What an instance decided; targets and amendments point to it as their reason."""

    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="decisions")
    day = models.DateField()
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["-day"]

    def __str__(self) -> str:
        return self.subject


class StudyKind(models.TextChoices):
    """What sort of document a study is."""

    DIAGNOSTIC = "diagnostic", "Diagnostic territorial"
    IMPACT = "impact", "Étude d’impact"
    EVALUATION = "evaluation", "Évaluation"
    PORTRAIT = "portrait", "Portrait de quartier"


class Study(models.Model):
    """A diagnostic or impact study attached to quarters and a theme."""

    kind = models.CharField(max_length=10, choices=StudyKind.choices)
    title = models.CharField(max_length=300)
    theme = models.CharField(max_length=80, blank=True)
    dated_on = models.DateField(null=True, blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField(max_length=40, blank=True)
    territories = models.ManyToManyField(Territory, related_name="studies", blank=True)
    url = models.URLField(blank=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, null=True, blank=True)
    source_line = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "studies"
        ordering = ["kind", "title"]

    def __str__(self) -> str:
        return self.title
