"""What changed, by whom and why: written by the database itself, so nothing escapes it."""

from __future__ import annotations

from django.db import models


class Change(models.Model):
    """One change of one row: the columns that differ, before and after.

    ``actor`` is an account's id, or empty where a load (``run``) or somebody at the database
    did it; ``database_role`` is the role it was done under. Rows are only ever added.
    """

    table = models.CharField(max_length=63)
    row_id = models.BigIntegerField()
    action = models.CharField(max_length=6)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    actor = models.BigIntegerField(null=True)
    run_id = models.BigIntegerField(null=True)
    reason = models.TextField(blank=True)
    database_role = models.TextField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["table", "row_id"]), models.Index(fields=["changed_at"])]

    def __str__(self) -> str:
        return f"{self.action} {self.table} {self.row_id}"
