"""The rows of a portrait's table of key figures: a value, and its gap in each context."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from maps.figures import Figure, difference_of, figure_of, quantity
from maps.portraits.gridsums import GridFigure
from observatory.figures.gaps import Gap, Standing
from observatory.models import Indicator


@dataclass(frozen=True)
class Context:
    """The same figure elsewhere, and the gap to it; ``reason`` says why there is none."""

    label: str
    other: Figure
    gap: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """One key figure. ``place`` tells where it stands among the quarters, in words."""

    label: str
    value: Figure
    year: str
    contexts: list[Context] = field(default_factory=list)
    place: str = ""
    note: str = ""
    theme: str = ""
    code: str = ""


def row_of_grid(one: GridFigure, year: str, own: Figure, others: list[tuple[str, Figure]]) -> Row:
    """Return the row of a figure made of cells; sums have no gap, for places differ in size."""
    contexts = [_grid_context(one, own, label, other) for label, other in others]
    return Row(str(one.label), own, year, contexts if one.under else [], code=one.key)


def _grid_context(one: GridFigure, own: Figure, label: str, other: Figure) -> Context:
    if own.value is None or other.value is None:
        return Context(label, other, reason=_("sans donnée"))
    unit = _("pts") if one.in_points else one.unit
    gap = quantity(own.value - other.value, unit, one.decimals, signed=True)
    return Context(label, other, gap)


def context_of_gap(indicator: Indicator, gap: Gap) -> Context:
    """Return a stored indicator's gap as the page tells it."""
    other = figure_of(indicator, gap.other)
    if gap.difference is None:
        return Context(said(gap.reference), other, reason=said(gap.reason))
    return Context(said(gap.reference), other, difference_of(indicator, gap.difference))


def place_among(standing: Standing | None) -> str:
    """Return where a value stands among the quarters, lowest first."""
    if standing is None or standing.rank is None or standing.known < 2:
        return ""
    return _("rang {rank} sur {known} quartiers, du plus bas au plus haut").format(
        rank=quantity(standing.rank, "", 0), known=quantity(standing.known, "", 0)
    )


# What producers warn of, as declared (importers/products.toml); other words stay as they are.
CAUTIONS = (
    gettext_noop("Ne pas interpréter un carreau isolément."),
    gettext_noop("Ne pas comparer deux millésimes à une échelle plus fine que la commune."),
    gettext_noop("Ne pas comparer une somme de carreaux aux populations du recensement."),
    gettext_noop("Un grand ensemble de logements peut être localisé en un seul point."),
)


def caution(text: str) -> str:
    """Return a producer's warning in the reader's language where it is known."""
    return _(text) if text in CAUTIONS else text


# What observatory/figures/gaps.py says, so that the pages can say it in the reader's language.
def said(text: str) -> str:
    """Return a reason or a reference in the reader's language."""
    known: dict[str, Any] = {
        "la série de référence n’est pas chargée": _("la série de référence n’est pas chargée"),
        "sans numérateur ni dénominateur, le reste ne se calcule pas": _(
            "sans numérateur ni dénominateur, le reste ne se calcule pas"
        ),
        "une médiane n’a pas de reste": _("une médiane n’a pas de reste"),
        "un des quartiers n’est pas renseigné": _("un des quartiers n’est pas renseigné"),
        "un des quartiers déborde de la référence": _("un des quartiers déborde de la référence"),
        "la valeur du quartier n’est pas disponible": _(
            "la valeur du quartier n’est pas disponible"
        ),
        "ensemble des quartiers": _("ensemble des quartiers"),
    }
    if text.endswith(" hors quartiers"):
        return _("{name} hors quartiers").format(name=text.removesuffix(" hors quartiers"))
    return known.get(text, text)
