"""Early warning as it leaves the observatory: which quarters lose ground, and in what.

Each quarter is placed among the nation's of its own generation, from what the reader may see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from observatory.figures.comparisons import Cited, Rows
from observatory.figures.series import indicators_of
from observatory.figures.tell import all_quarters_like, by_generation, quarters_of
from observatory.figures.typology import (
    LEAST_INDICATORS,
    Trends,
    slopes_of,
    steepest,
    stored_trends,
)
from observatory.figures.visible import Reader
from observatory.models import Indicator, Territory

TOO_SHORT = "moins de trois années connues"


@dataclass(frozen=True)
class Watched:
    """What is watched: indicators over some years, in the quarters of ``within``."""

    indicators: Sequence[str]
    within: str
    years: Sequence[int]
    generation: int | None = None


def warning_rows(asked: Watched, reader: Reader) -> Rows:
    """Return, for each quarter and indicator, how fast it loses places, and whether to warn.

    ``slope`` is in points of percentile a year, more is worse; ``steep`` says that it is among the
    steepest tenth of the nation, ``warned`` that this holds in two indicators at least. Raises
    UnknownIndicator, TooFewFigures.
    """
    told = indicators_of(asked.indicators)
    day = date(max(asked.years), 12, 31)
    quarters = list(quarters_of(asked.within, day, asked.generation))
    found: Rows = []
    for same in by_generation(quarters):
        among = all_quarters_like(same)
        trends = stored_trends(list(told), asked.years, territories=among, reader=reader)
        found += _rows(list(told.values()), same, trends)
    return found


def _rows(told: list[Indicator], quarters: list[Territory], trends: Trends) -> Rows:
    slopes = slopes_of(trends.panels, trends.polarity)
    steep = steepest(slopes)
    alerts = steep.sum(axis=1).to_dict()
    places = [quarter.pk for quarter in quarters]
    ends = {one.code: _ends(trends.panels[one.code].reindex(places)) for one in told}
    fall = {one.code: (slopes[one.code].to_dict(), steep[one.code].to_dict()) for one in told}
    sources = _sources(trends.figures, places)
    cited = Cited(code for codes in sources.values() for code in codes)
    return [
        {
            "territory": quarter.code, "territory_name": quarter.name,
            "generation": quarter.generation, "indicator": one.code, "label": one.label,
            "unit": one.unit, **ends[one.code][row], **_trend(quarter.pk, *fall[one.code]),
            "alerts": int(alerts.get(quarter.pk, 0)),
            "warned": bool(alerts.get(quarter.pk, 0) >= LEAST_INDICATORS),
            **cited.columns(sources.get((one.code, quarter.pk), [])),
        }
        for row, quarter in enumerate(quarters)
        for one in told
    ]  # fmt: skip


def _ends(panel: pd.DataFrame) -> list[dict[str, Any]]:
    """Return, for each row, the first and last known year with their values, and how many."""
    years = [int(str(year)) for year in panel.columns]
    values = panel.to_numpy(np.float64)
    found: list[dict[str, Any]] = []
    for row, known in enumerate(~np.isnan(values)):
        at = np.flatnonzero(known)
        told: dict[str, Any] = {"years": len(at)}
        for name, place in (("first", 0), ("last", -1)):
            told[f"{name}_year"] = years[at[place]] if len(at) else None
            told[f"{name}_value"] = float(values[row, at[place]]) if len(at) else None
        found.append(told)
    return found


def _trend(place: int, slopes: dict[Any, float], steep: dict[Any, bool]) -> dict[str, Any]:
    slope = slopes.get(place, np.nan)
    if np.isnan(slope):
        return {"slope": None, "steep": None, "reason": TOO_SHORT}
    return {"slope": float(slope), "steep": bool(steep[place]), "reason": ""}


def _sources(told: pd.DataFrame, places: list[int]) -> dict[tuple[str, int], list[str]]:
    own = told[told["territory"].isin(places)].dropna(subset="value")
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for code, place, source in zip(own["indicator"], own["territory"], own["source"], strict=True):
        found[code, place].append(source)
    return found
