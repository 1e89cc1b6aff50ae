"""Loads given to the worker: a real process, its progress, and its death at the worst moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.db import connection

from carroyage.models import Cell
from importers.background import queue_load, run_job
from importers.errors import FileMissing, UnknownProduct
from importers.loads import ONE_LOAD
from importers.options import LoadOptions
from observatory.models import Address, Run, RunState
from observatory.paths import PROJECT
from tests.importers.makers import address, ban_csv, grid_csv, grid_row

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 90.0  # seconds; only a failing test waits that long


@pytest.fixture(autouse=True)
def empty_queue(transactional_db: None) -> Iterator[None]:
    """The queue's tables are not Django's to empty."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@contextmanager
def worker(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process on the test's own database."""
    held = connection.settings_dict
    words_of = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST",
                "port": "PORT"}  # fmt: skip
    query = urlencode({name: held[key] for name, key in words_of.items() if held[key]})
    process = subprocess.Popen(
        [sys.executable, "-m", "observatory", "procrastinate", "worker", *words],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": f"postgresql://?{query}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _until(true: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < limit, f"never happened: {what}"
        time.sleep(0.05)


def _ended(run: Run) -> bool:
    run.refresh_from_db()
    return run.state in (RunState.DONE, RunState.REFUSED, RunState.FAILED)


def test_a_load_waits_as_a_run_and_the_worker_carries_it_out(tmp_path):
    run = queue_load("grid", grid_csv(tmp_path / "c_2019.csv", 4), LoadOptions(producer="Apur"))
    assert (run.state, run.kind, run.attempts) == (RunState.QUEUED, "load grid", 0)
    assert run.inputs[0]["name"] == "c_2019.csv"
    assert not Cell.objects.exists()
    with worker("--one-shot") as process:
        process.wait(PATIENCE)
    assert _ended(run)
    assert (run.state, run.attempts, run.counts["kept"]) == (RunState.DONE, 1, 4)
    assert (run.step, run.done_units, run.total_units) == ("cells stored", 4, 4)
    assert Cell.objects.count() == 4
    assert run.parameters["producer"] == "Apur"


def test_a_refused_file_ends_its_run_and_not_the_worker(tmp_path):
    bad = queue_load("grid", grid_csv(tmp_path / "a.csv", [grid_row(0, ind=-1)]), LoadOptions())
    good = queue_load("grid", grid_csv(tmp_path / "b.csv", 2), LoadOptions())
    with worker("--one-shot") as process:
        process.wait(PATIENCE)
    assert _ended(bad)
    assert _ended(good)
    assert (bad.state, good.state) == (RunState.REFUSED, RunState.DONE)
    assert bad.report["refused_rows"][0]["problem"] == "a negative value"
    assert "a negative value" in bad.message


def test_loads_follow_each_other_in_the_order_they_were_asked_for(tmp_path):
    paths = [grid_csv(tmp_path / f"{n}_2019.csv", n) for n in (5, 2, 3)]
    runs = [queue_load("grid", path, LoadOptions()) for path in paths]
    with worker("--concurrency", "3"):
        _until(lambda: all(_ended(run) for run in runs), "all three end")
    ends = [run.ended_at for run in runs]
    assert ends == sorted(ends)
    assert Cell.objects.count() == 3, "the last one asked for holds"


def test_a_killed_workers_load_is_carried_out_once_by_the_next(tmp_path):
    rows = [address(n, lon="2.34") for n in range(60_000)]
    path = ban_csv(tmp_path / "doors.csv", rows)
    run = queue_load("addresses", path, LoadOptions())
    with worker() as first:
        _until(lambda: _progress(run) > 0, "the load begins")
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    run.refresh_from_db()
    assert run.state == RunState.RUNNING, "it was killed at work"
    assert Address.objects.count() == 0, "nothing of a load is seen before its end"
    _make_the_dead_worker_old()
    with worker():
        _until(lambda: _ended(run), "the next worker ends the load")
    assert (run.state, run.attempts) == (RunState.DONE, 2)
    assert Address.objects.count() == run.counts["kept"] == run.counts["added"] == 60_000


def _progress(run: Run) -> int:
    run.refresh_from_db()
    return run.done_units


def _make_the_dead_worker_old() -> None:
    """Half a minute must pass before a silent worker is taken for dead: let it have passed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '10 minutes'"
        )


def test_a_run_that_has_ended_is_not_carried_out_again(tmp_path):
    path = grid_csv(tmp_path / "c_2019.csv", 2)
    run = queue_load("grid", path, LoadOptions())
    run_job(run.pk, "grid", str(path), {})
    grid_csv(path, 9)
    run_job(run.pk, "grid", str(path), {})
    run.refresh_from_db()
    assert (run.attempts, run.counts["kept"]) == (1, 2)
    assert Cell.objects.count() == 2


def test_a_load_that_kills_its_worker_each_time_is_given_up(tmp_path):
    path = grid_csv(tmp_path / "c_2019.csv", 2)
    run = queue_load("grid", path, LoadOptions())
    run.attempts = 5
    run.save()
    run_job(run.pk, "grid", str(path), {})
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "Given up after 5 attempts" in run.message
    assert not Cell.objects.exists()


def test_the_lock_of_loads_is_given_back_after_a_refusal(tmp_path):
    path = grid_csv(tmp_path / "c.csv", [grid_row(0, ind=-1)])
    run = queue_load("grid", path, LoadOptions())
    run_job(run.pk, "grid", str(path), {})
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype='advisory' AND objid=%s",
                       [ONE_LOAD])  # fmt: skip
        assert cursor.fetchone()[0] == 0


def test_a_file_that_is_not_there_is_told_at_once(tmp_path: Path):
    with pytest.raises(FileMissing):
        queue_load("grid", tmp_path / "nowhere.csv", LoadOptions())
    with pytest.raises(UnknownProduct):
        queue_load("weather", grid_csv(tmp_path / "c.csv"), LoadOptions())
    assert Run.objects.count() == 0


def test_the_command_prints_the_run_to_watch(tmp_path, capsys):
    from django.core.management import call_command

    call_command("load", "grid", str(grid_csv(tmp_path / "c.csv")), "--background")
    run = Run.objects.get()
    said = capsys.readouterr().out
    assert f"Run {run.pk} waits for the worker: observatory runs {run.pk} --watch" in said
    assert run.state == RunState.QUEUED
