"""Series breaks on charts of years: no line crosses one, and the year is marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from maps.charts.theme import SOFT
from observatory.figures.series import breaks_of

HALF = 0.5


def break_years(code: str) -> list[int]:
    """Return the first years of an indicator's new series, wherever they hold."""
    return sorted({year for _place, year, _reason in breaks_of([code]).years.get(code, [])})


def parted(row: pd.Series, cuts: Sequence[int]) -> tuple[list[float], list[float]]:
    """Return years and values to draw, with a hole before each break.

    >>> parted(pd.Series([1.0, 2.0], index=[2019, 2020]), [2020])
    ([2019.0, 2019.5, 2020.0], [1.0, nan, 2.0])
    """
    holes = pd.Series(np.nan, index=[year - HALF for year in cuts], dtype=np.float64)
    known = row.dropna().astype(np.float64)
    whole = pd.concat([known, holes]).sort_index()
    return [float(year) for year in whole.index], whole.tolist()


def draw_breaks(axes: Any, cuts: Sequence[int], years: Sequence[int]) -> None:
    """Mark the breaks that fall between the years drawn."""
    for year in cuts:
        if years and min(years) < year <= max(years):
            axes.axvline(year - HALF, color=SOFT, ls=":", lw=1)
