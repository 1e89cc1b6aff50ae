"""Rows are counted in groups: same fate, zones, period, sex, age band and structure."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from importers.deposits.outcomes import DIMENSIONS, ZONES, Fate, Joined, atoms_of, parts_of

codes = st.sampled_from(["", "QP075001", "QP075002", "75118"])
texts = st.sampled_from(["", "F", "H", "26-49", "Centre A", "Centre|B", "Centre/B", "é" * 90])
a_row = st.tuples(st.sampled_from(list(Fate)), *[codes] * len(ZONES), *[texts] * 4)


def grouped(rows):
    """Return the groups of rows given as (fate, zones, period, sex, age, structure)."""
    columns = list(zip(*rows, strict=True)) or [()] * len(DIMENSIONS)
    zones = {
        level: np.array(columns[place], dtype=object) for place, level in enumerate(ZONES, start=1)
    }
    joined = Joined(np.array([int(fate) for fate in columns[0]], dtype=np.int64), zones)
    return atoms_of(joined, [list(values) for values in columns[1 + len(ZONES) :]])


@given(st.lists(a_row, max_size=40))
def test_every_row_is_in_the_group_that_its_own_values_name(rows):
    names, groups = grouped(rows)
    written = [
        "|".join(value.replace("|", "/")[:80] for value in (fate.name.lower(), *others))
        for fate, *others in rows
    ]
    assert [names[group] for group in groups] == written
    assert len(names) == len(set(written))


@given(st.lists(a_row, min_size=1, max_size=40))
def test_the_groups_hold_each_row_once_and_a_name_tells_all_its_parts(rows):
    names, groups = grouped(rows)
    sizes = Counter(groups.tolist())
    assert sum(sizes.values()) == len(rows)
    assert set(sizes) == set(range(len(names)))
    assert all(len(parts_of(name)) == len(DIMENSIONS) for name in names)


def test_structures_that_differ_by_a_bar_alone_are_one_structure():
    row = (Fate.OUTSIDE, *[""] * len(ZONES), "2024", "F", "")
    names, groups = grouped([(*row, "Centre|B"), (*row, "Centre/B")])
    assert len(names) == 1
    assert groups.tolist() == [0, 0]
    assert parts_of(names[0])["structure"] == "Centre/B"
