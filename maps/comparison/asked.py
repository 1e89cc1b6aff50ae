"""A comparison as an address asks for it, with the choices around it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from maps.comparison.references import Against, references_of
from maps.comparison.selection import (
    CLASS,
    MOST_INDICATORS,
    MOST_QUARTERS,
    Selection,
    indicators_known,
    key_of,
    quarters_of,
    wholes,
)  # fmt: skip
from maps.comparison.table import Comparison, compare
from maps.panel import Person
from maps.portraits.keyfigures import Comparisons
from maps.typologies import latest_typology, numbers_of
from observatory.models import Indicator, Right, Territory, Typology
from observatory.permissions import may

USUAL_COLUMNS = 3


@dataclass(frozen=True)
class Asked:
    """What is compared, and what else could be."""

    person: Person
    selection: Selection
    wholes: list[Territory]
    everyone: list[Territory]
    indicators: list[Indicator]
    found: Comparison
    typology: Typology | None
    shared: Comparisons

    @property
    def whole(self) -> Territory | None:
        """Return the territory whose quarters are compared; None for a class or by hand."""
        if self.selection.by_hand or self.selection.within.startswith(f"{CLASS}:"):
            return None
        asked = self.selection.within
        named = (one for one in self.wholes if key_of(one) == asked)
        return next(named, next(iter(self.wholes), None))

    @property
    def not_loaded(self) -> str:
        """Return what the address names that is not among the wholes; then the first one stands."""
        named, whole = self.selection.within, self.whole
        return named if whole is not None and named not in ("", key_of(whole)) else ""

    @property
    def classes(self) -> list[int]:
        """Return the classes of the typology, 1 first."""
        return numbers_of(self.typology) if self.typology else []

    @property
    def number(self) -> int | None:
        """Return the class compared, None where a territory or a choice by hand is."""
        kind, _colon, number = self.selection.within.partition(":")
        return int(number) if kind == CLASS and number.isdecimal() else None

    @property
    def against(self) -> list[Against]:
        """Return the references of the quarters compared."""
        return references_of(self.found.quarters)

    @property
    def reference(self) -> Against:
        """Return the reference that gaps over time are measured from."""
        return next(one for one in self.against if one.key == self.selection.reference)

    @property
    def chosen(self) -> set[str]:
        """Return the codes of the indicators compared."""
        return {column.indicator.code for column in self.found.columns}

    @property
    def years(self) -> list[int]:
        """Return the years some quarter has a figure in, the last first."""
        return sorted(set(self.found.panel["year"]), reverse=True)


def ask(person: Person, selection: Selection, only: Collection[str] = ()) -> Asked:
    """Return what a selection asks for; ``only`` these indicators of it are worked out."""
    shared = Comparisons(person)
    if not may(person, Right.VIEW_PUBLIC):
        nothing = compare(shared, selection, [], [])
        return Asked(person, selection, [], [], [], nothing, None, shared)
    known = wholes()
    everyone = quarters_of(person, selection, known)
    chosen = [one for one in everyone if one.code in selection.quarters] or everyone
    indicators = indicators_known(person, everyone)
    wanted = [one for one in indicators if one.code in selection.indicators]
    wanted = wanted[:MOST_INDICATORS] or indicators[:USUAL_COLUMNS]
    if only:
        wanted = [one for one in wanted if one.code in only]
    found = compare(shared, selection, chosen[:MOST_QUARTERS], wanted)
    typology = latest_typology(person)
    return Asked(person, selection, known, everyone, indicators, found, typology, shared)
