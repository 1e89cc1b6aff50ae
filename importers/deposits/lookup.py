"""One address: which zones contain it, since when, and which schemes follow. Nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.contrib.gis.geos import Point

from importers.deposits.perimeters import LEVELS, Perimeters
from importers.matching import Level as MatchLevel
from importers.matching import Match, Outcome
from importers.matching.match import Place
from importers.matching.reference import stored_matcher
from observatory.models import Level, Perimeter, Scheme

SHOWN = (*LEVELS, Level.ADMIN_QUARTER, Level.CUCS, Level.ZUS, Level.ZSP, Level.NPNRU)
POLICY = (Level.QPV, Level.QVA)


@dataclass(frozen=True)
class Zone:
    """A zone that contains the address on the day asked about."""

    level: str
    code: str
    name: str
    since: date | None
    until: date | None
    act: str
    source: str

    @property
    def title(self) -> str:
        """Return the kind of zone in words."""
        return str(Level(self.level).label)

    def as_dict(self) -> dict[str, Any]:
        """Return the zone as plain data."""
        return {
            "level": self.level,
            "code": self.code,
            "name": self.name,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "act": self.act,
            "source": self.source,
        }


@dataclass(frozen=True)
class Answer:
    """What an address is in on one day.

    ``sure`` is False where the cell names several places, a street without a number, or a
    point nearer to a quarter's outline than its own precision: zones are then those of the
    place found, and say nothing for sure.
    """

    match: Match
    day: date
    zones: list[Zone]
    schemes: list[Scheme]
    sure: bool

    @property
    def found(self) -> Place | None:
        """Return the place, if there is one."""
        return self.match.place

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as plain data."""
        return {
            "on": self.day.isoformat(),
            "match": self.match.as_dict(),
            "sure": self.sure,
            "zones": [zone.as_dict() for zone in self.zones],
            "schemes": [
                {"code": scheme.code, "name": scheme.name, "zones": scheme.zones}
                for scheme in self.schemes
            ],
        }


def look_up(address: str, day: date, postcode: str = "", city: str = "") -> Answer:
    """Locate one address and tell its zones on a day. Raises NoReference."""
    match = stored_matcher().match(address, postcode, city)
    if match.place is None:
        return Answer(match, day, [], [], False)
    zones = _zones(match.place, day)
    numbered = match.outcome is Outcome.LOCATED and match.level <= MatchLevel.BETWEEN
    sure = numbered and not match.others and not _near_outline(match.place, day)
    return Answer(match, day, zones, _schemes(zones) if sure else [], sure)


def _zones(place: Place, day: date) -> list[Zone]:
    point = Point(place.lon, place.lat, srid=4326)
    found = Perimeter.objects.covering(point, day).filter(territory__level__in=SHOWN)
    return [
        Zone(
            perimeter.territory.level, perimeter.territory.code, perimeter.territory.name,
            perimeter.valid_from, perimeter.valid_to, perimeter.act, perimeter.source.title,
        )
        for perimeter in sorted(
            found.select_related("source"), key=lambda one: SHOWN.index(one.territory.level)
        )
    ]  # fmt: skip


def _near_outline(place: Place, day: date) -> bool:
    perimeters = Perimeters.stored(POLICY)
    lon, lat, reach = (np.array([v]) for v in (place.lon, place.lat, place.precision))
    return any(
        bool(perimeters.layer(level, day).near_outline(lon, lat, reach)[0]) for level in POLICY
    )


def _schemes(zones: list[Zone]) -> list[Scheme]:
    levels = {zone.level for zone in zones if zone.level in POLICY}
    return [scheme for scheme in Scheme.objects.all() if levels & set(scheme.zones)]
