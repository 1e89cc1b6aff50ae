"""Early warning as it leaves the observatory: which quarters lose ground, and in what.

Each quarter is placed among the nation's of its own generation, from what the reader may see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from observatory.figures.comparisons import Cited, Rows
from observatory.figures.series import indicators_of
from observatory.figures.tell import quarters_of
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
    quarters = quarters_of(asked.within, date(max(asked.years), 12, 31), asked.generation)
    found: Rows = []
    for generation in sorted({q.generation for q in quarters}, key=lambda made: made or 0):
        trends = stored_trends(list(told), asked.years, generation=generation, reader=reader)
        same = [quarter for quarter in quarters if quarter.generation == generation]
        found += _rows(list(told.values()), same, trends)
    return found


def _rows(told: list[Indicator], quarters: list[Territory], trends: Trends) -> Rows:
    slopes = slopes_of(trends.panels, trends.polarity)
    steep = steepest(slopes)
    alerts = steep.sum(axis=1)
    sources = _sources(trends.figures, quarters)
    cited = Cited(code for codes in sources.values() for code in codes)
    return [
        {
            "territory": quarter.code, "territory_name": quarter.name,
            "generation": quarter.generation, "indicator": one.code, "label": one.label,
            "unit": one.unit, **_ends(trends.panels[one.code], quarter.pk),
            **_trend(slopes, steep, quarter.pk, one.code),
            "alerts": int(alerts.get(quarter.pk, 0)),
            "warned": bool(alerts.get(quarter.pk, 0) >= LEAST_INDICATORS),
            **cited.columns(sources.get((one.code, quarter.pk), [])),
        }
        for quarter in quarters
        for one in told
    ]  # fmt: skip


def _ends(panel: pd.DataFrame, place: int) -> dict[str, Any]:
    """Return the first and last known year with their values, and how many are known."""
    known = panel.loc[place].dropna() if place in panel.index else pd.Series(dtype=float)
    told: dict[str, Any] = {"years": len(known)}
    for name, at in (("first", 0), ("last", -1)):
        told[f"{name}_year"] = int(str(known.index[at])) if len(known) else None
        told[f"{name}_value"] = float(known.to_numpy()[at]) if len(known) else None
    return told


def _trend(slopes: pd.DataFrame, steep: pd.DataFrame, place: int, code: str) -> dict[str, Any]:
    slope: Any = slopes[code].get(place)
    if slope is None or pd.isna(slope):
        return {"slope": None, "steep": None, "reason": TOO_SHORT}
    return {"slope": float(slope), "steep": bool(steep[code].loc[place]), "reason": ""}


def _sources(told: pd.DataFrame, quarters: list[Territory]) -> dict[tuple[str, int], list[str]]:
    own = told[told["territory"].isin([quarter.pk for quarter in quarters])].dropna(subset="value")
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for code, place, source in zip(own["indicator"], own["territory"], own["source"], strict=True):
        found[code, place].append(source)
    return found
