"""All households of the territory: one row each, with where and how they live."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from importers.demonstration import people, plan
from importers.demonstration.city import CITY, City
from importers.demonstration.facts import BY_CODE, TOTAL_POPULATION
from importers.demonstration.fields import SmoothField, bump
from importers.demonstration.ground import Ground
from importers.demonstration.perimeters import Perimeter
from importers.demonstration.zones import Zone

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ESTATE = 5.0  # how much denser the estate of the small urban unit is than its surroundings
BUILT = ("av45", "45_70", "70_90", "ap90", "inc")


@dataclass(frozen=True)
class Doors:
    """Addresses with what households need to know about them: one entry per address."""

    table: pd.DataFrame
    cell: Ints
    quarter: Ints  # position in the list of legal quarters, -1 outside
    near: Floats  # 1 in a zone's cell, falling to 0 some 500 m away
    weight: Floats


def describe_doors(
    city: City,
    ground: Ground,
    addresses: pd.DataFrame,
    zones: list[Zone],
    legal: list[Perimeter],
    rng: np.random.Generator,
) -> Doors:
    """Work out each address's cell, quarter, nearness to poor zones and capacity."""
    x, y = addresses["x"].to_numpy(), addresses["y"].to_numpy()
    of_block = np.full(len(city.shapes), -1)
    for number, quarter in enumerate(legal):
        of_block[list(quarter.blocks)] = number
    quarter_of = of_block[addresses["block"].to_numpy()]
    cell = ground.cells_of(x, y)
    near = _nearness(ground, zones)[cell]
    near = np.where(quarter_of >= 0, 1.0, near)
    weight = _capacity(city, addresses, rng)
    return Doors(addresses, cell, quarter_of, near, weight)


def _nearness(ground: Ground, zones: list[Zone]) -> Floats:
    cells = [c for zone in zones for c in zone.cells]
    near = np.zeros(ground.rows * ground.columns)
    for reach, value in ((3, 0.25), (2, 0.5), (1, 0.8), (0, 1.0)):
        near[ground.around(cells, reach)] = value
    return near


def _capacity(city: City, addresses: pd.DataFrame, rng: np.random.Generator) -> Floats:
    x, y = addresses["x"].to_numpy(), addresses["y"].to_numpy()
    rough = SmoothField.draw(rng, city.skeleton.centre, 450.0)
    weight = np.exp(0.22 * rough.at(x, y) + 0.6 * rng.normal(size=len(x)))
    place = city.skeleton.point(plan.SMALL_UNIT_ZONE.angle, plan.SMALL_UNIT_ZONE.ring)
    weight *= 1 + ESTATE * bump(x, y, place, 330.0)
    crowding = {f"{CITY}{number:02d}": factor for number, factor in plan.CROWDING.items()}
    return weight * addresses["insee"].map(crowding).fillna(1.0).to_numpy(np.float64)


def draw_households(
    doors: Doors, legal: list[Perimeter], rng: np.random.Generator
) -> tuple[pd.DataFrame, Ints]:
    """Draw all households, without their incomes.

    Returns
    -------
    (households, door) : canonical columns, and the address number of each household; sorted
        by address.
    """
    door, sizes = _who_lives_where(doors, legal, rng)
    order = np.argsort(door, kind="stable")
    door, sizes = door[order], sizes[order]
    ages = people.draw_ages(rng, sizes)
    table = doors.table
    households = pd.DataFrame(
        {
            "household_id": _ids(len(door)),
            "address_id": table["id"].to_numpy()[door],
            "x": table["x"].to_numpy()[door],
            "y": table["y"].to_numpy()[door],
            "persons": sizes.astype(np.int16),
            "under_14": ages.under_14.astype(np.int16),
            **{n: ages.bands[:, i].astype(np.int16) for i, n in enumerate(people.AGE_COLUMNS)},
            "single_parent": ages.single_parent,
        }
    )
    return households.assign(**_dwellings(doors, door, sizes, ages, rng)), door


def _ids(count: int) -> npt.NDArray[np.object_]:
    return ("M" + pd.Series(np.arange(1, count + 1)).astype(str).str.zfill(8)).to_numpy(object)


def _who_lives_where(
    doors: Doors, legal: list[Perimeter], rng: np.random.Generator
) -> tuple[Ints, Ints]:
    found: list[tuple[Ints, Ints]] = []
    for number, quarter in enumerate(legal):
        sizes = people.draw_sizes_summing(rng, "poor", BY_CODE[quarter.code].population)
        own = np.flatnonzero(doors.quarter == number)
        chance = doors.weight[own] / doors.weight[own].sum()
        found.append((rng.choice(own, len(sizes), p=chance), sizes))
    insee = doors.table["insee"].to_numpy(str)
    city = np.flatnonzero(np.char.startswith(insee, CITY) & (doors.quarter < 0))
    found.append(_fill(doors, city, "city", plan.CITY_PERSONS - TOTAL_POPULATION, rng))
    for commune in plan.COMMUNES:
        own = np.flatnonzero(insee == commune.code)
        found.append(_fill(doors, own, "suburb", commune.persons, rng))
    return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])


def _fill(
    doors: Doors, own: Ints, kind: str, persons: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    count = round(persons / people.mean_size(kind))
    door = np.repeat(own, people.spread(rng, doors.weight[own], count))
    sizes = people.draw_sizes(rng, kind, count)
    poor = rng.random(count) < 0.8 * doors.near[door]
    return door, np.where(poor, people.draw_sizes(rng, "poor", count), sizes)


def _dwellings(
    doors: Doors, door: Ints, sizes: Ints, ages: people.Ages, rng: np.random.Generator
) -> dict[str, Any]:
    table, n = doors.table, len(door)
    insee = table["insee"].to_numpy(str)
    suburb = ~np.char.startswith(insee, CITY)
    estate = rng.random(len(insee)) < 0.15 + 0.5 * doors.near
    house = rng.random(len(insee)) < np.where(suburb & ~estate, 0.62, 0.02)
    luck = rng.random(n)
    owner = luck < np.where(suburb[door], 0.5, 0.40) * np.interp(ages.head, [25, 60], [0.4, 1.3])
    rented = np.where(owner, "owner", "private")
    tenure = np.where(estate[door], np.where(luck < 0.06, "owner", "social"), rented)
    area = (21 + 15.5 * sizes**0.85 + 9 * (tenure == "owner")) * rng.lognormal(0, 0.24, n)
    area *= np.where(house[door], 1.35, 1.0)
    return {
        "tenure": pd.Categorical(tenure, ["owner", "social", "private"]),
        "dwelling": pd.Categorical(np.where(house[door], "house", "flat"), ["flat", "house"]),
        "floor_area": np.rint(np.clip(area, 9, 400)).astype(np.int16),
        "built": pd.Categorical(_periods(estate, suburb, rng)[door], BUILT),
        "department": pd.Categorical([i[:2] for i in insee])[door],
        "commune": pd.Categorical(insee)[door],
        "urban_unit": pd.Categorical(_urban_units(insee))[door],
    }


def _periods(estate: Bools, suburb: Bools, rng: np.random.Generator) -> npt.NDArray[np.str_]:
    """When each address was built: mostly old in the city, later for social estates."""
    chances = np.where(
        estate[:, None],
        [[0.18, 0.36, 0.27, 0.185, 0.005]],
        np.where(
            suburb[:, None], [[0.34, 0.26, 0.18, 0.21, 0.01]], [[0.66, 0.12, 0.09, 0.12, 0.01]]
        ),
    )
    luck = rng.random(len(estate))[:, None]
    return np.array(BUILT)[np.minimum((luck > chances.cumsum(axis=1)).sum(axis=1), 4)]


def _urban_units(insee: npt.NDArray[np.str_]) -> list[str]:
    small = {c.code for c in plan.COMMUNES if c.urban_unit == plan.SMALL_UNIT}
    return [plan.SMALL_UNIT if code in small else plan.BIG_UNIT for code in insee.tolist()]
