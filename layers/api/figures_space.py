"""How many facilities and how many quarters: coverage by a category of facility."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from layers.api import documented as words
from layers.api.views import person_of
from layers.errors import BadParameter
from layers.openview import OpenView, answer_json
from layers.parameters import day, integer, read_all, word
from observatory.figures.facilities import NEAR, Asked, by_quarter, coverage
from observatory.figures.visible import visible
from observatory.models import Facility, Level, Perimeter, Source, Territory

CATEGORY = word("category", r"[a-z_]{1,40}", "")
PARAMETERS = (
    CATEGORY,
    day("date", ""),
    integer("distance", 0, 5_000, ""),
    word("network", r"REP|REP\+", ""),
    word("within", r"[0-9A-Za-z._-]{1,40}", ""),
)


class FacilityCoverage(OpenView):
    """Facilities in, near and attached to the quarters, and the quarters that have one."""

    @extend_schema(
        operation_id="getCoverage",
        summary="Quarters covered by a kind of facility",
        parameters=[
            words.query("category", "Kind of facility.", example="library", required=True),
            words.DATE,
            words.query("distance", "What counts as near, metres.", OpenApiTypes.INT, 300),
            words.query("network", "Priority education network.", enum=["REP", "REP+"]),
            words.query("within", "Code of a territory whose quarters are asked about."),
        ],
        responses={200: dict, **words.REFUSALS},
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer the counts, the shares, and one row per quarter."""
        given = read_all(PARAMETERS, request.GET.lists())
        if given["category"] is None:
            raise BadParameter("'category' is missing: say which facilities.")
        sources = _sources(request)
        asked = Asked(
            str(given["category"]),
            given["date"] or timezone.localdate(),  # type: ignore[arg-type]
            float(NEAR if given["distance"] is None else given["distance"]),  # type: ignore[arg-type]
            str(given["network"] or ""),
            [source.code for source in sources],
        )
        quarters = _quarters(asked, str(given["within"] or ""))
        rows = by_quarter(asked, list(quarters))
        told = coverage(asked, list(quarters)).as_dict()
        body: dict[str, Any] = {
            **told,
            "by_quarter": [
                {**quarters[int(str(pk))], **{name: int(n) for name, n in row.items()}}
                for pk, row in rows.iterrows()
            ],
            "sources": [s.citation() for s in sources.filter(facilities__category=asked.category)
                        .distinct()],
        }  # fmt: skip
        return answer_json(request, body)


def _sources(request: Request) -> Any:
    shown = visible(Facility.objects.all(), person_of(request)).values("source")
    return Source.objects.filter(pk__in=shown)


def _quarters(asked: Asked, within: str) -> dict[int, dict[str, str]]:
    """Return code and name of the quarters in force that day, by id, in order of code."""
    held = Perimeter.objects.in_force().on(asked.day).filter(territory__level=Level.QPV)
    rows = Territory.objects.filter(pk__in=held.values("territory"))
    if within:
        rows = rows.filter(containers__container__code=within).distinct()
    return {t.pk: {"code": t.code, "name": t.name} for t in rows.order_by("code")}
