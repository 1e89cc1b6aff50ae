"""What partners may read of each other's deposits: the gated figures that are out."""

from __future__ import annotations

from typing import Any

from importers.deposits.models import Deposit, DepositState
from importers.deposits.publishing import published


def figures() -> list[dict[str, Any]]:
    """Return the figures of the newest version of each deposit, and nothing that names a file."""
    found = Deposit.objects.filter(
        state__in=[DepositState.DONE, DepositState.PURGED]
    ).select_related("organisation")
    replaced = {one.replaces_id for one in found if one.replaces_id}
    return [
        {
            "organisation": str(one.organisation),
            "scheme": one.scheme,
            "period": [one.period_from.isoformat(), one.period_to.isoformat()],
            "unit": one.unit,
            "figures": told,
        }
        for one in found
        if one.pk not in replaced and (told := published(one))
    ]
