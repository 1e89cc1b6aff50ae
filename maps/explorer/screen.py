"""What is on the explorer's screen, read from the same address that brings it back."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pyproj import Transformer

from layers.access import visible_to
from layers.registry import Layer
from maps.asked import Choice
from maps.errors import BadChoice
from maps.explorer.themes import Theme, theme_called
from maps.panel import Person

MOST_DEGREES = 12.0  # a country: further out a static map of the whole tells more
DEGREES = 4326


@dataclass(frozen=True)
class Shown:
    """Layers that are on, from the ground up, the part of the world in sight, and the rest.

    ``window`` is west, south, east, north in degrees (EPSG:4326).
    """

    person: Person
    layers: tuple[Layer, ...]
    window: tuple[float, float, float, float]
    theme: Theme
    generation: int | None
    choice: Choice | None
    opacity: float = 1.0

    def bounds(self, srid: int) -> tuple[float, float, float, float]:
        """Return the window in another system."""
        move = Transformer.from_crs(DEGREES, srid, always_xy=True)
        return move.transform_bounds(*self.window)


def shown_by(request: HttpRequest) -> Shown:
    """Read a request. Raises BadChoice."""
    query = request.GET
    wanted = query.get("couches", "").split(",")
    generation = query.get("generation", "")
    if generation and not generation.isdecimal():
        raise BadChoice(_("La génération est une année."))
    layers = [one for one in visible_to(request) if one.id in wanted]
    return Shown(
        request.user,
        tuple(sorted(layers, key=_rank)),
        window_of(query.get("cadre", "")),
        theme_called(query.get("theme", "")),
        int(generation) if generation else None,
        Choice.of(query) if query.get("indicateur") else None,
        opacity_of(query.get("opacite", "")),
    )


ORDER = ("communes", "arrondissements", "cells", "iris", "admin_quarters", "cucs", "qva", "qpv")


def _rank(layer: Layer) -> int:
    """Return where a layer lies, as on the page (maps/frontend/src/symbology.ts)."""
    return ORDER.index(layer.id) if layer.id in ORDER else len(ORDER)


def opacity_of(text: str) -> float:
    """Return how opaque colours are, fully where nothing usable is said, as the page does."""
    return int(text) / 100 if text.isdecimal() and 20 <= int(text) <= 100 else 1.0


def window_of(text: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north. Raises BadChoice."""
    try:
        west, south, east, north = (float(one) for one in text.split(","))
    except ValueError:
        raise BadChoice(_("Le cadre est fait de quatre nombres : ouest, sud, est, nord.")) from None
    finite = all(math.isfinite(one) for one in (west, south, east, north))
    if not finite or not (-180 <= west < east <= 180 and -85 <= south < north <= 85):
        raise BadChoice(_("Ce cadre n’est pas sur la carte."))
    if max(east - west, north - south) > MOST_DEGREES:
        raise BadChoice(_("La carte montre trop loin pour une image : rapprochez-vous."))
    return west, south, east, north
