"""A map of one indicator, worked out once: the page, the explorer and every file are made of it.

Legend, colours and counts come from the same classes, so that they always agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
from django.utils.translation import gettext as _

from maps.asked import Choice
from maps.choice import chosen_territories, circle_sizes, class_words, colours_of, values_of
from maps.classes import Classes, around_nought, classify
from maps.displays import CHANGE, Told
from maps.errors import BadChoice
from maps.figures import Figure, quantity
from maps.panel import Person
from observatory.models import Right, Standing
from observatory.permissions import may

LARGEST_CIRCLE = 26.0  # points on paper, pixels on screen: the diameter of the largest circle


@dataclass(frozen=True)
class Key:
    """One line of a legend: a class, its colour, its words, how many territories it holds."""

    number: int
    colour: str
    words: str
    count: int


@dataclass(frozen=True)
class ThematicMap:
    """What is drawn: ``choice`` with all it left open settled, one row of ``frame`` a territory.

    ``frame`` has maps.places.outlines' columns, ``value``, ``standing`` and ``class`` (-1 where
    there is no value). ``classes`` is None for circles and where no indicator was asked for.
    """

    choice: Choice
    told: Told | None
    frame: gpd.GeoDataFrame
    classes: Classes | None
    keys: tuple[Key, ...] = ()

    @property
    def withheld(self) -> Any:
        """Return which rows have a figure that is kept back."""
        return self.absent & (self.frame["standing"] == Standing.WITHHELD).to_numpy()

    @property
    def missing(self) -> Any:
        """Return which rows have no figure."""
        return self.absent & ~(self.frame["standing"] == Standing.WITHHELD).to_numpy()

    @property
    def absent(self) -> Any:
        """Return which rows have no value to draw."""
        return np.isnan(self.frame["value"].to_numpy(np.float64))

    @property
    def most(self) -> float:
        """Return the value the largest circle stands for."""
        pooled = self.choice.all_years and self.told is not None
        known = self.told.over_years if self.told and pooled else self.frame["value"].dropna()
        return float(max(known)) if len(known) else 0.0

    def diameter(self, value: float) -> float:
        """Return the diameter of a value's circle: its surface is in proportion to the value."""
        return LARGEST_CIRCLE * (max(value, 0.0) / self.most) ** 0.5 if self.most > 0 else 0.0

    def circles(self) -> list[tuple[float, str]]:
        """Return the circles of the legend: diameter and words."""
        if self.told is None:
            return []
        return [(self.diameter(size), words) for size, words in circle_sizes(self.most, self.told)]

    def rows(self) -> list[tuple[str, str, Figure]]:
        """Return name, code and figure of every territory, the highest first."""
        if self.told is None:
            return []
        ordered = self.frame.sort_values(["value", "name"], ascending=[False, True])
        return [(row.name, row.code, self.figure(row)) for row in ordered.itertuples()]

    def written(self, value: float) -> str:
        """Return any number as a value of this map is written."""
        assert self.told is not None  # noqa: S101 - as below
        signed = self.told.way == CHANGE
        return quantity(value, self.told.unit, self.told.decimals, signed=signed)

    def figure(self, row: Any) -> Figure:
        """Return the figure of one row of ``frame``, as people read it."""
        assert self.told is not None  # noqa: S101 - rows are only written of a map that tells
        value = None if np.isnan(row.value) else float(row.value)
        signed = self.told.way == CHANGE
        return Figure(value, self.told.unit, self.told.decimals, row.standing, signed)


def thematic_map(person: Person, choice: Choice, *, everyone: bool = False) -> ThematicMap:
    """Return the map of a choice as a person may see it. Raises BadChoice.

    ``everyone`` leaves out the right to look at public maps: for whoever holds the server.
    """
    if not everyone and not may(person, Right.VIEW_PUBLIC):
        raise BadChoice(_("Aucun territoire de ce niveau n’est chargé."))
    territories = chosen_territories(
        choice.level, generation=choice.generation, within=choice.within
    )
    frame, told = values_of(
        person, territories, choice.indicator, choice.year, choice.way, choice.since
    )
    frame["class"] = -1
    if told is None:
        return ThematicMap(choice, None, frame, None)
    settled = replace(choice, year=told.year, way=told.way, since=told.since)
    # A count is shown by circles: shaded, it would tell how large the areas are.
    if told.additive:
        return ThematicMap(settled, told, frame, None)
    values = frame["value"].to_numpy(np.float64)
    pooled = choice.all_years and told.way != CHANGE
    classes = classify(
        told.over_years if pooled else values,
        choice.method,
        choice.count,
        given=choice.breaks,
        decimals=told.decimals,
    )
    if pooled:
        classes = classes.counting(values)
    if told.way == CHANGE and choice.method != "manuelles":
        classes = around_nought(classes, values)
    frame["class"] = classes.of(values)
    return ThematicMap(settled, told, frame, classes, _keys(classes, told))


def _keys(classes: Classes, told: Told) -> tuple[Key, ...]:
    told_of = zip(
        colours_of(classes, told), class_words(classes, told), classes.counts, strict=True
    )
    return tuple(Key(n, colour, words, count) for n, (colour, words, count) in enumerate(told_of))
