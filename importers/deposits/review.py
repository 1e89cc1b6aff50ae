"""What the depositor does with rows that could not be placed: look, place one or all alike, take
them home as a table.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from django.db import transaction

from importers.deposits import errors
from importers.deposits.coordinates import in_france
from importers.deposits.models import Deposit, DepositState
from importers.deposits.outcomes import DIMENSIONS, ZONES, Fate, join, parts_of
from importers.deposits.perimeters import Perimeters
from importers.deposits.private import acting_for, note_access
from importers.deposits.publishing import publish, tables_out
from importers.deposits.store import ReviewRow, Store
from observatory.spreadsheets import harmless

NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")


@dataclass(frozen=True)
class Waiting:
    """One row left to review, as its depositor sees it.

    ``candidates`` hold label, lon, lat (degrees) and precision (metres); ``alike`` is the number
    of rows written the same way, this one included.
    """

    number: int
    fate: str
    written: dict[str, str]
    whys: list[str]
    level: str
    candidates: list[dict[str, Any]]
    alike: int = 1

    @property
    def text(self) -> str:
        """Return what the file says of the place."""
        return " ".join(value for value in self.written.values() if value)

    def as_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {
            "row": self.number,
            "fate": self.fate,
            "written": self.written,
            "why": self.whys,
            "level": self.level,
            "candidates": self.candidates,
            "alike": self.alike,
        }


def waiting(deposit: Deposit, actor: int | None, limit: int = 20, offset: int = 0) -> list[Waiting]:
    """Return rows left to review, in the order of the file; noted in the record of accesses."""
    store = Store(deposit)
    sizes = store.alike_sizes()
    rows = store.reviews(actor, limit, offset)
    return [_waiting(row, sizes.get(row.alike, 1)) for row in rows]


def left(deposit: Deposit) -> dict[str, int]:
    """Return how many rows are left to review, by what became of them."""
    return {Fate(fate).name.lower(): count for fate, count in Store(deposit).left().items()}


def _waiting(row: ReviewRow, alike: int = 1) -> Waiting:
    match = row.told.get("match") or {}
    places = [match.get("place"), *match.get("candidates", [])]
    return Waiting(
        row.number,
        Fate(row.fate).name.lower(),
        row.told["written"],
        match.get("why", []),
        match.get("level", "nothing"),
        [place for place in places if place],
        alike,
    )


def place(
    deposit: Deposit,
    number: int,
    point: tuple[float, float],
    *,
    alike: bool = False,
    actor: int | None = None,
) -> int:
    """Put a row at a point (longitude, latitude), and with ``alike`` all rows written like it.

    Each row is joined on its own day. Returns how many rows were placed.

    Raises
    ------
    NotInReview
        No such row waits, or the point is not in France.
    KeyDestroyed
        The deposit was purged.
    """
    if not in_france(np.array([point[0]]), np.array([point[1]])).all():
        raise errors.NotInReview("This point is not in France.", "Choose another place.")
    with transaction.atomic():
        # Two fixes at once would each add up the counts without the other's rows.
        deposit = Deposit.objects.select_for_update().get(pk=deposit.pk)
        _refuse_unless_done(deposit)
        store = Store(deposit)
        rows = store.alike(number, same=alike)
        if not rows:
            raise errors.NotInReview(f"Row {number} does not wait for review.", "Reload the list.")
        perimeters, after = Perimeters.stored(), tables_out(deposit)
        placed = [_placed(row, point, deposit, perimeters) for row in rows]
        store.settle([replace(row, after=after) for row in placed], actor)
        deposit.placed_since_shared += len(rows)
        deposit.save(update_fields=["placed_since_shared"])
    return len(rows)


def share_again(deposit: Deposit) -> None:
    """Share the figures as they stand after the review, where the gate can check them.

    Raises OverlapUnknown, and as ``place`` does for a deposit without a result.
    """
    with transaction.atomic():
        deposit = Deposit.objects.select_for_update().get(pk=deposit.pk)
        _refuse_unless_done(deposit)
        publish(deposit, Store(deposit).read_counts())


def choose(
    deposit: Deposit,
    number: int,
    candidate: int,
    *,
    alike: bool = False,
    actor: int | None = None,
) -> int:
    """Put a row at one of its candidates. Raises as ``place`` does."""
    _refuse_unless_done(deposit)
    rows = Store(deposit).alike(number, same=False)
    candidates = _waiting(rows[0]).candidates if rows else []
    if not 0 <= candidate < len(candidates):
        raise errors.NotInReview("This place is not among the candidates.", "Reload the list.")
    chosen = candidates[candidate]
    return place(deposit, number, (chosen["lon"], chosen["lat"]), alike=alike, actor=actor)


def _refuse_unless_done(deposit: Deposit) -> None:
    if deposit.state == DepositState.PURGED:
        raise errors.KeyDestroyed()
    if deposit.state != DepositState.DONE:
        raise errors.NotInReview("This deposit has no result to correct.", "Wait for its end.")


def _placed(
    row: ReviewRow, point: tuple[float, float], deposit: Deposit, perimeters: Perimeters
) -> ReviewRow:
    day = date.fromisoformat(row.told["day"])
    lon, lat = np.array([point[0]]), np.array([point[1]])
    # The depositor says where it is: nothing is nearer to an outline than its own precision.
    found = join(perimeters, day, lon, lat, np.zeros(1), deposit.proximity_metres)
    parts = parts_of(row.atom)
    fate = Fate(int(found.fate[0]))
    parts |= {"fate": fate.name.lower()} | {level: str(found.zones[level][0]) for level in ZONES}
    atom = "|".join(parts[dimension] for dimension in DIMENSIONS)
    return replace(row, fate=int(fate), atom=atom, first=row.atom)


# -- taken home ----------------------------------------------------------------------------


def as_csv(deposit: Deposit, actor: int | None = None) -> str:
    """Return the rows left to review as a table to correct and deposit again (semicolons).

    A cell that a spreadsheet would take for a formula is written as text.
    """
    store = Store(deposit)
    rows = [_waiting(row) for row in store.reviews(actor, limit=1_000_000)]
    with acting_for(deposit.organisation_id) as cursor:
        note_access(cursor, deposit, "download review", len(rows), actor)
    roles = list(dict.fromkeys(role for row in rows for role in row.written))
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
    writer.writerow(["ligne", *roles, "resultat", "motif", "proposition"])
    for row in rows:
        best = row.candidates[0]["label"] if row.candidates else ""
        told = [row.fate, ", ".join(row.whys), best]
        cells = [row.written.get(role, "") for role in roles]
        writer.writerow([row.number, *map(_as_text, [*cells, *told])])
    return "\ufeff" + target.getvalue()


def _as_text(written: str) -> str:
    """Return a cell as it was written: a number stays one, nothing is run as a formula.

    >>> _as_text("=1+1"), _as_text("12 rue X"), _as_text("-2.35")
    ("'=1+1", '12 rue X', '-2.35')
    """
    return written if NUMBER.fullmatch(written) else str(harmless(written))
