"""Batches, reviews and counts of a deposit in the private schema."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from importers.deposits.models import Deposit
from importers.deposits.private import acting_for, note_access
from importers.deposits.records import Records
from importers.deposits.vault import Vault
from observatory.disclosure import KEY_MODULUS

REVIEWS = """
    SELECT row_number, outcome, alike, sealed FROM deposits.review
    WHERE deposit_id = %s {where} ORDER BY row_number LIMIT %s OFFSET %s
"""


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
    """One row that is left to the depositor: its atom as it stands, and what was read.

    ``first`` is the atom it was counted in before the depositor placed it, ``after`` the number
    of tables of the deposit that were out by then; "" and 0 where it was not placed.
    """

    number: int
    fate: int
    atom: str
    key: int
    alike: bytes
    told: dict[str, Any]
    first: str = ""
    after: int = 0

    def sealed(self, vault: Vault) -> bytes:
        """Return the row under its deposit's key."""
        content = {"atom": self.atom, "key": self.key, "told": self.told,
                   "first": self.first, "after": self.after}  # fmt: skip
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
        self,
        number: int,
        rows: int,
        counts: Counts,
        reviews: Iterable[ReviewRow],
        records: Records | None = None,
    ) -> None:
        """Store one batch whole, or not at all."""
        told = json.dumps({name: [c.rows, c.key_sum] for name, c in counts.items()}).encode()
        sealed = self.vault.seal(zlib.compress(told, 1), f"batch/{number}")
        lines = [(*self._own, r.number, r.fate, r.alike, r.sealed(self.vault)) for r in reviews]
        with acting_for(self.deposit.organisation_id) as cursor:
            cursor.execute(
                "INSERT INTO deposits.batch VALUES (%s, %s, %s, %s, %s, %s)",
                [*self._own, number, rows, sealed, self._sealed_records(number, records)],
            )
            if lines:
                cursor.executemany(
                    "INSERT INTO deposits.review (deposit_id, organisation_id, row_number, "
                    "outcome, alike, sealed) VALUES (%s, %s, %s, %s, %s, %s)",
                    lines,
                )

    def _sealed_records(self, number: int, records: Records | None) -> bytes:
        if records is None:
            return b""
        return self.vault.seal(records.packed(), f"records/{number}")

    def records(self, batches: Iterable[int] | None = None) -> Iterator[Records]:
        """Give the records of each stored batch; nothing once the deposit is purged."""
        with acting_for(self.deposit.organisation_id) as cursor:
            cursor.execute(
                "SELECT number, records FROM deposits.batch WHERE deposit_id = %s "
                "AND records <> '' ORDER BY number",
                [self.deposit.pk],
            )
            found = cursor.fetchall()
        wanted = None if batches is None else set(batches)
        for number, sealed in found:
            if wanted is None or number in wanted:
                yield Records.unpacked(self.vault.open(sealed, f"records/{number}"))

    def all_counts(self) -> Counts:
        """Add up the counts of all batches and of the rows in review, as they stand."""
        # Plain numbers: the same groups come in every batch, and are made counts once.
        rows: dict[str, int] = {}
        sums: dict[str, int] = {}
        with acting_for(self.deposit.organisation_id) as cursor:
            cursor.execute(
                "SELECT number, sealed FROM deposits.batch WHERE deposit_id = %s",
                [self.deposit.pk],
            )
            for number, sealed in cursor.fetchall():
                told = json.loads(zlib.decompress(self.vault.open(sealed, f"batch/{number}")))
                for name, (count, key_sum) in told.items():
                    rows[name] = rows.get(name, 0) + count
                    sums[name] = sums.get(name, 0) + key_sum
            for row in self._reviews(cursor):
                rows[row.atom] = rows.get(row.atom, 0) + 1
                sums[row.atom] = sums.get(row.atom, 0) + row.key
        return {name: Count(count, sums[name] % KEY_MODULUS) for name, count in rows.items()}

    def _reviews(
        self,
        cursor: Any,
        where: str = "",
        given: Sequence[Any] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> list[ReviewRow]:
        """Return rows in review, in the order of the file."""
        cursor.execute(
            REVIEWS.format(where=where),
            [self.deposit.pk, *given, limit, offset],
        )
        return [self._review(*line) for line in cursor.fetchall()]

    def _review(self, number: int, fate: int, alike: bytes, sealed: bytes) -> ReviewRow:
        content = json.loads(self.vault.open(sealed, f"review/{number}"))
        return ReviewRow(number, fate, alike=bytes(alike), **content)

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
            rows = self._reviews(cursor, "AND NOT resolved", limit=limit, offset=offset)
            note_access(cursor, self.deposit, "read review", len(rows), actor)
        return rows

    def counted_before(self) -> int | None:
        """Return how many rows were left out because their reference was met before.

        None once the deposit is purged.
        """
        if not (self.deposit.distinct_rows or self.deposit.distinct_scheme):
            return 0
        return sum(records.twice for records in self.records()) if self.vault.exists else None

    def left(self) -> dict[int, int]:
        """Return how many rows are left to review, by what became of them."""
        with acting_for(self.deposit.organisation_id) as cursor:
            cursor.execute(
                "SELECT outcome, count(*) FROM deposits.review "
                "WHERE deposit_id = %s AND NOT resolved GROUP BY outcome",
                [self.deposit.pk],
            )
            return dict(cursor.fetchall())

    def alike_sizes(self) -> dict[bytes, int]:
        """Return how many rows left to review are written alike, by their mark."""
        with acting_for(self.deposit.organisation_id) as cursor:
            cursor.execute(
                "SELECT alike, count(*) FROM deposits.review "
                "WHERE deposit_id = %s AND NOT resolved GROUP BY alike HAVING count(*) > 1",
                [self.deposit.pk],
            )
            return {bytes(mark): count for mark, count in cursor.fetchall()}

    def alike(self, number: int, *, same: bool) -> list[ReviewRow]:
        """Return one row left to review, and where ``same`` all rows written like it."""
        where = "AND NOT resolved AND row_number = %s"
        if same:
            where = (
                "AND NOT resolved AND alike = (SELECT alike FROM deposits.review "
                "WHERE deposit_id = %s AND row_number = %s)"
            )
        given = (self.deposit.pk, number) if same else (number,)
        with acting_for(self.deposit.organisation_id) as cursor:
            return self._reviews(cursor, where, given)

    def placed(self) -> list[ReviewRow]:
        """Return the rows that the depositor placed."""
        with acting_for(self.deposit.organisation_id) as cursor:
            return self._reviews(cursor, "AND resolved")

    def settle(self, rows: Sequence[ReviewRow], actor: int | None) -> None:
        """Store rows that the depositor placed, and the counts that follow."""
        with acting_for(self.deposit.organisation_id) as cursor:
            cursor.executemany(
                "UPDATE deposits.review SET resolved = true, outcome = %s, sealed = %s "
                "WHERE deposit_id = %s AND row_number = %s",
                [(r.fate, r.sealed(self.vault), self.deposit.pk, r.number) for r in rows],
            )
            note_access(cursor, self.deposit, "fix", len(rows), actor)
            self.write_counts(self.all_counts())

    def drop_rows(self, actor: int | None = None) -> None:
        """Remove every row; the counts stay."""
        with acting_for(self.deposit.organisation_id) as cursor:
            for table in ("batch", "review"):
                cursor.execute(
                    f"DELETE FROM deposits.{table} WHERE deposit_id = %s",  # noqa: S608
                    [self.deposit.pk],
                )
            note_access(cursor, self.deposit, "purge", actor=actor)
