"""An organisation sees its own rows and nobody else's, by any route through the database."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg.sql import SQL, Identifier

from importers.deposits.private import acting_for, note_access, rls_binds
from importers.models import Deposit
from observatory.models import Organisation

pytestmark = pytest.mark.django_db

TABLES = ("batch", "review", "atom", "access")


def a_deposit(organisation: str = "Mission locale", **fields) -> Deposit:
    owner, _ = Organisation.objects.get_or_create(name=organisation)
    told = {
        "scheme": "essai", "period_from": date(2015, 1, 1), "period_to": date(2015, 12, 31),
        "file_name": "liste.csv", "file_digest": "0" * 64, "purge_on": date(2016, 1, 1),
    }  # fmt: skip
    return Deposit.objects.create(organisation=owner, **{**told, **fields})


def fill(deposit: Deposit) -> None:
    """Store one row in each private table, as its own organisation."""
    own = [deposit.pk, deposit.organisation_id]
    with acting_for(deposit.organisation_id) as cursor:
        cursor.execute("INSERT INTO deposits.batch VALUES (%s, %s, 0, 1, '\\x00')", own)
        cursor.execute(
            "INSERT INTO deposits.review VALUES (%s, %s, 2, 1, '\\x00', false, '\\x00')", own
        )
        cursor.execute("INSERT INTO deposits.atom VALUES (%s, %s, 'QP1', 7, 5)", own)
        note_access(cursor, deposit, "read", 1)


def seen(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(SQL("SELECT count(*) FROM deposits.{}").format(Identifier(table)))
        return cursor.fetchone()[0]


def test_the_policies_bind_the_account_the_site_uses():
    assert rls_binds()


@pytest.mark.parametrize("table", TABLES)
def test_a_query_that_forgets_to_filter_shows_nothing(table):
    fill(a_deposit())
    assert seen(table) == 0


@pytest.mark.parametrize("table", TABLES)
def test_an_organisation_sees_its_own_rows_and_not_another_ones(table):
    mine, theirs = a_deposit("A"), a_deposit("B")
    fill(mine)
    fill(theirs)
    with acting_for(mine.organisation_id) as cursor:
        cursor.execute(SQL("SELECT deposit_id FROM deposits.{}").format(Identifier(table)))
        assert cursor.fetchall() == [(mine.pk,)]


def test_nobody_can_write_rows_in_the_name_of_another_organisation():
    mine, theirs = a_deposit("A"), a_deposit("B")
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
        acting_for(mine.organisation_id) as cursor,
    ):
        cursor.execute(
            "INSERT INTO deposits.atom VALUES (%s, %s, 'QP1', 7, 5)",
            [theirs.pk, theirs.organisation_id],
        )


@pytest.mark.parametrize(
    "statement", ["UPDATE deposits.atom SET rows = 1", "DELETE FROM deposits.atom"]
)
def test_nobody_can_change_or_remove_the_rows_of_another_organisation(statement):
    mine, theirs = a_deposit("A"), a_deposit("B")
    fill(theirs)
    with acting_for(mine.organisation_id) as cursor:
        cursor.execute(statement)
        assert cursor.rowcount == 0
    with acting_for(theirs.organisation_id) as cursor:
        cursor.execute("SELECT rows FROM deposits.atom")
        assert cursor.fetchall() == [(7,)]


def test_the_right_to_see_ends_with_the_block():
    deposit = a_deposit()
    fill(deposit)
    with acting_for(deposit.organisation_id):
        assert seen("atom") == 1
        with acting_for(deposit.organisation_id + 1):
            assert seen("atom") == 0
        assert seen("atom") == 1
    assert seen("atom") == 0


@pytest.mark.parametrize(
    "statement",
    ["UPDATE deposits.access SET action = 'nothing'", "DELETE FROM deposits.access",
     "TRUNCATE deposits.access"],
)  # fmt: skip
def test_the_record_of_accesses_can_only_be_added_to(statement):
    deposit = a_deposit()
    fill(deposit)
    with (
        pytest.raises(DatabaseError, match="only be added to"),
        transaction.atomic(),
        acting_for(deposit.organisation_id) as cursor,
    ):
        cursor.execute(statement)


def test_removing_a_deposit_removes_its_rows_and_keeps_the_record_of_accesses():
    deposit = a_deposit()
    fill(deposit)
    owner = deposit.organisation_id
    with acting_for(owner):
        deposit.delete()
    with acting_for(owner):
        assert [seen(table) for table in TABLES] == [0, 0, 0, 1]


def test_a_period_that_ends_before_it_begins_is_refused():
    with pytest.raises(DatabaseError), transaction.atomic():
        a_deposit(period_to=date(2014, 1, 1))
