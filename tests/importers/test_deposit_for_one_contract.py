"""A partner of one contract deposits for that contract, and neither sees nor does more."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from importers.deposits import errors, service, shared
from importers.deposits.rights import check_contract, contracts_open_to, reads_shared
from importers.models import Deposit
from observatory.models import Assignment, Level, Membership, Organisation, Role, Territory, User
from tests.factories import a_source, a_territory
from tests.importers.deposit_makers import FORM, PASSWORD, a_list, a_partner, deposited, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]
API = "/api/deposits/"


@pytest.fixture
def north() -> Territory:
    return a_territory(Level.CONTRACT, "CV-NORD", "Contrat du Nord")


@pytest.fixture
def south() -> Territory:
    return a_territory(Level.CONTRACT, "CV-SUD", "Contrat du Sud")


def a_partner_of(*places: Territory, account: str = "du-nord", role: str = Role.PARTNER) -> User:
    """Return an account of the local mission whose role holds on some territories alone."""
    organisation, _ = Organisation.objects.get_or_create(name="Mission locale")
    user = User.objects.create_user(account, password=PASSWORD, organisation=organisation)
    for place in places:
        Assignment.objects.create(user=user, role=role, territory=place)
    return user


def api_of(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def send(api: APIClient, **more: str):
    return api.post(API, {**FORM, **more, "file": upload(a_list(30, 12))})


def counted(user: User, **ask) -> Deposit:
    """Return a deposit that is counted and shared."""
    deposit = deposited(user, a_list(30, 12), **ask)
    return service.carry_out(deposit)


# -- by address ----------------------------------------------------------------------------


def test_a_partner_of_one_contract_deposits_for_it(north: Territory, south: Territory) -> None:
    answer = send(api_of(a_partner_of(north)), contract="CV-NORD")
    assert answer.status_code == 201, answer.content
    assert answer.json()["contract"] == "CV-NORD"
    assert Deposit.objects.get().contract == north


@pytest.mark.parametrize("contract", ["CV-SUD", "CV-NULLE-PART", ""])
def test_and_for_no_other_nor_for_all_of_them(
    north: Territory, south: Territory, contract: str
) -> None:
    answer = send(api_of(a_partner_of(north)), contract=contract)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["contract"]
    assert not Deposit.objects.exists()


def test_a_role_held_on_the_whole_ept_reaches_its_contracts(
    north: Territory, south: Territory
) -> None:
    ept = a_territory(Level.EPT, "EPT12")
    Membership.objects.create(member=north, container=ept, source=a_source())
    api = api_of(a_partner_of(ept))
    assert send(api, contract="CV-NORD").status_code == 201
    assert send(api, contract="CV-SUD").status_code == 400


@pytest.mark.parametrize("role", [Role.COMMITTEE, Role.CONTRACT_LEAD, Role.ANALYST])
def test_a_role_that_deposits_nothing_does_not_on_a_contract_either(
    north: Territory, role: str
) -> None:
    api = api_of(a_partner_of(north, role=role))
    assert send(api, contract="CV-NORD").status_code == 403
    assert api.get(API).status_code == 403


def test_a_role_held_on_a_quarter_alone_opens_no_contract(north: Territory) -> None:
    quarter = a_territory(Level.QPV, "QP075999")
    Membership.objects.create(member=quarter, container=north, source=a_source())
    assert send(api_of(a_partner_of(quarter)), contract="CV-NORD").status_code == 403


def test_a_role_that_has_ended_opens_nothing(north: Territory) -> None:
    user = a_partner_of(north)
    Assignment.objects.filter(user=user).update(valid_to="2020-01-01")
    assert send(api_of(user), contract="CV-NORD").status_code == 403


def test_a_partner_of_all_contracts_deposits_for_one_or_for_all(
    north: Territory, south: Territory
) -> None:
    api = api_of(a_partner())
    assert send(api, contract="CV-SUD").json()["contract"] == "CV-SUD"
    assert send(api).json()["contract"] is None


def test_one_contract_s_deposits_are_not_those_of_another(
    north: Territory, south: Territory
) -> None:
    """Two accounts of one organisation, each partner of its own contract."""
    mine, theirs = a_partner_of(north), a_partner_of(south, account="du-sud")
    number = send(api_of(mine), contract="CV-NORD").json()["id"]
    other = api_of(theirs)
    assert other.get(API).json() == {"deposits": []}
    for way in ("", "result/", "review/", "review.csv"):
        assert other.get(f"{API}{number}/{way}").status_code == 404, way
    for way in ("start/", "cancel/", "purge/", "share/"):
        assert other.post(f"{API}{number}/{way}", {}, "json").status_code == 404, way
    assert other.delete(f"{API}{number}/").status_code == 404
    assert [one["id"] for one in api_of(mine).get(API).json()["deposits"]] == [number]
    assert [one["id"] for one in api_of(a_partner()).get(API).json()["deposits"]] == [number]


def test_nor_may_a_version_replace_one_of_another_contract(
    north: Territory, south: Territory
) -> None:
    older = counted(a_partner_of(north), contract=north)
    theirs = api_of(a_partner_of(south, account="du-sud"))
    answer = send(theirs, contract="CV-SUD", replaces=str(older.pk))
    assert list(answer.json()["errors"]) == ["replaces"]
    both = api_of(a_partner_of(north, south, account="des-deux"))
    answer = send(both, contract="CV-SUD", replaces=str(older.pk))
    assert answer.json()["errors"] == {
        "replaces": ["Une nouvelle version garde le contrat de la première."]
    }
    assert send(both, contract="CV-NORD", replaces=str(older.pk)).json()["version"] == 2


def test_the_same_file_for_another_contract_is_not_the_same_deposit(
    north: Territory, south: Territory
) -> None:
    first = send(api_of(a_partner_of(north)), contract="CV-NORD").json()
    theirs = api_of(a_partner_of(south, account="du-sud"))
    assert send(theirs, contract="CV-SUD").json()["same_file_as"] is None
    again = send(api_of(a_partner_of(north, account="encore")), contract="CV-NORD").json()
    assert again["same_file_as"] == first["id"]


def test_shared_figures_are_read_within_one_s_contracts(north: Territory, south: Territory) -> None:
    everywhere = a_partner()
    for contract in (north, south, None):
        counted(everywhere, contract=contract, scheme=f"essai-{contract and contract.code}")
    read = api_of(a_partner_of(north)).get(f"{API}shared/").json()["schemes"]
    assert [(one["scheme"], one["contract"]) for one in read] == [("essai-CV-NORD", "CV-NORD")]
    assert len(api_of(everywhere).get(f"{API}shared/").json()["schemes"]) == 3
    stranger = User.objects.create_user("personne")
    assert api_of(stranger).get(f"{API}shared/").status_code == 403


@pytest.mark.parametrize("role", [Role.PARTNER, Role.COMMITTEE, Role.CONTRACT_LEAD])
def test_a_portrait_tells_of_no_other_contract_s_deposits(
    north: Territory, south: Territory, role: str
) -> None:
    """A quarter of both contracts: each reads on its portrait what its own contract shared."""
    quarter = Territory.objects.get(code="QP075001")
    for contract in (north, south):
        Membership.objects.create(member=quarter, container=contract, source=a_source())
    for number, contract in enumerate((north, south, None)):
        counted(a_partner(f"Structure {number}", f"compte-{number}"),
                scheme=f"aide-{number}", contract=contract)  # fmt: skip
    client = Client()
    client.force_login(a_partner_of(north, role=role))
    page = client.get("/portraits/qpv/QP075001/").content.decode()
    assert [number for number in range(3) if f"aide-{number}" in page] == [0]
    everybody = Client()
    everybody.force_login(a_partner("Toutes", "toutes"))
    page = everybody.get("/portraits/qpv/QP075001/").content.decode()
    assert [number for number in range(3) if f"aide-{number}" in page] == [0, 1, 2]
    assert "aide-" not in Client().get("/portraits/qpv/QP075001/").content.decode()


# -- by the pages and the command ----------------------------------------------------------


def test_the_form_offers_one_s_own_contracts_and_takes_a_file(
    north: Territory, south: Territory
) -> None:
    client = Client()
    client.force_login(a_partner_of(north))
    page = client.get("/beneficiaires/nouveau/").content.decode()
    assert '<option value="CV-NORD">Contrat du Nord</option>' in page
    assert "Contrat du Sud" not in page
    assert "tous les contrats" not in page
    told = {**FORM, "contract": "CV-NORD", "file": upload(a_list(30, 12))}
    assert client.post("/beneficiaires/nouveau/", told).status_code == 302
    assert Deposit.objects.get().contract == north
    assert "Contrat du Nord" in client.get("/beneficiaires/").content.decode(), "told in the list"


def test_where_no_contract_is_loaded_the_form_asks_for_none() -> None:
    client = Client()
    client.force_login(a_partner())
    assert "Contrat de ville</label>" not in client.get("/beneficiaires/nouveau/").content.decode()


def test_the_command_names_a_contract_that_exists(north: Territory, tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_text(a_list(30, 12), encoding="utf-8")
    told = ["deposit", str(path), "--scheme", "essai", "--on", "2015-06-01", "--contract"]
    call_command(*told, "CV-NORD", stdout=StringIO())
    assert Deposit.objects.get().contract == north
    err = StringIO()
    with pytest.raises(SystemExit):
        call_command(*told, "CV-RIEN", stderr=err)
    assert "No contract has the code 'CV-RIEN'" in err.getvalue()
    assert Deposit.objects.count() == 1, "the file was not taken in"


# -- the rights themselves -----------------------------------------------------------------


def test_the_service_refuses_what_the_form_would(north: Territory, south: Territory) -> None:
    user = a_partner_of(north)
    assert list(contracts_open_to(user)) == [north]
    check_contract(user, north)
    for contract in (south, None):
        with pytest.raises(errors.NotForThisContract):
            deposited(user, a_list(3, 0), contract=contract)
    assert shared.figures(reads_shared(user)) == []
