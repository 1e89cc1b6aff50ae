"""What the ground of perimeters becomes: merged, split, trimmed, given blocks or losing some."""

from __future__ import annotations

from datetime import date

import pytest
import shapely

from observatory.lifecycle import (
    Target,
    add_blocks,
    errors,
    merge,
    remove_blocks,
    split,
    trim,
)
from observatory.models import Level, LineageKind, Operation, Perimeter
from tests.factories import a_source
from tests.observatory.ground import (
    a_ground,
    a_quarter,
    a_zone,
    decided,
    line,
    metres,
    results,
    same_ground,
    square,
    the_result,
)

pytestmark = pytest.mark.django_db


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
