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
from django.db import connection

from observatory.figures.errors import UnknownIndicator
from observatory.models import Indicator, Scope, SeriesBreak

COLUMNS = (
    "indicator", "territory", "year", "value", "numerator", "denominator", "low", "high",
    "standing", "scope", "source", "note", "sources",
)  # fmt: skip
STATEMENT = """
SELECT DISTINCT ON (o.indicator_id, o.territory_id, o.year)
    i.code, o.territory_id, o.year, o.value, o.numerator, o.denominator, o.low, o.high,
    o.standing, o.scope, s.code, o.note,
    count(*) OVER (PARTITION BY o.indicator_id, o.territory_id, o.year)
FROM observatory_observation o
JOIN observatory_indicator i ON i.id = o.indicator_id
JOIN observatory_source s ON s.id = o.source_id
{joins}
WHERE o.indicator_id = ANY(%(indicators)s) AND o.period = '' AND o.scope = %(scope)s {filters}
ORDER BY o.indicator_id, o.territory_id, o.year,
    array_position(ARRAY['declared', 'computed', 'estimated', 'withheld', 'not_available'],
        o.standing::text), s.vintage DESC, s.code
"""


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
) -> pd.DataFrame:
    """Return one row per indicator, territory and year with the columns of ``COLUMNS``.

    A value that is withheld or not available is NaN. ``territory`` is an id; ``sources`` counts
    the sources that give the figure.
    """
    found = indicators_of(codes)
    values: dict[str, Any] = {"indicators": [i.pk for i in found.values()], "scope": scope}
    joins, filters = "", ""
    if territories is not None:
        filters += " AND o.territory_id = ANY(%(territories)s)"
        values["territories"] = list(territories)
    if years is not None:
        filters += " AND o.year = ANY(%(years)s)"
        values["years"] = list(years)
    if level or generation is not None:
        joins = "JOIN observatory_territory t ON t.id = o.territory_id"
        filters += " AND (%(level)s = '' OR t.level = %(level)s)"
        filters += " AND (%(generation)s::int IS NULL OR t.generation = %(generation)s)"
        values |= {"level": level, "generation": generation}
    with connection.cursor() as cursor:
        # Both parts are constants of this module: no word of a request is ever among them.
        cursor.execute(STATEMENT.format(joins=joins, filters=filters), values)
        frame = pd.DataFrame(cursor.fetchall(), columns=list(COLUMNS))
    numbers = ["value", "numerator", "denominator", "low", "high"]
    frame[numbers] = frame[numbers].astype(np.float64)
    return frame


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
