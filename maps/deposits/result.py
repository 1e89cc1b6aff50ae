"""A deposit's exact counts, arranged for its page."""

from __future__ import annotations

from typing import Any

from importers.deposits.models import Deposit
from importers.deposits.outcomes import Fate
from importers.deposits.results import names_of
from maps.deposits.words import FATES
from maps.figures import quantity

DETAILS = ("sex", "age", "period")


def table_of(deposit: Deposit, result: dict[str, Any]) -> dict[str, Any]:
    """Return fates, zones with their names, and structures, in the order they are read."""
    zones = result["zones"]
    names = names_of(deposit, {zone["code"] for zone in zones})
    total = result["in_qpv"]["total"]
    return {
        "share": result["in_qpv"],
        "rounded": _rounded(result["in_qpv"]["share_of_all"]),
        "fates": [
            {"title": FATES[fate], "rows": rows, "share": rows / total if total else None}
            for fate in Fate
            if (rows := result["fates"][fate.name.lower()]) or fate is not Fate.PROXIMITY
        ],
        "zones": [zone | {"name": names.get(zone["code"], "")} for zone in zones],
        "details": [name for name in DETAILS if any(zone["details"][name] for zone in zones)],
        "structures": result["structures"],
        "counted_before": result["counted_before"],
    }


def _rounded(share: float | None) -> str | None:
    """Return a share as the whole percentage that printed sheets show."""
    return None if share is None else quantity(100 * share, "%", 0)
