"""Reading figures: one per indicator, territory, year and scope, whatever the sources say.

Where several sources give the same figure, a declared one comes before a computed and an
estimated one, then the latest vintage; the others stay stored and are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from django.db.models import Case, Count, F, QuerySet, Value, When, Window

from observatory.figures.errors import UnknownIndicator
from observatory.figures.visible import Reader, observations_for
from observatory.models import Indicator, Observation, Scope, SeriesBreak, Standing

NUMBERS = ("value", "numerator", "denominator", "low", "high")
KEYS = ("indicator_id", "territory_id", "year")
# Where each column of the figures comes from.
PATHS = {
    "indicator": "indicator__code", "territory": "territory_id", "year": "year",
    **{name: f"shown_{name}" for name in (*NUMBERS, "standing")},
    "scope": "scope", "source": "source__code", "note": "note", "least": "least",
    "sources": "told_by",
}  # fmt: skip
COLUMNS = tuple(PATHS)
WHERE = COLUMNS[:3]
PREFERRED = (
    Standing.DECLARED, Standing.COMPUTED, Standing.ESTIMATED, Standing.WITHHELD,
    Standing.NOT_AVAILABLE,
)  # fmt: skip


def indicators_of(codes: Iterable[str]) -> dict[str, Indicator]:
    """Return the indicators of these codes, in the order given. Raises UnknownIndicator."""
    wanted = list(dict.fromkeys(codes))
    found = {i.code: i for i in Indicator.objects.filter(code__in=wanted)}
    missing = [code for code in wanted if code not in found]
    if missing:
        raise UnknownIndicator(
            f"No indicator is called {', '.join(missing)}.",
            "Load its dictionary first: observatory load dictionary FILE.",
        )
    return {code: found[code] for code in wanted}


def figures(
    codes: Iterable[str],
    *,
    territories: Sequence[int] | None = None,
    level: str = "",
    generation: int | None = None,
    years: Sequence[int] | None = None,
    scope: str = Scope.WHOLE,
    reader: Reader | None = None,
    only: Sequence[str] = COLUMNS,
) -> pd.DataFrame:
    """Return one row per indicator, territory and year with the columns of ``COLUMNS``.

    ``only`` names those that are needed beside the first three: many rows come sooner with few.

    A value that is withheld or not available is NaN. ``territory`` is an id; ``sources`` counts
    the sources that give the figure. With a ``reader`` there is only what that person may see,
    and ``least`` is the smallest count of persons that may be printed; whatever leaves the
    observatory is made so. Without one every source is read, and ``least`` is 0.
    """
    found = indicators_of(codes)
    wanted = {
        "territory__in": territories,
        "year__in": years,
        "territory__level": level or None,
        "territory__generation": generation,
    }
    rows = observations_for(reader).filter(
        indicator__in=[i.pk for i in found.values()], period="", scope=scope,
        **{name: value for name, value in wanted.items() if value is not None},
    )  # fmt: skip
    names = list(dict.fromkeys([*WHERE, *only]))
    frame = pd.DataFrame(list(_one_each(rows, names)), columns=names)
    numbers = [name for name in NUMBERS if name in names]
    frame[numbers] = frame[numbers].astype(np.float64)
    return frame


def _one_each(
    rows: QuerySet[Observation], names: Sequence[str]
) -> QuerySet[Observation, tuple[Any, ...]]:
    """Keep one row per figure, the preferred one, with some of its columns in order."""
    order = Case(*(When(shown_standing=one, then=Value(n)) for n, one in enumerate(PREFERRED)))
    if "sources" in names:
        rows = rows.annotate(told_by=Window(Count("pk"), partition_by=[F(name) for name in KEYS]))
    told = rows.order_by(*KEYS, order, "-source__vintage", "source__code").distinct(*KEYS)
    return told.values_list(*(PATHS[name] for name in names))


@dataclass(frozen=True)
class Breaks:
    """The years from which an indicator's series starts anew, everywhere or in a place."""

    years: dict[str, list[tuple[int | None, int, str]]]

    def between(self, code: str, territory: int, first: int, last: int) -> str:
        """Return why figures of two years do not compare, or ''."""
        for place, year, reason in self.years.get(code, []):
            if place in (None, territory) and first < year <= last:
                return f"{year} : {reason}"
        return ""


def breaks_of(codes: Iterable[str]) -> Breaks:
    """Return the series breaks of these indicators."""
    found: dict[str, list[tuple[int | None, int, str]]] = {}
    rows = SeriesBreak.objects.filter(indicator__code__in=list(codes)).values_list(
        "indicator__code", "territory_id", "year", "reason"
    )
    for code, territory, year, reason in rows:
        found.setdefault(code, []).append((territory, year, reason))
    return Breaks(found)


def pooled(numerators: Sequence[float], denominators: Sequence[float], factor: float) -> float:
    """Return the figure of a whole: a sum over a sum, never a mean of shares; NaN if any lacks.

    >>> pooled([10, 90], [100, 100], 100)
    50.0
    """
    top, under = float(np.sum(numerators)), float(np.sum(denominators))
    return factor * top / under if under > 0 else float("nan")
