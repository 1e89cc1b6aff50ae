"""Where a figure or a shape comes from."""

from django.db import models


class Source(models.Model):
    """One publication of one producer at one vintage; printed beside every value it gives."""

    code = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    producer = models.CharField(max_length=200)
    vintage = models.CharField(max_length=40, blank=True)
    licence = models.CharField(max_length=120, blank=True)
    url = models.URLField(blank=True)
    cautions = models.TextField(blank=True, help_text="The producer's warnings, one a line.")
    is_demonstration = models.BooleanField(default=False)
    loaded_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.title}, {self.producer} {self.vintage}".strip()

    def citation(self) -> dict[str, str]:
        """Return what must be printed wherever a value of this source is shown."""
        return {
            "title": self.title,
            "producer": self.producer,
            "vintage": self.vintage,
            "licence": self.licence,
            "url": self.url,
        }
