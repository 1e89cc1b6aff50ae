"""The Django application of the map server."""

from django.apps import AppConfig


class LayersConfig(AppConfig):
    """Layer registry, vector tiles, open APIs."""

    name = "layers"
    verbose_name = "Serveur de cartes"

    def ready(self) -> None:
        """Declare the layers once models can be imported."""
        from layers import declarations, figures, outlines, places  # noqa: F401 - they declare

        outlines.connect()
