"""The Django application of the stored domain."""

from django.apps import AppConfig


class ObservatoryConfig(AppConfig):
    """Territories, perimeters, accounts, run records."""

    name = "observatory"
    verbose_name = "Observatoire"
