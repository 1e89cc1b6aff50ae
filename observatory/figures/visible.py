"""Which figures and promises a person may see, and which counts are too small to show.

Three reaches, told by the terms of each source: public, shared between partners, working
material. The right to see may be held everywhere or on one contract only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Case, F, FloatField, Model, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest

from observatory.models import (
    Nature,
    Observation,
    Right,
    Sharing,
    SheetResult,
    Source,
    Standing,
    User,
)
from observatory.permissions import territories_where

NEEDED = {
    Sharing.PUBLIC: Right.VIEW_PUBLIC,
    Sharing.SHARED: Right.VIEW_SHARED,
    Sharing.WORKING: Right.VIEW_WORKING,
}
# Persons: below this nothing is printed unless the source says more (never less).
SMALLEST_COUNT = 5
FIGURE = ("value", "low", "high", "numerator", "denominator")
POOLED = (Nature.SHARE, Nature.RATE, Nature.RATIO, Nature.MEAN)
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Reader:
    """Whoever reads what is published; ``person`` None is anybody.

    ``everything`` reads every source, small counts withheld: what a frozen review is made of.
    """

    person: User | None = None
    everything: bool = False


def visible(
    rows: QuerySet[Row], person: User | None, *, source: str = "source", territory: str = "",
    unsourced: Sharing = Sharing.WORKING,
) -> QuerySet[Row]:  # fmt: skip
    """Return the rows ``person`` may see by the terms of their ``source`` (a path of fields).

    ``territory`` is the path to the territory on which a right may be held; without it, only
    rights held everywhere count. A source without terms is working material: nobody has said
    yet that it may be shown. ``unsourced`` is the reach of rows that have no source at all.
    """
    told = Q(pk__in=[])
    for reach, right in NEEDED.items():
        where = territories_where(person, right)
        place = Q() if where is None else Q(**{f"{territory}__in": where})
        if where is None or (territory and where):
            told |= _of_reach(reach, source, unsourced) & place
    return rows.filter(told)


def _of_reach(reach: Sharing, source: str, unsourced: Sharing) -> Q:
    found = Q(**{f"{source}__terms__sharing": reach})
    if reach == Sharing.WORKING:
        found |= Q(**{f"{source}__isnull": False, f"{source}__terms__isnull": True})
    if reach == unsourced:
        found |= Q(**{f"{source}__isnull": True})
    return found


def least_shown(source: str = "source") -> Any:
    """Return the smallest count of persons that a source lets be printed, never under 5."""
    return Greatest(Coalesce(f"{source}__terms__secrecy_threshold", 0), Value(SMALLEST_COUNT))


def too_small(least: str = "least", indicator: str = "indicator", value: str = "value") -> Q:
    """Tell which figures could tell something of a person.

    A count from 1 under the threshold; a share or rate whose numerator, denominator or rest is
    such a count. Nought is no one, and no breach. What only subtraction would tell is found
    beforehand, in observatory/figures/differencing.py.
    """

    def small(name: str) -> Q:
        return Q(**{f"{name}__gt": 0, f"{name}__lt": F(least)})

    counted = Q(**{f"{indicator}__nature": Nature.COUNT}) & small(value)
    pooled = Q(**{f"{indicator}__nature__in": POOLED})
    parts = small("numerator") | small("denominator")
    rest = Q(**{f"{indicator}__nature": Nature.SHARE}) & small("rest")
    return Q(**{f"{indicator}__counts_persons": True}) & (counted | (pooled & parts) | rest)


def visible_observations(person: User | None) -> QuerySet[Observation]:
    """Return the observations ``person`` may see, small counts of persons withheld.

    What may be printed is in ``shown_value``, ``shown_numerator``, ``shown_denominator``,
    ``shown_low``, ``shown_high`` and ``shown_standing``. Withheld too is what would let such a
    count be found by subtraction from others.
    """
    return gated_observations(visible(Observation.objects.all(), person, territory="territory"))


def gated_observations(rows: QuerySet[Observation]) -> QuerySet[Observation]:
    """Return observations with what may be printed of each in ``shown_…``."""
    small = too_small() | Q(betrays=True)
    rows = rows.annotate(least=least_shown(), rest=F("denominator") - F("numerator"))
    return rows.annotate(
        shown_standing=Case(When(small, then=Value(Standing.WITHHELD)), default=F("standing")),
        **{f"shown_{name}": unless(small, name) for name in FIGURE},
    )


def observations_for(reader: Reader | None) -> QuerySet[Observation]:
    """Return what a reader may see; without one every observation, as stored, with ``least`` 0."""
    if reader is not None:
        rows = Observation.objects.all()
        return (
            gated_observations(rows) if reader.everything else visible_observations(reader.person)
        )
    return Observation.objects.annotate(
        least=Value(0), **{f"shown_{name}": F(name) for name in ("standing", *FIGURE)}
    )


def gated_results(rows: QuerySet[SheetResult]) -> QuerySet[Any]:
    """Return results of sheets with ``withheld`` and what may be printed of each.

    In ``shown_previous``, ``shown_result``, ``shown_numerator``, ``shown_denominator`` and
    ``shown_declared``.
    """
    hidden = too_small(value="result")
    names = ("previous", "result", "numerator", "denominator", "declared")
    rows = rows.annotate(least=least_shown("sheet__source"), rest=F("denominator") - F("numerator"))
    return rows.annotate(
        withheld=Case(When(hidden, then=Value(True)), default=Value(False)),
        **{f"shown_{name}": unless(hidden, name) for name in names},
    )


def unless(hidden: Q, name: str) -> Case:
    """Return a number, or nothing where ``hidden`` holds."""
    return Case(When(hidden, then=Value(None)), default=F(name), output_field=FloatField())


def strictest(sources: QuerySet[Source]) -> Sharing:
    """Return the narrowest reach among sources: that of anything made from them together."""
    reaches = set(sources.values_list("terms__sharing", flat=True))
    if not reaches or None in reaches or Sharing.WORKING in reaches:
        return Sharing.WORKING
    return Sharing.SHARED if Sharing.SHARED in reaches else Sharing.PUBLIC
