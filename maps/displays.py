"""The three ways to show an indicator on a map: its value, the count behind it, its change.

A count is never shaded: it is drawn as circles. A change is a difference in points for a share, in
percent of the first year for a count, in the unit of the figure otherwise; none is given across a
break of the series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from maps.errors import BadChoice
from maps.figures import IN_POINTS, NO_BREAK, unit_of
from observatory.figures.series import breaks_of
from observatory.models import Indicator, Nature, Standing

VALUE, COUNT, CHANGE = "valeur", "effectif", "evolution"
WAYS = {
    VALUE: gettext_lazy("Part ou valeur"),
    COUNT: gettext_lazy("Effectif (cercles)"),
    CHANGE: gettext_lazy("Évolution"),
}


@dataclass(frozen=True)
class Told:
    """The figure of a map: an indicator in a year, shown one way.

    ``additive`` figures are drawn as circles; ``since`` is the first year of a change. ``ways``,
    ``years`` and ``starts`` are what could be asked for instead: starts are years a change up to
    ``year`` may begin with. ``over_years`` are the values of every year, shown the same way; a
    change has but its own.
    """

    code: str
    label: str
    year: int
    unit: str
    decimals: int
    additive: bool
    sources: tuple[int, ...]
    way: str = VALUE
    since: int | None = None
    ways: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()
    over_years: tuple[float, ...] = ()

    @property
    def title(self) -> str:
        """Return what the map shows, in words; a sign of percent never begins a line."""
        label = self.label.replace(" %", f"{NO_BREAK}%")
        if self.way == CHANGE:
            return _("{label}, évolution de {since} à {year}").format(
                label=label, since=self.since, year=self.year
            )
        return _("{label}, {year}").format(label=label, year=self.year)


def ways_of(indicator: Indicator, shown: pd.DataFrame) -> list[str]:
    """Return the ways an indicator can be shown, the usual one first."""
    ways = [COUNT] if indicator.is_additive else [VALUE]
    of_persons = indicator.nature == Nature.SHARE and bool(shown["numerator"].notna().any())
    if of_persons:
        ways.append(COUNT)
    if indicator.nature != Nature.CHANGE and shown.dropna(subset=["value"])["year"].nunique() > 1:
        ways.append(CHANGE)
    return ways


def display(
    indicator: Indicator, shown: pd.DataFrame, year: int | None, way: str, since: int | None
) -> tuple[pd.DataFrame, Told]:
    """Return ``value``, ``standing`` and ``source`` by territory, and what they tell.

    ``shown`` are the figures of one indicator (maps/panel.py). Raises BadChoice.
    """
    ways = ways_of(indicator, shown)
    way = way or ways[0]
    if way not in ways:
        raise BadChoice(_("Cet indicateur ne se montre pas de cette façon ici."))
    last = shown[shown["year"] == year].set_index("territory")
    if year is None or last.empty:
        raise BadChoice(_("Aucune valeur de cet indicateur ici, cette année-là."))
    unit, decimals = unit_of(indicator), indicator.decimals
    if way == CHANGE:
        since = since or _first_comparable(indicator, shown, year)
        rows = _change(indicator, shown, last, since, year)
        unit, decimals = _unit_of_change(indicator, unit, decimals)
    elif way == COUNT and not indicator.is_additive:
        rows = last.assign(value=last["numerator"])
        unit, decimals = "", 0
    else:
        rows = last
    sources = tuple(sorted({int(one) for one in rows["source"]}))
    label = _label(indicator, way)
    told = Told(
        indicator.code, label, year, unit, decimals, way == COUNT, sources, way,
        since if way == CHANGE else None, tuple(ways),
        tuple(sorted({int(one) for one in shown["year"]}, reverse=True)),
        tuple(years_before(indicator, shown, year)), _over_years(indicator, shown, way),
    )  # fmt: skip
    return rows[["value", "standing", "source"]], told


def _over_years(indicator: Indicator, shown: pd.DataFrame, way: str) -> tuple[float, ...]:
    if way == CHANGE:
        return ()
    name = "numerator" if way == COUNT and not indicator.is_additive else "value"
    return tuple(shown[name].dropna().tolist())


def _label(indicator: Indicator, way: str) -> str:
    if way != COUNT or indicator.is_additive:
        return str(indicator.label)
    return indicator.numerator or _("{label}, effectif").format(label=indicator.label)


def _unit_of_change(indicator: Indicator, unit: str, decimals: int) -> tuple[str, int]:
    if indicator.nature in IN_POINTS:
        return _("pts"), max(decimals, 1)
    return ("%", 1) if indicator.is_additive else (unit, decimals)


def years_before(indicator: Indicator, shown: pd.DataFrame, year: int) -> list[int]:
    """Return the years a change up to ``year`` may start from: none from before a break."""
    breaks = breaks_of([indicator.code])
    known = sorted({int(one) for one in shown.dropna(subset=["value"])["year"]})
    anywhere = -1  # no territory has this id: what breaks for it breaks everywhere
    return [
        one for one in known
        if one < year and not breaks.between(indicator.code, anywhere, one, year)
    ]  # fmt: skip


def _first_comparable(indicator: Indicator, shown: pd.DataFrame, year: int) -> int:
    found = years_before(indicator, shown, year)
    if not found:
        raise BadChoice(_("Aucune année d’avant ne se compare à celle-ci."))
    return found[0]


def _change(
    indicator: Indicator, shown: pd.DataFrame, last: pd.DataFrame, since: int, year: int
) -> pd.DataFrame:
    if since not in years_before(indicator, shown, year):
        raise BadChoice(
            _("De {since} à {year}, rien ne se compare : données absentes ou rupture de série.")
            .format(since=since, year=year)
        )  # fmt: skip
    first = shown[shown["year"] == since].set_index("territory").reindex(last.index)
    value = last["value"] - first["value"]
    if indicator.is_additive:
        value = 100 * value / first["value"].where(first["value"] > 0)
    breaks = breaks_of([indicator.code])
    parted = [bool(breaks.between(indicator.code, int(one), since, year)) for one in last.index]
    value = value.mask(np.array(parted, dtype=bool))
    kept_back = (last["standing"] == Standing.WITHHELD) | (first["standing"] == Standing.WITHHELD)
    standing = np.where(kept_back, Standing.WITHHELD, np.where(value.isna(), "", last["standing"]))
    return last.assign(value=value, standing=standing)
