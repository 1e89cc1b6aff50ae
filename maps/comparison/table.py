"""The comparison itself: quarters by indicators, with references, ranks and series."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from maps.areas import alphabetical
from maps.choice import best_year
from maps.comparison.selection import Selection
from maps.figures import Figure, figure_of
from maps.panel import Person, citations, shown_figures
from maps.places import wholes_of
from maps.portraits.keyfigures import Comparisons
from maps.portraits.rows import said
from observatory.figures.gaps import Reference, gap_to_all, gaps
from observatory.figures.series import breaks_of
from observatory.models import Indicator, Level, Territory


@dataclass(frozen=True)
class Mark:
    """A reference of a column: its value, or why there is none."""

    label: str
    value: Figure
    reason: str = ""


@dataclass(frozen=True)
class Column:
    """One indicator in one year, by quarter."""

    indicator: Indicator
    year: int
    figures: dict[int, Figure]
    marks: list[Mark]
    sources: list[dict[str, str]]

    @property
    def known(self) -> int:
        """Return how many quarters have a value."""
        return sum(one.value is not None for one in self.figures.values())


@dataclass(frozen=True)
class Comparison:
    """All that is compared; ``panel`` holds every year, for lines and ranks."""

    quarters: list[Territory]
    columns: list[Column]
    panel: pd.DataFrame
    breaks: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> list[tuple[Territory, list[Figure]]]:
        """Return each quarter with its figures, in the order of the selection."""
        nothing = Figure(None)
        return [
            (one, [column.figures.get(one.pk, nothing) for column in self.columns])
            for one in self.quarters
        ]

    def column(self, code: str) -> Column | None:
        """Return the column of an indicator."""
        return next((one for one in self.columns if one.indicator.code == code), None)

    def series(self, code: str) -> pd.DataFrame:
        """Return quarters (ids) by years of one indicator."""
        rows = self.panel[self.panel["indicator"] == code]
        table = rows.pivot(index="territory", columns="year", values="value")
        return table.reindex([one.pk for one in self.quarters])


def compare(
    person: Person, selection: Selection, quarters: list[Territory], indicators: list[Indicator]
) -> Comparison:
    """Return the comparison, sorted as asked; quarters without a value always come last."""
    ids = [one.pk for one in quarters]
    codes = [one.code for one in indicators]
    panel = shown_figures(person, territories=ids, codes=codes) if ids and codes else _nothing()
    shared = Comparisons(person)
    columns = [_column(shared, one, quarters, panel, selection.year) for one in indicators]
    columns = [column for column in columns if column is not None]
    found = Comparison(quarters, columns, panel, _breaks(codes, ids, panel))
    return Comparison(_sorted(found, selection), columns, panel, found.breaks)


def _nothing() -> pd.DataFrame:
    return pd.DataFrame(columns=["indicator", "territory", "year", "value", "standing", "source"])


def _column(
    shared: Comparisons,
    indicator: Indicator,
    quarters: list[Territory],
    panel: pd.DataFrame,
    year: int | None,
) -> Any:
    own = panel[panel["indicator"] == indicator.code]
    wanted = year or best_year(own)
    rows = own[own["year"] == wanted]
    if rows.empty or wanted is None:
        return None
    figures = {
        int(row["territory"]): figure_of(indicator, row["value"], row["standing"])
        for _place, row in rows.iterrows()
    }
    marks = _marks(shared, indicator, quarters, wanted)
    return Column(indicator, wanted, figures, marks, citations(set(rows["source"])))


def _marks(
    shared: Comparisons, indicator: Indicator, quarters: list[Territory], year: int
) -> list[Mark]:
    """Return the city without its quarters, and all quarters: where nothing of them is hidden."""
    if indicator.is_additive or not shared.is_open(indicator.code, year):
        return []
    first = quarters[0]
    cities = wholes_of(first, date(year, 12, 31), Level.COMMUNE)[:1]
    asked = [Reference(city.pk, city.name, without_quarters=True) for city in cities]
    told = list(gaps(indicator, [first.pk], year, asked)[first.pk])
    told.append(gap_to_all(indicator, [first.pk], shared.everyone(first), year)[first.pk])
    return [
        Mark(said(one.reference), figure_of(indicator, one.other), said(one.reason)) for one in told
    ]


def _breaks(codes: list[str], ids: list[int], panel: pd.DataFrame) -> dict[str, str]:
    """Return why the series of an indicator cannot be read as one line."""
    known = breaks_of(codes)
    found = {}
    for code in codes:
        years = panel.loc[panel["indicator"] == code, "year"]
        if len(years):
            reasons = {known.between(code, one, int(years.min()), int(years.max())) for one in ids}
            found[code] = next((one for one in sorted(reasons) if one), "")
    return found


def _sorted(found: Comparison, selection: Selection) -> list[Territory]:
    column = found.column(selection.sort)
    by_name = sorted(found.quarters, key=lambda one: (alphabetical(one.name), one.code))
    if column is None:
        return by_name[::-1] if selection.down else by_name

    def order(one: Territory) -> tuple[bool, float]:
        value = column.figures.get(one.pk, Figure(None)).value
        return value is None, 0.0 if value is None else -value if selection.down else value

    return sorted(by_name, key=order)


def ranks(found: Comparison, code: str) -> pd.DataFrame:
    """Return the rank of each quarter (1 the lowest) in the first and last year all share.

    Columns are the two years; empty where there are not two. Ranks of quarters known in both.
    """
    table = found.series(code).dropna(axis="columns", how="all")
    if table.shape[1] < 2:
        return pd.DataFrame()
    ends = table.iloc[:, [0, -1]].dropna()
    return ends.rank(method="min").astype(np.int64)
