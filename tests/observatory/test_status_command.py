"""What ``observatory status`` and ``observatory runs`` tell the person at the keyboard."""

import io
import json

import pytest
from django.core.management import call_command

from observatory.models import Level, Run
from tests.factories import a_source, a_territory

pytestmark = pytest.mark.django_db


def told(*words, as_json=False):
    out = io.StringIO()
    call_command(*words, *(["--json"] if as_json else []), stdout=out)
    return json.loads(out.getvalue()) if as_json else out.getvalue()


def test_an_empty_database_is_called_empty():
    assert "(empty)" in told("status").splitlines()[0]


def test_a_demonstration_is_called_one():
    a_source("demo", is_demonstration=True)
    assert "(demonstration)" in told("status").splitlines()[0]


def test_real_data_are_not_called_a_demonstration():
    a_source("insee")
    assert "(real data)" in told("status").splitlines()[0]


def test_quarters_are_counted_by_generation_and_overseas_apart():
    for number in range(3):
        a_territory(Level.QPV, f"QP07500{number}", generation=2015)
    a_territory(Level.QPV, "QP974001", generation=2015, srid=2975)
    a_territory(Level.QPV, "QN07501M", generation=2024)
    lines = [" ".join(line.split()) for line in told("status").splitlines()]
    assert "qpv 2015 4 of which 1 overseas" in lines
    assert "qpv 2024 1" in lines


def test_sources_are_named_with_their_producer_and_vintage():
    a_source("x", title="Carreaux de 200 m", producer="INSEE", vintage="2021")
    assert "Carreaux de 200 m, INSEE 2021" in told("status")


def test_runs_are_listed_last_first():
    for kind in ("load grid", "zones build"):
        Run.objects.create(kind=kind, state="done", version="1")
    assert [row["kind"] for row in told("runs", as_json=True)] == ["zones build", "load grid"]


def test_one_run_is_told_whole():
    run = Run.objects.create(
        kind="load grid", state="refused", version="1", report={"refused": [{"row": 3}]},
        message="1 row refused", inputs=[{"name": "a.csv", "sha256": "0"}],
    )  # fmt: skip
    whole = told("runs", str(run.pk), as_json=True)
    assert whole["message"] == "1 row refused"
    assert whole["report"]["refused"] == [{"row": 3}]
    assert whole["inputs"][0]["name"] == "a.csv"


def test_a_run_that_does_not_exist_is_said_so(capsys):
    with pytest.raises(SystemExit) as end:
        call_command("runs", "999")
    assert end.value.code == 1
    assert "There is no run 999" in capsys.readouterr().err


def test_watching_a_finished_run_ends_at_once():
    run = Run.objects.create(kind="load grid", state="done", version="1")
    assert told("runs", str(run.pk), "--watch", as_json=True)["state"] == "done"
