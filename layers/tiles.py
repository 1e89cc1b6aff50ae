"""Vector tiles: one statement per tile, whatever the number of layers in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg import errors as postgres
from psycopg import sql

from layers.errors import BadTile, OutOfZoomRange, TookTooLong
from layers.registry import Layer, Step, parameters_of
from layers.version import LOOKED_BACK, STAMPS, tables_of, version_from
from observatory.settings import OPTIONS

EXTENT = 4096
BUFFER = 64
DEEPEST_ZOOM = 22
CONTENT_TYPE = "application/vnd.mapbox-vector-tile"
# Where the gate leaves, for the site to word it, the refusal of a tile it has just tried to draw.
REFUSED = "layers.tile_refused"

# `fid` orders the features, so that the same data always gives the same bytes. The rows are
# first searched with the tile and its buffer, then clipped to exactly that.
ONE_LAYER = sql.SQL("""
COALESCE((
    SELECT ST_AsMVT(feature.*, {name}, {extent}, 'geometry', 'fid') FROM (
        SELECT shown.fid, {attributes},
            ST_AsMVTGeom({drawn}, ST_TileEnvelope(%(z)s::int, %(x)s::int, %(y)s::int),
                {extent}, {buffer}, true) AS geometry
        FROM ({rows}) AS shown
        WHERE shown.geometry_3857
            && ST_TileEnvelope(%(z)s::int, %(x)s::int, %(y)s::int, margin => {margin})
        ORDER BY shown.fid
    ) AS feature
), ''::bytea)
""")


@dataclass(frozen=True)
class Tile:
    """Numbers of one tile of the web's usual pyramid (XYZ, EPSG:3857, y downwards)."""

    z: int
    x: int
    y: int

    @classmethod
    def parse(cls, z: str, x: str, y: str) -> Tile:
        """Return the tile three texts name. Raises BadTile."""
        if not all(re.fullmatch(r"[0-9]{1,10}", text, re.ASCII) for text in (z, x, y)):
            raise BadTile("A tile is named by three whole numbers: zoom, column, row.")
        tile = cls(int(z), int(x), int(y))
        if tile.z > DEEPEST_ZOOM:
            raise BadTile(f"Zoom {tile.z} is too deep: tiles go from zoom 0 to {DEEPEST_ZOOM}.")
        if max(tile.x, tile.y) >= 2**tile.z:
            raise BadTile(
                f"Zoom {tile.z} has columns and rows 0 to {2**tile.z - 1}, not {tile.x}/{tile.y}."
            )
        return tile


def drawn_at(layers: Sequence[Layer], zoom: int) -> list[Layer]:
    """Return the layers that have tiles at ``zoom``. Raises OutOfZoomRange where none has."""
    drawn = [layer for layer in layers if layer.has_zoom(zoom)]
    if not drawn:
        ranges = ", ".join(f"{la.id} {la.minzoom} to {la.maxzoom}" for la in layers)
        raise OutOfZoomRange(f"Nothing is drawn at zoom {zoom}; the zooms are: {ranges}.")
    return drawn


@lru_cache(maxsize=1024)
def statement(layers: tuple[Layer, ...], zoom: int, given: frozenset[str]) -> str:
    """Return the SQL giving the journal's stamps and the bytes of one tile at ``zoom``.

    The values are left as placeholders: z, x, y, tables, looked_back and the parameters that
    are ``given``; the others are written as NULL, so that a plan made once fits every tile.
    """
    tiles = sql.SQL(" || ").join(_one_layer(layer, layer.step_at(zoom)) for layer in layers)
    whole = sql.SQL("SELECT ({stamps}), {tiles}").format(stamps=sql.SQL(STAMPS), tiles=tiles)
    text = whole.as_string(None)
    for parameter in parameters_of(layers):
        if parameter.name not in given:
            text = text.replace(f"%({parameter.name})s", "NULL")
    return text


def _one_layer(layer: Layer, step: Step) -> sql.Composed:
    columns = [sql.Identifier("shown", name) for name in layer.drawn_by(step)]
    return ONE_LAYER.format(
        name=sql.Literal(layer.id),
        attributes=sql.SQL(", ").join(columns),
        rows=sql.SQL(step.rows),
        drawn=sql.Identifier("shown", "drawn_3857" if step.simplified else "geometry_3857"),
        extent=sql.Literal(EXTENT),
        buffer=sql.Literal(BUFFER),
        margin=sql.Literal(BUFFER / EXTENT),
    )


def query(
    layers: Sequence[Layer], tile: Tile, values: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Return the statement of one tile and the values to bind to it. Raises OutOfZoomRange."""
    drawn = tuple(drawn_at(layers, tile.z))
    known = {parameter.name for parameter in parameters_of(drawn)}
    given = {name: value for name, value in values.items() if value is not None and name in known}
    place = {"z": tile.z, "x": tile.x, "y": tile.y}
    journal = {"tables": tables_of(layers), "looked_back": LOOKED_BACK}
    return statement(drawn, tile.z, frozenset(given)), {**given, **place, **journal}


def render(layers: Sequence[Layer], tile: Tile, values: Mapping[str, Any]) -> tuple[str, bytes]:
    """Return the data version of ``layers`` and the bytes of one tile, both of one moment.

    ``values`` are the typed parameters. The tile is empty where nothing lies in it. Raises
    OutOfZoomRange, and TookTooLong past the statement timeout.
    """
    text, bound = query(layers, tile, values)
    with time_limit(OPTIONS.tile_timeout_ms), connection.cursor() as cursor:
        cursor.execute(text, bound)
        stamps, body = cursor.fetchone()
    return version_from(layers, stamps), bytes(body)


@contextmanager
def time_limit(milliseconds: int) -> Iterator[None]:
    """Stop any statement of the block after this time. Raises TookTooLong."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, postgres.QueryCanceled):
            raise TookTooLong(milliseconds) from error
        raise
