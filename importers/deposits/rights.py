"""For which contracts an account may deposit, and whose shared figures it may read."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from importers.deposits import errors
from observatory.models import Level, Organisation, Right, Territory, User
from observatory.permissions import may, territories_where

Person = User | AnonymousUser | None


def depositor(user: User) -> Organisation:
    """Return the organisation an account deposits for, somewhere at least. Raises MayNotDeposit."""
    anywhere = may(user, Right.DEPOSIT) or contracts_open_to(user).exists()
    if user.organisation is None or not anywhere:
        raise errors.MayNotDeposit()
    return user.organisation


def contracts_open_to(user: User) -> QuerySet[Territory]:
    """Return the contracts for which an account may deposit."""
    return Territory.objects.filter(_in_reach(user, Right.DEPOSIT, "pk"), level=Level.CONTRACT)


def check_contract(user: User, contract: Territory | None) -> None:
    """Refuse a contract that is not one's own, and none where a right holds on some only.

    Raises NotForThisContract.
    """
    if not may(user, Right.DEPOSIT, contract):
        raise errors.NotForThisContract()


def within_reach(user: Person, right: Right = Right.DEPOSIT) -> Q:
    """Return which deposits a right reaches: all, or those of the contracts it is held on."""
    return _in_reach(user, right, "contract")


def reads_shared(user: User) -> Q:
    """Return whose shared figures an account may read. Raises MayNotDeposit for a stranger."""
    if territories_where(user, Right.VIEW_SHARED) == set():
        raise errors.MayNotDeposit()
    return within_reach(user, Right.VIEW_SHARED)


def _in_reach(user: Person, right: Right, field: str) -> Q:
    where = territories_where(user, right)
    return Q() if where is None else Q(**{f"{field}__in": where})
