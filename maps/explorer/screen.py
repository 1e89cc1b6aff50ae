"""What is on the explorer's screen, read from the same address that brings it back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from pyproj import Transformer

from layers.access import visible_to
from layers.registry import Layer
from maps.asked import Choice
from maps.displays import CHANGE
from maps.errors import BadChoice
from maps.explorer.order import in_order
from maps.explorer.themes import Theme, theme_called
from maps.panel import Person

MOST_DEGREES = 12.0  # a country: further out a static map of the whole tells more
DEGREES = 4326
WORLD = (-180.0, -85.0, 180.0, 85.0)


@dataclass(frozen=True)
class Shown:
    """Layers that are on, the part of the world in sight, and the rest.

    ``known`` are all the layers the person may see. ``order`` names layers and the coloured thing
    from the ground up (maps/explorer/order.py). ``beside`` is the second map, where there is one.
    ``zone`` is the name and shape (EPSG:4326) of what was drawn or counted in, on the first map.
    ``window`` is west, south, east, north in degrees (EPSG:4326).
    """

    person: Person
    layers: tuple[Layer, ...]
    window: tuple[float, float, float, float]
    theme: Theme
    generation: int | None
    choice: Choice | None
    opacity: float = 1.0
    order: tuple[str, ...] = ()
    known: tuple[Layer, ...] = ()
    beside: Shown | None = None
    zone: tuple[str, Any] | None = None

    def bounds(self, srid: int) -> tuple[float, float, float, float]:
        """Return the window in another system."""
        move = Transformer.from_crs(DEGREES, srid, always_xy=True)
        return move.transform_bounds(*self.window)


def shown_by(request: HttpRequest, *, framed: bool = True) -> Shown:
    """Read a request; all the world is in sight where it is not ``framed``. Raises BadChoice."""
    query = request.GET
    wanted = query.get("couches", "").split(",")
    generation = query.get("generation", "")
    if generation and not generation.isdecimal():
        raise BadChoice(_("La génération est une année."))
    known = visible_to(request)
    layers = {one.id: one for one in known if one.id in wanted}
    order = in_order(layers, query.get("ordre", ""))
    shown = Shown(
        request.user,
        tuple(layers[one] for one in order if one in layers),
        window_of(query.get("cadre", "")) if framed else WORLD,
        theme_called(query.get("theme", "")),
        int(generation) if generation else None,
        Choice.of(query) if query.get("indicateur") else None,
        opacity_of(query.get("opacite", "")),
        tuple(order),
        tuple(known),
    )
    return _with_second(shown, query) if framed and query.get("cadre2") else shown


def _with_second(shown: Shown, query: QueryDict) -> Shown:
    """Return the screen with its second map: another place, or the indicator in another year.

    Two years share a legend only where its classes are of all years. Raises BadChoice.
    """
    year, choice = query.get("annee2", ""), shown.choice
    if year and not year.isdecimal():
        raise BadChoice(_("L’année est un nombre."))
    other = choice
    if choice is not None and year and choice.way != CHANGE:
        choice = replace(choice, all_years=True)
        other = replace(choice, year=int(year))
    second = replace(shown, window=window_of(query.get("cadre2", "")), choice=other)
    return replace(shown, choice=choice, beside=second)


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
