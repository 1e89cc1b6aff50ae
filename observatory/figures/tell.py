"""What the command line tells of figures: lists, one indicator, quarters side by side, in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from django.db.models import Count, Max, Min, Q, QuerySet

from observatory.figures.errors import BadParameter, TooFewFigures
from observatory.figures.gaps import (
    Gap,
    Reference,
    Standing,
    evolutions,
    gap_to_all,
    gaps,
    percentiles,
    quarters_within,
    standings,
)
from observatory.figures.series import figures, indicators_of
from observatory.models import (
    WITHOUT_VALUE,
    Indicator,
    Level,
    Observation,
    Polarity,
    Territory,
)


def listed(theme: str = "", kind: str = "") -> list[dict[str, Any]]:
    """Return the dictionary with, for each indicator, its years, its figures and those missing."""
    rows = Indicator.objects.annotate(
        figures=Count("observations"),
        missing=Count("observations", filter=Q(observations__standing__in=WITHOUT_VALUE)),
        first=Min("observations__year"),
        last=Max("observations__year"),
    )
    if theme:
        rows = rows.filter(theme=theme)
    if kind:
        rows = rows.filter(kind=kind)
    return [
        {
            "code": i.code, "label": i.label, "kind": i.kind, "nature": i.nature, "unit": i.unit,
            "state": i.state, "first": i.first, "last": i.last, "figures": i.figures,
            "missing": i.missing,
        }
        for i in rows
    ]  # fmt: skip


def shown(code: str, territory: str = "", year: int | None = None) -> dict[str, Any]:
    """Return one indicator with its figures of a place or a year, each with its source."""
    indicator = indicators_of([code])[code]
    rows = Observation.objects.filter(indicator=indicator).select_related("territory", "source")
    if territory:
        rows = rows.filter(territory__code=territory)
    if year is not None:
        rows = rows.filter(year=year)
    told = [
        {
            "territory": row.territory.code, "name": row.territory.name, "year": row.year,
            "scope": row.scope, "standing": row.standing, "value": row.value, "low": row.low,
            "high": row.high, "note": row.note, "source": str(row.source), "line": row.row,
        }
        for row in rows.order_by("territory__code", "year", "source__code")[:2000]
    ]  # fmt: skip
    return {
        "code": code, "label": indicator.label, "definition": indicator.definition,
        "nature": indicator.nature, "unit": indicator.unit, "polarity": indicator.polarity,
        "numerator": indicator.numerator, "denominator": indicator.denominator,
        "level": indicator.level, "state": indicator.state,
        "breaks": [{"year": b.year, "reason": b.reason} for b in indicator.breaks.all()],
        "figures": told if territory or year is not None else [],
        "count": rows.count(),
    }  # fmt: skip


def quarters_of(word: str, on: date, generation: int | None = None) -> QuerySet[Territory]:
    """Return the quarters of a territory (its code), or those whose code starts with a word.

    Raises TooFewFigures where there is none.
    """
    rows = Territory.objects.filter(level=Level.QPV).order_by("code")
    if generation is not None:
        rows = rows.filter(generation=generation)
    group = Territory.objects.filter(code=word).exclude(level=Level.QPV).first()
    inside = quarters_within(group.pk, Level.QPV, on) if group else []
    rows = rows.filter(pk__in=inside) if inside else rows.filter(code__startswith=word)
    if not rows:
        raise TooFewFigures(
            f"No priority quarter is in {word!r}, or has a code that starts so.",
            "Give the code of a contract, city or EPT, or the start of codes: QP075.",
        )
    return rows


def all_quarters_like(like: Iterable[Territory]) -> list[int]:
    """Return the nation's quarters of the same generations: two drawings of one place are two."""
    told = {quarter.generation for quarter in like}
    wanted = Q(generation__in=told - {None})
    if None in told:
        wanted |= Q(generation__isnull=True)
    return list(Territory.objects.filter(wanted, level=Level.QPV).values_list("pk", flat=True))


def by_generation(quarters: Iterable[Territory]) -> list[list[Territory]]:
    """Return quarters apart by generation, each placed among its own only."""
    found: dict[int, list[Territory]] = defaultdict(list)
    for quarter in quarters:
        found[quarter.generation or 0].append(quarter)
    return [found[generation] for generation in sorted(found)]


def compared(
    code: str, year: int, quarters: QuerySet[Territory], references: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return each quarter in its two contexts, with the reason where there is no gap.

    All quarters, and the nation's ranks, are those of the quarter's own generation.
    """
    indicator = indicators_of([code])[code]
    ids = [quarter.pk for quarter in quarters]
    wanted = [r for word in references for r in _references(word)]
    told = gaps(indicator, ids, year, wanted)
    together: dict[int, Gap] = {}
    places: dict[int, Standing] = {}
    for same in by_generation(quarters):
        own, among = [quarter.pk for quarter in same], all_quarters_like(same)
        together |= gap_to_all(indicator, own, _with_figures(indicator, year, among), year)
        places |= standings(indicator, own, year, among=among)
    return [
        {
            "code": quarter.code,
            "name": quarter.name,
            **places[quarter.pk].as_dict(),
            "gaps": [gap.as_dict() for gap in (*told[quarter.pk], together[quarter.pk])],
        }
        for quarter in quarters
    ]


def _with_figures(indicator: Indicator, year: int, among: Sequence[int]) -> list[int]:
    """Return the territories of which a source says something that year, if only that it lacks."""
    rows = Observation.objects.filter(indicator=indicator, year=year, territory__in=among)
    return list(rows.values_list("territory", flat=True).distinct())


def _references(code: str) -> list[Reference]:
    found = Territory.objects.filter(code=code).exclude(level=Level.QPV).first()
    if found is None:
        raise BadParameter(
            f"No territory to compare with has the code {code!r}.", "Give that of a city or EPT."
        )
    return [Reference(found.pk, found.name), Reference(found.pk, found.name, True)]


def percentiles_by_year(
    code: str, quarters: QuerySet[Territory], years: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """Return each quarter's percentile among the nation's of its generation, year by year.

    0 is the lowest value, 100 the highest; ``worse_than`` is the share of quarters better off,
    by the indicator's polarity. A year without a figure of the quarter is None.
    """
    indicator = indicators_of([code])[code]
    found: dict[int, dict[int, Any]] = {}
    for same in by_generation(quarters):
        frame = figures([code], territories=all_quarters_like(same), years=years, only=["value"])
        table = frame.pivot(index="territory", columns="year", values="value")
        ranks = table.apply(percentiles) if len(table) else table
        known = {int(str(year)): int(n) for year, n in table.notna().sum().items()}
        for quarter in same:
            found[quarter.pk] = {
                year: _place(ranks, quarter.pk, year, count, indicator)
                for year, count in known.items()
            }
    return [{"code": q.code, "name": q.name, "years": found[q.pk]} for q in quarters]


def _place(
    ranks: pd.DataFrame, quarter: int, year: Any, known: int, indicator: Indicator
) -> dict[str, Any] | None:
    value = float(ranks[year].get(quarter, np.nan))
    if np.isnan(value):
        return None
    worse = value if indicator.polarity == Polarity.LOWER else 100 - value
    return {
        "percentile": round(value, 2),
        "worse_than": None if indicator.polarity == Polarity.NEUTRAL else round(worse, 2),
        "known": int(known),
    }


def evolved(
    code: str, first: int, last: int, quarters: QuerySet[Territory], reference: str = ""
) -> list[dict[str, Any]]:
    """Return each quarter's evolution between two years, and that of its gap to a reference."""
    ids = list(quarters.values_list("pk", flat=True))
    against = _references(reference)[0].territory if reference else None
    told = evolutions(code, ids, first, last, reference=against)
    return [{"code": q.code, "name": q.name, **told[q.pk].as_dict()} for q in quarters]
