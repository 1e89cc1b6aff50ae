"""Where the planner's list of quarters points to: streets that carry their names.

No geometry of the quarters is used. A name such as "Didot - Porte de Vanves" is split in its
parts; each part is looked for among the streets of the listed communes.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.spatial import KDTree

Floats = npt.NDArray[np.float64]

SMALL_WORDS = {
    "de", "du", "des", "la", "le", "les", "d", "l", "et", "a", "au", "aux", "grand", "grande",
    "quartier", "cite", "secteur", "rue", "avenue", "boulevard", "place", "villa", "square",
    "impasse", "passage", "quai", "allee", "cours", "sud", "nord", "est", "ouest",
}  # fmt: skip
SEPARATORS = re.compile(r"\s+-\s+|\s*[,;/]\s*|\s+et\s+")


@dataclass(frozen=True)
class NamedPlace:
    """One part of a quarter's name and the addresses whose street carries it.

    ``xy`` has shape (k, 2), metres; empty when no street was found.
    """

    quarter: int
    part: str
    streets: tuple[str, ...]
    xy: Floats


def find_places(quarters: pd.DataFrame, addresses: gpd.GeoDataFrame, epsg: int) -> list[NamedPlace]:
    """Look every part of every listed name up among the streets of its communes."""
    xy = shapely.get_coordinates(addresses.geometry.to_crs(epsg).array)
    code, names = pd.factorize(addresses["street"].fillna("").astype(str), sort=True)
    commune = addresses["commune"].astype(str)
    words = [stems(name) for name in names]
    found = []
    for number, row in enumerate(quarters.itertuples(index=False)):
        local = commune.isin(str(row.communes).split()).to_numpy()
        known = np.unique(code[local])
        for part in _parts(row):
            hits = _matching(part, known, words)
            at = local & np.isin(code, hits)
            found.append(NamedPlace(number, part, tuple(names[i] for i in hits), xy[at]))
    return found


def name_features(
    inner: Floats, persons: Floats, places: list[NamedPlace], quarters: pd.DataFrame
) -> dict[str, Floats]:
    """Say how near each piece is to a listed quarter, (n pieces,) each.

    Parameters
    ----------
    inner : (n, 2) a point inside each piece, metres; persons : (n,) its inhabitants

    ``name_distance``: metres to the nearest street that any quarter is named after, as
    log(d + 50).
    ``name_population``: inhabitants who live nearer than the piece to the streets of a
    quarter's name (mean distance to its parts), over the quarter's published population, for
    the quarter where that ratio is smallest, as log(r + 0.2). Under 1, the quarter would reach
    the piece if it grew around its name; local density is thus taken into account.
    """
    nearest, reached = np.full(len(inner), np.inf), np.full(len(inner), np.inf)
    for number, population in enumerate(quarters["population"].to_numpy(np.float64)):
        own = [p for p in places if p.quarter == number and len(p.xy)]
        if not own:
            continue
        distances = [KDTree(p.xy).query(inner)[0] for p in own]
        nearest = np.minimum(nearest, np.minimum.reduce(distances))
        order = np.argsort(np.mean(distances, axis=0), kind="stable")
        nearer = np.empty(len(inner))
        nearer[order] = np.cumsum(persons[order])
        reached = np.minimum(reached, nearer / population)
    if not np.isfinite(nearest).all():  # not one name was found: nothing can be said
        return {}
    return {"name_distance": np.log(nearest + 50.0), "name_population": np.log(reached + 0.2)}


def stems(text: str) -> frozenset[str]:
    """Words of a name without accents, case, small words nor plural marks."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", " ", plain.replace("'", " ")).split()
    kept = [w for w in words if w not in SMALL_WORDS and not w[0].isdigit()]
    return frozenset(w[:-1] if len(w) > 3 and w.endswith("s") else w for w in kept)


def _parts(row: object) -> list[str]:
    given = getattr(row, "streets", None)
    if isinstance(given, str) and given.strip():
        return [part.strip() for part in given.split(";") if part.strip()]
    return [part for part in SEPARATORS.split(str(row.name)) if stems(part)]  # type: ignore[attr-defined]


def _matching(
    part: str, known: npt.NDArray[np.int64], words: list[frozenset[str]]
) -> npt.NDArray[np.int64]:
    """Streets named exactly so; failing that, those that hold every word of the part that any
    local street holds; failing that, those that hold at least one."""
    wanted = {w for w in stems(part) if any(w in words[i] for i in known)}
    if not wanted:
        return np.zeros(0, np.int64)
    exactly = [i for i in known if wanted == words[i]]
    together = exactly or [i for i in known if wanted <= words[i]]
    return np.array(together or [i for i in known if wanted & words[i]], np.int64)
