"""Deposits over HTTP: the same path as the pages, and another organisation sees nothing."""

from __future__ import annotations

import json
import random
import socket
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from importers.deposits import service
from importers.deposits.background import run_deposit
from importers.deposits.private import acting_for
from importers.deposits.upload import MemoryUpload
from importers.deposits.vault import key_folder, spool_folder
from importers.models import Deposit, DepositState
from observatory.models import Scheme, User
from tests.importers.deposit_makers import (
    FORM,
    a_list,
    a_partner,
    a_worker,
    deposited,
    empty_queue,
    fates,
    kill,
    make_dead_workers_old,
    process,
    the_towns_addresses,
    until,
    upload,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]
API = "/api/deposits/"


def client_of(user: User | None) -> APIClient:
    client = APIClient()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def api(partner) -> APIClient:
    return client_of(partner)


def send(api: APIClient, text: str | bytes = "", name: str = "liste.csv", **more):
    return api.post(API, {**FORM, **more, "file": upload(text or a_list(30, 12, 3), name)})


@pytest.mark.django_db(transaction=True)
def test_a_file_goes_from_upload_to_counts(api):
    told = send(api).json()
    assert (told["state"], told["columns"]) == (
        "received", {"reference": "ref", "x": "lon", "y": "lat"},
    )  # fmt: skip
    here = f"{API}{told['id']}/"
    assert api.post(f"{here}start/", {}, "json").status_code == 202
    run_deposit(told["id"])
    assert api.get(here).json()["rows_done"] == 45
    result = api.get(f"{here}result/").json()
    assert result["fates"]["qpv"] == 30
    assert result["in_qpv"]["share_of_all"] == pytest.approx(30 / 45)
    assert result["zones"][0]["bounds"] == pytest.approx([30 / 45, 33 / 45])
    assert [one["id"] for one in api.get(API).json()["deposits"]] == [told["id"]]
    empty_queue()


def test_columns_are_corrected_on_starting(api):
    told = send(api, "a;b\n2.351;48.851\n2.401;48.851\n").json()
    here = f"{API}{told['id']}/"
    assert api.post(f"{here}start/", {"columns": {"x": "nowhere"}}, "json").status_code == 400
    assert api.post(f"{here}start/", {"columns": ["x"]}, "json").status_code == 400
    asked = {"columns": {"x": "a", "y": "b"}}
    assert api.post(f"{here}start/", asked, "json").json()["state"] == "queued"
    assert api.post(f"{here}start/", asked, "json").status_code == 400


@pytest.mark.parametrize(
    "columns", [{"evil": "lon"}, {"x": ["lon"]}, {"x": "lon", "y": "lat\x00"}, {"x": None}, [], "x"]
)
def test_columns_that_make_no_sense_are_refused_and_nothing_starts(api, columns):
    number = send(api).json()["id"]
    answer = api.post(f"{API}{number}/start/", {"columns": columns}, "json")
    assert answer.status_code == 400
    assert api.get(f"{API}{number}/").json()["state"] == "received"


def test_the_same_file_is_recognised_and_a_version_names_the_one_it_replaces(api):
    one = send(api).json()["id"]
    service.carry_out(Deposit.objects.get(pk=one))
    assert send(api).json()["same_file_as"] == one
    two = send(api, a_list(31, 12), replaces=one).json()
    assert (two["version"], two["replaces"]) == (2, one)


@pytest.mark.parametrize(
    "more",
    [{"period_to": "2014-01-01"}, {"unit": "cat"}, {"proximity_metres": "-5"}, {"scheme": ""}],
)
def test_what_makes_no_sense_is_refused_field_by_field(api, more):
    response = send(api, **more)
    assert response.status_code == 400
    assert set(response.json()["errors"]) == set(more)
    assert not Deposit.objects.exists()


def test_a_file_over_the_limit_is_told_and_leaves_nothing(api, monkeypatch):
    monkeypatch.setattr("importers.deposits.upload.MOST_BYTES", 1_000)
    assert send(api, "x" * 200_000).status_code == 413
    assert not Deposit.objects.exists()


def test_an_upload_never_stands_on_a_disk(api):
    upload_handler = MemoryUpload()
    upload_handler.new_file("file", "liste.csv", "text/csv", None)
    upload_handler.receive_data_chunk(b"NOM-0001", 0)
    where = Path(f"/proc/self/fd/{upload_handler._held.fileno()}").readlink()
    assert str(where).startswith("/memfd:")
    upload_handler.upload_interrupted()
    assert upload_handler._held.closed


def test_rows_are_reviewed_one_or_all_alike(api, partner):
    the_towns_addresses()
    rows = ["rue de la Chapelle 75018"] * 3 + ["12 rue de la Chapelle 75018", "nulle part"]
    table = "ref;adresse\n" + "\n".join(f"R{n};{row}" for n, row in enumerate(rows))
    found = service.carry_out(deposited(partner, table))
    here = f"{API}{found.pk}/review/"
    told = api.get(here, {"limit": 2}).json()
    assert told["left"] == {"ambiguous": 3, "not_located": 1}
    assert [row["row"] for row in told["rows"]] == [2, 3]
    assert told["rows"][0]["alike"] == 3
    asked = {"candidate": 0, "alike": True}
    assert api.post(f"{here}2/", asked, "json").json()["placed"] == 3
    asked = {"lon": 2.351, "lat": 48.851}
    assert api.post(f"{here}6/", asked, "json").json() == {"placed": 1, "left": {}}
    assert api.post(f"{here}6/", asked, "json").status_code == 400
    assert sum(fates(found).values()) == 5
    assert fates(found)["qpv"] >= 2


def test_cancel_purge_and_delete(api, partner):
    waiting = send(api).json()["id"]
    assert api.post(f"{API}{waiting}/cancel/").json()["state"] == "cancelled"
    found = service.carry_out(deposited(partner, a_list(30, 12, 3)))
    here = f"{API}{found.pk}/"
    assert api.post(f"{here}purge/").json()["state"] == "purged"
    assert api.post(f"{here}review/2/", {"candidate": 0}, "json").status_code == 410
    assert api.get(f"{here}result/").json()["fates"]["qpv"] == 30
    assert api.delete(here).status_code == 204
    assert api.get(here).status_code == 404


# -- others --------------------------------------------------------------------------------


def routes(number: int) -> list[tuple[str, str]]:
    here = f"{API}{number}/"
    reading = [("get", here + path) for path in ("", "result/", "review/", "review.csv")]
    writing = [("post", here + path) for path in ("start/", "cancel/", "purge/", "review/2/")]
    return [*reading, *writing, ("delete", here)]


def test_another_organisation_cannot_tell_a_deposit_from_one_that_never_was(partner):
    found = service.carry_out(deposited(partner, a_list(30, 12, 3)))
    other = client_of(a_partner("Autre structure"))
    for method, address in routes(found.pk):
        mine = getattr(other, method)(address, {"candidate": 0}, "json")
        never = getattr(other, method)(address.replace(str(found.pk), "9999"), {}, "json")
        assert (mine.status_code, mine.content) == (404, never.content), address
    assert other.get(API).json() == {"deposits": []}
    assert fates(found)["qpv"] == 30


def test_nobody_without_an_account_or_an_organisation_gets_an_answer(partner):
    found = service.carry_out(deposited(partner, a_list(30, 12, 3)))
    alone = User.objects.create_user("seul")
    every = [*routes(found.pk), ("get", API), ("post", API), ("get", f"{API}shared/"),
             ("post", f"{API}lookup/")]  # fmt: skip
    wrong = APIClient()
    wrong.credentials(HTTP_AUTHORIZATION="Token nobody-gave-this-one")
    for client, status in ((client_of(None), 401), (wrong, 401), (client_of(alone), 403)):
        for method, address in every:
            answer = getattr(client, method)(address)
            assert answer.status_code == status, address
            # Whoever lacks an account is told how to show one.
            assert (answer.headers.get("WWW-Authenticate") == "Token") is (status == 401), address


def test_what_partners_share_is_gated(partner):
    service.carry_out(deposited(partner, a_list(3, 60)))
    other = client_of(a_partner("Autre structure"))
    (scheme,) = other.get(f"{API}shared/").json()["schemes"]
    assert set(scheme) == {"organisation", "scheme", "contract", "period", "unit", "figures"}
    values = [figure["value"] for figure in scheme["figures"].values()]
    assert all(value is None or value >= 5 for value in values)


# -- one address ---------------------------------------------------------------------------


def test_one_address_by_post_alone(api):
    the_towns_addresses()
    Scheme.objects.create(code="emplois-francs", name="Emplois francs", zones=["qpv"])
    asked = {"address": "12 rue de la Chapelle", "postcode": "75018", "on": "2016-01-01"}
    told = api.post(f"{API}lookup/", asked, "json").json()
    assert told["sure"] is True
    assert [(zone["code"], zone["since"]) for zone in told["zones"] if zone["level"] == "qpv"] == [
        ("QP075002", "2015-01-01")
    ]
    assert [scheme["code"] for scheme in told["schemes"]] == ["emplois-francs"]
    assert told["match"]["level"] == "number"
    assert api.get(f"{API}lookup/", asked).status_code == 405
    assert api.post(f"{API}lookup/", {}, "json").status_code == 400


# -- a server that dies --------------------------------------------------------------------


@contextmanager
def a_server(port: int):
    with process("observatory.deploy.web", "--port", str(port)) as running:
        until(lambda: _answers(port), "the server answers")
        yield running


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _posted(port: int, path: str, token: str, body: bytes = b"", kind: str = "application/json"):
    headers = {"Authorization": f"Token {token}", "Content-Type": kind}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)

    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.load(answer)


def _form(text: str) -> tuple[bytes, str]:
    parts = [f'--cut\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'
             for n, v in FORM.items()]  # fmt: skip
    head = '--cut\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    whole = "".join(parts) + head + text + "\r\n--cut--\r\n"
    return whole.encode(), "multipart/form-data; boundary=cut"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(n, marks=pytest.mark.torture) for n in range(2, 21))]
)
def test_server_and_worker_killed_at_random_moments_leave_the_same_counts(partner, seed):
    chance = random.Random(seed)
    token = Token.objects.create(user=partner).key
    body, kind = _form(a_list(60_000, 30_000, 10_000))
    port = _free_port()
    try:
        with a_server(port) as server:
            _kill_while_it_receives(server, port, token, body, chance)
        assert not Deposit.objects.exists()
        assert list(spool_folder().iterdir()) == list(key_folder().iterdir()) == []
        with a_server(port) as server, a_worker() as worker:
            number = _posted(port, API, token, body, kind)["id"]
            _posted(port, f"{API}{number}/start/", token, b"{}")
            found = Deposit.objects.get(pk=number)
            until(lambda: _state(found) != DepositState.QUEUED, "it begins")
            time.sleep(chance.uniform(0, 1))
            kill(server)
            kill(worker)
        make_dead_workers_old()
        with a_worker():
            until(lambda: _state(found) == DepositState.DONE, "it ends")
        assert fates(found) == {"qpv": 60_000, "outside": 30_000, "not_located": 10_000}
    finally:
        empty_queue()


def _kill_while_it_receives(server, port: int, token: str, body: bytes, chance) -> None:
    kind = _form("")[1]
    head = f"POST {API} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {token}\r\n"
    head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(head.encode() + body[: chance.randrange(1_000, len(body))])
        time.sleep(chance.uniform(0, 0.5))
        kill(server)


def _state(found: Deposit) -> str:
    found.refresh_from_db()
    return found.state


def test_the_record_of_accesses_tells_who_did_what(api, partner):
    found = service.carry_out(deposited(partner, a_list(30, 12, 3)))
    for path in ("result/", "review/", "review.csv"):
        api.get(f"{API}{found.pk}/{path}")
    api.post(f"{API}{found.pk}/purge/")

    with acting_for(partner.organisation_id), connection.cursor() as cursor:
        cursor.execute("SELECT actor_id, action, rows FROM deposits.access ORDER BY id")
        told = cursor.fetchall()
    assert told == [
        (partner.pk, action, rows)
        for action, rows in [("read result", 0), ("read review", 3), ("read review", 3),
                             ("download review", 3), ("purge", 0)]
    ]  # fmt: skip
