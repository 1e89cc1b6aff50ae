"""The map of a deposit's result: what passed the gate, quarter by quarter, and never a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from importers.deposits.models import Deposit
from importers.deposits.publishing import published
from maps.asked import Choice
from maps.displays import COUNT, Told
from maps.places import outlines
from maps.statics import draw_thematic
from maps.thematicmap import ThematicMap
from observatory.models import Level, Standing, Territory

QUARTERS = (Level.QPV, Level.QVA)
SIZE = (4.6, 4.6)  # inches: words stay readable at the width of a phone


@dataclass(frozen=True)
class SharedCount:
    """The shared count of one quarter; ``told`` holds ``value`` and ``withheld``."""

    territory: Territory
    told: dict[str, Any]


def shared_counts(deposit: Deposit) -> list[SharedCount]:
    """Return what is shared of each quarter of a deposit, the largest first, withheld ones last."""
    found = {}
    for name, told in published(deposit).items():
        level, _equal, code = name.partition("=")
        if level in QUARTERS and "|" not in code:
            found[level, code] = told
    held = Territory.objects.filter(level__in=QUARTERS, code__in=[code for _level, code in found])
    counts = [
        SharedCount(territory, found[territory.level, territory.code])
        for territory in held
        if (territory.level, territory.code) in found
    ]
    return sorted(counts, key=lambda one: (-(one.told["value"] or 0), one.territory.code))


def draw_result(deposit: Deposit, counts: list[SharedCount]) -> bytes:
    """Return the map as SVG: a circle for each count, a pattern where it is kept back."""
    told = {one.territory.pk: one.told for one in counts}
    frame = outlines(list(told))
    frame["value"] = [told[one]["value"] for one in frame["id"]]
    frame["value"] = frame["value"].astype("float64")
    frame["standing"] = [Standing.WITHHELD if told[one]["withheld"] else "" for one in frame["id"]]
    sources = sorted({one.territory.source_id for one in counts if one.territory.source_id})
    figure = Told(
        "", _("Lignes"), deposit.period_to.year, "", 0, True, tuple(sources), COUNT
    )  # fmt: skip
    return draw_thematic(ThematicMap(Choice(), figure, frame, None), "", "svg", SIZE).body
