"""A portrait: all that is said of one territory, worked out once for the page and for the PDF."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd
from django.utils.translation import gettext as _

from maps.figures import quantity
from maps.panel import Person, citations
from maps.places import QUARTERS, day_of, latest_quarters, outline_of, wholes_of
from maps.portraits import around
from maps.portraits.evolution import Series, series_of
from maps.portraits.keyfigures import Comparisons
from maps.portraits.rows import Row, caution
from observatory.models import Perimeter, Territory

MOST_PARTS = 60
HECTARE = 10_000


@dataclass(frozen=True)
class Portrait:
    """What a portrait tells. ``key`` rows have contexts, ``others`` are values alone."""

    territory: Territory
    outline: Perimeter | None
    wholes: list[Territory]
    parts: list[Territory]
    grid: list[Row]
    key: list[Row]
    others: list[Row]
    series: list[Series]
    facilities: around.Facilities | None
    promises: list[around.Promises]
    money: list[around.Money]
    reached: list[around.Reached]
    in_class: around.InClass | None
    sources: list[dict[str, str]]
    cautions: list[str] = field(default_factory=list)
    demonstration: bool = False

    @property
    def is_quarter(self) -> bool:
        """Whether the territory is a quarter of the policy."""
        return self.territory.level in QUARTERS

    @property
    def is_empty(self) -> bool:
        """Whether no figure at all is known."""
        return not (self.grid or self.key or self.others)

    @property
    def is_compared(self) -> bool:
        """Whether any key figure has a gap, a rank or a note to show beside it."""
        return any(row.contexts or row.place or row.note for row in self.key)

    @property
    def hectares(self) -> str:
        """Return the area of the outline, in hectares or in square kilometres."""
        if self.outline is None:
            return ""
        hectares = self.outline.area / HECTARE
        if hectares < 1_000:
            return quantity(hectares, "ha", 1)
        return quantity(hectares / 100, "km²", 1)

    @property
    def themes(self) -> list[tuple[str, list[Row]]]:
        """Return the other figures by theme."""
        found: dict[str, list[Row]] = {}
        for row in self.others:
            found.setdefault(row.theme, []).append(row)
        return sorted(found.items())


def portrait_of(
    person: Person, territory: Territory, comparisons: Comparisons | None = None
) -> Portrait:
    """Work out a portrait; ``comparisons`` are shared by the portraits of an atlas."""
    shared = comparisons or Comparisons(person)
    outline = outline_of(territory)
    day = day_of(outline)
    wholes = wholes_of(territory, day)
    shown = shared.figures_of(territory)
    key, others = shared.indicator_rows(territory, day, shown)
    grid = shared.grid_rows(territory, outline) if outline else []
    facilities = around.facilities_of(person, territory, outline) if outline else None
    promises = around.promises_of(person, [territory, *wholes])
    money, money_sources = around.money_of(person, territory)
    used = _sources(shared, territory, outline, shown, grid, facilities, promises, money_sources)
    quarters = [] if territory.level in QUARTERS else latest_quarters(territory)
    return Portrait(
        territory=territory,
        outline=outline,
        wholes=wholes,
        parts=quarters[:MOST_PARTS],
        grid=grid,
        key=key,
        others=others,
        series=series_of(shared, territory, shown),
        facilities=facilities,
        promises=promises,
        money=money,
        reached=around.reached_in(person, territory),
        in_class=around.class_of(person, territory),
        sources=used,
        cautions=_cautions(used, shown, grid),
        demonstration=territory.source.is_demonstration,
    )


def _sources(
    shared: Comparisons,
    territory: Territory,
    outline: Perimeter | None,
    shown: pd.DataFrame,
    grid: list[Row],
    facilities: around.Facilities | None,
    promises: Iterable[around.Promises],
    money: set[int],
) -> list[dict[str, str]]:
    used: set[int] = {territory.source_id, *shown["source"].tolist(), *money}
    if outline is not None:
        used.add(outline.source_id)
    if grid and shared.dataset is not None:
        used.add(shared.dataset.source_id)
    if facilities is not None:
        used |= facilities.sources
    return citations([*used, *(one.source for one in promises)])


def _cautions(sources: list[dict[str, str]], shown: pd.DataFrame, grid: list[Row]) -> list[str]:
    found: list[str] = []
    if grid:
        found.append(
            _(
                "Les valeurs « d’après les carreaux » sont des estimations : un carreau compte "
                "pour la part de sa surface qui est dans le périmètre. Elles ne se comparent pas "
                "au recensement."
            )
        )
    if (shown["standing"] == "withheld").any():
        found.append(_("« retenu » : la valeur existe mais porte sur trop peu de personnes."))
    for source in sources:
        found += [caution(line.strip()) for line in source["cautions"].splitlines() if line.strip()]
    return list(dict.fromkeys(found))


def portrayed_in(contract: Territory) -> list[Territory]:
    """Return the quarters of a contract, latest generation alone, in the order of their codes."""
    return sorted(latest_quarters(contract), key=lambda quarter: quarter.code)
