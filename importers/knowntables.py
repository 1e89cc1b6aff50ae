"""From a known table, one territory a row, to figures, one a row."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from importers import errors
from importers.datasets import Column, Dataset, Labelled
from importers.dictionary import ensure_indicators
from importers.figures import read_values
from importers.options import LoadOptions
from importers.report import Report
from importers.sheets import Sheet, each
from importers.values import clean_text
from observatory.identity import identity_of
from observatory.models import Indicator, Nature, Source, Territory

CHANGE_AGREES = 0.01  # points of % between a printed change and the one worked out again


def figures_of(
    sheet: Sheet, known: Dataset, options: LoadOptions, source: Source, report: Report
) -> pd.DataFrame:
    """Return the table's figures with the columns of ``importers.figures.COLUMNS``."""
    columns = dict(known.columns) or _labelled(sheet, known, source)
    frame = sheet.frame
    territories = _territories(frame, known, source, report)
    keep = territories["id"].notna().to_numpy()
    frame, territories = frame[keep], territories[keep]
    _verify(frame, known, report)
    natures = _natures(columns)
    parts = [
        _column(frame, territories, name, column, known, options, natures[column.indicator])
        for name, column in columns.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _column(
    frame: pd.DataFrame,
    territories: pd.DataFrame,
    name: str,
    column: Column,
    known: Dataset,
    options: LoadOptions,
    nature: str,
) -> pd.DataFrame:
    texts = frame[name]
    read = read_values(texts, str(known.blank), pd.Series(nature, index=texts.index))
    note = frame[known.note_column].map(_note) if known.note_column else ""
    return pd.DataFrame(
        {
            "row": frame.index.to_numpy(),
            "column": name,
            "indicator": column.indicator,
            "territory": territories["id"].astype(np.int64).to_numpy(),
            "place": territories["code"].to_numpy(),
            "year": _years(frame, column, known, options),
            "period": "",
            "scope": known.scope,
            "written": texts.to_numpy(),
            "numerator": np.nan,
            "denominator": np.nan,
            "low": np.nan,
            "high": np.nan,
            "outline_on": known.outline_on,
            "extracted_on": None,
            **{key: read[key].to_numpy() for key in ("value", "standing", "text", "wrong")},
            "percent": read["percent"].to_numpy(),
            "note": (read["note"].where(read["note"] != "", note)).to_numpy(),
        }
    )


def _note(text: str) -> str:
    return f"note {text} du producteur" if text not in ("", "0", "so") else ""


def _years(frame: pd.DataFrame, column: Column, known: Dataset, options: LoadOptions) -> object:
    if known.year_column:
        return pd.to_numeric(frame[known.year_column], errors="coerce").fillna(-1).astype(int)
    if known.year_assumed and re.fullmatch(r"\d{4}", options.vintage):
        return int(options.vintage)
    year = column.year or known.year
    if year is None:
        raise errors.BadOption(f"{known.code} does not say its year.", "Give it with --vintage.")
    return year


def _natures(columns: dict[str, Column]) -> dict[str, str]:
    codes = [column.indicator for column in columns.values()]
    return {code: indicator.nature for code, indicator in ensure_indicators(codes).items()}


# -- indicators that the table itself describes --------------------------------------------


def _labelled(sheet: Sheet, known: Dataset, source: Source) -> dict[str, Column]:
    if known.labelled is None:
        return {}
    columns = {}
    for name, label in sheet.labels.items():
        if name in known.labelled.skip:
            continue
        code = known.labelled.code_of(name)
        Indicator.objects.get_or_create(code=code, defaults=_described(name, label, source))
        columns[name] = Column(indicator=code)
    if not columns:
        raise errors.UnreadableFile(sheet.name, "no row of words stands under its header")
    _say_parts(known.labelled)
    return columns


def _say_parts(labelled: Labelled) -> None:
    """Store which columns are parts of which group of persons."""
    for cut in labelled.cuts:
        whole = ensure_indicators([cut.whole])[cut.whole]
        codes = [labelled.code_of(name) for name in cut.columns]
        Indicator.objects.filter(code__in=codes).update(
            part_of=whole, cut=cut.by, counts_persons=True
        )


def _described(name: str, label: str, source: Source) -> dict[str, object]:
    share = name.startswith("tx_")
    ratio = name.endswith("ind_jeune")
    return {
        "label": label,
        "nature": Nature.SHARE if share else Nature.RATIO if ratio else Nature.MEAN,
        "unit": "%" if share else "",
        "kind": "context",
        "spatial_rule": "residence",
        "level": "qpv",
        "decimals": 1,
        "theme": "population",
        "source": source,
    }


# -- territories ---------------------------------------------------------------------------


def _territories(
    frame: pd.DataFrame, known: Dataset, source: Source, report: Report
) -> pd.DataFrame:
    """Return the code, level and id of each row's territory; NaN where the row is left out."""
    codes = frame[known.code_column]
    levels = (
        frame[known.level_column].map(known.levels)
        if known.level_column
        else pd.Series(known.level, index=frame.index)
    )
    if known.blank_code:
        blank = codes == ""
        codes = codes.mask(blank, known.blank_code.code)
        levels = levels.mask(blank, known.blank_code.level)
    left_out = levels.isna()
    if left_out.any():
        report.note(f"{int(left_out.sum())} rows of another kind of area left out.")
    found = pd.DataFrame({"code": codes, "level": levels})
    _check_codes(found[~left_out], known, report)
    if known.makes_territories:
        _make(frame, found[~left_out], known, source, report)
    ids = _ids(found)
    unknown = ids.isna() & ~left_out
    for row in frame.index[unknown]:
        report.refuse(
            int(row), known.code_column, codes[row], "this territory is not loaded",
            "Load its outline first (observatory load perimeters, boundaries or iris).",
        )  # fmt: skip
    return found.assign(id=ids)


def _check_codes(found: pd.DataFrame, known: Dataset, report: Report) -> None:
    own = found[found["code"] != known.blank_code.code] if known.blank_code else found
    if not known.code_pattern:
        return
    for row in own.index[~own["code"].str.fullmatch(known.code_pattern)]:
        report.refuse(
            int(row), known.code_column, own.loc[row, "code"], "this is not the code of an area",
            "Check that codes kept their leading zeros.",
        )  # fmt: skip


def _ids(found: pd.DataFrame) -> pd.Series:
    codes = found["code"].unique().tolist()
    known = {
        (level, code): pk
        for level, code, pk in Territory.objects.filter(code__in=codes).values_list(
            "level", "code", "pk"
        )
    }
    keys = pd.Series(list(zip(found["level"], found["code"], strict=True)), index=found.index)
    return keys.map(known)


def _make(
    frame: pd.DataFrame, found: pd.DataFrame, known: Dataset, source: Source, report: Report
) -> None:
    """Make the areas that are known by code only; their outlines may come later."""
    missing = found[_ids(found).isna()].drop_duplicates()
    made = []
    for row in each(missing):
        name = _name(frame, row.Index, row.code, known)
        identity = identity_of(row.level, row.code, name)
        made.append(
            Territory(level=row.level, code=row.code, name=name, source=source, identity=identity)
        )
    Territory.objects.bulk_create(made, ignore_conflicts=True)
    if made:
        report.note(f"{len(made)} areas are known by code only: their outlines are not loaded.")


def _name(frame: pd.DataFrame, row: Any, code: str, known: Dataset) -> str:
    if known.blank_code and code == known.blank_code.code:
        return known.blank_code.name
    written = clean_text(frame.loc[row, known.name_column])[0] if known.name_column else code
    told = re.fullmatch(known.name_from, written) if known.name_from else None
    return (told[1] if told else written)[:200] or code


# -- columns worked out again --------------------------------------------------------------


def _verify(frame: pd.DataFrame, known: Dataset, report: Report) -> None:
    """Work out again the changes that the table prints beside its counts, and compare."""
    for printed, (before, after) in known.verified.items():
        numbers = [
            pd.to_numeric(frame[name].str.replace(",", "."), errors="coerce")
            for name in (printed, before, after)
        ]
        gap = (numbers[0] - 100 * (numbers[2] / numbers[1] - 1)).abs()
        wrong = int((gap > CHANGE_AGREES).sum())
        report.note(
            f"{printed} worked out again from {before} and {after}: "
            + ("it agrees in every row." if not wrong else f"it disagrees in {wrong} rows.")
        )
        report.facts.setdefault("disagreements", {})[printed] = wrong
