"""What went out already, of one population: kept in the database, or in memory for a trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from django.db import transaction
from django.utils import timezone

from observatory.disclosure.cells import Cell
from observatory.disclosure.noise import NoiseRule
from observatory.disclosure.values import Reason, Shown, Value, Withheld
from observatory.models.disclosure import Publication, PublishedCell

Days = tuple[date, date] | None  # first and last; None where a table does not say


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
    days: Days = None


class Register(Protocol):
    """Where the gate looks what went out, and notes what goes out."""

    def tables(self, population: str) -> list[Table]:
        """Return the tables that ever went out of a population: what was read stays known."""
        ...

    def note(
        self,
        population: str,
        subject: str,
        rule: NoiseRule,
        atoms: Sequence[str],
        cells: Sequence[tuple[Cell, Value]],
        days: Days = None,
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
        days: Days = None,
    ) -> None:
        """Keep a table under its subject."""
        printed = tuple(Printed(c.name, c.geography, c.atoms, value) for c, value in cells)
        table = Table(subject, tuple(atoms), printed, days)
        self.kept.setdefault(population, {})[subject] = table


class StoredRegister:
    """The register in the database."""

    def tables(self, population: str) -> list[Table]:
        """Return the tables that ever went out of a population, oldest first."""
        rows = Publication.objects.filter(population=population).prefetch_related("cells")
        return [_table(row) for row in {row.subject: row for row in rows}.values()]

    def subjects(self, population: str, *, shown: bool = False) -> list[str]:
        """Return the names of the tables that ever went out, or of those that are shown now."""
        rows = Publication.objects.filter(population=population)
        rows = rows.filter(withdrawn_at=None) if shown else rows
        return list(rows.values_list("subject", flat=True))

    def note(
        self,
        population: str,
        subject: str,
        rule: NoiseRule,
        atoms: Sequence[str],
        cells: Sequence[tuple[Cell, Value]],
        days: Days = None,
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
                first_day=days[0] if days else None,
                last_day=days[1] if days else None,
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
    days = (row.first_day, row.last_day) if row.first_day and row.last_day else None
    return Table(row.subject, tuple(row.atoms), cells, days)


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
