"""Gaps, ranks, evolutions, euros a head, densities, targets, as JSON and CSV with their sources."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from layers.api import documented as words
from layers.api.densities import Served, density_rows
from layers.api.figures import cell
from layers.api.figures_table import CODE, YEAR
from layers.api.views import person_of
from layers.errors import BadParameter, NoSuchFeature, UnknownPage
from layers.openview import OpenView, answer_json
from layers.parameters import Parameter, Text, day, integer, read_all, word
from observatory.errors import ObservatoryError
from observatory.figures import comparisons, errors
from observatory.figures.comparisons import Asked, Rows, Spending
from observatory.figures.earlywarning import Watched, warning_rows
from observatory.figures.visible import Reader
from observatory.models import Credit, Right, Scope
from observatory.permissions import may

Given = Mapping[str, Any]
MOST_YEARS = 30
REFERENCES = word("reference", r"[0-9A-Za-z._-]{1,40}(,[0-9A-Za-z._-]{1,40}){0,4}", "")
INDICATORS = word("indicators", r"[0-9A-Za-z_-]{1,80}(,[0-9A-Za-z_-]{1,80}){0,9}", "")
CATEGORY = word("category", r"[0-9A-Za-z_-]{1,40}", "")
AGES = word("ages", r"[a-z0-9_]{1,20}(,[a-z0-9_]{1,20}){0,14}", "")
PLACES = (CODE.named("within"), integer("generation", 1990, 2200, ""))
WHAT = (CODE.named("indicator"), *PLACES, word("scope", "|".join(Scope.values), ""))
BETWEEN = (YEAR.named("from"), YEAR.named("to"))
REFUSED: dict[type[ObservatoryError], type[Exception]] = {
    errors.UnknownIndicator: NoSuchFeature,
    errors.TooFewFigures: NoSuchFeature,
    errors.BadParameter: BadParameter,
}


@dataclass(frozen=True)
class Question:
    """One kind of comparison: its parameters, those it cannot do without, what answers it."""

    title: Text
    parameters: tuple[Parameter, ...]
    needed: tuple[str, ...]
    answer: Callable[[Given, Reader], Rows]


def _asked(given: Given) -> Asked:
    return Asked(
        given["indicator"], given["within"], _listed(given.get("reference")),
        given["scope"] or Scope.WHOLE, given["generation"],
    )  # fmt: skip


def _listed(text: str | None) -> list[str]:
    return text.split(",") if text else []


def _years(given: Given) -> range:
    first, last = given["from"], given["to"]
    if not 0 <= last - first < MOST_YEARS:
        raise BadParameter(f"'from' and 'to' hold 1 to {MOST_YEARS} years, in their order.")
    return range(first, last + 1)


def _behind(given: Given, reader: Reader) -> Rows:
    asked = Watched(
        _listed(given["indicators"]), given["within"], _years(given), given["generation"]
    )
    return warning_rows(asked, reader)


def _densities(given: Given, reader: Reader) -> Rows:
    asked = Served(
        given["category"], _listed(given["ages"]), given["within"],
        given["date"] or timezone.localdate(),
    )  # fmt: skip
    return density_rows(asked, reader)


def _money(given: Given, reader: Reader) -> Rows:
    references = _listed(given["reference"])
    if len(references) > 1:
        raise BadParameter("'reference' is one territory here.")
    asked = Spending(
        _years(given), given["within"], next(iter(references), ""),
        given["credit"] or Credit.COMMON, given["phase"] or "", given["generation"],
    )  # fmt: skip
    return comparisons.money_rows(asked, reader)


QUESTIONS: dict[str, Question] = {
    "gaps": Question(
        _("Écarts et rapports aux références"), (*WHAT, YEAR, REFERENCES),
        ("indicator", "within", "year"),
        lambda given, reader: comparisons.gap_rows(_asked(given), given["year"], reader),
    ),
    "ranks": Question(
        _("Rangs et centiles parmi les quartiers du pays"), (*WHAT, *BETWEEN),
        ("indicator", "within", "from", "to"),
        lambda given, reader: comparisons.rank_rows(_asked(given), _years(given), reader),
    ),
    "evolution": Question(
        _("Évolutions entre deux années, et de l’écart"), (*WHAT, *BETWEEN, REFERENCES),
        ("indicator", "within", "from", "to"),
        lambda given, reader: comparisons.evolution_rows(
            _asked(given), given["from"], given["to"], reader
        ),
    ),
    "behind": Question(
        _("Alerte : quartiers qui perdent du terrain"), (INDICATORS, *PLACES, *BETWEEN),
        ("indicators", "within", "from", "to"), _behind,
    ),
    "money": Question(
        _("Euros par habitant et rapport d’effort"),
        (*PLACES, *BETWEEN, REFERENCES, word("credit", "|".join(Credit.values), ""),
         word("phase", "[a-z]{1,30}", "planned, voted, paid")),
        ("within", "from", "to"), _money,
    ),
    "densities": Question(
        _("Équipements pour mille habitants d’un âge"),
        (CATEGORY, AGES, CODE.named("within"), day("date", "")),
        ("category", "ages", "within"), _densities,
    ),
    "targets": Question(
        _("Objectifs chiffrés, où ils en sont"), (CODE.named("contract"), YEAR),
        ("contract", "year"),
        lambda given, reader: comparisons.target_rows(given["contract"], given["year"], reader),
    ),
}  # fmt: skip
PARAMETERS = [
    words.query("indicator", "Code of the indicator.", example="poverty-rate"),
    words.query("indicators", "Codes of up to ten indicators.", example="poverty-rate,gini"),
    words.query("within", "Contract, city or EPT whose quarters are meant.", example="75056"),
    words.query("reference", "Codes of territories to compare with.", example="75056"),
    words.query("year", "Year of the figures.", int, 2019),
    words.query("from", "First year.", int, 2013),
    words.query("to", "Last year.", int, 2019),
    words.query("scope", "Public or zones of the figures.", enum=Scope.values),
    words.query("generation", "Generation of quarters.", int, 2015),
    words.query("credit", "Credit of the effort ratio.", enum=Credit.values),
    words.query("phase", "Planned, voted or paid money alone.", example="paid"),
    words.query("contract", "Code of the contract of the targets.", example="CV-PARIS"),
    words.query("category", "Kind of facility.", example="library"),
    words.query("ages", "Ages of the cells, added up.", example="ind_0_3,ind_4_5"),
    words.DATE,
]


class Comparisons(OpenView):
    """What comparisons there are."""

    @extend_schema(operation_id="listComparisons", summary="Comparisons", responses={200: dict})
    def get(self, request: Request) -> HttpResponse:
        """List the comparisons with their parameters and addresses."""

        def address(route: str, name: str) -> str:
            return request.build_absolute_uri(reverse(f"layers:api:{route}", args=[name]))

        told = [
            {
                "name": name,
                "title": str(question.title),
                "parameters": [parameter.name for parameter in question.parameters],
                "needed": list(question.needed),
                "json": address("comparison", name),
                "csv": address("comparison-file", name),
            }
            for name, question in QUESTIONS.items()
        ]
        return answer_json(request, {"comparisons": told})


class _Compared(OpenView):
    """Shared by both forms: the rows that answer, for whoever asks."""

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Give each refusal its status."""
        if isinstance(exc, ObservatoryError) and type(exc) in REFUSED:
            exc = REFUSED[type(exc)](str(exc), exc.advice)
        return super().handle_exception(exc)

    def rows(self, request: Request, name: str) -> Rows:
        """Return the rows. Raises UnknownPage, BadParameter, NoSuchFeature."""
        question = QUESTIONS.get(name)
        if question is None or not may(person_of(request), Right.VIEW_PUBLIC):
            raise UnknownPage(
                f"No comparison is called {name[:40]!r}.", "The list is at /api/compare/."
            )
        given = read_all(question.parameters, request.GET.lists())
        missing = [one for one in question.needed if given[one] is None]
        if missing:
            raise BadParameter(f"'{missing[0]}' is missing; needed: {', '.join(question.needed)}.")
        return question.answer(given, Reader(person_of(request)))


class Comparison(_Compared):
    """One comparison as JSON."""

    @extend_schema(
        operation_id="compare", summary="Gaps, ranks, evolutions, euros a head, densities, targets",
        description="The parameters of each are listed by /api/compare/. What is not available "
        "says why in `reason`.",
        parameters=PARAMETERS, responses={200: dict, **words.REFUSALS},
    )  # fmt: skip
    def get(self, request: Request, name: str) -> HttpResponse:
        """Answer every row."""
        rows = self.rows(request, name)
        return answer_json(request, {"results": rows, "numberReturned": len(rows)})


class ComparisonFile(_Compared):
    """One comparison as CSV."""

    @extend_schema(
        operation_id="exportComparison", summary="A comparison as CSV", parameters=PARAMETERS,
        responses={(200, "text/csv"): bytes, **words.REFUSALS},
    )  # fmt: skip
    def get(self, request: Request, name: str) -> HttpResponse:
        """Answer the file."""
        rows = self.rows(request, name)
        text = io.StringIO()
        writer = csv.writer(text)
        if rows:
            writer.writerow(rows[0])
        writer.writerows([cell(value) for value in row.values()] for row in rows)
        response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        response.headers["Cache-Control"] = "private, no-store"
        return response
