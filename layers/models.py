"""What the map server keeps for itself: the journal of changes, and what low zooms are drawn from.

All of it can be made again from the observatory's own tables.
"""

from __future__ import annotations

from django.contrib.gis.db import models

from carroyage.models import MEASURES, GridDataset, MeasureField, square_field
from observatory.models import Perimeter


class Change(models.Model):
    """One transaction that changed one table; written by the database's own triggers.

    A row appears with the change itself, when its transaction commits, whatever wrote it.
    Rows are only ever added: a shared counter would make loads wait for each other.
    """

    source_table = models.CharField(max_length=63)
    transaction = models.BigIntegerField()
    noted_at = models.DateTimeField()
    statements = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_table", "transaction", "noted_at"], name="change_once"
            )
        ]
        indexes = [models.Index(fields=["source_table", "-id"])]

    def __str__(self) -> str:
        return f"{self.source_table} at {self.noted_at}"


class Square(models.Model):
    """Cells summed over one square of 1 to 64 km, for maps of a whole region or country.

    Written by the database itself when a transaction that changed cells commits (function
    layers_sum_cells), so that squares and cells always agree. ``north`` and ``east`` are the
    metres of the lower-left corner in the system ``epsg``; ``cells`` is how many were summed.
    """

    # The database has this key too, and removes by itself (see the migrations).
    dataset = models.ForeignKey(
        GridDataset, on_delete=models.CASCADE, related_name="squares", db_constraint=False
    )
    epsg = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    north = models.IntegerField()
    east = models.IntegerField()
    cells = models.PositiveIntegerField()
    geom_3857 = square_field()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "size", "epsg", "north", "east"], name="square_once"
            )
        ]

    def __str__(self) -> str:
        return f"CRS{self.epsg}RES{self.size}mN{self.north}E{self.east}"


class PendingSum(models.Model):
    """A dataset whose squares must be summed again before the present transaction ends."""

    dataset_id = models.BigIntegerField()
    transaction = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset_id", "transaction"], name="pending_sum_once")
        ]

    def __str__(self) -> str:
        return f"dataset {self.dataset_id}"


class Allowance(models.Model):
    """What is left to a caller of the open APIs; see layers/throttling.py.

    ``caller`` is a keyed digest of an account or an address. The database keeps no log of it: a
    crash forgets it, which harms nobody.
    """

    caller = models.CharField(max_length=64, primary_key=True)
    full_at = models.DateTimeField(help_text="When the whole allowance is there again.")

    def __str__(self) -> str:
        return f"full again at {self.full_at}"


for _name in MEASURES:
    Square.add_to_class(_name, MeasureField())


class Outline(models.Model):
    """The shape of a perimeter as drawn up to one zoom, its borders shared with its neighbours.

    Kept by layers.outlines; where it is missing, the full shape is drawn.
    """

    perimeter = models.ForeignKey(
        Perimeter, on_delete=models.CASCADE, related_name="outlines", db_constraint=False
    )
    zoom = models.PositiveSmallIntegerField(help_text="Deepest zoom it is drawn at.")
    geom_3857 = models.MultiPolygonField(srid=3857, spatial_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["perimeter", "zoom"], name="outline_once_per_zoom")
        ]

    def __str__(self) -> str:
        return f"{self.perimeter} up to zoom {self.zoom}"
