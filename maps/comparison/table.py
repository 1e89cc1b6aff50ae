"""The comparison itself: quarters by indicators, with references, ranks and series."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from maps.areas import alphabetical
from maps.charts.breaks import break_years
from maps.choice import best_year
from maps.comparison.references import Mark, marks_of
from maps.comparison.selection import Selection
from maps.figures import Figure, figure_of
from maps.panel import citations, shown_figures
from maps.portraits.keyfigures import Comparisons
from observatory.figures.series import breaks_of
from observatory.models import Indicator, Territory


@dataclass(frozen=True)
class Column:
    """One indicator in one year, by quarter."""

    indicator: Indicator
    year: int
    figures: dict[int, Figure]
    marks: list[Mark]
    sources: list[dict[str, str]]

    def figure(self, quarter: Territory) -> Figure:
        """Return a quarter's figure; without any, the absence that is."""
        return self.figures.get(quarter.pk) or figure_of(self.indicator, None)

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
        return [(one, [column.figure(one) for column in self.columns]) for one in self.quarters]

    def column(self, code: str) -> Column | None:
        """Return the column of an indicator."""
        return next((one for one in self.columns if one.indicator.code == code), None)

    def series(self, code: str) -> pd.DataFrame:
        """Return quarters (ids) by years of one indicator."""
        rows = self.panel[self.panel["indicator"] == code]
        table = rows.pivot(index="territory", columns="year", values="value")
        return table.reindex([one.pk for one in self.quarters])


def compare(
    shared: Comparisons,
    selection: Selection,
    quarters: list[Territory],
    indicators: list[Indicator],
) -> Comparison:
    """Return the comparison, sorted as asked; quarters without a value always come last."""
    ids = [one.pk for one in quarters]
    codes = [one.code for one in indicators]
    panel = _nothing()
    if ids and codes:
        panel = shown_figures(shared.person, territories=ids, codes=codes)
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
    marks = marks_of(shared, indicator, quarters, wanted)
    return Column(indicator, wanted, figures, marks, citations(set(rows["source"])))


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
        value = column.figure(one).value
        return value is None, 0.0 if value is None else -value if selection.down else value

    return sorted(by_name, key=order)


def comparable(code: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return the years of a table that compare with its last one: none before a series break."""
    since = max(break_years(code), default=0)
    return table[[year for year in table.columns if int(str(year)) >= since]]


def ranks(found: Comparison, code: str) -> pd.DataFrame:
    """Return the rank of each quarter (1 the lowest) in the first and last year all share.

    Columns are the two years; empty where there are not two. Ranks of quarters known in both.
    No change of rank is told across a series break: years before the last one are left out.
    """
    table = comparable(code, found.series(code)).dropna(axis="columns", how="all")
    if table.shape[1] < 2:
        return pd.DataFrame()
    ends = table.iloc[:, [0, -1]].dropna()
    return ends.rank(method="min").astype(np.int64)


def pair(found: Comparison, columns: tuple[Column, Column]) -> pd.DataFrame:
    """Return name, x and y of the quarters that have both values, by quarter id."""
    rows: dict[int, dict[str, Any]] = {}
    for one in found.quarters:
        x, y = (column.figure(one) for column in columns)
        if x.value is not None and y.value is not None:
            rows[one.pk] = {"name": one.name, "x": x.value, "y": y.value}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["name", "x", "y"])
