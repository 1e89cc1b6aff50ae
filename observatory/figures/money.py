"""Money by quarter: what reaches it for certain, per inhabitant, beside its city. No double count.

A line is given to a territory where it goes to that territory alone, or where the funder says
how it divides. Multi-site money, and what is wider than the quarters, is given to none of them:
it is counted apart, never spread by guess. A line counts once, however many places it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from django.db.models import QuerySet

from observatory.figures.gaps import quarters_within
from observatory.figures.series import figures
from observatory.figures.visible import Reader, visible
from observatory.models import Credit, FundingLine, FundingPlace, Project, ProjectShare, Reach

POPULATION = "population"
NEVER_OF_ONE_PLACE = (Reach.MULTI_SITE, Reach.WIDER)
CREDITS = [str(Credit.SPECIFIC), str(Credit.COMMON), str(Credit.UNSTATED)]


@dataclass(frozen=True)
class Spent:
    """Euros by territory (index) and credit (columns), and what could be given to no one.

    ``sources`` holds the codes of the sources of each territory's lines.
    """

    table: pd.DataFrame
    unplaced: float
    lines: int
    sources: dict[int, list[str]]


@dataclass(frozen=True)
class Lines:
    """Which money is meant: ``phase`` keeps planned, voted or paid money alone, which must not
    be added up; ``sources`` some documents; ``reader`` what that person may see.
    """

    phase: str = ""
    sources: Sequence[str] | None = None
    reader: Reader | None = None

    def of(self, years: Sequence[int]) -> QuerySet[FundingLine]:
        """Return the lines of some years."""
        lines = FundingLine.objects.filter(year__in=list(years))
        if self.phase:
            lines = lines.filter(phase=self.phase)
        if self.sources is not None:
            lines = lines.filter(source__code__in=list(self.sources))
        return lines if self.reader is None else visible(lines, self.reader.person)


ANY_LINE = Lines()


def spent(years: Sequence[int], territories: Sequence[int], lines: Lines = ANY_LINE) -> Spent:
    """Return what reached each territory in the years given, all of them together.

    ``unplaced`` is what lines that name at least one of the territories do not give to one.
    """
    found = lines.of(years).filter(places__territory__in=list(territories)).distinct()
    told = {line.pk: line for line in found.select_related("source")}
    rows = list(_parts(told))
    frame = pd.DataFrame(rows, columns=["territory", "credit", "amount", "source"])
    own = frame[frame["territory"].isin(list(territories))]
    table = own.pivot_table(index="territory", columns="credit", values="amount", aggfunc="sum")
    table = table.reindex(index=list(territories), columns=CREDITS).astype(np.float64)
    table["total"] = table[CREDITS].sum(axis=1, min_count=1)
    whole = sum(float(line.amount) for line in told.values())
    sources = {
        int(str(place)): sorted(set(codes)) for place, codes in own.groupby("territory")["source"]
    }
    return Spent(table, whole - float(frame["amount"].sum()), len(told), sources)


def _parts(lines: dict[int, FundingLine]) -> Any:
    """Give territory, credit, euros and source of each part of a line whose place is known."""
    places: dict[int, list[FundingPlace]] = {}
    for place in FundingPlace.objects.filter(line__in=lines):
        places.setdefault(place.line_id, []).append(place)
    for key, found in places.items():
        line = lines[key]
        if line.reach in NEVER_OF_ONE_PLACE:
            continue
        alone = len(found) == 1
        for place in found:
            share = place.share if place.share is not None else 1.0 if alone else None
            if share is not None:
                euros = share * float(line.amount)
                yield place.territory_id, str(line.credit), euros, line.source.code


def per_inhabitant(
    years: Sequence[int], territories: Sequence[int], lines: Lines = ANY_LINE
) -> pd.DataFrame:
    """Return euros per inhabitant and year: credits, total, people, people_year, by territory.

    The people are those of the latest population known up to the last of the years; without
    one there is no figure. No line at all is not known either: no data is no zero.
    """
    found = spent(years, territories, lines).table
    people = population(territories, max(years), lines.reader)
    found = found.div(people["people"].where(people["people"] > 0), axis=0) / len(set(years))
    return found.join(people)


def population(
    territories: Sequence[int], until: int, reader: Reader | None = None
) -> pd.DataFrame:
    """Return the latest population known up to a year, with its own year, by territory.

    Columns people, people_year and people_source, the code of its source.
    """
    frame = figures([POPULATION], territories=list(territories), reader=reader)
    frame = frame[(frame["year"] <= until) & frame["value"].notna()]
    last = frame.sort_values("year").drop_duplicates("territory", keep="last")
    last = last.set_index("territory")[["value", "year", "source"]].reindex(list(territories))
    return last.rename(
        columns={"value": "people", "year": "people_year", "source": "people_source"}
    )


@dataclass(frozen=True)
class Effort:
    """One quarter's euros per inhabitant over those of its reference, and why there is none."""

    own: float | None
    reference: float | None
    ratio: float | None
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dict(vars(self))


def efforts(
    years: Sequence[int], quarters: Sequence[int], reference: int, *,
    credit: str = Credit.COMMON, lines: Lines = ANY_LINE,
) -> dict[int, Effort]:  # fmt: skip
    """Return each quarter's effort ratio to a city or contract: over 1, it has more a head.

    The reference is all that reaches the whole territory, its quarters and communes included,
    each line once, a head.
    """
    own = per_inhabitant(years, quarters, lines)[str(credit)]
    whole = _whole(years, reference, credit, lines)
    found = {}
    for quarter in quarters:
        value = float(own.get(quarter, np.nan))
        if np.isnan(value):
            found[quarter] = Effort(None, whole, None, "sans montant ou sans population")
        elif not whole:
            found[quarter] = Effort(value, None, None, "la référence n’est pas connue")
        else:
            found[quarter] = Effort(value, whole, value / whole)
    return found


def _whole(years: Sequence[int], reference: int, credit: str, lines: Lines) -> float | None:
    """Return euros a head and a year of a whole territory, each line counted once."""
    day = date(max(years), 12, 31)
    inside = {reference}
    for level in ("qpv", "qva", "commune", "arrondissement", "contract"):
        inside |= set(quarters_within(reference, level, day))
    found = lines.of(years).filter(places__territory__in=inside, credit=credit).distinct()
    amounts = [float(line.amount) for line in found]
    people = float(population([reference], max(years), lines.reader)["people"].iloc[0])
    if not amounts or np.isnan(people) or people <= 0:
        return None
    return sum(amounts) / people / len(set(years))


def projects(territories: Sequence[int] | None = None) -> dict[str, float | int]:
    """Return how many projects touch the territories (all: None), each once, and their euros.

    ``mentions`` counts a project under each of its communes; ``amount`` adds what each funder
    gives under each of them, which is money given once.
    """
    shares = ProjectShare.objects.all()
    if territories is not None:
        shares = shares.filter(territory__in=list(territories))
    rows = Project.objects.filter(shares__in=shares).distinct()
    amounts = [share.amount for share in shares if share.amount is not None]
    return {
        "projects": rows.count(),
        "mentions": shares.count(),
        "amount": float(sum(amounts)) if amounts else 0.0,
    }
