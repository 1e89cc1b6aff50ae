"""Comparisons as they leave the observatory: one row a quarter, with both sides and their sources.

Everything is made of what the reader may see and of nothing else: gaps, ranks and references
cannot tell what a hidden source says. What is not available says why, and is never a zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from observatory.figures import money
from observatory.figures.errors import BadParameter
from observatory.figures.gaps import (
    NOT_LOADED,
    OWN_MISSING,
    WITHHELD,
    Gap,
    Reference,
    Standing,
    evolutions,
    gap_to_all,
    gaps,
    standings_by_year,
)
from observatory.figures.series import figures, indicators_of
from observatory.figures.targets import stands
from observatory.figures.tell import all_quarters_like, by_generation, quarters_of
from observatory.figures.visible import Reader, visible
from observatory.models import Credit, Framework, Indicator, Level, Nature, Scope, Source, Territory
from observatory.models import Standing as FigureStanding

Rows = list[dict[str, Any]]
CITED = {"source": "code", "source_title": "title", "producer": "producer", "vintage": "vintage",
         "licence": "licence"}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What is compared: an indicator, the quarters of ``within`` (a code, or the start of codes).

    ``references`` are codes of territories; ``generation`` keeps one drawing of the quarters.
    """

    indicator: str
    within: str
    references: Sequence[str] = ()
    scope: str = Scope.WHOLE
    generation: int | None = None

    def quarters(self, year: int) -> list[Territory]:
        """Return the quarters asked about, as of the end of a year. Raises TooFewFigures."""
        return list(quarters_of(self.within, date(year, 12, 31), self.generation))

    def told(self) -> Indicator:
        """Return the indicator. Raises UnknownIndicator."""
        return indicators_of([self.indicator])[self.indicator]


def territory_called(code: str) -> Territory:
    """Return a territory to compare with, which is no quarter. Raises BadParameter."""
    found = Territory.objects.filter(code=code).exclude(level=Level.QPV).order_by("level").first()
    if found is None:
        raise BadParameter(
            f"No territory to compare with has the code {code!r}.",
            "Give that of a city, arrondissement, contract or EPT.",
        )
    return found


# -- provenance ----------------------------------------------------------------------------


class Cited:
    """The sources that rows name, read once."""

    def __init__(self, codes: Iterable[str]) -> None:
        rows = Source.objects.filter(code__in=set(codes))
        self._known = {source.code: source for source in rows}

    def columns(self, codes: Iterable[str], prefix: str = "") -> dict[str, str]:
        """Return the columns that quote some sources, several of them separated by « ; »."""
        found = [self._known[code] for code in dict.fromkeys(codes) if code in self._known]
        return {
            f"{prefix}{name}": " ; ".join(str(getattr(one, attribute)) for one in found)
            for name, attribute in CITED.items()
        }


def _about(indicator: Indicator, quarter: Territory, scope: str) -> dict[str, Any]:
    return {
        "indicator": indicator.code, "label": indicator.label, "unit": indicator.unit,
        "scope": scope, "territory": quarter.code, "territory_name": quarter.name,
        "level": quarter.level, "generation": quarter.generation,
    }  # fmt: skip


def _none(value: Any) -> float | None:
    return None if value is None or np.isnan(value) else float(value)


# -- gaps ----------------------------------------------------------------------------------


def gap_rows(asked: Asked, year: int, reader: Reader) -> Rows:
    """Return each quarter beside each reference, it without its quarters, and all quarters.

    Raises UnknownIndicator, TooFewFigures, BadParameter.
    """
    indicator, quarters = asked.told(), asked.quarters(year)
    places = [territory_called(code) for code in asked.references]
    wanted = [Reference(p.pk, p.name, rest) for p in places for rest in (False, True)]
    ids = [quarter.pk for quarter in quarters]
    told = gaps(indicator, ids, year, wanted, scope=asked.scope, reader=reader)
    everyone = all_quarters_like(quarters)
    together = gap_to_all(indicator, ids, everyone, year, scope=asked.scope, reader=reader)
    codes = [place.code for place in places for _ in range(2)]
    pairs = {pk: [*zip(codes, told[pk], strict=True), ("", together[pk])] for pk in ids}
    cited = Cited(
        code for found in pairs.values() for _, gap in found
        for code in (*gap.sources, *gap.reference_sources)
    )  # fmt: skip
    return [
        {**_about(indicator, quarter, asked.scope), "year": year, "reference_territory": code,
         **_gap(indicator, gap), **cited.columns(gap.sources),
         **cited.columns(gap.reference_sources, "reference_")}
        for quarter in quarters for code, gap in pairs[quarter.pk]
    ]  # fmt: skip


def _gap(indicator: Indicator, gap: Gap) -> dict[str, Any]:
    in_points = indicator.nature in (Nature.SHARE, Nature.CHANGE)
    return {
        "reference": gap.reference, "value": gap.value, "numerator": gap.numerator,
        "denominator": gap.denominator, "reference_value": gap.other,
        "reference_numerator": gap.reference_numerator,
        "reference_denominator": gap.reference_denominator, "difference": gap.difference,
        "difference_unit": "points" if in_points else indicator.unit, "ratio": gap.ratio,
        "reason": gap.reason,
    }  # fmt: skip


# -- ranks ---------------------------------------------------------------------------------


def rank_rows(asked: Asked, years: Sequence[int], reader: Reader) -> Rows:
    """Return each quarter's rank and percentile among the nation's quarters, year by year."""
    indicator = asked.told()
    told = {year: asked.quarters(year) for year in years}
    everyone = {quarter.pk: quarter for quarters in told.values() for quarter in quarters}
    own = _frame(indicator.code, list(everyone), years, asked.scope, reader)
    cited = Cited(own["source"])
    places: dict[tuple[int, int], Standing] = {}
    for same in by_generation(everyone.values()):
        found = standings_by_year(
            indicator, [q.pk for q in same], years, among=all_quarters_like(same),
            scope=asked.scope, reader=reader,
        )  # fmt: skip
        places |= {(pk, year): place for year in years for pk, place in found[year].items()}
    return [
        _ranked(_about(indicator, quarter, asked.scope), places[quarter.pk, year],
                _figure(own, quarter.pk, year), year, cited)
        for year in years
        for same in by_generation(told[year])
        for quarter in same
    ]  # fmt: skip


def _ranked(
    about: dict[str, Any], place: Standing, told: dict[str, Any], year: int, cited: Cited
) -> dict[str, Any]:
    return {
        **about, "year": year, **told["figure"],
        **{n: v for n, v in place.as_dict().items() if n != "value"},
        "reason": told["reason"], **cited.columns(told["sources"]),
    }  # fmt: skip


def _frame(
    code: str, places: Sequence[int], years: Sequence[int], scope: str, reader: Reader
) -> pd.DataFrame:
    frame = figures([code], territories=list(places), years=years, scope=scope, reader=reader)
    return frame.set_index(["territory", "year"])


def _figure(frame: pd.DataFrame, place: int, year: int) -> dict[str, Any]:
    """Return one figure with its counts, its sources, and why it is not there."""
    names = ("value", "numerator", "denominator")
    if (place, year) not in frame.index:
        return {"figure": dict.fromkeys(names), "sources": [], "reason": OWN_MISSING}
    row: Any = frame.loc[(place, year)]
    reason = "" if not np.isnan(row["value"]) else OWN_MISSING
    if row["standing"] == FigureStanding.WITHHELD:
        reason = WITHHELD
    figure = {name: _none(row[name]) for name in names}
    return {"figure": figure, "sources": [row["source"]], "reason": reason}


# -- evolution -----------------------------------------------------------------------------


def evolution_rows(asked: Asked, first: int, last: int, reader: Reader) -> Rows:
    """Return each quarter's change between two years, and that of its gap to each reference."""
    indicator, quarters = asked.told(), asked.quarters(last)
    places: list[Territory | None] = [territory_called(code) for code in asked.references]
    ids = [quarter.pk for quarter in quarters]
    own = _frame(indicator.code, [*ids, *(p.pk for p in places if p)], [first, last],
                 asked.scope, reader)  # fmt: skip
    cited = Cited(own["source"])
    found: Rows = []
    for place in places or [None]:
        told = evolutions(
            indicator.code, ids, first, last, reference=place.pk if place else None,
            scope=asked.scope, reader=reader,
        )  # fmt: skip
        for quarter in quarters:
            ends = [_figure(own, quarter.pk, year) for year in (first, last)]
            against = [_figure(own, place.pk, year) for year in (first, last)] if place else []
            one = told[quarter.pk].as_dict()
            reason = one["reason"]
            if not reason and against and one["gap_change"] is None:
                reason = next((end["reason"] for end in against if end["reason"]), NOT_LOADED)
            found.append(
                {**_about(indicator, quarter, asked.scope), "first_year": first, "last_year": last,
                 **{f"first_{n}": v for n, v in ends[0]["figure"].items()},
                 **{f"last_{n}": v for n, v in ends[1]["figure"].items()},
                 "difference": one["difference"], "relative": one["relative"],
                 "reference_territory": place.code if place else "",
                 "reference": place.name if place else "",
                 "reference_difference": one["reference_difference"],
                 "gap_change": one["gap_change"], "reason": reason,
                 **cited.columns([s for end in ends for s in end["sources"]]),
                 **cited.columns([s for end in against for s in end["sources"]], "reference_")}
            )  # fmt: skip
    return found


# -- money ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spending:
    """Which money of which years: one credit and phase, the quarters of ``within``."""

    years: Sequence[int]
    within: str
    reference: str = ""
    credit: str = Credit.COMMON
    phase: str = ""
    generation: int | None = None


def money_rows(asked: Spending, reader: Reader) -> Rows:
    """Return each quarter's euros, per inhabitant and year, and its effort ratio.

    The numerator is ``amount``, the denominator ``people`` times the number of years.
    """
    last = max(asked.years)
    quarters = list(quarters_of(asked.within, date(last, 12, 31), asked.generation))
    ids = [quarter.pk for quarter in quarters]
    lines = money.Lines(phase=asked.phase, reader=reader)
    spent = money.spent(asked.years, ids, lines)
    people = money.population(ids, last, reader)
    place = territory_called(asked.reference) if asked.reference else None
    efforts = {}
    if place is not None:
        efforts = money.efforts(asked.years, ids, place.pk, credit=asked.credit, lines=lines)
    heads = money.per_inhabitant(asked.years, ids, lines)
    cited = Cited([*(c for codes in spent.sources.values() for c in codes),
                    *people["people_source"].dropna()])  # fmt: skip
    nothing = money.Effort(None, None, None, "aucune référence n’est demandée")
    found: Rows = []
    for quarter in quarters:
        euros, head = spent.table.loc[quarter.pk], heads.loc[quarter.pk]
        effort = efforts.get(quarter.pk, nothing)
        own = spent.sources.get(quarter.pk, [])
        source = people["people_source"].get(quarter.pk)
        found.append({
            "territory": quarter.code, "territory_name": quarter.name,
            "generation": quarter.generation, "first_year": min(asked.years), "last_year": last,
            "phase": asked.phase, "amount": _none(euros["total"]),
            **{f"amount_{name}": _none(euros[name]) for name in money.CREDITS},
            "people": _none(head["people"]), "people_year": _none(head["people_year"]),
            "per_inhabitant": _none(head["total"]),
            **{f"per_inhabitant_{name}": _none(head[name]) for name in money.CREDITS},
            "reason": _why(_none(euros["total"]), _none(head["people"])),
            "credit": str(asked.credit), "reference_territory": place.code if place else "",
            "effort_own": effort.own, "effort_reference": effort.reference,
            "effort_ratio": effort.ratio, "effort_reason": effort.reason,
            **cited.columns(own), **cited.columns([source] if isinstance(source, str) else [],
                                                  "people_"),
        })  # fmt: skip
    return found


def _why(amount: float | None, people: float | None) -> str:
    if amount is None:
        return "aucun montant connu pour ce seul territoire"
    return "sans population connue" if people is None else ""


# -- targets -------------------------------------------------------------------------------


def target_rows(contract: str, year: int, reader: Reader) -> Rows:
    """Return where each target of a contract stands, its gap to its reference beside it.

    Halving a gap or converging is told only where the reference's own figures are loaded.
    Raises BadParameter where the contract has no framework one may see.
    """
    frameworks = visible(
        Framework.objects.filter(territory__code=contract), reader.person, territory="territory"
    )
    if not frameworks:
        raise BadParameter(f"No contract {contract!r} has a framework.", "Give that of another.")
    told = [(f, *one) for f in frameworks.order_by("code") for one in stands(f, year, reader)]
    cited = Cited([*(c for _, t, s in told for c in (t.source.code, *s.sources))])
    return [
        {
            "contract": contract, "framework": framework.code, "indicator": target.indicator.code,
            "label": target.indicator.label, "unit": target.unit or target.indicator.unit,
            "scope": target.scope, "form": target.form, "stated": target.stated,
            "version": target.version, "part": target.part, "horizon": target.horizon,
            "progress": str(stand.progress), "aim": stand.aim, "value": stand.value,
            "year": stand.year, "start": stand.start, "start_year": stand.start_year,
            "reference": target.reference.name if target.reference else "",
            "reference_value": stand.reference, "start_reference": stand.start_reference,
            "gap": _difference(stand.value, stand.reference),
            "start_gap": _difference(stand.start, stand.start_reference),
            "reason": stand.reason, **cited.columns([target.source.code]),
            **cited.columns(stand.sources, "figure_"), "line": target.source_line,
        }
        for framework, target, stand in told
    ]  # fmt: skip


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
