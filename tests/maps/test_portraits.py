"""The portrait of a territory: what the page says, what the PDF says, and what neither says."""

from __future__ import annotations

import io
import re

import pypdf
import pytest
from django.test import Client

from maps.places import latest_quarters
from maps.portraits.keyfigures import Comparisons
from maps.portraits.portrait import portrait_of
from observatory.models import (
    Facility,
    Level,
    Membership,
    Observation,
    Sharing,
    Source,
    SourceTerms,
    Standing,
    Status,
    Territory,
)
from tests.factories import a_perimeter, a_territory
from tests.maps.facts import build_facts, observe, public_source, quarter_point
from tests.maps.promises import a_followed_contract
from tests.maps.screen import plain
from tests.maps.site import grave_faults

pytestmark = pytest.mark.django_db
QUARTER = "/portraits/qpv/QN075901/"


@pytest.fixture
def facts(facts: None) -> Territory:
    """Return the quarter of the town with its figures."""
    return Territory.objects.get(code="QN075901")


def pages_of(answer) -> list[str]:
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    return [plain(page.extract_text()) for page in reader.pages]


def row_called(rows, code):
    return next(row for row in rows if row.code == code)


class TestFigures:
    def test_the_gap_is_to_the_city_without_its_quarters_and_to_all_quarters(self, facts):
        row = row_called(portrait_of(None, facts).key, "poverty-rate")
        # 42 % against (2 000 - 420 - 300) / (10 000 - 2 000) = 16 %, and 720 / 2 000 = 36 %.
        assert plain(str(row.value)) == "42,0 %"
        assert [plain(str(c.other)) for c in row.contexts] == ["16,0 %", "36,0 %"]
        assert [plain(c.gap) for c in row.contexts] == ["+26,0 pts", "+6,0 pts"]

    def test_the_place_among_the_quarters_is_told(self, facts):
        row = row_called(portrait_of(None, facts).key, "poverty-rate")
        assert row.place == "rang 2 sur 2 quartiers, du plus bas au plus haut"

    def test_a_median_has_no_gap_and_says_why(self, facts):
        row = row_called(portrait_of(None, facts).key, "median-income")
        assert {c.gap for c in row.contexts} == {""}
        assert all("une médiane n’a pas de reste" in c.reason for c in row.contexts)

    def test_a_small_count_of_persons_is_withheld(self, facts):
        row = row_called(portrait_of(None, facts).key, "helped")
        assert str(row.value) == "retenu"

    def test_cells_give_shares_as_sums_over_sums(self, facts):
        portrait = portrait_of(None, facts)
        poor = row_called(portrait.grid, "poor")
        # The quarter is exactly one cell: 24 poor households out of 200.
        assert plain(str(poor.value)) == "12,0 %"
        assert poor.contexts[1].label == "ensemble des 2 quartiers de la grille"
        # The two quarters are two cells: (24 + 60) / 400.
        assert plain(str(poor.contexts[1].other)) == "21,0 %"
        assert plain(poor.contexts[1].gap) == "−9,0 pts"

    def test_the_rest_of_the_city_leaves_the_quarters_out(self, facts):
        poor = row_called(portrait_of(None, facts).grid, "poor")
        # Cells a, c, d, f and the one of few households (b and e are quarters).
        expected = 100 * (10 + 34 + 44 + 120 + 3) / (4 * 200 + 6)
        assert poor.contexts[0].label == "Paris hors quartiers"
        assert poor.contexts[0].other.value == pytest.approx(expected, abs=1e-6)

    def test_no_change_is_told_across_a_series_break(self, facts):
        series = {one.indicator.code: one for one in portrait_of(None, facts).series}
        assert "rupture de série" in series["median-income"].change
        assert plain(series["poverty-rate"].change) == "+2,0 pts de 2019 à 2021"

    def test_years_that_are_withheld_are_told_beside_the_change(self, facts):
        last = Observation.objects.filter(territory=facts, indicator__code="poverty-rate")
        last.filter(year=2021).update(
            value=None, numerator=None, denominator=None, standing=Standing.WITHHELD
        )
        series = {one.indicator.code: one for one in portrait_of(None, facts).series}
        told = plain(series["poverty-rate"].change)
        assert told == "−2,0 pts de 2019 à 2020 ; retenu : 2021"

    def test_only_the_sources_used_are_named(self, facts):
        titles = {source["title"] for source in portrait_of(None, facts).sources}
        assert titles == {"Carroyage d’essai", "Source limites", "Tableau d’essai"}

    def test_an_atlas_gives_the_same_figures_as_single_portraits(self, facts):
        shared = Comparisons(None)
        portrait_of(None, Territory.objects.get(code="QN075902"), shared)
        together, alone = portrait_of(None, facts, shared), portrait_of(None, facts)
        assert together.grid == alone.grid
        assert together.key == alone.key

    def test_a_district_is_compared_with_the_city_and_with_its_own_quarters(self, facts):
        portrait = portrait_of(None, Territory.objects.get(code="75119"))
        poor = row_called(portrait.grid, "poor")
        assert [c.label for c in poor.contexts] == ["Paris", "ses quartiers prioritaires"]
        assert plain(str(poor.contexts[1].other)) == "21,0 %"
        assert {one.code for one in portrait.parts} == {"QN075901", "QN075902"}

    def test_facilities_are_counted_once_whatever_ties_them(self, facts):
        facility = Facility.objects.get()
        facility.links.create(territory=facts)
        found = portrait_of(None, facts).facilities
        assert found.inside == [("école", 1)]
        assert found.attached == 0

    def test_figures_without_anything_to_compare_with_have_no_empty_column(self, client, facts):
        heading = "Écart, et valeur de la référence"
        key = client.get("/portraits/commune/75056/").content.decode().partition("Chiffres clés")[2]
        assert plain("20,0 %") in plain(key)
        assert heading not in key
        assert heading in client.get(QUARTER).content.decode().partition("Chiffres clés")[2]

    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("fr", ("isolément", "Taux de pauvreté : +2,0 pts de 2019", "Un mot du producteur.")),
            ("en", ("on its own", "Taux de pauvreté: +2.0 pts from 2019", "Un mot du producteur.")),
        ],
    )
    def test_warnings_and_evolution_are_written_as_the_reader_s_language_does(
        self, client, facts, language, said
    ):
        known = "Ne pas interpréter un carreau isolément."
        Source.objects.update(cautions=f"{known}\nUn mot du producteur.")
        client.cookies["django_language"] = language
        text = plain(re.sub(r"<[^>]+>", "", client.get(QUARTER).content.decode()))
        for words in said:
            assert words in text
        assert (known in text) == (language == "fr")

    @pytest.mark.parametrize(
        ("language", "said"), [("fr", "Centres de santé : 1"), ("en", "Health centres: 1")]
    )
    def test_a_facility_is_named_in_the_reader_s_words(self, client, facts, language, said):
        Facility.objects.update(category="health_centre")
        client.cookies["django_language"] = language
        text = re.sub(r"<[^>]+>", "", client.get(QUARTER).content.decode())
        assert said in plain(text)

    def test_a_closed_facility_is_not_counted(self, facts):
        Facility.objects.create(
            source=Facility.objects.get().source,
            key="2",
            name="Ancienne école",
            category="école",
            state="closed",
            geom=quarter_point(facts),
        )
        assert portrait_of(None, facts).facilities.inside == [("école", 1)]

    @pytest.mark.parametrize(
        ("language", "states"),
        [("fr", ["validée", "attendue"]), ("en", ["validated", "expected"])],
    )
    def test_the_sheets_of_its_contract_are_in_the_reader_s_words(
        self, client, facts, language, states
    ):
        contract = a_followed_contract()
        Membership.objects.create(
            member=facts, container=contract, source=public_source(), area_share=1.0
        )
        client.cookies["django_language"] = language
        page = plain(client.get(QUARTER).content.decode())
        for state in states:
            assert re.search(rf"2021 · {state} ?: <b>1</b>", page)


class TestRights:
    def test_what_is_shared_between_partners_is_not_shown_to_anybody(self, facts):
        SourceTerms.objects.update(sharing=Sharing.SHARED)
        portrait = portrait_of(None, facts)
        assert portrait.key == []
        assert portrait.facilities.inside == []

    def test_no_gap_is_told_where_another_quarter_is_hidden(self, facts):
        from observatory.models import Indicator
        from tests.factories import a_source

        hidden = a_source("prive")
        third = a_territory(Level.QPV, "QN075903", "Tiers", generation=2024)
        poverty = Indicator.objects.get(code="poverty-rate")
        observe(poverty, third, 2021, 50.0, source=hidden)
        row = row_called(portrait_of(None, facts).key, "poverty-rate")
        assert plain(str(row.value)) == "42,0 %"
        assert row.contexts == []

    def test_a_perimeter_under_negotiation_is_never_drawn(self, client: Client, facts):
        territory = a_territory(Level.QPV, "QN075999", "En discussion", generation=2024)
        a_perimeter(territory, status=Status.NEGOTIATION)
        assert client.get("/portraits/qpv/QN075999/carte.svg").status_code == 404
        assert "En discussion" not in client.get("/portraits/?niveau=qpv").content.decode()


class TestPdf:
    def test_it_has_two_pages(self, client: Client, facts):
        answer = client.get(QUARTER + "portrait.pdf")
        assert answer["Content-Type"] == "application/pdf"
        assert len(pages_of(answer)) == 2

    def test_it_says_every_figure_the_page_says(self, client: Client, facts):
        page = client.get(QUARTER).content.decode()
        paper = " ".join(pages_of(client.get(QUARTER + "portrait.pdf")))
        told = re.findall(r'data-(?:figure|gap)="[a-z-]+">(?:<span[^>]*>)?([^<]+)<', page)
        assert len(told) > 10
        for figure in told:
            assert plain(figure) in paper, figure

    def test_it_names_sources_and_cautions(self, client: Client, facts):
        paper = " ".join(pages_of(client.get(QUARTER + "portrait.pdf")))
        assert "Insee, Tableau d’essai, 2021" in paper
        assert "ne se comparent pas au recensement" in paper
        assert "données fictives" in paper

    def test_it_is_in_the_reader_s_language(self, client: Client, facts):
        client.cookies["django_language"] = "en"
        paper = " ".join(pages_of(client.get(QUARTER + "portrait.pdf")))
        assert "Key figures" in paper
        assert "42.0%" in paper
        assert "Paris without its quarters" in paper

    def test_a_territory_without_figures_still_has_its_portrait(self, client: Client, db):
        territory = a_territory(Level.QPV, "QN075907", "Nu", generation=2024)
        a_perimeter(territory)
        answer = client.get("/portraits/qpv/QN075907/portrait.pdf")
        assert "Aucun chiffre n’est chargé" in " ".join(pages_of(answer))


class TestPictures:
    @pytest.mark.parametrize(
        ("name", "start"), [("carte.svg", b"<?xml"), ("carte.png", b"\x89PNG")]
    )
    def test_the_map_is_served_as(self, client: Client, facts, name, start):
        answer = client.get(QUARTER + name)
        assert answer.status_code == 200
        assert answer.content.startswith(start)

    def test_the_same_data_give_the_same_drawing(self, client: Client, facts):
        one, other = (client.get(QUARTER + "poverty-rate.svg").content for _ in range(2))
        assert one == other

    def test_an_indicator_without_several_years_has_no_chart(self, client: Client, facts):
        assert client.get(QUARTER + "helped.svg").status_code == 404

    @pytest.mark.parametrize(
        "path",
        ["/portraits/qpv/NULLE/", "/portraits/zone/Z1/", "/portraits/qpv/NULLE/portrait.pdf"],
    )
    def test_what_does_not_exist_is_said_plainly(self, client: Client, facts, path):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "Cette page n’existe pas" in answer.content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    @pytest.fixture
    def page(self, town, new_screen):
        build_facts()
        return new_screen

    def test_a_reader_finds_a_quarter_by_its_name_and_opens_it(self, page):
        screen = page().open("/portraits/", ready="#texte")
        screen.page.fill("#texte", "ALENTOURS")
        screen.page.press("#texte", "Enter")
        screen.page.wait_for_selector("text=1 territoire")
        screen.page.click(".ways a")
        screen.page.wait_for_selector(".portrait h1")
        assert screen.text("h1") == "L’Écluse et alentours"
        assert screen.text("[data-figure=poverty-rate]") == "42,0 %"

    def test_words_that_answer_nothing_say_so(self, page):
        screen = page().open("/portraits/?texte=zzz", ready=".empty")
        assert "Essayez un autre nom" in screen.text(".empty")

    def test_the_drawings_are_seen_and_have_words(self, page):
        screen = page().open(QUARTER, ready=".portrait")
        screen.page.wait_for_load_state("networkidle")
        for image in screen.page.locator("main img").all():
            assert image.evaluate("(node) => node.naturalWidth") > 100
            assert len(image.get_attribute("alt")) > 20

    @pytest.mark.parametrize("width", [360, 1440])
    def test_axe_and_the_policy_agree_at_both_widths(self, page, width):
        screen = page(width, 800).open(QUARTER, ready=".portrait")
        assert grave_faults(screen.page) == []
        assert screen.refusals() == []
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= width

    def test_a_withheld_count_is_told_by_form_and_word(self, page):
        screen = page().open(QUARTER, ready=".portrait")
        assert screen.text("[data-figure=helped] .absent--withheld") == "retenu"

    def test_the_values_behind_a_line_are_a_table_away(self, page):
        screen = page().open(QUARTER, ready=".portrait")
        screen.page.locator(".charts summary").first.focus()
        screen.page.keyboard.press("Enter")
        assert "2020 38,0 %" in screen.text(".charts details[open] table")


def test_quarters_of_the_past_are_found_where_none_is_left(facts):
    contract = Territory.objects.get(code="CV1")
    contract.members.update(valid_to="2024-01-01")
    assert {one.code for one in latest_quarters(contract)} == {"QN075901", "QN075902"}
