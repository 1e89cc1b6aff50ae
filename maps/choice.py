"""What a map or a comparison shows: which territories, which figure, in which words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from django.utils.translation import gettext as _
from matplotlib.colors import LinearSegmentedColormap, to_hex

from maps.charts.theme import SEQUENTIAL
from maps.classes import Classes
from maps.displays import CHANGE, Told, display
from maps.errors import BadChoice, UnknownTerritory
from maps.figures import quantity
from maps.panel import Person, citations, indicators_by_code, shown_figures
from maps.places import latest_quarters, outlines, parts_of
from observatory.models import Level, Perimeter, Territory
from observatory.models.perimeters import IN_FORCE

# Blue and orange: told apart by every kind of colour vision; both darken away from 0.
FALLS, STILL, RISES = ("#cfe0f0", "#1f4e86"), "#f4f2ec", ("#f9dcb8", "#a34a05")
LIMITS = {Level.COMMUNE, Level.ARRONDISSEMENT}


def colours(count: int) -> list[str]:
    """Return ``count`` colours of the one ramp, palest first, as ``#rrggbb``."""
    ramp = LinearSegmentedColormap.from_list("observatory", SEQUENTIAL)
    if count == 1:
        return [to_hex(ramp(0.4))]
    return [to_hex(ramp(place / (count - 1))) for place in range(count)]


def colours_of(classes: Classes, told: Told) -> list[str]:
    """Return the colour of each class, lowest first; a change has one ramp on each side of 0."""
    many = len(classes.breaks) + 1
    if told.way != CHANGE:
        return colours(many)
    falls = sum(edge <= 0 for edge in classes.breaks)
    rises = sum(edge >= 0 for edge in classes.breaks)
    still = many - falls - rises  # a class that holds 0 inside
    return [*_away(FALLS, falls)[::-1], *[STILL] * still, *_away(RISES, rises)]


def _away(ends: tuple[str, str], count: int) -> list[str]:
    """Return ``count`` colours from the one beside 0 to the farthest."""
    ramp = LinearSegmentedColormap.from_list("away", ends)
    return [to_hex(ramp(place / max(count - 1, 1))) for place in range(count)]


def chosen_territories(
    level: str, *, generation: int | None = None, within: str = ""
) -> list[Territory]:
    """Return the territories of a level, of the latest generation unless one is named.

    ``within`` is ``LEVEL:CODE``. Raises BadChoice, UnknownTerritory.
    """
    if level not in Level.values:
        raise BadChoice(_("Ce niveau de territoire n’existe pas."))
    if within:
        found = _within(level, within)
    else:
        drawn = Territory.objects.filter(level=level, perimeters__status__in=IN_FORCE)
        found = list(drawn.distinct().order_by("code", "name"))
    known = {one.generation for one in found if one.generation}
    wanted = generation or max(known, default=None)
    if wanted is not None:
        found = [one for one in found if one.generation == wanted]
    if not found:
        raise BadChoice(_("Aucun territoire de ce niveau n’est chargé."))
    return found


def _within(level: str, within: str) -> list[Territory]:
    whole_level, _sign, code = within.partition(":")
    whole = Territory.objects.filter(level=whole_level, code=code).first()
    if whole is None:
        raise UnknownTerritory(_("Aucun territoire n’a ce niveau et ce code."))
    if level in (Level.QPV, Level.QVA):
        return latest_quarters(whole, level)
    from datetime import date

    return parts_of(whole, date.today(), [level])


def values_of(
    person: Person,
    territories: Sequence[Territory],
    code: str,
    year: int | None,
    way: str = "",
    since: int | None = None,
) -> tuple[gpd.GeoDataFrame, Told | None]:
    """Return outlines (EPSG:2154) with ``value`` and ``standing``, and what they tell.

    Without a year, the latest in which most territories have a value; ``way`` and ``since`` as in
    maps/displays.py. Raises BadChoice.
    """
    ids = [one.pk for one in territories]
    frame = outlines(ids)
    frame["value"], frame["standing"] = np.nan, ""
    if not code:
        return frame, None
    indicator = indicators_by_code([code]).get(code)
    if indicator is None:
        raise BadChoice(_("Cet indicateur n’est pas chargé."))
    shown = shown_figures(person, territories=ids, codes=[code])
    rows, told = display(indicator, shown, year or best_year(shown), way, since)
    frame["value"] = frame["id"].map(rows["value"])
    frame["standing"] = frame["id"].map(rows["standing"]).fillna("")
    return frame, told


def best_year(shown: Any) -> int | None:
    """Return the year with most values, the latest of several."""
    counts = shown.dropna(subset=["value"]).groupby("year")["value"].size()
    if counts.empty:
        return int(shown["year"].max()) if len(shown) else None
    return int(counts[counts == counts.max()].index.max())


def class_words(classes: Classes, told: Told) -> list[str]:
    """Return the words of each class, lowest first: each holds its lower break."""

    signed = told.way == CHANGE

    def write(value: float, *, bare: bool = False) -> str:
        decimals = told.decimals
        while round(value, decimals) != round(value, 9) and decimals < 9:
            decimals += 1
        return quantity(value, "" if bare else told.unit, decimals, signed=signed)

    breaks = classes.breaks
    if not breaks:
        return [_("toutes les valeurs")]
    middle = [
        _("{low} à {high}").format(low=write(low, bare=True), high=write(high))
        for low, high in pairwise(breaks)
    ]
    return [
        _("moins de {high}").format(high=write(breaks[0])),
        *middle,
        _("{low} et plus").format(low=write(breaks[-1])),
    ]


def circle_sizes(most: float, told: Told) -> list[tuple[float, str]]:
    """Return the sizes a legend of circles shows: round values under the largest, in words."""
    if most <= 0:
        return []
    power = 10.0 ** math.floor(math.log10(most))
    top = max(step * power for step in (1, 2, 5) if step * power <= most)
    sizes = (top, top / 4, top / 16)
    # Under the last decimal a size would be written as nothing: a count of people as 0.
    least = 10.0**-told.decimals
    return [(size, quantity(size, told.unit, told.decimals)) for size in sizes if size >= least]


def citation_of(frame: gpd.GeoDataFrame, told: Told | None) -> str:
    """Return the line of sources of a map: of its figure, or of its outlines."""
    wanted = told.sources if told else _sources_of(frame)
    lines = [
        ", ".join(part for part in (s["producer"], s["title"], s["vintage"]) if part)
        for s in citations(wanted)
    ]
    return _("Source :") + " " + " ; ".join(lines)


def limits_around(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the communes and arrondissements drawn below a map, in its own system."""
    if set(frame["level"]) & LIMITS:
        return frame.iloc[:0]
    box = shapely.box(*frame.to_crs(4326).total_bounds)
    near = Perimeter.objects.filter(
        status__in=IN_FORCE, territory__level__in=LIMITS, geom__bboverlaps=box.wkt
    )
    return outlines(list(near.values_list("territory_id", flat=True)), frame.crs.to_epsg())


def _sources_of(frame: gpd.GeoDataFrame) -> set[int]:
    held = Territory.objects.filter(pk__in=frame["id"].tolist())
    return set(held.values_list("source_id", flat=True))
