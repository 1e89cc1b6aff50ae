"""Whatever anyone but the depositor can open says nothing of a deposit but its shared figures.

Outlets are found from the site's own addresses, so that a new one is collected as soon as it
exists: pages, APIs, tiles, charts, tables, portraits, comparisons, counters. The deposit's counts
are numbers met nowhere else; what is looked for is found where the depositor reads it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client

from importers.deposits import results, service
from importers.deposits.publishing import published, table_of
from importers.deposits.store import Store
from importers.models import Deposit
from observatory.models import Assignment, Role, User
from tests.importers.deposit_makers import a_partner, deposited
from tests.people import client_of
from tests.routes import routes_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]

WORDS = ("NOM-0001", "fichier-secret", "Association Secrète", "R-0001")
# Inside the first quarter, inside the second, and elsewhere: women, then men.
SIZES = {
    "2.3510;48.8510": (11_213, 10_607),
    "2.3600;48.8900": (0, 3),
    "2.4010;48.8510": (20_011, 0),
}
VALUES = {
    "name": "qpv", "names": "qpv", "layer": "qpv", "level": "qpv", "code": "QP075001",
    "form": "svg", "extension": "csv", "z": "12", "x": "2074", "y": "1408", "row": "1408",
    "column": "2074", "fid": "1", "slug": "qpv", "contract": "CV", "theme": "emploi",
    "key": "population", "kind": "barres", "variable": "ind", "indicator": "population",
    "stack": "Noto Sans Regular", "start": "0", "end": "255", "ratio": "", "rest": "ailleurs",
    "step": "publish", "mark": str(uuid4()), "year": "2021",
}  # fmt: skip
DRAWN = re.compile(r"\.(svg|png|pdf|tif)$")
EXPECTED = {
    "/api/deposits/shared/", "/beneficiaires/partages/", "/portraits/qpv/QP075001/", "/metrics",
    "/tiles", "/tiles/qpv/12/2074/1408.pbf", "/api/layers/qpv/export.csv", "/comparer/",
    "/ogc/collections/qpv/items", "/quartiers/", "/api/observations/", "/api/tables/",
    "/portraits/qpv/QP075001/carte.svg",
}  # fmt: skip


@pytest.fixture
def owner() -> User:
    return a_partner("Déposant", "deposant")


@pytest.fixture
def deposit(owner) -> Deposit:
    people = [
        f"{sex};{where}"
        for where, sizes in SIZES.items()
        for sex, size in zip("FH", sizes, strict=True)
        for _ in range(size)
    ]
    rows = (f"R-{n:04d};NOM-{n:04d};Association Secrète;{row}" for n, row in enumerate(people))
    text = "ref;nom;structure;sexe;lon;lat\n" + "\n".join(rows)
    return service.carry_out(deposited(owner, text, "fichier-secret.csv"))


def exact_counts(deposit: Deposit) -> set[int]:
    """The true counts that the shared figures differ from, where the number is a rare one."""
    atoms, cells = table_of(Store(deposit).read_counts())
    shown = {told["value"] for told in published(deposit).values()}
    found = {sum(atoms[place].count for place in cell.atoms) for cell in cells}
    return {count for count in found - shown if count > 9_999}


def readers() -> Iterator[tuple[str, Client]]:
    """One reader for each role, none of the depositor's organisation, and the public."""
    yield "public", Client()
    for role in Role:
        if role is Role.ADMINISTRATOR:
            continue  # holds every right by name, and its use is recorded
        user = a_partner(f"Organisation {role}", f"compte-{role}")
        Assignment.objects.filter(user=user).delete()
        Assignment.objects.create(user=user, role=role)
        yield str(role), client_of(user)


def addresses(number: int) -> list[str]:
    """Every address of the site that can be read, with the deposit's number where one is asked."""
    values = VALUES | {"number": str(number)}
    found = []
    for route in routes_of():
        if route.startswith("admin/"):
            continue
        plain = re.sub(r"<(?:\w+:)?(\w+)>", lambda told: values.get(told[1], "1"),
                       re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route))  # fmt: skip
        found.append("/" + plain.translate(str.maketrans("", "", "^$\\")))
    return found


def body_of(response) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode("utf-8", "replace")


def numbers_in(body: str) -> set[int]:
    """Every whole number of a text, thousands grouped or not."""
    joined = re.sub(r"(?<=\d)(?:&nbsp;|[\u00a0\u202f ])(?=\d{3})", "", body)
    return {int(told) for told in re.findall(r"\d{5,9}", joined)}


def test_no_outlet_nor_log_holds_a_row_a_name_or_an_exact_count(deposit, owner, caplog):
    exact = exact_counts(deposit)
    assert exact
    opened: set[str] = set()
    with caplog.at_level(logging.INFO):
        for role, client in readers():
            for address in addresses(deposit.pk):
                if DRAWN.search(address) and role not in ("public", Role.PARTNER):
                    continue  # drawn from the same figures as the page around it
                response = client.get(address)
                if response.status_code == 200:
                    body = body_of(response)
                    opened.add(address)
                    assert not [word for word in WORDS if word in body], (role, address)
                    assert not exact & numbers_in(body), (role, address)
    assert opened >= EXPECTED, EXPECTED - opened
    assert len(opened) > 20
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert not [word for word in WORDS if word in said]
    assert not exact & numbers_in(said)
    # The depositor itself reads them: what is looked for is there to be found.
    client = client_of(owner)
    page = body_of(client.get(f"/beneficiaires/{deposit.pk}/"))
    assert "fichier-secret" in page
    assert "Association Secrète" in page
    assert exact & numbers_in(page)
    result = body_of(client.get(f"/api/deposits/{deposit.pk}/result/"))
    assert "Association Secrète" in result
    assert exact & numbers_in(result)


def test_the_portrait_of_a_quarter_prints_the_shared_figure_and_no_other(deposit):
    told = published(deposit)["qpv=QP075001"]["value"]
    assert results.exact_result(deposit)["by_level"]["qpv"]["QP075001"] == 21_820
    client = client_of(a_partner("Lecteur", "lecteur"))
    numbers = numbers_in(body_of(client.get("/portraits/qpv/QP075001/")))
    assert told in numbers
    assert told not in numbers_in(body_of(Client().get("/portraits/qpv/QP075001/")))


def test_the_portrait_of_a_quarter_tells_of_the_newest_version_only(owner):
    rows = [f"R{n};2.3510;48.8510" for n in range(60)]
    one = service.carry_out(deposited(owner, "ref;lon;lat\n" + "\n".join(rows), scheme="clubs-lus"))
    two = deposited(owner, "ref;lon;lat\n" + "\n".join(rows * 2), scheme="clubs-lus")
    service.replace(two, one)
    assert published(service.carry_out(two))
    client = client_of(a_partner("Lecteur", "lecteur"))
    assert body_of(client.get("/portraits/qpv/QP075001/")).count("clubs-lus") == 1
