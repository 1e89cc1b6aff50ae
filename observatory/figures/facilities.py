"""Facilities and quarters joined by space: in, near, attached; how many quarters have one.

Two counts are never mixed: facilities, and quarters with at least one. *In* is by the outline in
force that day; *attached* by a decision somebody took; *near* within a distance that no text
fixes and that is therefore given back with every result. Mobile services, closed ones and those
to come cover no quarter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import pandas as pd
from django.db import connection

from observatory.figures.errors import BadParameter
from observatory.models import Level

NEAR = 300.0  # metres, unless asked otherwise
FARTHEST = 5_000.0
# One degree of longitude is never shorter than this in France: a first, coarse selection.
METRES_A_DEGREE = 60_000.0
PER = 1_000  # inhabitants, of a density
SOMEBODY = 0.5  # less is nobody: a sliver of a cell that an outline touches


class Where(StrEnum):
    """How a facility stands to the quarters, from the closest tie to none."""

    IN = "in"
    ATTACHED = "attached"
    LIVED_IN = "lived_in"
    WATCHED = "watched"
    NEAR = "near"
    ELSEWHERE = "elsewhere"
    NOWHERE = "nowhere"


CLOSENESS = {where: place for place, where in enumerate(Where)}

STATEMENT = """
WITH facility AS (
    SELECT f.id, f.geom FROM observatory_facility f
    JOIN observatory_source s ON s.id = f.source_id
    WHERE f.category = %(category)s AND f.state = 'open'
        AND (f.valid_from IS NULL OR f.valid_from <= %(day)s)
        AND (f.valid_to IS NULL OR f.valid_to > %(day)s)
        AND (%(network)s = '' OR f.network = %(network)s)
        AND (%(sources)s::text[] IS NULL OR s.code = ANY(%(sources)s))
), outline AS (
    SELECT t.id, t.level, p.geom, p.measure_srid
    FROM observatory_perimeter p JOIN observatory_territory t ON t.id = p.territory_id
    WHERE t.level = ANY(%(levels)s) AND p.status IN ('legal', 'superseded', 'reference')
        AND (p.valid_from IS NULL OR p.valid_from <= %(day)s)
        AND (p.valid_to IS NULL OR p.valid_to > %(day)s)
)
SELECT f.id, o.id, o.level,
    CASE WHEN ST_Covers(o.geom, f.geom) THEN 'in' ELSE 'near' END
FROM facility f JOIN outline o ON o.geom && ST_Expand(f.geom, %(degrees)s)
    AND (ST_Covers(o.geom, f.geom) OR ST_DWithin(ST_Transform(o.geom, o.measure_srid),
        ST_Transform(f.geom, o.measure_srid), %(distance)s))
UNION
SELECT f.id, l.territory_id, t.level, CASE WHEN l.lived_in THEN 'lived_in' ELSE 'attached' END
FROM facility f JOIN observatory_facilitylink l ON l.facility_id = f.id
LEFT JOIN observatory_territory t ON t.id = l.territory_id
UNION
SELECT f.id, NULL, NULL, CASE WHEN f.geom IS NULL THEN 'nowhere' ELSE 'elsewhere' END
FROM facility f
"""


@dataclass(frozen=True)
class Asked:
    """What to join: a category on a day, and the distance that counts as near, metres."""

    category: str
    day: date
    distance: float = NEAR
    network: str = ""
    sources: Sequence[str] | None = None

    def checked(self) -> Asked:
        """Return it. Raises BadParameter."""
        if not 0 <= self.distance <= FARTHEST:
            raise BadParameter(
                f"{self.distance:g} m is no distance that counts as near.",
                f"Give 0 to {FARTHEST:g} metres.",
            )
        return self


def ties(asked: Asked) -> pd.DataFrame:
    """Return every tie: columns facility, territory (NaN: none), level, where."""
    told = asked.checked()
    values: dict[str, Any] = {
        "category": told.category,
        "day": told.day,
        "network": told.network,
        "sources": list(told.sources) if told.sources is not None else None,
        "levels": [Level.QPV, Level.QVA],
        "distance": told.distance,
        "degrees": told.distance / METRES_A_DEGREE,
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, values)
        names = ["facility", "territory", "level", "where"]
        return pd.DataFrame(cursor.fetchall(), columns=names)


def closest(found: pd.DataFrame) -> pd.Series:
    """Return the closest tie of each facility, by its id; a quarter under watch is not a QPV."""
    told = found["where"].mask(
        (found["level"] == Level.QVA) & found["where"].isin([Where.IN, Where.ATTACHED]),
        Where.WATCHED,
    )
    # Near a quarter under watch is not near a priority quarter.
    told = told.mask((found["level"] == Level.QVA) & (told == Where.NEAR), Where.ELSEWHERE)
    best = told.map(CLOSENESS).groupby(found["facility"]).min()
    return best.map(dict(enumerate(Where)))


@dataclass(frozen=True)
class Coverage:
    """Facilities by their closest tie; quarters with at least one in, and in or attached.

    Shares are in % of ``quarters``, the priority quarters in force that day.
    """

    category: str
    day: date
    distance: float
    facilities: dict[str, int]
    quarters: int
    with_one_in: int
    with_one_attached: int
    with_one_near: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, shares included."""
        told = {**vars(self), "day": self.day.isoformat()}
        for name in ("with_one_in", "with_one_attached", "with_one_near"):
            known = 100 * told[name] / self.quarters if self.quarters else None
            told[f"share_{name}"] = known
        return told


def coverage(asked: Asked, quarters: Sequence[int]) -> Coverage:
    """Count facilities and covered quarters among ``quarters`` (ids of priority quarters).

    ``with_one_attached`` counts quarters with one in or attached; ``with_one_near`` with one
    in, attached or near.
    """
    found = ties(asked)
    kept = found["territory"].isna() | found["territory"].isin(list(quarters))
    kept |= found["level"] == Level.QVA
    counts = closest(found[kept]).value_counts()
    own = found[found["territory"].isin(list(quarters))]

    def having(*ways: Where) -> int:
        return int(own[own["where"].isin(ways)]["territory"].nunique())

    return Coverage(
        asked.category, asked.day, asked.distance,
        {str(where): int(counts.get(where, 0)) for where in Where},
        len(set(quarters)),
        having(Where.IN),
        having(Where.IN, Where.ATTACHED, Where.LIVED_IN),
        having(Where.IN, Where.ATTACHED, Where.LIVED_IN, Where.NEAR),
    )  # fmt: skip


def by_quarter(asked: Asked, quarters: Sequence[int]) -> pd.DataFrame:
    """Return counts of facilities in, attached and near, one row per quarter, zeros included."""
    found = ties(asked)
    own = found[found["territory"].isin(list(quarters))].drop_duplicates()
    # A facility in a quarter and attached to it counts once, as in.
    own = own.assign(rank=own["where"].map(CLOSENESS)).sort_values("rank")
    own = own.drop_duplicates(["facility", "territory"])
    table = pd.crosstab(own["territory"], own["where"]).reindex(
        index=list(quarters), columns=[Where.IN, Where.ATTACHED, Where.LIVED_IN, Where.NEAR],
        fill_value=0,
    )  # fmt: skip
    return table.rename(columns=str)


def serving(table: pd.DataFrame) -> pd.Series:
    """Return how many facilities stand in each quarter or are attached to it (``by_quarter``)."""
    return table[[Where.IN, Where.ATTACHED, Where.LIVED_IN]].sum(axis=1)


def densities(counts: pd.Series, people: pd.DataFrame, per: float = PER) -> pd.DataFrame:
    """Return facilities per ``per`` inhabitants of an age group, by quarter.

    ``people`` has ``value``, ``low`` and ``high`` inhabitants by quarter; more people make a
    lower density, so that the bounds swap. A quarter without inhabitants of that age has none, and
    no highest one where it may have none.
    """
    told = people.reindex(counts.index)
    found = pd.DataFrame(index=counts.index)
    for name, under in (("value", "value"), ("low", "high"), ("high", "low")):
        found[name] = per * counts / told[under].where(told[under] >= SOMEBODY)
    return found
