"""Simplified outlines for low zooms, with the borders neighbours share simplified once.

Simplifying inside a tile's query costs more than it saves, so it is done when data are loaded
and kept. A perimeter without kept outlines is drawn in full: later, never wrongly.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import shapely
from django.db import connection, transaction
from django.db.models.signals import post_save

from layers.models import Outline
from observatory.models import Run, RunState

# Deepest zoom each kept outline is drawn at; deeper than the last one, full shapes are drawn.
ZOOMS = (5, 7, 9, 11)
WORLD = 40075016.685578488
EXTENT = 4096
# Computed zones are bare cells, and drafts change at every stroke: both are drawn in full.
KEPT = "perimeter.status IN ('legal', 'superseded', 'reference')"

MISSING = f"""
SELECT DISTINCT territory.level, territory.generation
FROM observatory_perimeter AS perimeter
JOIN observatory_territory AS territory ON territory.id = perimeter.territory_id
WHERE {KEPT} AND NOT EXISTS (
    SELECT 1 FROM layers_outline AS kept WHERE kept.perimeter_id = perimeter.id
)
"""  # noqa: S608 - KEPT is written above
SHAPES = f"""
SELECT perimeter.id, ST_AsBinary(perimeter.geom_3857), row_number() OVER (
        PARTITION BY perimeter.territory_id ORDER BY perimeter.valid_from DESC NULLS LAST
    ) AS age
FROM observatory_perimeter AS perimeter
JOIN observatory_territory AS territory ON territory.id = perimeter.territory_id
WHERE {KEPT} AND territory.level = %s AND territory.generation IS NOT DISTINCT FROM %s
"""  # noqa: S608

log = logging.getLogger(__name__)


def tolerance(zoom: int) -> float:
    """Return the metres of EPSG:3857 an outline may move by at ``zoom``: two tile units.

    A tile's side has 4096 units and is drawn on 512 pixels, so that is a quarter of a pixel.
    """
    return 2 * WORLD / 2**zoom / EXTENT


def refresh() -> int:
    """Make the outlines that are missing; return how many perimeters were simplified.

    A whole coverage (one level, one generation) is made again when one of its perimeters is
    new, because its neighbours' borders move with it.
    """
    with connection.cursor() as cursor:
        cursor.execute(MISSING)
        groups = cursor.fetchall()
    return sum(_simplify_group(level, generation) for level, generation in groups)


def _simplify_group(level: str, generation: int | None) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SHAPES, [level, generation])
        # Shapes of the same age rank stand side by side; older ones lie under newer ones.
        by_age: dict[int, dict[int, Any]] = defaultdict(dict)
        for key, outline, age in cursor.fetchall():
            by_age[age][key] = shapely.from_wkb(bytes(outline))
        keys = [key for shapes in by_age.values() for key in shapes]
        Outline.objects.filter(perimeter_id__in=keys).delete()
        for shapes in by_age.values():
            _store(cursor, shapes)
    return len(keys)


def _store(cursor: Any, shapes: dict[int, Any]) -> None:
    statement = "COPY layers_outline (perimeter_id, zoom, geom_3857) FROM STDIN"
    with cursor.copy(statement) as copy:
        for zoom in ZOOMS:
            for key, outline in simplified(shapes, tolerance(zoom)):
                ewkb = shapely.to_wkb(shapely.set_srid(outline, 3857), hex=True, include_srid=True)
                copy.write_row((key, zoom, ewkb))


def simplified(shapes: dict[int, Any], metres: float) -> Iterator[tuple[int, Any]]:
    """Yield each shape simplified, as a multipolygon; shared borders stay shared.

    Shapes that overlap are no coverage: they are simplified one by one. A shape that would
    vanish keeps its full outline, which no tile will draw larger than a dot.
    """
    outlines = list(shapes.values())
    if shapely.coverage_is_valid(outlines):
        drawn: Iterable[Any] = shapely.coverage_simplify(outlines, metres)
    else:
        drawn = shapely.simplify(outlines, metres, preserve_topology=True)
    for key, full, simple in zip(shapes, outlines, drawn, strict=True):
        whole = simple if _usable(simple) else full
        yield key, whole if whole.geom_type == "MultiPolygon" else shapely.multipolygons([whole])


def _usable(shape: Any) -> bool:
    return bool(
        shape.geom_type in ("Polygon", "MultiPolygon") and not shape.is_empty and shape.is_valid
    )


def follow_loads(sender: type[Run], instance: Run, **_: Any) -> None:
    """Simplify what a finished load brought; a failure leaves full outlines in use."""
    if instance.state != RunState.DONE or not instance.kind.startswith("load"):
        return
    try:
        refresh()
    except Exception:
        log.exception("Outlines for low zooms could not be made; full ones are drawn.")


def connect() -> None:
    """Listen for the end of loads."""
    post_save.connect(follow_loads, sender=Run, dispatch_uid="layers.outlines")
