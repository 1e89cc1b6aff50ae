"""The Django application of everything that comes in."""

from django.apps import AppConfig


class ImportersConfig(AppConfig):
    """Loads and their reports."""

    name = "importers"
    verbose_name = "Imports"
