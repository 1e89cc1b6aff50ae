"""How computed zones became legal quarters: merges, trims to blocks, the decree.

Each step is recorded as an operation on perimeters, with its date, author and reason, as if it
had been decided here; nothing of it is in force but the decree's.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import connection, transaction
from pydantic import BaseModel, ConfigDict, ValidationError

from carroyage import grid
from carroyage.errors import CarroyageError
from importers import errors
from importers.files import local_file
from importers.options import LoadOptions
from importers.report import Report
from importers.sources import local, source_asked
from importers.vectors import WGS84, polygons_of
from observatory.lifecycle.errors import LifecycleError
from observatory.lifecycle.replay import Replayed, Step, replay, take_back
from observatory.models import (
    Level,
    Perimeter,
    Run,
    Source,
    Status,
    Territory,
)
from observatory.runs import Progress, silent


class Zone(BaseModel):
    """A computed zone: its cells, one of which (the anchor) tells it from the others."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    label: str
    anchor: str
    cells: list[str]
    bare_cells: bool = False


class Operation(BaseModel):
    """One dated step; ``inputs`` are anchors of zones, ``result`` a quarter or several."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    number: int
    kind: str
    date: date
    author: str = ""
    reason: str = ""
    act: str = ""
    inputs: list[str] = []
    result: str | list[str]
    blocks: list[str] = []


class Document(BaseModel):
    """The whole history of one generation of quarters."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    generation: int
    zone: list[Zone]
    operation: list[Operation]


def load_history(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load the history of a generation of quarters, whole or not at all.

    Replaces what the same source told before.

    Raises
    ------
    FileRefused
        A cell id cannot be read, or a block, a zone or a quarter it names is not loaded.
    UnreadableFile
    """
    file = local_file(path)
    report = Report("history", file.name, "entry")
    document = _document(file)
    report.read = len(document.zone) + len(document.operation)
    quarters = _quarters(document)
    blocks = _blocks(document)
    _check(document, quarters, blocks, report)
    shapes = _zone_shapes(document, report)
    report.raise_if_refused()
    with transaction.atomic():
        source = source_asked(local("history", "Des zones calculées aux quartiers"), options)
        _forget(source)
        zones = _store_zones(document, shapes, source)
        try:
            told = _replay(document, zones, source, run)
        except LifecycleError as error:
            report.refuse(0, "operation", document.operation[0].kind, str(error), error.advice)
            report.raise_if_refused()
            raise
        for note in told.notes:
            report.note(note)
        report.kept = report.added = report.read
        report.facts |= {"source": source.code, "replaces": source.code}
        report.facts |= {"operations": [operation.pk for operation in told.operations]}
    progress("steps stored", report.kept, report.kept)
    return report


def _document(file: Path) -> Document:
    try:
        return Document(**tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise errors.UnreadableFile(file.name, f"it is not a history ({error})") from None


# -- checks --------------------------------------------------------------------------------


def _quarters(document: Document) -> dict[str, Territory]:
    codes = {code for step in document.operation for code in _results(step)}
    found = Territory.objects.filter(
        level=Level.QPV, code__in=codes, generation=document.generation
    )
    return {territory.code: territory for territory in found}


def _results(step: Operation) -> list[str]:
    return [step.result] if isinstance(step.result, str) else step.result


def _blocks(document: Document) -> dict[str, Any]:
    codes = {code for step in document.operation for code in step.blocks}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.code, ST_AsBinary(p.geom) FROM observatory_perimeter p "
            "JOIN observatory_territory t ON t.id = p.territory_id "
            "WHERE t.level = 'block' AND t.code = ANY(%s)",
            [sorted(codes)],
        )
        return {code: shapely.from_wkb(bytes(shape)) for code, shape in cursor.fetchall()}


def _check(
    document: Document, quarters: dict[str, Territory], blocks: dict[str, Any], report: Report
) -> None:
    anchors = {zone.anchor for zone in document.zone}
    for step in document.operation:
        wanted = {
            "result": (_results(step), quarters, "this quarter is not loaded"),
            "inputs": (step.inputs, anchors, "no zone has this anchor"),
            "blocks": (step.blocks, blocks, "this block is not loaded"),
        }
        if step.kind not in ("merge", "trim", "decree"):
            report.refuse(step.number, "kind", step.kind, "unknown kind of step", _KINDS)
        for column, (codes, known, problem) in wanted.items():
            for code in codes:
                if code not in known:
                    report.refuse(step.number, column, code, problem, _FIRST)


_KINDS = "Kinds: merge, trim, decree."
_FIRST = "Load blocks and perimeters before their history, or correct the code."


def _zone_shapes(document: Document, report: Report) -> list[Any]:
    shapes = []
    for number, zone in enumerate(document.zone, start=1):
        try:
            cells = grid.parse_ids(zone.cells)
            epsg, size = cells.one_grid()
        except CarroyageError as error:
            report.refuse(number, "cells", zone.label, str(error), error.advice)
            continue
        outline = shapely.union_all(grid.cell_polygons(cells.north, cells.east, size))
        shapes.append(gpd.GeoSeries([outline], crs=epsg).to_crs(WGS84).iloc[0])
    return shapes


# -- storing -------------------------------------------------------------------------------


def _forget(source: Source) -> None:
    """Take back the operations this source told before, then the zones it brought."""
    take_back(source.code, str(source), "Loaded again")
    Perimeter.objects.filter(source=source).delete()
    Territory.objects.filter(level=Level.ZONE, source=source, perimeters=None).delete()


def _store_zones(document: Document, shapes: list[Any], source: Source) -> dict[str, Perimeter]:
    """Store the computed zones; return them by anchor."""
    found = {}
    for number, (zone, shape) in enumerate(zip(document.zone, shapes, strict=True), start=1):
        territory = Territory.objects.create(
            level=Level.ZONE,
            code=f"{source.code}-{number:02d}"[:40],
            name=zone.label,
            generation=document.generation,
            source=source,
        )
        found[zone.anchor] = Perimeter.objects.create(
            territory=territory,
            geom=_multipolygon(shape),
            status=Status.COMPUTED,
            source=source,
            facts={"anchor": zone.anchor, "cells": zone.cells, "bare_cells": zone.bare_cells},
        )
    return found


def _replay(
    document: Document, zones: dict[str, Perimeter], source: Source, run: Run | None
) -> Replayed:
    steps = [
        Step(
            kind=step.kind,
            day=step.date,
            inputs=step.inputs,
            results=_results(step),
            blocks=step.blocks,
            author=step.author,
            reason=step.reason,
            act=step.act,
        )
        for step in document.operation
    ]
    return replay(zones, steps, mark=source.code, generation=document.generation, run=run)


def _multipolygon(shape: Any) -> MultiPolygon:
    made = GEOSGeometry(memoryview(shapely.to_wkb(polygons_of(shape))), srid=4326)
    if not isinstance(made, MultiPolygon):
        raise TypeError("an outline of polygons was expected")
    return made
