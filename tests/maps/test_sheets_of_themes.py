"""The sheet of a theme: all quarters of a contract, the targets, on a page and on paper."""

from __future__ import annotations

import io
import re

import pypdf
import pytest

from maps.portraits.themes import COLUMNS, contract_called, sheet_of, themes_of
from observatory.models import Framework, Indicator, Nature, Target, TargetForm, Territory
from tests.factories import a_source
from tests.maps.facts import an_indicator, observe, public_source
from tests.maps.screen import plain
from tests.observatory.figures_makers import a_framework

pytestmark = pytest.mark.django_db
SHEET = "/themes/CV1/dictionnaire-revenus/"


@pytest.fixture(autouse=True)
def contract(facts: None) -> Territory:
    return Territory.objects.get(code="CV1")


@pytest.fixture
def framework(contract: Territory) -> Framework:
    """Return a référentiel: a theme, an objective below it, an action with poverty and a target."""
    made = a_framework("cadre-cv1", contract)
    Framework.objects.update(source=public_source())
    made.refresh_from_db()
    theme = made.nodes.create(kind="theme", key="t1", order=1, label="Vivre mieux")
    below = made.nodes.create(kind="action", key="t1-a", order=2, label="Action", parent=theme)
    made.nodes.create(kind="theme", key="t2", order=3, label="Sans indicateur")
    poverty = Indicator.objects.get(code="poverty-rate")
    below.rows.create(indicator=poverty, key="1", label="Pauvreté", order=1)
    observe(poverty, contract, 2021, 25.0)
    Target.objects.create(
        indicator=poverty, territory=contract, framework=made, form=TargetForm.ABSOLUTE,
        bound="ceiling", value=30.0, stated="au plus 30 %", source=made.source,
    )  # fmt: skip
    return made


def pdf_text(client, path: str) -> str:
    reader = pypdf.PdfReader(io.BytesIO(client.get(path).content))
    return plain(" ".join(page.extract_text() for page in reader.pages))


class TestThemes:
    def test_those_of_the_referentiel_come_first_with_what_is_below_them(self, contract, framework):
        found = themes_of(None, contract)
        assert (found[0].title, found[0].codes) == ("Vivre mieux", ("poverty-rate",))
        assert found[-1].title == "Revenus"

    def test_a_theme_without_indicator_has_no_sheet(self, contract, framework):
        assert "Sans indicateur" not in {one.title for one in themes_of(None, contract)}

    def test_a_referentiel_kept_between_partners_is_not_shown_to_anybody(self, contract, framework):
        Framework.objects.update(source=a_source("prive"))
        assert {one.title for one in themes_of(None, contract)} == {"Revenus"}


class TestSheet:
    def test_every_quarter_has_its_line_and_absences_are_told_apart(self, contract):
        theme = themes_of(None, contract)[-1]
        ((columns, rows),) = sheet_of(None, contract, theme).pages
        told = {
            quarter.name: dict(zip([c.indicator.code for c in columns], cells, strict=True))
            for quarter, cells in rows
        }
        assert plain(str(told["L’Écluse et alentours"]["poverty-rate"])) == "42,0 %"
        assert str(told["L’Écluse et alentours"]["helped"]) == "retenu"
        assert str(told["Haut-Coteau"]["helped"]) == "0"

    def test_the_contract_s_target_stands_beside_them(self, contract, framework):
        sheet = sheet_of(None, contract, themes_of(None, contract)[0])
        ((code, label, cells),) = sheet.targets
        assert (code, label) == ("poverty-rate", "Taux de pauvreté")
        assert [plain(str(cell)) for cell in cells[:3]] == ["atteinte", "au plus 30 %", "25,0 %"]

    def test_more_indicators_than_a_page_is_wide_go_on_in_another_table(self, contract):
        quarter = Territory.objects.get(code="QN075901")
        for number in range(COLUMNS):
            one = an_indicator(f"more-{number}", f"Indicateur {number}", Nature.MEAN)
            observe(one, quarter, 2021, number)
        sheet = sheet_of(None, contract, themes_of(None, contract)[-1])
        assert [len(columns) for columns, _rows in sheet.pages] == [COLUMNS, 3]


class TestPages:
    def test_the_paper_has_the_figures_of_the_page(self, client, contract, framework):
        page = plain(client.get(SHEET).content.decode())
        printed = pdf_text(client, f"{SHEET}fiche.pdf")
        for figure in ("42,0 %", "13 500 €", "retenu", "30,0 %"):
            assert figure in page
            assert figure in printed

    def test_words_stand_left_and_numbers_right(self, client, contract, framework):
        page = client.get("/themes/CV1/cadre-cv1-t1/").content.decode()
        targets = page.partition("<table>")[2].partition("</table>")[0]
        kinds = re.findall(r'<td( class="numeric")?>(?:<[^>]+>)?([^<]+)', targets)
        told = {plain(words): bool(numeric) for numeric, words in kinds}
        assert not told["atteinte"] and not told["au plus 30 %"]
        assert told["25,0 %"] and told["2021"]

    def test_it_is_laid_on_its_side(self, client):
        answer = client.get(f"{SHEET}fiche.pdf")
        (page,) = pypdf.PdfReader(io.BytesIO(answer.content)).pages
        assert page.mediabox.width > page.mediabox.height

    def test_the_list_leads_to_each_sheet(self, client, framework):
        page = client.get("/themes/?contrat=CV1").content.decode()
        assert SHEET in page
        assert "/themes/CV1/cadre-cv1-t1/" in page

    @pytest.mark.parametrize(
        "path", ["CV1/rien/", "CV9/dictionnaire-revenus/", "CV1/rien/fiche.pdf"]
    )
    def test_what_does_not_exist_is_not_found(self, client, path):
        assert client.get(f"/themes/{path}").status_code == 404

    def test_without_contract_the_list_says_what_to_do(self, client):
        from observatory.models import Membership

        Membership.objects.all().delete()
        assert "make run" in client.get("/themes/").content.decode()


def test_a_contract_is_called_by_its_code(contract: Territory) -> None:
    assert contract_called(None, "CV1") == contract
