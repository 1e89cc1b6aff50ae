"""The groups that shared figures tell apart, and how those of several tables overlap.

Versions of a list, a month and its year, one list under two generations of quarters: their
figures are of the same people. Rows are recognised by their keyed hash, so that each group of
people who are together in every table is known with its size. This needs the rows: where those
of an overlapping table are gone, nobody can tell what two tables say together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from importers.deposits.errors import OverlapUnknown
from importers.deposits.models import Deposit, DepositState
from importers.deposits.outcomes import DIMENSIONS, parts_of
from importers.deposits.store import Counts, ReviewRow, Store
from observatory.disclosure.gate import Joint
from observatory.disclosure.keys import Keys
from observatory.disclosure.register import Table

# Published figures tell these apart; finer zones and structures never leave the deposit.
PUBLISHED = ("fate", "qpv", "qva", "arrondissement", "period", "sex", "age")

TURN = np.uint64(0x9E3779B97F4A7C15)  # any odd number: keys are random already

Ints = npt.NDArray[np.int64]


def shared_group(name: str) -> str:
    """Return the group that shared figures know of an atom.

    >>> shared_group("qpv|QP1||75118|75056|751180101|2015|F|16-25|Le centre")
    'qpv|QP1||75118|||2015|F|16-25|'
    """
    parts = parts_of(name)
    return "|".join(parts[d] if d in PUBLISHED else "" for d in DIMENSIONS)


def subject_of(deposit: Deposit, number: int) -> str:
    """Return the name that the ``number``-th table of a deposit is published under."""
    return f"deposit:{deposit.pk}/{number}"


def numbers_of(deposit: Deposit, subjects: Sequence[str]) -> list[int]:
    """Return the numbers of the tables that went out of a deposit, in order."""
    start = subject_of(deposit, 0)[:-1]
    return sorted(int(name[len(start) :]) for name in subjects if name.startswith(start))


@dataclass(frozen=True)
class _Rows:
    """Rows of one table: a mark each, the same in every table, and its group's place in names."""

    subject: str
    marks: Keys
    groups: Ints
    names: list[str]


def joint_groups(
    deposit: Deposit, counts: Counts, number: int, tables: Sequence[Table]
) -> list[tuple[Joint, int]] | None:
    """Return how the ``number``-th table of a deposit overlaps those of its organisation's scheme.

    None where it shares no row with any of them. Raises OverlapUnknown where a table of the same
    days, or of a version it replaces, is made of rows that are gone.
    """
    if not tables:
        return None
    own = _rows_of(deposit, number, sum(count.rows for count in counts.values()))
    if own is None:
        raise OverlapUnknown()
    met, waiting, pool = [own], _comparable(deposit, tables), own.marks
    while near := [rows for rows in waiting if np.isin(rows.marks, pool).any()]:
        met += near
        pool = np.concatenate([pool, *(rows.marks for rows in near)])
        waiting = [rows for rows in waiting if all(rows is not one for one in near)]
    atoms = {table.subject: table.atoms for table in tables} | {own.subject: own.names}
    return _grouped(met, atoms) if len(met) > 1 else None


def _comparable(deposit: Deposit, tables: Sequence[Table]) -> list[_Rows]:
    """Return the rows of every table that is out. Raises OverlapUnknown."""
    found = []
    for table in tables:
        pk, number = table.subject.removeprefix("deposit:").split("/")
        other = Deposit.objects.filter(pk=int(pk)).first()
        held = None
        if other is not None and (other.state == DepositState.DONE or other.pk == deposit.pk):
            expected = sum(count.rows for count in Store(other).read_counts().values())
            held = _rows_of(other, int(number), expected)
        if held is not None:
            found.append(held)
        elif _same_days(deposit, table) or (other is not None and _replaces(deposit, other)):
            raise OverlapUnknown()
    return found


def _same_days(deposit: Deposit, table: Table) -> bool:
    if table.days is None:
        return True
    first, last = table.days
    return first <= deposit.period_to and deposit.period_from <= last


def _replaces(deposit: Deposit, other: Deposit) -> bool:
    older, seen = deposit.replaces, set()
    while older is not None and older.pk not in seen:
        if older.pk == other.pk:
            return True
        seen.add(older.pk)
        older = older.replaces
    return False


def _rows_of(deposit: Deposit, number: int, expected: int) -> _Rows | None:
    """Return the rows as the ``number``-th table of a deposit counted them; None where gone."""
    store = Store(deposit)
    if not store.vault.exists:
        return None
    keys, groups = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=object)]
    for records in store.records():
        shared = np.array([shared_group(name) for name in records.names], dtype=object)
        keys.append(records.keys)
        groups.append(shared[records.groups])
    held, told = np.concatenate(keys), np.concatenate(groups)
    placed = [row for row in store.placed() if row.after < number]
    if len(held) != expected or not all(row.first for row in placed):
        return None
    _move_placed(placed, held, told)
    codes, names = pd.factorize(told, sort=True)
    return _Rows(subject_of(deposit, number), _marks(held, codes), codes, names.tolist())


def _move_placed(placed: Sequence[ReviewRow], keys: Keys, groups: npt.NDArray[np.object_]) -> None:
    """Put the rows that the depositor had placed where it placed them, in place."""
    wanted = np.array([row.key for row in placed], dtype=np.uint64)
    where: dict[tuple[int, str], list[int]] = {}
    for place in np.flatnonzero(np.isin(keys, wanted)).tolist():
        where.setdefault((int(keys[place]), groups[place]), []).append(place)
    for row in placed:
        groups[where[row.key, shared_group(row.first)].pop()] = shared_group(row.atom)


def _marks(keys: Keys, groups: Ints) -> Keys:
    """Tell rows of the same content apart: the first of one table is the first of another."""
    marks = keys.copy()
    again = np.flatnonzero(pd.Series(keys).duplicated(keep=False).to_numpy())
    if len(again):
        order = again[np.lexsort((groups[again], keys[again]))]
        turn = pd.Series(keys[order]).groupby(keys[order]).cumcount().to_numpy(dtype=np.uint64)
        marks[order] += turn * TURN
    return marks


def _grouped(met: Sequence[_Rows], atoms: Mapping[str, Sequence[str]]) -> list[tuple[Joint, int]]:
    """Return the groups of rows that are together in every table, with their sizes."""
    codes, marks = pd.factorize(np.concatenate([rows.marks for rows in met]))
    held = np.full((len(marks), len(met)), -1, dtype=np.int64)
    start = 0
    for column, rows in enumerate(met):
        held[codes[start : start + len(rows.marks)], column] = rows.groups
        start += len(rows.marks)
    groups = np.zeros(len(marks), dtype=np.int64)
    for column, rows in enumerate(met):
        groups = pd.factorize(groups * (len(rows.names) + 1) + held[:, column])[0]
    _, first, sizes = np.unique(groups, return_index=True, return_counts=True)
    places = {
        rows.subject: {name: place for place, name in enumerate(atoms[rows.subject])}
        for rows in met
    }
    return [
        (
            {
                rows.subject: places[rows.subject][rows.names[code]]
                for rows, code in zip(met, held[row].tolist(), strict=True)
                if code >= 0
            },
            int(size),
        )
        for row, size in zip(first.tolist(), sizes.tolist(), strict=True)
    ]
