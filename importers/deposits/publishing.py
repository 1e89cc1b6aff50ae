"""What everyone but the depositor may see of a deposit: gated figures, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from importers.deposits.models import Deposit
from importers.deposits.outcomes import DIMENSIONS, parts_of
from importers.deposits.store import Count, Counts, add_counts
from observatory.disclosure import Atom, Cell, Gate, Release, rule_for
from observatory.disclosure.gate import Joint
from observatory.disclosure.register import StoredRegister

# Published figures tell these apart; finer zones and structures never leave the deposit.
PUBLISHED = ("fate", "qpv", "qva", "arrondissement", "period", "sex", "age")
GEOGRAPHIES = ("fate", "qpv", "qva", "arrondissement")


def population_of(deposit: Deposit) -> str:
    """Return whose figures these are: all deposits of one scheme are checked together."""
    return f"scheme:{deposit.scheme}"


def subject_of(deposit: Deposit) -> str:
    """Return the name a deposit's table is published under."""
    return f"deposit:{deposit.pk}"


def publish(
    deposit: Deposit, counts: Counts, joint: Sequence[tuple[Joint, int]] | None = None
) -> Release:
    """Pass a deposit's counts through the gate, and note what came out as published."""
    atoms, cells = table_of(counts)
    gate = Gate(population_of(deposit), rule_for("persons", deposit.scheme))
    return gate.release(subject_of(deposit), atoms, cells, joint)


def withdraw(deposit: Deposit) -> None:
    """Take back what was published from a deposit."""
    StoredRegister().withdraw(population_of(deposit), subject_of(deposit))


def published(deposit: Deposit) -> dict[str, Any]:
    """Return the gated figures of a deposit, by name; empty where none are out."""
    table = StoredRegister().table(population_of(deposit), subject_of(deposit))
    return {cell.name: cell.value.as_dict() for cell in table.cells} if table else {}


def table_of(counts: Counts) -> tuple[list[Atom], list[Cell]]:
    """Return the published groups, and the figures: totals, then each zone by sex and by age."""
    grouped: Counts = {}
    for name, count in counts.items():
        parts = parts_of(name)
        short = "|".join(parts[d] if d in PUBLISHED else "" for d in DIMENSIONS)
        add_counts(grouped, {short: Count(count.rows, count.key_sum)})
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
