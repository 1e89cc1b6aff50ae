"""Small multiples of the table: each quarter's years as a line, all of a column on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from django.utils.translation import gettext as _

from maps.charts.breaks import break_years
from maps.comparison.table import Comparison
from maps.figures import figure_of
from observatory.models import Indicator

WIDTH, HEIGHT, MARGIN = 64.0, 20.0, 3.0
LEAST_YEARS = 2


@dataclass(frozen=True)
class Spark:
    """One line: its path, its last point, and the same in words."""

    path: str
    x: str
    y: str
    words: str


def sparks_of(found: Comparison) -> dict[tuple[int, str], Spark]:
    """Return the lines by quarter (id) and indicator (code), where two years are known."""
    told = {}
    for column in found.columns:
        code = column.indicator.code
        table = found.series(code)
        values = table.to_numpy(dtype=np.float64)
        if table.shape[1] < LEAST_YEARS or np.isnan(values).all():
            continue
        frame = _Frame(
            float(str(table.columns[0])), float(str(table.columns[-1])),
            float(np.nanmin(values)), float(np.nanmax(values)),
        )  # fmt: skip
        cuts = break_years(code)
        for quarter, row in table.iterrows():
            known = row.dropna()
            if len(known) >= LEAST_YEARS:
                told[int(str(quarter)), code] = _spark(column.indicator, known, frame, cuts)
    return told


@dataclass(frozen=True)
class _Frame:
    """The years and values that the width and the height of a line stand for."""

    first: float
    last: float
    low: float
    high: float

    def place(self, year: float, value: float) -> tuple[str, str]:
        """Return where a value is drawn, as the picture writes it."""
        x = (year - self.first) / (self.last - self.first)
        y = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return (
            f"{MARGIN + x * (WIDTH - 2 * MARGIN):.1f}",
            f"{HEIGHT - MARGIN - y * (HEIGHT - 2 * MARGIN):.1f}",
        )


def _spark(indicator: Indicator, known: pd.Series, frame: _Frame, cuts: Sequence[int]) -> Spark:
    steps, before = [], None
    x = y = ""
    for label, value in known.items():
        year = int(str(label))
        x, y = frame.place(year, value)
        # The pen is lifted at the start and at each series break.
        lifted = before is None or any(before < cut <= year for cut in cuts)
        steps.append(f"{'M' if lifted else 'L'}{x} {y}")
        before = year
    words = _("de {low} en {first} à {high} en {last}").format(
        low=figure_of(indicator, known.iloc[0]), first=known.index[0],
        high=figure_of(indicator, known.iloc[-1]), last=known.index[-1],
    )  # fmt: skip
    return Spark("".join(steps), x, y, words)
