"""The key figures of a territory: from the grid, then from the indicators that were loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely
from django.utils.translation import gettext as _

from carroyage.models import GridDataset
from maps.figures import figure_of
from maps.panel import Person, indicators_by_code, shown_figures, wholly_visible
from maps.places import (
    QUARTERS,
    day_of,
    latest_quarters,
    outlines,
    quarters_of_generation,
    wholes_of,
)
from maps.portraits.gridsums import FIGURES, figure_in, grid, grid_sums, kept_sums, together
from maps.portraits.rows import Row, context_of_gap, place_among, row_of_grid
from observatory.figures.gaps import Reference, gap_to_all, gaps, standings
from observatory.models import Level, Perimeter, Territory

WEB = 3857
# Shown first, in this order, whatever else is loaded.
FIRST = ("population", "median-income", "poverty-rate", "gini", "s80s20", "social-dwellings")
MOST_KEY_INDICATORS = 8


@dataclass
class Comparisons:
    """What many portraits share: the grid's sums of cities and of all quarters, made once."""

    person: Person
    _sums: dict[Any, pd.DataFrame] = field(default_factory=dict)
    _everyone: dict[Any, list[int]] = field(default_factory=dict)
    _open: dict[tuple[str, int], bool] = field(default_factory=dict)

    @cached_property
    def dataset(self) -> GridDataset | None:
        """Return the grid in use, if any."""
        return grid()

    def is_open(self, code: str, year: int) -> bool:
        """Tell whether nothing of an indicator's year is hidden from the person."""
        if (code, year) not in self._open:
            self._open[code, year] = code in wholly_visible(self.person, [code], [year])
        return self._open[code, year]

    # -- from the grid -------------------------------------------------------------------

    def grid_rows(self, territory: Territory, outline: Perimeter) -> list[Row]:
        """Return the figures made of cells; none where no grid describes the territory."""
        if self.dataset is None:
            return []
        own = self._of({f"t{territory.pk}": _shape(outline)})
        if own.empty:
            return []
        others = self._contexts(territory, outline)
        year = self.dataset.source.vintage
        return [
            row_of_grid(
                one,
                year,
                figure_in(own, f"t{territory.pk}", one),
                [(label, figure_in(sums, key, one)) for label, key, sums in others],
            )
            for one in FIGURES
            if one.in_portraits
        ]

    def _of(self, shapes: dict[str, Any]) -> pd.DataFrame:
        key = tuple(shapes)
        if key not in self._sums:
            assert self.dataset is not None  # noqa: S101 - asked only where a grid is
            self._sums[key] = grid_sums(shapes, self.dataset)
        return self._sums[key]

    def _contexts(
        self, territory: Territory, outline: Perimeter
    ) -> list[tuple[str, str, pd.DataFrame]]:
        city = next(iter(wholes_of(territory, day_of(outline), Level.COMMUNE)), None)
        if territory.level in QUARTERS:
            found = [] if city is None else [self._rest(city, territory)]
            return [*found, self._all_quarters(territory)]
        found = [] if city is None else [self._whole(city)]
        return [*found, self._own_quarters(territory, outline)]

    def _kept(self, key: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        if (key,) not in self._sums:
            assert self.dataset is not None  # noqa: S101 - asked only where a grid is
            self._sums[key,] = kept_sums(key, make, self.dataset)
        return self._sums[key,]

    def _whole(self, city: Territory) -> tuple[str, str, pd.DataFrame]:
        key = f"t{city.pk}"
        return city.name, key, self._kept(key, lambda: self._of({key: _drawn([city.pk])}))

    def _rest(self, city: Territory, like: Territory) -> tuple[str, str, pd.DataFrame]:
        """Return the city without the quarters of the same kind and generation."""
        key = f"rest{city.pk}/{like.level}/{like.generation}"

        def make() -> pd.DataFrame:
            whole = _drawn([city.pk])
            frame = outlines(quarters_of_generation(like), WEB)
            near = frame.geometry.to_numpy()[frame.sindex.query(whole, predicate="intersects")]
            return self._of({key: shapely.difference(whole, shapely.union_all(near))})

        return _("{name} hors quartiers").format(name=city.name), key, self._kept(key, make)

    def _all_quarters(self, like: Territory) -> tuple[str, str, pd.DataFrame]:
        """Return all quarters the grid describes, added up: it may know one city only."""
        key = f"all/{like.level}/{like.generation}"

        def make() -> pd.DataFrame:
            frame = outlines(quarters_of_generation(like), WEB)
            each = self._of({f"q{row.id}": row.geometry for row in frame.itertuples()})
            return together(each, list(each.index), key).assign(quarters=len(each))

        sums = self._kept(key, make)
        count = int(sums["quarters"].sum())
        label = _("ensemble des {count} quartiers de la grille").format(count=count)
        return label, key, sums

    def _own_quarters(
        self, territory: Territory, outline: Perimeter
    ) -> tuple[str, str, pd.DataFrame]:
        """Return the territory's own quarters, as far as they lie in it."""
        key = f"own{territory.pk}"
        quarters = latest_quarters(territory)
        inside = shapely.intersection(_drawn([q.pk for q in quarters]), _shape(outline))
        return _("ses quartiers prioritaires"), key, self._of({key: inside})

    # -- from stored indicators ----------------------------------------------------------

    def indicator_rows(
        self, territory: Territory, day: Any, shown: pd.DataFrame
    ) -> tuple[list[Row], list[Row]]:
        """Return the key indicators with their contexts, then all others; latest year of each."""
        latest = shown.sort_values("year").groupby("indicator", sort=False).tail(1)
        by_code = latest.set_index("indicator")
        ordered = [code for code in FIRST if code in by_code.index]
        ordered += sorted(set(by_code.index) - set(ordered))
        known = indicators_by_code(ordered)
        key = list(known)[:MOST_KEY_INDICATORS] if len(known) <= MOST_KEY_INDICATORS else [
            code for code in known if code in FIRST
        ]  # fmt: skip
        rows = {code: self._row(known[code], territory, day, by_code.loc[code]) for code in key}
        others = [self._plain(known[code], by_code.loc[code]) for code in known if code not in rows]
        return list(rows.values()), others

    def _plain(self, indicator: Any, row: Any) -> Row:
        value = figure_of(indicator, row["value"], row["standing"])
        return Row(
            indicator.label,
            value,
            str(row["year"]),
            note=row["note"],
            theme=indicator.theme,
            code=indicator.code,
        )

    def _row(self, indicator: Any, territory: Territory, day: Any, row: Any) -> Row:
        plain = self._plain(indicator, row)
        year = int(row["year"])
        is_quarter = territory.level in QUARTERS
        if np.isnan(row["value"]) or not is_quarter or not self.is_open(indicator.code, year):
            return plain
        cities = wholes_of(territory, day, Level.COMMUNE)[:1]
        references = [Reference(city.pk, city.name, without_quarters=True) for city in cities]
        own = gaps(indicator, [territory.pk], year, references, level=territory.level)
        everyone = self.everyone(territory)
        found = [*own[territory.pk]]
        found.append(gap_to_all(indicator, [territory.pk], everyone, year)[territory.pk])
        place = standings(indicator, [territory.pk], year, generation=territory.generation)
        # How many people live there is no rank among quarters worth a word.
        ranked = "" if indicator.is_additive else place_among(place[territory.pk])
        contexts = [] if indicator.is_additive else [context_of_gap(indicator, g) for g in found]
        return Row(
            plain.label, plain.value, plain.year, contexts, ranked, plain.note, plain.theme,
            plain.code,
        )  # fmt: skip

    def everyone(self, like: Territory) -> list[int]:
        """Return the ids of all quarters of a generation, asked once."""
        key = (like.level, like.generation)
        if key not in self._everyone:
            self._everyone[key] = quarters_of_generation(like)
        return self._everyone[key]

    def spread(self, code: str, like: Territory) -> pd.DataFrame:
        """Return an indicator's values in every quarter of a generation, read once."""
        key = ("spread", code, like.level, like.generation)
        if key not in self._sums:
            self._sums[key] = shown_figures(
                self.person, level=like.level, generation=like.generation, codes=[code]
            )
        return self._sums[key]

    def figures_of(self, territory: Territory) -> pd.DataFrame:
        """Return every figure of a territory that the person may see."""
        return shown_figures(self.person, territories=[territory.pk])


def _shape(outline: Perimeter) -> Any:
    return shapely.from_wkb(bytes(outline.geom_3857.wkb))


def _drawn(territories: Sequence[int]) -> Any:
    frame = outlines(territories, WEB)
    return shapely.union_all(frame.geometry.to_numpy())
