"""The Django application of the pages."""

from django.apps import AppConfig


class MapsConfig(AppConfig):
    """Pages: the planner's explorer and what grows beside it."""

    name = "maps"
    verbose_name = "Pages"
