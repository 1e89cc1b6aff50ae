"""What names shared figures is a word of ours: no cell of a file comes out as a band of its own."""

from __future__ import annotations

import json

import pytest

from importers.deposits import results, service
from importers.deposits.bands import age_band, sex_of
from observatory.models import User
from tests.importers.deposit_makers import INSIDE, OUTSIDE, a_partner, deposited
from tests.people import client_of


@pytest.mark.parametrize(
    ("written", "band"),
    [
        ("0", "0-15"), ("15", "0-15"), ("16", "16-25"), ("34 ans", "26-49"), ("1 an", "0-15"),
        ("34.0", "26-49"), ("65", "65+"), ("101", "65+"), (" 26 ", "26-49"),
        ("16-25", "16-25"), ("16 - 25 ans", "16-25"), ("18 à 25 ans", "18-25"),
        ("de 18 à 25 ans", "18-25"), ("26–49", "26-49"), ("entre 12 et 17 ans", "12-17"),
        ("moins de 18 ans", "0-17"), ("<18", "0-17"), ("65+", "65+"), ("65 ans et plus", "65+"),
        ("plus de 60 ans", "60+"), ("60 ou plus", "60+"),
        ("²", "0-15"),
    ],
)  # fmt: skip
def test_ages_and_bands_are_read_as_people_write_them(written, band):
    assert age_band(written) == band


@pytest.mark.parametrize(
    "written",
    ["", "NOM-0001", "Marie Dupont", "12/03/1987", "1987-03-12", "1987", "75018", "06 12 34 56 78",
     "12 rue de la Chapelle", "16-25 Marie", "Marie 34", "25-16", "34-34", "900", "moins de 0",
     "moins de 999 ans", "999+", "٣٤", "16|25", "-5", "34;35", "16-25\nMarie"],
)  # fmt: skip
def test_what_is_no_age_is_no_band(written):
    assert age_band(written) == ""


@pytest.mark.parametrize(("written", "sex"), [("f", "F"), ("Féminin", "F"), ("M", "H"),
                                              ("Marie", ""), ("", "")])  # fmt: skip
def test_a_sex_is_one_of_two_or_not_told(written, sex):
    assert sex_of(written) == sex


SAID = ("NOM-0001", "Marie Dupont", "12/03/1987", "34 ans", "16-25")


@pytest.fixture
def told_wrongly(deposit_site):
    """A list whose column taken for the age holds names and days of birth."""
    rows = [f"R{n};{SAID[n % len(SAID)]};{INSIDE if n % 2 else OUTSIDE}" for n in range(100)]
    deposit = deposited(a_partner(), "ref;qui;lon;lat\n" + "\n".join(rows))
    service.choose_columns(deposit, {"reference": "ref", "age": "qui", "x": "lon", "y": "lat"})
    return service.carry_out(deposit)


@pytest.mark.django_db
def test_a_column_of_names_taken_for_ages_comes_out_nowhere(told_wrongly):
    reader = client_of(a_partner("Autre structure"))
    for address in ("/api/deposits/shared/", "/beneficiaires/partages/"):
        body = reader.get(address).content.decode()
        assert "essai" in body
        for word in ("NOM", "Marie", "Dupont", "1987", "34 ans"):
            assert word not in body, address
    bands = {
        name.partition("age=")[2]
        for one in reader.get("/api/deposits/shared/").json()["schemes"]
        for name in one["figures"]
        if "age=" in name
    }
    assert bands == {"", "16-25", "26-49"}


@pytest.mark.django_db
def test_its_depositor_reads_them_nowhere_either_and_everybody_is_counted(told_wrongly):
    result = results.exact_result(told_wrongly)
    said = json.dumps(result, ensure_ascii=False)
    assert not [word for word in ("Marie", "NOM-", "1987") if word in said]
    assert (result["fates"]["qpv"], result["fates"]["outside"]) == (50, 50)


@pytest.mark.django_db
@pytest.mark.usefixtures("deposit_site")
def test_a_cell_of_strange_digits_stops_nothing():
    rows = [f"R{n};{said};{said};{INSIDE}" for n, said in enumerate(("²", "①②③④⑤", "٣٤"))]
    deposit = deposited(a_partner(), "ref;age;date;lon;lat\n" + "\n".join(rows))
    wanted = {"reference": "ref", "age": "age", "date": "date", "x": "lon", "y": "lat"}
    service.choose_columns(deposit, wanted)
    assert results.exact_result(service.carry_out(deposit))["fates"]["qpv"] == 3


@pytest.mark.django_db
def test_a_page_or_an_offset_that_is_none_breaks_nothing(told_wrongly):
    owner = client_of(User.objects.get(pk=told_wrongly.created_by_id))
    for word in ("²", "-1", "x", "9" * 30):
        answer = owner.get(f"/api/deposits/{told_wrongly.pk}/review/", {"offset": word})
        assert answer.status_code == 400, word
    for word in ("²", "0", "00", "-1", "x", "", "9" * 30):
        page = owner.get(f"/beneficiaires/{told_wrongly.pk}/relecture/", {"page": word})
        assert page.status_code == 200, word
