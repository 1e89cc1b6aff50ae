"""A quarter's figure in its two contexts: its city without its quarters, and the nation's.

A gap is only given where the reference series is loaded; otherwise it is not available, and
says why. Nothing is approximated: medians have no rest, and no mean of them is ever made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from django.db import connection
from django.db.models import Q

from observatory.figures.series import breaks_of, figures, indicators_of, pooled
from observatory.figures.visible import Reader
from observatory.models import Indicator, Membership, Nature, Polarity, Scope, Territory
from observatory.models import Standing as FigureStanding

NOT_LOADED = "la série de référence n’est pas chargée"
NO_COUNTS = "sans numérateur ni dénominateur, le reste ne se calcule pas"
NO_REST = "une médiane n’a pas de reste"
MISSING = "un des quartiers n’est pas renseigné"
STRADDLES = "un des quartiers déborde de la référence"
# Outlines of two producers never meet exactly: less than this share outside is a sliver.
LARGEST_SLIVER = 0.02
OWN = ["value", "numerator", "denominator", "source", "standing"]
OWN_MISSING = "la valeur du quartier n’est pas disponible"
WITHHELD = "retenu : effectif trop petit"
ALL_QUARTERS = "ensemble des quartiers"


@dataclass(frozen=True)
class Side:
    """One side of a gap, NaN where it is not known; its counts, the codes of its sources."""

    value: float = np.nan
    numerator: float = np.nan
    denominator: float = np.nan
    sources: tuple[str, ...] = ()
    reason: str = ""

    @property
    def known(self) -> float | None:
        """Return the value, or None."""
        return _or_none(self.value)


@dataclass(frozen=True)
class Gap:
    """One figure beside a reference: the difference (in points for shares) and the ratio.

    Numerators and denominators are there where they are known; ``sources`` and
    ``reference_sources`` are the codes of the sources of each side.
    """

    reference: str
    value: float | None
    other: float | None
    difference: float | None
    ratio: float | None
    reason: str = ""
    numerator: float | None = None
    denominator: float | None = None
    sources: tuple[str, ...] = ()
    reference_numerator: float | None = None
    reference_denominator: float | None = None
    reference_sources: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**vars(self), "sources": list(self.sources),
                "reference_sources": list(self.reference_sources)}  # fmt: skip


def _gap(reference: str, own: Side, other: Side) -> Gap:
    difference = ratio = None
    reason = ""
    if np.isnan(own.value):
        reason = own.reason or OWN_MISSING
    elif np.isnan(other.value):
        reason = other.reason or NOT_LOADED
    else:
        difference = own.value - other.value
        ratio = own.value / other.value if other.value else None
    return Gap(
        reference, _or_none(own.value), _or_none(other.value), difference, ratio, reason,
        _or_none(own.numerator), _or_none(own.denominator), own.sources,
        _or_none(other.numerator), _or_none(other.denominator), other.sources,
    )  # fmt: skip


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


@dataclass(frozen=True)
class Reference:
    """A territory to compare with: the whole of it, or what remains without its quarters."""

    territory: int
    name: str
    without_quarters: bool = False

    @property
    def label(self) -> str:
        """Return what it is called."""
        return f"{self.name} hors quartiers" if self.without_quarters else self.name


def quarters_within(territory: int, level: str, on: date) -> list[int]:
    """Return the quarters of a territory on a day, straddling ones included."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE part AS (
                SELECT %(territory)s::bigint AS id
                UNION
                SELECT m.member_id
                FROM observatory_membership m JOIN part p ON p.id = m.container_id
                WHERE (m.valid_from IS NULL OR m.valid_from <= %(day)s)
                    AND (m.valid_to IS NULL OR m.valid_to > %(day)s)
            )
            SELECT t.id FROM part JOIN observatory_territory t USING (id) WHERE t.level = %(level)s
            """,
            {"territory": territory, "level": level, "day": on},
        )
        return [row[0] for row in cursor.fetchall()]


def reaches_outside(reference: int, quarters: Sequence[int]) -> bool:
    """Tell whether a quarter also belongs to another territory of the reference's level."""
    level = Territory.objects.values_list("level", flat=True).get(pk=reference)
    others = Membership.objects.filter(member__in=quarters, container__level=level)
    others = others.exclude(container=reference)
    return others.filter(Q(area_share__isnull=True) | Q(area_share__gt=LARGEST_SLIVER)).exists()


def gaps(
    indicator: Indicator, quarters: Sequence[int], year: int, references: Iterable[Reference], *,
    level: str = "qpv", scope: str = Scope.WHOLE, reader: Reader | None = None,
) -> dict[int, list[Gap]]:  # fmt: skip
    """Return each quarter's gaps to each reference, in the order of ``references``.

    With a ``reader`` both sides are made of what that person may see, and of nothing else.
    """
    wanted = list(references)
    known = {r.territory: quarters_within(r.territory, level, date(year, 12, 31)) for r in wanted}
    everyone = {*quarters, *known, *(q for found in known.values() for q in found)}
    frame = figures(
        [indicator.code], territories=sorted(everyone), years=[year], scope=scope, reader=reader
    )
    rows = frame.set_index("territory")
    others = {r: _other(indicator, r, rows, known[r.territory]) for r in wanted}
    own = _own(rows, quarters)
    return {q: [_gap(r.label, own[q], others[r]) for r in wanted] for q in quarters}


def reference_figure(
    indicator: Indicator, reference: Reference, year: int, *, level: str = "qpv",
    scope: str = Scope.WHOLE, reader: Reader | None = None,
) -> Side:  # fmt: skip
    """Return a reference's own figure of a year: NaN, and why, where it is not known."""
    inside = quarters_within(reference.territory, level, date(year, 12, 31))
    inside = inside if reference.without_quarters else []
    frame = figures(
        [indicator.code], territories=[reference.territory, *inside], years=[year], scope=scope,
        reader=reader,
    )  # fmt: skip
    return _other(indicator, reference, frame.set_index("territory"), inside)


def gap_to_all(
    indicator: Indicator, quarters: Sequence[int], all_quarters: Sequence[int], year: int, *,
    scope: str = Scope.WHOLE, reader: Reader | None = None,
) -> dict[int, Gap]:  # fmt: skip
    """Return each quarter's gap to all quarters taken together (a sum over a sum)."""
    everyone = sorted({*quarters, *all_quarters})
    rows = figures(
        [indicator.code], territories=everyone, years=[year], scope=scope, reader=reader
    ).set_index("territory")
    other = _together(indicator, rows.reindex(list(all_quarters)))
    own = _own(rows, quarters)
    return {q: _gap(ALL_QUARTERS, own[q], other) for q in quarters}


def _own(rows: pd.DataFrame, places: Sequence[int]) -> dict[int, Side]:
    found = dict.fromkeys(places, Side())
    told = rows.loc[rows.index.isin(places), OWN]
    for place, value, top, under, source, standing in told.itertuples():
        reason = WITHHELD if standing == FigureStanding.WITHHELD else ""
        found[place] = Side(value, top, under, (source,), reason)
    return found


def _other(
    indicator: Indicator, reference: Reference, rows: pd.DataFrame, quarters: Sequence[int]
) -> Side:
    own = _own(rows, [reference.territory])[reference.territory]
    if not reference.without_quarters:
        return own
    if indicator.nature in (Nature.MEDIAN, Nature.INDEX, Nature.TEXT):
        return Side(reason=NO_REST)
    if reference.territory not in rows.index:
        return Side(reason=NOT_LOADED)
    if reaches_outside(reference.territory, quarters):
        return Side(reason=STRADDLES)
    return _rest(indicator, own, rows.reindex(list(quarters)), rows)


def _rest(indicator: Indicator, whole: Side, own: pd.DataFrame, rows: pd.DataFrame) -> Side:
    """Return a whole without its quarters: counts less counts, nothing where one is not known."""
    sources = tuple(dict.fromkeys([*whole.sources, *own["source"].dropna()]))
    if indicator.is_additive:
        rest = whole.value - own["value"].sum(skipna=False)
        return _printable(indicator, Side(rest, sources=sources, reason=MISSING), rows)
    if np.isnan(whole.numerator) or np.isnan(whole.denominator):
        return Side(reason=NO_COUNTS)
    if own[["numerator", "denominator"]].isna().any().any():
        return Side(reason=MISSING if own["value"].isna().any() else NO_COUNTS)
    top = whole.numerator - float(own["numerator"].sum())
    under = whole.denominator - float(own["denominator"].sum())
    value = pooled([top], [under], factor_of(indicator))
    return _printable(indicator, Side(value, top, under, sources), rows)


def _together(indicator: Indicator, own: pd.DataFrame) -> Side:
    sources = tuple(dict.fromkeys(own["source"].dropna()))
    if indicator.is_additive:
        return Side(float(own["value"].sum(skipna=False)), sources=sources, reason=MISSING)
    if not indicator.is_pooled:
        return Side(reason=NO_REST)
    known = own.dropna(subset=["numerator", "denominator"])
    if len(known) < len(own):
        return Side(reason=NO_COUNTS if own["value"].notna().all() else MISSING)
    top, under = float(known["numerator"].sum()), float(known["denominator"].sum())
    return Side(pooled([top], [under], factor_of(indicator)), top, under, sources)


def _printable(indicator: Indicator, rest: Side, rows: pd.DataFrame) -> Side:
    """Return a rest as it may be printed: nothing where it is a few persons."""
    least = rows["least"].max()
    counts = [rest.value] if indicator.is_additive else [rest.numerator, rest.denominator]
    if indicator.nature == Nature.SHARE:
        counts.append(rest.denominator - rest.numerator)
    few = any(0 < count < least for count in counts)
    return Side(reason=WITHHELD) if indicator.counts_persons and few else rest


def factor_of(indicator: Indicator) -> float:
    """Return what numerator over denominator is multiplied by: 100 for a share, ``per``, or 1."""
    return indicator.per or (100.0 if indicator.nature == Nature.SHARE else 1.0)


# -- rank among the nation's quarters ------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Where a quarter stands: ``percentile`` is the share of quarters below it, ties half.

    ``rank`` 1 is the lowest value; ``worse_than`` the share of quarters in a better position,
    None where neither way is better. ``known`` and ``missing`` count the quarters compared.
    """

    value: float | None
    rank: int | None
    percentile: float | None
    worse_than: float | None
    known: int
    missing: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dict(vars(self))


def percentiles(values: pd.Series) -> pd.Series:
    """Return each value's percentile, 0 to 100: share below, plus half the ties; NaN for none.

    >>> percentiles(pd.Series([1.0, 2.0, 2.0, 3.0])).tolist()
    [12.5, 50.0, 50.0, 87.5]
    """
    ranks = values.rank(method="average")
    return (ranks - 0.5) / values.notna().sum() * 100


def standings(
    indicator: Indicator, quarters: Sequence[int], year: int, **among: Any
) -> dict[int, Standing]:
    """Return the same of one year."""
    return standings_by_year(indicator, quarters, [year], **among)[year]


def standings_by_year(
    indicator: Indicator, quarters: Sequence[int], years: Sequence[int], *,
    among: Sequence[int] | None = None, generation: int | None = None, scope: str = Scope.WHOLE,
    reader: Reader | None = None,
) -> dict[int, dict[int, Standing]]:  # fmt: skip
    """Return where each quarter stands among those seen: a generation, or ``among`` some."""
    frame = figures(
        [indicator.code], territories=among, level="qpv", generation=generation,
        years=list(years), scope=scope, reader=reader, only=["value"],
    )  # fmt: skip
    told = frame.set_index("territory")
    return {
        year: _standings(indicator, quarters, told.loc[told["year"] == year, "value"])
        for year in years
    }


def _standings(
    indicator: Indicator, quarters: Sequence[int], values: pd.Series
) -> dict[int, Standing]:
    places, ranks = percentiles(values), values.rank(method="min")
    known = int(values.notna().sum())
    found = {}
    for quarter in quarters:
        value = float(values.get(quarter, np.nan))
        place = _or_none(float(places.get(quarter, np.nan)))
        rank = None if np.isnan(value) else int(ranks[quarter])
        worse = _worse(place, indicator.polarity)
        found[quarter] = Standing(_or_none(value), rank, place, worse, known, len(values) - known)
    return found


def _worse(percentile: float | None, polarity: str) -> float | None:
    if percentile is None or polarity == Polarity.NEUTRAL:
        return None
    return percentile if polarity == Polarity.LOWER else 100 - percentile


# -- evolution -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Evolution:
    """From one year to another: difference, relative change in %, and that of a reference."""

    first: float | None
    last: float | None
    difference: float | None
    relative: float | None
    reference_difference: float | None = None
    gap_change: float | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dict(vars(self))


def evolutions(
    code: str, territories: Sequence[int], first: int, last: int, *,
    reference: int | None = None, scope: str = Scope.WHOLE, reader: Reader | None = None,
) -> dict[int, Evolution]:  # fmt: skip
    """Return each territory's evolution between two years, and that of its gap to a reference.

    No trend crosses a series break: the evolution is then not available, with the reason.
    """
    indicators_of([code])
    everyone = sorted({*territories, *([reference] if reference else [])})
    frame = figures(
        [code], territories=everyone, years=[first, last], scope=scope, reader=reader,
        only=["value"],
    )  # fmt: skip
    table = frame.pivot(index="territory", columns="year", values="value")
    table = table.reindex(index=everyone, columns=[first, last])
    broken = breaks_of([code])
    told = None
    if reference is not None:
        told = _evolution(table.loc[reference], broken.between(code, reference, first, last))
    return {
        place: _beside(_evolution(table.loc[place], broken.between(code, place, first, last)), told)
        for place in territories
    }


def _evolution(row: Any, broken: str) -> Evolution:
    before, after = (_or_none(float(value)) for value in row)
    if broken:
        return Evolution(before, after, None, None, reason=f"rupture de série, {broken}")
    if before is None or after is None:
        return Evolution(before, after, None, None, reason="une des deux années manque")
    relative = 100 * (after / before - 1) if before else None
    return Evolution(before, after, after - before, relative)


def _beside(own: Evolution, reference: Evolution | None) -> Evolution:
    if reference is None or own.difference is None or reference.difference is None:
        return own
    return Evolution(
        own.first, own.last, own.difference, own.relative, reference.difference,
        own.difference - reference.difference,
    )  # fmt: skip
