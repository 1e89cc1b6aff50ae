"""After a review, shared figures are those of before until the partner shares them again."""

from __future__ import annotations

import pytest
from django.test import Client

from importers.deposits import review, service
from importers.deposits.publishing import published
from importers.models import Deposit, DepositState
from tests.importers.deposit_makers import (
    INSIDE,
    a_list,
    a_partner,
    deposited,
    the_towns_addresses,
)
from tests.maps.screen import plain
from tests.people import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]

LOST = "99 chemin inconnu;75018"


@pytest.fixture
def client(partner) -> Client:
    return client_of(partner)


@pytest.fixture
def deposit(partner) -> Deposit:
    """Return a counted deposit of 40 people, six of whom wait for review."""
    the_towns_addresses()
    doors = ["12 rue de la Chapelle;75018"] * 34 + [LOST] * 6
    text = "ref;adresse;cp\n" + "\n".join(f"R{n};{door}" for n, door in enumerate(doors))
    return service.carry_out(deposited(partner, text))


def place_all(deposit: Deposit, actor: int) -> None:
    row = review.waiting(deposit, actor)[0]
    lon, lat = map(float, INSIDE.split(";"))
    assert review.place(deposit, row.number, (lon, lat), alike=True, actor=actor) == 6


def page_of(client: Client, deposit: Deposit) -> str:
    return plain(client.get(f"/beneficiaires/{deposit.pk}/").content.decode())


def api_of(client: Client, deposit: Deposit) -> dict:
    return client.get(f"/api/deposits/{deposit.pk}/").json()


def test_the_page_says_that_what_others_read_is_of_before_the_review(client, partner, deposit):
    assert "Des chiffres protégés, à jour" in page_of(client, deposit)
    place_all(deposit, partner.pk)
    told = page_of(client, deposit)
    assert "ceux d’avant la relecture. Lignes placées depuis : 6." in told
    assert "Partager les chiffres à jour" in told
    answer = client.post(f"/beneficiaires/{deposit.pk}/partager/")
    assert answer.headers["Location"] == f"/beneficiaires/{deposit.pk}/"
    assert "Des chiffres protégés, à jour" in page_of(client, deposit)


def test_the_api_says_so_and_shares_again(client, partner, deposit):
    assert api_of(client, deposit)["shared"] == "up_to_date"
    place_all(deposit, partner.pk)
    told = api_of(client, deposit)
    assert (told["shared"], told["placed_since_shared"]) == ("before_review", 6)
    shared = client.post(f"/api/deposits/{deposit.pk}/share/").json()
    assert (shared["shared"], shared["placed_since_shared"]) == ("up_to_date", 0)
    assert "fate=not_located" not in published(deposit)


def test_only_the_depositor_shares_its_figures(deposit):
    other = Client()
    other.force_login(a_partner("Autre structure"))
    assert other.post(f"/beneficiaires/{deposit.pk}/partager/").status_code == 404
    assert other.post(f"/api/deposits/{deposit.pk}/share/").status_code == 404
    assert Client().post(f"/api/deposits/{deposit.pk}/share/").status_code in (401, 403)


def test_looking_at_the_address_shares_nothing(client, deposit):
    assert client.get(f"/beneficiaires/{deposit.pk}/partager/").status_code == 405


def test_a_deposit_that_is_not_counted_has_nothing_to_share(client, partner):
    waiting = deposited(partner, a_list(30, 12))
    assert api_of(client, waiting)["shared"] is None
    assert client.post(f"/api/deposits/{waiting.pk}/share/").status_code == 400


def test_once_purged_the_figures_of_before_the_review_stay_and_the_page_says_so(
    client, partner, deposit
):
    place_all(deposit, partner.pk)
    deposit.refresh_from_db()
    service.purge(deposit)
    assert deposit.state == DepositState.PURGED
    told = page_of(client, deposit)
    assert "Les lignes sont détruites : ils ne peuvent plus être mis à jour" in told
    assert "Partager les chiffres à jour" not in told
    assert client.post(f"/beneficiaires/{deposit.pk}/partager/").status_code == 410


def test_figures_that_cannot_be_checked_are_not_shared_and_the_page_says_why(client, partner):
    older = service.carry_out(deposited(partner, a_list(30, 12)))
    service.purge(older)
    newer = deposited(partner, a_list(31, 12))
    service.replace(newer, older)
    service.carry_out(newer)
    told = page_of(client, newer)
    assert "Rien n’est partagé de ce dépôt" in told
    assert api_of(client, newer)["shared"] == "not_shared"
    answer = client.post(f"/beneficiaires/{newer.pk}/partager/")
    assert answer.status_code == 409
    assert "Vos comptes exacts n’en dépendent pas" in plain(answer.content.decode())
    assert client.post(f"/api/deposits/{newer.pk}/share/").status_code == 409
