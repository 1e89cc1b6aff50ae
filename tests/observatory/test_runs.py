"""Every load and computation leaves a record, with progress others can watch."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import psycopg
import pytest
from django.db import connection, transaction

from observatory.models import Run
from observatory.plain import plain
from observatory.runs import checksum, recorded

pytestmark = pytest.mark.django_db(transaction=True)


class Refusal(Exception):
    """A refusal with its report."""

    report = {"refused": 3}


def seen_from_outside(number):
    """Return what another program reads of a run at this very moment."""
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"], port=settings["PORT"] or None, user=settings["USER"],
        password=settings["PASSWORD"] or None, dbname=settings["NAME"],
    ) as other:  # fmt: skip
        query = "SELECT state, step, done_units, total_units FROM observatory_run WHERE id = %s"
        return other.execute(query, [number]).fetchone()


def test_a_finished_run_says_what_it_read_and_made():
    with recorded("load grid", inputs=[{"name": "a.csv"}], parameters={"x": 1}) as recorder:
        recorder.run.counts = {"kept": 2_065}
    run = Run.objects.get()
    assert (run.kind, run.state, run.counts) == ("load grid", "done", {"kept": 2_065})
    assert (run.inputs, run.parameters) == ([{"name": "a.csv"}], {"x": 1})
    assert run.started_at <= run.ended_at
    assert run.version


def test_progress_is_seen_by_others_while_the_work_is_not_yet_committed():
    with recorded("load grid") as recorder, transaction.atomic():
        recorder("rows", 120, 2_065)
        assert seen_from_outside(recorder.run.pk) == ("running", "rows", 120, 2_065)


def test_a_refused_run_keeps_its_report_and_its_words():
    with (
        pytest.raises(Refusal),
        recorded("load grid", refusals=(Refusal,)),
    ):
        raise Refusal("3 rows refused")
    run = Run.objects.get()
    assert (run.state, run.message, run.report) == ("refused", "3 rows refused", {"refused": 3})


def test_a_failed_run_says_its_kind_of_failure_but_repeats_no_row():
    with pytest.raises(ValueError, match="Dupont"), recorded("load grid"):
        raise ValueError("12 rue Dupont")
    run = Run.objects.get()
    assert run.state == "failed"
    assert run.message == "ValueError"


def test_a_queued_run_goes_on_under_its_own_number():
    queued = Run.objects.create(kind="load grid", state="queued", version="x")
    with recorded("load grid", run=queued):
        pass
    assert Run.objects.get().pk == queued.pk


def test_a_checksum_tells_two_files_apart(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"a" * 3_000_000)
    other.write_bytes(b"a" * 2_999_999 + b"b")
    assert checksum(one)["size"] == checksum(other)["size"] == 3_000_000
    assert checksum(one)["sha256"] != checksum(other)["sha256"]


@pytest.mark.parametrize(
    "value, expected",
    [
        (math.nan, None),
        (np.float64("nan"), None),
        (math.inf, None),
        (np.int64(3), 3),
        (Decimal("12799.8"), 12799.8),
        (date(2015, 1, 1), "2015-01-01"),
        (datetime(2015, 1, 1, tzinfo=UTC), "2015-01-01T00:00:00+00:00"),
        ({"a": (1, math.nan)}, {"a": [1, None]}),
        (0, 0),
        (False, False),
        ("01", "01"),
    ],
)
def test_no_data_is_null_and_never_zero_in_what_is_stored(value, expected):
    assert plain(value) == expected
