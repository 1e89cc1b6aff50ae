"""The map of one indicator: territories, year, classes and breaks as the reader chooses them.

The whole choice is in the address; the picture, the legend, the histogram and the file are made
from the same classes, so that they always agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_cookie

from maps.charts.spread import draw_histogram
from maps.charts.theme import CONTENT_TYPES
from maps.choice import (
    chosen_territories,
    citation_of,
    class_words,
    colours,
    values_of,
)
from maps.classes import METHODS, USUAL_CLASSES, Classes, classify
from maps.comparison.selection import LEFT_OUT, wholes
from maps.downloads import file_answer
from maps.errors import BadChoice
from maps.figures import Figure
from maps.panel import Person, fictitious, signed_in
from maps.statics import draw_map
from observatory.figures.visible import visible_observations
from observatory.models import Indicator, Level, Right
from observatory.permissions import may

LEVELS = (Level.QPV, Level.QVA, Level.ARRONDISSEMENT, Level.COMMUNE, Level.IRIS)
PDF = {"pdf": "application/pdf"}


@dataclass(frozen=True)
class Choice:
    """What the address asks for; empty fields take the usual."""

    level: str = Level.QPV
    within: str = ""
    indicator: str = ""
    year: int | None = None
    method: str = "quantiles"
    count: int = USUAL_CLASSES
    breaks: tuple[float, ...] = ()

    @classmethod
    def of(cls, query: QueryDict) -> Choice:
        """Read an address. Raises BadChoice."""
        try:
            year = query.get("annee") or None
            breaks = query.get("bornes", "").replace(",", ".").split(";")
            return cls(
                level=query.get("niveau") or Level.QPV,
                within=query.get("dans", ""),
                indicator=query.get("indicateur", ""),
                year=int(year) if year else None,
                method=query.get("methode") or "quantiles",
                count=int(query.get("classes") or USUAL_CLASSES),
                breaks=tuple(float(one) for one in breaks if one.strip()),
            )
        except ValueError:
            raise BadChoice(
                _("L’année, le nombre de classes et les bornes sont des nombres.")
            ) from None

    def query(self) -> str:
        """Return the address of this choice."""
        pairs = {"niveau": self.level, "dans": self.within, "indicateur": self.indicator}
        pairs |= {"annee": str(self.year or ""), "methode": self.method}
        pairs |= {"classes": str(self.count), "bornes": self.written_breaks}
        return urlencode({name: value for name, value in pairs.items() if value})

    @property
    def written_breaks(self) -> str:
        """Return the breaks as the field writes them."""
        return " ; ".join(f"{one:g}" for one in self.breaks)


def indicators_at(person: Person, level: str) -> list[Indicator]:
    """Return the indicators of which a person may see a figure at a level, by label."""
    seen = visible_observations(signed_in(person)).filter(territory__level=level, period="")
    found = Indicator.objects.filter(pk__in=seen.values("indicator")).exclude(nature__in=LEFT_OUT)
    return sorted(found, key=lambda one: one.label)


@require_safe
@vary_on_cookie
def page(request: HttpRequest) -> HttpResponse:
    """Show the map with its legend, its histogram and its table."""
    context: dict[str, Any] = {"methods": METHODS.items(), "counts": range(2, 9)}
    context |= {"levels": [(str(one), one.label) for one in LEVELS], "wholes": wholes()}
    try:
        choice = Choice.of(request.GET)
        context |= {"choice": choice, "query": choice.query()}
        context |= _shown(request.user, choice)
    except BadChoice as error:
        context |= {"said": str(error), "choice": context.get("choice", Choice())}
    return render(request, "maps/thematic.html", context)


def _shown(person: Person, choice: Choice) -> dict[str, Any]:
    indicators = indicators_at(person, choice.level) if may(person, Right.VIEW_PUBLIC) else []
    if not indicators:
        return {"indicators": [], "nothing": True}
    code = choice.indicator or _usual(indicators)
    context: dict[str, Any] = {"indicators": indicators, "chosen": code}
    territories = chosen_territories(choice.level, within=choice.within)
    frame, told = values_of(person, territories, code, choice.year)
    if told is None:
        return context
    context["demonstration"] = fictitious([*told.sources, *(one.source_id for one in territories)])
    values = frame["value"].to_numpy()
    asked = Choice(
        choice.level, choice.within, code, told.year, choice.method, choice.count, choice.breaks
    )
    context |= {"told": told, "query": asked.query(), "source": citation_of(frame, told)}
    context["rows"] = [
        (row.name, row.code, Figure(_number(row.value), told.unit, told.decimals, row.standing))
        for row in frame.sort_values("value", ascending=False).itertuples()
    ]
    if not told.additive:
        context["legend"] = _legend(classes_of(values, choice, told.decimals), told)
    context["missing"] = int((np.isnan(values) & (frame["standing"] != "withheld")).sum())
    context["withheld"] = int((np.isnan(values) & (frame["standing"] == "withheld")).sum())
    return context


def _usual(indicators: list[Indicator]) -> str:
    known = [one.code for one in indicators]
    return "poverty-rate" if "poverty-rate" in known else known[0]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def classes_of(values: Any, choice: Choice, decimals: int) -> Classes:
    """Return the classes of a map. Raises BadChoice."""
    return classify(values, choice.method, choice.count, given=choice.breaks, decimals=decimals)


def _legend(classes: Classes, told: Any) -> list[tuple[str, str, int]]:
    """Return colour, words and number of territories of each class."""
    words = class_words(classes, told)
    return list(zip(colours(len(words)), words, classes.counts, strict=True))


@require_safe
@vary_on_cookie
def picture(request: HttpRequest, name: str, form: str) -> HttpResponse:
    """Answer the map, or its histogram, exactly as the page shows it."""
    try:
        choice = Choice.of(request.GET)
        body = _drawn(request.user, choice, name, form)
    except BadChoice as error:
        raise Http404(str(error)) from None
    kind = (CONTENT_TYPES | PDF)[form]
    return file_answer(body, kind, f"{name}-{choice.indicator}.{form}", inline=form == "svg")


def _drawn(person: Person, choice: Choice, name: str, form: str) -> bytes:
    if not may(person, Right.VIEW_PUBLIC):
        raise BadChoice(_("Aucun territoire de ce niveau n’est chargé."))
    if name == "carte":
        return draw_map(
            choice.level, choice.indicator, choice.year, within=choice.within,
            method=choice.method, count=choice.count, breaks=choice.breaks, form=form,
            person=person,
        ).body  # fmt: skip
    territories = chosen_territories(choice.level, within=choice.within)
    frame, told = values_of(person, territories, choice.indicator, choice.year)
    if told is None or told.additive:
        raise BadChoice(_("Ce graphique n’a rien à montrer."))
    values = frame["value"].to_numpy()
    return draw_histogram(values, classes_of(values, choice, told.decimals), told, form)
