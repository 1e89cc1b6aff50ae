"""The committee's comparison: the table and its order, the charts, the files, what is frozen."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.http import QueryDict
from django.test import Client

from maps.comparison.files import HEADINGS, figures_of
from maps.comparison.selection import Selection
from maps.errors import BadChoice
from maps.models import Snapshot
from observatory.models import Observation, Sharing, SourceTerms, User
from tests.maps.facts import build_facts
from tests.maps.screen import plain
from tests.maps.site import grave_faults

pytestmark = pytest.mark.django_db
PAGE = "/comparer/?dans=contract:CV1&indicateur=poverty-rate&indicateur=median-income&annee=2021"


@pytest.fixture
def member(client: Client) -> Client:
    client.force_login(User.objects.create_user("membre", password="x"))
    return client


def csv_of(client: Client, path: str) -> list[dict[str, str]]:
    text = client.get(path).content.decode()
    return list(csv.DictReader(io.StringIO(text)))


class TestSelection:
    def test_an_address_says_all_of_it_and_is_read_back(self):
        query = QueryDict("dans=commune:75056&indicateur=gini&annee=2020&tri=gini&sens=desc")
        selection = Selection.of(query)
        assert Selection.of(QueryDict(selection.query())) == selection
        assert (selection.year, selection.sort, selection.down) == (2020, "gini", True)

    def test_an_indicator_named_twice_counts_once(self):
        assert Selection.of(QueryDict("indicateur=a&indicateur=a&indicateur=")).indicators == ("a",)

    @pytest.mark.parametrize("year", ["20", "abc", "2020x", "9999"])
    def test_a_year_that_is_none_is_refused(self, year):
        with pytest.raises(BadChoice):
            Selection.of(QueryDict(f"annee={year}"))


class TestFile:
    def test_each_row_has_its_year_and_source_and_references_are_told(self, client, facts):
        rows = csv_of(client, PAGE.replace("/comparer/", "/comparer/tableau.csv"))
        poverty = {row["quarter"]: row for row in rows if row["indicator"] == "poverty-rate"}
        assert float(poverty["L’Écluse et alentours"]["value"]) == 42.0
        assert float(poverty["Paris hors quartiers"]["value"]) == 16.0
        assert float(poverty["ensemble des quartiers"]["value"]) == 36.0
        assert {row["year"] for row in rows} == {"2021"}
        assert all("Tableau d’essai" in row["source"] for row in rows)

    def test_an_absent_value_is_empty_and_says_which_absence(self, client, facts):
        rows = csv_of(client, "/comparer/tableau.csv?dans=contract:CV1&indicateur=helped")
        told = {row["quarter"]: (row["value"], row["standing"]) for row in rows}
        assert told["L’Écluse et alentours"] == ("", "withheld")
        assert told["Haut-Coteau"] == ("0.0", "declared")

    def test_what_anybody_may_not_see_is_in_no_file(self, client, facts):
        SourceTerms.objects.update(sharing=Sharing.WORKING)
        rows = csv_of(client, PAGE.replace("/comparer/", "/comparer/tableau.csv"))
        assert rows == []


class TestCharts:
    @pytest.mark.parametrize("kind", ["points", "courbes", "rangs", "nuage"])
    @pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
    def test_each_is_served_as(self, client, facts, kind, form, start):
        query = PAGE.partition("?")[2]
        answer = client.get(f"/comparer/{kind}/poverty-rate.{form}?{query}")
        assert answer.status_code == 200
        assert answer.content.startswith(start)

    @pytest.mark.parametrize("path", ["points/inconnu", "tarte/poverty-rate", "rangs/helped"])
    def test_a_chart_of_nothing_does_not_exist(self, client, facts, path):
        query = "dans=contract:CV1&indicateur=poverty-rate&indicateur=helped"
        assert client.get(f"/comparer/{path}.svg?{query}").status_code == 404


class TestSnapshots:
    def freeze(self, member: Client) -> Snapshot:
        answer = member.post(
            PAGE.replace("/comparer/", "/comparer/figer/"), {"titre": "Comité de mai"}
        )
        assert answer.status_code == 302
        return Snapshot.objects.get()

    def test_last_year_s_figures_are_shown_again_whatever_is_loaded_since(self, member, facts):
        made = self.freeze(member)
        Observation.objects.filter(value=42.0).update(value=99.0)
        page = plain(member.get(f"/comparer/fige/{made.mark}/").content.decode())
        assert "Comité de mai" in page
        assert "42,0 %" in page
        assert "99" not in page.partition("<tbody>")[2].partition("</tbody>")[0]

    def test_figures_of_one_column_have_as_many_decimals_as_when_they_were_shown(
        self, member, facts
    ):
        Observation.objects.filter(value=42.0).update(value=33.37278)
        page = plain(member.get(f"/comparer/fige/{self.freeze(member).mark}/").content.decode())
        told = page.partition("<tbody>")[2].partition("</tbody>")[0]
        shares = re.findall(r"[\d,]+ %", told)
        assert {"33,4 %", "30,0 %"} <= set(shares)
        assert all(re.fullmatch(r"\d+,\d %", one) for one in shares)
        assert re.findall(r"[\d ]+ €", told) and not re.findall(r",\d+ €", told)

    def test_rows_frozen_before_decimals_were_kept_are_written_alike(self):
        rows = [
            {"indicator": code, "value": value, "unit": unit, "standing": standing}
            for code, value, unit, standing in (
                ("rate", 32.0, "%", "computed"),
                ("rate", 33.37278, "%", "computed"),
                ("rate", None, "%", "withheld"),
                ("people", 2_680.0, "", "declared"),
            )
        ]
        told = [plain(str(one)) for one in figures_of(rows)]
        assert told == ["32,0 %", "33,4 %", "retenu", "2 680"]

    def test_the_file_of_the_comparison_keeps_its_columns(self, client, facts):
        answer = client.get("/comparer/tableau.csv?dans=contract:CV1")
        assert answer.content.decode().splitlines()[0].split(",") == list(HEADINGS)

    def test_what_was_public_is_shown_to_anybody(self, member, facts):
        made = self.freeze(member)
        assert made.open_to_all
        assert Client().get(f"/comparer/fige/{made.mark}/").status_code == 200

    def test_what_only_its_maker_could_see_is_shown_to_nobody_else(self, client, facts):
        SourceTerms.objects.update(sharing=Sharing.WORKING)
        client.force_login(User.objects.create_superuser("chef", password="x"))
        made = self.freeze(client)
        assert not made.open_to_all
        assert client.get(f"/comparer/fige/{made.mark}/").status_code == 200
        assert Client().get(f"/comparer/fige/{made.mark}/").status_code == 404
        assert "Comité de mai" not in Client().get("/comparer/").content.decode()

    def test_a_changed_row_is_told(self, member, facts):
        made = self.freeze(member)
        made.content[0]["value"] = 1.0
        made.save()
        assert (
            "leur empreinte diffère" in member.get(f"/comparer/fige/{made.mark}/").content.decode()
        )

    def test_anybody_is_asked_to_sign_in_first(self, client, facts):
        answer = client.post("/comparer/figer/?dans=contract:CV1", {"titre": "x"})
        assert answer.status_code == 302
        assert "/compte/connexion/" in answer["Location"]
        assert not Snapshot.objects.exists()


class TestEmpty:
    def test_without_quarters_the_page_says_what_to_do(self, client, db):
        assert "make run" in client.get("/comparer/").content.decode()

    def test_without_indicators_the_page_says_what_to_load(self, client, facts):
        Observation.objects.all().delete()
        assert "Aucun indicateur n’est chargé" in client.get("/comparer/").content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    @pytest.fixture
    def open_page(self, town, new_screen):
        build_facts()

        def make(width: int = 1100, path: str = PAGE, **options):
            return new_screen(width, 800, **options).open(path, ready=".comparison-table")

        return make

    def order(self, screen) -> list[str]:
        return screen.texts(".comparison-table tbody th")

    def test_the_table_is_sorted_by_the_keyboard(self, open_page):
        screen = open_page()
        assert self.order(screen) == ["Haut-Coteau", "L’Écluse et alentours"]
        heading = screen.page.locator(".comparison-table .sort").nth(1)
        heading.focus()
        screen.page.keyboard.press("Enter")
        screen.page.wait_for_selector("[aria-sort=descending]")
        assert self.order(screen) == ["L’Écluse et alentours", "Haut-Coteau"]
        assert screen.texts("[aria-sort=descending]")[0].startswith("Taux de pauvreté")
        screen.page.locator(".comparison-table .sort").nth(1).focus()
        screen.page.keyboard.press("Enter")
        screen.page.wait_for_selector("[aria-sort=ascending]")
        assert self.order(screen) == ["Haut-Coteau", "L’Écluse et alentours"]

    def test_the_references_are_told_in_words_beside_the_chart(self, open_page):
        screen = open_page()
        said = screen.text("#poverty-rate")
        assert "Paris hors quartiers : 16,0 %" in said
        assert "Ensemble des quartiers : 36,0 %" in said
        assert "2 quartiers renseignés sur 2" in said

    def test_every_chart_is_drawn_and_can_be_taken_away(self, open_page):
        screen = open_page()
        for image in screen.page.locator(".chart-block img").all():
            image.scroll_into_view_if_needed()
            image.evaluate("(node) => node.decode()")
            assert image.evaluate("(node) => node.naturalWidth") > 200
        with screen.page.expect_download() as taken:
            screen.page.click("#poverty-rate figcaption a >> nth=0")
        assert taken.value.suggested_filename == "points-poverty-rate.png"

    def test_quarters_and_indicators_are_chosen_with_boxes(self, open_page):
        screen = open_page(path="/comparer/?dans=contract:CV1")
        screen.page.click(".choices details >> nth=1 >> summary")
        screen.page.uncheck("input[value=QN075902]")
        screen.page.click(".choices button[type=submit]")
        screen.page.wait_for_url("**quartier=QN075901**")
        assert self.order(screen) == ["L’Écluse et alentours"]

    def test_a_break_in_the_series_is_warned_of(self, open_page):
        assert "nouvelle définition" in open_page().text("#median-income .warning")

    @pytest.mark.parametrize("width", [360, 1440])
    def test_axe_and_the_policy_agree_at_both_widths(self, open_page, width):
        screen = open_page(width)
        assert grave_faults(screen.page) == []
        assert screen.refusals() == []
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= width
