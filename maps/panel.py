"""Figures a person may see, one per indicator, territory and year: what every page reads.

The same choice among sources as observatory/figures/series.py, after rights and small counts
(observatory/figures/visible.py): a declared figure before a computed and an estimated one, then
the latest vintage.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Q

from observatory.figures.visible import visible_observations
from observatory.models import Indicator, Observation, Scope, Source, Standing, User

Person = User | AnonymousUser | None
NUMBERS = ["value", "numerator", "denominator", "low", "high"]
COLUMNS = ["indicator", "territory", "year", *NUMBERS, "standing", "source", "note"]
PREFERRED = [
    Standing.DECLARED,
    Standing.COMPUTED,
    Standing.ESTIMATED,
    Standing.WITHHELD,
    Standing.NOT_AVAILABLE,
]


def signed_in(person: Person) -> User | None:
    """Return the account behind a request, None for anybody."""
    return person if isinstance(person, User) else None


def shown_figures(
    person: Person,
    *,
    territories: Sequence[int] | None = None,
    level: str = "",
    generation: int | None = None,
    codes: Iterable[str] | None = None,
    years: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Return the figures of the whole of each territory, with the columns of ``COLUMNS``.

    ``indicator`` is a code, ``territory`` and ``source`` are ids; what is withheld or not
    available is NaN, and ``standing`` says which.
    """
    rows = visible_observations(signed_in(person)).filter(period="", scope=Scope.WHOLE)
    wanted = {
        "territory__in": territories,
        "territory__level": level or None,
        "territory__generation": generation,
        "indicator__code__in": None if codes is None else list(codes),
        "year__in": years,
    }
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    told = rows.values_list(
        "indicator__code", "territory_id", "year",
        *(f"shown_{name}" for name in NUMBERS), "shown_standing", "source_id", "note",
        "source__vintage",
    )  # fmt: skip
    frame = pd.DataFrame(list(told), columns=[*COLUMNS, "vintage"])
    return _one_each(frame)


def _one_each(frame: pd.DataFrame) -> pd.DataFrame:
    frame[NUMBERS] = frame[NUMBERS].astype(np.float64)
    order = {str(standing): place for place, standing in enumerate(PREFERRED)}
    frame["place"] = frame["standing"].map(order)
    keys = ["indicator", "territory", "year"]
    sorted_ = frame.sort_values(
        [*keys, "place", "vintage"], ascending=[True, True, True, True, False], kind="stable"
    )
    return sorted_.drop_duplicates(keys)[COLUMNS].reset_index(drop=True)


def wholly_visible(person: Person, codes: Iterable[str], years: Iterable[int]) -> set[str]:
    """Return the indicators of which nothing is hidden from the person in these years.

    Sums over all quarters, rests and ranks are only shown of these: otherwise the difference
    of two figures could tell what is kept back.
    """
    wanted = Q(indicator__code__in=list(codes), year__in=list(years))
    stored = dict(
        Observation.objects.filter(wanted)
        .values_list("indicator__code")
        .annotate(rows=Count("pk"))
        .values_list("indicator__code", "rows")
    )
    seen = visible_observations(signed_in(person)).filter(wanted)
    open_to = seen.exclude(~Q(standing=F("shown_standing")))
    shown = dict(
        open_to.values_list("indicator__code")
        .annotate(rows=Count("pk"))
        .values_list("indicator__code", "rows")
    )
    return {code for code, rows in stored.items() if shown.get(code) == rows}


def indicators_by_code(codes: Iterable[str]) -> dict[str, Indicator]:
    """Return the indicators that exist among ``codes``, in the order given."""
    found = {one.code: one for one in Indicator.objects.filter(code__in=list(codes))}
    return {code: found[code] for code in codes if code in found}


def citations(sources: Iterable[int]) -> list[dict[str, str]]:
    """Return what must be printed of these sources, in the order of their producers."""
    found = Source.objects.filter(pk__in=set(sources)).order_by("producer", "title")
    return [source.citation() | {"cautions": source.cautions} for source in found]


def fictitious(sources: Iterable[int]) -> bool:
    """Tell whether something shown comes from the demonstration: the page then says so."""
    return Source.objects.filter(pk__in=set(sources), is_demonstration=True).exists()
