"""What became of one address cell, and how it can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any


class Outcome(IntEnum):
    """Whether the cell says one place."""

    LOCATED = 0
    AMBIGUOUS = 1
    NOT_LOCATED = 2


class Level(IntEnum):
    """What was found of the cell, most precise first."""

    NUMBER = 0
    BETWEEN = 1
    STREET = 2
    POSTCODE = 3
    NOTHING = 4


class Why(StrEnum):
    """What to know of a match, or what prevented one."""

    POSTCODE_NEXT = "postcode_of_a_neighbour"
    POSTCODE_FAR = "postcode_elsewhere"
    TYPE_MISSING = "type_missing"
    TYPE_MISSPELT = "type_misspelt"
    TYPE_DIFFERS = "type_differs"
    NAME_MISSPELT = "name_misspelt"
    NAME_PARTIAL = "name_partial"
    SUFFIX_UNKNOWN = "suffix_unknown"
    NUMBER_UNKNOWN = "number_unknown"
    NUMBER_MISSING = "number_missing"
    SEVERAL_ADDRESSES = "several_addresses"
    SEVERAL_STREETS = "several_streets"
    OUTSIDE_REFERENCE = "outside_reference"
    NO_STREET = "no_street"
    EMPTY = "empty"


@dataclass(slots=True)
class Place:
    """One place of the reference: degrees (EPSG:4326) and how far the truth may lie, metres."""

    lon: float
    lat: float
    precision: float
    label: str
    street: int = -1
    level: Level = Level.NUMBER


@dataclass(slots=True)
class Match:
    """The outcome for one cell.

    ``place`` is the best place (None where nothing was found); ``others`` are places it might
    be as well: other addresses of the cell, or other streets. ``score`` (0 to 1) only ranks
    candidates: the outcome follows from number, type and words. ``tokens`` are the words that
    agreed, ``whys`` what to know.
    """

    outcome: Outcome
    level: Level = Level.NOTHING
    place: Place | None = None
    others: tuple[Place, ...] = ()
    score: float = 0.0
    tokens: tuple[str, ...] = ()
    whys: tuple[Why, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Return the match as plain data, for whoever may see the row."""
        return {
            "outcome": self.outcome.name.lower(),
            "level": self.level.name.lower(),
            "score": round(self.score, 2),
            "agreed": list(self.tokens),
            "why": [str(why) for why in self.whys],
            "place": _place(self.place) if self.place else None,
            "candidates": [_place(place) for place in self.others],
        }


def _place(place: Place) -> dict[str, Any]:
    return {
        "label": place.label,
        "lon": round(place.lon, 6),
        "lat": round(place.lat, 6),
        "precision": round(place.precision),
    }
