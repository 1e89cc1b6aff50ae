"""Nothing published changes without a trace, whoever changes it and however."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from observatory.history import acting, history_of
from observatory.models import Change, Review, Run, User
from tests.observatory.figures_makers import a_contract, a_figure, a_sheet, an_indicator

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst() -> User:
    return User.objects.create_user("analyste")


def test_a_corrected_figure_keeps_its_old_value_the_author_and_the_reason(analyst: User) -> None:
    figure = a_figure(an_indicator(), a_contract(), 2018, 1370)
    with acting(analyst, reason="faute de frappe"):
        figure.value = 1430
        figure.save()
    change = history_of(figure).get()
    assert (change.action, change.before, change.after) == (
        "update",
        {"value": 1370},
        {"value": 1430},
    )
    assert (change.actor, change.reason) == (analyst.pk, "faute de frappe")


def test_a_change_by_hand_in_the_database_is_noted_too() -> None:
    figure = a_figure(an_indicator(), a_contract(), 2018, 10)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE observatory_observation SET value = 11")
    change = history_of(figure).get()
    assert change.after == {"value": 11}
    assert change.actor is None
    assert change.database_role


def test_saving_without_changing_anything_leaves_no_trace() -> None:
    figure = a_figure(an_indicator(), a_contract(), 2018, 10)
    figure.save()
    assert not history_of(figure).exists()


def test_a_deleted_sheet_can_still_be_read() -> None:
    sheet = a_sheet("fiche-1", alerts="Données manquantes")
    key = sheet.pk
    sheet.delete()
    change = Change.objects.get(table="observatory_followupsheet", row_id=key, action="delete")
    assert change.before is not None
    assert change.before["alerts"] == "Données manquantes"


def test_the_author_is_forgotten_after_the_block(analyst: User) -> None:
    with acting(analyst):
        first = a_sheet("fiche-1")
    second = a_sheet("fiche-2")
    assert history_of(first).get().actor == analyst.pk
    assert history_of(second).get().actor is None


def test_an_inner_author_gives_way_to_the_outer_one_again(analyst: User) -> None:
    other = User.objects.create_user("referent")
    with acting(analyst, reason="revue"):
        with acting(other):
            inner = a_sheet("fiche-1")
        outer = a_sheet("fiche-2")
    assert history_of(inner).get().actor == other.pk
    assert (history_of(outer).get().actor, history_of(outer).get().reason) == (
        analyst.pk,
        "revue",
    )


def test_a_load_is_named_by_its_run() -> None:
    run = Run.objects.create(kind="load indicators", version="test")
    with acting(run=run):
        sheet = a_sheet("fiche-1")
    assert history_of(sheet).get().run_id == run.pk


def test_the_record_of_changes_itself_cannot_be_rewritten() -> None:
    a_sheet("fiche-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.update(reason="autre")
    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.all().delete()


def test_a_frozen_review_cannot_be_changed() -> None:
    review = Review.objects.create(
        territory=a_contract(), year=2018, content={"rates": []}, checksum="0" * 64
    )
    review.year = 2019
    with pytest.raises(IntegrityError), transaction.atomic():
        review.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        review.delete()
