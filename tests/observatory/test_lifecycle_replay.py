"""A negotiation that is over, told again step by step."""

from __future__ import annotations

from datetime import date

import pytest

from observatory.lifecycle import errors, find_one, life_of, merge, undo
from observatory.lifecycle.replay import Step, replay, take_back
from observatory.models import Operation, Perimeter, Status, Territory
from tests.observatory.ground import (
    DECREE,
    START,
    TALKS,
    a_ground,
    a_quarter,
    a_zone,
    decided,
    everything,
    square,
)

pytestmark = pytest.mark.django_db

TOLD = {"author": "Ville et préfecture", "reason": "Dialogue"}


def steps():
    return [
        Step("merge", TALKS, ["north", "south"], ["QP075019"], **TOLD),
        Step("trim", TALKS, ["north", "south"], ["QP075019"], ["B0000", "B0100", "B0200"], **TOLD),
        Step("trim", TALKS, ["alone"], ["QP075018"], ["B0500"], **TOLD),
        Step("drop", TALKS, ["small"], **TOLD),
        Step("decree", DECREE, results=["QP075018", "QP075019"], act="Décret n° 2014-1750"),
    ]


@pytest.fixture
def zones():
    a_ground(8, 1)
    a_quarter("QP075019", square(0, 0, 3, 1), until=date(2024, 1, 1))
    a_quarter("QP075018", square(5, 0), until=date(2024, 1, 1))
    return {
        "north": a_zone("Z1", square(0, 0)),
        "south": a_zone("Z2", square(1.5, 0)),
        "alone": a_zone("Z3", square(5.2, 0)),
        "small": a_zone("Z4", square(7, 0, 0.5, 0.5)),
    }


def test_each_step_is_an_operation_and_the_decree_leads_to_the_delivered_shapes(zones):
    told = replay(zones, steps(), mark="history", generation=2015)
    assert [o.kind for o in told.operations] == ["merge", "trim", "trim", "drop", "enact"]
    legal = Perimeter.objects.in_force().on(START).get(territory__code="QP075019")
    life = life_of([legal])
    assert [one["kind"] for one in life["operations"]] == ["merge", "trim", "enact"]
    assert {v["code"] for v in life["versions"]} == {"Z1", "Z2", "QP075019"}
    assert told.operations[-1].parameters["adopted"][str(legal.pk)] == pytest.approx(1)


def test_the_decrees_author_is_the_act_where_nobody_signs(zones):
    told = replay(zones, steps(), mark="history")
    assert told.operations[-1].author == "Décret n° 2014-1750"


def test_taken_back_it_leaves_the_zones_as_they_were(zones):
    before = everything()
    replay(zones, steps(), mark="history")
    assert take_back("history", "Apur", "Nouvelle version du fichier") == 5
    assert everything() == before
    assert Operation.objects.count() == 5


def test_told_again_after_being_taken_back_it_stands_once(zones):
    replay(zones, steps(), mark="history")
    take_back("history", "Apur", "Encore")
    replay(zones, steps(), mark="history")
    assert Operation.objects.standing().count() == 5
    assert Operation.objects.count() == 10


def test_what_somebody_built_on_it_is_not_taken_from_under_them(zones):
    replay(zones, steps()[:1], mark="history")
    other = a_zone("Z9", square(4, 0))
    merge([find_one("QP075019@negotiation"), other], decided())
    before = everything()
    with pytest.raises(errors.CannotUndo):
        take_back("history", "Apur", "Encore")
    assert everything() == before


def test_a_quarter_nobody_delivered_stays_under_negotiation_and_is_noted(zones):
    Perimeter.objects.filter(territory__code="QP075018").delete()
    told = replay(zones, steps(), mark="history")
    assert told.notes == ["QP075018 has no legal perimeter: the decree's step is not tied."]
    assert find_one("QP075018").status == Status.NEGOTIATION


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step("trim", TALKS, ["west"], ["QP1"], **TOLD), "No earlier step knows 'west'"),
        (Step("vote", TALKS, ["north"], **TOLD), "of kind 'vote' on 1 versions"),
        (Step("trim", TALKS, ["north", "alone"], **TOLD), "of kind 'trim' on 2 versions"),
    ],
)
def test_a_step_that_makes_no_sense_leaves_nothing_of_the_whole(zones, step, words):
    before = everything()
    with pytest.raises(errors.UnknownVersion, match=words):
        replay(zones, [steps()[0], step], mark="history")
    assert everything() == before
    assert not Operation.objects.exists()


def test_a_step_undone_by_hand_frees_what_it_took(zones):
    told = replay(zones, steps()[:1], mark="history")
    undo(told.operations[0], "Apur", "Zones à revoir")
    assert zones["north"] in Perimeter.objects.current()
    assert Territory.objects.filter(code="QP075019").exists()
