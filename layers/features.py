"""Features of a layer as rows or GeoJSON: one statement per page, values always bound."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, LiteralString

from django.db import DataError, InternalError, connection, transaction
from psycopg import sql

from layers.errors import BadParameter, NoSuchFeature, NoSuchPage
from layers.registry import Layer
from layers.selection import Selection
from layers.summary import summary_of
from layers.tiles import time_limit

# A page is read whole before it is sent; a count stops here and is then left unsaid.
PAGE_LIMIT_MS = 15_000
MOST_COUNTED = 200_000

KINDS = {"text": "text", "date": "text", "integer": "float8", "number": "float8"}


@dataclass(frozen=True)
class Page:
    """One page of features, ready to be written.

    ``matched`` is how many features the selection has in all, None where counting them would
    take too long; ``following`` is the id after which the next page starts, None at the end.
    ``before`` are, in falling order, the ids that come before a page that starts after one: those
    of the page before, and one more where that is not the first.
    """

    features: list[dict[str, Any]]
    matched: int | None
    following: int | None
    before: tuple[int, ...] = ()


def statement(selection: Selection, geometry: sql.Composable | None) -> tuple[str, dict[str, Any]]:
    """Return the SQL of a selection and its values: fid, attributes, then the geometry if any."""
    where, values = _conditions(selection)
    columns = [sql.Identifier("shown", "fid")]
    columns += [sql.Identifier("shown", name) for name in selection.names]
    text = sql.SQL("SELECT {columns} FROM ({rows}) AS shown {where} ORDER BY {order}").format(
        columns=sql.SQL(", ").join([*columns, *([geometry] if geometry else [])]),
        rows=sql.SQL(selection.layer.rows),
        where=where,
        order=_order(selection),
    )
    if selection.limit is not None:
        text += sql.SQL(" LIMIT %(page_limit)s OFFSET %(page_offset)s")
        # One more than asked for tells whether there is a next page.
        values |= {"page_limit": selection.limit + 1, "page_offset": selection.offset}
    return text.as_string(None), values


def _conditions(
    selection: Selection, turn: LiteralString = "shown.fid > %(page_after)s"
) -> tuple[sql.Composable, dict[str, Any]]:
    """Return the WHERE of a selection; ``turn`` is what ``after`` asks of an id."""
    values: dict[str, Any] = {p.name: None for p in selection.layer.parameters}
    values |= {name: value for name, value in selection.values.items() if name in values}
    parts: list[sql.Composable] = []
    kinds = {attribute.name: attribute.kind for attribute in selection.layer.attributes}
    for name, wanted in selection.equal.items():
        key = f"filter_{name}"
        part = sql.SQL("{column} = ANY({values}::{kind}[])").format(
            column=sql.Identifier("shown", name),
            values=sql.Placeholder(key),
            kind=sql.SQL(KINDS[kinds[name]]),
        )
        parts.append(part)
        values[key] = list(wanted)
    if selection.area is not None:
        parts.append(sql.SQL("ST_Intersects(shown.geometry_3857, {})").format(_area(selection)))
        values |= {"page_area": selection.area}
    if selection.after is not None:
        parts.append(sql.SQL(turn))
        values["page_after"] = selection.after
    joined = sql.SQL(" AND ").join(parts)
    return (sql.SQL("WHERE ") + joined if parts else sql.SQL("")), values


def _area(selection: Selection) -> sql.Composable:
    """The place asked for, in EPSG:3857; its sides follow the system they were given in."""
    given = sql.SQL("ST_GeomFromText(%(page_area)s, {srid})").format(
        srid=sql.Literal(selection.area_srid)
    )
    if selection.area_srid in (3857, 4326):  # straight sides stay straight enough
        return sql.SQL("ST_Transform({}, 3857)").format(given)
    return sql.SQL("ST_Transform(ST_Segmentize({}, 5000), 3857)").format(given)


def _order(selection: Selection) -> sql.Composable:
    parts: list[sql.Composable] = [
        sql.SQL("{} {} NULLS LAST").format(
            sql.Identifier("shown", name), sql.SQL("DESC" if falling else "ASC")
        )
        for name, falling in selection.order
    ]
    return sql.SQL(", ").join([*parts, sql.SQL("shown.fid")])


def geojson_of(selection: Selection) -> sql.Composable:
    """Return the SQL expression of a feature's geometry as GeoJSON text in the system asked for."""
    shape = sql.SQL("ST_Transform(shown.geometry_3857, {})").format(sql.Literal(selection.crs.srid))
    if selection.crs.north_first:
        shape = sql.SQL("ST_FlipCoordinates({})").format(shape)
    # Options 0: a geometry names no system of its own (RFC 7946); the answer around it does.
    return sql.SQL("ST_AsGeoJSON({}, {}, 0)").format(shape, sql.Literal(selection.crs.decimals))


@contextmanager
def _bounded() -> Iterator[None]:
    """Bound the time, and word what PostGIS cannot transform. Raises TookTooLong, BadParameter."""
    try:
        with time_limit(PAGE_LIMIT_MS):
            yield
    except (DataError, InternalError) as error:
        raise BadParameter("The place asked for lies outside its coordinate system.") from error


def page_of(selection: Selection) -> Page:
    """Return one page. Raises NoSuchPage past the end, BadParameter, TookTooLong."""
    geometry = geojson_of(selection) if selection.geometry else None
    text, values = statement(selection, geometry)
    with _bounded(), connection.cursor() as cursor:
        cursor.execute(text, values)
        rows = cursor.fetchall()
        matched = count_of(selection)
        before = _before(selection)
    if not rows and selection.offset:
        raise NoSuchPage(f"There are {matched} features; the page starts after the last one.")
    limit = selection.limit or len(rows)
    more = len(rows) > limit
    features = [feature_of(selection, row) for row in rows[:limit]]
    return Page(features, matched, rows[limit - 1][0] if more else None, before)


def _before(selection: Selection) -> tuple[int, ...]:
    """Return the ids of the page before one that starts after an id, and one more (see Page)."""
    if selection.after is None or selection.limit is None or selection.order:
        return ()
    where, values = _conditions(selection, "shown.fid <= %(page_after)s")
    text = sql.SQL(
        "SELECT shown.fid FROM ({rows}) AS shown {where} ORDER BY shown.fid DESC LIMIT {most}"
    ).format(rows=sql.SQL(selection.layer.rows), where=where, most=sql.Literal(selection.limit + 1))
    with connection.cursor() as cursor:
        cursor.execute(text.as_string(None), values)
        return tuple(row[0] for row in cursor.fetchall())


def count_of(selection: Selection) -> int | None:
    """Return how many features a selection has over all pages; None where there are too many."""
    if selection.is_whole:
        return summary_of(selection.layer).count
    where, values = _conditions(replace(selection, after=None))
    text = sql.SQL(
        "SELECT count(*) FROM (SELECT 1 FROM ({rows}) AS shown {where} LIMIT {most}) AS n"
    )
    composed = text.format(
        rows=sql.SQL(selection.layer.rows), where=where, most=sql.Literal(MOST_COUNTED + 1)
    )
    with connection.cursor() as cursor:
        cursor.execute(composed.as_string(None), values)
        count = int(cursor.fetchone()[0])
    return count if count <= MOST_COUNTED else None


def cut_points(selection: Selection, attribute: str, classes: int) -> list[float]:
    """Return the values that cut the features into ``classes`` of equal number, unknown left out.

    Raises TookTooLong.
    """
    where, values = _conditions(selection)
    text = sql.SQL(
        "SELECT percentile_disc(%(shares)s::float8[]) WITHIN GROUP (ORDER BY shown.{column}) "
        "FROM ({rows}) AS shown {where}"
    ).format(column=sql.Identifier(attribute), rows=sql.SQL(selection.layer.rows), where=where)
    shares = [place / classes for place in range(1, classes)]
    with _bounded(), connection.cursor() as cursor:
        cursor.execute(text.as_string(None), {**values, "shares": shares})
        found = cursor.fetchone()[0]
    return [] if found is None else [float(value) for value in found if value is not None]


def one(layer: Layer, fid: int, selection: Selection) -> dict[str, Any]:
    """Return the feature with this id. Raises NoSuchFeature."""
    where, values = _conditions(selection)
    condition = (
        sql.SQL("WHERE shown.fid = %(fid)s")
        if where == sql.SQL("")
        else (where + sql.SQL(" AND shown.fid = %(fid)s"))
    )
    columns = [sql.Identifier("shown", name) for name in ("fid", *selection.names)]
    text = sql.SQL("SELECT {columns} FROM ({rows}) AS shown {where}").format(
        columns=sql.SQL(", ").join([*columns, geojson_of(selection)]),
        rows=sql.SQL(layer.rows),
        where=condition,
    )
    with _bounded(), connection.cursor() as cursor:
        cursor.execute(text.as_string(None), {**values, "fid": fid})
        row = cursor.fetchone()
    if row is None:
        raise NoSuchFeature(f"The layer {layer.id} has no feature {fid}.")
    return feature_of(selection, row)


def feature_of(selection: Selection, row: tuple[Any, ...]) -> dict[str, Any]:
    """Return a GeoJSON feature; what the producer does not give is null."""
    names = selection.names
    return {
        "type": "Feature",
        "id": row[0],
        "geometry": json.loads(row[-1]) if selection.geometry and row[-1] else None,
        "properties": dict(zip(names, row[1 : len(names) + 1], strict=True)),
    }


def rows_of(
    selection: Selection, geometry: sql.Composable | None, at_a_time: int = 2_000
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield every row of a selection, some thousands at a time, in constant memory."""
    text, values = statement(selection.unpaged(), geometry)
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(text, values)
        while rows := cursor.fetchmany(at_a_time):
            yield rows
