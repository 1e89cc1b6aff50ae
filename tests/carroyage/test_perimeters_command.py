"""``observatory perimeters``: what is typed, what is printed, what is recorded."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from carroyage.management.perimeter_options import ACTIONS
from carroyage.models import ComputedZone
from observatory.commands import OVERVIEW
from observatory.models import Assignment, Operation, Perimeter, Role, Run
from tests.observatory.ground import a_ground, a_quarter, a_zone, square

pytestmark = pytest.mark.django_db

WHO = ("--author", "Ville de Paris", "--reason", "Dialogue local", "--date", "2014-06-19")
ACT = ("--author", "État", "--reason", "Liste", "--date", "2014-12-30", "--act", "Décret 2014-1750")


def run(*words):
    out = io.StringIO()
    call_command("perimeters", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def said(*words):
    out = io.StringIO()
    call_command("perimeters", *words, stdout=out)
    return out.getvalue()


def refused(capsys, *words):
    with pytest.raises(SystemExit) as end:
        call_command("perimeters", *words)
    assert end.value.code == 1
    return capsys.readouterr().err


@pytest.fixture
def zones():
    a_ground(8, 4)
    return [a_zone("Z1-001", square(0, 0, 2, 2)), a_zone("Z1-002", square(3, 0, 2, 2))]


class TestTheWholeWay:
    def test_two_zones_become_a_legal_quarter_and_back(self, zones):
        run("merge", "Z1-001", "Z1-002", "--into", "QP075019", "--name", "Les Portes", *WHO)
        run("trim", "QP075019", *WHO)
        run("add", "QP075019", "B0200", "B0201", *WHO)
        law = run("enact", "QP075019", "--from", "2015-01-01", *ACT)
        (version,) = law["versions"]
        assert (version["status"], version["code"]) == ("legal", "QP075019")
        assert version["area"] == pytest.approx(100_000, rel=1e-3)
        history = run("history", "QP075019@legal")
        assert [o["kind"] for o in history["operations"]] == ["merge", "trim", "add", "enact"]
        for operation in reversed(history["operations"]):
            run("undo", str(operation["operation"]), "--author", "Apur", "--reason", "Essai")
        assert {p.pk for p in Perimeter.objects.filter(status="computed")} == {z.pk for z in zones}
        assert not Perimeter.objects.exclude(status__in=("computed", "reference")).exists()
        assert Operation.objects.standing().count() == 0
        assert Operation.objects.count() == 4

    def test_each_step_is_a_recorded_run(self, zones):
        told = run("merge", "Z1-001", "Z1-002", *WHO)
        record = Run.objects.get(pk=told["run"])
        assert (record.kind, record.state) == ("perimeters merge", "done")
        assert [row["version"] for row in record.inputs] == [zone.pk for zone in zones]
        assert record.parameters["author"] == "Ville de Paris"
        assert record.counts == {"took": 2, "made": 1, "changed": 0}
        assert Operation.objects.get().run == record

    def test_a_refusal_is_recorded_as_refused_and_changes_nothing(self, zones, capsys):
        told = refused(capsys, "merge", "Z1-001", *WHO)
        assert "a merge takes two versions or more" in told
        assert Run.objects.get().state == "refused"
        assert not Operation.objects.exists()


class TestWords:
    def test_the_list_shows_numbers_codes_and_areas(self, zones):
        told = said("list")
        assert f"v{zones[0].pk}" in told
        assert "Z1-001" in told
        assert "4.0 ha" in told

    def test_nothing_to_list_is_said(self, db):
        assert "No version is being worked on." in said("list")

    def test_the_history_tells_who_when_why_and_what_was_undone(self, zones):
        told = run("merge", "Z1-001", "Z1-002", "--into", "QP1", "--name", "Un", *WHO)
        number = str(told["operation"]["operation"])
        run("undo", number, "--author", "Apur", "--reason", "Trop grand")
        text = said("history", "Z1-001")
        assert f"Operation {number}: merge, 2014-06-19, Ville de Paris" in text
        assert "because: Dialogue local" in text
        assert "by Apur: Trop grand" in text

    def test_an_operation_tells_what_it_took_and_made(self, zones):
        text = said("merge", "Z1-001", "Z1-002", "--into", "QP1", "--name", "Un", *WHO)
        assert "← Z1-001 Zone Z1-001 (computed" in text
        assert "→ QP1 Un (negotiation" in text

    def test_a_comparison_is_a_table(self, zones):
        text = said("compare", "Z1-001", "Z1-002")
        assert "IoU 0.000" in text
        assert "blocks lost: B0000, B0001, B0100, B0101" in text
        assert "not known here" in text

    def test_two_generations_are_told_quarter_by_quarter(self, zones):
        a_quarter("QP1", square(0, 0, 2, 2))
        a_quarter("QP2", square(4, 0, 2, 2))
        text = said("generations", "qpv:2015", "Z1-001,Z1-002")
        assert "unchanged  Z1-001" in text
        assert "redrawn    Z1-002" in text
        assert "1 unchanged, 1 redrawn, 0 new, 0 out" in text

    @pytest.mark.parametrize("action", ACTIONS)
    def test_each_action_teaches_by_example(self, action, capsys):
        with pytest.raises(SystemExit):
            call_command("perimeters", action, "--help")
        told = capsys.readouterr().out
        assert f"observatory perimeters {action}" in told
        assert "versions are named so:" in told

    def test_the_overview_names_the_command(self):
        assert "perimeters" in OVERVIEW


class TestOptions:
    def test_a_line_splits_into_two_named_quarters(self, zones):
        from tests.observatory.ground import line

        told = run("split", "Z1-001", "--line", line((1, -1), (1, 3)).wkt,
                   "--into", "QP1,QP2", *WHO)  # fmt: skip
        assert [v["code"] for v in told["versions"]] == ["QP1", "QP2"]

    def test_a_line_that_cannot_be_read_is_said(self, zones, capsys):
        told = refused(capsys, "split", "Z1-001", "--line", "LINE(2 3)", *WHO)
        assert "--line cannot be read" in told

    def test_a_split_into_three_is_refused(self, zones, capsys):
        told = refused(capsys, "split", "Z1-001", "--line", "LINESTRING(2 48, 3 49)",
                       "--into", "A,B,C", *WHO)  # fmt: skip
        assert "A split makes two versions" in told

    @pytest.mark.parametrize("share", ["60%", "0.6"])
    def test_shares_are_written_either_way(self, zones, share):
        told = run("trim", "Z1-001", "--share", share, *WHO)
        assert told["operation"]["parameters"]["share"] == 0.6

    @pytest.mark.parametrize("share", ["60", "half", "-1"])
    def test_what_is_no_share_is_refused(self, zones, share):
        with pytest.raises(CommandError, match="is no share: write"):
            call_command("perimeters", "trim", "Z1-001", "--share", share, *WHO)

    def test_a_day_that_is_none_is_refused(self, zones):
        with pytest.raises(CommandError, match="is no day: write 2014-06-19"):
            call_command("perimeters", "drop", "Z1-001", "--date", "19/06/2014")

    def test_blocks_are_taken_away_by_drop(self, zones):
        told = run("drop", "Z1-001", "--blocks", "B0101", *WHO)
        assert told["operation"]["kind"] == "remove"
        assert told["versions"][0]["area"] == pytest.approx(30_000, rel=1e-3)

    def test_the_zones_of_a_run_are_named_by_it(self, zones):
        record = Run.objects.create(kind="zones build", version="1", state="done")
        ComputedZone.objects.create(
            run=record, perimeter=zones[1], number=1, cells=1, cell_keys=[], ind=1,
            score_name="share_poor", score=0.5,
        )  # fmt: skip
        (version,) = run("list", f"run:{record.pk}")["versions"]
        assert version["version"] == zones[1].pk

    def test_supersede_and_closes_end_legal_quarters(self, zones):
        a_quarter("QP1", square(6, 0))
        act = ("--author", "État", "--reason", "Fin", "--act", "Décret 2023-1314")
        told = run("supersede", "QP1", "--to", "2024-01-01", "--date", "2023-12-28", *act)
        (changed,) = told["operation"]["changed"]
        assert changed["before"] == {"valid_to": None, "status": "legal"}
        assert changed["after"] == {"valid_to": "2024-01-01", "status": "superseded"}

    def test_without_author_or_reason_the_options_are_named(self, zones, capsys):
        told = refused(capsys, "drop", "Z1-001")
        assert "does not tell its author and its reason" in told
        assert "--author, --reason" in told

    def test_an_unknown_operation_is_said(self, db, capsys):
        told = refused(capsys, "undo", "12", *WHO)
        assert "There is no operation 12" in told


class TestAccounts:
    def test_an_account_without_the_right_is_refused(self, zones, django_user_model, capsys):
        django_user_model.objects.create_user("caf")
        told = refused(capsys, "drop", "Z1-001", "--as", "caf", *WHO)
        assert "caf may not change Z1-001" in told

    def test_an_analyst_signs_with_their_name(self, zones, django_user_model):
        user = django_user_model.objects.create_user("anne", first_name="Anne", last_name="Le Gall")
        Assignment.objects.create(user=user, role=Role.ANALYST)
        told = run("drop", "Z1-001", "--as", "anne", "--reason", "Sous mille habitants",
                   "--date", "2014-06-19")  # fmt: skip
        assert told["operation"]["author"] == "Anne Le Gall"
        assert told["operation"]["user"] == "anne"

    def test_an_account_that_is_not_there_is_said(self, zones, capsys):
        assert "There is no account 'bob'" in refused(capsys, "drop", "Z1-001", "--as", "bob", *WHO)


class TestWatchQuarters:
    @pytest.fixture
    def former(self):
        a_quarter("QP1", square(0, 0, 3, 4))
        return a_zone("CUCS1", square(0, 0, 6, 4), level="cucs", status="superseded")

    def test_a_dry_run_stores_nothing(self, former):
        told = run("qva", "--dry-run")
        (left,) = told["remainders"]
        assert left["area"] == pytest.approx(120_000, rel=1e-3)
        assert not Operation.objects.exists()
        assert "nothing is stored" in said("qva", "--dry-run")

    def test_they_are_stored_as_computed_perimeters(self, former):
        told = run("qva", *WHO)
        assert [v["level"] for v in told["versions"]] == ["qva"]
        assert told["versions"][0]["status"] == "computed"
        assert told["operation"]["parameters"]["width"] == 20
