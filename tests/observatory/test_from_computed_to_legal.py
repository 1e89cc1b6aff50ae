"""A perimeter from the computation to the law: each step, its history, and the way back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import shapely
from django.utils import timezone

from observatory.lifecycle import (
    Validity,
    drop,
    enact,
    errors,
    find_one,
    life_of,
    merge,
    open_negotiation,
    trim,
    undo,
)
from observatory.models import LineageKind, Operation, Perimeter, Status
from tests.observatory.ground import (
    PORTES,
    START,
    TALKS,
    a_ground,
    a_quarter,
    a_zone,
    decided,
    decree,
    everything,
    metres,
    outline,
    same_ground,
    square,
    the_result,
)

pytestmark = pytest.mark.django_db


class TestFromComputedToLegal:
    """Two zones of the 20e become one quarter, and nothing of the way is lost."""

    @pytest.fixture
    def zones(self):
        a_ground(8, 4)
        return [
            a_zone("Z1-001", square(0.2, 0.2, 2.2, 2)),
            a_zone("Z1-002", square(4.1, 0.2, 2.6, 2)),
        ]

    @pytest.fixture
    def way(self, zones):
        merged = merge(zones, decided(reason="Deux zones du 20e réunies"), into=PORTES)
        opened = the_result(merged)
        trimmed = trim(opened, decided(day=date(2014, 9, 1)), share=0.6)
        law = enact([the_result(trimmed)], decree(), Validity(START))
        return merged, trimmed, law

    def test_the_merged_version_is_both_zones_under_negotiation(self, zones):
        result = the_result(merge(zones, decided(), into=PORTES))
        assert result.status == Status.NEGOTIATION
        assert result.territory.code == "QP075019"
        both = shapely.union_all([metres(zone) for zone in zones])
        assert same_ground(result, both)
        assert result.area == pytest.approx(both.area, rel=1e-4)

    def test_the_trimmed_version_is_the_blocks_covered_enough(self, way):
        _, trimmed, _ = way
        # Columns 0 to 6, rows 0 to 2, at least 60 % of each covered by one of the zones.
        zones = shapely.union_all([square(0.2, 0.2, 2.2, 2), square(4.1, 0.2, 2.6, 2)])
        blocks = [square(column, row) for column in range(8) for row in range(4)]
        expected = [b for b in blocks if b.intersection(zones).area >= 0.6 * b.area]
        assert 0 < len(expected) < 12
        assert same_ground(the_result(trimmed), shapely.union_all(expected))
        assert len(trimmed.parameters["blocks"]) == len(expected)

    def test_the_legal_perimeter_is_in_force_from_the_first_day_of_its_validity(self, way):
        legal = the_result(way[2])
        assert (legal.status, legal.act) == (Status.LEGAL, "Décret n° 2014-1750")
        found = Perimeter.objects.in_force().filter(territory__code="QP075019")
        assert not found.on(START - timedelta(days=1)).exists()
        assert found.on(START).get() == legal

    def test_its_history_reads_back_in_order_with_who_when_and_why(self, way, zones):
        told = life_of([the_result(way[2])])
        assert [o["kind"] for o in told["operations"]] == ["merge", "trim", "enact"]
        assert [o["day"] for o in told["operations"]] == ["2014-06-19", "2014-09-01", "2014-12-30"]
        assert told["operations"][0]["reason"] == "Deux zones du 20e réunies"
        assert told["operations"][2]["author"] == "État"
        assert [v["status"] for v in told["versions"]] == [
            "computed", "computed", "negotiation", "negotiation", "legal",
        ]  # fmt: skip
        links = [tuple(link["kind"] for link in v["from"]) for v in told["versions"]]
        assert links == [(), (), ("merged", "merged"), ("trimmed",), ("enacted",)]

    def test_the_history_of_a_zone_tells_what_came_of_it(self, way, zones):
        told = life_of([zones[0]])
        assert told["versions"][-1]["code"] == "QP075019"
        assert told["versions"][-1]["status"] == "legal"

    def test_undone_step_by_step_every_state_comes_back_exactly(self, zones):
        states = [everything()]
        merged = merge(zones, decided(), into=PORTES)
        states.append(everything())
        trimmed = trim(the_result(merged), decided())
        states.append(everything())
        law = enact([the_result(trimmed)], decree(), Validity(START))
        for operation in (law, trimmed, merged):
            undo(operation, "Ville", "Essai")
            assert everything() == states.pop()
        assert not states

    def test_what_was_undone_stays_in_the_history_with_what_it_had_made(self, way, zones):
        legal = the_result(way[2])
        shape = metres(legal)
        undo(way[2], "Préfecture", "Mauvais décret")
        told = life_of(zones)["operations"][-1]
        assert (told["kind"], told["undone_by"]) == ("enact", "Préfecture")
        assert told["undone_reason"] == "Mauvais décret"
        (made,) = told["made"]
        assert made["version"] is None
        assert made["after"]["status"] == "legal"
        assert made["after"]["territory"]["code"] == "QP075019"
        (part,) = way[2].parts.filter(role="output")
        assert metres(part.geom).equals_exact(shape, 1e-6)

    def test_an_operation_others_build_on_is_undone_only_after_them(self, way):
        with pytest.raises(errors.CannotUndo) as refusal:
            undo(way[0], "Ville", "Essai")
        assert f"Operation {way[1].pk} (trim" in str(refusal.value)
        assert refusal.value.advice == f"Undo operation {way[1].pk} first."

    def test_an_operation_is_undone_once(self, way):
        undo(way[2], "Ville", "Essai")
        with pytest.raises(errors.CannotUndo, match="already undone by Ville"):
            undo(way[2], "Ville", "Essai")

    def test_once_undone_the_same_can_be_decided_otherwise(self, way):
        for operation in reversed(way):
            undo(operation, "Ville", "Essai")
        again = drop([find_one("Z1-001")], decided())
        assert Operation.objects.standing().get() == again


class TestOpening:
    def test_a_zone_opened_becomes_the_named_quarter_with_the_same_ground(self):
        zone = a_zone("Z1-001", square(0, 0, 2, 2))
        result = the_result(open_negotiation([zone], decided(), into=PORTES))
        assert result.geom.equals(zone.geom)
        assert result.status == Status.NEGOTIATION
        assert result.ancestors.get().kind == LineageKind.OPENED

    def test_a_legal_quarter_stays_in_force_while_it_is_negotiated_again(self):
        legal = a_quarter("QP075001", square(0, 0))
        result = the_result(open_negotiation([legal], decided(day=date(2023, 1, 5))))
        legal.refresh_from_db()
        assert legal.status == Status.LEGAL
        assert Perimeter.objects.in_force().on(date(2023, 6, 1)).get() == legal
        assert result.territory == legal.territory

    def test_several_versions_are_not_one_quarter(self):
        zones = [a_zone("Z1-001", square(0, 0)), a_zone("Z1-002", square(3, 0))]
        with pytest.raises(errors.TooFewVersions, match="cannot name several"):
            open_negotiation(zones, decided(), into=PORTES)


class TestDropping:
    def test_a_dropped_zone_is_no_longer_current_and_leaves_no_descendant(self):
        zone = a_zone("Z1-001", square(0, 0))
        operation = drop([zone], decided(reason="Sous mille habitants"))
        assert zone not in Perimeter.objects.current()
        assert not operation.parts.filter(role="output").exists()
        assert Perimeter.objects.get() == zone

    def test_undone_it_is_current_again(self):
        zone = a_zone("Z1-001", square(0, 0))
        before = everything()
        undo(drop([zone], decided()), "Ville", "Finalement gardée")
        assert everything() == before


class TestDecisions:
    @pytest.mark.parametrize("missing", ["author", "reason"])
    def test_nobody_decides_without_name_and_reason(self, missing):
        zone = a_zone("Z1-001", square(0, 0))
        with pytest.raises(errors.IncompleteDecision, match=f"its {missing}"):
            drop([zone], decided(**{missing: "  "}))

    def test_a_decision_of_tomorrow_is_not_recorded(self):
        tomorrow = timezone.localdate() + timedelta(days=1)
        with pytest.raises(errors.IncompleteDecision, match="still to come"):
            drop([a_zone("Z1-001", square(0, 0))], decided(day=tomorrow))

    def test_a_decision_cannot_work_on_what_was_decided_later(self):
        zones = [a_zone(f"Z1-{n}", square(n, 0)) for n in (1, 2)]
        made = the_result(merge(zones, decided(day=date(2014, 7, 1))))
        with pytest.raises(errors.OutOfOrder, match="on 2014-07-01: a decision of 2014-06-19"):
            drop([made], decided(day=TALKS))

    def test_undoing_needs_an_author_and_a_reason_too(self):
        operation = drop([a_zone("Z1-001", square(0, 0))], decided())
        with pytest.raises(errors.IncompleteDecision, match="Undoing is a decision too"):
            undo(operation, "Ville", "")


def test_a_result_others_were_computed_on_is_not_undone(django_user_model):
    """Roles given on a quarter that a merge made would vanish with it."""
    from observatory.models import Assignment, Role

    zones = [a_zone(f"Z1-{n}", square(n, 0)) for n in (1, 2)]
    operation = merge(zones, decided(), into=PORTES)
    user = django_user_model.objects.create_user("lead")
    Assignment.objects.create(
        user=user, role=Role.CONTRACT_LEAD, territory=the_result(operation).territory
    )
    with pytest.raises(errors.CannotUndo, match=r"Results stand on .*: 1 assignments"):
        undo(operation, "Ville", "Essai")


def test_a_quarter_that_existed_before_a_merge_survives_its_undoing():
    legal = a_quarter("QP075019", square(0, 0), until=date(2024, 1, 1))
    zones = [a_zone(f"Z1-{n}", square(n + 4, 0)) for n in (1, 2)]
    operation = merge(zones, decided(day=date(2023, 5, 1)), into=PORTES)
    assert the_result(operation).territory == legal.territory
    undo(operation, "Ville", "Essai")
    legal.refresh_from_db()
    assert outline(metres(legal)).num_points == legal.geom.num_points
