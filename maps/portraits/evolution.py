"""How an indicator changed: a territory's line, over the band half of the quarters keep to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from django.utils.translation import gettext as _

from maps.figures import Figure, difference_of, figure_of
from maps.panel import indicators_by_code
from maps.places import QUARTERS
from observatory.figures.series import breaks_of
from observatory.models import Indicator, Territory

if TYPE_CHECKING:
    from maps.portraits.keyfigures import Comparisons

MOST_SERIES = 2
PREFERRED = ("poverty-rate", "median-income", "population", "gini")


@dataclass(frozen=True)
class Series:
    """One indicator over the years; ``low`` and ``high`` bound the middle half of the quarters."""

    indicator: Indicator
    years: list[int]
    values: list[Figure]
    low: list[float | None]
    high: list[float | None]
    broken: str = ""

    @property
    def change(self) -> str:
        """Return the change from the first to the last known year, or why there is none."""
        known = [(y, f.value) for y, f in self.points if f.value is not None]
        if self.broken:
            return _("rupture de série, {reason}").format(reason=self.broken)
        if len(known) < 2:
            return ""
        (first, before), (last, after) = known[0], known[-1]
        told = _("{change} de {first} à {last}").format(
            change=difference_of(self.indicator, after - before), first=first, last=last
        )
        kept = ", ".join(str(year) for year, figure in self.points if figure.is_withheld)
        return told + (_(" ; retenu : {years}").format(years=kept) if kept else "")

    @property
    def points(self) -> list[tuple[int, Figure]]:
        """Return year and figure, for the table beside the chart."""
        return list(zip(self.years, self.values, strict=True))


def series_of(shared: Comparisons, territory: Territory, shown: pd.DataFrame) -> list[Series]:
    """Return the series of the indicators known in several years, the best known first."""
    counts = shown.dropna(subset=["value"]).groupby("indicator")["year"].nunique()
    several = set(counts[counts > 1].index)
    codes = [code for code in PREFERRED if code in several]
    codes += sorted(several - set(codes))
    known = indicators_by_code(codes[:MOST_SERIES])
    return [_series(shared, territory, one, shown) for one in known.values()]


def _series(
    shared: Comparisons, territory: Territory, indicator: Indicator, shown: pd.DataFrame
) -> Series:
    own = shown[shown["indicator"] == indicator.code].set_index("year").sort_index()
    years = [int(year) for year in own.index]
    values = [figure_of(indicator, row["value"], row["standing"]) for _year, row in own.iterrows()]
    low, high = _middle(shared, territory, indicator, years)
    broken = breaks_of([indicator.code]).between(indicator.code, territory.pk, years[0], years[-1])
    return Series(indicator, years, values, low, high, broken)


def _middle(
    shared: Comparisons, territory: Territory, indicator: Indicator, years: list[int]
) -> tuple[list[float | None], list[float | None]]:
    """Return the first and third quartile of the quarters' values, year by year."""
    nothing: list[float | None] = [None] * len(years)
    is_open = all(shared.is_open(indicator.code, year) for year in years)
    # The spread of counts tells how large quarters are, and nothing more.
    if territory.level not in QUARTERS or indicator.is_additive or not is_open:
        return nothing, nothing
    frame = shared.spread(indicator.code, territory)
    by_year = frame.groupby("year")["value"]
    low, high = (by_year.quantile(part).reindex(years) for part in (0.25, 0.75))
    return _known(low), _known(high)


def _known(bounds: pd.Series) -> list[float | None]:
    return [None if np.isnan(bound) else float(bound) for bound in bounds]
