"""The national address base (BAN), as delivered: CSV or CSV.gz, one row per numbered door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, transaction

from importers.addressstore import copy_statement, departments, duplicates, make_staging, merge
from importers.files import opened
from importers.options import LoadOptions
from importers.places import places_of
from importers.products import product
from importers.report import Report
from importers.sources import source_asked
from importers.tables import Table, open_table, to_csv
from importers.values import as_numbers
from observatory.models import Run
from observatory.runs import Progress, silent

Ints = npt.NDArray[np.int64]

# What the table stores, by the producer's column, with the longest text it may hold.
TEXTS = {
    "id": ("ban_id", 60),
    "numero": ("number", 12),
    "rep": ("suffix", 12),
    "nom_voie": ("street", 200),
    "code_postal": ("postcode", 5),
    "code_insee": ("commune_code", 5),
    "nom_commune": ("commune_name", 120),
    "type_position": ("position", 40),
}
OPTIONAL = ("rep", "type_position")
NEVER_BLANK = ("id", "nom_voie", "code_insee")


def load_addresses(
    path: Path | str,
    options: LoadOptions,
    *,
    run: Run | None = None,
    progress: Progress = silent,
) -> Report:
    """Load one file of addresses, whole or not at all.

    It replaces what the same source gave for the départements the file speaks of.

    Raises
    ------
    FileRefused
        A row has no id, street, commune or point in France, or an id stands twice.
    MissingColumns, and what opening a file raises
    """
    with opened(path) as file, transaction.atomic(), connection.cursor() as cursor:
        table = open_table(file, wanted="nom_voie")
        names = [name for name in TEXTS if name in table.columns or name not in OPTIONAL]
        table.require(*names, "lon", "lat")
        report = Report("addresses", file.name, table.unit)
        report.note(table.describe())
        make_staging(cursor)
        with cursor.copy(copy_statement([TEXTS[name][0] for name in names])) as copy:
            for rows, batch in table.batches([*names, "lon", "lat"], report):
                ready = _checked(rows, batch, names, report)
                if not report.refused_count:
                    copy.write(to_csv(ready))
                progress("rows read", report.read, max(table.rows, report.read))
        report.raise_if_refused()
        _refuse_duplicates(cursor, report)
        source = _source(file.name, options)
        merge(cursor, source, report, progress)
        spoken_of = departments(cursor)
        report.facts |= {"source": source.code, "replaces": f"{source.code}:{spoken_of}"}
    return report


def _source(name: str, options: LoadOptions) -> Any:
    known = product("ban")
    return source_asked(known, options, known.vintage_of(name, options.vintage))


def _checked(rows: Ints, batch: pa.Table, names: list[str], report: Report) -> pa.Table:
    columns: dict[str, Any] = {"line": pa.array(rows)}
    for name in names:
        field, longest = TEXTS[name]
        texts = pc.fill_null(pc.utf8_trim_whitespace(batch[name].cast(pa.string())), "")
        _refuse_texts(rows, texts, name, longest, report)
        columns[field] = texts
    lon, lat = _points(rows, batch, report)
    return pa.table({**columns, "lon": lon, "lat": lat})


def _refuse_texts(rows: Ints, texts: Any, name: str, longest: int, report: Report) -> None:
    lengths = pc.utf8_length(texts).to_numpy()
    if name in NEVER_BLANK:
        for place in np.flatnonzero(lengths == 0):
            report.refuse(rows[place], name, "", "the value is missing", "Every address needs one.")
    for place in np.flatnonzero(lengths > longest):
        report.refuse(
            rows[place],
            name,
            texts[int(place)].as_py(),
            f"more than {longest} characters",
            "Look for a missing quote or separator on this line.",
        )


def _points(rows: Ints, batch: pa.Table, report: Report) -> tuple[Any, Any]:
    lon, lat = as_numbers(batch["lon"]).values, as_numbers(batch["lat"]).values
    known = np.isfinite(lon) & np.isfinite(lat)
    inside = places_of(np.where(known, lon, 999), np.where(known, lat, 999)) >= 0
    swapped = known & ~inside & (places_of(lat, lon) >= 0)
    problems = {
        "the point has no coordinates": ~known,
        "longitude and latitude are swapped": swapped,
        "the point is not in France": known & ~inside & ~swapped,
    }
    for problem, wrong in problems.items():
        for place in np.flatnonzero(wrong):
            value = f"{batch['lon'][int(place)].as_py()}, {batch['lat'][int(place)].as_py()}"
            report.refuse(
                rows[place], "lon, lat", value, problem, "Give degrees: longitude, then latitude."
            )
    return lon, lat


def _refuse_duplicates(cursor: Any, report: Report) -> None:
    for ban_id, lines in duplicates(cursor):
        for line in lines[1:]:
            report.refuse(
                line,
                "id",
                ban_id,
                f"the id already stands in {report.unit} {lines[0]}",
                "Keep one row per address.",
            )
    report.raise_if_refused()


def is_address_table(table: Table) -> bool:
    """Tell whether a table has the columns of the address base."""
    return {"id", "numero", "nom_voie", "code_insee", "lon", "lat"} <= set(table.columns)
