"""The Django application of grid and zoning."""

from django.apps import AppConfig


class CarroyageConfig(AppConfig):
    """Grid cells and computed zones."""

    name = "carroyage"
    verbose_name = "Carroyage"
