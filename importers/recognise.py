"""Telling what a file holds by its content: which load it is for, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from importers.addresses import is_address_table
from importers.boundaries import recognised_boundaries
from importers.errors import ImporterError
from importers.facilities import layout_of
from importers.files import Kind, Opened, opened
from importers.indicators import is_figures_table
from importers.perimeters import generation_of
from importers.sheets import columns_of, is_workbook
from importers.tables import Table, open_table
from importers.vectors import Layer, layers_of

DOCUMENTS = {".md", ".pdf", ".toml", ".html", ".docx", ".odt"}
SPATIAL = (Kind.SHAPEFILE, Kind.GEOJSON)


@dataclass(frozen=True)
class Recognised:
    """What a file is for: the kind of load (empty: none), and the reason in words."""

    kind: str
    why: str


def recognise(path: Path) -> Recognised:
    """Tell which load a file is for, opening it as little as needed."""
    if path.suffix.lower() in DOCUMENTS:
        return Recognised("", "documentation")
    try:
        if is_workbook(path):
            return _of_header(columns_of(path))
        with opened(path) as file:
            return _of_content(file)
    except ImporterError as error:
        return Recognised("", f"cannot be recognised: {error}")


def _of_content(file: Opened) -> Recognised:
    if file.kind in SPATIAL:
        return _of_layers(layers_of(file))
    if file.kind is Kind.GEOPACKAGE:
        table = open_table(file, wanted="idcar")
        return _of_columns(table) if _is_grid(table) else _of_layers(layers_of(file))
    return _of_columns(open_table(file))


def _of_layers(layers: list[Layer]) -> Recognised:
    flat = [layer for layer in layers if layer.polygons]
    if not flat:
        listed = layout_of([layer.columns for layer in layers])
        if listed:
            return Recognised("facilities", listed.title)
        return Recognised("", "no importer for these points or lines")
    generation = generation_of(flat)
    if generation:
        return Recognised("perimeters", f"priority quarters of {generation}")
    found = recognised_boundaries(flat)
    if found:
        kind = "iris" if found[0].level == "iris" else "boundaries"
        return Recognised(kind, found[0].title)
    names = ", ".join(layer.name for layer in flat)
    return Recognised("", f"no importer for these areas ({names}): load it with --level")


def _of_columns(table: Table) -> Recognised:
    if _is_grid(table):
        return Recognised("grid", "200 m cells")
    if is_address_table(table):
        return Recognised("addresses", "national address base")
    if {"household_id", "declared_income"} <= set(table.columns):
        return Recognised("households", "household records")
    return _of_header([table.columns])


def _of_header(headers: list[tuple[str, ...]]) -> Recognised:
    figures = is_figures_table(headers)
    if figures:
        return Recognised("indicators", figures)
    listed = layout_of(headers)
    if listed:
        return Recognised("facilities", listed.title)
    columns = max(headers, key=len, default=())[:6]
    return Recognised("", f"no importer for this table (columns {', '.join(columns)}…)")


def _is_grid(table: Table) -> bool:
    lowered = {name.lower() for name in table.columns}
    has_id = any(name.startswith(("idcar", "idinspire")) for name in lowered)
    return has_id and {"ind", "men"} <= lowered
