"""Follow-up sheets by address: read, fill, hand in, validate, send back; who is late."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request

from layers.api import documented as words
from layers.api.figures_promises import PROMISES
from layers.api.figures_table import CODE, YEAR
from layers.api.views import person_of
from layers.errors import BadParameter, Conflict, Forbidden, LayersError, NoSuchFeature
from layers.openview import OpenView, answer_json
from layers.parameters import read_all
from observatory.errors import ObservatoryError
from observatory.figures import sheets as service
from observatory.figures.errors import BadSheet, NotYours, WrongStep
from observatory.models import FollowUpSheet, Right, Territory, User
from observatory.permissions import may
from observatory.spreadsheets import harmless

SHEETS, RESULTS = ({t.name: t for t in PROMISES}[name] for name in ("sheets", "results"))
STATUSES: dict[type[ObservatoryError], type[LayersError]] = {
    NotYours: Forbidden,
    WrongStep: Conflict,
    BadSheet: BadParameter,
}
Step = Callable[[User | None, FollowUpSheet, str], FollowUpSheet]
STEPS: dict[str, Step] = {
    "submit": lambda user, sheet, reason: service.submit(user, sheet),
    "validate": lambda user, sheet, reason: service.validate(user, sheet),
    "send-back": service.send_back,
}
# The columns of « observatory load sheets », so that a filled table can be given back.
TEMPLATE = ("code", "year", "title", "order", "label", "unit", "previous", "target", "result",
            "result_label", "numerator", "denominator", "formula", "declared", "declared_unit",
            "declared_text", "method", "analysis", "alerts", "adjustment")  # fmt: skip


class _Sheets(OpenView):
    """Refusals of the service, as problem documents."""

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Give each refusal its status."""
        if isinstance(exc, ObservatoryError) and type(exc) in STATUSES:
            exc = STATUSES[type(exc)](str(exc), exc.advice)
        elif isinstance(exc, exceptions.PermissionDenied):
            exc = Forbidden("The request does not come from this site.", "Reload the page.")
        elif isinstance(exc, exceptions.ParseError | exceptions.UnsupportedMediaType):
            exc = BadParameter("The body is not JSON.", "Send application/json.")
        return super().handle_exception(exc)

    def sheet(self, request: Request, code: str) -> FollowUpSheet:
        """Return a sheet the person may read. Raises NoSuchFeature."""
        rows: Any = SHEETS.rows(person_of(request))
        found = rows.filter(code=code).first()
        if found is None:
            raise NoSuchFeature(f"There is no sheet {code[:80]!r}.")
        return found

    def told(self, request: Request, sheet: FollowUpSheet) -> HttpResponse:
        """Answer a sheet as it now stands, with its lines and what the person may do."""
        person = person_of(request)
        fresh = SHEETS.rows(person).get(pk=sheet.pk)
        lines = RESULTS.rows(person).filter(sheet=sheet).order_by("order")
        allowed = service.may_fill(person, fresh) and fresh.state in service.OPEN
        body = {
            **SHEETS.row(fresh),
            "results": [RESULTS.row(line) for line in lines],
            "may_fill": allowed,
            "may_validate": service.may_steer(person, fresh),
        }
        return answer_json(request, body)


class Sheet(_Sheets):
    """One sheet."""

    http_method_names = ["get", "head", "options", "patch"]

    @extend_schema(operation_id="getSheet", summary="A follow-up sheet",
                   responses={200: dict, **words.REFUSALS})  # fmt: skip
    def get(self, request: Request, code: str) -> HttpResponse:
        """Answer one sheet."""
        return self.told(request, self.sheet(request, code))

    @extend_schema(operation_id="fillSheet", summary="Fill one's own sheet", request=dict,
                   responses={200: dict, **words.REFUSALS})  # fmt: skip
    def patch(self, request: Request, code: str) -> HttpResponse:
        """Write words and results."""
        sheet = self.sheet(request, code)
        if not isinstance(request.data, dict):
            raise BadParameter("A sheet is written as one JSON object.")
        return self.told(request, service.fill(person_of(request), sheet, request.data))


class SheetStep(_Sheets):
    """One step of a sheet: submit, validate, send-back."""

    http_method_names = ["post", "options"]

    @extend_schema(operation_id="stepSheet", summary="Hand in, validate or send back", request=dict,
                   responses={200: dict, **words.REFUSALS})  # fmt: skip
    def post(self, request: Request, code: str, step: str) -> HttpResponse:
        """Take the step; ``send-back`` needs a ``reason``."""
        sheet = self.sheet(request, code)
        if step not in STEPS:
            raise NoSuchFeature(f"No step is called {step[:40]!r}.", f"Steps: {', '.join(STEPS)}.")
        reason = request.data.get("reason", "") if isinstance(request.data, dict) else ""
        return self.told(request, STEPS[step](person_of(request), sheet, str(reason)))


class Completeness(_Sheets):
    """How far each actor of a contract is, and what is late."""

    @extend_schema(
        operation_id="getCompleteness", summary="Completeness by actor, sheets overdue",
        parameters=[words.query("contract", "Code of the contract.", required=True),
                    words.query("year", "Year of the sheets.", int, 2015, required=True)],
        responses={200: dict, **words.REFUSALS},
    )  # fmt: skip
    def get(self, request: Request) -> HttpResponse:
        """Answer one row per actor, then the sheets that are late."""
        contract, year = _contract(request)
        late = service.overdue(contract.pk)
        return answer_json(
            request,
            {
                "contract": contract.code,
                "year": year,
                "actors": service.completeness(contract.pk, year),
                "overdue": [SHEETS.row(sheet) for sheet in late if sheet.year == year],
            },
        )


class SheetTemplate(_Sheets):
    """The person's own sheets of a year as a table to fill."""

    @extend_schema(
        operation_id="getSheetTemplate", summary="One's sheets as CSV",
        parameters=[words.query("contract", "Code of the contract.", required=True),
                    words.query("year", "Year of the sheets.", int, 2015, required=True)],
        responses={(200, "text/csv"): bytes, **words.REFUSALS},
    )  # fmt: skip
    def get(self, request: Request) -> HttpResponse:
        """Answer the lines that the person may fill."""
        contract, year = _contract(request)
        person = person_of(request)
        own = service.sheets_of(person, year) if person else []
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(TEMPLATE)
        for sheet in own:
            if sheet.territory_id == contract.pk:
                writer.writerows(_template_lines(sheet))
        response = HttpResponse(buffer.getvalue(), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="fiches-{year}.csv"'
        response.headers["Cache-Control"] = "private, no-store"
        return response


def _template_lines(sheet: FollowUpSheet) -> list[list[Any]]:
    def cell(line: Any, name: str) -> Any:
        value = getattr(line if hasattr(line, name) else sheet, name)
        return "" if value is None else harmless(value)

    return [[cell(line, name) for name in TEMPLATE] for line in sheet.results.all()]


def _contract(request: Request) -> tuple[Territory, int]:
    """Return the contract and year asked for, where one may see what partners share."""
    given = read_all((CODE.named("contract"), YEAR), request.GET.lists())
    if given["contract"] is None or given["year"] is None:
        raise BadParameter("'contract' and 'year' are both needed.")
    found = Territory.objects.filter(code=given["contract"], sheets__isnull=False).first()
    if found is None or not may(person_of(request), Right.VIEW_SHARED, found):
        raise NoSuchFeature(f"There is no contract {given['contract']!r} with sheets.")
    return found, int(str(given["year"]))
