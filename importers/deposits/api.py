"""Deposits over HTTP: the same service as the pages and the command.

Everything but ``shared/`` answers the depositor's organisation alone; another one's deposit is
not told from one that does not exist.
"""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from importers.deposits import errors, lookup, results, review, service, shared
from importers.deposits.background import queue_deposit
from importers.deposits.forms import DepositForm, LookupForm
from importers.deposits.models import Deposit
from importers.deposits.opening import MOST_BYTES
from importers.deposits.rights import reads_shared
from importers.deposits.upload import MemoryUpload
from importers.errors import ImporterError
from importers.matching.errors import NoReference
from observatory.errors import ObservatoryError
from observatory.models import User

STATUS = {
    errors.MayNotDeposit: status.HTTP_403_FORBIDDEN,
    errors.NotForThisContract: status.HTTP_403_FORBIDDEN,
    errors.UnknownDeposit: status.HTTP_404_NOT_FOUND,
    errors.TooLarge: status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
    errors.KeyDestroyed: status.HTTP_410_GONE,
    errors.QuotaReached: status.HTTP_409_CONFLICT,
    errors.Busy: status.HTTP_409_CONFLICT,
    errors.OverlapUnknown: status.HTTP_409_CONFLICT,
    NoReference: status.HTTP_503_SERVICE_UNAVAILABLE,
}
MOST_ROWS = 200
Answer = Response | HttpResponse
PLAIN = extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)


class _Refused(APIException):
    """A failure of deposits, told as it is."""

    def __init__(self, error: ObservatoryError) -> None:
        self.status_code = STATUS.get(type(error), status.HTTP_400_BAD_REQUEST)
        advice = getattr(error, "advice", "")
        super().__init__(" ".join(filter(None, (str(error), advice))), type(error).__name__)


class DepositView(APIView):
    """What all views of deposits share: a signed-in depositor, and answers nobody keeps."""

    permission_classes = [IsAuthenticated]
    parser_classes = [JSONParser, FormParser, MultiPartParser]

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """Keep uploads off the disk."""
        request.upload_handlers = [MemoryUpload(request)]
        return super().initialize_request(request, *args, **kwargs)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Let no cache keep what is one organisation's own."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "no-store"
        return answer

    def handle_exception(self, exc: Exception) -> Response:
        """Answer the failures of deposits in their own words."""
        if isinstance(exc, ImporterError | NoReference):
            exc = _Refused(exc)
        return super().handle_exception(exc)

    @property
    def account(self) -> User:
        """Return who asks."""
        return cast(User, self.request.user)

    def own(self, number: int) -> Deposit:
        """Return a deposit of the account's organisation."""
        return service.own_deposit(self.account, number)


def told(deposit: Deposit) -> dict[str, Any]:
    """Return what its depositor reads of a deposit."""
    run = deposit.run
    return {
        "id": deposit.pk,
        "scheme": deposit.scheme,
        "contract": deposit.contract.code if deposit.contract else None,
        "period": [deposit.period_from.isoformat(), deposit.period_to.isoformat()],
        "unit": deposit.unit,
        "address_role": deposit.address_role,
        "file": deposit.file_name,
        "state": deposit.state,
        "version": deposit.version,
        "replaces": deposit.replaces_id,
        "columns": deposit.columns,
        "discarded": deposit.discarded,
        "message": deposit.message,
        "problem": deposit.problem,
        "purge_on": deposit.purge_on.isoformat(),
        "shared": shared.standing(deposit),
        "placed_since_shared": deposit.placed_since_shared,
        "rows_done": run.done_units if run else 0,
        "rows_expected": run.total_units if run else None,
    }


class Deposits(DepositView):
    """The organisation's deposits; a POST takes a file in."""

    @PLAIN
    def get(self, request: Request) -> Answer:
        """List the organisation's deposits, newest first."""
        return Response({"deposits": [told(one) for one in service.own_deposits(self.account)]})

    @PLAIN
    def post(self, request: Request) -> Answer:
        """Take a file in; columns are proposed, nothing is located yet."""
        service.check_may_deposit(self.account)
        data, files = _body(request), request.FILES
        if request.META.get("observatory.too_large"):
            raise errors.TooLarge(MOST_BYTES)
        form = DepositForm(data, files, user=self.account)
        if not form.is_valid():
            return Response({"errors": form.errors}, status=status.HTTP_400_BAD_REQUEST)
        deposit = service.take(form.cleaned_data["file"], form.ask(), self.account,
                               form.cleaned_data["replaces"])  # fmt: skip
        copy = service.earlier_copy(deposit)
        body = told(deposit) | {"same_file_as": copy.pk if copy else None}
        return Response(body, status=status.HTTP_201_CREATED)


class OneDeposit(DepositView):
    """One deposit: where it stands; DELETE removes it and withdraws what was shared of it."""

    @PLAIN
    def get(self, request: Request, number: int) -> Answer:
        """Tell where the deposit stands."""
        return Response(told(self.own(number)))

    @PLAIN
    def delete(self, request: Request, number: int) -> Answer:
        """Remove the deposit."""
        service.delete(self.own(number), self.account.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Start(DepositView):
    """Confirms the columns and starts the work."""

    @PLAIN
    def post(self, request: Request, number: int) -> Answer:
        """Start, with the columns proposed or with those given as {"columns": {role: name}}."""
        deposit = self.own(number)
        columns = _body(request).get("columns")
        if columns is not None:
            if not isinstance(columns, dict):
                raise errors.BadChoice("columns is not an object of role: name.", "")
            service.choose_columns(deposit, {str(k): str(v) for k, v in columns.items()})
        return Response(told(queue_deposit(deposit)), status=status.HTTP_202_ACCEPTED)


class Cancel(DepositView):
    """Stops a deposit."""

    @PLAIN
    def post(self, request: Request, number: int) -> Answer:
        """Ask the work to stop."""
        deposit = self.own(number)
        service.cancel(deposit)
        deposit.refresh_from_db()
        return Response(told(deposit), status=status.HTTP_202_ACCEPTED)


class Purge(DepositView):
    """Destroys rows and key before their date."""

    @PLAIN
    def post(self, request: Request, number: int) -> Answer:
        """Purge now; the counts stay."""
        deposit = self.own(number)
        service.purge(deposit, self.account.pk)
        return Response(told(deposit))


class ShareAgain(DepositView):
    """Shares the figures as they stand after the review."""

    @PLAIN
    def post(self, request: Request, number: int) -> Answer:
        """Pass the counts of now through the gate, in place of what was shared."""
        deposit = self.own(number)
        review.share_again(deposit)
        deposit.refresh_from_db()
        return Response(told(deposit))


class Result(DepositView):
    """The depositor's own exact counts."""

    @PLAIN
    def get(self, request: Request, number: int) -> Answer:
        """Return counts by zone, both shares and their bounds."""
        deposit = self.own(number)
        service.note(deposit, "read result", self.account.pk)
        return Response(results.exact_result(deposit))


class ReviewList(DepositView):
    """Rows left to the depositor."""

    @PLAIN
    def get(self, request: Request, number: int) -> Answer:
        """List rows from ``offset``, with their candidates."""
        deposit = self.own(number)
        offset = _whole(request.query_params.get("offset"), 0)
        limit = min(_whole(request.query_params.get("limit"), 20), MOST_ROWS)
        rows = review.waiting(deposit, self.account.pk, limit, offset)
        return Response({"left": review.left(deposit), "rows": [row.as_dict() for row in rows]})


class ReviewRow(DepositView):
    """Places one row, or all rows written like it."""

    @PLAIN
    def post(self, request: Request, number: int, row: int) -> Answer:
        """Place the row: {"candidate": 0} or {"lon": …, "lat": …}, and "alike": true for all."""
        deposit, data = self.own(number), _body(request)
        ask: dict[str, Any] = {"alike": bool(data.get("alike")), "actor": self.account.pk}
        if "candidate" in data:
            count = review.choose(deposit, row, _whole(data["candidate"], -1), **ask)
        else:
            count = review.place(deposit, row, _point(data), **ask)
        return Response({"placed": count, "left": review.left(deposit)})


class ReviewTable(DepositView):
    """The rows left to review as a table."""

    @PLAIN
    def get(self, request: Request, number: int) -> Answer:
        """Download them, to correct and deposit again."""
        return review_table(self.own(number), self.account)


def review_table(deposit: Deposit, account: User) -> HttpResponse:
    """Return the table of rows left to review as a download."""
    table = review.as_csv(deposit, account.pk)
    response = HttpResponse(table, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="a-corriger-{deposit.pk}.csv"'
    response["Cache-Control"] = "no-store"
    return response


class Shared(DepositView):
    """What every partner may read of all deposits of its contracts: gated figures."""

    @PLAIN
    def get(self, request: Request) -> Answer:
        """List the figures shared, by scheme."""
        return Response({"schemes": shared.figures(reads_shared(self.account))})


class Lookup(DepositView):
    """The zones of one address; POST only, so that no log holds it."""

    @PLAIN
    def post(self, request: Request) -> Answer:
        """Return the zones of {"address": …, "postcode": …, "city": …, "on": …}."""
        service.check_may_deposit(self.account)
        form = LookupForm(_body(request))
        if not form.is_valid():
            return Response({"errors": form.errors}, status=status.HTTP_400_BAD_REQUEST)
        asked = form.cleaned_data
        answer = lookup.look_up(
            asked["address"], asked["on"] or timezone.localdate(), asked["postcode"], asked["city"]
        )
        return Response(answer.as_dict())


def _body(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise errors.BadChoice("The body is not an object.", "Send {…}.")
    return request.data


def _whole(given: Any, default: int) -> int:
    text = str(given if given is not None else default)
    if not text.isdecimal() or len(text) > 9:
        raise errors.BadChoice("A whole number is expected.", "")
    return int(text)


def _point(data: Any) -> tuple[float, float]:
    try:
        return float(data["lon"]), float(data["lat"])
    except (KeyError, TypeError, ValueError):
        raise errors.BadChoice("Give a candidate, or lon and lat in degrees.", "") from None


app_name = "deposits-api"
urlpatterns = [
    path("", Deposits.as_view(), name="list"),
    path("shared/", Shared.as_view(), name="shared"),
    path("lookup/", Lookup.as_view(), name="lookup"),
    path("<int:number>/", OneDeposit.as_view(), name="one"),
    path("<int:number>/start/", Start.as_view(), name="start"),
    path("<int:number>/cancel/", Cancel.as_view(), name="cancel"),
    path("<int:number>/purge/", Purge.as_view(), name="purge"),
    path("<int:number>/share/", ShareAgain.as_view(), name="share"),
    path("<int:number>/result/", Result.as_view(), name="result"),
    path("<int:number>/review/", ReviewList.as_view(), name="review"),
    path("<int:number>/review.csv", ReviewTable.as_view(), name="review-table"),
    path("<int:number>/review/<int:row>/", ReviewRow.as_view(), name="review-row"),
]
