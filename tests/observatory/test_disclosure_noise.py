"""Figures are moved without leaning either way, and small ones never come out."""

from __future__ import annotations

import hmac

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observatory.disclosure import NoiseRule, RecordKeys, count_key, perturb
from observatory.disclosure.errors import BadRule
from observatory.disclosure.keys import KEY_MODULUS, key_sums
from observatory.disclosure.noise import law_of
from observatory.disclosure.secret import derived

RULES = [NoiseRule(), NoiseRule(5, 8, 6.0), NoiseRule(11, 11, 8.0), NoiseRule(2, 3, 1.5)]
rules = st.sampled_from(RULES)
keys = st.floats(0, 1, exclude_max=True)
SECRET = b"a secret of the tests, thirty-two"


@given(rules, st.integers(1, 60))
def test_noise_leans_neither_way(rule, count):
    law = law_of(count, rule)
    assert law.probabilities.sum() == pytest.approx(1)
    assert law.probabilities @ law.values == pytest.approx(count, abs=1e-9)


@given(rules, st.integers(0, 10_000), keys)
def test_what_comes_out_is_nothing_or_at_least_the_threshold(rule, count, key):
    shown = perturb(count, key, rule)
    assert shown == 0 or shown >= rule.threshold
    assert abs(shown - count) <= rule.deviation


@given(rules, st.integers(0, 500), keys)
def test_a_reader_who_knows_the_rule_finds_the_truth_in_the_span_but_not_it(rule, count, key):
    shown = perturb(count, key, rule)
    low, high = rule.span_of(shown)
    assert low <= count <= high
    # No printed figure alone says "one to threshold - 1 people".
    assert low == 0 or high >= rule.threshold


@given(rules, keys)
def test_nobody_stays_nobody(rule, key):
    assert perturb(0, key, rule) == 0


@pytest.mark.parametrize("rule", RULES)
def test_large_counts_have_the_variance_asked_for(rule):
    law = law_of(1_000, rule)
    spread = law.probabilities @ (law.values - 1_000) ** 2
    assert spread == pytest.approx(rule.variance, rel=1e-4)
    assert law.values.tolist() == list(range(1_000 - rule.deviation, 1_001 + rule.deviation))


@pytest.mark.parametrize("count", [1, 3, 5, 7, 40])
def test_over_many_keys_the_mean_of_what_is_shown_is_the_count(count):
    rule = NoiseRule()
    drawn = [perturb(count, key, rule) for key in np.linspace(0, 1, 20_000, endpoint=False)]
    assert np.mean(drawn) == pytest.approx(count, abs=0.01)


@pytest.mark.parametrize(
    "threshold, deviation, variance", [(0, 5, 3.0), (5, 4, 3.0), (5, 5, 0.0), (5, 5, 13.0)]
)
def test_a_rule_that_cannot_protect_is_refused(threshold, deviation, variance):
    with pytest.raises(BadRule):
        NoiseRule(threshold, deviation, variance)


def test_a_negative_count_is_refused():
    with pytest.raises(BadRule):
        perturb(-1, 0.5, NoiseRule())


contents = st.lists(st.text(max_size=30), min_size=1, max_size=30)


@given(contents, st.randoms(use_true_random=False))
def test_the_same_people_get_the_same_noise_in_any_order_and_after_any_restart(people, random):
    drawn = RecordKeys("scheme", SECRET)
    before = count_key(drawn.of(people))
    shuffled = list(people)
    random.shuffle(shuffled)
    again = RecordKeys("scheme", SECRET)
    half = len(shuffled) // 2
    parts = [sum(map(int, again.of(part))) for part in (shuffled[:half], shuffled[half:])]
    assert count_key(parts) == before
    assert perturb(len(people), before, NoiseRule()) == perturb(
        len(people), count_key(parts), NoiseRule()
    )


@given(contents)
def test_a_record_key_is_the_standard_hmac_of_what_the_record_holds(people):
    key = derived("record keys\x1fscheme", SECRET)
    expected = [hmac.digest(key, text.encode(), "sha256")[:8] for text in people]
    drawn = RecordKeys("scheme", SECRET).of(people)
    assert [int(one).to_bytes(8, "little") for one in drawn] == expected


def test_two_schemes_and_two_secrets_draw_different_noise():
    drawn = {
        RecordKeys(scheme, secret).of_one("R-0001", "12 rue des Essais")
        for scheme in ("emploi", "vacances")
        for secret in (SECRET, SECRET[::-1])
    }
    assert len(drawn) == 4


def test_record_keys_are_spread_evenly():
    drawn = RecordKeys("scheme", SECRET).of([f"R-{number:05d}" for number in range(50_000)])
    counts, _ = np.histogram(drawn / float(KEY_MODULUS), bins=20, range=(0, 1))
    assert counts.min() > 2_300
    assert counts.max() < 2_700


def test_parts_of_a_record_cannot_be_read_as_other_parts():
    drawn = RecordKeys("scheme", SECRET)
    assert drawn.of_one("ab", "c") != drawn.of_one("a", "bc")


@given(st.lists(st.tuples(st.integers(0, KEY_MODULUS - 1), st.integers(0, 4)), min_size=1))
@settings(max_examples=50)
def test_sums_by_group_are_exact(rows):
    drawn = np.array([key for key, _ in rows], dtype=np.uint64)
    groups = np.array([group for _, group in rows])
    summed = key_sums(drawn, groups, 5)
    for group in range(5):
        expected = sum(key for key, g in rows if g == group) % KEY_MODULUS
        assert int(summed[group]) == expected


@given(st.lists(st.integers(0, KEY_MODULUS - 1), max_size=5))
def test_a_count_key_is_a_fraction_under_one(sums):
    assert 0 <= count_key(sums) < 1
