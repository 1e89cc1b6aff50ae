"""Lists corrupted from the real address base are located, and hardly ever in a wrong zone."""

from __future__ import annotations

import pytest

from benchmarks.deposits_corruptions import doors_of, messy_list
from benchmarks.deposits_matching import matcher_of_file, quarters_of_file, score
from benchmarks.deposits_unseen import unseen_list

pytestmark = pytest.mark.real_data

ROWS, SEED = 6_000, 2_026


@pytest.fixture(scope="module")
def matcher(real_data):
    return matcher_of_file(real_data / "addresses" / "adresses-75.csv.gz")


@pytest.fixture(scope="module", params=[messy_list, unseen_list])
def scored(request, real_data, matcher):
    doors = doors_of(real_data / "addresses" / "adresses-75.csv.gz")
    quarters = quarters_of_file(real_data / "perimeters" / "qp-politiquedelaville-shp.zip")
    return score(matcher, list(request.param(doors, ROWS, SEED)), quarters)


def test_at_least_96_percent_lie_within_100_metres(scored):
    assert scored.share("near") >= 0.96


def test_at_most_one_row_in_a_thousand_is_surely_in_a_wrong_quarter(scored):
    assert scored.share("wrong_zone") <= 0.001


def test_at_most_3_percent_are_left_for_review(scored):
    assert scored.share("review") <= 0.03


def test_wrong_missed_and_abstained_are_told_apart(scored):
    total = sum(scored.counts[k] for k in ("near", "far", "street", "ambiguous", "missed"))
    assert total == ROWS
    assert scored.counts["review"] == scored.counts["ambiguous"] + scored.counts["missed"]
