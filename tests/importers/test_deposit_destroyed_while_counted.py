"""A partner destroys a deposit while it is being counted: nothing of it comes back to life."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from importers.deposits import service, shared
from importers.deposits.private import acting_for
from importers.deposits.vault import key_folder, spool_folder
from importers.models import Deposit, DepositState
from tests.importers.deposit_makers import a_list, deposited

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]
ROWS = (40, 40, 20)
LAST = sum(ROWS)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small file come in many batches."""
    monkeypatch.setattr("importers.tables.BLOCK_BYTES", 400)


def counted_until(deposit: Deposit, moment: int, act: Callable[[Deposit], None]) -> None:
    """Count a deposit; once so many rows are located, the partner does something to it."""
    done: list[int] = []

    def echo(step: str, rows: int, total: int | None = None) -> None:
        if rows >= moment and not done:
            done.append(rows)
            act(Deposit.objects.get(pk=deposit.pk))

    service.carry_out(deposit, echo)
    assert done, "the moment came"


def rows_left(deposit: Deposit) -> int:
    with acting_for(deposit.organisation_id) as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM deposits.batch) + (SELECT count(*) FROM deposits.review)"
            " + (SELECT count(*) FROM deposits.atom)"
        )
        return int(cursor.fetchone()[0])


def nothing_is_left(deposit: Deposit) -> bool:
    kept = [*key_folder().iterdir(), *spool_folder().iterdir()]
    return rows_left(deposit) == 0 and not kept and shared.figures() == []


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("moment", [0, 1, 50, LAST])
def test_purged_while_it_is_counted_it_ends_cancelled_and_leaves_nothing(partner, moment):
    deposit = deposited(partner, a_list(*ROWS))
    counted_until(deposit, moment, lambda one: service.purge(one, partner.pk))
    deposit.refresh_from_db()
    assert (deposit.state, deposit.problem) == (DepositState.CANCELLED, "")
    assert nothing_is_left(deposit)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("moment", [0, 1, 50, LAST])
def test_deleted_while_it_is_counted_it_is_gone(partner, moment):
    deposit = deposited(partner, a_list(*ROWS))
    counted_until(deposit, moment, lambda one: service.delete(one, partner.pk))
    assert not Deposit.objects.exists()
    assert nothing_is_left(deposit)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("moment", [0, 1, 50, LAST])
def test_cancelled_in_the_middle_it_leaves_nothing(partner, moment):
    deposit = deposited(partner, a_list(*ROWS))
    counted_until(deposit, moment, service.cancel)
    deposit.refresh_from_db()
    assert (deposit.state, deposit.problem) == (DepositState.CANCELLED, "")
    assert nothing_is_left(deposit)


def test_a_counted_deposit_cannot_be_cancelled_any_more(partner):
    deposit = service.carry_out(deposited(partner, a_list(*ROWS)))
    service.cancel(deposit)
    deposit.refresh_from_db()
    assert deposit.state == DepositState.DONE
    assert rows_left(deposit) > 0
