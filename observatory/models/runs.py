"""The record of every load and computation, so that a result can be traced to what made it."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class RunState(models.TextChoices):
    """Where a run stands."""

    QUEUED = "queued", "En attente"
    RUNNING = "running", "En cours"
    DONE = "done", "Terminé"
    REFUSED = "refused", "Refusé"
    FAILED = "failed", "Échoué"


class Run(models.Model):
    """One load or computation: inputs with checksums, parameters, version, counts, progress."""

    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    inputs = models.JSONField(default=list, help_text="Name, size and SHA-256 of each file.")
    parameters = models.JSONField(default=dict)
    version = models.CharField(max_length=40)
    counts = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    message = models.TextField(blank=True)
    step = models.CharField(max_length=80, blank=True)
    done_units = models.BigIntegerField(default=0)
    total_units = models.BigIntegerField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True
    )
    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "state"])]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk} ({self.state})"
