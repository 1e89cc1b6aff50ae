"""The address reference (BAN): public points, no inhabitant is tied to them."""

from django.contrib.gis.db import models

from observatory.models.sources import Source


class Address(models.Model):
    """One numbered door of the national address base."""

    ban_id = models.CharField(max_length=60, unique=True)
    number = models.CharField(max_length=12, blank=True)
    suffix = models.CharField(max_length=12, blank=True)
    street = models.CharField(max_length=200)
    postcode = models.CharField(max_length=5, blank=True)
    commune_code = models.CharField(max_length=5, db_index=True)
    commune_name = models.CharField(max_length=120)
    position = models.CharField(max_length=40, blank=True, help_text="What the point marks.")
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="addresses")
    geom = models.PointField(srid=4326)

    class Meta:
        verbose_name_plural = "addresses"
        ordering = ["ban_id"]

    def __str__(self) -> str:
        words = (self.number, self.suffix, self.street, self.postcode, self.commune_name)
        return " ".join(word for word in words if word)
