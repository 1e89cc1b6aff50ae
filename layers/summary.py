"""How many features a layer has, where they lie and whom to quote; kept per data version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.db import connection

from layers.registry import Layer
from layers.version import Journal, stamps_of, tables_of, version_from
from observatory.models import Source

TOTALS = """
WITH shown AS MATERIALIZED (
    SELECT source_id, count(*) AS features, ST_Extent(geometry_3857) AS extent
    FROM ({rows}) AS row GROUP BY source_id
), box AS (
    SELECT ST_Transform(ST_SetSRID(ST_Extent(extent::geometry), 3857), 4326) AS degrees FROM shown
)
SELECT (SELECT COALESCE(sum(features), 0)::bigint FROM shown),
    (SELECT COALESCE(array_agg(source_id ORDER BY features DESC, source_id), '{{}}') FROM shown),
    ST_XMin(degrees), ST_YMin(degrees), ST_XMax(degrees), ST_YMax(degrees)
FROM box
"""


@dataclass(frozen=True)
class Summary:
    """What is known of a layer as a whole.

    ``bounds`` is west, south, east, north in degrees, None where the layer is empty;
    ``sources`` are citations, the one with most features first.
    """

    count: int
    bounds: tuple[float, float, float, float] | None
    sources: tuple[dict[str, str], ...]
    demonstration: bool

    @property
    def attribution(self) -> str:
        """Return one line naming every producer, as plain text."""
        lines = [
            " ".join(part for part in (s["producer"], s["title"], s["vintage"]) if part)
            + (f" ({s['licence']})" if s["licence"] else "")
            for s in self.sources
        ]
        return ", ".join(lines)


# One for each layer, and for each reach it is seen in (see Layer.within).
MOST_KEPT = 500
_kept: dict[str, tuple[str, Summary]] = {}
_lock = Lock()


def read_by(layers: Iterable[Layer]) -> list[str]:
    """Return the tables the summaries of ``layers`` are made of."""
    return sorted({*tables_of(layers), "observatory_source"})


def summary_of(layer: Layer, journal: Journal | None = None) -> Summary:
    """Return the summary of ``layer``, counted again only when its data have changed."""
    stamps = stamps_of(read_by([layer]), journal)
    key = version_from([layer], stamps)
    with _lock:
        known = _kept.get(layer.digest)
    if known and known[0] == key:
        return known[1]
    summary = _count(layer)
    with _lock:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[layer.digest] = (key, summary)
    return summary


def _count(layer: Layer) -> Summary:
    nothing_given: dict[str, Any] = {parameter.name: None for parameter in layer.parameters}
    with connection.cursor() as cursor:
        cursor.execute(TOTALS.format(rows=layer.rows), nothing_given)
        count, ids, *box = cursor.fetchone()
    by_id = Source.objects.in_bulk(ids)
    sources = [by_id[key] for key in ids if key in by_id]
    west, south, east, north = (None if edge is None else round(edge, 6) for edge in box)
    bounds = None
    if west is not None and south is not None and east is not None and north is not None:
        bounds = (west, south, east, north)
    return Summary(
        count=count,
        bounds=bounds,
        sources=tuple(source.citation() for source in sources),
        demonstration=any(source.is_demonstration for source in sources),
    )
