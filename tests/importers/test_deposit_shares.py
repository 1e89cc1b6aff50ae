"""A share says what it is a share of; the published example comes out both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.deposits.shares import LivedQuarter, Share, realisation

PUBLISHED = Share(inside=341, total=341 + 2_021 + 105, unlocated=105)


def test_the_published_example_has_both_denominators():
    assert (PUBLISHED.total, PUBLISHED.located) == (2_467, 2_362)
    assert round(100 * PUBLISHED.of_all, 1) == 13.8
    assert round(100 * PUBLISHED.of_located, 1) == 14.4
    # Both print as 14 %: the printed figure cannot tell which one was meant.
    assert round(100 * PUBLISHED.of_all) == round(100 * PUBLISHED.of_located) == 14


def test_the_published_realisation_comes_from_the_rounded_share():
    rates = realisation(PUBLISHED, 0.25)
    assert round(100 * rates.from_rounded) == 56
    assert round(100 * rates.from_all, 1) == 55.3
    # 14.437 % of located rows over 25 % is 57.7 %.
    assert round(100 * rates.from_located, 1) == 57.7


def test_the_bounds_put_the_unlocated_outside_then_inside():
    low, high = PUBLISHED.bounds
    assert low == PUBLISHED.of_all
    assert high == pytest.approx(446 / 2_467)


def test_without_rows_there_is_no_share_and_no_zero():
    empty = Share(0, 0, 0)
    assert (empty.of_all, empty.of_located, empty.bounds) == (None, None, None)
    assert realisation(empty, 0.25) is None
    assert Share(0, 5, 5).of_located is None


@pytest.mark.parametrize("counts", [(5, 4, 0), (3, 5, 3), (-1, 4, 0)])
def test_counts_that_contradict_each_other_are_refused(counts):
    with pytest.raises(ValueError, match=r"cannot be negative|more rows"):
        Share(*counts)


counts = st.tuples(*[st.integers(0, 1_000)] * 3).map(
    lambda c: Share(c[0], c[0] + c[1] + c[2], c[2])
)


@given(counts)
def test_both_shares_lie_within_the_bounds(share):
    if share.of_located is None:
        return
    low, high = share.bounds
    assert low <= share.of_all <= share.of_located <= high + 1e-12


@pytest.mark.parametrize(
    "inside, total, unlocated, verdict",
    [(50, 100, 0, "eligible"), (49, 100, 0, "not_eligible"), (45, 100, 10, "undetermined"),
     (50, 100, 30, "eligible"), (10, 100, 30, "not_eligible"), (0, 0, 0, "undetermined")],
)  # fmt: skip
def test_a_structure_belongs_to_a_lived_quarter_when_half_its_users_live_in_one(
    inside, total, unlocated, verdict
):
    found = LivedQuarter(Share(inside, total, unlocated))
    assert found.verdict == verdict
    assert found.as_dict()["total"] == total
