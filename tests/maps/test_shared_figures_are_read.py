"""Shared figures as a partner reads them: quarters by name, days as here, details folded."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from importers.deposits import service
from tests.importers.deposit_makers import INSIDE, OUTSIDE, a_partner, deposited
from tests.maps.screen import plain

pytestmark = pytest.mark.django_db
PAGE = "/beneficiaires/partages/"


@pytest.fixture
def page(deposit_site: None) -> str:
    """Return the page another partner reads after a deposit of 40 women and 60 men."""
    rows = [f"R{n};F;{INSIDE}" for n in range(40)] + [f"R{n};H;{OUTSIDE}" for n in range(40, 100)]
    maker = a_partner()
    service.carry_out(deposited(maker, "\n".join(["ref;sexe;lon;lat", *rows])))
    reader = Client()
    reader.force_login(a_partner("Autre structure"))
    return reader.get(PAGE).content.decode()


def rows_of(html: str) -> list[str]:
    return [
        plain(re.sub("<[^>]*>", " ", row))
        for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", html)
    ]


def test_a_quarter_is_told_by_its_name(page):
    told = [row for row in rows_of(page) if row.startswith("Quartier 1")]
    assert told
    assert "QP075001" not in page


def test_the_days_are_written_as_here(page):
    assert "01/06/2015 – 01/06/2015" in page
    assert "2015-06-01" not in page


def test_figures_of_whole_zones_come_first_and_details_are_folded(page):
    whole, _tag, folded = page.partition("<details>")
    assert any(row.startswith("Toutes les lignes") for row in rows_of(whole))
    assert not any("Sexe" in row for row in rows_of(whole))
    assert "Par sexe, âge et année" in folded
    assert all("Sexe" in row or "Année" in row or "Âge" in row for row in rows_of(folded))
    assert "Quartier 1, Sexe F" in " ".join(rows_of(folded))


def test_where_nothing_is_shared_the_page_says_so(deposit_site):
    reader = Client()
    reader.force_login(a_partner())
    assert "Aucun chiffre n’est partagé." in reader.get(PAGE).content.decode()
