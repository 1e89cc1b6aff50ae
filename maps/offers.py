"""What the reader of a map of an indicator sees around it, and may choose instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import get_language

from maps.areas import generations
from maps.asked import LEVELS, Choice
from maps.choice import citation_of
from maps.classes import METHODS, MOST_CLASSES
from maps.comparison.selection import LEFT_OUT, wholes
from maps.displays import WAYS
from maps.errors import BadChoice
from maps.levels import level_name
from maps.panel import Person, fictitious, signed_in
from maps.thematicmap import ThematicMap, thematic_map
from observatory.figures.visible import visible_observations
from observatory.models import Indicator, Right
from observatory.permissions import may

USUAL_INDICATOR = "poverty-rate"


def levels_told(person: Person) -> list[tuple[str, str]]:
    """Return the levels of which a person may see a figure; all of them where there is none."""
    seen = visible_observations(signed_in(person)).filter(territory__level__in=LEVELS)
    told = set(seen.order_by().values_list("territory__level", flat=True).distinct())
    return [(str(one), level_name(one)) for one in LEVELS if one in told or not told]


def indicators_at(person: Person, level: str) -> list[Indicator]:
    """Return the indicators of which a person may see a figure at a level, by label."""
    seen = visible_observations(signed_in(person)).filter(territory__level=level, period="")
    found = Indicator.objects.filter(pk__in=seen.values("indicator")).exclude(nature__in=LEFT_OUT)
    return sorted(found, key=lambda one: one.label)


def usual(indicators: list[Indicator]) -> str:
    """Return the indicator shown where none is asked for."""
    known = [one.code for one in indicators]
    return USUAL_INDICATOR if USUAL_INDICATOR in known else known[0]


def in_field(breaks: Sequence[float]) -> str:
    """Return breaks as the reader's language writes them, to be taken up and changed."""
    comma = not (get_language() or "fr").startswith("en")
    written = " ; ".join(f"{one:.15g}" for one in breaks)
    return written.replace(".", ",") if comma else written


def reading_of(person: Person, query: QueryDict) -> dict[str, Any]:
    """Return all that a page shows of the map an address asks for, and ``drawn``, the map.

    What cannot be shown is ``said`` in words, and ``drawn`` is then left out.
    """
    context: dict[str, Any] = {
        "methods": METHODS.items(),
        "counts": range(2, MOST_CLASSES + 1),
        "levels": levels_told(person),
        "wholes": wholes(),
        "choice": Choice(),
    }
    try:
        choice = Choice.of(query)
        context |= {
            "choice": choice,
            "query": choice.query(),
            "shown_breaks": in_field(choice.breaks),
        }
        return context | _shown(person, choice)
    except BadChoice as error:
        return context | {"said": str(error)}


def _shown(person: Person, choice: Choice) -> dict[str, Any]:
    indicators = indicators_at(person, choice.level) if may(person, Right.VIEW_PUBLIC) else []
    if not indicators:
        return {"indicators": [], "nothing": True}
    chosen = replace(choice, indicator=choice.indicator or usual(indicators))
    context: dict[str, Any] = {
        "indicators": indicators,
        "choice": chosen,
        "generations": generations().get(choice.level, []),
    }
    try:
        drawn = thematic_map(person, chosen)
    except BadChoice as error:
        return context | {"said": str(error)}
    return context | _told(drawn)


def _told(drawn: ThematicMap) -> dict[str, Any]:
    told = drawn.told
    assert told is not None  # noqa: S101 - an indicator was chosen
    return {
        "drawn": drawn,
        "told": told,
        "choice": drawn.choice,
        "query": drawn.choice.query(),
        "shown_breaks": in_field(drawn.classes.breaks if drawn.classes else ()),
        "ways": [(one, WAYS[one]) for one in told.ways],
        "source": citation_of(drawn.frame, told),
        "rows": drawn.rows(),
        "legend": drawn.keys,
        "missing": int(drawn.missing.sum()),
        "withheld": int(drawn.withheld.sum()),
        "demonstration": fictitious(told.sources),
    }
