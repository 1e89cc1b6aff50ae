"""Pages of deposits: list, form, columns, progress, result; and the look-up of one address."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from importers.deposits import errors, lookup, results, review, service, shared
from importers.deposits.background import queue_deposit
from importers.deposits.columns import Role
from importers.deposits.forms import DepositForm, LookupForm
from importers.deposits.models import Deposit, DepositState
from importers.deposits.opening import MOST_BYTES
from importers.deposits.rights import reads_shared
from importers.deposits.upload import MemoryUpload
from importers.errors import ImporterError
from maps.charts.theme import CONTENT_TYPES
from maps.deposits.access import account, for_accounts, for_depositors, may_deposit, own
from maps.deposits.result import table_of
from maps.deposits.result_map import draw_result, shared_counts
from maps.deposits.words import PRIVATE, ROLES, in_words, problem_in_words
from observatory.models import Scheme
from observatory.spreadsheets import harmless

WORKING = (DepositState.QUEUED, DepositState.RUNNING)
COUNTED = (DepositState.DONE, DepositState.PURGED)
SAMPLES = 3


@require_safe
@for_accounts
def deposits(request: HttpRequest) -> HttpResponse:
    """List the deposits of the account's organisation; who only reads goes on to what is shared."""
    if not may_deposit(request) and reads_shared(account(request)) is not None:
        return redirect("maps:deposits-shared")
    found = service.own_deposits(account(request))
    context = {"deposits": found, "organisation": account(request).organisation}
    return render(request, "maps/deposits/list.html", context)


@csrf_exempt  # the upload's way into memory must be set before the token is read from the form
@require_http_methods(["GET", "HEAD", "POST"])
def new_deposit(request: HttpRequest) -> HttpResponse:
    """Show the form of a deposit, and take a file in."""
    request.upload_handlers = [MemoryUpload(request)]
    return _new_deposit(request)


@csrf_protect
@for_depositors
def _new_deposit(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form(request, DepositForm(user=account(request)))
    if request.META.get("observatory.too_large"):
        raise errors.TooLarge(MOST_BYTES)
    form = DepositForm(request.POST, request.FILES, user=account(request))
    if form.is_valid():
        told = form.cleaned_data
        try:
            found = service.take(told["file"], form.ask(), account(request), told["replaces"])
            return redirect("maps:deposit", found.pk)
        except ImporterError as error:
            form.add_error("file", in_words(error))
    return _form(request, form, 400)


def _form(request: HttpRequest, form: DepositForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "schemes": Scheme.objects.values_list("code", "name")}
    return render(request, "maps/deposits/new.html", context, status=status)


@require_safe
@for_depositors
def deposit(request: HttpRequest, number: int) -> HttpResponse:
    """Show one deposit: its columns, its progress, its result or what went wrong."""
    found = own(request, number)
    context: dict[str, Any] = {"deposit": found, "copy": service.earlier_copy(found)}
    if found.state == DepositState.RECEIVED:
        context |= _columns_of(found)
        return render(request, "maps/deposits/columns.html", context)
    if found.state in WORKING:
        return render(request, "maps/deposits/progress.html", context)
    if found.state in COUNTED:
        return _result(request, found, context)
    context["told"] = problem_in_words(found.problem, found.message) if found.problem else ""
    return render(request, "maps/deposits/ended.html", context)


def _columns_of(found: Deposit) -> dict[str, Any]:
    columns, samples = service.samples_of(found)
    private = dict(found.discarded)
    roles = {name: role for role, name in found.columns.items()}
    return {
        "columns": [
            {
                "name": name,
                "samples": _hidden(samples[name], private.get(name, "")),
                "role": roles.get(name, ""),
                "private": PRIVATE.get(private.get(name, ""), ""),
            }
            for name in columns
        ],
        "roles": [(str(role), title) for role, title in ROLES.items()],
    }


def _hidden(samples: list[str], private: str) -> list[str]:
    """Return the first filled cells of a column; of a private one, nothing at all."""
    if private and private != "unneeded":
        return []
    return [cell[:60] for cell in samples if cell.strip()][:SAMPLES]


def _result(request: HttpRequest, found: Deposit, context: dict[str, Any]) -> HttpResponse:
    service.note(found, "read result", account(request).pk)
    result = results.exact_result(found)
    context |= table_of(found, result)
    context["counts"] = shared_counts(found)
    context["standing"] = shared.standing(found)
    context["left"] = sum(review.left(found).values()) if found.state == DepositState.DONE else 0
    return render(request, "maps/deposits/result.html", context)


@require_safe
@for_depositors
def state(request: HttpRequest, number: int) -> HttpResponse:
    """Tell where the work stands, for the progress bar."""
    found = own(request, number)
    run = found.run
    return JsonResponse(
        {
            "working": found.state in WORKING,
            "state": found.get_state_display(),
            "done": run.done_units if run else 0,
            "total": run.total_units if run else None,
        }
    )


@require_POST
@for_depositors
def columns(request: HttpRequest, number: int) -> HttpResponse:
    """Confirm or correct the columns, and start the work."""
    found = own(request, number)
    names, _ = service.samples_of(found)
    chosen: dict[str, str] = {}
    for place, name in enumerate(names):
        role = request.POST.get(f"column-{place}", "")
        if role in set(Role) and role not in chosen:
            chosen[role] = name
    service.choose_columns(found, chosen)
    queue_deposit(found)
    return redirect("maps:deposit", number)


@require_POST
@for_depositors
def cancel(request: HttpRequest, number: int) -> HttpResponse:
    """Ask the work to stop."""
    service.cancel(own(request, number))
    return redirect("maps:deposit", number)


@require_POST
@for_depositors
def purge(request: HttpRequest, number: int) -> HttpResponse:
    """Destroy rows and key now; counts stay."""
    service.purge(own(request, number), account(request).pk)
    return redirect("maps:deposit", number)


@require_POST
@for_depositors
def share_again(request: HttpRequest, number: int) -> HttpResponse:
    """Share the figures as they stand after the review."""
    review.share_again(own(request, number))
    return redirect("maps:deposit", number)


@require_POST
@for_depositors
def delete(request: HttpRequest, number: int) -> HttpResponse:
    """Remove the deposit, and withdraw what was shared of it."""
    service.delete(own(request, number), account(request).pk)
    return redirect("maps:deposits")


@require_safe
@for_depositors
def result_table(request: HttpRequest, number: int) -> HttpResponse:
    """Download the depositor's own counts as a table (semicolons)."""
    found = own(request, number)
    service.note(found, "download result", account(request).pk)
    told = table_of(found, results.exact_result(found))
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
    writer.writerow(["niveau", "code", "nom", "lignes", "toutes_lignes", "lignes_situees",
                     "part_de_toutes", "part_des_situees", "au_moins", "au_plus"])  # fmt: skip
    for zone in told["zones"]:
        shares = (zone["share_of_all"], zone["share_of_located"], *(zone["bounds"] or ("", "")))
        writer.writerow([zone["level"], zone["code"], harmless(zone["name"]),
                         zone["inside"], zone["total"], zone["located"], *shares])  # fmt: skip
    response = HttpResponse("\ufeff" + target.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="resultat-{found.pk}.csv"'
    return response


@require_safe
@for_depositors
def result_map(request: HttpRequest, number: int) -> HttpResponse:
    """Draw what is shared of the deposit, quarter by quarter."""
    found = own(request, number)
    counts = shared_counts(found)
    if not counts:
        raise errors.UnknownDeposit()
    body = draw_result(found, counts)
    return HttpResponse(body, content_type=CONTENT_TYPES["svg"])


@require_safe
@for_accounts
def shared_figures(request: HttpRequest) -> HttpResponse:
    """Show what partners, and whoever shares their contract's material, may read of deposits."""
    schemes = shared.figures(reads_shared(account(request)))
    context = {"schemes": schemes, "only_reads": not may_deposit(request)}
    return render(request, "maps/deposits/shared.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_depositors
def address(request: HttpRequest) -> HttpResponse:
    """Look one address up. Its text comes by POST alone: no log and no history holds it."""
    form = LookupForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        day = asked["on"] or timezone.localdate()
        context["answer"] = lookup.look_up(asked["address"], day, asked["postcode"], asked["city"])
    return render(request, "maps/deposits/address.html", context)
