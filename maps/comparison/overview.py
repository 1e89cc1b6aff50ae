"""Charts of more than one indicator, in rows and in words: a scatter, the typology, the targets."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maps.comparison.readings import LEAST, Cell, Reading, capital
from maps.comparison.selection import Selection
from maps.comparison.table import Column, Comparison, pair
from maps.figures import Figure, figure_of, quantity
from maps.followup.words import PROGRESS
from maps.panel import Person, citations
from maps.portraits.around import COUNTED, frameworks_of, stands_seen
from maps.typologies import Heat
from observatory.models import Framework, Territory

# Under this many quarters a correlation tells nothing.
LEAST_FOR_CORRELATION, CLEAR = 8, 0.3
# In robust deviations from the median of the quarters classed.
HEAT_EDGES = (-1.5, -0.5, 0.5, 1.5)


def pair_of(found: Comparison, selection: Selection) -> tuple[Column, Column] | None:
    """Return the two columns drawn against each other: those asked for, else the first two."""
    asked = [found.column(code) for code in selection.pair]
    x, y = asked[0], asked[1]
    if x is None or y is None or x is y:
        if len(found.columns) < LEAST:
            return None
        x, y = found.columns[0], found.columns[1]
    return (x, y) if len(pair(found, (x, y))) >= LEAST else None


def scatter_reading(found: Comparison, columns: tuple[Column, Column]) -> Reading:
    """Return the two values of each quarter, and whether they go together."""
    rows: list[tuple[str, str, list[Cell]]] = [
        (one.code, one.name, [column.figure(one) for column in columns]) for one in found.quarters
    ]
    both = pair(found, columns)
    words = ngettext(
        "{count} quartier a les deux valeurs, sur {all}.",
        "{count} quartiers ont les deux valeurs, sur {all}.",
        len(both),
    )
    said = [words.format(count=len(both), all=len(rows)), _together(both)]
    x, y = columns
    return Reading(
        "nuage",
        f"{x.indicator.label} / {y.indicator.label}",
        [one for one in said if one],
        [f"{column.indicator.label}, {column.year}" for column in columns],
        rows,
        _merged(x.sources, y.sources),
    )


def _merged(*lists: list[dict[str, str]]) -> list[dict[str, str]]:
    return [dict(told) for told in dict.fromkeys(tuple(s.items()) for one in lists for s in one)]


def _together(both: pd.DataFrame) -> str:
    x, y = both["x"], both["y"]
    if len(x) < LEAST_FOR_CORRELATION or x.nunique() < LEAST or y.nunique() < LEAST:
        return _("Trop peu de quartiers pour dire si les deux vont ensemble.")
    from scipy.stats import spearmanr  # long to read, and for this one number

    value = float(spearmanr(x, y).statistic)
    words = _("Les deux n’ont pas de lien net (corrélation des rangs : {value}).")
    if value >= CLEAR:
        words = _("Les deux montent ensemble (corrélation des rangs : {value}).")
    elif value <= -CLEAR:
        words = _("Quand l’un monte, l’autre descend (corrélation des rangs : {value}).")
    told = _("Deux choses qui vont ensemble ne sont pas pour autant cause l’une de l’autre.")
    return f"{words.format(value=quantity(value, '', 2))} {told}"


# -- the typology ----------------------------------------------------------------------------


def heat_reading(heat: Heat, sources: list[dict[str, str]]) -> Reading:
    """Return class, certainty and values of each quarter, the most precarious class first."""
    rows: list[tuple[str, str, list[Cell]]] = []
    values: Any = heat.values
    for row in heat.rows:
        stability = None if row.stability is None else 100 * row.stability
        cells: list[Cell] = [
            _("sans classe") if row.number is None else str(row.number),
            Figure(stability, "%", 0),
        ]
        for indicator in heat.indicators:
            cells.append(figure_of(indicator, values.at[row.territory_id, indicator.code]))
        rows.append((row.territory.code, row.territory.name, cells))
    headings = [_("Classe"), _("Stabilité"), *(one.label for one in heat.indicators)]
    return Reading("typologie", heat.typology.name, _sizes(heat), headings, rows, sources)


def _sizes(heat: Heat) -> list[str]:
    counts = Counter(row.number for row in heat.rows)
    said = [_("La classe 1 est la plus précaire ; une classe résume, elle n’ouvre aucun droit.")]
    for number in sorted(one for one in counts if one is not None):
        words = ngettext(
            "Classe {number} : {count} quartier.", "Classe {number} : {count} quartiers.",
            counts[number],
        )  # fmt: skip
        said.append(words.format(number=number, count=counts[number]))
    if counts[None]:
        words = ngettext(
            "{count} quartier sans classe : trop de valeurs manquent.",
            "{count} quartiers sans classe : trop de valeurs manquent.",
            counts[None],
        )
        said.append(words.format(count=counts[None]))
    return said


def heat_level(deviation: float) -> int:
    """Return the step of a deviation, 1 (much better) to 5 (much worse); 0 where there is none.

    >>> [heat_level(one) for one in (-2.0, -0.6, 0.0, 0.6, 2.0, float("nan"))]
    [1, 2, 3, 4, 5, 0]
    """
    if np.isnan(deviation):
        return 0
    return 1 + sum(deviation >= edge for edge in HEAT_EDGES)


# -- the targets -----------------------------------------------------------------------------


def targets_readings(person: Person, territory: Territory) -> list[tuple[str, Reading]]:
    """Return code and targets of each référentiel of a territory, by where they stand."""
    told = [(one.code, targets_of(person, one)) for one in frameworks_of(person, [territory])]
    return [(code, reading) for code, reading in told if reading.rows]


def targets_of(person: Person, framework: Framework) -> Reading:
    """Return the targets of a référentiel, reached ones first."""
    stands = stands_seen(person, framework)
    order = {progress: place for place, progress in enumerate(COUNTED)}
    rows: list[tuple[str, str, list[Cell]]] = []
    for target, stand in sorted(stands, key=lambda told: order[told[1].progress]):
        indicator = target.indicator
        value = figure_of(indicator, stand.value)
        year = "" if stand.year is None or value.value is None else str(stand.year)
        cells: list[Cell] = [
            str(PROGRESS[stand.progress]), target.stated, value, year,
            "" if target.horizon is None else str(target.horizon),
        ]  # fmt: skip
        rows.append((indicator.code, indicator.label, cells))
    counts = Counter(stand.progress for _target, stand in stands)
    said = [
        _("{label} : {count}.").format(
            label=capital(str(COUNTED[progress])), count=counts[progress]
        )
        for progress in COUNTED
        if counts[progress]
    ]
    headings = [_("Où elle en est"), _("Cible"), _("Valeur"), _("Année"), _("Échéance")]
    sources = citations([framework.source_id])
    return Reading("cibles", framework.title, said, headings, rows, sources)
