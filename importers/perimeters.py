"""Perimeters of the policy: priority quarters as the producer delivers them, and any other.

The producer's zip lays the same quarters in several layers and systems; each quarter is taken
once, from the first layer that has it, and the others are compared with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from django.db import transaction
from django.utils import timezone

from importers import errors
from importers.areas import CODE_NAMES, NAME_NAMES, Area, Reading, read_areas
from importers.areastore import store_areas
from importers.files import opened
from importers.memberships import POLICY_LEVELS, refresh_memberships
from importers.options import LoadOptions
from importers.places import METROPOLITAN
from importers.products import Product, product, products
from importers.report import Report
from importers.sources import Described, local, source_asked
from importers.vectors import Layer, layers_of, read_layer
from observatory.identity import identity_of
from observatory.models import Level, Run
from observatory.runs import Progress, silent

LEVELS = (*POLICY_LEVELS, "group")
METRES_PER_DEGREE = 111_320.0
SAME_PLACE = 1.0  # metres from which two layers are said to disagree


def load_perimeters(
    path: Path | str,
    options: LoadOptions,
    *,
    run: Run | None = None,
    progress: Progress = silent,
) -> Report:
    """Load one file of perimeters, whole or not at all.

    Raises
    ------
    FileRefused, MissingColumns, UnknownLayer, UnknownProduct, and what opening a file raises
    """
    with opened(path) as file:
        report = Report("perimeters", file.name, "feature")
        layers = layers_of(file)
        known = _product_of(layers, options)
        usable = _usable_layers(file.name, layers, known, options)
        reading, level = _reading(known, options), _level(options)
        areas: dict[object, Area] = {}
        for place, layer in enumerate(usable):
            progress("layers read", place, len(usable))
            frame = read_layer(file, layer, options.crs)
            report.read += len(frame)
            _tell_layer(report, layer, frame)
            told = Report("perimeters", file.name)
            found = read_areas(frame, layer, known.level if known else level, reading, told)
            report.absorb(told, repairs_of=_add_layer(areas, found, report))
        if file.ignored:
            report.note(f"Not data, left aside: {', '.join(file.ignored)}.")
        if not areas and not report.refused_count:
            raise errors.EmptyFile(file.name, "holds no perimeter")
    dated = [_dated(area, known, options) for area in areas.values()]
    _store(dated, file.name, known, options, report, progress)
    return report


def _store(
    areas: list[Area],
    name: str,
    known: Product | None,
    options: LoadOptions,
    report: Report,
    progress: Progress,
) -> None:
    progress("perimeters stored", 0, len(areas))
    with transaction.atomic():
        source = source_asked(known or _own(options, name), options)
        touched = store_areas(areas, source, report, known.withdraw if known else "all")
        report.facts |= {"source": source.code, "replaces": source.code}
        report.facts["memberships"] = refresh_memberships(touched)
    progress("perimeters stored", len(areas), len(areas))


# -- which product, which layers -----------------------------------------------------------


def _product_of(layers: Sequence[Layer], options: LoadOptions) -> Product | None:
    """Return the product asked for, or the one the columns and generation tell, or None."""
    if options.product:
        return product(options.product)
    if options.level not in ("", "qpv"):
        return None
    if options.generation:
        found = [p for p in products().values() if p.level == "qpv"]
        return next((p for p in found if p.generation == options.generation), None)
    for known in products().values():
        if known.level == "qpv" and known.generation == generation_of(layers):
            return known
    if options.level == "qpv":
        return None
    raise errors.UnknownProduct(
        f"Nothing in this file says what kind of perimeters it holds "
        f"(layers: {', '.join(layer.name for layer in layers)}).",
        f"Say it with --level ({', '.join(LEVELS)}), and --generation for quarters.",
    )


def generation_of(layers: Sequence[Layer]) -> int | None:
    """Tell the generation of priority quarters by the first code of the first layer with any."""
    for layer in layers:
        columns = [c for c in layer.columns if c.lower() in ("code_qp", "code")]
        if not columns or not layer.features:
            continue
        rows = pyogrio.read_dataframe(
            layer.path, layer=layer.name, columns=columns, read_geometry=False, max_features=1
        )
        code = str(rows[columns[0]].iloc[0])
        if re.fullmatch(r"Q[PN][0-9]{2}[0-9AB][0-9]{2}[0-9A-Z]", code):
            return 2015 if code.startswith("QP") else 2024
    return None


def _own(options: LoadOptions, name: str) -> Described:
    """Describe what no product describes: a file of somebody's own."""
    level = _level(options)
    title = Level(level).label
    stem = Path(name).stem.split(".")[0]
    return local(f"{level}-{stem}", f"{title} : {stem}")


def _level(options: LoadOptions) -> str:
    level = options.level or "qpv"
    if level not in LEVELS:
        raise errors.UnknownProduct(
            f"--level {level} is not a kind of perimeter.", f"Kinds: {', '.join(LEVELS)}."
        )
    return level


def _usable_layers(
    name: str, layers: list[Layer], known: Product | None, options: LoadOptions
) -> list[Layer]:
    """Keep layers with a code or a name; the product's first layer first, then projected ones."""
    if options.layer:
        layers = [layer for layer in layers if layer.name == options.layer]
    wanted = [options.code_column] if options.code_column else list(_codes(known, options))
    wanted += [options.name_column] if options.name_column else []
    usable = [layer for layer in layers if any(layer.has(column) for column in wanted)]
    if not usable:
        if len(layers) == 1:
            raise errors.MissingColumns(name, wanted[:1], layers[0].columns)
        raise errors.UnknownLayer(
            name, f"a column {wanted[0]}", [f"{la.name} ({', '.join(la.columns)})" for la in layers]
        )
    first = known.first_layer if known else ""
    return sorted(usable, key=lambda la: (la.name != first, not la.projected, la.features, la.name))


def _codes(known: Product | None, options: LoadOptions) -> Sequence[str]:
    if known:
        return known.code_column
    return (*CODE_NAMES, *NAME_NAMES) if not options.code_column else (options.code_column,)


def _reading(known: Product | None, options: LoadOptions) -> Reading:
    reading = Reading()
    if known:
        reading = Reading(
            code=known.code_column,
            name=known.name_column,
            communes=known.communes_column,
            commune_codes=(*known.commune_codes_column, "commune_codes"),
            code_pattern=known.code_pattern,
            what=f"a priority quarter of {known.generation}" if known.generation else "an area",
        )
    if options.code_column:
        reading = replace(reading, code=(options.code_column,))
    if options.name_column:
        reading = replace(reading, name=(options.name_column,))
    return reading


# -- the same quarter in several layers ----------------------------------------------------


def _add_layer(areas: dict[object, Area], found: list[Area], report: Report) -> set[int]:
    """Add the areas that no earlier layer gave; return their rows. Compares the others."""
    before = set(areas)
    added: set[int] = set()
    gaps: dict[str, float] = {}
    for area in found:
        key = (identity_of(area.level, area.code, area.name, area.commune_codes), area.valid_from)
        if key not in areas:
            areas[key] = area
            added.add(area.row)
        elif key not in before:
            report.refuse(
                area.row,
                "",
                area.label,
                f"the area already stands in feature {areas[key].row}",
                "Keep one feature per area.",
                area.layer,
            )
        else:
            gaps[area.code or area.name] = _metres_apart(areas[key].shape, area.shape)
    _tell_again(gaps, found, report)
    return added


def _tell_again(gaps: dict[str, float], found: list[Area], report: Report) -> None:
    if gaps:
        report.facts["duplicates"] = report.facts.get("duplicates", 0) + len(gaps)
        report.note(f"{len(gaps)} areas of {found[0].layer} were already read in another layer.")
    far = {code: gap for code, gap in gaps.items() if gap > SAME_PLACE}
    if far:
        report.note(
            f"{len(far)} areas of {found[0].layer} lie up to {max(far.values()):.1f} m from where "
            f"the layer kept has them (first: {next(iter(far))})."
        )


def _metres_apart(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Distance between the outlines' extents, in metres: enough to see a shifted layer."""
    first, second = shapely.bounds(one), shapely.bounds(other)
    scale = np.array([np.cos(np.radians(first[1])), 1.0] * 2)
    return float(np.abs((first - second) * scale).max() * METRES_PER_DEGREE)


def _tell_layer(report: Report, layer: Layer, frame: gpd.GeoDataFrame) -> None:
    encoding = f", text {frame.attrs['encoding']}" if frame.attrs.get("encoding") else ""
    report.note(
        f"Layer {layer.name}: {len(frame)} features, {frame.attrs['declared_crs']}{encoding}."
    )


# -- dates and acts ------------------------------------------------------------------------


def _dated(area: Area, known: Product | None, options: LoadOptions) -> Area:
    """Give an area its act, dates, generation and status: its own, else as asked, else known."""
    overseas = area.srid != METROPOLITAN.srid
    facts = _facts_of(known, overseas)
    starts = area.valid_from or options.valid_from or facts.valid_from
    ends = area.valid_to or options.valid_to or facts.valid_to
    status = options.status or "legal"
    past = ends is not None and ends <= timezone.localdate()
    return replace(
        area,
        act=area.act or options.act or facts.act,
        valid_from=starts,
        valid_to=ends,
        generation=options.generation or facts.generation,
        status="superseded" if past and status == "legal" else status,
    )


def _facts_of(known: Product | None, overseas: bool) -> Product:
    """Return what the product says, of overseas quarters where they have their own decree."""
    found = known or Product(code="none", title="", producer="")
    if not overseas:
        return found
    return found.model_copy(
        update={
            "act": found.act_overseas or found.act,
            "valid_from": found.valid_from_overseas or found.valid_from,
            "valid_to": found.valid_to_overseas or found.valid_to,
        }
    )
