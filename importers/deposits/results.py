"""What a depositor reads of its own deposit: exact counts, both shares, and bounds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from importers.deposits.models import Deposit
from importers.deposits.outcomes import Fate, parts_of
from importers.deposits.shares import LivedQuarter, Share
from importers.deposits.store import Store
from observatory.models import Perimeter

UNLOCATED = ("ambiguous", "not_located")
LEVELS = ("qpv", "qva", "arrondissement", "commune", "iris")
DETAILS = ("period", "sex", "age")


@dataclass
class _Tally:
    """Rows of one zone, and by value of each detail the file tells."""

    rows: int = 0
    details: dict[str, Counter[str]] = field(
        default_factory=lambda: {name: Counter() for name in DETAILS}
    )

    def add(self, rows: int, parts: dict[str, str]) -> None:
        self.rows += rows
        for name, counter in self.details.items():
            if parts[name]:
                counter[parts[name]] += rows


def exact_result(deposit: Deposit) -> dict[str, Any]:
    """Return the depositor's own exact counts: for its organisation alone.

    ``zones`` holds, for each zone with a row, its share of all rows and of located ones, with
    the bounds if every unlocated row were outside or inside; ``details`` its rows by period, sex
    and age band. A zone without a row is not listed.
    """
    store = Store(deposit)
    fates = {fate.name.lower(): 0 for fate in Fate}
    zones: dict[str, dict[str, _Tally]] = {level: {} for level in LEVELS}
    structures: dict[str, list[int]] = {}
    for name, count in store.read_counts().items():
        parts = parts_of(name)
        fates[parts["fate"]] += count.rows
        for level, held in zones.items():
            if parts[level]:
                held.setdefault(parts[level], _Tally()).add(count.rows, parts)
        if parts["structure"]:
            _add_structure(structures.setdefault(parts["structure"], [0, 0, 0]), parts, count.rows)
    total, unlocated = sum(fates.values()), sum(fates[name] for name in UNLOCATED)
    return {
        "deposit": deposit.pk,
        "scheme": deposit.scheme,
        "period": [deposit.period_from.isoformat(), deposit.period_to.isoformat()],
        "version": deposit.version,
        "state": deposit.state,
        "fates": fates,
        "counted_before": store.counted_before(),
        "in_qpv": Share(fates["qpv"], total, unlocated).as_dict(),
        "by_level": {
            level: {code: tally.rows for code, tally in sorted(held.items())}
            for level, held in zones.items()
            if held
        },
        "zones": [
            _zone(level, code, tally, total, unlocated)
            for level in ("qpv", "qva")
            for code, tally in sorted(zones[level].items())
        ],
        "structures": {
            name: LivedQuarter(Share(*tally)).as_dict()
            for name, tally in sorted(structures.items())
        },
        "proximity_metres": deposit.proximity_metres,
        "discarded": deposit.discarded,
    }


def _add_structure(tally: list[int], parts: dict[str, str], rows: int) -> None:
    tally[0] += rows if parts["fate"] == "qpv" else 0
    tally[1] += rows
    tally[2] += rows if parts["fate"] in UNLOCATED else 0


def _zone(level: str, code: str, tally: _Tally, total: int, unlocated: int) -> dict[str, Any]:
    return {
        "level": level,
        "code": code,
        **Share(tally.rows, total, unlocated).as_dict(),
        "details": {name: dict(sorted(held.items())) for name, held in tally.details.items()},
    }


def names_of(deposit: Deposit, codes: set[str]) -> dict[str, str]:
    """Return the names of zones, as the perimeters of the deposit's period bear them."""
    found = Perimeter.objects.in_force().filter(territory__code__in=codes)
    rows = found.values_list("territory__code", "territory__name").distinct()
    return {code: name for code, name in rows if name}
