"""A long list of addresses is counted row by row, on one core as on two."""

from __future__ import annotations

import os

import pytest

from importers.deposits import service
from importers.deposits.locating import AddressLocator
from importers.deposits.store import Store
from importers.matching.beside import LEAST
from importers.models import Deposit, DepositState
from tests.importers.deposit_makers import deposited, fates, the_towns_addresses

pytestmark = pytest.mark.django_db

# What is written, and where the row ends: half of the rue de la Chapelle lies in a quarter.
WRITTEN = (
    ("12 rue de la Chapelle;75018", "qpv"),
    ("50 rue de la Chapelle;75018", "outside"),
    ("rue de la Chapelle;75018", "ambiguous"),
    ("rue des Peupliers;75013", "outside"),
    ("12 rue de la Chapelle / 50 rue de la Chapelle;75018", "ambiguous"),
    ("8 rue de la Chapelle - 12 rue de la Chapelle;75018", "qpv"),
    ("62 bis rue Parmentier;75011", "ambiguous"),
    ("ZAC PAJOL lot 3;75018", "not_located"),
    ("12 rue des Peupliers;75013", "outside"),
)
EACH = 1 + 2 * LEAST // len(WRITTEN)
EXPECTED = {
    fate: EACH * sum(there == fate for _, there in WRITTEN)
    for fate in ("qpv", "outside", "ambiguous", "not_located")
}


@pytest.fixture(autouse=True)
def site(deposit_site):
    the_towns_addresses()


def a_long_list() -> str:
    rows = [text for text, _ in WRITTEN] * EACH
    return "ref;adresse;code postal\n" + "\n".join(f"R{n};{row}" for n, row in enumerate(rows))


@pytest.mark.parametrize("cores", [1, 2])
def test_every_row_ends_where_its_own_address_says(partner, monkeypatch, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)))
    deposit = service.carry_out(deposited(partner, a_long_list()))
    assert fates(deposit) == EXPECTED


def test_rows_left_to_review_are_those_that_need_a_person_in_the_order_of_the_file(partner):
    deposit = service.carry_out(deposited(partner, a_long_list()))
    left = Store(deposit).reviews(actor=None, limit=len(WRITTEN))
    # Line 2 holds the first row; a street alone is left even where it lies wholly outside.
    assert [row.number for row in left] == [4, 5, 6, 8, 9, 13, 14, 15, 17]
    assert left[0].told["written"] == {"address": "rue de la Chapelle", "postcode": "75018"}
    assert left[0].told["match"]["level"] == "street"


def test_a_long_list_cancelled_while_it_is_matched_leaves_nothing(partner, monkeypatch):
    deposit = deposited(partner, a_long_list())
    begun = AddressLocator.locate

    def locate(self, cells, tell):
        def cancelled(rows: int) -> None:
            if rows:
                service.cancel(Deposit.objects.get(pk=deposit.pk))
            tell(rows)

        return begun(self, cells, cancelled)

    monkeypatch.setattr(AddressLocator, "locate", locate)
    service.carry_out(deposit)
    deposit.refresh_from_db()
    assert deposit.state == DepositState.CANCELLED
    assert Store(deposit).batches_done() == {}
