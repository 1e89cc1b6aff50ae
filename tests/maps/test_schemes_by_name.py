"""A scheme is told by its name wherever a deposit is spoken of; its code is for files."""

from __future__ import annotations

import pytest
from django.test import Client

from importers.models import Deposit, DepositState
from observatory.models import Scheme, User
from tests.importers.deposit_makers import a_list, a_partner, deposited
from tests.maps.test_deposit_pages import done, text_of
from tests.people import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]
CODE, NAME = "emplois-francs", "Emplois francs"


@pytest.fixture
def partner() -> User:
    Scheme.objects.create(code=CODE, name=NAME, zones=["qpv"])
    return a_partner()


def page(person: User, address: str) -> str:
    answer = client_of(person).get(address)
    assert answer.status_code == 200, address
    return text_of(answer)


@pytest.mark.parametrize("state", [*DepositState.values])
def test_on_the_page_of_a_deposit_in_every_state(partner, state):
    one = deposited(partner, a_list(30, 60), scheme=CODE)
    Deposit.objects.filter(pk=one.pk).update(state=state)
    shown = page(partner, f"/beneficiaires/{one.pk}/")
    assert NAME in shown
    assert f"· {CODE}" not in shown


def test_on_the_result_and_on_the_list_of_deposits(partner):
    one = done(partner, a_list(30, 60), scheme=CODE)
    for address in (f"/beneficiaires/{one.pk}/", "/beneficiaires/"):
        shown = page(partner, address)
        assert NAME in shown
        assert CODE not in shown


def test_on_the_figures_partners_share(partner):
    done(partner, a_list(30, 60), scheme=CODE)
    shown = page(a_partner("Autre structure"), "/beneficiaires/partages/")
    assert f"{NAME} ·" in shown
    assert CODE not in shown


def test_on_the_home_page_of_who_has_columns_to_confirm(partner):
    deposited(partner, a_list(30, 60), scheme=CODE)
    shown = page(partner, "/accueil/")
    assert NAME in shown
    assert CODE not in shown


def test_a_scheme_the_register_does_not_hold_keeps_its_code(partner):
    done(partner, a_list(30, 60), scheme="aide-locale")
    assert "aide-locale" in page(partner, "/beneficiaires/")


def test_names_are_asked_for_once_a_page(partner, django_assert_max_num_queries):
    for _each in range(5):
        deposited(partner, a_list(3, 3), scheme=CODE)
    client: Client = client_of(partner)
    with django_assert_max_num_queries(20) as asked:
        client.get("/beneficiaires/")
    assert sum('FROM "observatory_scheme"' in one["sql"] for one in asked) == 1
