"""Who may see the pages of deposits, and how failures are told there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from importers.deposits import errors, service
from importers.deposits.models import Deposit
from importers.errors import ImporterError
from maps.deposits.words import in_words
from observatory.models import User

View = Callable[..., HttpResponse]
STATUS = {
    errors.MayNotDeposit: 403,
    errors.KeyDestroyed: 410,
    errors.TooLarge: 413,
    errors.OverlapUnknown: 409,
}


def for_depositors(view: View) -> View:
    """Ask for an account that may deposit, and do as ``for_accounts``."""

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        service.check_may_deposit(account(request))
        return view(request, *args, **kwargs)

    return for_accounts(checked)


def for_accounts(view: View) -> View:
    """Ask for an account, keep the answer out of every cache, tell failures in words."""

    @login_required
    @never_cache
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except errors.UnknownDeposit:
            raise Http404 from None
        except ImporterError as error:
            shut = isinstance(error, errors.MayNotDeposit)
            context = {"told": in_words(error), "only_reads": shut}
            status = STATUS.get(type(error), 400)
            return render(request, "maps/deposits/problem.html", context, status=status)

    return guarded


def may_deposit(request: HttpRequest) -> bool:
    """Tell whether the account that asks may deposit somewhere."""
    try:
        return bool(service.check_may_deposit(account(request)))
    except errors.MayNotDeposit:
        return False


def account(request: HttpRequest) -> User:
    """Return the account that asks."""
    return cast(User, request.user)


def own(request: HttpRequest, number: int) -> Deposit:
    """Return a deposit of the account's organisation. Raises UnknownDeposit."""
    return service.own_deposit(account(request), number)
