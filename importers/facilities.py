"""Facilities: schools, libraries, centres… as delivered, or by the template for any other list.

The template has one facility a row: key, name, category, latitude, longitude (WGS 84); optional
kind, address, commune (INSEE code), network (REP, REP+), state (open, planned, closed, mobile),
valid_from, valid_to, serves (codes of quarters it is attached to without standing there,
separated by ;) and lived_in (oui: at least half of its users live in priority quarters).
Without coordinates a facility is kept and said to be nowhere: it is never placed by guess.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from django.contrib.gis.geos import Point

from importers import errors
from importers.files import Kind, local_file, opened
from importers.options import LoadOptions
from importers.places import places_of
from importers.places_named import pieces
from importers.report import Report
from importers.rows import put, withdraw
from importers.sheets import columns_of, each, is_workbook, read_sheet
from importers.sources import Described, source_asked
from importers.values import as_numbers, clean_text, is_day
from importers.vectors import WGS84, layers_of, read_layer
from observatory.history import acting
from observatory.models import Facility, FacilityLink, Level, Opening, Run, Source, Territory
from observatory.runs import Progress, silent

FILE = Path(__file__).with_name("facilities.toml")
REQUIRED = ("key", "name", "category", "latitude", "longitude")
OPTIONAL = (
    "kind", "address", "commune", "network", "state", "valid_from", "valid_to", "serves",
    "lived_in",
)  # fmt: skip
NETWORKS = ("", "REP", "REP+")
SPATIAL = (Kind.SHAPEFILE, Kind.GEOJSON, Kind.GEOPACKAGE)
YES = ("oui", "yes", "1", "true")


class Layout(Described):
    """One layout, as ``facilities.toml`` describes it."""

    category: str = ""
    columns: dict[str, str]
    facts: dict[str, str] = {}
    categories: dict[str, str] = {}
    states: dict[str, str] = {}

    def fits(self, names: Iterable[str]) -> bool:
        """Tell whether a header has all the columns of the layout."""
        return set(self.columns.values()) <= set(names)


TEMPLATE = Layout(
    code="template", title="Équipements", producer="Fichier local",
    columns={name: name for name in REQUIRED},
)  # fmt: skip


@cache
def layouts() -> tuple[Layout, ...]:
    """Return the known layouts, the template last."""
    read: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return (*(Layout(code=code, **told) for code, told in read.items()), TEMPLATE)


def layout_of(headers: Iterable[Iterable[str]]) -> Layout | None:
    """Return the layout whose columns one of the headers has, or None."""
    rows = [tuple(header) for header in headers]
    return next((one for one in layouts() if any(map(one.fits, rows))), None)


def load_facilities(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load one list of facilities, whole or not at all; those no longer listed are withdrawn.

    Raises
    ------
    FileRefused
        A key stands twice, coordinates are not in France, a quarter it serves is not loaded.
    UnknownProduct
        Neither a known layout nor the template.
    """
    file = local_file(path)
    report = Report("facilities", file.name)
    layout, frame = _read(file, options, report)
    frame = _checked(frame, layout, report)
    quarters = _quarters(frame, report)
    report.raise_if_refused()
    with acting(run=run, reason=f"load of {file.name}"):
        source = _source(layout, options, file)
        kept = {_store(row, layout, source, run, quarters, report) for row in each(frame)}
        withdraw(Facility.objects.filter(source=source), kept, report)
    report.facts |= {"source": source.code, "replaces": source.code, "facilities": len(kept)}
    nowhere = int(frame["lon"].isna().sum())
    if nowhere:
        report.note(f"{nowhere} without coordinates: kept, and in no quarter.")
    progress("facilities stored", len(kept), len(kept))
    return report


def _source(layout: Layout, options: LoadOptions, file: Path) -> Source:
    stem = file.name.split(".")[0]
    own = layout.model_copy(update={"code": f"facilities-{layout.code}-{stem}"})
    return source_asked(own, options)


# -- reading -------------------------------------------------------------------------------


def _read(file: Path, options: LoadOptions, report: Report) -> tuple[Layout, pd.DataFrame]:
    """Return the layout and the table, with the names of the template as columns."""
    if is_workbook(file):
        return _of_table(file, report)
    with opened(file) as content:
        if content.kind not in SPATIAL:
            return _of_table(file, report)
        layer = layers_of(content)[0]
        points = read_layer(content, layer, options.crs).to_crs(WGS84)
    layout = layout_of([points.columns])
    if layout is None:
        raise _unknown(file.name, points.columns)
    report.unit, report.read = "feature", len(points)
    wrong = points.geometry.notna() & (points.geometry.geom_type != "Point")
    for row in points.index[wrong]:
        report.refuse(int(row), "geometry", "", "a facility that is no point", "Give its centre.")
    texts = points.drop(columns="geometry").astype(object)
    texts = texts.where(texts.notna(), "").map(str)
    alone = points.geometry.where(~wrong)
    places = {"longitude": alone.x.map(_written), "latitude": alone.y.map(_written)}
    return layout, _renamed(texts, layout).assign(**places)


def _of_table(file: Path, report: Report) -> tuple[Layout, pd.DataFrame]:
    headers = columns_of(file)
    layout = layout_of(headers)
    if layout is None:
        longest: tuple[str, ...] = max(headers, key=len, default=())
        raise _unknown(file.name, longest)
    frame = read_sheet(file, report, tuple(layout.columns.values())).frame
    return layout, _renamed(frame, layout)


def _unknown(name: str, columns: Iterable[str]) -> errors.UnknownProduct:
    return errors.UnknownProduct(
        f"{name} is no known list of facilities (columns {', '.join(map(str, columns))}).",
        f"Any list goes through the template: {', '.join((*REQUIRED, *OPTIONAL))}.",
    )


def _written(number: float) -> str:
    return "" if np.isnan(number) else repr(number)


def _renamed(frame: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    found = pd.DataFrame(index=frame.index)
    for name in (*REQUIRED, *OPTIONAL):
        column = layout.columns.get(name, name)
        found[name] = frame.get(column, "")
    for name, column in layout.facts.items():
        found[f"fact_{name}"] = frame.get(column, "")
    return found


# -- checking ------------------------------------------------------------------------------


def _checked(frame: pd.DataFrame, layout: Layout, report: Report) -> pd.DataFrame:
    """Return the table with ``lon`` and ``lat`` as numbers, ``category`` and ``state`` in ours."""
    frame = frame.copy()
    told = frame["kind"].str.lower().map(layout.categories)
    frame["category"] = frame["category"].where(frame["category"] != "", layout.category or told)
    states = frame["state"].map(layout.states) if layout.states else frame["state"]
    frame["state"] = states.where(frame["state"] != "", Opening.OPEN)
    for name, into in (("longitude", "lon"), ("latitude", "lat")):
        numbers = as_numbers(pa.chunked_array([pa.array(frame[name].tolist(), pa.string())]))
        frame[into] = numbers.values
        _refuse(frame, numbers.wrong, name, "this is not a coordinate", "Write degrees.", report)
    _check_places(frame, report)
    checks = (
        ("key", frame["key"] == "", "a facility without a key", "Give the producer's identifier."),
        ("key", frame["key"].duplicated() & (frame["key"] != ""), "the key stands twice",
         "Keep one row per facility."),
        ("name", frame["name"] == "", "a facility without a name", "Name it."),
        ("category", frame["category"].isna() | (frame["category"] == ""), "an unknown category",
         "Write one in a column 'category', such as library."),
        ("state", ~frame["state"].isin(Opening.values), "an unknown state",
         f"Words: {', '.join(Opening.values)}."),
        ("network", ~frame["network"].isin(NETWORKS), "an unknown network", "REP, REP+ or blank."),
        ("valid_from", ~frame["valid_from"].map(is_day), "this is not a date",
         "Write 2015-09-01."),
        ("valid_to", ~frame["valid_to"].map(is_day), "this is not a date", "Write 2015-09-01."),
    )  # fmt: skip
    for column, wrong, problem, advice in checks:
        _refuse(frame, wrong, column, problem, advice, report)
    return frame


def _check_places(frame: pd.DataFrame, report: Report) -> None:
    lon, lat = frame["lon"].to_numpy(), frame["lat"].to_numpy()
    known, half = ~np.isnan(lon) & ~np.isnan(lat), np.isnan(lon) != np.isnan(lat)
    outside = known & (places_of(np.where(known, lon, 999), np.where(known, lat, 999)) < 0)
    swapped = outside & (places_of(np.where(known, lat, 999), np.where(known, lon, 999)) >= 0)
    advice = "Swap latitude and longitude."
    _refuse(frame, swapped, "latitude", "coordinates the wrong way round", advice, report)
    advice = "Write degrees (WGS 84), or leave both blank."
    _refuse(frame, outside & ~swapped, "latitude", "a place that is not in France", advice, report)
    _refuse(frame, half, "latitude", "one coordinate without the other", advice, report)


def _refuse(
    frame: pd.DataFrame, wrong: Any, column: str, problem: str, advice: str, report: Report
) -> None:
    for row in frame.index[np.asarray(wrong, bool)]:
        report.refuse(int(row), column, frame.loc[row, column], problem, advice)


def _quarters(frame: pd.DataFrame, report: Report) -> dict[str, int]:
    """Return the ids of the quarters that facilities serve; one that is not loaded is refused."""
    wanted = {code for text in frame["serves"] for code in pieces(text)}
    rows = Territory.objects.filter(code__in=wanted, level__in=(Level.QPV, Level.QVA))
    known = dict(rows.values_list("code", "pk"))
    for row in each(frame):
        for code in pieces(row.serves):
            if code not in known:
                report.refuse(
                    row.Index, "serves", code, "no quarter has this code",
                    "Load its outline first (observatory load perimeters).",
                )  # fmt: skip
    return known


# -- storing -------------------------------------------------------------------------------


def _store(
    row: Any, layout: Layout, source: Source, run: Run | None, quarters: dict[str, int],
    report: Report,
) -> int:  # fmt: skip
    facts = {name: getattr(row, f"fact_{name}") for name in layout.facts}
    known = {"source": source, "key": row.key[:80]}
    # The load that brought it first; its later changes are in the history.
    first = {} if Facility.objects.filter(**known).exists() else {"run": run}
    facility = put(
        Facility,
        known,
        {
            **first,
            "name": clean_text(row.name)[0][:200],
            "category": row.category[:40],
            "kind": row.kind[:120],
            "address": clean_text(row.address)[0][:200],
            "commune_code": row.commune[:5],
            "network": row.network,
            "state": row.state,
            "valid_from": date.fromisoformat(row.valid_from) if row.valid_from else None,
            "valid_to": date.fromisoformat(row.valid_to) if row.valid_to else None,
            "facts": {name: value for name, value in facts.items() if value},
            "geom": None if np.isnan(row.lon) else Point(row.lon, row.lat, srid=4326),
        },
        report,
    )
    _attach(facility, row, source, quarters)
    return facility.pk


def _attach(facility: Facility, row: Any, source: Source, quarters: dict[str, int]) -> None:
    """Keep the links this source tells of; those decided by hand stay."""
    lived_in = row.lived_in.lower() in YES
    wanted: list[int | None] = [quarters[code] for code in pieces(row.serves)]
    if lived_in and not wanted:
        wanted = [None]
    kept = set()
    for territory in wanted:
        pair = {"facility": facility, "territory_id": territory}
        kept.add(put(FacilityLink, pair, {"lived_in": lived_in, "source": source}).pk)
    withdraw(FacilityLink.objects.filter(facility=facility, source=source), kept)
