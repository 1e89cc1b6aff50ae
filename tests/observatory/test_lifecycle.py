"""A perimeter from the computation to the law: each step, its history, and the way back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import shapely
from django.utils import timezone

from observatory.lifecycle import (
    Target,
    Validity,
    add_blocks,
    drop,
    enact,
    errors,
    find_one,
    life_of,
    merge,
    open_negotiation,
    remove_blocks,
    split,
    supersede,
    trim,
    undo,
)
from observatory.models import Level, LineageKind, Operation, Perimeter, Status
from tests.factories import a_source
from tests.observatory.ground import (
    DECREE,
    START,
    TALKS,
    a_ground,
    a_quarter,
    a_zone,
    decided,
    decree,
    everything,
    line,
    metres,
    outline,
    results,
    square,
    the_result,
)

pytestmark = pytest.mark.django_db

PORTES = Target("QP075019", "Portes du Vingtième", generation=2015)


def same_ground(perimeter, shape):
    """Equal but for a square metre in ten thousand: two ways to projected metres."""
    found = metres(perimeter)
    return shapely.area(shapely.symmetric_difference(found, shape)) < 1e-4 * shapely.area(shape)


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


class TestMerging:
    def test_zones_without_a_quarter_make_a_new_zone_named_after_both(self):
        zones = [a_zone("Z1-001", square(0, 0), "Nord"), a_zone("Z1-002", square(1, 0), "Sud")]
        result = the_result(merge(zones, decided()))
        assert (result.territory.level, result.territory.name) == (Level.ZONE, "Nord + Sud")
        assert len(shapely.get_parts(metres(result))) == 1

    def test_one_zone_alone_is_not_merged(self):
        with pytest.raises(errors.TooFewVersions, match=r"Only Z1-001 .* takes two"):
            merge([a_zone("Z1-001", square(0, 0))], decided())

    def test_the_same_zone_twice_is_one_zone(self):
        zone = a_zone("Z1-001", square(0, 0))
        with pytest.raises(errors.TooFewVersions):
            merge([zone, zone], decided())

    def test_a_legal_perimeter_is_never_edited(self):
        legal = a_quarter("QP075001", square(0, 0))
        with pytest.raises(errors.WrongStatus, match=r"legal, v\d+\) cannot be merged") as no:
            merge([legal, a_zone("Z1-001", square(1, 0))], decided())
        assert "open a negotiation from it" in no.value.advice
        assert not Operation.objects.exists()

    def test_a_version_already_replaced_is_not_taken_twice(self):
        one, two, three = (a_zone(f"Z1-{n}", square(n, 0)) for n in (1, 2, 3))
        first = merge([one, two], decided())
        with pytest.raises(errors.AlreadyReplaced, match=f"already taken by operation {first.pk}"):
            merge([two, three], decided())

    def test_the_demonstrations_results_stay_labelled_so(self):
        fictitious = a_source("demo", is_demonstration=True)
        zones = [a_zone(f"Z1-{n}", square(n, 0), source=fictitious) for n in (1, 2)]
        assert the_result(merge(zones, decided())).source.is_demonstration
        real = [a_zone(f"Z2-{n}", square(n, 0)) for n in (1, 2)]
        assert not the_result(merge(real, decided())).source.is_demonstration


class TestSplitting:
    def test_a_line_makes_its_left_and_its_right(self):
        zone = a_zone("Z1-001", square(0, 0, 4, 2))
        northward = line((1, -1), (1, 3))
        left, right = results(split(zone, decided(), line=northward))
        assert same_ground(left, square(0, 0, 1, 2))
        assert same_ground(right, square(1, 0, 3, 2))

    def test_a_crooked_line_that_crosses_twice_still_makes_two(self):
        shape = shapely.union_all([square(0, 0, 5, 1), square(0, 2, 5, 1), square(0, 0, 1, 3)])
        zone = a_zone("Z1-001", shape)  # a C
        left, right = results(split(zone, decided(), line=line((3, -1), (3, 4))))
        assert same_ground(left, shapely.intersection(shape, square(0, -1, 3, 5)))
        assert same_ground(right, shapely.intersection(shape, square(3, -1, 3, 5)))

    def test_blocks_set_apart_and_the_rest_make_the_whole(self):
        a_ground(4, 2)
        zone = a_zone("Z1-001", square(0, 0, 4, 2))
        apart, rest = results(split(zone, decided(), blocks=["B0000", "B0001"]))
        assert same_ground(apart, square(0, 0, 1, 2))
        assert same_ground(rest, square(1, 0, 3, 2))
        assert {r.ancestors.get().parent for r in (apart, rest)} == {zone}

    def test_each_part_takes_the_quarter_it_is_given(self):
        zone = a_zone("Z1-001", square(0, 0, 2, 1))
        targets = Target("QP075101", "Ouest"), Target("QP075102", "Est")
        parts = results(split(zone, decided(), line=line((1, -1), (1, 2)), into=targets))
        assert [part.territory.name for part in parts] == ["Ouest", "Est"]

    @pytest.mark.parametrize(
        "points",
        [[(5, -1), (5, 3)], [(1, -1), (1, 1)], [(0, -1), (0, 3)]],
        ids=["beside", "half-way", "along the edge"],
    )
    def test_a_line_that_does_not_cut_through_is_refused(self, points):
        zone = a_zone("Z1-001", square(0, 0, 4, 2))
        with pytest.raises(errors.NotCut, match="does not cut Z1-001"):
            split(zone, decided(), line=line(*points))
        assert Perimeter.objects.count() == 1

    def test_a_line_in_metres_is_refused(self):
        zone = a_zone("Z1-001", square(0, 0, 4, 2))
        in_metres = shapely.LineString([(652_100, 6_861_000), (652_100, 6_863_000)])
        with pytest.raises(errors.BadLine, match="not in longitude and latitude"):
            split(zone, decided(), line=in_metres)

    def test_a_point_is_no_line(self):
        zone = a_zone("Z1-001", square(0, 0, 4, 2))
        with pytest.raises(errors.BadLine, match="A Point is no cutting line"):
            split(zone, decided(), line=shapely.Point(2.35, 48.85))

    def test_neither_line_nor_blocks_is_refused(self):
        with pytest.raises(errors.NotCut, match="a line or blocks"):
            split(a_zone("Z1-001", square(0, 0)), decided())


class TestTrimming:
    def test_half_covered_blocks_are_kept_by_default(self):
        a_ground(4, 1)
        zone = a_zone("Z1-001", square(0.4, 0, 2.2, 1))  # covers 60, 100, 60 %
        assert same_ground(the_result(trim(zone, decided())), square(0, 0, 3, 1))

    def test_a_larger_share_keeps_fewer(self):
        a_ground(4, 1)
        zone = a_zone("Z1-001", square(0.4, 0, 2.2, 1))
        assert same_ground(the_result(trim(zone, decided(), share=0.9)), square(1, 0))

    def test_iris_serve_as_blocks_where_asked(self):
        a_ground(4, 1, level=Level.IRIS)
        zone = a_zone("Z1-001", square(0.4, 0, 2.2, 1))
        made = the_result(trim(zone, decided(), layer=Level.IRIS))
        assert same_ground(made, square(0, 0, 3, 1))

    def test_the_blocks_a_negotiation_settled_on_are_taken_as_they_are(self):
        a_ground(4, 1)
        zone = a_zone("Z1-001", square(0.4, 0, 2.2, 1))
        operation = trim(zone, decided(), blocks=["B0100", "B0300"])
        assert same_ground(the_result(operation), shapely.union_all([square(1, 0), square(3, 0)]))
        assert operation.parameters["share"] is None

    def test_trimming_to_nothing_is_refused_and_says_which_block_came_nearest(self):
        a_ground(2, 1)
        zone = a_zone("Z1-001", square(0.8, 0.25, 0.5, 0.5))
        with pytest.raises(errors.NothingKept, match="nothing would be left") as refusal:
            trim(zone, decided())
        assert "B0100, is at 15%" in str(refusal.value)

    def test_blocks_elsewhere_are_refused(self):
        a_ground(6, 1)
        with pytest.raises(errors.NothingKept, match="None of the blocks given lies in"):
            trim(a_zone("Z1-001", square(0, 0)), decided(), blocks=["B0500"])

    def test_unknown_blocks_are_named(self):
        a_ground(2, 1)
        with pytest.raises(errors.UnknownBlocks, match="No block is called B9999 on 2014-06-19"):
            trim(a_zone("Z1-001", square(0, 0)), decided(), blocks=["B0000", "B9999"])

    def test_without_any_block_layer_the_command_to_load_one_is_said(self):
        with pytest.raises(errors.NoBlocks, match="No layer of level block") as refusal:
            trim(a_zone("Z1-001", square(0, 0)), decided())
        assert "observatory load boundaries FILE --level block" in refusal.value.advice

    def test_a_layer_of_later_years_is_used_only_on_demand(self):
        a_ground(2, 1, since=date(2020, 1, 1))
        zone = a_zone("Z1-001", square(0, 0))
        with pytest.raises(errors.NoBlocks, match="the layer starts: 2020-01-01"):
            trim(zone, decided())
        made = the_result(trim(zone, decided(), on=date(2021, 1, 1)))
        assert same_ground(made, square(0, 0))

    @pytest.mark.parametrize("share", [0, -0.1, 1.1, 50])
    def test_a_share_that_is_none_is_refused(self, share):
        a_ground(2, 1)
        with pytest.raises(errors.NothingKept, match="is not a share"):
            trim(a_zone("Z1-001", square(0, 0)), decided(), share=share)

    def test_neighbours_trimmed_to_blocks_share_their_edge_exactly(self):
        a_ground(4, 2)
        one = a_zone("Z1-001", square(0, 0, 2.3, 2))
        two = a_zone("Z1-002", square(2.3, 0, 1.7, 2))
        made = [the_result(trim(zone, decided())) for zone in (one, two)]
        assert made[0].geom.intersection(made[1].geom).area == 0
        assert made[0].geom.union(made[1].geom).num_geom == 1


class TestBlocksAddedAndTakenAway:
    @pytest.fixture
    def zone(self):
        a_ground(6, 3)
        return a_zone("Z1-001", square(0, 0, 2, 2))

    def test_a_touching_block_is_added(self, zone):
        made = the_result(add_blocks(zone, ["B0200"], decided()))
        assert same_ground(made, shapely.union_all([square(0, 0, 2, 2), square(2, 0)]))
        assert made.ancestors.get().kind == LineageKind.EXTENDED

    def test_a_chain_of_blocks_that_reaches_the_perimeter_is_added(self, zone):
        made = the_result(add_blocks(zone, ["B0400", "B0300", "B0200"], decided()))
        assert made.area == pytest.approx(70_000, rel=1e-3)

    def test_a_block_apart_is_refused_with_its_distance(self, zone):
        with pytest.raises(errors.BlocksApart, match=r"B0500 lies \d+ m away") as refusal:
            add_blocks(zone, ["B0500"], decided())
        assert "300 m" in str(refusal.value)

    def test_a_block_already_in_is_refused(self, zone):
        with pytest.raises(errors.BlocksAlreadyIn, match="B0000 already in"):
            add_blocks(zone, ["B0000", "B0200"], decided())

    def test_a_block_is_taken_away(self, zone):
        made = the_result(remove_blocks(zone, ["B0101"], decided()))
        assert same_ground(made, shapely.difference(square(0, 0, 2, 2), square(1, 1)))
        assert made.ancestors.get().kind == LineageKind.REDUCED

    def test_a_block_outside_cannot_be_taken_away(self, zone):
        with pytest.raises(errors.BlocksNotIn, match="B0500 not in"):
            remove_blocks(zone, ["B0500"], decided())

    def test_all_blocks_cannot_be_taken_away(self, zone):
        every = ["B0000", "B0100", "B0001", "B0101"]
        with pytest.raises(errors.NothingKept, match="Nothing would be left") as refusal:
            remove_blocks(zone, every, decided())
        assert "observatory perimeters drop" in refusal.value.advice

    def test_no_block_at_all_is_refused(self, zone):
        with pytest.raises(errors.UnknownBlocks, match="none given"):
            add_blocks(zone, [], decided())


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


class TestEnacting:
    @pytest.fixture
    def ready(self):
        zone = a_zone("Z1-001", square(0, 0, 2, 2))
        return the_result(open_negotiation([zone], decided(), into=PORTES))

    def test_a_computed_zone_is_not_enacted_without_negotiation(self):
        with pytest.raises(errors.WrongStatus, match=r"computed, v\d+\) cannot be enacted"):
            enact([a_zone("Z1-001", square(0, 0))], decree(), Validity(START))

    def test_an_act_is_named(self, ready):
        with pytest.raises(errors.IncompleteDecision, match="its act"):
            enact([ready], decree(act=""), Validity(START))

    def test_nothing_holds_before_its_act(self, ready):
        early = Validity(DECREE - timedelta(days=1))
        with pytest.raises(errors.BadValidity, match="before it was taken"):
            enact([ready], decree(), early)

    def test_nothing_ends_before_it_starts(self, ready):
        with pytest.raises(errors.BadValidity, match="cannot hold from 2015-01-01 to 2015-01-01"):
            enact([ready], decree(), Validity(START, START))

    def test_a_zone_without_a_quarter_is_refused_then_named(self):
        zone = a_zone("Z1-001", square(0, 0))
        opened = the_result(open_negotiation([zone], decided()))
        with pytest.raises(errors.NoQuarter, match="still a zone"):
            enact([opened], decree(), Validity(START))
        law = enact([opened], decree(), Validity(START), into={opened.pk: PORTES})
        assert the_result(law).territory.code == "QP075019"

    def test_an_act_whose_end_has_come_is_stored_as_superseded(self, ready):
        law = enact([ready], decree(), Validity(START, date(2024, 1, 1)))
        assert the_result(law).status == Status.SUPERSEDED

    def test_the_shape_before_is_closed_only_where_asked(self, ready):
        first = enact([ready], decree(), Validity(START))
        old = the_result(first)
        again = the_result(open_negotiation([old], decided(day=date(2023, 1, 1))))
        second = decree(date(2023, 12, 28), act="Décret n° 2023-1314")
        with pytest.raises(errors.AlreadyInForce, match="already in force from 2015-01-01"):
            enact([again], second, Validity(date(2024, 1, 1)))
        before = everything()
        law = enact([again], second, Validity(date(2024, 1, 1)), close_previous=True)
        old.refresh_from_db()
        assert (old.valid_to, old.status) == (date(2024, 1, 1), Status.SUPERSEDED)
        on = Perimeter.objects.in_force().on
        assert on(date(2023, 12, 31)).get() == old
        assert on(date(2024, 1, 1)).get() == the_result(law)
        undo(law, "État", "Annulé par le juge")
        assert everything() == before

    def test_an_earlier_generation_is_closed_by_the_act_that_replaces_it(self, ready):
        old = a_quarter("QP075001", square(0, 0, 2, 1))
        new = Validity(date(2024, 1, 1))
        second = decree(date(2023, 12, 28))
        with pytest.raises(errors.Overlapping, match=r"would both hold (19,9|20,0)\d\d m²"):
            enact([ready], second, new)
        law = enact([ready], second, new, closes=[old])
        old.refresh_from_db()
        assert old.valid_to == date(2024, 1, 1)
        assert law.parameters["closed"] == [old.pk]

    def test_quarters_that_touch_do_not_overlap(self, ready):
        a_quarter("QP075001", square(2, 0, 2, 2))
        enact([ready], decree(), Validity(START))
        assert Perimeter.objects.in_force().on(START).count() == 2

    def test_two_quarters_of_one_act_must_not_overlap(self, ready):
        zone = a_zone("Z1-002", square(1, 1, 2, 2))
        other = the_result(open_negotiation([zone], decided(), into=Target("QP075002", "Autre")))
        with pytest.raises(errors.Overlapping):
            enact([ready, other], decree(), Validity(START))
        assert not Perimeter.objects.in_force().exists()


class TestDeliveredShapes:
    """The producer's file already gave the legal shape: the negotiation leads to it."""

    @pytest.fixture
    def delivered(self):
        return a_quarter("QP075019", square(0, 0, 2, 2.1))

    @pytest.fixture
    def ready(self, delivered):
        zone = a_zone("Z1-001", square(0, 0, 2, 2))
        return the_result(open_negotiation([zone], decided(), into=PORTES))

    def test_without_asking_the_delivered_shape_stands_in_the_way(self, ready):
        with pytest.raises(errors.AlreadyInForce, match="already in force") as refusal:
            enact([ready], decree(), Validity(START))
        assert "--adopt" in refusal.value.advice

    def test_adopted_it_stays_as_delivered_and_tells_how_far_it_is(self, ready, delivered):
        was = bytes(delivered.geom.wkb)
        law = enact([ready], decree(), Validity(START), adopt=True)
        delivered.refresh_from_db()
        assert bytes(delivered.geom.wkb) == was
        assert Perimeter.objects.in_force().get() == delivered
        assert delivered.ancestors.get().parent == ready
        iou = law.parameters["adopted"][str(delivered.pk)]
        assert iou == pytest.approx(2 / 2.1, abs=1e-4)

    def test_undone_the_delivered_shape_stands_alone_again(self, ready, delivered):
        before = everything()
        undo(enact([ready], decree(), Validity(START), adopt=True), "Ville", "Essai")
        assert everything() == before

    def test_a_shape_of_another_place_is_not_adopted(self, delivered):
        zone = a_zone("Z1-001", square(1.5, 0, 3, 2))
        ready = the_result(open_negotiation([zone], decided(), into=PORTES))
        with pytest.raises(errors.AlreadyInForce, match="of their ground in common"):
            enact([ready], decree(), Validity(START), adopt=True)


class TestSuperseding:
    def test_an_act_ends_a_legal_perimeter(self):
        legal = a_quarter("QP075001", square(0, 0))
        before = everything()
        operation = supersede([legal], decree(date(2023, 12, 28)), date(2024, 1, 1))
        legal.refresh_from_db()
        assert (legal.status, legal.valid_to) == (Status.SUPERSEDED, date(2024, 1, 1))
        undo(operation, "État", "Erreur")
        assert everything() == before

    def test_a_perimeter_that_ends_later_is_still_legal(self):
        legal = a_quarter("QP075001", square(0, 0))
        end = timezone.localdate() + timedelta(days=90)
        supersede([legal], decree(timezone.localdate()), end)
        legal.refresh_from_db()
        assert (legal.status, legal.valid_to) == (Status.LEGAL, end)

    def test_an_act_ends_nothing_before_it_was_taken(self):
        legal = a_quarter("QP075001", square(0, 0))
        with pytest.raises(errors.BadValidity, match="before it was taken"):
            supersede([legal], decree(date(2023, 12, 28)), date(2023, 1, 1))

    def test_what_ended_cannot_be_prolonged(self):
        legal = a_quarter("QP075001", square(0, 0), until=date(2020, 1, 1))
        with pytest.raises(errors.BadValidity, match="already ended on 2020-01-01"):
            supersede([legal], decree(date(2023, 12, 28)), date(2024, 1, 1))

    def test_a_zone_has_nothing_to_end(self):
        zone = a_zone("Z1-001", square(0, 0))
        with pytest.raises(errors.WrongStatus, match="cannot be superseded"):
            supersede([zone], decree(date(2023, 12, 28)), date(2024, 1, 1))

    def test_changed_by_a_load_since_it_is_not_undone(self):
        legal = a_quarter("QP075001", square(0, 0))
        operation = supersede([legal], decree(date(2023, 12, 28)), date(2024, 1, 1))
        Perimeter.objects.filter(pk=legal.pk).update(valid_to=date(2025, 1, 1))
        with pytest.raises(errors.CannotUndo, match="was changed since"):
            undo(operation, "État", "Erreur")


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
