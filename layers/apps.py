"""The Django application of the map server."""

from django.apps import AppConfig


class LayersConfig(AppConfig):
    """Layer registry, vector tiles, open APIs."""

    name = "layers"
    verbose_name = "Serveur de cartes"

    def ready(self) -> None:
        """Declare the layers once models can be imported."""
        from layers import declarations, outlines  # noqa: F401 - declares when imported

        outlines.connect()
