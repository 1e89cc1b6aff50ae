"""Which figures a person may see, decided by the terms of their source."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Case, F, FloatField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from observatory.models import Observation, Right, Sharing, Standing, User
from observatory.permissions import may

NEEDED = {
    Sharing.PUBLIC: Right.VIEW_PUBLIC,
    Sharing.SHARED: Right.VIEW_SHARED,
    Sharing.WORKING: Right.VIEW_WORKING,
}
# Persons: below this nothing is printed unless the source says more (never less).
SMALLEST_COUNT = 5
# Figures of a person count that could tell something of somebody.
_SMALL = Q(indicator__counts_persons=True, value__gt=0, value__lt=F("least"))


def visible_observations(person: User | None) -> QuerySet[Observation]:
    """Return the observations ``person`` may see, small counts of persons withheld.

    A source without terms is working material: nobody has said yet that it may be shown.
    """
    reaches = [reach for reach, right in NEEDED.items() if may(person, right)]
    told = Q(source__terms__sharing__in=reaches)
    if Sharing.WORKING in reaches:
        told |= Q(source__terms__isnull=True)
    rows = Observation.objects.filter(told).annotate(
        least=Coalesce("source__terms__secrecy_threshold", Value(SMALLEST_COUNT))
    )
    return rows.annotate(
        shown_standing=Case(When(_SMALL, then=Value(Standing.WITHHELD)), default=F("standing")),
        **{f"shown_{name}": _unless_small(name) for name in ("value", "low", "high")},
        **{f"shown_{name}": _unless_small(name) for name in ("numerator", "denominator")},
    )


def _unless_small(name: str) -> Case:
    return Case(When(_SMALL, then=Value(None)), default=F(name), output_field=FloatField())


Rows = Callable[[User | None], QuerySet[Observation]]
