"""An indicator over the years: one line, over the band that half of the quarters keep to."""

from __future__ import annotations

import numpy as np
import pandas as pd
from django.utils.translation import gettext as _
from matplotlib.ticker import MaxNLocator

from maps.charts.breaks import break_years, draw_breaks, parted
from maps.charts.furniture import AxisWords
from maps.charts.theme import ACCENT, GROUND, SOFT, Chart
from maps.portraits.evolution import Series


def draw_trend(series: Series, form: str, width: float = 4.6, height: float = 2.3) -> bytes:
    """Return the drawing as ``svg`` or ``png``; no line crosses a series break."""
    indicator = series.indicator
    values = [np.nan if one.value is None else one.value for one in series.values]
    with Chart(width, height) as chart:
        axes = chart.axes
        low = np.array([np.nan if one is None else one for one in series.low])
        high = np.array([np.nan if one is None else one for one in series.high])
        if not np.isnan(low).all():
            axes.fill_between(series.years, low, high, color=GROUND, lw=0)
            last = int(np.flatnonzero(~np.isnan(high))[-1])
            axes.annotate(
                _("la moitié des quartiers"),
                (series.years[last], (low[last] + high[last]) / 2),
                xytext=(-4, 0), textcoords="offset points",
                ha="right", va="center", fontsize=8, color=SOFT,
            )  # fmt: skip
        cuts = break_years(indicator.code)
        draw_breaks(axes, cuts, series.years)
        line = parted(pd.Series(values, index=series.years, dtype=np.float64), cuts)
        axes.plot(*line, color=ACCENT, marker="o", ms=4, lw=1.8)
        axes.grid(axis="x", visible=False)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
        axes.yaxis.set_major_formatter(AxisWords(indicator))
        axes.margins(x=0.04, y=0.15)
        return chart.save(form)
