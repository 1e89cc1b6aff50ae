"""Classes of quarters kept with all that is needed to make them again, and to prove it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from observatory.errors import ObservatoryError
from observatory.figures.errors import BadParameter
from observatory.figures.gaps import quarters_within
from observatory.figures.series import figures, indicators_of
from observatory.figures.tell import by_generation
from observatory.figures.typology import (
    SEED,
    Classes,
    Trends,
    classify,
    falling_behind,
    stored_trends,
    stored_values,
)
from observatory.figures.visible import strictest
from observatory.models import (
    Level,
    Observation,
    Run,
    Scope,
    Source,
    Territory,
    Typology,
    TypologyClass,
)
from observatory.plain import plain
from observatory.runs import recorded


@dataclass(frozen=True)
class Asked:
    """What to class by what: indicators of one year, which quarters, how many classes.

    ``within`` is the code of a contract, EPT or city whose quarters alone are classed. Without a
    ``generation`` it is the latest one that has such figures: two drawings of one place are two.
    """

    indicators: tuple[str, ...]
    year: int
    count: int = 4
    method: str = "index"
    level: str = "qpv"
    generation: int | None = None
    within: str = ""
    draws: int = 200
    seed: int = SEED
    name: str = ""

    def parameters(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**vars(self), "indicators": list(self.indicators)}


@dataclass
class Made:
    """A classification just made: its classes, what was asked in full, what it was made from."""

    classes: Classes
    asked: Asked
    facts: dict[str, Any] = field(default_factory=dict)


def make(asked: Asked) -> Made:
    """Class quarters by stored figures, without storing anything.

    Raises BadParameter, TooFewFigures, UnknownIndicator.
    """
    places = _places(asked)
    asked = replace(asked, generation=_generation(asked, places))
    values, polarity = stored_values(
        asked.indicators, asked.year, level=asked.level, generation=asked.generation,
        territories=places,
    )  # fmt: skip
    found = classify(
        values, polarity, count=asked.count, method=asked.method, draws=asked.draws,
        seed=asked.seed,
    )  # fmt: skip
    numbers = found.table["number"]
    used = _sources(asked, places)
    facts = {
        "breaks": found.breaks,
        "quarters": len(values),
        "classed": int(numbers.notna().sum()),
        "without_class": int(numbers.isna().sum()),
        "sizes": {
            str(n): int(size) for n, size in numbers.dropna().astype(int).value_counts().items()
        },
        "missing": {str(name): int(gone) for name, gone in values.isna().sum().items()},
        "polarity": polarity,
        "sources": [source.citation() for source in used],
        "sharing": str(strictest(used)),
        "inputs_sha256": fingerprint(values),
    }
    return Made(found, asked, facts)


def store(asked: Asked) -> Typology:
    """Class quarters and keep the result with its run."""
    with recorded(
        "typology", parameters=asked.parameters(), refusals=(ObservatoryError,)
    ) as recorder:
        made = make(asked)
        typology = _stored(made, recorder.run)
        recorder.run.counts = {"classed": made.facts["classed"]}
        recorder.run.report = {"typology": typology.pk, **made.facts}
    return typology


def made_again(typology: Typology) -> dict[str, Any]:
    """Make a typology again from today's figures and say whether it is the same.

    ``inputs`` tells whether the figures are those it was made from; ``classes`` counts the
    quarters whose class differs, which is none where they are.
    """
    told = dict(typology.parameters)
    made = make(Asked(**{**told, "indicators": tuple(told["indicators"])}))
    before = dict(typology.classes.values_list("territory_id", "number"))
    after = made.classes.table["number"]
    now = {int(str(place)): None if np.isnan(n) else int(n) for place, n in after.items()}
    changed = {place for place in {*before, *now} if before.get(place) != now.get(place)}
    return {
        "inputs": made.facts["inputs_sha256"] == typology.facts["inputs_sha256"],
        "changed": len(changed),
        "quarters": sorted(Territory.objects.filter(pk__in=changed).values_list("code", flat=True)),
    }


def fingerprint(values: pd.DataFrame) -> str:
    """Return the SHA-256 of a table of figures, whatever the order of its rows."""
    ordered = values.sort_index()
    text = ordered.to_csv(float_format="%.9g", index_label="territory")
    return hashlib.sha256(text.encode()).hexdigest()


def _places(asked: Asked) -> list[int] | None:
    if not asked.within:
        return None
    group = Territory.objects.filter(code=asked.within).first()
    if group is None:
        raise BadParameter(
            f"No territory has the code {asked.within!r}.", "Give that of a contract, EPT or city."
        )
    return quarters_within(group.pk, asked.level, date(asked.year, 12, 31))


def _generation(asked: Asked, places: Sequence[int] | None) -> int | None:
    """Return the generation to class: the one asked for, or the latest that has such figures.

    Raises UnknownIndicator, and BadParameter where the one asked for has none.
    """
    held = Observation.objects.filter(
        indicator__in=[one.pk for one in indicators_of(asked.indicators).values()],
        territory__level=asked.level, year=asked.year, period="", scope=Scope.WHOLE,
        value__isnull=False,
    )  # fmt: skip
    if places is not None:
        held = held.filter(territory__in=places)
    drawings = held.values_list("territory__generation", flat=True).distinct()
    known = {drawing for drawing in drawings if drawing is not None}
    if asked.generation is None:
        return max(known, default=None)
    if asked.generation not in known:
        told = ", ".join(map(str, sorted(known))) or "none"
        raise BadParameter(
            f"No quarter of generation {asked.generation} has such figures in {asked.year}.",
            f"Generations that have: {told}.",
        )
    return asked.generation


def _sources(asked: Asked, places: Sequence[int] | None) -> Any:
    frame = figures(
        asked.indicators, level=asked.level, generation=asked.generation, years=[asked.year],
        territories=places,
    )  # fmt: skip
    return Source.objects.filter(code__in=set(frame["source"]))


def _stored(made: Made, run: Run) -> Typology:
    asked = made.asked
    name = asked.name or f"{asked.count} classes, {asked.year}"
    typology = Typology.objects.create(
        name=name[:120], parameters=plain(asked.parameters()), facts=plain(made.facts), run=run
    )
    TypologyClass.objects.bulk_create(
        TypologyClass(
            typology=typology,
            territory_id=int(str(place)),
            number=None if np.isnan(row["number"]) else int(row["number"]),
            score=_or_none(row["score"]),
            stability=_or_none(row["stability"]),
            difficulties=int(row["difficulties"]),
            known=int(row["known"]),
        )
        for place, row in made.classes.table.iterrows()
    )
    return typology


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def warnings_of(
    codes: Sequence[str], years: Sequence[int], *, generation: int | None = None, **limits: Any
) -> pd.DataFrame:
    """Return the quarters that fall behind, steepest first: code, name, slopes, alerts.

    Each is placed among those of its own generation. Only years after an indicator's last series
    break count: no trend crosses it.
    """
    quarters = Territory.objects.filter(level=Level.QPV)
    if generation is not None:
        quarters = quarters.filter(generation=generation)
    found = [
        _falling(same, stored_trends(codes, years, territories=[q.pk for q in same]), **limits)
        for same in by_generation(quarters)
    ]
    if not found:
        return pd.DataFrame(columns=["code", "name", *codes, "alerts", "warned"])
    return pd.concat(found).sort_values("alerts", ascending=False)


def _falling(same: Sequence[Territory], trends: Trends, **limits: Any) -> pd.DataFrame:
    found = falling_behind(trends.panels, trends.polarity, **limits)
    warned = found[found["warned"]].copy()
    names = {quarter.pk: quarter for quarter in same}
    warned.insert(0, "name", [names[int(pk)].name for pk in warned.index])
    warned.insert(0, "code", [names[int(pk)].code for pk in warned.index])
    return warned
