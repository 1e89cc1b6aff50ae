"""A long list is matched by two processes, to the same answers, whatever happens to one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from importers.matching.beside import LEAST, Pair, beside, two_cores

pytestmark = pytest.mark.skipif(not two_cores(), reason="this machine has one core")

CELLS = ("12 rue des Peupliers", "62 bis rue Parmentier", "5 av victor hugoo", "ZAC PAJOL",
         "8 rue de la Chapelle / 12 rue des Peupliers", "", "rue Piat 75020")  # fmt: skip


def a_list(rows: int) -> list[tuple[str, str, str]]:
    """Rows of which no two are written alike, in an order that can be told."""
    towns = (("75013", "Paris"), ("", ""), ("75011", ""))
    return [
        (f"lot {n} - {CELLS[n % len(CELLS)]}" if n % 3 else CELLS[n % len(CELLS)],
         *towns[n % len(towns)])
        for n in range(rows)
    ]  # fmt: skip


def nobody(rows: int) -> None:
    """Hear nothing."""


def children(process: int) -> set[int]:
    """The processes that a process began and that still run."""
    found: set[int] = set()
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        found.update(map(int, task.read_text().split()))
    return {child for child in found if runs(child)}


def runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(done, seconds: float = 60.0) -> bool:
    """Wait for something that comes sooner or later."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(done())


@pytest.mark.parametrize("rows", [0, 1, 7, LEAST - 1, LEAST, 3 * LEAST + 1])
def test_a_list_of_any_length_has_the_answers_of_one_process_in_its_order(town, rows):
    given = a_list(rows)
    with beside(town) as pair:
        assert pair.match_all(given, nobody) == [town.match(*row) for row in given]
        assert pair.match_all(given[:3], nobody) == [town.match(*row) for row in given[:3]]


def test_a_long_list_is_shared_and_the_other_process_ends_with_the_work(town):
    before = children(os.getpid())
    with beside(town) as pair:
        pair.match_all(a_list(LEAST), nobody)
        began = children(os.getpid()) - before
        assert len(began) == 1
        pair.match_all(a_list(LEAST), nobody)
        assert children(os.getpid()) - before == began  # one for all batches
    assert children(os.getpid()) == before


def test_a_short_list_begins_no_process(town):
    before = children(os.getpid())
    with beside(town) as pair:
        pair.match_all(a_list(LEAST - 1), nobody)
        assert children(os.getpid()) == before


def test_where_the_other_process_is_killed_no_row_is_lost(town):
    given, before = a_list(10 * LEAST), children(os.getpid())
    killed: list[int] = []

    def kill(done: int) -> None:
        if done and not killed:
            killed.extend(children(os.getpid()) - before)
            os.kill(killed[0], signal.SIGKILL)

    with beside(town) as pair:
        found = pair.match_all(given, kill)
        assert killed
        assert found == [town.match(*row) for row in given]
        assert pair.match_all(given[:LEAST], nobody) == found[:LEAST]


def test_a_cancelled_work_stops_at_once_and_leaves_no_process(town):
    class Cancelled(Exception):
        pass

    def stop(done: int) -> None:
        heard.append(done)
        if done:
            raise Cancelled

    heard: list[int] = []
    before = children(os.getpid())
    with pytest.raises(Cancelled), beside(town) as pair:
        pair.match_all(a_list(20 * LEAST), stop)
    assert heard[-1] < 20 * LEAST
    assert children(os.getpid()) == before


def test_progress_is_told_while_rows_are_matched(town):
    heard: list[int] = []
    with beside(town) as pair:
        pair.match_all(a_list(6 * LEAST), heard.append)
    assert heard == sorted(heard)
    assert heard[0] == 0
    assert 0 < heard[-1] <= 6 * LEAST


PARENT = """
import sys
from importers.matching.beside import Pair, LEAST
from tests.importers.matching_town import the_town
pair = Pair(the_town())
pair.match_all([("12 rue des Peupliers", "", "")] * LEAST, lambda rows: None)
print("matched", flush=True)
sys.stdin.read()
"""


def test_where_this_process_is_killed_the_other_one_ends_by_itself():
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"matched\n"
        (other,) = children(parent.pid)
        parent.kill()
        assert until(lambda: not runs(other))


def test_on_one_core_everything_is_matched_here(town, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})
    before, pair = children(os.getpid()), Pair(town)
    given = a_list(LEAST)
    assert pair.match_all(given, nobody) == [town.match(*row) for row in given]
    assert children(os.getpid()) == before
