"""Stored grid cells, stored income distributions, stored zones."""

from __future__ import annotations

from typing import Any

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import Func

from observatory.models import Perimeter, Run, Source


class Origin(models.TextChoices):
    """What a set of cells was made from."""

    PUBLISHED = "published", "Fichier publié"
    RECORDS = "records", "Enregistrements de ménages"


class GridDataset(models.Model):
    """One delivery of cells: one source, one size, one grid."""

    source = models.OneToOneField(Source, on_delete=models.PROTECT, related_name="grid")
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.PUBLISHED)
    epsg = models.PositiveIntegerField(default=3035)
    size = models.PositiveIntegerField(default=200)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="grids")

    def __str__(self) -> str:
        return str(self.source)


# Without these a file is not a poverty grid.
REQUIRED_MEASURES = ("ind", "men", "men_pauv", "ind_snv")


def square_field() -> models.GeneratedField:
    """Return the outline (EPSG:3857) that the database makes of east, north, size and epsg."""
    east, north = models.F("east") + models.F("size"), models.F("north") + models.F("size")
    envelope = Func("east", "north", east, north, "epsg", function="ST_MakeEnvelope")
    return models.GeneratedField(
        expression=Func(envelope, 3857, function="ST_Transform"),
        output_field=models.PolygonField(srid=3857),
        db_persist=True,
    )


class MeasureField(models.FloatField):
    """A published quantity of a cell; NULL where the producer gives none, which is not zero."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"null": True, "blank": True, **options})


class Cell(models.Model):
    """One square of the grid with the producer's values; its id alone gives its shape.

    ``north`` and ``east`` are the metres of the lower-left corner in the dataset's system.
    NULL means the producer gives no value, which is not zero.
    """

    dataset = models.ForeignKey(GridDataset, on_delete=models.CASCADE, related_name="cells")
    epsg = models.PositiveIntegerField(default=3035)
    size = models.PositiveIntegerField(default=200)
    north = models.IntegerField()
    east = models.IntegerField()
    i_est_200 = models.SmallIntegerField(null=True, blank=True)
    i_est_1km = models.SmallIntegerField(null=True, blank=True)
    groupe = models.CharField(max_length=40, blank=True)
    lcog_geo = models.CharField(max_length=200, blank=True)
    # Persons, households, living standards and dwellings, under the producer's own names.
    ind = MeasureField()
    men = MeasureField()
    men_pauv = MeasureField()
    men_1ind = MeasureField()
    men_5ind = MeasureField()
    men_prop = MeasureField()
    men_fmp = MeasureField()
    ind_snv = MeasureField()
    men_surf = MeasureField()
    men_coll = MeasureField()
    men_mais = MeasureField()
    log_av45 = MeasureField()
    log_45_70 = MeasureField()
    log_70_90 = MeasureField()
    log_ap90 = MeasureField()
    log_inc = MeasureField()
    log_soc = MeasureField()
    ind_0_3 = MeasureField()
    ind_4_5 = MeasureField()
    ind_6_10 = MeasureField()
    ind_11_17 = MeasureField()
    ind_18_24 = MeasureField()
    ind_25_39 = MeasureField()
    ind_40_54 = MeasureField()
    ind_55_64 = MeasureField()
    ind_65_79 = MeasureField()
    ind_80p = MeasureField()
    ind_inc = MeasureField()
    # Made by the database from the id: a delivered geometry is never trusted.
    geom_3857 = square_field()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "north", "east"], name="cell_once")
        ]

    def __str__(self) -> str:
        return f"CRS{self.epsg}RES{self.size}mN{self.north}E{self.east}"


MEASURES: tuple[str, ...] = tuple(
    field.name for field in Cell._meta.local_fields if isinstance(field, MeasureField)
)


class CellIncome(models.Model):
    """Persons of one cell by declared income per consumption unit, in steps of 10 €.

    Lines are rounded to 10 €, so these steps count the persons under any line exactly, and
    no household record has to be kept. Never served: working data of the engine.
    """

    dataset = models.ForeignKey(GridDataset, on_delete=models.CASCADE, related_name="incomes")
    north = models.IntegerField()
    east = models.IntegerField()
    steps = ArrayField(models.IntegerField(), help_text="Income // 10 €, ascending.")
    persons = ArrayField(models.IntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "north", "east"], name="cell_income_once")
        ]

    def __str__(self) -> str:
        return f"N{self.north}E{self.east}"


class ComputedZone(models.Model):
    """One zone of one run, with what it is made of; its shape is a computed perimeter."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="zones")
    perimeter = models.OneToOneField(Perimeter, on_delete=models.CASCADE, related_name="zone")
    number = models.PositiveIntegerField()
    cells = models.PositiveIntegerField()
    cell_keys = ArrayField(
        models.CharField(max_length=40), help_text="Ids of the cells it is made of."
    )
    ind = models.FloatField()
    men = models.FloatField(null=True)
    men_pauv = models.FloatField(null=True)
    score_name = models.CharField(max_length=40)
    score = models.FloatField()
    line = models.FloatField(null=True)

    class Meta:
        ordering = ["run", "number"]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="zone_number_once_per_run")
        ]

    def __str__(self) -> str:
        return f"Zone {self.number} of run {self.run_id}"
