"""WSGI entry point of the site, watched, its tile gate in front; what the web server runs."""

from typing import Any

from observatory.wsgi import application as django_application  # sets Django up: comes first


def _with_gate() -> Any:
    from django.urls import get_resolver

    from layers.gate import TileGate
    from layers.kept import KeptTiles
    from observatory.paths import home
    from observatory.watching import Watched

    # Django reads the pages at the first request: seconds, and once for each process.
    get_resolver().url_patterns  # noqa: B018
    return Watched(TileGate(django_application, KeptTiles(home() / "tiles")))


application = _with_gate()
