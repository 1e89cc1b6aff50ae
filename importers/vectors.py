"""Shapes read from any vector file: right layer, right system, right side of the axes."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj.exceptions import CRSError

from importers import errors
from importers.files import Kind, Opened
from importers.places import places_of
from importers.text import single_byte_encoding

WGS84 = pyproj.CRS.from_epsg(4326)
# Systems French files come in: what coordinates in the wrong one are compared with.
USUAL_SYSTEMS = (4326, 2154, 3857, 3035, 27572, 32631, 32620, 5490, 2972, 2975, 4471, 3297)


@dataclass(frozen=True)
class Layer:
    """One layer of a file, not read yet."""

    path: Path
    name: str
    columns: tuple[str, ...]
    features: int
    shape: bool
    projected: bool
    polygons: bool

    def has(self, *names: str) -> bool:
        """Tell whether the layer has all these columns, whatever their case."""
        lowered = {column.lower() for column in self.columns}
        return all(name.lower() in lowered for name in names)


def layers_of(file: Opened) -> list[Layer]:
    """List the layers of a file. Raises UnreadableFile, EmptyFile, WrongContent."""
    if file.kind not in (Kind.SHAPEFILE, Kind.GEOPACKAGE, Kind.GEOJSON):
        raise errors.WrongContent(
            file.name,
            "a table without shapes",
            "Give a shapefile's zip, a GeoPackage or a GeoJSON file.",
        )
    found = [layer for path in file.data for layer in _layers(file, path)]
    if not any(layer.features for layer in found):
        raise errors.EmptyFile(file.name, "holds no feature")
    return found


def _layers(file: Opened, path: Path) -> list[Layer]:
    if file.kind is Kind.GEOJSON:
        _refuse_broken_json(file.name, path)
    try:
        named = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        return [_layer(file, path, name) for name in named]
    except (DataSourceError, DataLayerError) as error:
        raise errors.UnreadableFile(file.name, str(error).replace(str(path), path.name)) from None


def _layer(file: Opened, path: Path, name: str) -> Layer:
    info = pyogrio.read_info(path, layer=name, force_feature_count=True)
    columns = tuple(str(column) for column in info["fields"])
    features, shape = int(info["features"]), file.kind is Kind.SHAPEFILE
    # A layer of mixed shapes says nothing of itself: its rows tell, when they are read.
    polygons = any(word in str(info["geometry_type"]) for word in ("Polygon", "Unknown"))
    return Layer(path, name, columns, features, shape, _is_projected(info["crs"]), polygons)


def _is_projected(crs: str | None) -> bool:
    try:
        return bool(crs) and pyproj.CRS.from_user_input(crs).is_projected
    except CRSError:
        return False


def _refuse_broken_json(name: str, path: Path) -> None:
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise errors.UnreadableFile(name, f"it is not whole GeoJSON ({error})") from None
    kind = content.get("type") if isinstance(content, dict) else None
    if kind not in ("FeatureCollection", "Feature"):
        raise errors.WrongContent(
            name,
            "JSON, but not GeoJSON (no FeatureCollection)",
            "The link may have answered with an error message: open the file and read it.",
        )


def read_layer(file: Opened, layer: Layer, crs: str = "") -> gpd.GeoDataFrame:
    """Read a layer in its own system; row numbers start at 1.

    ``crs`` overrides what the file declares. ``frame.attrs`` keeps the system's name
    (``declared_crs``) and the encoding texts were read with (``encoding``, shapefiles only).

    Raises
    ------
    UnknownCrs, CoordinatesOutside, SwappedAxes, UnreadableFile
    """
    frame, encoding = _read(file, layer)
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    declared = _declared(layer, frame, crs)
    frame = frame.set_crs(declared, allow_override=True)
    _refuse_misplaced(layer, frame)
    frame.attrs |= {"declared_crs": _name_of(declared), "encoding": encoding}
    return frame


def _read(file: Opened, layer: Layer) -> tuple[gpd.GeoDataFrame, str]:
    # A shapefile's text is read byte for byte: its own word about its encoding is often wrong.
    options: dict[str, Any] = {"encoding": "ISO-8859-1"} if layer.shape else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rings and winding are checked further on
            frame = pyogrio.read_dataframe(layer.path, layer=layer.name, **options)
    except (DataSourceError, DataLayerError, shapely.GEOSException) as error:
        raise errors.UnreadableFile(file.name, str(error)[:200]) from None
    if not isinstance(frame, gpd.GeoDataFrame):
        raise errors.WrongContent(file.name, "a table without shapes", "Give a layer of polygons.")
    return (frame, "") if not layer.shape else _decoded(frame)


def _decoded(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, str]:
    """Decode a shapefile's texts by what they hold: UTF-8 where all of it fits, else one byte."""
    names = [name for name in frame.columns if pd.api.types.is_string_dtype(frame[name].dtype)]
    texts = [v for name in names for v in frame[name] if isinstance(v, str) and not v.isascii()]
    sample = "\n".join(texts).encode("latin-1", errors="replace")
    try:
        sample.decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = single_byte_encoding(sample)
    for name in names:
        frame[name] = [
            v.encode("latin-1").decode(encoding, errors="replace") if isinstance(v, str) else v
            for v in frame[name]
        ]
    return frame, encoding


def _declared(layer: Layer, frame: gpd.GeoDataFrame, crs: str) -> pyproj.CRS:
    if crs:
        try:
            return pyproj.CRS.from_user_input(crs)
        except CRSError:
            raise errors.BadOption(
                f"--crs {crs} is no coordinate system.", "Write for instance --crs EPSG:2154."
            ) from None
    if frame.crs is None:
        raise errors.UnknownCrs(layer.name)
    code = frame.crs.to_epsg(min_confidence=60)
    return pyproj.CRS.from_epsg(code) if code else frame.crs


def _name_of(crs: pyproj.CRS) -> str:
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else str(crs.name)


# -- coordinates ---------------------------------------------------------------------------


def _refuse_misplaced(layer: Layer, frame: gpd.GeoDataFrame) -> None:
    """Refuse coordinates that, in the declared system, are not in France."""
    x, y = _centres(frame.geometry.values)
    if not len(x) or _in_france(frame.crs, x, y).all():
        return
    astray = ~_in_france(frame.crs, x, y)
    x, y = x[astray], y[astray]
    sample = f"{x[0]:.6g}, {y[0]:.6g}"
    if _in_france(frame.crs, y, x).all():
        raise errors.SwappedAxes(layer.name, sample)
    guess = next((f"EPSG:{c}" for c in USUAL_SYSTEMS if _in_france(c, x, y).all()), "")
    raise errors.CoordinatesOutside(layer.name, _name_of(frame.crs), sample, guess)


def _centres(shapes: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    bounds = shapely.bounds(np.asarray(shapes))
    bounds = bounds[~np.isnan(bounds).any(axis=1)]
    return (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2


def _in_france(crs: Any, x: Any, y: Any) -> npt.NDArray[np.bool_]:
    mover = pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)
    lon, lat = mover.transform(x, y, errcheck=False)
    known = np.isfinite(lon) & np.isfinite(lat)
    return known & (places_of(np.where(known, lon, 999), np.where(known, lat, 999)) >= 0)


def polygons_of(shape: Any) -> Any:
    """Return the polygons of a shape as one multipolygon, without height; None where none."""
    if shape is None or shape.is_empty:
        return None
    parts = _polygon_parts([shapely.force_2d(shape)])
    return shapely.MultiPolygon(parts) if parts else None


def _polygon_parts(shapes: Iterable[Any]) -> list[Any]:
    parts: list[Any] = []
    for shape in shapes:
        if shape.geom_type == "Polygon":
            parts.append(shape)
        elif hasattr(shape, "geoms"):
            parts += _polygon_parts(shape.geoms)
    return [part for part in parts if not part.is_empty and part.area > 0]
