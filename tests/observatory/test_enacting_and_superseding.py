"""A decree makes perimeters legal, delivers their outlines, and ends those it replaces."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from observatory.lifecycle import (
    Target,
    Validity,
    enact,
    errors,
    open_negotiation,
    supersede,
    undo,
)
from observatory.models import Perimeter, Status
from tests.observatory.ground import (
    DECREE,
    PORTES,
    START,
    a_quarter,
    a_zone,
    decided,
    decree,
    everything,
    negotiated,
    square,
    the_result,
)

pytestmark = pytest.mark.django_db


class TestEnacting:
    @pytest.fixture
    def ready(self):
        return negotiated(square(0, 0, 2, 2))

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
        opened = negotiated(square(0, 0), into=None)
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
        other = negotiated(square(1, 1, 2, 2), "Z1-002", Target("QP075002", "Autre"))
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
        return negotiated(square(0, 0, 2, 2))

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
        ready = negotiated(square(1.5, 0, 3, 2))
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
