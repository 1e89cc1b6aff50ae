"""The map of an indicator: what the legend says is what the picture shows, and what the file is."""

from __future__ import annotations

import io
import re

import pytest
from django.test import Client
from PIL import Image

from maps.asked import Choice
from maps.charts.spread import draw_histogram
from maps.choice import circle_sizes, colours
from maps.displays import Told
from maps.thematicmap import thematic_map
from observatory.models import Observation, Sharing, SourceTerms
from tests.maps.facts import build_facts
from tests.maps.screen import plain
from tests.maps.site import grave_faults

pytestmark = pytest.mark.django_db
ASKED = "indicateur=poverty-rate&annee=2021&classes=2"


def legend_of(page: str) -> list[tuple[str, str, int]]:
    rows = re.findall(r'fill="(#[0-9a-f]{6})"/></svg> ([^<]+)</th><td class="numeric">(\d+)<', page)
    return [(colour, plain(words), int(count)) for colour, words, count in rows]


def colours_on(body: bytes) -> set[tuple[int, int, int]]:
    picture = Image.open(io.BytesIO(body)).convert("RGB")
    return {colour for count, colour in picture.getcolors(1_000_000) if count > 50}


class TestLegend:
    def test_it_says_classes_counts_and_the_colours_on_the_picture(self, client: Client, facts):
        legend = legend_of(client.get(f"/indicateur/?{ASKED}").content.decode())
        assert [(words, count) for _, words, count in legend] == [
            ("moins de 42,0 %", 1),
            ("42,0 % et plus", 1),
        ]
        drawn = colours_on(client.get(f"/indicateur/carte.png?{ASKED}").content)
        for colour, _, _ in legend:
            assert tuple(bytes.fromhex(colour[1:])) in drawn

    def test_chosen_breaks_are_those_of_the_legend(self, client: Client, facts):
        page = client.get(f"/indicateur/?{ASKED}&methode=manuelles&bornes=20;35,5").content.decode()
        assert [words for _, words, _ in legend_of(page)] == [
            "moins de 20,0 %", "20,0 à 35,5 %", "35,5 % et plus",
        ]  # fmt: skip
        assert [count for _, _, count in legend_of(page)] == [0, 1, 1]

    def test_one_value_makes_one_class(self, client: Client, facts):
        Observation.objects.filter(territory__code="QN075902").delete()
        legend = legend_of(client.get(f"/indicateur/?{ASKED}").content.decode())
        assert [(words, count) for _, words, count in legend] == [("toutes les valeurs", 1)]

    def test_no_data_and_withheld_are_counted_apart(self, client: Client, facts):
        page = plain(client.get("/indicateur/?indicateur=helped").content.decode())
        assert "1 retenus (hachurés à points)" in page
        assert "sans donnée</li>" not in page

    def test_a_count_is_shown_by_circles_and_has_no_classes(self, client: Client, facts):
        page = client.get("/indicateur/?indicateur=helped").content.decode()
        assert "par des cercles" in page
        assert legend_of(page) == []
        assert client.get("/indicateur/repartition.svg?indicateur=helped").status_code == 404
        assert client.get("/indicateur/carte.svg?indicateur=helped").status_code == 200

    def test_the_source_is_under_the_map(self, client: Client, facts):
        assert "Insee, Tableau d’essai" in client.get(f"/indicateur/?{ASKED}").content.decode()


class TestFiles:
    @pytest.mark.parametrize(
        ("path", "start"),
        [("carte.svg", b"<?xml"), ("carte.png", b"\x89PNG"), ("carte.pdf", b"%PDF"),
         ("repartition.svg", b"<?xml"), ("repartition.png", b"\x89PNG")],
    )  # fmt: skip
    def test_each_form_is_served(self, client: Client, facts, path, start):
        answer = client.get(f"/indicateur/{path}?{ASKED}")
        assert answer.status_code == 200
        assert answer.content.startswith(start)

    @pytest.mark.parametrize(
        "query", ["indicateur=inconnu", "niveau=nulle", "indicateur=poverty-rate&classes=99"]
    )
    def test_what_cannot_be_drawn_does_not_exist(self, client: Client, facts, query):
        assert client.get(f"/indicateur/carte.svg?{query}").status_code == 404

    def test_nothing_shared_between_partners_alone_is_drawn_for_anybody(self, client, facts):
        SourceTerms.objects.update(sharing=Sharing.SHARED)
        assert client.get(f"/indicateur/carte.svg?{ASKED}").status_code == 404
        assert "42,0" not in client.get(f"/indicateur/?{ASKED}").content.decode()


class TestRefusals:
    @pytest.mark.parametrize(
        ("query", "said"),
        [
            ("annee=abc", "sont des nombres"),
            ("bornes=x", "sont des nombres"),
            ("niveau=nulle", "Aucune carte n’est faite à ce niveau"),
            ("indicateur=poverty-rate&annee=1999", "Aucune valeur"),
            ("indicateur=poverty-rate&methode=autre", "méthode de classes"),
            ("indicateur=poverty-rate&methode=manuelles", "Donnez de 1 à 7 bornes"),
        ],
    )
    def test_a_choice_that_cannot_be_is_explained_on_the_page(self, client, facts, query, said):
        answer = client.get(f"/indicateur/?{query}")
        assert answer.status_code == 200
        assert said in answer.content.decode()

    def test_without_figures_the_page_says_what_to_load(self, client: Client, db):
        assert "Aucun indicateur n’est chargé" in client.get("/indicateur/").content.decode()


class TestParts:
    def test_colours_go_from_pale_to_dark_whatever_their_number(self):
        for count in range(1, 9):
            ramp = colours(count)
            light = [sum(bytes.fromhex(colour[1:])) for colour in ramp]
            assert light == sorted(light, reverse=True)
            assert len(set(ramp)) == count

    def test_the_circles_of_the_legend_are_round_and_under_the_largest(self):
        told = Told("x", "X", 2021, "", 0, True, ())
        assert [size for size, _ in circle_sizes(26_556, told)] == [20_000, 5_000, 1_250]
        assert circle_sizes(0, told) == []

    def test_the_histogram_shows_each_class_in_its_own_colour(self, facts):
        drawn = thematic_map(None, Choice(indicator="poverty-rate", year=2021, count=2))
        shown = colours_on(draw_histogram(drawn, "png"))
        for colour in colours(2):
            assert tuple(bytes.fromhex(colour[1:])) in shown


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    @pytest.mark.parametrize("width", [360, 1440])
    def test_the_reader_chooses_and_sees_the_map_the_legend_and_the_table(
        self, town, new_screen, width
    ):
        build_facts()
        screen = new_screen(width, 800).open("/indicateur/", ready="#drawn")
        screen.page.select_option("#methode", "egales")
        screen.page.select_option("#classes", "2")
        screen.page.click("main form button")
        screen.page.wait_for_url("**classes=2**")
        assert screen.page.evaluate("document.querySelector('#drawn').decode().then(() => true)")
        assert screen.texts("#legend tr") == ["moins de 36,0 % 1", "36,0 % et plus 1"]
        screen.page.click("main details summary")
        assert "L’Écluse et alentours QN075901 42,0 %" in screen.text("main details table")
        assert grave_faults(screen.page) == []
        assert screen.refusals() == []
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= width
