"""Administrative boundaries: arrondissements, quarters, communes, IRIS, or any level named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from django.db import transaction

from importers import errors
from importers.areas import Area, Reading, read_areas
from importers.areastore import store_areas
from importers.derived import derive_areas
from importers.files import Opened, opened
from importers.memberships import refresh_memberships
from importers.options import LoadOptions
from importers.places import department_of
from importers.products import Product, product, products
from importers.report import Report
from importers.sources import source_asked
from importers.vectors import Layer, layers_of, read_layer
from observatory.models import Level, Run
from observatory.runs import Progress, silent

LEVELS = (
    "arrondissement", "commune", "department", "ept", "contract", "urban_unit", "iris", "block",
    "admin_quarter",
)  # fmt: skip


def load_boundaries(
    path: Path | str,
    options: LoadOptions,
    *,
    run: Run | None = None,
    progress: Progress = silent,
) -> Report:
    """Load one file of boundaries, whole or not at all.

    Raises
    ------
    FileRefused, MissingColumns, UnknownLayer, UnknownProduct, and what opening a file raises
    """
    with opened(path) as file:
        report = Report("boundaries", file.name, "feature")
        layers = layers_of(file)
        known, layer = _recognised(file, layers, options)
        frame = read_layer(file, layer, options.crs)
        report.read += len(frame)
        report.note(
            f"Layer {layer.name}: {len(frame)} features, {frame.attrs['declared_crs']}, "
            f"read as {Level(known.level).label} ({known.title})."
        )
        if len(layers) > 1:
            left = ", ".join(other.name for other in layers if other is not layer)
            report.note(f"Layers left aside: {left}.")
        areas = read_areas(frame, layer, known.level, _reading(known, options), report)
    dated = [_dated(area, options) for area in areas]
    _store(dated, file.name, known, options, report, progress)
    return report


def load_iris(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load a file of IRIS: boundaries whose level is known in advance."""
    wanted = options.model_copy(update={"level": options.level or "iris"})
    return load_boundaries(path, wanted, run=run, progress=progress)


def recognised_boundaries(layers: list[Layer]) -> tuple[Product, Layer] | None:
    """Return the product whose columns a layer has, and the layer with most columns; or None."""
    for known in products().values():
        if known.level in LEVELS and known.required:
            fitting = [layer for layer in layers if layer.has(*known.required)]
            if fitting:
                return known, max(fitting, key=lambda layer: (len(layer.columns), layer.projected))
    return None


def _recognised(file: Opened, layers: list[Layer], options: LoadOptions) -> tuple[Product, Layer]:
    if options.layer:
        layers = [layer for layer in layers if layer.name == options.layer]
        if not layers:
            raise errors.UnknownLayer(file.name, f"the name {options.layer}", [])
    if options.product:
        return product(options.product), layers[0]
    found = recognised_boundaries(layers)
    if found and options.level in ("", found[0].level):
        return found
    if options.level:
        return _own_product(options, file.name), _best(layers)
    listed = "; ".join(f"{layer.name}: {', '.join(layer.columns)}" for layer in layers)
    raise errors.UnknownProduct(
        f"Nothing in {file.name} says which boundaries it holds ({listed}).",
        f"Say it with --level ({', '.join(LEVELS)}), --code-column and --name-column.",
    )


def _best(layers: list[Layer]) -> Layer:
    return max(layers, key=lambda layer: (bool(layer.features), len(layer.columns)))


def _own_product(options: LoadOptions, name: str) -> Product:
    if options.level not in LEVELS:
        raise errors.UnknownProduct(
            f"--level {options.level} is not a kind of boundary.", f"Kinds: {', '.join(LEVELS)}."
        )
    stem = Path(name).stem.split(".")[0]
    return Product(
        code=f"{options.level}-{stem}",
        title=f"{Level(options.level).label} : {stem}",
        producer="Fichier local",
        level=options.level,
    )


def _reading(known: Product, options: LoadOptions) -> Reading:
    reading = Reading(what=f"a territory of the level '{known.level}'")
    if known.code_column:
        reading = replace(
            reading,
            code=known.code_column,
            name=known.name_column or reading.name,
            code_pattern=known.code_pattern,
            commune_codes=known.commune_codes_column,
            facts=known.facts,
        )
    if options.code_column:
        reading = replace(reading, code=(options.code_column,), code_pattern="")
    if options.name_column:
        reading = replace(reading, name=(options.name_column,))
    return reading


def _dated(area: Area, options: LoadOptions) -> Area:
    return replace(
        area,
        valid_from=area.valid_from or options.valid_from,
        valid_to=area.valid_to or options.valid_to,
        act=area.act or options.act,
        status=options.status or "reference",
    )


def _replaced(source: str, known: Product, areas: list[Area]) -> str:
    """Name what this file stands for: its whole source, or some départements of it."""
    if known.withdraw != "department":
        return source
    return f"{source}:{','.join(sorted({department_of(area.code) for area in areas}))}"


def _store(
    areas: list[Area],
    name: str,
    known: Product,
    options: LoadOptions,
    report: Report,
    progress: Progress,
) -> None:
    progress("boundaries stored", 0, len(areas))
    with transaction.atomic():
        source = source_asked(known, options, known.vintage_of(name, options.vintage))
        touched = store_areas(areas, source, report, known.withdraw)
        touched += derive_areas(touched, source)
        report.facts |= {"source": source.code, "replaces": _replaced(source.code, known, areas)}
        report.facts["memberships"] = refresh_memberships(touched)
    progress("boundaries stored", len(areas), len(areas))
