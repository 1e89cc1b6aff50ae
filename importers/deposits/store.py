"""Batches, reviews and counts of a deposit in the private schema."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from importers.deposits.models import Deposit
from importers.deposits.private import acting_for, note_access
from importers.deposits.vault import Vault
from observatory.disclosure import KEY_MODULUS


@dataclass(frozen=True)
class Count:
    """Rows of one atom, and the sum of their record keys modulo 2**64."""

    rows: int
    key_sum: int

    def __add__(self, other: Count) -> Count:
        return Count(self.rows + other.rows, (self.key_sum + other.key_sum) % KEY_MODULUS)


Counts = dict[str, Count]


def add_counts(target: Counts, more: Mapping[str, Count]) -> None:
    """Add counts to others, in place."""
    for name, count in more.items():
        target[name] = target[name] + count if name in target else count


@dataclass(frozen=True)
class ReviewRow:
    """One row that is left to the depositor: its atom as it stands, and what was read."""

    number: int
    fate: int
    atom: str
    key: int
    alike: bytes
    told: dict[str, Any]

    def sealed(self, vault: Vault) -> bytes:
        """Return the row under its deposit's key."""
        content = {"atom": self.atom, "key": self.key, "told": self.told}
        return vault.seal(json.dumps(content).encode(), f"review/{self.number}")


class Store:
    """Reads and writes what belongs to one deposit, acting for its organisation."""

    def __init__(self, deposit: Deposit) -> None:
        self.deposit = deposit
        self.vault = Vault(deposit.mark)
        self._own = (deposit.pk, deposit.organisation_id)

    def batches_done(self) -> dict[int, int]:
        """Return the rows of each batch that is stored."""
        with acting_for(self.deposit.organisation_id) as cursor:
            cursor.execute(
                "SELECT number, rows FROM deposits.batch WHERE deposit_id = %s", [self.deposit.pk]
            )
            return dict(cursor.fetchall())

    def write_batch(
        self, number: int, rows: int, counts: Counts, reviews: Iterable[ReviewRow]
    ) -> None:
        """Store one batch whole, or not at all."""
        told = json.dumps({name: [c.rows, c.key_sum] for name, c in counts.items()}).encode()
        sealed = self.vault.seal(zlib.compress(told, 1), f"batch/{number}")
        lines = [(*self._own, r.number, r.fate, r.alike, r.sealed(self.vault)) for r in reviews]
        with acting_for(self.deposit.organisation_id) as cursor:
            cursor.execute(
                "INSERT INTO deposits.batch VALUES (%s, %s, %s, %s, %s)",
                [*self._own, number, rows, sealed],
            )
            if lines:
                cursor.executemany(
                    "INSERT INTO deposits.review (deposit_id, organisation_id, row_number, "
                    "outcome, alike, sealed) VALUES (%s, %s, %s, %s, %s, %s)",
                    lines,
                )

    def all_counts(self) -> Counts:
        """Add up the counts of all batches and of the rows in review, as they stand."""
        found: Counts = {}
        with acting_for(self.deposit.organisation_id) as cursor:
            cursor.execute(
                "SELECT number, sealed FROM deposits.batch WHERE deposit_id = %s",
                [self.deposit.pk],
            )
            for number, sealed in cursor.fetchall():
                told = json.loads(zlib.decompress(self.vault.open(sealed, f"batch/{number}")))
                add_counts(found, {name: Count(*pair) for name, pair in told.items()})
            for row in self._reviews(cursor):
                add_counts(found, {row.atom: Count(1, row.key)})
        return found

    def _reviews(self, cursor: Any, resolved: bool = True) -> list[ReviewRow]:
        """Return the rows in review; without those already settled where ``resolved`` is false."""
        cursor.execute(
            "SELECT row_number, outcome, alike, sealed FROM deposits.review "
            "WHERE deposit_id = %s AND (%s OR NOT resolved) ORDER BY row_number",
            [self.deposit.pk, resolved],
        )
        return [self._review(*line) for line in cursor.fetchall()]

    def _review(self, number: int, fate: int, alike: bytes, sealed: bytes) -> ReviewRow:
        content = json.loads(self.vault.open(sealed, f"review/{number}"))
        return ReviewRow(
            number, fate, content["atom"], content["key"], bytes(alike), content["told"]
        )

    def write_counts(self, counts: Counts) -> None:
        """Replace the stored counts of the deposit."""
        with acting_for(self.deposit.organisation_id) as cursor:
            cursor.execute("DELETE FROM deposits.atom WHERE deposit_id = %s", [self.deposit.pk])
            # COPY is not allowed where row-level security holds.
            cursor.execute(
                "INSERT INTO deposits.atom SELECT %s, %s, * "
                "FROM unnest(%s::text[], %s::integer[], %s::numeric[])",
                [
                    *self._own,
                    list(counts),
                    [count.rows for count in counts.values()],
                    [count.key_sum for count in counts.values()],
                ],
            )

    def read_counts(self) -> Counts:
        """Return the stored counts."""
        with acting_for(self.deposit.organisation_id) as cursor:
            cursor.execute(
                "SELECT name, rows, key_sum FROM deposits.atom WHERE deposit_id = %s",
                [self.deposit.pk],
            )
            return {name: Count(rows, int(key)) for name, rows, key in cursor.fetchall()}

    def reviews(self, actor: int | None, limit: int = 100, offset: int = 0) -> list[ReviewRow]:
        """Return rows left to the depositor, and note that somebody read them."""
        with acting_for(self.deposit.organisation_id) as cursor:
            rows = self._reviews(cursor, resolved=False)[offset : offset + limit]
            note_access(cursor, self.deposit, "read review", len(rows), actor)
        return rows

    def drop_rows(self, actor: int | None = None) -> None:
        """Remove every row; the counts stay."""
        with acting_for(self.deposit.organisation_id) as cursor:
            for table in ("batch", "review"):
                cursor.execute(
                    f"DELETE FROM deposits.{table} WHERE deposit_id = %s",  # noqa: S608
                    [self.deposit.pk],
                )
            note_access(cursor, self.deposit, "purge", actor=actor)
