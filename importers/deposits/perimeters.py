"""The stored perimeters of one day, as layers that points are joined to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely
from django.contrib.gis.db.models import BinaryField
from django.db.models.functions import Cast

from importers.deposits.zones import ZoneLayer
from observatory.models import Level, Perimeter

# What every located row is told to lie in.
LEVELS = (Level.QPV, Level.QVA, Level.ARRONDISSEMENT, Level.COMMUNE, Level.IRIS)
Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class _Dated:
    key: int
    level: str
    code: str
    starts: date | None
    ends: date | None
    shape: shapely.Geometry
    srid: int

    def holds_on(self, day: date) -> bool:
        return (self.starts is None or self.starts <= day) and (
            self.ends is None or self.ends > day
        )


@dataclass
class Perimeters:
    """All perimeters in force at any time, cut into layers by day.

    Layers that hold the same perimeters on two days are the same object, so that their grids
    are filled once.
    """

    rows: list[_Dated]
    _layers: dict[tuple[str, tuple[int, ...]], ZoneLayer] = field(default_factory=dict)
    _by_day: dict[tuple[str, date], ZoneLayer] = field(default_factory=dict)

    @classmethod
    def stored(cls, levels: Sequence[str] = LEVELS) -> Perimeters:
        """Read the perimeters in force from the database."""
        found = (
            Perimeter.objects.in_force()
            .filter(territory__level__in=levels)
            .annotate(wkb=Cast("geom", BinaryField()))
            .values_list("id", "territory__level", "territory__code", "territory__identity",
                         "valid_from", "valid_to", "wkb", "measure_srid")
            .order_by("territory__code", "id")
        )  # fmt: skip
        return cls(
            [
                _Dated(key, level, code or identity, starts, ends,
                       shapely.from_wkb(bytes(wkb)), srid)
                for key, level, code, identity, starts, ends, wkb, srid in found
            ]
        )  # fmt: skip

    def breaks(self) -> list[date]:
        """Return the days on which anything changes, ascending."""
        days = {row.starts for row in self.rows} | {row.ends for row in self.rows}
        return sorted(day for day in days if day is not None)

    def layer(self, level: str, day: date) -> ZoneLayer:
        """Return the zones of one level in force on ``day``."""
        found = self._by_day.get((level, day))
        if found is None:
            found = self._by_day[level, day] = self._layer(level, day)
        return found

    def _layer(self, level: str, day: date) -> ZoneLayer:
        rows = [row for row in self.rows if row.level == level and row.holds_on(day)]
        key = (level, tuple(row.key for row in rows))
        if key not in self._layers:
            srid = rows[0].srid if rows else 2154
            shapes = [row.shape for row in rows]
            self._layers[key] = ZoneLayer(level, [row.code for row in rows], shapes, srid)
        return self._layers[key]

    def keys_on(self, day: date) -> list[int]:
        """Return the ids of the perimeters in force on ``day``, as a result keeps them."""
        return sorted(row.key for row in self.rows if row.holds_on(day))

    @property
    def extent(self) -> tuple[float, float, float, float] | None:
        """Return the box (degrees) of the loaded arrondissements and communes."""
        shapes = [r.shape for r in self.rows if r.level in (Level.ARRONDISSEMENT, Level.COMMUNE)]
        if not shapes:
            return None
        west, south, east, north = shapely.total_bounds(shapes)
        return float(west), float(south), float(east), float(north)
