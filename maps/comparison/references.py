"""What quarters are measured against: the rest of their city, all quarters, the nation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from django.utils.translation import gettext as _

from maps.figures import Figure, figure_of
from maps.portraits.keyfigures import Comparisons
from maps.portraits.rows import said
from observatory.figures.gaps import Gap, Reference, gap_to_all, gaps
from observatory.models import Indicator, Level, Membership, Territory


@dataclass(frozen=True)
class Mark:
    """A reference of a column: its value, or why there is none. ``key`` is as in REFERENCES."""

    label: str
    value: Figure
    reason: str = ""
    key: str = ""


@dataclass(frozen=True)
class Against:
    """One reference of some quarters; without ``place`` it is all quarters together, or none."""

    key: str
    label: str
    place: Reference | None = None
    reason: str = ""


def references_of(quarters: Sequence[Territory]) -> list[Against]:
    """Return the three references of these quarters, in the order they are shown."""
    country = Territory.objects.filter(level=Level.COUNTRY).order_by("code").first()
    nation = Against("pays", _("France"), reason=_("la série de référence n’est pas chargée"))
    if country is not None:
        nation = Against("pays", country.name, Reference(country.pk, country.name))
    return [_rest(quarters), Against("quartiers", _("ensemble des quartiers")), nation]


def _rest(quarters: Sequence[Territory]) -> Against:
    cities = _cities_of(quarters)
    if len(cities) == 1:
        city = cities[0]
        rest = Reference(city.pk, city.name, without_quarters=True)
        return Against("reste", said(rest.label), rest)
    reason = _("les quartiers comparés sont de plusieurs communes")
    if not cities:
        reason = _("la commune des quartiers n’est pas chargée")
    return Against("reste", _("ville hors quartiers"), reason=reason)


def _cities_of(quarters: Sequence[Territory]) -> list[Territory]:
    """Return the communes where most of each quarter lies."""
    rows = Membership.objects.filter(member__in=quarters, container__level=Level.COMMUNE)
    main: dict[int, Membership] = {}
    for row in rows.select_related("container").order_by("container__code"):
        best = main.get(row.member_id)
        if best is None or (row.area_share or 1.0) > (best.area_share or 1.0):
            main[row.member_id] = row
    found = {row.container_id: row.container for row in main.values()}
    return sorted(found.values(), key=lambda city: city.code)


def marks_of(
    shared: Comparisons, indicator: Indicator, quarters: Sequence[Territory], year: int
) -> list[Mark]:
    """Return each reference's value in a year; none where something of them is hidden."""
    if not quarters or why_no_gap(shared, indicator, [year]):
        return []
    one = [quarters[0].pk]
    told = []
    for against in references_of(quarters):
        gap = None
        if not against.reason:
            gap = _gaps(shared, indicator, quarters[0], one, year, against)[one[0]]
        reason = against.reason or (said(gap.reason) if gap and gap.other is None else "")
        value = figure_of(indicator, gap.other if gap else None)
        told.append(Mark(against.label, value, reason, against.key))
    return told


def why_no_gap(shared: Comparisons, indicator: Indicator, years: Sequence[int]) -> str:
    """Return why an indicator has no gap that may be told in any of these years, or ''."""
    if indicator.is_additive:
        return _("un effectif dit la taille d’un quartier : il n’a pas d’écart")
    if not any(shared.is_open(indicator.code, year) for year in years):
        return _("des valeurs dont l’écart dépend sont retenues")
    return ""


def gaps_over_years(
    shared: Comparisons,
    indicator: Indicator,
    quarters: Sequence[Territory],
    years: Sequence[int],
    against: Against,
) -> tuple[pd.DataFrame, str]:
    """Return quarters (ids) by years of gaps to one reference, and why there is none at all."""
    ids = [one.pk for one in quarters]
    table = pd.DataFrame(np.nan, index=ids, columns=list(years), dtype=np.float64)
    reason = against.reason or why_no_gap(shared, indicator, years)
    if reason or not ids:
        return table, reason
    reasons = []
    for year in years:
        if not shared.is_open(indicator.code, year):
            continue
        for quarter, gap in _gaps(shared, indicator, quarters[0], ids, year, against).items():
            if gap.difference is None:
                reasons.append(gap.reason)
            else:
                table.loc[quarter, year] = gap.difference
    return table, said(reasons[0]) if reasons and bool(table.isna().all(axis=None)) else ""


def _gaps(
    shared: Comparisons,
    indicator: Indicator,
    like: Territory,
    ids: list[int],
    year: int,
    against: Against,
) -> dict[int, Gap]:
    if against.place is None:
        return gap_to_all(indicator, ids, shared.everyone(like), year)
    found = gaps(indicator, ids, year, [against.place])
    return {quarter: told[0] for quarter, told in found.items()}
