"""Boundaries, IRIS, blocks and perimeters, in the layouts of their real producers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from importers.demonstration import facts, naming, plan, words
from importers.demonstration.city import CITY
from importers.demonstration.files import reproject, write_geojson, write_shapefile_zip
from importers.demonstration.iris import draw_iris
from importers.demonstration.manifest import Manifest
from importers.demonstration.perimeters import Perimeter
from importers.demonstration.territory import Territory

PARIS = "75056"
REGION = ("11", "Île-de-France")
SINCE = ("2007-01-01", "")
ID_CITY, ID_ARRONDISSEMENT, ID_QUARTER = 750_001_537, 750_000_000, 750_000_000
LAMBERT_LAYER = "QP_METROPOLE_LB93"
WGS84_LAYER = "QP_METROPOLEOUTREMER_WGS84_EPSG4326"


def write_boundaries(territory: Territory, folder: Path, manifest: Manifest) -> None:
    """Write arrondissements, administrative quarters, communes and blocks."""
    city = territory.city
    inside = [code for code in city.communes if code.startswith(CITY)]
    shapes = {code: city.union(city.commune == code) for code in city.communes}
    path = "boundaries/paris_arrondissements.geojson"
    write_geojson(folder / path, [(_arrondissement(c, shapes[c]), shapes[c]) for c in inside])
    manifest.add(path, "boundaries", "Arrondissements", vintage="2024", valid=SINCE,
                 level="arrondissement")  # fmt: skip
    path = "boundaries/paris_quartier_paris.geojson"
    write_geojson(folder / path, list(_admin_quarters(territory)))
    manifest.add(path, "boundaries", "Quartiers administratifs", vintage="2024", valid=SINCE,
                 level="admin_quarter")  # fmt: skip
    _write_communes(territory, shapes, folder, manifest)
    path = "boundaries/ilots.geojson"
    write_geojson(folder / path, list(_blocks(territory)))
    manifest.add(path, "boundaries", "Îlots (entre axes de rues)", vintage="2024", valid=SINCE,
                 level="block")  # fmt: skip


def _arrondissement(code: str, shape: Any) -> dict[str, Any]:
    number = int(code[3:])
    return {
        "n_sq_co": ID_CITY,
        "perimetre": round(shapely.length(shape), 2),
        "l_ar": f"{naming.ordinal_fr(number)} Ardt",
        "surface": round(shapely.area(shape), 2),
        "geom_x_y": _centre(shape),
        "n_sq_ar": ID_ARRONDISSEMENT + number,
        "l_aroff": words.ARRONDISSEMENTS[number - 1],
        "c_arinsee": int(code),
        "c_ar": number,
    }


def _centre(shape: Any) -> list[float]:
    x, y = shapely.get_coordinates(reproject(shapely.centroid(shape), 4326))[0]
    return [float(y), float(x)]


def _admin_quarters(territory: Territory) -> Iterable[tuple[dict[str, Any], Any]]:
    city = territory.city
    for count, part in enumerate((p for p in city.parts if p.commune.startswith(CITY)), 1):
        shape = city.union(np.arange(part.node.start, part.node.end))
        properties = {
            "n_sq_qu": ID_QUARTER + count,
            "n_sq_ar": ID_ARRONDISSEMENT + int(part.commune[3:]),
            "geom_x_y": _centre(shape),
            "c_qu": count,
            "surface": round(shapely.area(shape), 2),
            "l_qu": naming.part_name(part.commune, part.number),
            "perimetre": round(shapely.length(shape), 2),
            "c_quinsee": int(f"{part.commune}{part.number:02d}"),
            "c_ar": int(part.commune[3:]),
        }
        yield properties, shape


def _write_communes(
    territory: Territory, shapes: dict[str, Any], folder: Path, manifest: Manifest
) -> None:
    city = territory.city
    whole = city.union(np.char.startswith(city.commune, CITY))
    rows = {"75-paris": [({"code": PARIS, "nom": "Paris"}, whole)]}
    for commune in plan.COMMUNES:
        name = "93-nord" if commune.code.startswith("93") else "94-sud"
        row = ({"code": commune.code, "nom": commune.name}, shapes[commune.code])
        rows.setdefault(name, []).append(row)
    for name, features in rows.items():
        path = f"boundaries/communes-{name}.geojson"
        write_geojson(folder / path, features)
        manifest.add(path, "boundaries", f"Communes ({name[:2]})", vintage="2024", valid=SINCE,
                     level="commune")  # fmt: skip


def _blocks(territory: Territory) -> Iterable[tuple[dict[str, Any], Any]]:
    city = territory.city
    for number, shape in enumerate(city.shapes):
        properties = {
            "code": block_code(number),
            "code_insee": str(city.commune[number]),
            "nature": "espace vert" if city.green[number] else "bâti",
        }
        yield properties, shape


def block_code(number: int) -> str:
    """Code of a block, as in the file of blocks and in the history."""
    return f"ILOT{number:05d}"


def write_iris(territory: Territory, folder: Path, manifest: Manifest) -> int:
    """Write the statistical blocks with the columns of IGN's IRIS-GE; return how many."""
    found = draw_iris(territory)
    path = "boundaries/iris_ge_demonstration_2025.geojson"
    city = territory.city
    rows = [(i.row(), city.union(np.arange(i.first, i.last))) for i in found]
    write_geojson(folder / path, rows)
    manifest.add(path, "iris", "IRIS", vintage="2025", valid=SINCE, level="iris")
    return len(found)


def write_perimeters(territory: Territory, folder: Path, manifest: Manifest) -> None:
    """Write both generations of quarters, watch quarters and the former contract."""
    _write_2015(territory, folder, manifest)
    _write_2024(territory, folder, manifest)
    for path, title, level, found, valid, act in (
        ("perimeters/qva.geojson", "Quartiers de veille active nommés", "qva", territory.watch,
         facts.VALID_2015, "Contrat de ville de Paris 2015-2020"),
        ("perimeters/cucs.geojson", "Anciens périmètres du CUCS", "cucs", territory.former,
         facts.VALID_CUCS, "Contrat urbain de cohésion sociale 2007-2014"),
    ):  # fmt: skip
        write_geojson(
            folder / path, [(_plain(territory, p), shape_of(territory, p)) for p in found]
        )
        manifest.add(path, "perimeters", title, vintage=valid[0][:4], valid=valid, level=level,
                     act=act, status="legal")  # fmt: skip


def shape_of(territory: Territory, perimeter: Perimeter) -> Any:
    """The outline of a perimeter in EPSG:3035."""
    return shapely.normalize(territory.city.union(np.array(perimeter.blocks)))


def communes_of(territory: Territory, perimeter: Perimeter) -> list[str]:
    """Codes of the communes and arrondissements a perimeter lies in, sorted."""
    return sorted(set(territory.city.commune[list(perimeter.blocks)].tolist()))


def _write_2015(territory: Territory, folder: Path, manifest: Manifest) -> None:
    quarters = sorted(territory.legal, key=lambda q: q.code)
    table = {
        "CODE_QP": [q.code for q in quarters],
        "NOM_QP": [q.name for q in quarters],
        "COMMUNE_QP": [facts.BY_CODE[q.code].commune_label for q in quarters],
    }
    shapes = np.array([shape_of(territory, q) for q in quarters], dtype=object)
    layers = {
        name: gpd.GeoDataFrame(table, geometry=reproject(shapes, epsg), crs=epsg)
        for name, epsg in ((LAMBERT_LAYER, 2154), (WGS84_LAYER, 4326))
    }
    path = "perimeters/qp-politiquedelaville-shp.zip"
    write_shapefile_zip(folder / path, layers)
    manifest.add(path, "perimeters", "Quartiers prioritaires 2015", vintage="2015",
                 valid=facts.VALID_2015, level="qpv", generation=2015, act=facts.DECREE_2015,
                 status="legal")  # fmt: skip


def _write_2024(territory: Territory, folder: Path, manifest: Manifest) -> None:
    rows = []
    for quarter in territory.second:
        codes = communes_of(territory, quarter)
        rows.append((_row_2024(quarter, codes), shape_of(territory, quarter)))
    path = "perimeters/qp2024_wgs84.geojson"
    write_geojson(folder / path, rows)
    manifest.add(path, "perimeters", "Quartiers prioritaires 2024", vintage="2024",
                 valid=facts.VALID_2024, level="qpv", generation=2024, act=facts.DECREE_2024,
                 status="legal")  # fmt: skip


def _row_2024(quarter: Perimeter, codes: list[str]) -> dict[str, str]:
    in_city = codes[0].startswith(CITY)
    names = {"75": "Paris", "93": "Seine-Saint-Denis", "94": "Val-de-Marne"}
    departments = sorted({code[:2] for code in codes})
    return {
        "code_qp": quarter.code,
        "lib_qp": quarter.name,
        "insee_reg": REGION[0],
        "lib_reg": REGION[1],
        "insee_dep": ", ".join(departments),
        "lib_dep": ", ".join(names[d] for d in departments),
        "insee_com": PARIS if in_city else ", ".join(codes),
        "lib_com": "Paris" if in_city else ", ".join(naming.town_of(c).name for c in codes),
    }


def _plain(territory: Territory, perimeter: Perimeter) -> dict[str, str]:
    return {
        "code": perimeter.code,
        "nom": perimeter.name,
        "communes": ", ".join(communes_of(territory, perimeter)),
    }
