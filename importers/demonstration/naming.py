"""Names of streets, towns and administrative quarters."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from importers.demonstration import plan, words
from importers.demonstration.city import CITY

TYPES = {
    "river": (("Quai", 1.0),),
    "ring": (("Boulevard", 1.0),),
    "avenue": (("Avenue", 0.8), ("Boulevard", 0.2)),
    "main": (("Rue", 0.7), ("Avenue", 0.2), ("Boulevard", 0.1)),
    "street": (("Rue", 0.93), ("Place", 0.03), ("Allée", 0.04)),
    "lane": (
        ("Rue", 0.62), ("Passage", 0.11), ("Villa", 0.08), ("Impasse", 0.06), ("Cité", 0.05),
        ("Square", 0.04), ("Allée", 0.04),
    ),
    "edge": (("Route", 0.7), ("Chemin", 0.3)),
}  # fmt: skip
ECHO = 0.45  # share of passages, villas… that repeat the name of a street already named
MOSTLY_INSIDE = 0.6  # share of doors inside for a street to bear the name of a quarter
SAME_AS_CITY = 0.4  # share of the neighbours' streets that bear a name the city has too


@dataclass(frozen=True)
class Town:
    """How a commune or arrondissement is written on an envelope."""

    code: str
    name: str
    postcode: str
    delivery: str


def town_of(code: str) -> Town:
    """Name a commune of the demonstration, or an arrondissement as BAN does."""
    if not code.startswith(CITY):
        name = plan.COMMUNE_BY_CODE[code].name
        return Town(code, name, f"{code[:2]}9{code[4:]}0", ascii_upper(name))
    number = int(code[3:])
    ordinal = "1er" if number == 1 else f"{number}e"
    return Town(code, f"Paris {ordinal} Arrondissement", f"750{number:02d}", "PARIS")


def ordinal_fr(number: int) -> str:
    """Write 1er, 2ème, 13ème."""
    return "1er" if number == 1 else f"{number}ème"


def ascii_upper(text: str) -> str:
    """Capital letters without accents, apostrophes or hyphens, as the post wants them."""
    text = text.replace("œ", "oe").replace("Œ", "OE")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(plain.upper().replace("'", " ").replace("-", " ").split())


def part_name(commune: str, number: int) -> str:
    """Invented name of an administrative quarter."""
    first = words.ARRONDISSEMENTS[int(commune[3:]) - 1]
    return f"{first}-{words.PARTS[(int(commune[3:]) * 5 + number * 3) % len(words.PARTS)]}"


def name_streets(kinds: list[str], addresses: pd.DataFrame, rng: np.random.Generator) -> list[str]:
    """Name every street; names are unique in the city and in each neighbouring commune.

    Parameters
    ----------
    kinds : list of str, one per street
    addresses : DataFrame with ``street`` and ``insee``, to know where each street runs
    """
    home = addresses.groupby("street")["insee"].min().reindex(range(len(kinds)))
    namer = _Namer(rng)
    return [namer.name(kind, code) for kind, code in zip(kinds, home.fillna(CITY), strict=True)]


class _Namer:
    """Hands out names, remembering which are taken where."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        bodies = _bodies()
        self._bodies = [bodies[i] for i in rng.permutation(len(bodies))]
        self._next = 0
        self._taken: dict[str, set[str]] = {}
        self._of_city: list[str] = []

    def name(self, kind: str, commune: str) -> str:
        """Draw a name that is free in that place."""
        in_city = commune.startswith(CITY)
        taken = self._taken.setdefault(CITY if in_city else commune, set())
        way = self._way(kind)
        name = self._draw(way, in_city=in_city)
        while name in taken:
            name = f"{way} {self._fresh()}"
        taken.add(name)
        if in_city:
            self._of_city.append(name)
        return name

    def _way(self, kind: str) -> str:
        ways, chances = zip(*TYPES[kind], strict=True)
        return str(ways[int(np.searchsorted(np.cumsum(chances), self._rng.random()))])

    def _draw(self, way: str, *, in_city: bool) -> str:
        luck = self._rng.random()
        if self._of_city and not in_city and luck < SAME_AS_CITY:
            return self._of_city[int(self._rng.integers(len(self._of_city)))]
        if self._of_city and way != "Rue" and luck < ECHO:
            other = self._of_city[int(self._rng.integers(len(self._of_city)))]
            return f"{way} {other.split(' ', 1)[1]}"
        return f"{way} {self._fresh()}"

    def _fresh(self) -> str:
        body = self._bodies[self._next % len(self._bodies)]
        self._next += 1
        return body


def _bodies() -> list[str]:
    people = [f"{first} {last}" for first, last in product(words.FIRST, words.LAST)]
    ranked = [f"{rank} {last}" for rank, last in product(words.RANKS, words.LAST)]
    return [*people, *ranked, *words.LAST, *words.PLACES, *words.THINGS, *words.SAINTS]


def name_after_quarters(
    names: list[str], addresses: pd.DataFrame, quarter_of: np.ndarray, codes: list[str]
) -> list[str]:
    """Give some streets of each quarter the quarter's own names.

    Parameters
    ----------
    names : one per street
    quarter_of : int array, one per address: position in ``codes``, -1 outside
    """
    renamed = list(names)
    doors = addresses.groupby("street").size()
    for number, code in enumerate(codes):
        inside = addresses.loc[quarter_of == number].groupby("street").size()
        share = inside / doors.reindex(inside.index)
        mostly = inside[share >= MOSTLY_INSIDE]
        best = (mostly if len(mostly) else inside).sort_values(ascending=False, kind="stable")
        for street, name in zip(best.index, plan.QUARTER_STREETS[code], strict=False):
            renamed[int(street)] = name
    return renamed
