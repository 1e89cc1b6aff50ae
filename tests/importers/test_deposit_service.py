"""A partner's file becomes counts per quarter; nobody else learns a thing about a person."""

from __future__ import annotations

import json
from datetime import date

import openpyxl
import pytest
from django.core.management import call_command
from django.db import connection

from importers.deposits import processing, results, service
from importers.deposits.errors import BadChoice, Cancelled, KeyDestroyed, TooLarge
from importers.deposits.groups import subject_of
from importers.deposits.publishing import published
from importers.deposits.records import population_of
from importers.deposits.store import Store
from importers.deposits.vault import Vault, key_folder, spool_folder
from importers.errors import ImporterError
from importers.models import Deposit, DepositState
from observatory.disclosure.register import StoredRegister
from observatory.models import Level, Organisation, Status
from tests.factories import a_box, a_perimeter, a_territory
from tests.importers.deposit_makers import a_partner, upload

pytestmark = pytest.mark.django_db

DAY = date(2015, 6, 1)
INSIDE, OUTSIDE = "2.3510;48.8510", "2.4010;48.8510"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture(autouse=True)
def quarters(db):
    since = date(2015, 1, 1)
    a_perimeter(a_territory(Level.QPV, "QP075001"), a_box(2.35, 48.85, 2.36, 48.86), since=since)
    a_perimeter(a_territory(Level.QVA, "QVA1"), a_box(2.37, 48.85, 2.38, 48.86), since=since)
    a_perimeter(a_territory(Level.ARRONDISSEMENT, "75118"), a_box(2.3, 48.8, 2.5, 48.9),
                status=Status.REFERENCE)  # fmt: skip


def deposited(text: str | bytes, name: str = "liste.csv", **ask) -> Deposit:
    told = {"scheme": "essai", "period_from": DAY, "period_to": DAY, **ask}
    owner, _ = Organisation.objects.get_or_create(name="Mission locale")
    content = text.encode() if isinstance(text, str) else text
    return service.receive([content], name, service.Ask(**told), owner)


def fates(deposit: Deposit) -> dict[str, int]:
    result = results.exact_result(service.carry_out(deposit))
    return {name: count for name, count in result["fates"].items() if count}


def a_list(inside: int, outside: int, lost: int = 0) -> str:
    rows = [INSIDE] * inside + [OUTSIDE] * outside + ["0;0"] * lost
    return "ref;lon;lat\n" + "\n".join(f"R{n};{row}" for n, row in enumerate(rows))


# -- counts --------------------------------------------------------------------------------


def test_the_published_example_is_counted_and_shared_both_ways():
    deposit = service.carry_out(deposited(a_list(341, 2_021, 105)))
    result = results.exact_result(deposit)
    assert result["fates"] == {
        "qpv": 341, "qva": 0, "proximity": 0, "outside": 2_021, "ambiguous": 0, "not_located": 105,
    }  # fmt: skip
    assert round(100 * result["in_qpv"]["share_of_all"], 1) == 13.8
    assert round(100 * result["in_qpv"]["share_of_located"], 1) == 14.4
    assert result["by_level"]["qpv"] == {"QP075001": 341}


def test_fates_are_told_apart():
    metre = 1 / 73_300
    rows = [INSIDE, "2.3710;48.8510", f"{2.36 + 100 * metre:.6f};48.8550", OUTSIDE,
            f"{2.36 + 0.3 * metre:.6f};48.8550", ";"]  # fmt: skip
    text = "ref;lon;lat\n" + "\n".join(f"R{n};{row}" for n, row in enumerate(rows))
    assert fates(deposited(text, proximity_metres=300)) == {
        "qpv": 1, "qva": 1, "proximity": 1, "outside": 1, "ambiguous": 1, "not_located": 1,
    }  # fmt: skip


def test_each_row_is_joined_on_its_own_day():
    text = f"date;lon;lat\n31/12/2014;{INSIDE}\n01/01/2015;{INSIDE}\n2016-02-03;{INSIDE}\n"
    assert fates(deposited(text)) == {"qpv": 2, "outside": 1}


def test_a_row_that_cannot_be_read_is_counted_as_not_located():
    text = f"ref;lon;lat\nR1;{INSIDE}\nR2;2.35\nR3;{INSIDE}\n"
    assert fates(deposited(text)) == {"qpv": 2, "not_located": 1}


def test_somebody_without_an_address_is_counted_and_a_blank_line_is_not(tmp_path):
    text = f"NOM;lon;lat\nNOM-0001;{INSIDE}\nNOM-0002;;\n;;\nNOM-0003;{INSIDE}\n"
    assert fates(deposited(text)) == {"qpv": 2, "not_located": 1}
    book = openpyxl.Workbook()
    for row in (["NOM", "lon", "lat"], ["NOM-0001", 2.351, 48.851], ["NOM-0002"], []):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    again = deposited((tmp_path / "b.xlsx").read_bytes(), "b.xlsx", scheme="autre")
    assert fates(again) == {"qpv": 1, "not_located": 1}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_title_of_a_column_over_two_lines_is_nobody(encoding, end):
    lines = ['"n° de', 'dossier";lon;lat', f"R1;{INSIDE}", "R2;2.4", f"R3;{OUTSIDE}"]
    deposit = service.carry_out(deposited((end.join(lines) + end).encode(encoding)))
    assert fates(deposit) == {"qpv": 1, "outside": 1, "not_located": 1}


def test_a_workbook_is_read_with_its_title_rows(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Liste 2015"])
    book.active.append(["lon", "lat", "sexe"])
    for _ in range(7):
        book.active.append([2.351, 48.851, "F"])
    book.save(tmp_path / "a.xlsx")
    assert fates(deposited((tmp_path / "a.xlsx").read_bytes(), "a.xlsx")) == {"qpv": 7}


def test_structures_half_of_whose_users_live_in_a_quarter_are_told():
    rows = [f"A;{INSIDE}"] * 6 + [f"A;{OUTSIDE}"] * 4 + [f"B;{OUTSIDE}"] * 10
    deposit = service.carry_out(deposited("structure;lon;lat\n" + "\n".join(rows)))
    told = results.exact_result(deposit)["structures"]
    assert {name: structure["verdict"] for name, structure in told.items()} == {
        "A": "eligible", "B": "not_eligible",
    }  # fmt: skip


# -- nothing that is not needed ------------------------------------------------------------


def everything_on_disk_and_in_tables(home) -> bytes:
    held = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(d)::text FROM importers_deposit d")
        held += "".join(row[0] for row in cursor.fetchall()).encode()
        cursor.execute("SELECT row_to_json(r)::text FROM observatory_run r")
        held += "".join(row[0] for row in cursor.fetchall()).encode()
        cursor.execute("SELECT row_to_json(c)::text FROM observatory_publishedcell c")
        return held + "".join(row[0] for row in cursor.fetchall()).encode()


def test_names_and_telephones_are_announced_and_never_stored(own_home):
    rows = [f"NOM-{n:04d};06 12 34 56 {n:02d};{INSIDE}" for n in range(20)]
    deposit = deposited("NOM;tel;lon;lat\n" + "\n".join(rows))
    assert dict(deposit.discarded) == {"NOM": "name", "tel": "telephone"}
    for _ in range(2):
        held = everything_on_disk_and_in_tables(own_home)
        assert b"NOM-00" not in held
        assert b"06 12 34" not in held
        service.carry_out(deposit)


def test_the_waiting_file_goes_when_the_work_is_done():
    deposit = deposited(a_list(3, 3))
    assert list(spool_folder().iterdir())
    service.carry_out(deposit)
    assert list(spool_folder().iterdir()) == []


# -- others --------------------------------------------------------------------------------


def test_others_see_gated_figures_and_never_a_small_one():
    deposit = service.carry_out(deposited(a_list(3, 60)))
    out = published(deposit)
    assert out["qpv=QP075001"] in (
        {"value": None, "withheld": "below_threshold"},
        *({"value": n, "withheld": None} for n in range(5, 9)),
    )
    assert all(figure["value"] is None or figure["value"] >= 5 for figure in out.values())


def test_a_file_deposited_twice_is_recognised_and_carries_the_same_noise():
    one = service.carry_out(deposited(a_list(30, 40)))
    two = deposited(a_list(30, 40), "autre nom.csv")
    assert service.earlier_copy(two) == one
    assert published(service.carry_out(two)) == published(one)


def test_a_new_version_keeps_the_older_one():
    one = service.carry_out(deposited(a_list(30, 40)))
    two = deposited(a_list(31, 40))
    service.replace(two, one)
    service.carry_out(two)
    assert (two.version, two.replaces, one.state) == (2, one, DepositState.DONE)


def test_two_versions_that_replace_the_same_deposit_at_once_are_not_both_kept():
    one = service.carry_out(deposited(a_list(30, 40)))
    service.replace(deposited(a_list(31, 40)), one)
    with pytest.raises(BadChoice):
        service.take(upload(a_list(32, 40)), service.Ask(one.scheme, DAY, DAY), a_partner(), one)
    assert Deposit.objects.count() == 2, "nothing is left of the one that came too late"


def test_deleting_a_deposit_withdraws_what_was_published_from_it():
    deposit = service.carry_out(deposited(a_list(30, 40)))
    population, subject = population_of(deposit), subject_of(deposit, 1)
    assert StoredRegister().table(population, subject) is not None
    service.delete(deposit)
    assert StoredRegister().table(population, subject) is None


# -- kills, cancel, purge ------------------------------------------------------------------


@pytest.mark.parametrize("killed_at", [0, 1, 2, 3])
def test_work_that_was_killed_goes_on_and_counts_each_row_once(monkeypatch, killed_at):
    monkeypatch.setattr("importers.tables.BLOCK_BYTES", 400)  # many batches in a small file
    deposit = deposited(a_list(40, 40, 20))
    real, calls = Store.write_batch, []

    def dying(self, number, *rest):
        if len(calls) == killed_at:
            raise KeyboardInterrupt
        calls.append(number)
        return real(self, number, *rest)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Store, "write_batch", dying)
        processing.process(deposit)
    assert len(Store(deposit).batches_done()) == killed_at
    assert fates(deposit) == {"qpv": 40, "outside": 40, "not_located": 20}


def test_a_cancelled_deposit_leaves_neither_rows_nor_key():
    deposit = deposited(a_list(10, 10))
    Deposit.objects.update(cancel_asked=True)
    with pytest.raises(Cancelled):
        processing.process(deposit)
    service.carry_out(deposit)
    deposit.refresh_from_db()
    assert deposit.state == DepositState.CANCELLED
    assert list(key_folder().iterdir()) == []


def test_purging_destroys_rows_and_key_and_keeps_the_counts():
    deposit = service.carry_out(deposited(a_list(10, 10, 5)))
    before = results.exact_result(deposit)["fates"]
    assert len(Store(deposit).reviews(None)) == 5
    assert service.purge_due(date(2100, 1, 1)) == 1
    deposit.refresh_from_db()
    assert deposit.state == DepositState.PURGED
    assert Store(deposit).reviews(None) == []
    assert results.exact_result(deposit)["fates"] == before
    with pytest.raises(KeyDestroyed):
        Vault(deposit.mark).seal(b"x", "y")


# -- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, name",
    [
        (b"", "a.csv"),
        (b"lon;lat\n", "a.csv"),
        (b"lon;lat\n\x00;1\n", "a.csv"),
        (b"<html><body>login</body></html>", "a.csv"),
        (b"%PDF-1.4", "a.pdf"),
        (b"PK\x03\x04 cut", "a.xlsx"),
        (b"SQLite format 3\x00" + b"\x00" * 100, "a.gpkg"),
        (b'{"type": "FeatureCollection", "features": [', "a.geojson"),
        (";".join(f"c{n}" for n in range(10_000)).encode() + b"\n1\n", "a.csv"),
        (b"adresse;x\n" + b"a" * 20_000 + b";1\n", "a.csv"),
    ],
    ids=["empty", "header", "null", "html", "pdf", "zip", "sqlite", "json", "wide", "long"],
)
def test_broken_files_are_refused_in_words_and_leave_nothing(content, name):
    with pytest.raises(ImporterError) as refused:
        deposited(content, name)
    assert str(refused.value)
    assert not Deposit.objects.exists()
    assert list(key_folder().iterdir()) == list(spool_folder().iterdir()) == []


def test_a_file_over_the_limit_is_refused_while_it_arrives(monkeypatch):
    monkeypatch.setattr(service, "MOST_BYTES", 1_000)
    with pytest.raises(TooLarge):
        deposited("x" * 2_000)


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "..\\..\\a.csv", "/tmp/x/a.csv"])
def test_a_path_in_a_file_name_is_cut_away(name):
    assert "/" not in deposited(a_list(1, 1), name).file_name
    assert "\\" not in Deposit.objects.get().file_name


def test_the_command_prints_the_result_as_json(tmp_path, capsys):
    file = tmp_path / "liste.csv"
    file.write_text(a_list(6, 4))
    call_command("deposit", str(file), "--scheme", "essai", "--on", "2015-06-01", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["fates"]["qpv"] == 6
    assert told["in_qpv"]["bounds"] == [0.6, 0.6]
