"""The template for figures of any source: reading it, and writing an empty one."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa

from importers.dictionary import ensure_indicators
from importers.figures import read_values
from importers.report import Report
from importers.sheets import columns_of, read_sheet
from importers.values import as_numbers
from observatory.identity import fold
from observatory.models import Alias, Indicator, Level, Nature, Scope, Standing, Territory

# Our name of each column, and the French one.
FRENCH = {
    "indicator": "indicateur", "level": "niveau", "territory": "territoire", "year": "annee",
    "period": "periode", "scope": "champ", "value": "valeur", "numerator": "numerateur",
    "denominator": "denominateur", "low": "bas", "high": "haut", "standing": "statut",
    "outline_on": "contour", "extracted_on": "extraction", "note": "note",
}  # fmt: skip
TEMPLATE_COLUMNS = tuple(FRENCH)
NEEDED = ("indicator", "territory", "year")
NUMBERS = ("numerator", "denominator", "low", "high")
STANDINGS = {fold(label): value for value, label in Standing.choices} | {
    fold(value): value for value in Standing.values
}
SCOPES = {fold(label): value for value, label in Scope.choices} | {
    fold(value): value for value in Scope.values
}
LEVELS = {fold(label): value for value, label in Level.choices} | {
    fold(value): value for value in Level.values
}


def is_template(header: Iterable[str]) -> bool:
    """Tell whether a header is the template's: what is measured, where, when, and a value."""
    names = set(_renamed(header).values())
    return set(NEEDED) <= names and bool({"value", "numerator"} & names)


def _renamed(header: Iterable[str]) -> dict[str, str]:
    own = {fold(french): name for name, french in FRENCH.items()} | {n: n for n in FRENCH}
    # 'outline_on' folds to 'outline-on'
    own |= {fold(name): name for name in FRENCH}
    return {str(text): own[fold(str(text))] for text in header if fold(str(text)) in own}


def figures_of_template(file: Path, report: Report) -> pd.DataFrame:
    """Read a filled-in template. Raises MissingColumns; refusals go to the report."""
    sheet = read_sheet(file, report, _own_names(file))
    names = _renamed(map(str, sheet.frame.columns))
    left = [str(name) for name in sheet.frame.columns if str(name) not in names]
    if left:
        report.note(f"Columns of another kind, left aside: {', '.join(left)}.")
    frame = sheet.frame.rename(columns=names)[list(names.values())]
    for name in TEMPLATE_COLUMNS:
        if name not in frame:
            frame[name] = ""
    return _figures(frame, report)


def _own_names(file: Path) -> list[str]:
    header = next(row for row in columns_of(file) if is_template(row))
    return [text for text, name in _renamed(header).items() if name in NEEDED]


def _figures(frame: pd.DataFrame, report: Report) -> pd.DataFrame:
    facts = ensure_indicators(frame["indicator"].unique())
    natures = frame["indicator"].map(lambda code: _nature(facts, code))
    read = read_values(frame["value"], Standing.NOT_AVAILABLE, natures)
    numbers = {name: _numbers(frame[name]) for name in NUMBERS}
    for name, (values, wrong) in numbers.items():
        _refuse_words(frame, name, wrong, report)
        numbers[name] = (values, wrong)
    value = _worked_out(read, numbers, frame["indicator"].map(lambda c: _factor(facts, c)))
    standing = _standings(frame, read, value)
    return pd.DataFrame(
        {
            "row": frame.index.to_numpy(),
            "column": "value",
            "indicator": frame["indicator"].to_numpy(),
            "territory": _territory_ids(frame, report),
            "place": frame["territory"].to_numpy(),
            "year": pd.to_numeric(frame["year"], errors="coerce").fillna(-1).astype(int),
            "period": frame["period"].str.slice(0, 20),
            "scope": [SCOPES.get(fold(t), t) if t else Scope.WHOLE for t in frame["scope"]],
            "written": frame["value"],
            "value": value,
            "standing": standing,
            "text": read["text"],
            "wrong": read["wrong"],
            "percent": read["percent"],
            **{name: values for name, (values, _) in numbers.items()},
            "outline_on": _days(frame, "outline_on", report),
            "extracted_on": _days(frame, "extracted_on", report),
            "note": frame["note"].str.slice(0, 200).where(frame["note"] != "", read["note"]),
        }
    ).reset_index(drop=True)


def _nature(facts: dict[str, Indicator], code: str) -> str:
    return facts[code].nature if code in facts else Nature.COUNT


def _factor(facts: dict[str, Indicator], code: str) -> float:
    found = facts.get(code)
    if found is None:
        return 1
    return found.per or (100 if found.nature == Nature.SHARE else 1)


def _worked_out(read: pd.DataFrame, numbers: dict[str, Any], factor: pd.Series) -> np.ndarray:
    """Fill a blank value from its numerator and denominator."""
    given = read["value"].to_numpy(float)
    top, under = numbers["numerator"][0], numbers["denominator"][0]
    with np.errstate(divide="ignore", invalid="ignore"):
        made = np.where(under > 0, factor.to_numpy(float) * top / under, np.nan)
    return np.where(np.isnan(given) & ~read["wrong"].to_numpy(bool), made, given)


def _standings(frame: pd.DataFrame, read: pd.DataFrame, value: np.ndarray) -> list[str]:
    given = [STANDINGS.get(fold(text), text) if text else "" for text in frame["standing"]]
    worked = np.isnan(read["value"].to_numpy(float)) & ~np.isnan(value)
    return [
        told or (Standing.COMPUTED if made else own)
        for told, made, own in zip(given, worked, read["standing"], strict=True)
    ]


def _numbers(texts: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    found = as_numbers(pa.chunked_array([pa.array(texts.tolist(), pa.string())]))
    return found.values, found.wrong


def _refuse_words(frame: pd.DataFrame, name: str, wrong: np.ndarray, report: Report) -> None:
    for row in frame.index[wrong]:
        report.refuse(
            int(row), name, frame.loc[row, name], "this is not a number", "Leave it blank if none."
        )


def _days(frame: pd.DataFrame, name: str, report: Report) -> list[date | None]:
    read: dict[str, date | None] = {"": None}
    for text in frame[name].unique():
        if text and text not in read:
            try:
                read[text] = date.fromisoformat(text[:10])
            except ValueError:
                read[text] = None
                row = int(frame.index[frame[name] == text][0])
                report.refuse(row, name, text, "this is not a date", "Write dates as 2015-01-01.")
    return [read[text] for text in frame[name]]


def _territory_ids(frame: pd.DataFrame, report: Report) -> list[int]:
    """Find each territory by code, else by name or alias, within its level where given."""
    codes, names = _registry()
    found: dict[tuple[str, str], int] = {}
    for level, written in set(zip(frame["level"], frame["territory"], strict=True)):
        kind = LEVELS.get(fold(level), level)
        ids = _matching(codes, written, kind) or _matching(names, fold(written), kind)
        found[level, written] = ids[0] if len(ids) == 1 else -len(ids) - 1
    for row, level, written in zip(frame.index, frame["level"], frame["territory"], strict=True):
        if found[level, written] < 0:
            _refuse_place(int(row), written, found[level, written], report)
    return [
        found[key] if found[key] >= 0 else -1
        for key in zip(frame["level"], frame["territory"], strict=True)
    ]


def _registry() -> tuple[dict[str, list[tuple[str, int]]], dict[str, list[tuple[str, int]]]]:
    codes: dict[str, list[tuple[str, int]]] = {}
    names: dict[str, list[tuple[str, int]]] = {}
    for pk, level, code, name in Territory.objects.values_list("pk", "level", "code", "name"):
        if code:
            codes.setdefault(code, []).append((level, pk))
        names.setdefault(fold(name), []).append((level, pk))
    for pk, level, name in Alias.objects.values_list("territory", "territory__level", "name"):
        names.setdefault(fold(name), []).append((level, pk))
        codes.setdefault(name, []).append((level, pk))
    return codes, names


def _matching(registry: dict[str, list[tuple[str, int]]], key: str, level: str) -> list[int]:
    return sorted({pk for kind, pk in registry.get(key, []) if level in ("", kind)})


def _refuse_place(row: int, written: str, found: int, report: Report) -> None:
    if found == -1:
        report.refuse(
            row, "territory", written, "no territory has this code or name",
            "Load its outline or the list of territories first, or correct it.",
        )  # fmt: skip
    else:
        report.refuse(
            row, "territory", written, f"{-found - 1} territories answer to this",
            "Give the code, or say the level (qpv, commune…).",
        )  # fmt: skip


# -- writing an empty one ------------------------------------------------------------------


def write_template(out: Path) -> None:
    """Write an empty template: XLSX with the dictionary and the allowed words, or CSV."""
    if out.suffix.lower() != ".xlsx":
        with out.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle, delimiter=";").writerow(FRENCH.values())
        return
    book = openpyxl.Workbook()
    book.active.title = "Valeurs"
    book.active.append(list(FRENCH.values()))
    words = book.create_sheet("Mots admis")
    words.append(["champ", "statut", "niveau"])
    columns = (list(Scope.labels), list(Standing.labels), list(Level.labels))
    for place in range(max(map(len, columns))):
        words.append([str(c[place]) if place < len(c) else "" for c in columns])
    entries = book.create_sheet("Dictionnaire")
    entries.append(["indicateur", "libelle", "nature", "unite"])
    for found in Indicator.objects.all():
        entries.append([found.code, found.label, str(found.get_nature_display()), found.unit])
    book.save(out)
