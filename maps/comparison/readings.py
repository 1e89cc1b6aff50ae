"""Each chart of an indicator in rows and in words: as drawn, as a file, as read aloud.

The drawing, the table beside it and its CSV are made from the same comparison, so that somebody
who cannot see the drawing reads the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from maps.charts.breaks import break_years
from maps.comparison.references import Against, gaps_over_years
from maps.comparison.table import Column, Comparison, comparable, ranks
from maps.figures import Figure, difference_figure, figure_of, quantity
from maps.portraits.keyfigures import Comparisons
from observatory.models import Indicator, Territory

Cell = Figure | str
LEAST = 2  # quarters or years under which a chart shows nothing
KINDS: dict[str, Promise] = {
    "points": gettext_lazy("Valeurs et références"),
    "courbes": gettext_lazy("Évolution"),
    "ecarts": gettext_lazy("Écart à une référence"),
    "rangs": gettext_lazy("Changement de rang"),
}


@dataclass(frozen=True)
class Reading:
    """A chart as text: a sentence or more, and a row for each quarter (or target)."""

    kind: str
    title: str
    sentences: list[str]
    headings: list[str]
    rows: list[tuple[str, str, list[Cell]]]  # code, name, one cell a heading
    sources: list[dict[str, str]]


def readings_of(
    shared: Comparisons, found: Comparison, column: Column, against: Against, only: str = ""
) -> dict[str, Reading]:
    """Return what can be shown of a column, by kind of chart.

    Gaps are asked year by year: where another kind alone is wanted (``only``) they are left out.
    """
    told = {"points": _points(found, column)}
    series = found.series(column.indicator.code)
    if series.shape[1] >= LEAST:
        told["courbes"] = _lines(found, column, series)
    if series.shape[1] >= LEAST and only in ("", "ecarts"):
        gaps, reason = gaps_over_years(
            shared, column.indicator, found.quarters, [int(str(y)) for y in series], against
        )
        if not reason:
            told["ecarts"] = _gaps(found, column, gaps, against)
    changes = ranks(found, column.indicator.code)
    if len(changes) >= LEAST:
        told["rangs"] = _ranks(found, column, changes)
    return told


def _reading(
    kind: str, column: Column, sentences: list[str], headings: list[str], rows: list[Any]
) -> Reading:
    title = f"{column.indicator.label}, {KINDS[kind]}"
    kept = [sentence for sentence in sentences if sentence]
    return Reading(kind, title, kept, headings, rows, column.sources)


def capital(text: str) -> str:
    """Return a text with a capital at its start alone."""
    return text[:1].upper() + text[1:]


# -- values and references -------------------------------------------------------------------


def _points(found: Comparison, column: Column) -> Reading:
    rows: list[tuple[str, str, list[Cell]]] = [
        (one.code, one.name, [column.figure(one)]) for one in found.quarters
    ]
    rows += [("", capital(mark.label), [mark.value]) for mark in column.marks]
    sentences = [_range(found, column), *_above(found, column), absences(found, column)]
    return _reading("points", column, sentences, [str(column.year)], rows)


def _known(found: Comparison, column: Column) -> list[tuple[float, Territory]]:
    told = [(column.figure(one).value, one) for one in found.quarters]
    return [(value, one) for value, one in told if value is not None]


def _range(found: Comparison, column: Column) -> str:
    known = _known(found, column)
    if not known:
        return _("Aucun quartier n’a de valeur.")
    low, high = min(known, key=lambda k: k[0]), max(known, key=lambda k: k[0])
    if low[0] == high[0]:
        return _("Partout {value}.").format(value=figure_of(column.indicator, low[0]))
    return _("De {low} ({first}) à {high} ({last}).").format(
        low=figure_of(column.indicator, low[0]), first=low[1].name,
        high=figure_of(column.indicator, high[0]), last=high[1].name,
    )  # fmt: skip


def _above(found: Comparison, column: Column) -> list[str]:
    known = [value for value, _one in _known(found, column)]
    said = []
    for mark in column.marks:
        other = mark.value.value
        if other is None or not known:
            continue
        count = sum(value > other for value in known)
        words = ngettext(
            "{count} quartier sur {all} est au-dessus de : {label} ({value}).",
            "{count} quartiers sur {all} sont au-dessus de : {label} ({value}).",
            count,
        )
        said.append(words.format(count=count, all=len(known), label=mark.label, value=mark.value))
    return said


def absences(found: Comparison, column: Column) -> str:
    """Return how many quarters are withheld and how many have no data, in words."""
    figures = [column.figure(one) for one in found.quarters]
    withheld = sum(one.is_withheld for one in figures)
    missing = sum(one.value is None for one in figures) - withheld
    said = []
    if withheld:
        words = ngettext("{count} valeur retenue", "{count} valeurs retenues", withheld)
        said.append(words.format(count=withheld))
    if missing:
        words = ngettext("{count} quartier sans donnée", "{count} quartiers sans donnée", missing)
        said.append(words.format(count=missing))
    return f"{', '.join(said)}." if said else ""


# -- years -----------------------------------------------------------------------------------


def _by_year(
    found: Comparison, indicator: Indicator, table: pd.DataFrame
) -> list[tuple[str, str, list[Cell]]]:
    own = found.panel[found.panel["indicator"] == indicator.code]
    standing = own.set_index(["territory", "year"])["standing"].to_dict()
    values: Any = table
    return [
        (
            one.code, one.name,
            [
                figure_of(indicator, values.at[one.pk, year], standing.get((one.pk, year), ""))
                for year in table.columns
            ],
        )
        for one in found.quarters
    ]  # fmt: skip


def _lines(found: Comparison, column: Column, series: pd.DataFrame) -> Reading:
    rows = _by_year(found, column.indicator, series)
    headings = [str(year) for year in series.columns]
    return _reading("courbes", column, _moves(found, column, series), headings, rows)


def _moves(found: Comparison, column: Column, series: pd.DataFrame) -> list[str]:
    """Say the largest rise and fall between the first and last year that compare."""
    code = column.indicator.code
    table = comparable(code, series).dropna(axis="columns", how="all")
    said = [_("Rupture de série : aucune évolution ne la franchit.")] if break_years(code) else []
    if table.shape[1] < LEAST:
        return said
    change = (table.iloc[:, -1] - table.iloc[:, 0]).dropna()
    names = {one.pk: one.name for one in found.quarters}
    years = {"first": table.columns[0], "last": table.columns[-1]}
    rise = _("De {first} à {last}, la plus forte hausse : {name} ({change}).")
    fall = _("De {first} à {last}, la plus forte baisse : {name} ({change}).")
    for words, part in ((rise, change[change > 0]), (fall, change[change < 0])):
        if len(part):
            far = int(str(part.abs().idxmax()))
            told = difference_figure(column.indicator, part[far])
            said.append(words.format(name=names[far], change=told, **years))
    return said


def _gaps(found: Comparison, column: Column, gaps: pd.DataFrame, against: Against) -> Reading:
    values: Any = gaps
    rows: list[tuple[str, str, list[Cell]]] = [
        (
            one.code, one.name,
            [difference_figure(column.indicator, values.at[one.pk, year]) for year in gaps],
        )
        for one in found.quarters
    ]  # fmt: skip
    sentences = [_("Écart à : {label}.").format(label=against.label), _widening(column, gaps)]
    return _reading("ecarts", column, sentences, [str(year) for year in gaps.columns], rows)


def _widening(column: Column, gaps: pd.DataFrame) -> str:
    table = comparable(column.indicator.code, gaps).dropna(axis="columns", how="all")
    if table.shape[1] < LEAST:
        return ""
    size = table.abs()
    change = (size.iloc[:, -1] - size.iloc[:, 0]).dropna().round(9)
    return _(
        "De {first} à {last}, l’écart se creuse dans {wider} quartiers et se réduit dans {closer}."
    ).format(
        first=table.columns[0], last=table.columns[-1],
        wider=int((change > 0).sum()), closer=int((change < 0).sum()),
    )  # fmt: skip


# -- ranks -----------------------------------------------------------------------------------


def _ranks(found: Comparison, column: Column, table: pd.DataFrame) -> Reading:
    first, last = (str(year) for year in table.columns)
    rows: list[tuple[str, str, list[Cell]]] = []
    for one in found.quarters:
        if one.pk not in table.index:
            rows.append((one.code, one.name, [Figure(None)] * 3))
            continue
        before, after = (int(str(rank)) for rank in table.loc[one.pk])
        move = Figure(after - before, signed=True)
        rows.append((one.code, one.name, [Figure(before), Figure(after), move]))
    headings = [
        _("Rang en {year}").format(year=first),
        _("Rang en {year}").format(year=last),
        _("Différence de rang"),
    ]
    return _reading("rangs", column, _moved(found, table), headings, rows)


def _moved(found: Comparison, table: pd.DataFrame) -> list[str]:
    moves = table.iloc[:, 1] - table.iloc[:, 0]
    names = {one.pk: one.name for one in found.quarters}
    said = [
        _("Le rang 1 est la valeur la plus basse."),
        _(
            "{up} quartiers vont vers un rang plus haut, {down} vers un rang plus bas, "
            "{same} gardent le leur."
        ).format(
            up=int((moves > 0).sum()), down=int((moves < 0).sum()), same=int((moves == 0).sum())
        ),
    ]
    far = int(str(moves.abs().idxmax()))
    if moves[far]:
        before, after = (quantity(float(rank), "", 0) for rank in np.asarray(table.loc[far]))
        said.append(
            _("Le plus grand mouvement : {name}, du rang {before} au rang {after}.").format(
                name=names[far], before=before, after=after
            )
        )
    return said
