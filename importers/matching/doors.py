"""From a street and numbers to a door: the number itself, or between its neighbours."""

from __future__ import annotations

from dataclasses import dataclass

from importers.matching.index import StreetIndex, Way
from importers.matching.match import Level, Place, Why
from importers.matching.mentions import Numbers

# How far the true door may lie from the reference's point, in metres.
DOOR_PRECISION = 5.0
SUFFIX_PRECISION = 15.0
# Two doors between which a missing number may be placed.
WIDEST_GAP_METRES = 120.0
WIDEST_GAP_NUMBERS = 12


@dataclass(slots=True)
class Found:
    """A place on a way, with its commune and what to know."""

    place: Place
    commune: str
    whys: tuple[Why, ...] = ()


def find_door(index: StreetIndex, way: Way, numbers: Numbers, is_range: bool) -> Found | None:
    """Return the place of the first of ``numbers`` that the way has, or one between two doors."""
    for number, suffix in _expanded(numbers, is_range):
        doors = way.doors.get(number)
        if doors:
            return _door(index, way, number, suffix, doors)
    for number, suffix in numbers:
        between = _between(index, way, number, suffix)
        if between:
            return between
    return None


def _expanded(numbers: Numbers, is_range: bool) -> list[tuple[int, str]]:
    """Return the numbers written, then those a range implies."""
    found = list(numbers)
    if is_range and len(numbers) >= 2:
        low, high = numbers[0][0], numbers[-1][0]
        if low < high <= low + 60:
            found += [(n, "") for n in range(low + 2, high, 2)]
    return found


def _door(
    index: StreetIndex, way: Way, number: int, suffix: str, doors: list[tuple[str, int]]
) -> Found:
    exact = next((door for mark, door in doors if mark == suffix), None)
    whys: tuple[Why, ...] = ()
    precision = DOOR_PRECISION
    if exact is None:
        exact = doors[0][1]
        spread = max(index.metres(exact, door) for _, door in doors)
        precision = max(SUFFIX_PRECISION if suffix else DOOR_PRECISION, spread)
        suffix, whys = doors[0][0], (Why.SUFFIX_UNKNOWN,)
    return _found(index, way, exact, precision, f"{number}{suffix.lower()}", Level.NUMBER, whys)


def _found(
    index: StreetIndex,
    way: Way,
    door: int,
    precision: float,
    number: str,
    level: Level,
    whys: tuple[Why, ...],
) -> Found:
    commune = index.commune_of[door]
    label = f"{number} {way.name} ({commune})"
    lon, lat = float(index.lon[door]), float(index.lat[door])
    return Found(Place(lon, lat, precision, label, way.number, level), commune, whys)


def _between(index: StreetIndex, way: Way, number: int, suffix: str) -> Found | None:
    """Place a missing number between the doors on its side, where they are near each other."""
    around = way.around(number)
    if not around or around[1] - around[0] > WIDEST_GAP_NUMBERS:
        return None
    below, above = way.doors[around[0]][0][1], way.doors[around[1]][0][1]
    gap = index.metres(below, above)
    if gap > WIDEST_GAP_METRES:
        return None
    share = (number - around[0]) / (around[1] - around[0])
    near = below if share < 0.5 else above
    label = f"{number}{suffix.lower()} {way.name} ({index.commune_of[near]})"
    lon = float(index.lon[below] + share * (index.lon[above] - index.lon[below]))
    lat = float(index.lat[below] + share * (index.lat[above] - index.lat[below]))
    precision = max(DOOR_PRECISION, gap * max(share, 1 - share))
    place = Place(lon, lat, precision, label, way.number, Level.BETWEEN)
    return Found(place, index.commune_of[near], (Why.NUMBER_UNKNOWN,))


def middle_of(index: StreetIndex, way: Way) -> Place | None:
    """Return the door nearest to the middle of a street, with the reach of the whole street."""
    doors = index.doors_of(way)
    if not doors:
        return None
    lon, lat = index.lon[doors], index.lat[doors]
    x, y = lon.mean(), lat.mean()
    nearest = doors[int(((lon - x) ** 2 + (lat - y) ** 2).argmin())]
    reach = max(index.metres(nearest, door) for door in doors)
    return Place(
        float(index.lon[nearest]),
        float(index.lat[nearest]),
        max(reach, DOOR_PRECISION),
        way.name,
        way.number,
        Level.STREET,
    )
