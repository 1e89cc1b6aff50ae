"""The gate: true counts go in, printable figures come out. Every outlet calls it.

Three protections follow each other. Every figure is moved by the cell key method, and none from
1 to the threshold - 1 can come out; what comes out as 0 is printed as under the threshold,
because it may be a few people. Then the new figures, and all that ever went out of the same
people, are put before a solver: where they betray a small group, new figures are withheld. The
solver knows what a reader knows of a withheld figure: that it is there, so of somebody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from observatory.disclosure.bounds import Figure, System
from observatory.disclosure.cells import Atom, Cell
from observatory.disclosure.differencing import differences, rests
from observatory.disclosure.errors import BadTable
from observatory.disclosure.keys import count_key
from observatory.disclosure.noise import NoiseRule, perturb
from observatory.disclosure.register import Days, Register, StoredRegister, Table
from observatory.disclosure.values import Reason, Shown, Value, Withheld

# One joint group: which atom of which table its members are in, by subject.
Joint = Mapping[str, int]


@dataclass(frozen=True)
class Release:
    """What may be printed of one table, by the name of each figure."""

    subject: str
    values: dict[str, Value]

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    @property
    def withheld_by_differencing(self) -> list[str]:
        """Return the names of the figures held back because others would betray them."""
        return [
            name
            for name, value in self.values.items()
            if isinstance(value, Withheld) and value.reason is Reason.DIFFERENCING
        ]


@dataclass
class Gate:
    """Protects the figures of one population (an organisation's scheme) under one rule."""

    population: str
    rule: NoiseRule
    register: Register = field(default_factory=StoredRegister)

    def release(
        self,
        subject: str,
        atoms: Sequence[Atom],
        cells: Sequence[Cell],
        joint: Sequence[tuple[Joint, int]] | None = None,
        days: Days = None,
    ) -> Release:
        """Protect one table, note it as published, and return what may be printed.

        Parameters
        ----------
        subject
            What the table is made from, in one state of it: another state is another subject,
            checked against the first.
        atoms, cells
            The groups, with their true counts, and the figures, sums of groups.
        joint
            How groups of this table overlap those of tables that ever went out: for each joint
            group the atom it lies in by subject, and its true count. Tables it does not name
            share no record with this one. None: no table does.
        days
            First and last day the table tells of, noted with it.
        """
        _refuse_nonsense(atoms, cells)
        values = {cell.name: self._protected(cell, atoms) for cell in cells}
        groups = joint or [({subject: place}, atom.count) for place, atom in enumerate(atoms)]
        named = {name for group, _ in groups for name in group} - {subject}
        others = [
            table for table in self.register.tables(self.population) if table.subject in named
        ]
        checker = _Checker(self.rule, subject, cells, others, groups)
        for name in checker.to_withhold(values):
            values[name] = Withheld(Reason.DIFFERENCING)
        self.register.note(
            self.population,
            subject,
            self.rule,
            [atom.name for atom in atoms],
            [(cell, values[cell.name]) for cell in cells],
            days,
        )
        return Release(subject, values)

    def _protected(self, cell: Cell, atoms: Sequence[Atom]) -> Value:
        count = sum(atoms[place].count for place in cell.atoms)
        key = count_key(atoms[place].key_sum for place in cell.atoms)
        return protected(count, key, self.rule)


def protected(count: int, key: float, rule: NoiseRule) -> Value:
    """Return what the noise alone makes of a count; outlets go through a gate instead."""
    shown = perturb(count, key, rule)
    low, high = rule.span_of(shown)
    if shown == 0:
        return Withheld(Reason.BELOW_THRESHOLD, low, high)
    return Shown(shown, low, high)


def _refuse_nonsense(atoms: Sequence[Atom], cells: Sequence[Cell]) -> None:
    names = [cell.name for cell in cells]
    if len(set(names)) != len(names):
        raise BadTable("Two figures of the table bear the same name.")
    if len({atom.name for atom in atoms}) != len(atoms):
        raise BadTable("Two groups of the table bear the same name.")
    if any(atom.count < 0 for atom in atoms):
        raise BadTable("A group has a negative count.")
    if any(not 0 <= place < len(atoms) for cell in cells for place in cell.atoms):
        raise BadTable("A figure names a group that is not there.")
    if any(len(set(cell.atoms)) != len(cell.atoms) for cell in cells):
        raise BadTable("A figure counts a group twice.")


class _Checker:
    """The differencing check of one new table against all that ever went out of its people."""

    def __init__(
        self,
        rule: NoiseRule,
        subject: str,
        cells: Sequence[Cell],
        others: Sequence[Table],
        groups: Sequence[tuple[Joint, int]],
    ) -> None:
        self.rule, self.cells = rule, cells
        self.truth = np.array([count for _, count in groups], dtype=np.int64)
        self.members = _members([group for group, _ in groups])
        self.new = [self._spread(subject, cell.atoms) for cell in cells]
        self.out = [
            self._known(self._spread(table.subject, cell.atoms), cell.value.low, cell.value.high)
            for table in others
            for cell in table.cells
        ]
        self.targets = self._targets(subject, others)

    def to_withhold(self, values: Mapping[str, Value]) -> list[str]:
        """Return the names of new figures to hold back until no small group is betrayed."""
        withheld: list[str] = []
        targets = self.targets
        while targets:
            system = System([*self.out, *self._figures(values, withheld)], self.atoms, self.truth)
            unsafe = system.betrayed(targets, self.rule.threshold)
            targets = [targets[place] for place in unsafe]
            chosen = self._sacrifice(targets, values, withheld)
            if not chosen:
                break  # what is left was betrayed before, or by nothing that is ours
            withheld += chosen
        return withheld

    @property
    def atoms(self) -> int:
        return len(self.truth)

    def _figures(self, values: Mapping[str, Value], withheld: Sequence[str]) -> list[Figure]:
        gone = dict.fromkeys(withheld, Withheld(Reason.DIFFERENCING))
        told = {**values, **gone}
        return [
            self._known(members, told[cell.name].low, told[cell.name].high)
            for cell, members in zip(self.cells, self.new, strict=True)
        ]

    def _known(self, members: tuple[int, ...], low: int, high: int | None) -> Figure:
        """Return what a reader knows of a figure: a zone or an age with nobody has none."""
        somebody = int(self.truth[list(members)].sum() > 0)
        return Figure(members, max(low, somebody), high)

    def _sacrifice(
        self, targets: Sequence[Sequence[int]], values: Mapping[str, Value], gone: Sequence[str]
    ) -> list[str]:
        """Choose, for each betrayed group, the smallest new figure that tells of it.

        A group that left is in no new figure: those that share an old one with it tell of it.
        """
        chosen: list[str] = []
        for target in targets:
            telling = self._telling(set(target), values, gone) or self._telling(
                {atom for figure in self.out if set(target) & set(figure.atoms)
                 for atom in figure.atoms}, values, gone,
            )  # fmt: skip
            if telling and not {name for _, name in telling} & set(chosen):
                chosen.append(min(telling)[1])
        return chosen

    def _telling(
        self, inside: set[int], values: Mapping[str, Value], gone: Sequence[str]
    ) -> list[tuple[int, str]]:
        return [
            (values[cell.name].low, cell.name)
            for cell, members in zip(self.cells, self.new, strict=True)
            if cell.name not in gone and inside & set(members)
        ]

    def _spread(self, subject: str, atoms: Sequence[int]) -> tuple[int, ...]:
        """Return the joint groups that a table's atoms are made of."""
        held = self.members.get(subject, {})
        return tuple(sorted(group for atom in atoms for group in held.get(atom, ())))

    def _targets(self, subject: str, others: Sequence[Table]) -> list[tuple[int, ...]]:
        """List what must not be betrayed: small groups, differences of figures, rests of zones."""
        geographies: dict[str, dict[str, frozenset[int]]] = {}
        for cell, members in zip(self.cells, self.new, strict=True):
            zones = geographies.setdefault(f"{subject}/{cell.geography}", {})
            zones[cell.name] = frozenset(members)
        for table in others:
            for printed in table.cells:
                zones = geographies.setdefault(f"{table.subject}/{printed.geography}", {})
                zones[printed.name] = frozenset(self._spread(table.subject, printed.atoms))
        told = {members for zones in geographies.values() for members in zones.values()}
        small = [(atom,) for atom in range(self.atoms) if self._is_small((atom,))]
        left = {tuple(sorted(rest.atoms)) for rest in rests(geographies)}
        left |= differences(sorted(map(sorted, told)), self.truth, self.rule.threshold)
        return small + sorted(rest for rest in left if len(rest) > 1 and self._is_small(rest))

    def _is_small(self, atoms: Sequence[int]) -> bool:
        return 0 < int(self.truth[list(atoms)].sum()) < self.rule.threshold


def _members(groups: Sequence[Joint]) -> dict[str, dict[int, list[int]]]:
    members: dict[str, dict[int, list[int]]] = {}
    for place, group in enumerate(groups):
        for subject, atom in group.items():
            members.setdefault(subject, {}).setdefault(atom, []).append(place)
    return members
