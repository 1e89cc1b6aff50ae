"""What everyone but the depositor may see of a deposit: gated figures, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from importers.deposits.groups import joint_groups, numbers_of, shared_group, subject_of
from importers.deposits.models import Deposit
from importers.deposits.outcomes import parts_of
from importers.deposits.records import population_of
from importers.deposits.store import Count, Counts, add_counts
from observatory.disclosure import Atom, Cell, Gate, Release, rule_for
from observatory.disclosure.register import StoredRegister

GEOGRAPHIES = ("fate", "qpv", "qva", "arrondissement")


def publish(deposit: Deposit, counts: Counts) -> Release:
    """Pass a deposit's counts through the gate, in place of what was out of it.

    Raises OverlapUnknown where rows are gone that the figures would have to be checked against;
    what was out stays then.
    """
    population, register = population_of(deposit), StoredRegister()
    with transaction.atomic():
        _one_at_a_time(population)
        tables = register.tables(population)
        earlier = numbers_of(deposit, [table.subject for table in tables])
        number = max(earlier, default=0) + 1
        atoms, cells = table_of(counts)
        release = Gate(population, rule_for("persons", deposit.scheme), register).release(
            subject_of(deposit, number), atoms, cells,
            joint_groups(deposit, counts, number, tables),
            (deposit.period_from, deposit.period_to),
        )  # fmt: skip
        for older in earlier:
            register.withdraw(population, subject_of(deposit, older))
        deposit.placed_since_shared = 0
        deposit.save(update_fields=["placed_since_shared"])
    return release


def _one_at_a_time(population: str) -> None:
    """Let no two tables of one population go out without knowing of each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [population])


def withdraw(deposit: Deposit) -> None:
    """Take back what was published from a deposit."""
    population, register = population_of(deposit), StoredRegister()
    for number in numbers_of(deposit, register.subjects(population)):
        register.withdraw(population, subject_of(deposit, number))


def tables_out(deposit: Deposit) -> int:
    """Return how many tables ever went out of a deposit."""
    return len(numbers_of(deposit, StoredRegister().subjects(population_of(deposit))))


def is_out(deposit: Deposit) -> bool:
    """Tell whether figures of a deposit are shared now."""
    shown = StoredRegister().subjects(population_of(deposit), shown=True)
    return bool(numbers_of(deposit, shown))


def published(deposit: Deposit) -> dict[str, Any]:
    """Return the gated figures of a deposit, by name; empty where none are out."""
    population, register = population_of(deposit), StoredRegister()
    last = max(numbers_of(deposit, register.subjects(population)), default=0)
    table = register.table(population, subject_of(deposit, last)) if last else None
    return {cell.name: cell.value.as_dict() for cell in table.cells} if table else {}


def table_of(counts: Counts) -> tuple[list[Atom], list[Cell]]:
    """Return the published groups, and the figures: totals, then each zone by sex and by age."""
    grouped: Counts = {}
    for name, count in counts.items():
        add_counts(grouped, {shared_group(name): Count(count.rows, count.key_sum)})
    names = sorted(grouped)
    atoms = [Atom(name, grouped[name].rows, grouped[name].key_sum) for name in names]
    told = [parts_of(name) for name in names]
    cells = [Cell("total", "total", tuple(range(len(names))))]
    for geography in GEOGRAPHIES:
        for zone in sorted({parts[geography] for parts in told} - {""}):
            inside = [place for place, parts in enumerate(told) if parts[geography] == zone]
            cells.append(Cell(f"{geography}={zone}", geography, tuple(inside)))
            cells += _split(geography, zone, inside, told)
    return atoms, cells


def _split(
    geography: str, zone: str, inside: list[int], told: Sequence[dict[str, str]]
) -> list[Cell]:
    """Return the figures of a zone by period, by sex and by age, where the file tells them."""
    found = []
    for dimension in ("period", "sex", "age"):
        values = sorted({told[place][dimension] for place in inside})
        if len(values) > 1 or (values and values != [""] and dimension != "period"):
            for value in values:
                members = tuple(p for p in inside if told[p][dimension] == value)
                name = f"{geography}={zone}|{dimension}={value}"
                found.append(Cell(name, f"{geography}/{dimension}={value}", members))
    return found
