"""From the rows of a layer to areas ready to be stored: code, name, dates, outline.

What is wrong with a row is refused in the report; what could be mended is listed there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from importers import errors
from importers.report import Report
from importers.shapes import Shape, shapes_of
from importers.values import clean_text
from importers.vectors import Layer

CODE_NAMES = ("code", "code_insee", "insee_com", "codgeo", "code_qp", "id", "ident", "ref")
NAME_NAMES = ("nom", "name", "libelle", "lib", "label", "libgeo", "nom_qp", "nom_com")
DATED = ("valid_from", "valid_to")
LONGEST_FACT = 200
MOST_FACTS = 40


@dataclass
class Area:
    """One area at one time, as the store takes it."""

    row: int
    layer: str
    level: str
    code: str
    name: str
    shape: shapely.MultiPolygon
    srid: int
    generation: int | None = None
    commune_codes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    act: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    status: str = "reference"
    repaired: str = ""

    @property
    def label(self) -> str:
        """Return what a person calls it."""
        return f"{self.code} {self.name}".strip()


@dataclass(frozen=True)
class Reading:
    """How to read a layer's columns: candidates in order of preference, and rules."""

    code: Sequence[str] = CODE_NAMES
    name: Sequence[str] = NAME_NAMES
    communes: Sequence[str] = ()
    commune_codes: Sequence[str] = ("commune_codes", "insee_com", "communes", "code_insee")
    code_pattern: str = ""
    what: str = "an area"
    facts: dict[str, str] | None = None
    """Columns kept as facts, with their new name; None keeps all that is left."""


@dataclass(frozen=True)
class _Columns:
    code: str | None
    name: str | None
    communes: str | None
    commune_codes: str | None
    dates: dict[str, str]
    act: str | None
    facts: dict[str, str]


def read_areas(
    frame: gpd.GeoDataFrame, layer: Layer, level: str, reading: Reading, report: Report
) -> list[Area]:
    """Turn a layer's rows into areas. Raises MissingColumns."""
    columns = _columns_of(frame, layer, reading)
    texts = {row: _identity(frame, row, columns, reading, report, layer) for row in frame.index}
    labels = {row: f"{code} {name}".strip() for row, (code, name) in texts.items()}
    shapes = shapes_of(frame, report, layer.name, labels)
    areas = []
    for row, shape in shapes.items():
        code, name = texts[row]
        areas.append(_area(frame, row, columns, report, layer, level, (code, name), shape))
    return areas


def _columns_of(frame: gpd.GeoDataFrame, layer: Layer, reading: Reading) -> _Columns:
    lowered = {str(name).lower(): str(name) for name in frame.columns if name != "geometry"}

    def first(candidates: Sequence[str]) -> str | None:
        return next((lowered[c.lower()] for c in candidates if c.lower() in lowered), None)

    code, name = first(reading.code), first(reading.name)
    if code is None and name is None:
        raise errors.MissingColumns(
            layer.name, [reading.code[0], reading.name[0]], lowered.values()
        )
    communes = first(reading.communes)
    commune_codes = first([c for c in reading.commune_codes if lowered.get(c.lower()) != code])
    dates = {name: lowered[name] for name in DATED if name in lowered}
    used = {code, name, communes, lowered.get("act"), *dates.values()}
    left = {column: low for low, column in lowered.items() if column not in used}
    wanted = left if reading.facts is None else _chosen(lowered, reading.facts)
    return _Columns(code, name, communes, commune_codes, dates, lowered.get("act"), wanted)


def _chosen(lowered: dict[str, str], facts: dict[str, str]) -> dict[str, str]:
    return {lowered[name.lower()]: new for name, new in facts.items() if name.lower() in lowered}


# -- one row -------------------------------------------------------------------------------


def _identity(
    frame: gpd.GeoDataFrame,
    row: int,
    columns: _Columns,
    reading: Reading,
    report: Report,
    layer: Layer,
) -> tuple[str, str]:
    code = _code(frame[columns.code][row]) if columns.code else ""
    name = _text(frame, row, columns.name, report, layer) if columns.name else ""
    if reading.code_pattern and not re.fullmatch(reading.code_pattern, code):
        if re.fullmatch(reading.code_pattern, f"0{code}"):
            report.repair(
                row, columns.code or "", f"{code} lost its leading zero", f"read as 0{code}",
                layer.name,
            )  # fmt: skip
            return f"0{code}", name or code
        report.refuse(
            row,
            columns.code or "",
            code,
            f"this is not the code of {reading.what}",
            "Check that this is the right file and the right column (--code-column).",
            layer.name,
        )
    if not code and not name:
        report.refuse(
            row, columns.code or columns.name or "", "", "neither code nor name",
            "Give every area a code or a name.", layer.name,
        )  # fmt: skip
    return code, name or code


def _code(value: Any) -> str:
    """Return a code as text: 75113.0 is 75113; nothing else is touched."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _text(
    frame: gpd.GeoDataFrame, row: int, column: str | None, report: Report, layer: Layer
) -> str:
    if column is None:
        return ""
    text, why = clean_text(frame[column][row])
    if why:
        report.repair(row, column, f"{why}", f"read as {text}", layer.name)
    return text[:200]


def _area(
    frame: gpd.GeoDataFrame,
    row: int,
    columns: _Columns,
    report: Report,
    layer: Layer,
    level: str,
    identity: tuple[str, str],
    shape: Shape,
) -> Area:
    facts = {new: _fact(frame[column][row]) for column, new in columns.facts.items()}
    facts = {name: value for name, value in list(facts.items())[:MOST_FACTS] if value is not None}
    if columns.communes:
        facts["communes"] = _text(frame, row, columns.communes, report, layer)
    dates = {
        name: _date(frame[column][row], row, column, report, layer)
        for name, column in columns.dates.items()
    }
    return Area(
        row=row,
        layer=layer.name,
        level=level,
        code=identity[0],
        name=identity[1],
        shape=shape.polygons,
        srid=shape.srid,
        commune_codes=_codes(frame[columns.commune_codes][row]) if columns.commune_codes else [],
        facts=facts,
        act=_text(frame, row, columns.act, report, layer),
        repaired=shape.repaired,
        valid_from=dates.get("valid_from"),
        valid_to=dates.get("valid_to"),
    )


def _codes(value: Any) -> list[str]:
    if isinstance(value, (list, tuple, np.ndarray)):
        return sorted(_code(item) for item in value)
    found = re.findall(r"\b[0-9][0-9AB][0-9]{3}\b", _code(value))
    return sorted(set(found))


def _fact(value: Any) -> Any:
    """Return a value fit for JSON, or None where there is none or it is no plain value."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return None if not np.isfinite(value) else int(value) if value.is_integer() else value
    if isinstance(value, (bool, int)):
        return value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    text, _ = clean_text(value) if isinstance(value, str) else ("", "")
    return text[:LONGEST_FACT] or None


def _date(value: Any, row: int, column: str, report: Report, layer: Layer) -> date | None:
    if isinstance(value, datetime):
        return value.date() if value == value else None  # NaT differs from itself
    if isinstance(value, date):
        return value
    text, _ = clean_text(value)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        report.refuse(
            row, column, text, "this is not a date", "Write dates as 2015-01-01.", layer.name
        )
        return None
