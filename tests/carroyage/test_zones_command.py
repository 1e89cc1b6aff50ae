"""``observatory zones sensitivity|compare``, and a command line that starts at once."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from carroyage.management.stability import Ranges, assess_stability
from carroyage.management.wanted import Wanted
from carroyage.management.zone_options import HELP, SCORE_NAMES
from carroyage.management.zoning import build
from carroyage.models import Cell, CellIncome, GridDataset, Origin
from carroyage.scores import SCORES
from carroyage.zones import MIN_POPULATION
from observatory.models import Run
from tests.factories import a_source

pytestmark = pytest.mark.django_db

NORTH, EAST = 2_890_000, 3_760_000


def run(*words):
    out = io.StringIO()
    call_command("zones", *map(str, words), "--json", stdout=out)
    return json.loads(out.getvalue())


def said(*words):
    out = io.StringIO()
    call_command("zones", *map(str, words), stdout=out)
    return out.getvalue()


def refused(capsys, *words):
    with pytest.raises(SystemExit) as end:
        call_command("zones", *map(str, words))
    assert end.value.code == 1
    return capsys.readouterr().err


@pytest.fixture
def published():
    """Three clusters apart: 90 %, 31 % and 24 % of poor households, 2 000 inhabitants each."""
    dataset = GridDataset.objects.create(source=a_source("filosofi", title="Filosofi"))
    for column, share in ((0, 0.9), (4, 0.31), (8, 0.24)):
        for step in (0, 1):
            Cell.objects.create(
                dataset=dataset, north=NORTH, east=EAST + 200 * (column + step),
                ind=1_000.0, men=500.0, men_pauv=500 * share, ind_snv=15e6,
            )  # fmt: skip
    return dataset


@pytest.fixture
def records():
    """Two cells apart whose persons are all under 9 000 €, or all at 12 500 €."""
    dataset = GridDataset.objects.create(source=a_source("menages"), origin=Origin.RECORDS)
    for column, step in ((0, 900), (5, 1_250)):
        CellIncome.objects.create(
            dataset=dataset, north=NORTH, east=EAST + 200 * column, steps=[step], persons=[2_000]
        )
    return dataset


class TestRecord:
    """What made a zone is printed as it is stored."""

    def test_a_build_tells_its_cells_parameters_and_version(self, published):
        told = run("build", "--score", "share_poor", "--threshold", 0.3)
        record = Run.objects.get(pk=told["run"])
        for name in ("kind", "version", "inputs", "parameters", "counts"):
            assert told[name] == getattr(record, name)
        text = said("build", "--score", "share_poor", "--threshold", 0.3)
        assert f"Run {record.pk}: zones build, version {record.version}" in text
        assert "from filosofi 2021, 6 cells" in text
        assert "threshold 0.3" in text
        assert "(already recorded)" in text

    def test_a_sensitivity_and_a_comparison_too(self, published):
        words = said("sensitivity", "--draws", 5, "--seed", 3)
        assert "zones sensitivity, version" in words
        assert "draws': 5" in words
        run("build", "--score", "share_poor", "--threshold", 0.3)
        run("build", "--score", "share_poor", "--threshold", 0.2)
        told = said("compare")
        assert "zones compare, version" in told
        assert "(before)" in told
        assert "threshold: 0.3 → 0.2" in told

    @pytest.mark.parametrize("score", ["share_poor_near", "combined_ranks"])
    def test_zones_by_a_smoothed_or_combined_score(self, published, score):
        told = run("build", "--score", score, "--threshold", 0.3)
        assert told["counts"]["zones"] >= 1
        assert told["parameters"]["score"] == score


class TestSensitivity:
    def test_a_zone_far_over_the_threshold_exists_in_every_draw(self, published):
        told = run("sensitivity", "--score", "share_poor", "--threshold", 0.25, "--draws", 60,
                   "--threshold-range", "0.2,0.5")  # fmt: skip
        sure, unsure = told["zones"]
        assert (sure["exists"], sure["overlap"]) == (1, 1)
        assert 0 < unsure["exists"] < 1
        assert told["counts"] == {"draws": 60, "zones": 2}

    def test_the_same_seed_tells_the_same(self, published):
        words = ("sensitivity", "--draws", 20, "--seed", 4)
        first, second = run(*words), run(*words)
        assert first["zones"] == second["zones"]
        assert first["by_choice"] == second["by_choice"]

    def test_a_line_moves_the_zones_made_from_records(self, records):
        told = run("sensitivity", "--line", 12_800, "--line-range", "8000,14000", "--draws", 60)
        low, high = sorted(told["zones"], key=lambda zone: -zone["exists"])
        draws = [row for row in told["by_choice"] if row["choice"] == "line"]
        assert {row["value"] for row in draws} == {"low", "middle", "high"}
        assert low["exists"] > high["exists"]
        # The second zone needs a line over 12 500 €: a quarter of the range.
        assert high["exists"] == pytest.approx(0.25, abs=0.2)

    def test_without_ranges_choices_are_drawn_a_tenth_around(self, published):
        found = assess_stability(Wanted(score="share_poor", threshold=0.3), Ranges(draws=50))
        drawn = found.sensitivity.draws["threshold"]
        assert drawn.between(0.27, 0.33).all()
        assert drawn.nunique() > 10

    def test_several_scores_may_be_drawn(self, published):
        told = run("sensitivity", "--score", "share_poor", "--draws", 30,
                   "--scores", "share_poor,mean_living_standard")  # fmt: skip
        values = {row["value"] for row in told["by_choice"] if row["choice"] == "score"}
        assert values == {"share_poor", "mean_living_standard"}

    def test_the_run_keeps_what_was_drawn_and_found(self, published):
        told = run("sensitivity", "--draws", 10, "--seed", 9)
        record = Run.objects.get(pk=told["run"])
        assert (record.kind, record.state) == ("zones sensitivity", "done")
        assert record.parameters["ranges"]["seed"] == 9
        assert record.inputs[0]["source"] == "filosofi"
        assert record.report["zones"] == told["zones"]

    def test_the_table_names_each_zone_with_its_share(self, published):
        text = said("sensitivity", "--draws", 10)
        assert "Zone 1" in text
        assert "100%" in text
        assert "10 draws:" in text

    def test_no_draw_is_refused(self, published, capsys):
        assert "nothing to draw" in refused(capsys, "sensitivity", "--draws", 0)
        assert Run.objects.get().state == "refused"

    def test_an_unknown_score_is_refused_by_name(self, published, capsys):
        assert "no score called 'wealth'" in refused(capsys, "sensitivity", "--scores", "wealth")

    def test_a_range_that_is_none_is_refused(self, published):
        with pytest.raises(CommandError, match="is not a range like"):
            run("sensitivity", "--threshold-range", "0.5,0.2")


class TestComparingRuns:
    @pytest.fixture
    def two(self, published):
        first, _ = build(Wanted(threshold=0.2))
        second, _ = build(Wanted(threshold=0.3))
        return first, second

    def test_without_numbers_the_last_two_are_compared(self, two):
        told = run("compare")
        assert (told["before"], told["after"]) == (f"run {two[0].pk}", f"run {two[1].pk}")
        assert told["changed_parameters"] == {"threshold": [0.2, 0.3]}

    def test_what_goes_out_is_told_in_zones_cells_and_inhabitants(self, two):
        told = run("compare", two[0].pk, two[1].pk)
        assert told["counts"] == {"unchanged": 2, "redrawn": 0, "new": 0, "out": 1}
        assert told["cells_lost"] == [
            "CRS3035RES200mN2890000E3761600", "CRS3035RES200mN2890000E3761800",
        ]  # fmt: skip
        assert told["inhabitants"]["lost"] == pytest.approx(2_000, rel=1e-4)
        assert told["inhabitants"]["gained"] == pytest.approx(0, abs=0.1)

    def test_turned_around_they_come_in(self, two):
        assert run("compare", two[1].pk, two[0].pk)["counts"]["new"] == 1

    def test_the_comparison_is_recorded(self, two):
        record = Run.objects.get(pk=run("compare")["run"])
        assert record.kind == "zones compare"
        assert [row["run"] for row in record.inputs] == [two[0].pk, two[1].pk]

    def test_it_reads_as_a_table(self, two):
        text = said("compare")
        assert "threshold: 0.2 → 0.3" in text
        assert "2 unchanged, 0 redrawn, 0 new, 1 out" in text

    def test_one_run_alone_is_not_compared(self, published, capsys):
        build(Wanted())
        assert "there are no two to compare" in refused(capsys, "compare")

    def test_a_run_that_is_not_there_is_said(self, two, capsys):
        assert "There is no run 999999" in refused(capsys, "compare", two[0].pk, 999_999)

    def test_three_runs_are_refused(self, two, capsys):
        told = refused(capsys, "compare", two[0].pk, two[1].pk, two[0].pk)
        assert "takes two runs" in told

    def test_a_run_of_another_kind_has_no_zones(self, two, capsys):
        other = Run.objects.create(kind="load grid", version="1", state="done")
        told = refused(capsys, "compare", two[0].pk, other.pk)
        assert f"Run {other.pk} (load grid) built no zones" in told


@pytest.mark.parametrize("action", HELP)
def test_each_action_teaches_by_example(action, capsys):
    with pytest.raises(SystemExit):
        call_command("zones", action, "--help")
    assert f"observatory zones {action}" in capsys.readouterr().out


def test_the_scores_named_on_the_command_line_are_the_declared_ones():
    assert set(SCORE_NAMES) <= set(SCORES)
    assert Wanted().min_population == MIN_POPULATION


@pytest.mark.parametrize("command", ["zones", "perimeters", "grid"])
def test_printing_the_help_does_not_wait_for_the_engine(command):
    """Neither pandas nor scikit-learn is imported before an action needs it."""
    script = (
        "import sys, django; django.setup()\n"
        f"import carroyage.management.commands.{command}\n"
        "print([m for m in ('pandas', 'geopandas', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env={"DJANGO_SETTINGS_MODULE": "observatory.settings", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_building_zones_does_not_import_scikit_learn():
    script = (
        "import sys, django; django.setup()\n"
        "import carroyage.management.zoning\n"
        "print('sklearn' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env={"DJANGO_SETTINGS_MODULE": "observatory.settings", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.strip() == "False"
