"""Somebody who comes twice is counted once, in a file and between files of a scheme, on demand."""

from __future__ import annotations

import numpy as np
import pytest

from importers.deposits import results, service
from importers.deposits.errors import NoReferenceColumn
from importers.deposits.publishing import published
from importers.deposits.records import Met, Records
from importers.deposits.store import Store
from importers.models import Deposit, DepositState
from tests.importers.deposit_makers import (
    INSIDE,
    OUTSIDE,
    a_partner,
    deposited,
    fates,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]
TWICE = ["A", "B", "C", "A", "B", "A"]


def a_file(references: list[str], where: str = INSIDE) -> str:
    return "ref;lon;lat\n" + "\n".join(f"{reference};{where}" for reference in references)


def counted(partner, references: list[str], where: str = INSIDE, **ask) -> Deposit:
    return service.carry_out(deposited(partner, a_file(references, where), **ask))


def test_rows_are_all_counted_unless_asked_otherwise(partner):
    assert fates(counted(partner, TWICE)) == {"qpv": 6}


def test_each_reference_of_a_file_is_counted_once_on_demand(partner):
    deposit = counted(partner, TWICE, distinct_rows=True)
    assert fates(deposit) == {"qpv": 3}
    assert results.exact_result(deposit)["counted_before"] == 3


def test_it_holds_across_batches_and_after_a_kill(partner, monkeypatch):
    monkeypatch.setattr("importers.deposits.opening.BATCH_ROWS", 2)
    deposit = deposited(partner, a_file(TWICE), distinct_rows=True)
    real, calls = Store.write_batch, []

    def dying(self, number, *rest):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(number)
        return real(self, number, *rest)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Store, "write_batch", dying)
        service.carry_out(deposit)
    service.carry_out(deposit)
    assert fates(deposit) == {"qpv": 3}


def test_rows_without_a_reference_are_never_taken_for_each_other(partner):
    deposit = counted(partner, ["A", "", "", "A", ""], distinct_rows=True)
    assert fates(deposit) == {"qpv": 4}


def test_without_a_column_of_references_the_demand_is_refused(partner):
    deposit = deposited(partner, f"lon;lat\n{INSIDE}\n{INSIDE}\n", distinct_rows=True)
    with pytest.raises(NoReferenceColumn):
        service.carry_out(deposit)
    assert deposit.state == DepositState.REFUSED


def test_references_of_an_earlier_deposit_of_the_scheme_are_left_out_on_demand(partner):
    counted(partner, ["A", "B"])
    assert fates(counted(partner, ["B", "C", "C"], distinct_scheme=True)) == {"qpv": 2}
    assert fates(counted(partner, ["A", "D"], distinct_scheme=True, scheme="autre")) == {"qpv": 2}


def test_a_new_version_is_not_emptied_by_the_one_it_replaces(partner):
    one = counted(partner, ["A", "B"])
    two = deposited(partner, a_file(["A", "B", "C"]), distinct_scheme=True)
    service.replace(two, one)
    assert fates(service.carry_out(two)) == {"qpv": 3}


def test_another_organisations_references_are_not_looked_at(partner):
    counted(a_partner("Autre structure"), ["A", "B"])
    assert fates(counted(partner, ["A", "B"], distinct_scheme=True)) == {"qpv": 2}


def test_a_purged_deposit_keeps_no_trace_of_its_references(partner):
    one = counted(partner, ["A", "B"])
    assert sum(len(records.keys) for records in Store(one).records()) == 2
    service.purge(one)
    assert list(Store(one).records()) == []
    assert fates(counted(partner, ["A", "B"], distinct_scheme=True)) == {"qpv": 2}


def test_records_are_read_back_as_they_were_written():
    keys = np.array([1, 2**64 - 1], dtype=np.uint64)
    one = Records(["a|b", "c"], keys, np.array([1, 0], dtype=np.uint32), 4)
    two = Records.unpacked(one.packed())
    assert (two.names, two.keys.tolist(), two.groups.tolist(), two.twice) == (
        one.names, keys.tolist(), [1, 0], 4,
    )  # fmt: skip


def test_the_first_of_equal_keys_is_the_one_that_counts():
    met = Met()
    assert met.fresh(np.array([5, 5, 7], dtype=np.uint64)).tolist() == [True, False, True]
    met.add(np.array([5], dtype=np.uint64))
    assert met.fresh(np.array([5, 9], dtype=np.uint64)).tolist() == [False, True]


# -- quartier vécu -------------------------------------------------------------------------


def test_a_structure_is_eligible_refused_or_undetermined_by_its_unlocated_users(partner):
    rows = [f"Sûre;{INSIDE}"] * 6 + [f"Sûre;{OUTSIDE}"] * 2 + ["Sûre;0;0"] * 2
    rows += [f"Non;{INSIDE}"] * 2 + [f"Non;{OUTSIDE}"] * 8
    rows += [f"Incertaine;{INSIDE}"] * 4 + [f"Incertaine;{OUTSIDE}"] * 3 + ["Incertaine;0;0"] * 3
    deposit = service.carry_out(deposited(partner, "structure;lon;lat\n" + "\n".join(rows)))
    told = results.exact_result(deposit)["structures"]
    assert {name: one["verdict"] for name, one in told.items()} == {
        "Sûre": "eligible", "Non": "not_eligible", "Incertaine": "undetermined",
    }  # fmt: skip
    assert told["Sûre"]["bounds"] == [0.6, 0.8]
    # A structure's own figures never leave the deposit.
    assert not any("Sûre" in name for name in published(deposit))


def test_users_of_a_quarter_under_watch_do_not_make_a_structure_eligible(partner):
    rows = ["Veille;2.3710;48.8510"] * 9 + [f"Veille;{INSIDE}"]
    deposit = service.carry_out(deposited(partner, "structure;lon;lat\n" + "\n".join(rows)))
    assert results.exact_result(deposit)["structures"]["Veille"]["verdict"] == "not_eligible"
