"""What the sources themselves print as totals and rates, kept apart from what is computed."""

from __future__ import annotations

from django.db import models

from observatory.models.sources import Source


class Statement(models.Model):
    """One printed figure with the formula and operands that should give it.

    ``formula`` is one of observatory/figures/statements.py; operands are numbers, or the name of
    a loaded table's total (``rows:…``). Rows are never corrected: the difference is shown.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="statements")
    key = models.CharField(max_length=80)
    label = models.CharField(max_length=300)
    line = models.PositiveIntegerField(null=True, blank=True)
    printed = models.FloatField()
    decimals = models.PositiveSmallIntegerField(default=0)
    unit = models.CharField(max_length=20, blank=True)
    formula = models.CharField(max_length=40)
    operands = models.JSONField(default=list)
    remark = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["source", "line", "key"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="statement_once_per_source")
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.printed}"
