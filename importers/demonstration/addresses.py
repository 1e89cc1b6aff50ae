"""House numbers along streets: where they stand, and their row in BAN's layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from importers.demonstration.city import City
from importers.demonstration.files import transformer
from importers.demonstration.naming import ascii_upper, town_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Metres of front per address, by distance to the centre.
SPACING = ([0.0, 3_000.0, 5_500.0, 6_500.0], [37.0, 44.0, 53.0, 80.0])
CORNER = 7.0  # metres kept free at both ends of a front
WALL = 2.5  # metres kept free between an address and any border of its block
METRES_PER_NUMBER = 19.0
SHARED_NUMBER = 0.06  # share of doors that bear the number of the door before: bis, ter, quater
REPEATS = ("", "b", "t", "q")  # as the City's own rows write them

COLUMNS = (
    "id", "id_fantoir", "numero", "rep", "nom_voie", "code_postal", "code_insee", "nom_commune",
    "code_insee_ancienne_commune", "nom_ancienne_commune", "x", "y", "lon", "lat",
    "type_position", "alias", "nom_ld", "libelle_acheminement", "nom_afnor", "source_position",
    "source_nom_voie", "certification_commune", "cad_parcelles",
)  # fmt: skip


@dataclass(frozen=True)
class Fronts:
    """Points on the fronts of blocks: one entry per address, any order."""

    x: Floats
    y: Floats
    block: Ints
    street: Ints
    along: Floats
    left: npt.NDArray[np.bool_]


def place_addresses(city: City, rng: np.random.Generator) -> pd.DataFrame:
    """Place addresses along the fronts of all built-up blocks.

    Returns
    -------
    DataFrame with ``x``, ``y`` (EPSG:3035, metres, rounded to the centimetre), ``block``,
        ``street`` (numbers), ``insee``, ``number``, ``repeat``; sorted by commune, street,
        number and repeat.
    """
    fronts = _fronts(city, rng)
    table = pd.DataFrame(
        {
            "x": np.round(fronts.x, 2),
            "y": np.round(fronts.y, 2),
            "block": fronts.block,
            "street": fronts.street,
            "insee": city.commune[fronts.block],
            "number": 2 * (fronts.along // METRES_PER_NUMBER).astype(np.int64) + 2 - fronts.left,
            "along": fronts.along,
        }
    )
    table = table.sort_values(["insee", "street", "number", "along", "x", "y"], kind="stable")
    return _with_repeats(table, rng).drop(columns="along").reset_index(drop=True)


def _with_repeats(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Give some doors the number of the door before them on the same side of the street."""
    side = table.assign(odd=table["number"] % 2).groupby(["insee", "street", "odd"], sort=False)
    before = side["number"].shift()
    shared = (rng.random(len(table)) < SHARED_NUMBER) & before.notna()
    number = table["number"].mask(shared, before).astype(np.int64)
    table = table.assign(number=number)
    rank = table.groupby(["insee", "street", "number"], sort=False).cumcount()
    kept = table[rank < len(REPEATS)]
    repeat = np.array(REPEATS)[rank[rank < len(REPEATS)].to_numpy()]
    return kept.assign(repeat=repeat).sort_values(
        ["insee", "street", "number", "repeat"], kind="stable"
    )


def _fronts(city: City, rng: np.random.Generator) -> Fronts:
    block, ends, segment = _edges(city)
    size = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    far = np.hypot(ends[:, 0] - city.skeleton.centre[0], ends[:, 1] - city.skeleton.centre[1])
    room = size - 2 * CORNER
    wanted = np.where(room > 0, room / np.interp(far, *SPACING), 0)
    count = np.floor(wanted + rng.random(len(wanted))).astype(np.int64)
    edge = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    share = (place + 0.5 + rng.uniform(-0.3, 0.3, len(edge))) / count[edge]
    return _keep_inside(city, _points(city, rng, block, ends, segment, size, edge, share))


def _edges(city: City) -> tuple[Ints, Floats, Ints]:
    block, ends, segment = [], [], []
    for number, plot in enumerate(city.plots):
        if city.green[number]:
            continue
        n = len(plot.xs)
        for i in range(n):
            k = (i + 1) % n
            block.append(number)
            ends.append((plot.xs[i], plot.ys[i], plot.xs[k], plot.ys[k]))
            segment.append(plot.segments[i])
    return np.array(block), np.array(ends), np.array(segment)


def _points(
    city: City,
    rng: np.random.Generator,
    block: Ints,
    ends: Floats,
    segment: Ints,
    size: Floats,
    edge: Ints,
    share: Floats,
) -> Fronts:
    street_of, numbers = city.network.table()
    x0, y0, x1, y1 = ends[edge].T
    ux, uy = (x1 - x0) / size[edge], (y1 - y0) / size[edge]
    at = CORNER + share * (size[edge] - 2 * CORNER)
    street = street_of[segment[edge]]
    deep = city.network.half_widths()[street] + rng.uniform(1.5, 6.0, len(edge))
    # Blocks run counter-clockwise, so their inside lies to the left of each edge.
    x, y = x0 + at * ux - deep * uy, y0 + at * uy + deep * ux
    ox, oy, sx, sy, offset = numbers[segment[edge]].T
    along = offset + (x - ox) * sx + (y - oy) * sy
    left = (sx * ux + sy * uy) > 0
    return Fronts(x, y, block[edge], street, np.maximum(along, 0), left)


def _keep_inside(city: City, fronts: Fronts) -> Fronts:
    points = np.asarray(shapely.points(np.round(np.column_stack([fronts.x, fronts.y]), 2)))
    shapes = city.shapes[fronts.block]
    good = shapely.contains(shapes, points)
    good[good] = shapely.distance(shapely.boundary(shapes[good]), points[good]) >= WALL
    return Fronts(
        fronts.x[good], fronts.y[good], fronts.block[good], fronts.street[good],
        fronts.along[good], fronts.left[good],
    )  # fmt: skip


def ban_table(addresses: pd.DataFrame, street_names: list[str]) -> pd.DataFrame:
    """Word the addresses as rows of the Base Adresse Nationale, all columns as text.

    ``addresses`` is what `place_addresses` gives; ``street_names`` has one name per street.
    """
    x, y = transformer(2154).transform(addresses["x"].to_numpy(), addresses["y"].to_numpy())
    lon, lat = transformer(4326).transform(addresses["x"].to_numpy(), addresses["y"].to_numpy())
    names = pd.Series(street_names).reindex(addresses["street"]).to_numpy()
    towns = addresses["insee"].map({code: town_of(code) for code in addresses["insee"].unique()})
    fantoir = _fantoir(addresses)
    table = pd.DataFrame(dict.fromkeys(COLUMNS, ""), index=addresses.index)
    table["id"] = address_ids(addresses, fantoir)
    table["id_fantoir"] = fantoir
    table["numero"] = addresses["number"].astype(str)
    table["rep"] = addresses["repeat"]
    table["nom_voie"] = names
    table["code_postal"] = towns.map(lambda town: town.postcode)
    table["code_insee"] = addresses["insee"]
    table["nom_commune"] = towns.map(lambda town: town.name)
    table["x"], table["y"] = np.round(x, 2).astype(str), np.round(y, 2).astype(str)
    table["lon"], table["lat"] = np.round(lon, 6).astype(str), np.round(lat, 6).astype(str)
    table["type_position"] = "parcelle"
    table["libelle_acheminement"] = towns.map(lambda town: town.delivery)
    spelt = {name: ascii_upper(name) for name in pd.unique(names)}
    table["nom_afnor"] = pd.Series(names, index=table.index).map(spelt)
    table["source_position"] = table["source_nom_voie"] = "commune"
    table["certification_commune"] = "1"
    return table


def address_ids(addresses: pd.DataFrame, fantoir: pd.Series | None = None) -> pd.Series:
    """Give each address its BAN identifier, for instance ``75113_0042_00007_b``."""
    way = _fantoir(addresses) if fantoir is None else fantoir
    ids = way + "_" + addresses["number"].astype(str).str.zfill(5)
    return ids + np.where(addresses["repeat"] == "", "", "_" + addresses["repeat"])


def _fantoir(addresses: pd.DataFrame) -> pd.Series:
    """A code per commune and street: 4 digits, counted along the commune's streets."""
    pairs = addresses[["insee", "street"]].drop_duplicates()
    rank = pairs.groupby("insee", sort=False).cumcount() + 1
    code = pairs["insee"] + "_" + rank.astype(str).str.zfill(4)
    keyed = pd.Series(code.to_numpy(), index=pd.MultiIndex.from_frame(pairs))
    wanted = pd.MultiIndex.from_frame(addresses[["insee", "street"]])
    return pd.Series(keyed.reindex(wanted).to_numpy(), index=addresses.index)
