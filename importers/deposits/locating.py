"""From the cells of a batch to points: coordinates in any known system, or matched addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from importers.deposits.columns import Role
from importers.deposits.coordinates import System, in_france, precision_of, recognise
from importers.deposits.perimeters import Perimeters
from importers.matching import Level, Match, Matcher, Outcome
from importers.matching.beside import Pair
from importers.matching.match import Place
from importers.values import as_numbers

Floats = npt.NDArray[np.float64]
Cells = Mapping[str, list[str]]
Tell = Callable[[int], None]


def _nobody(rows: int) -> None:
    """Tell nobody how many rows of the batch are done."""


@dataclass
class Located:
    """Points of a batch (degrees, NaN for none), with what the review must know.

    ``unsure`` marks rows that name a place without saying which; ``matches`` holds the match of
    each row that came from an address.
    """

    lon: Floats
    lat: Floats
    precision: Floats
    unsure: npt.NDArray[np.bool_]
    matches: dict[int, Match] = field(default_factory=dict)


@dataclass
class CoordinateLocator:
    """Reads two columns in the system that the first batch shows."""

    roles: Mapping[Role, str]
    perimeters: Perimeters
    system: System | None = None

    def locate(self, cells: Cells, tell: Tell = _nobody) -> Located:
        """Return the points of a batch; what lies out of France has none."""
        written = [cells[self.roles[role]] for role in (Role.X, Role.Y)]
        x, y = (as_numbers(pa.array(texts, pa.string())).values for texts in written)
        if self.system is None:
            self.system = recognise(x, y, self.perimeters.extent)
        if self.system is None:
            return _nowhere(len(x))
        lon, lat = self.system.degrees(x, y)
        astray = ~in_france(lon, lat)
        lon, lat = np.where(astray, np.nan, lon), np.where(astray, np.nan, lat)
        reach = precision_of(written[0][:1_000], self.system)
        return Located(lon, lat, np.full(len(x), reach), np.zeros(len(x), dtype=bool))

    def close(self) -> None:
        """End what was begun: nothing here."""


@dataclass
class AddressLocator:
    """Matches address cells against the stored reference."""

    roles: Mapping[Role, str]
    matcher: Matcher

    def __post_init__(self) -> None:
        self._pair = Pair(self.matcher)

    def close(self) -> None:
        """End the process that matched beside this one, if any."""
        self._pair.close()

    def locate(self, cells: Cells, tell: Tell = _nobody) -> Located:
        """Return the points of a batch; streets and several candidates are unsure."""
        rows = len(next(iter(cells.values()), []))
        found = _nowhere(rows)
        matches = self._pair.match_all(list(self._texts(cells, rows)), tell)
        for row, match in enumerate(matches):
            found.matches[row] = match
            if match.place is not None:
                found.lon[row], found.lat[row] = match.place.lon, match.place.lat
                found.precision[row] = match.place.precision
                found.unsure[row] = match.outcome is Outcome.AMBIGUOUS
        return found

    def _texts(self, cells: Cells, rows: int) -> Any:
        blank = [""] * rows

        def column(role: Role) -> list[str]:
            return cells[self.roles[role]] if role in self.roles else blank

        parts = (Role.NUMBER, Role.STREET) if Role.ADDRESS not in self.roles else (Role.ADDRESS,)
        texts = [" ".join(filter(None, row)) for row in zip(*map(column, parts), strict=True)]
        return zip(texts, column(Role.POSTCODE), column(Role.CITY), strict=True)

    def other_points(self, match: Match) -> list[Place]:
        """Return all other places a match may stand for: twins, or every door of its street."""
        others = list(match.others)
        if match.place is not None and match.level is Level.STREET:
            index = self.matcher.index
            others += [
                Place(float(index.lon[door]), float(index.lat[door]), 0.0, "")
                for door in index.doors_of(index.ways[match.place.street])
            ]
        return others


def _nowhere(rows: int) -> Located:
    nan = np.full(rows, np.nan)
    return Located(nan, nan.copy(), np.zeros(rows), np.zeros(rows, dtype=bool))
