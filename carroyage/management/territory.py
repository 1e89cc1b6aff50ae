"""Which territory a comparison is about: named, or the one the cells describe."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd

from carroyage import errors, store
from carroyage.models import GridDataset

# A file of one city often holds fragments of its neighbours: from this share of the described
# cells on, the city alone is assessed.
ONE_CITY = 0.8


@dataclass(frozen=True)
class Assessed:
    """The places a comparison is about (EPSG:4326), and how it is told."""

    places: gpd.GeoDataFrame
    words: str

    @property
    def is_empty(self) -> bool:
        """Tell whether no place is known: nothing is clipped then."""
        return self.places.empty


def assessed_territory(dataset: GridDataset, codes: tuple[str, ...] = ()) -> Assessed:
    """Return the communes and arrondissements to compare on.

    ``codes`` name communes (whole, with their arrondissements) or arrondissements. By default
    it is what the cells describe: the one city that holds four fifths of them, or all of it.

    Raises
    ------
    PlaceNotDescribed
    """
    described = store.described_territory(dataset)
    if codes:
        return _named(described, codes)
    if described.empty:
        return Assessed(described, "everything")
    # An arrondissement and the commune around it describe the same cells: keep the finer one.
    finest = described[~((described["level"] == "commune") & _has_parts(described))]
    by_city = finest.groupby("city")["cells"].sum()
    main = str(by_city.idxmax())
    if by_city[main] < ONE_CITY * by_city.sum():
        return Assessed(finest, _told(finest))
    kept = finest[finest["city"] == main]
    others = sorted(finest.loc[finest["city"] != main, "name"])
    left = f"; left out, a fragment: {', '.join(others)}" if others else ""
    return Assessed(kept, _told(kept) + left)


def _named(described: gpd.GeoDataFrame, codes: tuple[str, ...]) -> Assessed:
    wanted = described[described["code"].isin(codes) | described["city"].isin(codes)]
    known = set(wanted["code"]) | set(wanted["city"])
    missing = sorted(set(codes) - known)
    if missing:
        raise errors.PlaceNotDescribed(missing)
    return Assessed(wanted, _told(wanted))


def _has_parts(described: gpd.GeoDataFrame) -> gpd.GeoSeries:
    parts = described.loc[described["level"] == "arrondissement", "city"]
    return described["code"].isin(parts)


def _told(places: gpd.GeoDataFrame) -> str:
    words = []
    parts = places[places["level"] == "arrondissement"]
    for city, group in parts.groupby("city"):
        words.append(f"{len(group)} arrondissements of {city}")
    communes = sorted(places.loc[places["level"] == "commune", "name"])
    if communes:
        words.append(", ".join(communes) if len(communes) <= 5 else f"{len(communes)} communes")
    return " and ".join(words)
