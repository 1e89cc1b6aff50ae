"""Everything the demonstration is made of, drawn in order from one seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from importers.demonstration import incomes, perimeters
from importers.demonstration.addresses import address_ids, place_addresses
from importers.demonstration.city import City, draw_city
from importers.demonstration.decoys import Decoys, choose_decoys
from importers.demonstration.facts import NAMED_WATCH
from importers.demonstration.fields import SmoothField
from importers.demonstration.ground import Ground
from importers.demonstration.households import Doors, describe_doors, draw_households
from importers.demonstration.naming import name_after_quarters, name_streets
from importers.demonstration.perimeters import Perimeter
from importers.demonstration.zones import Zone, grow_zones

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Progress = Callable[[str, int, int | None], None]


def silent(step: str, done: int, total: int | None = None) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Territory:
    """The finished territory, still in memory. Coordinates are EPSG:3035, metres.

    ``door`` gives the address (row of ``addresses``) of each household.
    """

    city: City
    ground: Ground
    zones: list[Zone]
    decoys: Decoys
    legal: list[Perimeter]
    second: list[Perimeter]
    origins: dict[str, str]
    watch: list[Perimeter]
    former: list[Perimeter]
    addresses: pd.DataFrame
    street_names: list[str]
    doors: Doors
    households: pd.DataFrame
    door: Ints

    @property
    def cell(self) -> Ints:
        """The cell number of each household."""
        return self.doors.cell[self.door]

    @property
    def quarter(self) -> Ints:
        """Position in ``legal`` of each household's quarter, -1 outside."""
        return self.doors.quarter[self.door]


@dataclass(frozen=True)
class Perimeters:
    """All perimeters made of blocks; ``origins`` maps codes of 2024 to codes of 2015."""

    legal: list[Perimeter]
    second: list[Perimeter]
    origins: dict[str, str]
    watch: list[Perimeter]
    former: list[Perimeter]


class Streams:
    """Independent random streams by name, so that one stage never disturbs another."""

    NAMES = (
        "city", "zones", "legal", "second", "doors", "streets", "capacity", "households",
        "incomes", "disposable", "facilities", "figures", "money",
    )  # fmt: skip

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __call__(self, name: str) -> np.random.Generator:
        """The stream of a stage."""
        return np.random.default_rng([self._seed, self.NAMES.index(name)])


def draw_territory(seed: int, progress: Progress = silent) -> Territory:
    """Draw the whole territory from a seed.

    Raises
    ------
    DemonstrationError
    """
    stream = Streams(seed)
    progress("streets and blocks", 0, 4)
    city = draw_city(stream("city"))
    ground = Ground.of(city)
    progress("quarters", 1, 4)
    zones = grow_zones(city, ground, stream("zones"))
    drawn = _draw_perimeters(city, ground, zones, stream)
    progress("addresses", 2, 4)
    addresses = place_addresses(city, stream("doors"))
    addresses["id"] = address_ids(addresses)
    doors = describe_doors(city, ground, addresses, zones, drawn.legal, stream("capacity"))
    names = name_streets(city.network.kind, addresses, stream("streets"))
    names = name_after_quarters(names, addresses, doors.quarter, [q.code for q in drawn.legal])
    progress("households", 3, 4)
    households, door = draw_households(doors, drawn.legal, stream("households"))
    decoys = choose_decoys(city, ground, zones, _inhabitants(ground, doors.cell[door], households))
    territory = Territory(
        city, ground, zones, decoys, drawn.legal, drawn.second, drawn.origins, drawn.watch,
        drawn.former, addresses, names, doors, households, door,
    )  # fmt: skip
    _add_incomes(territory, stream)
    progress("households", 4, 4)
    return territory


def _draw_perimeters(city: City, ground: Ground, zones: list[Zone], stream: Streams) -> Perimeters:
    graph = perimeters.Blocks(city)
    legal = perimeters.legal_quarters(city, ground, zones, graph, stream("legal"))
    second, origins = perimeters.quarters_2024(city, legal, graph, stream("second"))
    watch = perimeters.watch_quarters(city, legal, graph, NAMED_WATCH)
    former = perimeters.former_contract(city, legal, graph)
    return Perimeters(legal, second, origins, watch, former)


def _inhabitants(ground: Ground, cell: Ints, households: pd.DataFrame) -> Floats:
    persons = households["persons"].to_numpy(np.float64)
    sums = np.bincount(cell, persons, minlength=ground.rows * ground.columns)
    return sums.astype(np.float64)


def _add_incomes(territory: Territory, stream: Streams) -> None:
    households, doors, door = territory.households, territory.doors, territory.door
    raw = incomes.draw_incomes(territory.city, doors, households, door, stream("incomes"))
    persons = households["persons"].to_numpy(np.int64)
    work = incomes.Calibration(raw, persons, territory.cell, territory.quarter)
    incomes.calibrate(work, territory.zones, territory.legal, territory.decoys.cells)
    rng = stream("disposable")
    x, y = territory.addresses["x"].to_numpy(), territory.addresses["y"].to_numpy()
    local = SmoothField.draw(rng, territory.city.skeleton.centre, 200.0).at(x, y)
    noise = rng.normal(size=len(door))
    left = incomes.disposable(work.income, households, door, noise, local)
    units = incomes.consumption_units(households)
    households["declared_income"] = np.rint(work.income * units).astype(np.int64)
    households["disposable_income"] = np.rint(left * units).astype(np.int64)
