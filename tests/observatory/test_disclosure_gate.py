"""What leaves the gate cannot be subtracted into a handful of people."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from observatory.disclosure import Atom, Cell, Gate, NoiseRule, Reason, Shown, Withheld, rate
from observatory.disclosure.bounds import Figure, System, bounds_of
from observatory.disclosure.differencing import differences, rests
from observatory.disclosure.errors import BadTable
from observatory.disclosure.gate import protected
from observatory.disclosure.register import MemoryRegister

RULE = NoiseRule()


def a_gate(register=None):
    return Gate("scheme:essai", RULE, register or MemoryRegister())


def atoms_of(counts, random):
    return [
        Atom(f"a{place}", count, sum(int(k) for k in random.integers(0, 1 << 63, count)))
        for place, count in enumerate(counts)
    ]


# -- one figure ----------------------------------------------------------------------------


def test_a_figure_under_the_threshold_says_that_it_is_withheld_and_is_no_zero():
    release = a_gate().release("d1", [Atom("few", 3, 1 << 50)], [Cell("few", "qpv", (0,))])
    figure = release["few"]
    assert isinstance(figure, Withheld)
    assert figure.reason is Reason.BELOW_THRESHOLD
    assert figure.as_dict() == {"value": None, "withheld": "below_threshold"}


def test_no_people_and_few_people_look_alike():
    nobody = a_gate().release("d1", [], [Cell("none", "qpv", ())])["none"]
    few = protected(2, 0.0, RULE)
    assert nobody == few


def test_a_rate_is_worked_out_from_what_is_printed_alone():
    part, whole = Shown(20, 15, 25), Shown(80, 75, 85)
    assert rate(part, whole).as_dict() == {"value": 0.25, "withheld": None}


def test_a_rate_of_a_withheld_figure_is_withheld_for_the_same_reason():
    hidden = Withheld(Reason.DIFFERENCING)
    assert rate(Shown(20, 15, 25), hidden) == Withheld(Reason.DIFFERENCING)
    assert rate(hidden, Shown(20, 15, 25)) == Withheld(Reason.DIFFERENCING)


def test_noise_cannot_print_a_rate_over_one():
    assert rate(Shown(12, 7, 17), Shown(11, 6, 16)).value == 1.0


# -- nonsense ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "atoms, cells",
    [
        ([Atom("a", 1, 0), Atom("a", 2, 0)], []),
        ([Atom("a", 1, 0)], [Cell("c", "g", (0,)), Cell("c", "g", ())]),
        ([Atom("a", -1, 0)], []),
        ([Atom("a", 1, 0)], [Cell("c", "g", (0, 0))]),
        ([Atom("a", 1, 0)], [Cell("c", "g", (1,))]),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(atoms, cells):
    with pytest.raises(BadTable):
        a_gate().release("d1", atoms, cells)


# -- subtraction ---------------------------------------------------------------------------


def test_the_search_finds_what_a_quarter_leaves_of_its_arrondissement():
    found = list(
        rests({"arr": {"13e": frozenset({0, 1, 2})}, "qpv": {"A": frozenset({0}),
              "B": frozenset({1, 3})}})
    )  # fmt: skip
    assert {(rest.plus, rest.minus, tuple(sorted(rest.atoms))) for rest in found} >= {
        (("13e",), ("A",), (1, 2))
    }


def test_the_search_finds_what_two_generations_of_quarters_leave_together():
    # 2015: P = {0,1}, Q = {2,3}; 2024: R = {0,1,2,3,4}. R minus (P and Q) leaves atom 4.
    found = list(
        rests({"2015": {"P": frozenset({0, 1}), "Q": frozenset({2, 3})},
               "2024": {"R": frozenset({0, 1, 2, 3, 4})}})
    )  # fmt: skip
    assert (("R",), ("P", "Q"), frozenset({4})) in {(r.plus, r.minus, r.atoms) for r in found}


def test_what_two_overlapping_figures_leave_is_looked_at():
    truth = np.array([3, 10, 0, 40])
    assert differences([(0, 1), (1, 2), (1, 3)], truth, 5) == {(0,)}
    assert differences([(0,), (1,)], truth, 5) == {(0,)}, "a small figure, whole"
    assert differences([], truth, 5) == set()


def test_two_who_came_are_looked_at_together_where_neither_is_betrayed_alone():
    """One woman and one man came; only the totals of the two versions are printed."""
    truth, versions = np.array([20, 10, 1, 1]), [(0, 1), (0, 1, 2, 3)]
    system = System(exact(*((held, int(truth[list(held)].sum())) for held in versions)), 4)
    assert system.betrayed([(2,), (3,)], 5) == []
    assert differences(versions, truth, 5) == {(2, 3)}
    assert system.betrayed([(2, 3)], 5) == [0]


def exact(*figures):
    return [Figure(tuple(atoms), count, count) for atoms, count in figures]


def test_exact_figures_betray_a_difference_and_the_solver_sees_it():
    system = System(exact(((0, 1), 30), ((0,), 27)), 2)
    assert bounds_of(system, (1,)) == (3, 3)
    assert system.betrayed([(0,), (1,)], 5) == [1]


def test_a_large_difference_betrays_nobody():
    system = System(exact(((0, 1), 60), ((0,), 27)), 2)
    assert system.betrayed([(0,), (1,)], 5) == []


def test_what_is_not_printed_limits_nothing():
    system = System([Figure((0, 1)), *exact(((0,), 3))], 2)
    assert bounds_of(system, (1,)) == (0, None)
    assert system.betrayed([(1,)], 5) == []


def test_figures_that_close_in_on_two_people_are_withheld():
    """An exact total is out already; noise that leans the wrong way would close in on its rest."""
    random = np.random.default_rng(3)
    withheld = 0
    for _ in range(200):
        register, atoms = MemoryRegister(), atoms_of([2, 30], random)
        total = Cell("total", "city", (0, 1))
        register.note("p", "old", RULE, ["a0", "a1"], [(total, Shown(32, 32, 32))])
        joint = [({"old": 0, "new": 0}, 2), ({"old": 1, "new": 1}, 30)]
        cells = [Cell("few", "qpv", (0,)), Cell("many", "rest", (1,))]
        release = Gate("p", RULE, register).release("new", atoms, cells, joint)
        withheld += len(release.withheld_by_differencing)
        figures = [*exact(((0, 1), 32)), *printed_system(release, cells, 2).figures]
        low, high = bounds_of(System(figures, 2), (0,))
        assert low == 0 or high is None or high >= RULE.threshold
    assert withheld > 0


def printed_system(release, cells, atoms):
    """What anybody can write down from a release."""
    figures = [Figure(c.atoms, release[c.name].low, release[c.name].high) for c in cells]
    return System(figures, atoms)


tables = st.tuples(
    st.lists(st.integers(0, 12), min_size=2, max_size=6),
    st.integers(0, 2**32 - 1),
)


@given(tables)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_set_of_overlapping_zones_betrays_a_small_group(table):
    counts, seed = table
    random = np.random.default_rng(seed)
    atoms = atoms_of(counts, random)
    sets = [s for size in (1, 2, 3) for s in itertools.combinations(range(len(counts)), size)]
    chosen = random.permutation(len(sets))[:12]
    cells = [Cell(f"c{n}", f"g{n % 4}", sets[n]) for n in chosen]
    release = a_gate().release("d", atoms, cells)
    system = printed_system(release, cells, len(counts))
    for atom, _ in enumerate(counts):
        low, high = bounds_of(system, (atom,))
        assert low <= counts[atom] <= (np.inf if high is None else high)
        assert low == 0 or high is None or high >= RULE.threshold


def test_with_exact_figures_in_place_of_the_gate_many_groups_are_betrayed():
    counts = [12, 3, 2, 20]
    cells = [(0, 1), (0,), (2, 3), (3,), (0, 1, 2, 3)]
    system = System(exact(*((c, sum(counts[a] for a in c)) for c in cells)), 4)
    assert system.betrayed([(a,) for a in range(4)], RULE.threshold) == [1, 2]


# -- tables that follow each other ---------------------------------------------------------


def test_asking_again_gives_the_same_figures():
    random = np.random.default_rng(1)
    atoms = atoms_of([14, 3, 60], random)
    cells = [Cell("a", "g", (0,)), Cell("ab", "h", (0, 1)), Cell("all", "t", (0, 1, 2))]
    gate = a_gate()
    assert gate.release("d1", atoms, cells) == gate.release("d1", atoms, cells)
    reversed_cells = [Cell(c.name, c.geography, c.atoms[::-1]) for c in cells]
    assert a_gate().release("d1", atoms, reversed_cells).values == a_gate().release(
        "d1", atoms, cells
    ).values  # fmt: skip


def test_a_second_version_is_checked_together_with_the_first():
    """Version 2 adds two people: nothing printed may show these two."""
    random = np.random.default_rng(8)
    register = MemoryRegister()
    betrayed = 0
    for trial in range(150):
        old, new = atoms_of([30, 2], random)
        gate = Gate(f"p{trial}", RULE, register)
        gate.release("v1", [Atom("q", old.count, old.key_sum)], [Cell("q", "qpv", (0,))])
        second = [Atom("q", old.count + new.count, old.key_sum + new.key_sum)]
        joint = [({"v1": 0, "v2": 0}, 30), ({"v2": 0}, 2)]
        gate.release("v2", second, [Cell("q", "qpv", (0,))], joint)
        tables = gate.register.tables(f"p{trial}")
        figures = [
            Figure(atoms, cell.value.low, cell.value.high)
            for table in tables
            for cell, atoms in zip(table.cells, [(0,) if table.subject == "v1" else (0, 1)],
                                   strict=True)
        ]  # fmt: skip
        low, high = bounds_of(System(figures, 2), (1,))
        betrayed += low >= 1 and high is not None and high < RULE.threshold
    assert betrayed == 0


def test_tables_of_another_scheme_do_not_mix():
    register = MemoryRegister()
    cells = [Cell("q", "qpv", (0,))]
    Gate("p1", RULE, register).release("d1", [Atom("q", 30, 5)], cells)
    Gate("p2", RULE, register).release("d2", [Atom("q", 30, 5)], cells)
    assert [t.subject for t in register.tables("p1")] == ["d1"]
