"""What could not be placed is taken home as a table: with its reasons, and no formula in it."""

from __future__ import annotations

import csv
import io

import pytest

from importers.deposits import review, service
from importers.models import Deposit
from tests.importers.deposit_makers import INSIDE, deposited, fates, the_towns_addresses

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]

DOOR, LOST = "12 rue de la Chapelle;75018", "99 chemin inconnu;75018"


def counted(user, heading: str, rows: list[str]) -> Deposit:
    lines = (f"R{n};{row}" for n, row in enumerate(rows))
    return service.carry_out(deposited(user, f"ref;{heading}\n" + "\n".join(lines)))


def taken_home(deposit: Deposit) -> list[dict[str, str]]:
    """Return the table as a spreadsheet opens it: its first sign says that it is UTF-8."""
    text = review.as_csv(deposit)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def test_it_holds_the_rows_that_wait_and_no_other(partner):
    the_towns_addresses()
    deposit = counted(partner, "adresse;cp", [DOOR] * 5 + [LOST] * 2)
    rows = taken_home(deposit)
    assert [int(row["ligne"]) for row in rows] == [
        one.number for one in review.waiting(deposit, None)
    ]
    assert {(row["address"], row["postcode"]) for row in rows} == {("99 chemin inconnu", "75018")}
    assert all(row["motif"] for row in rows)


def test_a_row_that_was_placed_by_hand_is_in_it_no_more(partner):
    the_towns_addresses()
    deposit = counted(partner, "adresse;cp", [DOOR, LOST, "98 chemin perdu;75018"])
    first, second = review.waiting(deposit, None)
    lon, lat = map(float, INSIDE.split(";"))
    review.place(deposit, first.number, (lon, lat))
    assert [int(row["ligne"]) for row in taken_home(deposit)] == [second.number]


@pytest.mark.parametrize("cell", ['=HYPERLINK("http://x")', "=11", " =1+1", "@SUM(A1)", "＝1+1"])
def test_a_cell_that_a_spreadsheet_would_run_is_a_text_in_it(partner, cell):
    the_towns_addresses()
    quoted = cell.replace('"', '""')
    (row,) = taken_home(counted(partner, "adresse;cp", [f'"{quoted}";75018']))
    assert row["address"].startswith("'")
    assert row["address"].removeprefix("'").strip() == cell.strip()


def test_a_coordinate_stays_the_number_that_it_was(partner):
    (row,) = taken_home(counted(partner, "lon;lat", ["-2.35;-48,85"]))
    assert (row["x"], row["y"]) == ("-2.35", "-48,85")


def test_corrected_and_deposited_again_its_rows_are_placed(partner):
    the_towns_addresses()
    deposit = counted(partner, "adresse;cp", [DOOR, LOST])
    text = review.as_csv(deposit).replace("99 chemin inconnu", "14 rue de la Chapelle")
    assert fates(deposit) == {"qpv": 1, "not_located": 1}
    assert fates(service.carry_out(deposited(partner, text))) == {"qpv": 1}
