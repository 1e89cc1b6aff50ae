"""The streets and doors of the reference, arranged to be found by what people write.

A *way* is one street of one city, whatever arrondissements it runs through: house numbers go
on from one to the next, so that only the whole of it answers "is there a number 12".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from importers.matching.words import SUFFIXES, fold, split_street

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

METRES_PER_DEGREE = 111_320.0
# Doors of two communes in one square of this many degrees make them neighbours.
NEIGHBOUR_SQUARE = 0.004
NEVER = 10_000_000


@dataclass(slots=True)
class Way:
    """One street of one city: type, telling words, and its doors by number."""

    number: int
    type: str
    words: tuple[str, ...]
    name: str
    city: str
    communes: frozenset[str] = frozenset()
    doors: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    first: int = 0
    last: int = 0

    def around(self, number: int) -> tuple[int, int] | None:
        """Return the nearest numbers below and above on the same side, if both are there."""
        below, above = -1, NEVER
        for other in self.doors:
            if (other - number) % 2 == 0:
                if below < other < number:
                    below = other
                elif number < other < above:
                    above = other
        return (below, above) if below >= 0 and above < NEVER else None


def city_of(commune: str) -> str:
    """Return the commune that an arrondissement of Paris, Lyon or Marseille is part of.

    >>> city_of("75118"), city_of("93066")
    ('75056', '93066')
    """
    if commune.startswith("751"):
        return "75056"
    if commune.startswith("6938"):
        return "69123"
    return "13055" if commune.startswith("132") else commune


def suffix_of(written: str) -> str:
    """Return the one spelling of a number's suffix.

    >>> suffix_of("bis"), suffix_of("b"), suffix_of("")
    ('B', 'B', '')
    """
    upper = written.strip().upper()
    return SUFFIXES.get(upper, upper)


class StreetIndex:
    """All ways of some communes, found by type and words, by words alone, and by trigrams."""

    def __init__(self) -> None:
        self.ways: list[Way] = []
        self.by_name: dict[tuple[str, str], list[Way]] = defaultdict(list)
        self.by_words: dict[str, list[Way]] = defaultdict(list)
        self.by_end: dict[str, list[Way]] = defaultdict(list)
        self.vocabulary: set[str] = set()
        self.postcodes: dict[str, set[str]] = defaultdict(set)
        self.cities: dict[str, set[str]] = defaultdict(set)
        self.departments: set[str] = set()
        self.neighbours: dict[str, set[str]] = defaultdict(set)
        self.lon: Floats = np.zeros(0)
        self.lat: Floats = np.zeros(0)
        self.commune_of: list[str] = []
        self._trigrams = _Trigrams()

    @classmethod
    def of(cls, rows: Iterable[Sequence]) -> StreetIndex:
        """Make the index from rows of (number, suffix, street, postcode, commune code and name,
        longitude, latitude), degrees in WGS 84."""
        index = cls()
        known: dict[tuple[str, str], Way] = {}
        lon: list[float] = []
        lat: list[float] = []
        communes: dict[int, set[str]] = defaultdict(set)
        names: dict[tuple[str, str], str] = {}
        for number, suffix, street, postcode, commune, commune_name, x, y in rows:
            way = known.get((city_of(commune), street))
            if way is None:
                way = index._way(city_of(commune), street)
                known[city_of(commune), street] = way
            communes[way.number].add(commune)
            names[commune, postcode] = commune_name
            if number.isdigit():
                way.doors.setdefault(int(number), []).append((suffix_of(suffix), len(lon)))
            lon.append(x)
            lat.append(y)
            index.commune_of.append(commune)
        index.lon, index.lat = np.array(lon), np.array(lat)
        for way in index.ways:
            way.communes = frozenset(communes[way.number])
            way.doors = {n: sorted(doors) for n, doors in way.doors.items()}
        index._name_communes(names)
        index._find_neighbours()
        index._trigrams.build(index.by_words)
        return index

    def _way(self, city: str, street: str) -> Way:
        kind, words = split_street(street)
        same = [way for way in self.by_name.get((kind, " ".join(words)), ()) if way.city == city]
        if same:
            if same[0].name[0].isdigit():
                same[0].name = street
            return same[0]
        way = Way(len(self.ways), kind, tuple(words), street, city)
        self.ways.append(way)
        key = " ".join(words)
        self.by_name[kind, key].append(way)
        self.by_words[key].append(way)
        # Corse - Pasquale Paoli: people write either half.
        for half in street.split(" - ") if " - " in street else ():
            short = " ".join(split_street(half)[1])
            if short != key:
                self.by_name[kind, short].append(way)
        for start in range(1, len(words)) if kind != "VOIE" else ():
            self.by_end[" ".join(words[start:])].append(way)
        if kind and len(words) > 1 and len(words[0]) > 1 and not words[0].isdigit():
            self.by_end[" ".join([words[0][0], *words[1:]])].append(way)
        self.vocabulary.update(words)
        return way

    def _name_communes(self, names: dict[tuple[str, str], str]) -> None:
        for (commune, postcode), name in names.items():
            if postcode:
                self.postcodes[postcode].add(commune)
            self.departments.add(commune[:3] if commune.startswith("97") else commune[:2])
            self.cities[" ".join(fold(name).replace("-", " ").replace("'", " ").split())].add(
                commune
            )
            if city_of(commune) == "75056":
                self.cities["PARIS"].add(commune)
                self.postcodes[f"750{commune[3:]}"].add(commune)

    def _find_neighbours(self) -> None:
        squares: dict[tuple[int, int], set[str]] = defaultdict(set)
        x = np.floor(self.lon / NEIGHBOUR_SQUARE).astype(int).tolist()
        y = np.floor(self.lat / NEIGHBOUR_SQUARE).astype(int).tolist()
        for place, commune in zip(zip(x, y, strict=True), self.commune_of, strict=True):
            squares[place].add(commune)
        for held in squares.values():
            for commune in held:
                self.neighbours[commune] |= held

    # -- finding -------------------------------------------------------------------------

    def similar(self, words: Sequence[str]) -> list[tuple[str, list[Way]]]:
        """Return the names that share most trigrams with ``words``, with their ways."""
        return [(key, self.by_words[key]) for key in self._trigrams.nearest(" ".join(words))]

    def metres(self, one: int, other: int) -> float:
        """Return the distance between two doors."""
        dy = (self.lat[one] - self.lat[other]) * METRES_PER_DEGREE
        dx = (
            (self.lon[one] - self.lon[other])
            * METRES_PER_DEGREE
            * np.cos(np.radians(self.lat[one]))
        )
        return float(np.hypot(dx, dy))

    def doors_of(self, way: Way) -> list[int]:
        """Return all doors of a way."""
        return [door for doors in way.doors.values() for _, door in doors]


class _Trigrams:
    """Names by the runs of three letters they hold (as pg_trgm cuts them)."""

    MOST = 16
    LEAST_SHARED = 0.25

    def __init__(self) -> None:
        self.names: list[str] = []
        self.sizes: Floats = np.zeros(0)
        self.postings: dict[str, Ints] = {}
        self.anagrams: dict[str, list[str]] = defaultdict(list)
        self.kept: dict[str, list[str]] = {}

    def build(self, names: Iterable[str]) -> None:
        """Index names."""
        held: dict[str, list[int]] = defaultdict(list)
        self.names = list(names)
        sizes = []
        for place, name in enumerate(self.names):
            runs = trigrams(name)
            sizes.append(len(runs))
            self.anagrams["".join(sorted(name))].append(name)
            for run in runs:
                held[run].append(place)
        self.sizes = np.array(sizes, dtype=np.float64)
        self.postings = {run: np.array(places) for run, places in held.items()}

    def nearest(self, name: str) -> list[str]:
        """Return the names of largest similarity (shared over all trigrams), best first."""
        found = self.kept.get(name)
        if found is None:
            # Two letters swapped in a short word leave hardly a run of three in common.
            swapped = self.anagrams.get("".join(sorted(name)), [])
            found = list(dict.fromkeys([*swapped, *self._nearest(name)]))
            if len(self.kept) > 50_000:
                self.kept.clear()
            self.kept[name] = found
        return found

    def _nearest(self, name: str) -> list[str]:
        runs = trigrams(name)
        places = [self.postings[run] for run in runs if run in self.postings]
        if not places:
            return []
        shared = np.bincount(np.concatenate(places), minlength=len(self.names))
        close = np.flatnonzero(shared)
        # Over the shorter of both, so that a name without its first name is near as well.
        likeness = shared[close] / np.minimum(self.sizes[close], len(runs))
        rank = np.argsort(-(likeness + shared[close] / (self.sizes[close] + len(runs))))
        best = rank[: self.MOST]
        return [self.names[close[r]] for r in best if likeness[r] >= self.LEAST_SHARED]


def trigrams(text: str) -> set[str]:
    """Return the runs of three signs of each word, padded as pg_trgm does.

    >>> sorted(trigrams("PAIX"))
    ['  P', ' PA', 'AIX', 'IX ', 'PAI']
    """
    return {
        padded[i : i + 3]
        for padded in (f"  {word} " for word in text.split())
        for i in range(len(padded) - 2)
    }
