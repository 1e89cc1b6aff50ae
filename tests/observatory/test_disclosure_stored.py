"""What was published is remembered, and the noise outlives the process."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from observatory.disclosure import Atom, Cell, Gate, NoiseRule, rule_for
from observatory.disclosure.errors import BadRule
from observatory.disclosure.register import StoredRegister
from observatory.disclosure.secret import _read, derived, disclosure_secret
from observatory.models import DisclosureRule, Publication

pytestmark = pytest.mark.django_db

ATOMS = [Atom("in", 34, 1 << 62), Atom("out", 2, 1 << 61)]
CELLS = [Cell("in", "qpv", (0,)), Cell("out", "rest", (1,)), Cell("all", "total", (0, 1))]


def release(subject="deposit:1"):
    return Gate("scheme:essai", NoiseRule()).release(subject, ATOMS, CELLS)


def test_a_published_table_reads_back_as_it_was_printed():
    printed = release().values
    table = StoredRegister().table("scheme:essai", "deposit:1")
    assert {cell.name: cell.value for cell in table.cells} == printed
    assert table.atoms == ("in", "out")


def test_publishing_again_replaces_and_keeps_the_history():
    release()
    release()
    assert Publication.objects.filter(withdrawn_at=None).count() == 1
    assert Publication.objects.count() == 2


def test_a_withdrawn_table_is_not_shown_any_more_and_stays_known_to_the_check():
    release()
    StoredRegister().withdraw("scheme:essai", "deposit:1")
    assert StoredRegister().table("scheme:essai", "deposit:1") is None
    assert [one.subject for one in StoredRegister().tables("scheme:essai")] == ["deposit:1"]


def test_thresholds_are_five_persons_and_eleven_households_unless_raised():
    DisclosureRule.objects.create(source="caf", unit="persons", threshold=10, deviation=12)
    assert rule_for().threshold == 5
    assert rule_for("households").threshold == 11
    assert rule_for("persons", "caf") == NoiseRule(10, 12, 3.0)


@pytest.mark.parametrize(
    "unit, threshold, deviation", [("persons", 4, 8), ("households", 10, 20), ("persons", 8, 7)]
)
def test_a_threshold_cannot_be_stored_under_its_floor(unit, threshold, deviation):
    with pytest.raises(IntegrityError), transaction.atomic():
        DisclosureRule.objects.create(
            source="x", unit=unit, threshold=threshold, deviation=deviation
        )


def test_a_rule_that_no_noise_can_satisfy_is_refused_when_asked_for():
    DisclosureRule.objects.create(source="x", threshold=6, deviation=6, variance=100.0)
    with pytest.raises(BadRule):
        rule_for("persons", "x")


def test_the_secret_is_made_once_and_read_by_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path))
    first = disclosure_secret()
    _read.cache_clear()
    assert disclosure_secret() == first
    assert len(first) == 32
    file = tmp_path / "disclosure_secret"
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["disclosure_secret"]


def test_keys_for_two_purposes_do_not_tell_of_each_other():
    secret = b"x" * 32
    assert derived("record keys", secret) != derived("links", secret)
    assert secret not in derived("record keys", secret)
