"""Checking a table of figures, all rows at once: range, scope, place and year of each.

The table has one row per figure with the columns of ``COLUMNS``; ``row`` is the line of the
file and ``column`` its column, so that a refusal names both.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from django.db import connection

from importers.report import Report
from importers.sheets import each
from importers.values import as_numbers
from observatory.models import WITHOUT_VALUE, Indicator, Nature, Scope, Standing

COLUMNS = (
    "row", "column", "indicator", "territory", "place", "year", "period", "scope", "standing",
    "written", "value", "numerator", "denominator", "low", "high", "text", "outline_on",
    "extracted_on", "note",
)  # fmt: skip
FIRST_YEAR, LAST_YEAR = 1945, 2100
# What producers write in place of a value, and what it stands for.
MARKS = {
    "ns": Standing.WITHHELD, "s": Standing.WITHHELD, "c": Standing.WITHHELD,
    "nd": Standing.NOT_AVAILABLE, "so": Standing.NOT_AVAILABLE, "na": Standing.NOT_AVAILABLE,
    "n/a": Standing.NOT_AVAILABLE, "#n/a": Standing.NOT_AVAILABLE, "nan": Standing.NOT_AVAILABLE,
    "null": Standing.NOT_AVAILABLE, "none": Standing.NOT_AVAILABLE, "": Standing.NOT_AVAILABLE,
}  # fmt: skip
# Natures, and the lowest and highest value each can have.
RANGES: dict[str, tuple[float, float]] = {
    Nature.COUNT: (0, np.inf),
    Nature.AMOUNT: (-np.inf, np.inf),
    Nature.SHARE: (0, 100),
    Nature.CHANGE: (-100, np.inf),
    Nature.RATE: (0, np.inf),
    Nature.RATIO: (0, np.inf),
    Nature.MEDIAN: (-np.inf, np.inf),
    Nature.MEAN: (-np.inf, np.inf),
    Nature.INDEX: (-np.inf, np.inf),
    Nature.BOOLEAN: (0, 1),
    Nature.TEXT: (-np.inf, np.inf),
}
Bools = npt.NDArray[np.bool_]


def read_values(texts: pd.Series, blank: str, natures: pd.Series) -> pd.DataFrame:
    """Turn written values into ``value``, ``standing``, ``text`` and the mark ``wrong``.

    A blank becomes ``blank`` (withheld or not available), never zero; « % » may follow a share.
    """
    low = texts.str.lower()
    marked = low.isin(list(MARKS))
    standing = low.map(MARKS).where(texts != "", blank).where(marked, Standing.DECLARED)
    worded = (natures == Nature.TEXT) & ~marked
    bare = texts.where(~worded & ~marked, "").str.removesuffix("%").str.rstrip()
    numbers = as_numbers(pa.chunked_array([pa.array(bare.tolist(), pa.string())]))
    percent = texts.str.endswith("%").to_numpy(bool)
    misplaced = percent & ~natures.isin([Nature.SHARE, Nature.CHANGE, Nature.TEXT]).to_numpy(bool)
    return pd.DataFrame(
        {
            "value": numbers.values,
            "standing": standing,
            "text": texts.where(worded, "").str.slice(0, 400),
            "wrong": numbers.wrong,
            "percent": misplaced,
            "note": low.map({"so": "sans objet"}).fillna(""),
        },
        index=texts.index,
    )


def set_aside_impossible(
    frame: pd.DataFrame, indicators: dict[str, Indicator], report: Report
) -> pd.DataFrame:
    """Take no account of values that their producer publishes though they cannot be.

    They become not available, with what was published in the note and in the report.
    """
    wrong = np.asarray(_range(_joined(frame, indicators))[0], bool)
    for row in each(frame[wrong]):
        report.repair(
            row.row, row.column, f"{row.place}: {row.written} cannot be",
            "kept as not available, with the published value in its note",
        )  # fmt: skip
    told = "valeur publiée impossible : " + frame["written"]
    return frame.assign(
        value=frame["value"].where(~wrong),
        standing=frame["standing"].where(~wrong, Standing.NOT_AVAILABLE),
        note=frame["note"].where(~wrong, told),
    )


def check_figures(
    frame: pd.DataFrame, indicators: dict[str, Indicator], report: Report
) -> pd.DataFrame:
    """Refuse what cannot be; return the figures with numeric ids of indicator and nature.

    ``territory`` must be the id of a stored territory (-1: unknown, already refused).
    """
    joined = _joined(frame, indicators)
    for check in CHECKS:
        wrong, problem, advice, column = check(joined)
        _refuse(joined, wrong, problem, advice, column, report)
    _refuse_twice(joined, report)
    _refuse_absent(joined, report)
    return joined


def _joined(frame: pd.DataFrame, indicators: dict[str, Indicator]) -> pd.DataFrame:
    told = pd.DataFrame({code: _facts(found) for code, found in indicators.items()}).T
    return frame.join(told, on="indicator")


def _facts(indicator: Indicator) -> dict[str, Any]:
    low, high = RANGES[indicator.nature]
    return {
        "indicator_id": indicator.pk,
        "nature": indicator.nature,
        "lowest": indicator.minimum if indicator.minimum is not None else low,
        "highest": indicator.maximum if indicator.maximum is not None else high,
        "factor": indicator.per or (100 if indicator.nature == Nature.SHARE else 1),
        "decimals": indicator.decimals,
    }


def _refuse(
    frame: pd.DataFrame,
    wrong: Any,
    problem: str,
    advice: str,
    column: str,
    report: Report,
) -> None:
    marked = np.asarray(wrong, bool)
    if not marked.any():
        return
    for row in each(frame[marked]):
        value = row.written if not column else getattr(row, column)
        report.refuse(row.row, column or row.column, value, problem, advice)


Check = tuple[Any, str, str, str]


def _not_a_number(frame: pd.DataFrame) -> Check:
    return frame["wrong"], "this is not a number", "Write 1234,5 or leave it blank.", ""


def _percentage(frame: pd.DataFrame) -> Check:
    advice = "Give the count itself, or use an indicator whose nature is a share."
    return frame["percent"], "a percentage where none belongs", advice, ""


def _year(frame: pd.DataFrame) -> Check:
    years = frame["year"].astype(float)
    wrong = ~((years >= FIRST_YEAR) & (years <= LAST_YEAR))
    return wrong, "not a year", f"Write a year between {FIRST_YEAR} and {LAST_YEAR}.", "year"


def _range(frame: pd.DataFrame) -> Check:
    value = frame["value"].astype(float)
    low, high = frame["lowest"].astype(float), frame["highest"].astype(float)
    shares = frame["nature"] == Nature.SHARE
    slack = np.where(shares, 1e-9, 0)
    wrong = (value < low - slack) | (value > high + slack)
    return wrong, "outside the range of its indicator", "Check the unit (a share is 0 to 100).", ""


def _whole(frame: pd.DataFrame) -> Check:
    counts = (frame["nature"] == Nature.COUNT) & (frame["standing"] == Standing.DECLARED)
    value = frame["value"].astype(float)
    wrong = counts & value.notna() & ((value - value.round()).abs() > 1e-9)
    advice = "Give the count itself, or say that it is estimated."
    return wrong, "a count that is not whole", advice, ""


def _scope(frame: pd.DataFrame) -> Check:
    wrong = ~frame["scope"].isin(Scope.values)
    return wrong, "unknown scope", f"Scopes: {', '.join(Scope.values)}.", "scope"


def _standing(frame: pd.DataFrame) -> Check:
    wrong = ~frame["standing"].isin(Standing.values)
    return wrong, "unknown standing", f"Standings: {', '.join(Standing.values)}.", "standing"


def _missing(frame: pd.DataFrame) -> Check:
    none = frame["value"].isna() & (frame["text"] == "")
    wrong = none & ~frame["standing"].isin(list(WITHOUT_VALUE)) & ~frame["wrong"].astype(bool)
    return wrong, "a standing that needs a value", "Give it, or say withheld or not_available.", ""


def _superfluous(frame: pd.DataFrame) -> Check:
    wrong = frame["value"].notna() & frame["standing"].isin(list(WITHOUT_VALUE))
    return wrong, "a value said to be withheld or not available", "Correct one of the two.", ""


def _interval(frame: pd.DataFrame) -> Check:
    value, low, high = (frame[n].astype(float) for n in ("value", "low", "high"))
    return (low > value) | (high < value), "a value outside its own interval", "Correct it.", ""


def _denominator(frame: pd.DataFrame) -> Check:
    wrong = frame["denominator"].astype(float) <= 0
    return wrong, "a denominator of zero or less", "Leave it blank if unknown.", "denominator"


def _part(frame: pd.DataFrame) -> Check:
    above = frame["numerator"].astype(float) > frame["denominator"].astype(float)
    wrong = above & (frame["nature"] == Nature.SHARE)
    return wrong, "a part larger than the whole", "Swap numerator and denominator?", "numerator"


def _agreement(frame: pd.DataFrame) -> Check:
    """A declared value must be its numerator over its denominator, to its last decimal."""
    quotient = frame["numerator"].astype(float) / frame["denominator"].astype(float)
    gap = (quotient * frame["factor"].astype(float) - frame["value"].astype(float)).abs()
    wrong = gap > 10.0 ** -frame["decimals"].astype(float) + 1e-9
    advice = "Give the value the two make, or leave it blank: it is then worked out."
    return wrong, "value, numerator and denominator disagree", advice, ""


CHECKS: tuple[Callable[[pd.DataFrame], Check], ...] = (
    _not_a_number, _percentage, _year, _range, _whole, _scope, _standing, _missing, _superfluous,
    _interval, _denominator, _part, _agreement,
)  # fmt: skip
KEY = ["indicator", "territory", "year", "period", "scope"]


def _refuse_twice(frame: pd.DataFrame, report: Report) -> None:
    known = frame[frame["territory"] >= 0]
    again = known[known.duplicated(KEY)]
    if again.empty:
        return
    first = known.drop_duplicates(KEY).set_index(KEY)["row"]
    for row in each(again):
        key = (row.indicator, row.territory, row.year, row.period, row.scope)
        report.refuse(
            row.row, row.column, f"{row.indicator} {row.place} {row.year}",
            f"the figure already stands in {report.unit} {first[key]}",
            "Keep one row per indicator, territory, year, period and scope.",
        )  # fmt: skip


def _refuse_absent(frame: pd.DataFrame, report: Report) -> None:
    """Refuse figures of a territory that did not exist then; without outline nothing is known."""
    spans = _lifetimes(frame["territory"].unique().tolist())
    if not spans:
        return
    first = frame["territory"].map({k: v[0] for k, v in spans.items()})
    last = frame["territory"].map({k: v[1] for k, v in spans.items()})
    years = pd.to_numeric(frame["year"], errors="coerce").fillna(0)
    start = frame["outline_on"].map(_ordinal).fillna(years.map(lambda y: _day(y, 12, 31)))
    end = frame["outline_on"].map(_ordinal).fillna(years.map(lambda y: _day(y, 1, 1)))
    absent = first.notna() & ((start < first) | (end >= last)) & (years >= FIRST_YEAR)
    for row in each(frame[absent]):
        report.refuse(
            row.row, "year", f"{row.place} {row.year}", "the territory did not exist that year",
            "Check the code's generation; for figures worked out in another year's outlines, "
            "say which (outline_on).",
        )  # fmt: skip


def _lifetimes(territories: list[int]) -> dict[int, tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT territory_id, min(coalesce(valid_from, '0001-01-01')),
                max(coalesce(valid_to, '9999-12-31'))
            FROM observatory_perimeter
            WHERE territory_id = ANY(%s) AND status IN ('legal', 'superseded', 'reference')
            GROUP BY territory_id
            """,
            [territories],
        )
        return {row[0]: (row[1].toordinal(), row[2].toordinal()) for row in cursor.fetchall()}


def _ordinal(day: Any) -> float:
    return float(day.toordinal()) if isinstance(day, date) else np.nan


def _day(year: float, month: int, day: int) -> int:
    return date(min(max(int(year), 1), 9998), month, day).toordinal()
