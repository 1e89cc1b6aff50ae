"""What went out already, of one population: kept in the database, or in memory for a trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.db import transaction
from django.utils import timezone

from observatory.disclosure.cells import Cell
from observatory.disclosure.noise import NoiseRule
from observatory.disclosure.values import Reason, Shown, Value, Withheld
from observatory.models.disclosure import Publication, PublishedCell


@dataclass(frozen=True)
class Printed:
    """One figure that went out."""

    name: str
    geography: str
    atoms: tuple[int, ...]
    value: Value


@dataclass(frozen=True)
class Table:
    """One table that went out, with the names of the groups it tells apart."""

    subject: str
    atoms: tuple[str, ...]
    cells: tuple[Printed, ...]


class Register(Protocol):
    """Where the gate looks what went out, and notes what goes out."""

    def tables(self, population: str) -> list[Table]:
        """Return the tables of a population that were not withdrawn."""
        ...

    def note(
        self,
        population: str,
        subject: str,
        rule: NoiseRule,
        atoms: Sequence[str],
        cells: Sequence[tuple[Cell, Value]],
    ) -> None:
        """Note a table that goes out."""
        ...


@dataclass
class MemoryRegister:
    """A register that forgets with the process: for trials and for tests of the gate."""

    kept: dict[str, dict[str, Table]] = field(default_factory=dict)

    def tables(self, population: str) -> list[Table]:
        """Return the tables of a population."""
        return list(self.kept.get(population, {}).values())

    def note(
        self,
        population: str,
        subject: str,
        rule: NoiseRule,
        atoms: Sequence[str],
        cells: Sequence[tuple[Cell, Value]],
    ) -> None:
        """Keep a table under its subject."""
        printed = tuple(Printed(c.name, c.geography, c.atoms, value) for c, value in cells)
        self.kept.setdefault(population, {})[subject] = Table(subject, tuple(atoms), printed)


class StoredRegister:
    """The register in the database."""

    def tables(self, population: str) -> list[Table]:
        """Return the tables of a population that were not withdrawn, oldest first."""
        rows = Publication.objects.filter(population=population, withdrawn_at=None)
        return [_table(row) for row in rows.prefetch_related("cells")]

    def note(
        self,
        population: str,
        subject: str,
        rule: NoiseRule,
        atoms: Sequence[str],
        cells: Sequence[tuple[Cell, Value]],
    ) -> None:
        """Store a table in place of the one its subject had."""
        with transaction.atomic():
            self.withdraw(population, subject)
            row = Publication.objects.create(
                population=population,
                subject=subject,
                threshold=rule.threshold,
                deviation=rule.deviation,
                variance=rule.variance,
                atoms=list(atoms),
            )
            PublishedCell.objects.bulk_create(
                [_stored(row, cell, value) for cell, value in cells], batch_size=1_000
            )

    def withdraw(self, population: str, subject: str) -> None:
        """Take a table back: it is not shown any more, and kept only as withdrawn."""
        Publication.objects.filter(
            population=population, subject=subject, withdrawn_at=None
        ).update(withdrawn_at=timezone.now())

    def table(self, population: str, subject: str) -> Table | None:
        """Return the table of a subject, if one is out."""
        row = Publication.objects.filter(
            population=population, subject=subject, withdrawn_at=None
        ).first()
        return _table(row) if row else None


def _table(row: Publication) -> Table:
    cells = tuple(
        Printed(cell.name, cell.geography, tuple(cell.atoms), _value(cell))
        for cell in row.cells.all()
    )
    return Table(row.subject, tuple(row.atoms), cells)


def _value(cell: PublishedCell) -> Value:
    if cell.value is None or cell.high is None:
        return Withheld(Reason(cell.withheld or Reason.NO_DATA), cell.low, cell.high)
    return Shown(cell.value, cell.low, cell.high)


def _stored(row: Publication, cell: Cell, value: Value) -> PublishedCell:
    return PublishedCell(
        publication=row,
        name=cell.name,
        geography=cell.geography,
        atoms=list(cell.atoms),
        value=value.value if isinstance(value, Shown) else None,
        low=value.low,
        high=value.high,
        withheld=str(value.reason) if isinstance(value, Withheld) else "",
    )
