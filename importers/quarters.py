"""The list of quarters of a group of communes: what they are, whose contract, how many people.

Columns: name, status (qpv or qva), communes and commune_codes (separated by ;), contract,
contract_name, population, weight, and optionally outside (communes out of the group) and line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from importers.dictionary import ensure_indicators
from importers.figures import COLUMNS, check_figures
from importers.figurestore import store_figures
from importers.files import local_file
from importers.options import LoadOptions
from importers.places_named import belongs, pieces, territory_named
from importers.report import Report
from importers.sheets import each, read_sheet
from importers.sources import source_of_file
from observatory.history import acting
from observatory.identity import fold
from observatory.models import Indicator, Level, Nature, Run, Source, Standing, Territory
from observatory.runs import Progress, silent

REQUIRED = ("name", "status", "communes", "commune_codes", "contract", "population")
STATUSES = (Level.QPV, Level.QVA)


def load_quarters(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load quarters with their contract and population; a blank population is not available.

    ``--contract`` is the code of the group of communes they are all of, if any, or of their one
    contract; ``--vintage`` is the year counted.

    Raises
    ------
    FileRefused
        A status is unknown, communes and codes do not pair, a quarter stands twice.
    """
    file = local_file(path)
    report = Report("quarters", file.name)
    frame = read_sheet(file, report, REQUIRED).frame
    for name in ("contract_name", "weight", "outside", "line"):
        if name not in frame:
            frame[name] = ""
    _check(frame, report)
    report.raise_if_refused()
    with acting(run=run, reason=f"load of {file.name}"):
        source = source_of_file(file, options)
        group = _group(options, frame, source)
        places = [_store(row, group, source) for row in each(frame)]
        figures = _figures(frame, places, int(options.vintage or 2013))
        known = _indicators(source)
        checked = check_figures(figures, known, report)
        report.raise_if_refused()
        store_figures(checked, source, report, run)
    report.facts |= {"source": source.code, "quarters": len(places)}
    progress("quarters stored", len(places), len(places))
    return report


def _check(frame: pd.DataFrame, report: Report) -> None:
    seen: dict[tuple[str, str, str], int] = {}
    for row in each(frame):
        if row.status not in STATUSES:
            report.refuse(row.Index, "status", row.status, "neither qpv nor qva", "Write one.")
        if not row.name:
            report.refuse(row.Index, "name", "", "a quarter without a name", "Name it.")
        if len(pieces(row.communes)) != len(pieces(row.commune_codes)):
            report.refuse(
                row.Index, "commune_codes", row.commune_codes, "communes and codes do not pair",
                "Give one code per commune, in the same order.",
            )  # fmt: skip
        if not row.contract:
            report.refuse(row.Index, "contract", "", "a quarter of no contract", "Give its code.")
        key = (row.status, fold(row.name), row.commune_codes)
        if key in seen:
            report.refuse(
                row.Index, "name", row.name, f"the quarter already stands in line {seen[key]}",
                "Keep one row per quarter.",
            )  # fmt: skip
        seen.setdefault(key, row.Index)


def _group(options: LoadOptions, frame: pd.DataFrame, source: Source) -> Territory | None:
    """Return the group of communes, over the contracts of the rows, or None."""
    if not options.contract or options.contract in set(frame["contract"]):
        return None
    return territory_named(Level.EPT, options.contract, options.title, source)


def _store(row: Any, group: Territory | None, source: Source) -> Territory:
    contract = territory_named(Level.CONTRACT, row.contract, row.contract_name, source)
    if group is not None:
        belongs(contract, group, source)
    codes = pieces(row.commune_codes)
    quarter = territory_named(row.status, "", row.name, source, codes)
    belongs(quarter, contract, source)
    for code, name in zip(codes, pieces(row.communes), strict=True):
        commune = territory_named(Level.COMMUNE, code, name, source)
        belongs(quarter, commune, source)
        if group is not None and code not in pieces(row.outside):
            belongs(commune, group, source)
    return quarter


def _figures(frame: pd.DataFrame, places: list[Territory], year: int) -> pd.DataFrame:
    parts = []
    for column, indicator in (("population", "population"), ("weight", "weight-in-group")):
        texts = frame[column]
        if column == "weight" and not texts.any():  # the table does not speak of it
            continue
        value = pd.to_numeric(texts.str.replace(",", "."), errors="coerce")
        parts.append(
            pd.DataFrame(
                {
                    "row": frame.index, "column": column, "indicator": indicator,
                    "territory": [p.pk for p in places], "place": frame["name"].to_numpy(),
                    "year": year, "period": "", "scope": "whole", "written": texts.to_numpy(),
                    "value": value.to_numpy(), "numerator": np.nan, "denominator": np.nan,
                    "low": np.nan, "high": np.nan, "text": "", "outline_on": None,
                    "extracted_on": None, "note": "", "percent": False,
                    "wrong": (value.isna() & (texts != "")).to_numpy(),
                    "standing": np.where(
                        texts == "", Standing.NOT_AVAILABLE, Standing.DECLARED
                    ),
                }
            )
        )  # fmt: skip
    whole = pd.concat(parts, ignore_index=True)
    return whole[[*COLUMNS, "wrong", "percent"]]


def _indicators(source: Source) -> dict[str, Indicator]:
    known = ensure_indicators(["population"], source)
    known["weight-in-group"] = Indicator.objects.get_or_create(
        code="weight-in-group",
        defaults={
            "label": "Poids du quartier dans le groupe (imprimé)",
            "definition": "Population du quartier entier, même hors du groupe, sur leur somme",
            "nature": Nature.SHARE, "unit": "%", "decimals": 1, "kind": "context",
            "spatial_rule": "residence", "source": source,
        },
    )[0]  # fmt: skip
    return known
