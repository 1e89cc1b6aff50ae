"""A deposit given to the worker: it ends with the same counts, whatever dies on the way."""

from __future__ import annotations

import os
import random
import time
from datetime import date
from uuid import uuid4

import pytest
from django.db import connection, transaction

from importers.deposits import service
from importers.deposits.background import queue_deposit, run_deposit, run_purge
from importers.deposits.errors import BadChoice, Busy
from importers.deposits.store import Store
from importers.deposits.vault import key_folder, spool_folder
from importers.models import Deposit, DepositState
from observatory.models import Run, RunState
from tests.importers.deposit_makers import (
    a_list,
    a_worker,
    deposited,
    empty_queue,
    fates,
    kill,
    make_dead_workers_old,
    until,
)

pytestmark = pytest.mark.django_db(transaction=True)

ENDED = {DepositState.DONE, DepositState.REFUSED, DepositState.FAILED, DepositState.CANCELLED}
ROWS = {"qpv": 60_000, "outside": 30_000, "not_located": 10_000}


@pytest.fixture(autouse=True)
def site(deposit_site):
    yield
    empty_queue()


def state(deposit: Deposit) -> str:
    deposit.refresh_from_db()
    return deposit.state


def ended(deposit: Deposit) -> bool:
    return state(deposit) in ENDED


def test_the_worker_carries_a_deposit_out_and_shows_its_progress(partner):
    deposit = queue_deposit(deposited(partner, a_list(30, 12, 3)))
    assert (deposit.state, deposit.run.state) == (DepositState.QUEUED, RunState.QUEUED)
    with a_worker("--one-shot") as worker:
        worker.wait(90)
    assert state(deposit) == DepositState.DONE
    assert fates(deposit) == {"qpv": 30, "outside": 12, "not_located": 3}
    run = Run.objects.get(pk=deposit.run_id)
    assert (run.state, run.attempts, run.done_units, run.total_units) == (RunState.DONE, 1, 45, 45)


def test_a_deposit_is_started_once(partner):
    deposit = queue_deposit(deposited(partner, a_list(3, 3)))
    with pytest.raises(BadChoice):
        queue_deposit(deposit)


def test_a_refused_file_ends_its_deposit_and_not_the_worker(partner):
    bad = deposited(partner, "ref;lon;lat\n" + "R;2.35;48.85\n" * 3, distinct_rows=True)
    Deposit.objects.filter(pk=bad.pk).update(columns={"x": "lon", "y": "lat"})
    good = deposited(partner, a_list(3, 3))
    for deposit in (bad, good):
        queue_deposit(deposit)
    with a_worker("--one-shot") as worker:
        worker.wait(90)
    assert (state(bad), state(good)) == (DepositState.REFUSED, DepositState.DONE)
    assert bad.problem == "NoReferenceColumn"
    assert "column of references" in bad.message


def killed_and_counted(partner, kills: int, seed: int) -> dict[str, int]:
    """Deposit 100 000 rows, kill the worker so many times at random moments, let it end."""
    chance = random.Random(seed)
    deposit = queue_deposit(deposited(partner, a_list(*ROWS.values())))
    for _ in range(kills):
        with a_worker() as worker:
            until(lambda: worker.poll() is None and state(deposit) != DepositState.QUEUED, "begun")
            time.sleep(chance.uniform(0, 1.5))
            kill(worker)
        make_dead_workers_old()
    with a_worker():
        until(lambda: ended(deposit), "the last worker ends it")
    assert deposit.state == DepositState.DONE
    assert list(spool_folder().iterdir()) == [], "the file is gone"
    return fates(deposit)


def test_a_worker_killed_at_random_moments_leaves_the_same_counts(partner):
    assert killed_and_counted(partner, kills=2, seed=1) == ROWS


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(20))
def test_twenty_times_killed_workers_leave_the_same_counts(partner, seed):
    assert killed_and_counted(partner, kills=1 + seed % 3, seed=seed) == ROWS


def test_work_given_up_leaves_nothing_of_the_file(partner):
    deposit = queue_deposit(deposited(partner, a_list(3, 3)))
    Run.objects.update(attempts=5)
    run_deposit(deposit.pk)
    assert (state(deposit), deposit.problem) == (DepositState.FAILED, "GivenUp")
    assert list(key_folder().iterdir()) == list(spool_folder().iterdir()) == []
    assert fates(deposit) == {}


def test_two_workers_never_count_the_same_deposit(partner):
    deposit = queue_deposit(deposited(partner, a_list(3, 3)))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(20150, %s)", [deposit.pk])
        with pytest.raises(Busy):
            service.carry_out(deposit)
    finally:
        other.close()
    assert state(deposit) == DepositState.QUEUED
    run_deposit(deposit.pk)
    run_deposit(deposit.pk)
    assert fates(deposit) == {"qpv": 3, "outside": 3}


def test_a_running_deposit_is_cancelled_and_leaves_neither_rows_nor_key(partner):
    deposit = queue_deposit(deposited(partner, a_list(*ROWS.values())))
    with a_worker():
        until(lambda: state(deposit) == DepositState.RUNNING, "it begins")
        service.cancel(deposit)
        until(lambda: ended(deposit), "it stops")
    assert deposit.state == DepositState.CANCELLED
    assert Store(deposit).batches_done() == {}
    assert list(key_folder().iterdir()) == list(spool_folder().iterdir()) == []


def test_purged_while_the_worker_counts_it_a_deposit_stays_destroyed(partner):
    deposit = queue_deposit(deposited(partner, a_list(300_000, 10, 0)))
    with a_worker():
        until(lambda: state(deposit) == DepositState.RUNNING, "running")
        service.purge(deposit, partner.pk)
        until(lambda: Run.objects.get(pk=deposit.run_id).state != RunState.RUNNING, "the end")
    assert state(deposit) == DepositState.CANCELLED
    assert Store(deposit).batches_done() == {}
    assert list(key_folder().iterdir()) == list(spool_folder().iterdir()) == []


def test_deleted_while_the_worker_counts_it_a_deposit_is_gone_and_the_worker_goes_on(partner):
    gone = queue_deposit(deposited(partner, a_list(300_000, 10, 0)))
    next_one = queue_deposit(deposited(partner, a_list(6, 4)))
    with a_worker():
        until(lambda: state(gone) == DepositState.RUNNING, "running")
        service.delete(gone, partner.pk)
        until(lambda: ended(next_one), "the next one is counted")
    assert fates(next_one) == {"qpv": 6, "outside": 4}
    assert [one.pk for one in Deposit.objects.all()] == [next_one.pk]


def test_a_deposit_waiting_for_the_worker_is_cancelled_at_once(partner):
    deposit = queue_deposit(deposited(partner, a_list(3, 3)))
    service.cancel(deposit)
    run_deposit(deposit.pk)
    assert state(deposit) == DepositState.CANCELLED


def test_a_job_whose_deposit_was_removed_does_nothing(partner):
    deposit = queue_deposit(deposited(partner, a_list(3, 3)))
    number = deposit.pk
    service.delete(deposit)
    run_deposit(number)
    assert not Deposit.objects.exists()


def test_neither_the_job_nor_the_state_is_stored_without_the_other(partner):
    deposit = deposited(partner, a_list(3, 3))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        queue_deposit(deposit)
        _ = 1 / 0
    assert state(deposit) == DepositState.RECEIVED
    with a_worker("--one-shot") as worker:
        worker.wait(90)
    assert state(deposit) == DepositState.RECEIVED


def test_the_nightly_purge_destroys_what_is_due_and_what_a_kill_left(partner, tmp_path):
    due = deposited(partner, a_list(6, 6), purge_on=date(2020, 1, 1))
    service.carry_out(due)
    later = deposited(partner, a_list(6, 7), purge_on=date(2100, 1, 1))
    never_confirmed = deposited(partner, a_list(6, 8), purge_on=date(2020, 1, 1))
    orphan, young = (key_folder() / f"{uuid4()}.key" for _ in range(2))
    left = spool_folder() / f"{orphan.stem}.part"
    for file in (orphan, young, left):
        file.write_bytes(b"\1" * 32)
    for file in (orphan, left):
        os.utime(file, (1, 1))
    assert run_purge() == 3
    assert (state(due), state(later)) == (DepositState.PURGED, DepositState.RECEIVED)
    assert state(never_confirmed) == DepositState.CANCELLED
    kept = {file.stem for file in key_folder().iterdir()}
    assert kept == {str(later.mark), young.stem}
    assert [file.stem for file in spool_folder().iterdir()] == [str(later.mark)]
    assert fates(due) == {"qpv": 6, "outside": 6}
