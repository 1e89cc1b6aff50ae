"""Schools, libraries, social centres and health centres: in, near and outside the quarters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from importers.demonstration.files import transformer, write_csv, write_geojson
from importers.demonstration.layers import shape_of
from importers.demonstration.manifest import Manifest
from importers.demonstration.naming import town_of
from importers.demonstration.territory import Territory
from importers.demonstration.words import FIRST, LAST

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NEAR = 95.0  # metres: near, but outside
SCHOOLS, LIBRARIES, CENTRES, HEALTH = 420, 90, 45, 60
INSIDE, CLOSE = 0.24, 0.16  # share of facilities drawn inside, and near, the quarters
# Chances of belonging to priority education (REP, REP+), inside, near, elsewhere.
REP = ((0.55, 0.30), (0.45, 0.08), (0.06, 0.0))
DECIMALS = 7


@dataclass(frozen=True)
class Places:
    """Addresses chosen for facilities, and where they stand: 0 in, 1 near, 2 elsewhere."""

    rows: Ints
    zone: Ints


def write_facilities(
    territory: Territory, folder: Path, manifest: Manifest, rng: np.random.Generator
) -> None:
    """Write the four files."""
    zone = where_addresses_lie(territory)
    writers = (
        (SCHOOLS, "facilities/ecoles_demonstration.csv", "Écoles", _schools),
        (CENTRES, "facilities/centres_sociaux_demonstration.csv", "Centres sociaux", _centres),
    )
    for count, path, title, rows_of in writers:
        places = _choose(territory, zone, count, rng)
        write_csv(folder / path, rows_of(territory, places, rng))
        manifest.add(path, "facilities", title, vintage="2024", sharing="public")
    for count, path, title, tags in (
        (LIBRARIES, "facilities/bibliotheques_demonstration.geojson", "Bibliothèques",
         {"amenity": "library"}),
        (HEALTH, "facilities/sante_demonstration.geojson", "Centres de santé",
         {"amenity": "clinic", "healthcare": "centre"}),
    ):  # fmt: skip
        places = _choose(territory, zone, count, rng)
        write_geojson(folder / path, _points(territory, places, title, tags, rng))
        manifest.add(path, "facilities", title, vintage="2024", sharing="public")


def where_addresses_lie(territory: Territory) -> Ints:
    """Say of each address whether it is in (0), near (1) or far from (2) a quarter of 2015."""
    table = territory.addresses
    points = np.asarray(shapely.points(table[["x", "y"]].to_numpy()))
    outlines = np.array([shape_of(territory, q) for q in territory.legal], dtype=object)
    near = np.unique(shapely.STRtree(points).query(outlines, "dwithin", distance=NEAR)[1])
    zone = np.full(len(points), 2)
    zone[near] = 1
    zone[territory.doors.quarter >= 0] = 0
    return zone


def _choose(territory: Territory, zone: Ints, count: int, rng: np.random.Generator) -> Places:
    """One inside each quarter when there are enough, then by chance."""
    quarter = territory.doors.quarter
    rows = []
    if count > 2 * len(territory.legal):
        rows += [int(rng.choice(np.flatnonzero(quarter == n))) for n in range(len(territory.legal))]
    for kind, share in ((0, INSIDE), (1, CLOSE), (2, 1 - INSIDE - CLOSE)):
        pool = np.flatnonzero(zone == kind)
        rows += rng.choice(pool, round(share * count), replace=False).tolist()
    chosen = np.unique(np.array(rows))
    return Places(chosen, zone[chosen])


def _degrees(territory: Territory, rows: Ints) -> tuple[Floats, Floats]:
    table = territory.addresses
    lon, lat = transformer(4326).transform(table["x"].to_numpy()[rows], table["y"].to_numpy()[rows])
    return np.round(lon, DECIMALS), np.round(lat, DECIMALS)


def _names(count: int, rng: np.random.Generator) -> list[str]:
    first, last = rng.integers(len(FIRST), size=count), rng.integers(len(LAST), size=count)
    return [f"{FIRST[i]} {LAST[k]}" for i, k in zip(first, last, strict=True)]


def _address(territory: Territory, row: int) -> dict[str, str]:
    door = territory.addresses.iloc[row]
    town = town_of(str(door["insee"]))
    repeat = {"b": " bis", "t": " ter", "q": " quater"}.get(str(door["repeat"]), "")
    street = territory.street_names[int(door["street"])]
    return {
        "Adresse_1": f"{door['number']}{repeat} {street[0].lower()}{street[1:]}",
        "Code_postal": town.postcode,
        "Code_commune": town.code,
        "Nom_commune": town.name,
    }


def _schools(territory: Territory, places: Places, rng: np.random.Generator) -> pd.DataFrame:
    lon, lat = _degrees(territory, places.rows)
    names = _names(len(places.rows), rng)
    rows: list[dict[str, Any]] = []
    for k, (row, zone) in enumerate(zip(places.rows.tolist(), places.zone.tolist(), strict=True)):
        address = _address(territory, row)
        nursery = bool(rng.random() < 0.45)
        kind = "maternelle" if nursery else "élémentaire"
        rows.append(
            {
                "Identifiant_de_l_etablissement": f"0{address['Code_commune'][:2]}9{k:03d}D",
                "Nom_etablissement": f"Ecole {kind} {names[k]}",
                "Type_etablissement": "Ecole",
                "Statut_public_prive": "Public",
                **address,
                "Appartenance_Education_Prioritaire": _network(zone, rng),
                "libelle_nature": f"ECOLE {'MATERNELLE' if nursery else 'DE NIVEAU ELEMENTAIRE'}",
                "latitude": lat[k],
                "longitude": lon[k],
                "etat": "OUVERT",
            }
        )
    return pd.DataFrame(rows)


def _network(zone: int, rng: np.random.Generator) -> str:
    rep, more = REP[zone]
    luck = rng.random()
    return "REP" if luck < rep else "REP+" if luck < rep + more else ""


def _centres(territory: Territory, places: Places, rng: np.random.Generator) -> pd.DataFrame:
    lon, lat = _degrees(territory, places.rows)
    names = _names(len(places.rows), rng)
    rows = []
    for k, row in enumerate(places.rows.tolist()):
        address = _address(territory, row)
        rows.append(
            {
                "identifiant": f"CS{k + 1:03d}",
                "nom": f"Centre social {names[k]}",
                "type": "centre social" if rng.random() < 0.8 else "espace de vie sociale",
                "adresse": address["Adresse_1"],
                "code_postal": address["Code_postal"],
                "code_insee": address["Code_commune"],
                "nom_commune": address["Nom_commune"],
                "latitude": lat[k],
                "longitude": lon[k],
            }
        )
    return pd.DataFrame(rows)


def _points(
    territory: Territory, places: Places, title: str, tags: dict[str, str], rng: np.random.Generator
) -> list[tuple[dict[str, str], Any]]:
    table = territory.addresses
    names = _names(len(places.rows), rng)
    one = {"Bibliothèques": "Bibliothèque", "Centres de santé": "Centre de santé"}[title]
    return [
        (
            {"@id": f"node/{900_000_000 + row}", "name": f"{one} {name}", **tags},
            shapely.Point(table["x"].iloc[row], table["y"].iloc[row]),
        )
        for row, name in zip(places.rows.tolist(), names, strict=True)
    ]
