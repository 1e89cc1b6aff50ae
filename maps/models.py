"""What the pages keep: comparisons as they stood on the day they were shown."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from django.conf import settings
from django.db import models


def checksum_of(content: Any) -> str:
    """Return the SHA-256 of a content written in one way only."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Snapshot(models.Model):
    """A comparison frozen on a day: never worked out again, whatever is loaded later.

    ``content`` holds the rows of the table; ``checksum`` is their SHA-256. ``open_to_all`` tells
    whether anybody could see every figure on that day; if not, only its maker sees it again.
    """

    mark = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=160)
    query = models.TextField(help_text="The address of the comparison.")
    content = models.JSONField()
    checksum = models.CharField(max_length=64)
    open_to_all = models.BooleanField(default=False)
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="snapshots"
    )

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.title} ({self.made_at:%Y-%m-%d})"

    @property
    def is_whole(self) -> bool:
        """Whether the rows are still those that were frozen."""
        return checksum_of(self.content) == self.checksum
