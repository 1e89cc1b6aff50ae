"""Territories as pages name them: by level and code; their outlines, wholes and quarters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import geopandas as gpd
import shapely
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from maps.errors import UnknownTerritory
from observatory.models import Level, Membership, Perimeter, Right, Territory
from observatory.models.perimeters import IN_FORCE
from observatory.permissions import may

QUARTERS = (Level.QPV, Level.QVA)
# The levels that have a portrait, in the order pages list them.
PORTRAYED = (Level.QPV, Level.QVA, Level.ARRONDISSEMENT, Level.COMMUNE)
ONE_DAY = timedelta(days=1)
METRES = 2154  # Lambert 93, for what has no system of its own


def territory_called(person: Any, level: str, code: str) -> Territory:
    """Return the territory of a level and code that a person may see. Raises UnknownTerritory."""
    found = Territory.objects.filter(level=level, code=code).select_related("source").first()
    if found is None or level not in PORTRAYED or not may(person, Right.VIEW_PUBLIC, found):
        raise UnknownTerritory(_("Aucun territoire n’a ce niveau et ce code."))
    return found


def address_of(territory: Territory) -> str:
    """Return the address of a territory's portrait, empty where it has none."""
    if territory.level not in PORTRAYED or not territory.code:
        return ""
    return reverse("maps:portrait", args=[territory.level, territory.code])


def outline_of(territory: Territory) -> Perimeter | None:
    """Return the last shape that was in force: never what is computed or negotiated."""
    found = territory.perimeters.filter(status__in=IN_FORCE).select_related("source")
    return found.order_by("-valid_from", "-pk").first()


def day_of(perimeter: Perimeter | None) -> date:
    """Return a day on which a shape was in force: memberships are read as of that day."""
    if perimeter is None or perimeter.valid_to is None or perimeter.valid_from is None:
        return date.today()
    return perimeter.valid_from


def wholes_of(territory: Territory, day: date, level: str = "") -> list[Territory]:
    """Return what a territory belongs to on a day, where most of it lies first."""
    rows = _on(Membership.objects.filter(member=territory), day).select_related("container")
    rows = rows.filter(container__level=level) if level else rows
    ordered = sorted(rows, key=lambda row: (-(row.area_share or 1.0), row.container.code))
    return [row.container for row in ordered]


def parts_of(territory: Territory, day: date, levels: Sequence[str]) -> list[Territory]:
    """Return what belongs to a territory on a day, of these levels, with its communes' parts."""
    inside = {territory.pk}
    edge = inside
    while edge:
        rows = _on(Membership.objects.filter(container__in=edge), day)
        edge = set(rows.values_list("member_id", flat=True)) - inside
        inside |= edge
    found = Territory.objects.filter(pk__in=inside - {territory.pk}, level__in=levels)
    drawn = found.filter(perimeters__status__in=IN_FORCE).distinct()
    return list(drawn.order_by("name", "code"))


def ever_within(level: str, within: str) -> set[int]:
    """Return the ids of a level's territories that belong, or once belonged, to a whole.

    ``within`` is ``LEVEL:CODE``. Raises UnknownTerritory.
    """
    whole_level, _sign, code = within.partition(":")
    whole = Territory.objects.filter(level=whole_level, code=code).first()
    if whole is None:
        raise UnknownTerritory(_("Aucun territoire n’a ce niveau et ce code."))
    inside = {whole.pk}
    edge = inside
    while edge:
        rows = Membership.objects.filter(container__in=edge)
        edge = set(rows.values_list("member_id", flat=True)) - inside
        inside |= edge
    found = Territory.objects.filter(pk__in=inside - {whole.pk}, level=level)
    return set(found.values_list("pk", flat=True))


def latest_quarters(territory: Territory, level: str = Level.QPV) -> list[Territory]:
    """Return the quarters of a territory today, or on the last day it had any."""
    found = parts_of(territory, date.today(), [level])
    if found:
        return found
    ended = Membership.objects.filter(member__level=level, valid_to__isnull=False)
    for last in ended.order_by("-valid_to").values_list("valid_to", flat=True).distinct():
        found = parts_of(territory, last - ONE_DAY, [level]) if last else []
        if found:
            return found
    return []


def _on(rows: Any, day: date) -> Any:
    started = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
    return rows.filter(started & (Q(valid_to__isnull=True) | Q(valid_to__gt=day)))


def quarters_of_generation(territory: Territory) -> list[int]:
    """Return the ids of all quarters of the same level and generation that have an outline."""
    found = Territory.objects.filter(
        level=territory.level, generation=territory.generation, perimeters__status__in=IN_FORCE
    )
    return list(found.values_list("pk", flat=True).distinct().order_by("pk"))


def outlines(territories: Sequence[int], srid: int = METRES) -> gpd.GeoDataFrame:
    """Return the last outline in force of each territory.

    Columns: id, level, code, name, perimeter (its id, as tiles give it), geometry.
    """
    rows = (
        Perimeter.objects.filter(territory__in=territories, status__in=IN_FORCE)
        .order_by("territory_id", "-valid_from", "-pk")
        .distinct("territory_id")
        .values_list(
            "territory_id", "territory__level", "territory__code", "territory__name", "pk", "geom"
        )
    )
    told = [(*row[:5], shapely.from_wkb(bytes(row[5].wkb))) for row in rows]
    frame = gpd.GeoDataFrame(
        told,
        columns=["id", "level", "code", "name", "perimeter", "geometry"],
        geometry="geometry",
        crs=4326,
    )
    return frame.to_crs(srid)
