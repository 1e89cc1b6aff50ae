"""Watch quarters: former perimeters minus the priority quarters, plus named ones, no slivers."""

from __future__ import annotations

import pytest
import shapely
import shapely.affinity

from observatory.lifecycle import derive_watch_quarters, errors, remainders, undo
from observatory.lifecycle.shapes import without_slivers
from observatory.models import Level, Status
from tests.observatory.ground import (
    a_quarter,
    a_zone,
    decided,
    everything,
    metres,
    results,
    square,
)

pytestmark = pytest.mark.django_db


def a_former(code, shape):
    return a_zone(code, shape, level=Level.CUCS, status=Status.SUPERSEDED)


def a_watched(code, shape):
    return a_zone(code, shape, level=Level.QVA, status=Status.LEGAL)


def area_apart(found, shape):
    return shapely.area(shapely.symmetric_difference(metres(found), shape))


def test_what_is_left_is_the_former_perimeter_without_the_quarter():
    former = a_former("CUCS1", square(0, 0, 6, 4))
    quarter = a_quarter("QP1", square(0, 0, 3, 4))
    (left,) = remainders([former], [quarter])
    assert left.area == pytest.approx(120_000, rel=1e-4)
    (made,) = results(derive_watch_quarters([former], [quarter], decided()))
    assert area_apart(made, square(3, 0, 3, 4)) < 5
    assert (made.status, made.territory.level) == (Status.COMPUTED, Level.QVA)
    assert made.territory.code == "QVA-CUCS1"
    assert made.ancestors.get().parent == former


def test_a_former_perimeter_wholly_in_a_quarter_leaves_nothing():
    former = [a_former("CUCS1", square(0, 0, 2, 2)), a_former("CUCS2", square(5, 0))]
    quarter = a_quarter("QP1", square(-1, -1, 4, 4))
    made = results(derive_watch_quarters(former, [quarter], decided()))
    assert [one.territory.code for one in made] == ["QVA-CUCS2"]


def test_one_that_no_quarter_touches_keeps_its_very_outline():
    former = a_former("CUCS1", square(0, 0, 6, 4))
    (made,) = results(derive_watch_quarters([former], [a_quarter("QP1", square(9, 9))], decided()))
    assert made.geom.equals_exact(former.geom)


def test_the_gap_between_two_drawings_of_one_street_is_no_quarter():
    """The quarter was drawn 8 m inside the former outline, on three sides."""
    former = a_former("CUCS1", square(0, 0, 6, 4))
    quarter = a_quarter("QP1", square(0.08, 0.08, 3, 3.84))
    (left,) = remainders([former], [quarter], width=20)
    assert left.parts == 1
    expected = square(3.08, 0, 2.92, 4)
    (made,) = results(derive_watch_quarters([former], [quarter], decided(), width=20))
    assert area_apart(made, expected) < 150  # half a sliver's end at either corner
    (kept,) = remainders([former], [quarter], width=0)
    assert kept.area - left.area == pytest.approx(left.slivers, abs=1)
    assert left.slivers == pytest.approx(
        shapely.area(metres(former)) - shapely.area(metres(quarter)) - left.area, abs=1
    )


def test_the_width_decides_what_is_a_sliver():
    former = a_former("CUCS1", square(0, 0, 6, 4))
    quarter = a_quarter("QP1", square(0, 0, 5.7, 4))  # 30 m are left
    assert len(remainders([former], [quarter], width=29)) == 1
    assert remainders([former], [quarter], width=31) == []


def test_named_quarters_are_added_whole():
    former, named = a_former("CUCS1", square(0, 0, 4, 4)), a_watched("QVA7", square(8, 0, 2, 2))
    quarter = a_quarter("QP1", square(0, 0, 2, 4))
    made = results(derive_watch_quarters([former], [quarter], decided(), named=[named]))
    assert [one.territory.code for one in made] == ["QVA-CUCS1", "QVA7"]
    assert area_apart(made[1], metres(named)) < 1
    assert made[1].territory == named.territory


def test_a_named_quarter_inside_a_former_perimeter_is_counted_once():
    former, named = a_former("CUCS1", square(0, 0, 4, 4)), a_watched("QVA7", square(2, 0, 2, 2))
    left = remainders([former], [a_quarter("QP1", square(9, 9))], [named])
    assert sum(one.area for one in left) == pytest.approx(160_000, rel=1e-4)


def test_a_named_quarter_that_became_a_priority_quarter_is_watched_no_more():
    named = a_watched("QVA7", square(2, 0, 2, 2))
    former = a_former("CUCS1", square(7, 7))
    made = results(
        derive_watch_quarters([former], [a_quarter("QP1", square(2, 0, 2, 2))], decided(),
                              named=[named])
    )  # fmt: skip
    assert [one.territory.code for one in made] == ["QVA-CUCS1"]


def test_nothing_left_at_all_is_refused():
    former = a_former("CUCS1", square(0, 0, 2, 2))
    with pytest.raises(errors.NothingToDerive, match="Nothing is left"):
        derive_watch_quarters([former], [a_quarter("QP1", square(-1, -1, 4, 4))], decided())


def test_a_negative_width_is_refused():
    with pytest.raises(errors.NothingToDerive, match="is no width"):
        derive_watch_quarters([a_former("C", square(0, 0))], [], decided(), width=-1)


def test_undone_it_leaves_no_trace():
    former = a_former("CUCS1", square(0, 0, 6, 4))
    quarter = a_quarter("QP1", square(0, 0, 3, 4))
    before = everything()
    undo(derive_watch_quarters([former], [quarter], decided()), "Apur", "Essai")
    assert everything() == before


@pytest.mark.parametrize("angle", [0, 30, 45, 77])
def test_an_opening_keeps_the_corners_of_what_is_wide(angle):
    shape = shapely.affinity.rotate(shapely.box(0, 0, 300, 200), angle)
    assert shapely.area(without_slivers(shape, 50)) == pytest.approx(60_000, rel=1e-6)


def test_an_opening_cuts_a_strip_that_hangs_on_a_block():
    block, strip = shapely.box(0, 0, 200, 200), shapely.box(200, 90, 500, 100)
    kept = without_slivers(shapely.union(block, strip), 20)
    assert shapely.area(shapely.symmetric_difference(kept, block)) < 110
