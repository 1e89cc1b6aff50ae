"""What partners may read of each other's deposits: the gated figures that are out."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.db.models import Q

from importers.deposits.models import Deposit, DepositState
from importers.deposits.publishing import is_out, published


class Standing(StrEnum):
    """Where the shared figures of a counted deposit stand."""

    UP_TO_DATE = "up_to_date"
    BEFORE_REVIEW = "before_review"
    NOT_SHARED = "not_shared"


def standing(deposit: Deposit) -> Standing | None:
    """Return where a deposit's shared figures stand; None where nothing was counted yet."""
    if deposit.state not in (DepositState.DONE, DepositState.PURGED):
        return None
    if not is_out(deposit):
        return Standing.NOT_SHARED
    return Standing.BEFORE_REVIEW if deposit.placed_since_shared else Standing.UP_TO_DATE


def shown(reach: Q | None = None) -> list[tuple[Deposit, dict[str, Any]]]:
    """Return the deposits whose figures are shared now, with them: the newest version of each.

    ``reach`` says which deposits (see ``rights.within_reach``); all of them without it.
    """
    found = Deposit.objects.filter(
        reach or Q(), state__in=[DepositState.DONE, DepositState.PURGED]
    ).select_related("organisation", "contract")
    told = [(one, published(one)) for one in found]
    # A version that could not be checked leaves the figures of the older one standing.
    replaced = {one.replaces_id for one, figures in told if one.replaces_id and figures}
    return [(one, figures) for one, figures in told if figures and one.pk not in replaced]


def figures(reach: Q | None = None) -> list[dict[str, Any]]:
    """Return the figures that are shared, by deposit, and nothing that names a file."""
    return [
        {
            "organisation": str(one.organisation),
            "scheme": one.scheme,
            "contract": one.contract.code if one.contract else None,
            "period": [one.period_from.isoformat(), one.period_to.isoformat()],
            "unit": one.unit,
            "figures": told,
        }
        for one, told in shown(reach)
    ]
