"""The map of a result: shared counts by quarter as circles, what is kept back as a pattern."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from importers.deposits import service
from importers.deposits.publishing import published
from importers.models import Deposit
from maps.deposits.result_map import shared_counts
from tests.importers.deposit_makers import OUTSIDE, a_partner, deposited
from tests.people import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]

ONE, ELSEWHERE_IN_ONE = "2.3510;48.8510", "2.3590;48.8590"
TWO = "2.3600;48.8900"


@pytest.fixture
def client(partner) -> Client:
    return client_of(partner)


def counted(user, *places: tuple[str, int], **ask) -> Deposit:
    where = [place for place, size in places for _ in range(size)]
    text = "ref;lon;lat\n" + "\n".join(f"R{n};{place}" for n, place in enumerate(where))
    return service.carry_out(deposited(user, text, **ask))


def map_of(client: Client, deposit: Deposit) -> str:
    response = client.get(f"/beneficiaires/{deposit.pk}/carte.svg")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "image/svg+xml")
    return response.content.decode()


def words_of(page: str) -> str:
    """Return what stands between the tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_a_quarter_has_a_circle_or_a_pattern_and_never_nothing(client, partner):
    shown = counted(partner, (ONE, 40), (TWO, 60), (OUTSIDE, 200))
    assert "<pattern" not in map_of(client, shown)
    few = counted(a_partner("Autre", "autre"), (ONE, 40), (TWO, 2), (OUTSIDE, 200))
    other = Client()
    other.force_login(few.created_by)
    told = published(few)["qpv=QP075002"]
    assert ("<pattern" in map_of(other, few)) == (told["value"] is None)
    drawn = {one.territory.code: one.told for one in shared_counts(few)}
    assert drawn == {code: published(few)[f"qpv={code}"] for code in ("QP075001", "QP075002")}


def test_a_quarter_kept_back_is_drawn_as_a_pattern(client, partner, monkeypatch):
    deposit = counted(partner, (ONE, 40), (TWO, 60))
    told = published(deposit)
    told["qpv=QP075002"] = {"value": None, "withheld": "differencing"}
    monkeypatch.setattr("maps.deposits.result_map.published", lambda deposit: told)
    assert "<pattern" in map_of(client, deposit)
    page = words_of(client.get(f"/beneficiaires/{deposit.pk}/").content.decode())
    assert re.search(r"QP075002\s+retenu", page)


def test_the_map_knows_no_point(client, partner):
    """The same people elsewhere in the same quarter make the very same map."""
    one = counted(partner, (ONE, 40), (OUTSIDE, 200))
    two = counted(partner, (ELSEWHERE_IN_ONE, 40), (OUTSIDE, 200))
    assert published(one) == published(two)
    assert map_of(client, one) == map_of(client, two)


def test_the_table_beside_the_map_holds_the_same_figures(client, partner):
    deposit = counted(partner, (ONE, 40), (TWO, 60))
    page = client.get(f"/beneficiaires/{deposit.pk}/").content.decode()
    assert f'src="/beneficiaires/{deposit.pk}/carte.svg"' in page
    table = words_of(page[page.index('id="shared"') :])
    for code in ("QP075001", "QP075002"):
        assert re.search(rf"{code}\s+{published(deposit)[f'qpv={code}']['value']}\b", table)


def test_a_deposit_of_which_nothing_is_shared_has_no_map(client, partner):
    service.delete(counted(partner, (ONE, 40)))
    deposit = counted(partner, (ONE, 41))
    assert published(deposit) == {}
    assert "carte.svg" not in client.get(f"/beneficiaires/{deposit.pk}/").content.decode()
    assert client.get(f"/beneficiaires/{deposit.pk}/carte.svg").status_code == 404


def test_nobody_else_opens_the_map(partner):
    deposit = counted(partner, (ONE, 40))
    other = Client()
    other.force_login(a_partner("Autre", "autre"))
    assert other.get(f"/beneficiaires/{deposit.pk}/carte.svg").status_code == 404
    assert Client().get(f"/beneficiaires/{deposit.pk}/carte.svg").status_code == 302
