"""Small real files, as producers deliver them, for every test of imports."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import shapely

NORTH, EAST = 2_887_000, 3_760_000
GRID_HEADER = "idcar_200m,ind,men,men_pauv,ind_snv,men_prop"
# A place in the 13th arrondissement, in Lambert-93 metres.
PARIS_X, PARIS_Y = 653_000.0, 6_859_000.0


def cell(number: int, size: int = 200, epsg: int = 3035) -> str:
    """Id of the n-th cell of a row of cells in Paris."""
    return f"CRS{epsg}RES{size}mN{NORTH}E{EAST + number * size}"


def grid_row(number: int, **changed: Any) -> dict[str, Any]:
    values = {
        "idcar_200m": cell(number),
        "ind": 100.5,
        "men": 40.0,
        "men_pauv": 10.2,
        "ind_snv": 2_000_000.1,
        "men_prop": 12.0,
    }
    return values | changed


def as_csv(rows: Sequence[Mapping[str, Any]], separator: str = ",") -> str:
    names = list(rows[0])
    lines = [separator.join(names)]
    lines += [separator.join(str(row[name]) for name in names) for row in rows]
    return "\n".join(lines) + "\n"


def grid_csv(path: Path, rows: Sequence[Mapping[str, Any]] | int = 3, separator: str = ",") -> Path:
    rows = [grid_row(n) for n in range(rows)] if isinstance(rows, int) else rows
    path.write_text(as_csv(rows, separator), encoding="utf-8")
    return path


def square(x: float = PARIS_X, y: float = PARIS_Y, side: float = 400.0) -> shapely.Polygon:
    """A square in Lambert-93, by its lower-left corner."""
    return shapely.box(x, y, x + side, y + side)


def bowtie(x: float = PARIS_X, y: float = PARIS_Y, side: float = 400.0) -> shapely.Polygon:
    """An outline that crosses itself: two triangles of opposite turn."""
    return shapely.Polygon([(x, y), (x + side, y + side), (x + side, y), (x, y + side)])


def frame(
    rows: Iterable[Mapping[str, Any]], shapes: Iterable[Any], crs: int | str | None = 2154
) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(list(rows), geometry=list(shapes), crs=crs)


def quarter(code: str, name: str = "Quartier", communes: str = "Paris") -> dict[str, str]:
    return {"CODE_QP": code, "NOM_QP": name, "COMMUNE_QP": communes}


def shapefile_zip(
    path: Path, layers: Mapping[str, gpd.GeoDataFrame], extra: Mapping[str, bytes] | None = None
) -> Path:
    """A zip of shapefiles, as the producer of the quarters makes it."""
    folder = path.parent / f"{path.stem}-parts"
    folder.mkdir()
    for name, layer in layers.items():
        pyogrio.write_dataframe(
            layer, folder / f"{name}.shp", driver="ESRI Shapefile", encoding="UTF-8"
        )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return path


def qpv_zip(path: Path, quarters: Mapping[str, Any], **more: Any) -> Path:
    """Quarters of 2015 by code, in Lambert-93 and again in WGS 84."""
    rows = [quarter(code, f"Quartier {code}") for code in quarters]
    lambert = frame(rows, quarters.values())
    layers = {
        "QP_METROPOLE_LB93": lambert,
        "QP_METROPOLEOUTREMER_WGS84_EPSG4326": lambert.to_crs(4326),
    }
    return shapefile_zip(path, layers, **more)


def geojson(
    path: Path, rows: Iterable[Mapping[str, Any]], shapes: Iterable[Any], crs: int = 2154
) -> Path:
    moved = frame(rows, shapes, crs).to_crs(4326)
    path.write_text(moved.to_json(drop_id=True), encoding="utf-8")
    return path


def raw_geojson(path: Path, features: Iterable[tuple[Mapping[str, Any], Any]]) -> Path:
    """GeoJSON with coordinates exactly as given, right or wrong."""
    document = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": dict(p), "geometry": shapely.geometry.mapping(g)}
            for p, g in features
        ],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def arrondissements(path: Path, numbers: Iterable[int], side: float = 1_000.0) -> Path:
    """Arrondissements side by side, with the City's own columns."""
    rows, shapes = [], []
    for number in numbers:
        rows.append({"c_ar": number, "c_arinsee": 75100 + number, "l_ar": f"{number}ème Ardt"})
        shapes.append(square(PARIS_X + (number - 1) * side, PARIS_Y, side))
    return geojson(path, rows, shapes)


BAN_COLUMNS = (
    "id", "id_fantoir", "numero", "rep", "nom_voie", "code_postal", "code_insee", "nom_commune",
    "x", "y", "lon", "lat", "type_position", "alias",
)  # fmt: skip


def address(number: int, **changed: Any) -> dict[str, Any]:
    values = {
        "id": f"75113_0001_{number:05d}",
        "id_fantoir": "",
        "numero": str(number),
        "rep": "",
        "nom_voie": "Rue de la Glacière",
        "code_postal": "75013",
        "code_insee": "75113",
        "nom_commune": "Paris 13e Arrondissement",
        "x": "652000.1",
        "y": "6859000.2",
        "lon": f"{2.34 + number / 100_000:.6f}",
        "lat": "48.830000",
        "type_position": "entrée",
        "alias": "",
    }
    return values | changed


def ban_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    text = as_csv(rows, ";").encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


AGES = {
    "ind_0_3": 0, "ind_4_5": 0, "ind_6_10": 1, "ind_11_17": 0, "ind_18_24": 0, "ind_25_39": 2,
    "ind_40_54": 0, "ind_55_64": 0, "ind_65_79": 0, "ind_80p": 0, "ind_inc": 0,
}  # fmt: skip


def household(number: int, **changed: Any) -> dict[str, Any]:
    """Two adults and a child: 1.8 consumption units."""
    values: dict[str, Any] = {
        "household_id": f"M-{number:05d}",
        "x": float(EAST + 50),
        "y": float(NORTH + 50),
        "persons": 3,
        "under_14": 1,
        **AGES,
        "declared_income": 18_000,
        "disposable_income": 21_000,
        "tenure": "social",
        "dwelling": "flat",
        "floor_area": 62.5,
        "built": "45_70",
        "department": "75",
        "commune": "75113",
    }
    return values | changed
