"""What a committee sees of facilities for a thousand inhabitants of the ages they are for."""

from __future__ import annotations

import csv
import html
import io
import re

import pytest
from django.test import Client

from carroyage.models import Cell, GridDataset
from observatory.models import Facility, FacilityLink, Sharing, SourceTerms
from tests.maps.comparison_readings import a_typology, quarter
from tests.maps.facts import build_facts, public_source, quarter_point
from tests.maps.screen import Screen, plain
from tests.maps.site import grave_faults, width_of_content
from tests.maps.town import EAST, PLACES, SIZE, Place, outline

pytestmark = pytest.mark.django_db
PAGE = "/comparer/?dans=contract:CV1&equipement=school"
ECLUSE, COTEAU = "QN075901", "QN075902"


def a_school(code: str, key: str, category: str = "school") -> Facility:
    """Return a school in the middle of a quarter, in a list anybody may see."""
    return Facility.objects.create(
        source=public_source("ecoles", vintage="2023"), key=key, name=key, category=category,
        geom=quarter_point(quarter(code)),
    )  # fmt: skip


def children(place: str, of_4_5: float, of_6_10: float) -> None:
    """Say how many children live in the cell of a quarter."""
    Cell.objects.filter(east=EAST + PLACES[place].column * SIZE).update(
        ind_4_5=of_4_5, ind_6_10=of_6_10
    )


@pytest.fixture
def schools(facts: None) -> None:
    """Two schools for forty children in one quarter, one for a hundred in the other."""
    Cell.objects.update(ind_4_5=0, ind_6_10=0)
    children("b", 10, 30)
    children("e", 50, 50)
    for code, key in ((ECLUSE, "A"), (ECLUSE, "B"), (COTEAU, "C")):
        a_school(code, key)


def section(client: Client, path: str = PAGE, language: str = "fr") -> str:
    """Return what the page shows of densities, as a person reads it."""
    client.cookies["django_language"] = language
    page = client.get(path).content.decode()
    (found,) = re.findall(r'<section [^>]*id="densites">(.*?)</section>', page, re.DOTALL)
    return plain(html.unescape(re.sub(r"<[^>]+>", " ", found)))


def test_each_quarter_has_its_ratio_and_both_counts(client, schools):
    said = section(client)
    assert "Haut-Coteau 10,00 1 100 L’Écluse et alentours 50,00 2 40 Densités en CSV" in said
    assert "Quartiers qui en ont, dans leur périmètre ou rattachés : 2 sur 2." in said


def test_where_cells_are_cut_the_bounds_of_the_people_are_beside_them(client, schools):
    whole = quarter(COTEAU).perimeters.get()
    whole.geom = outline(Place(3.5, 0))  # type: ignore[arg-type]
    whole.save()
    assert "Haut-Coteau 20,00 1 50 entre 0 et 100" in section(client)


def test_both_sources_are_named_with_their_vintage(client, schools):
    said = section(client)
    assert "Source : Insee, Tableau d’essai, 2023" in said
    assert "Source : Insee, Carroyage d’essai, 2021" in said
    assert "Les habitants sont estimés d’après les carreaux" in said


def test_the_file_beside_it_says_the_same(client, schools):
    page = client.get(PAGE).content.decode()
    (address,) = re.findall(r'href="(/api/compare/densities\.csv[^"]+)"', page)
    answer = client.get(html.unescape(address))
    assert answer.status_code == 200
    told = {row["territory"]: row for row in csv.DictReader(io.StringIO(answer.content.decode()))}
    assert (told[ECLUSE]["facilities"], told[ECLUSE]["ages"]) == ("2", "ind_4_5,ind_6_10")
    assert float(told[ECLUSE]["density"]) == pytest.approx(50, rel=0.02)


def test_in_english_every_word_of_it_is(client, schools):
    said = section(client, language="en")
    assert "Facilities per inhabitant" in said
    assert "Schools per 1,000 inhabitants aged 4 to 10. Quarters with one" in said
    for french in ("habitants de", "quartiers", "entre", "Compter", "carreaux"):
        assert french not in said


def test_a_few_children_are_withheld_and_not_zero(client, schools):
    children("e", 2, 1)
    said = section(client)
    assert "Haut-Coteau retenu trop peu d’habitants de cet âge 1 retenu" in said
    assert "Haut-Coteau 0" not in said


def test_nobody_of_the_age_has_no_ratio(client, schools):
    Cell.objects.update(ind_4_5=0, ind_6_10=0)
    assert "Haut-Coteau sans donnée aucun habitant de cet âge 1 0" in section(client)


def test_cells_that_say_no_age_are_no_data(client, schools):
    Cell.objects.update(ind_4_5=None)
    said = section(client)
    assert "Haut-Coteau sans donnée aucun carreau avec cet âge 1 sans donnée" in said
    assert "entre" not in said


def test_a_school_next_door_that_serves_the_quarter_counts(client, schools):
    FacilityLink.objects.create(
        facility=Facility.objects.get(key="A"), territory=quarter(COTEAU), source=public_source()
    )
    assert "Haut-Coteau 20,0" in section(client)


def test_what_a_visitor_may_not_see_is_neither_offered_nor_counted(client, schools):
    SourceTerms.objects.filter(source__code="ecoles").update(sharing=Sharing.WORKING)
    said = section(client)
    assert "Écoles" not in said
    assert "Haut-Coteau" not in said


def test_nothing_is_counted_before_a_kind_is_chosen(client, schools):
    said = section(client, "/comparer/?dans=contract:CV1")
    assert "Écoles" in said, "offered"
    assert "Haut-Coteau" not in said


@pytest.mark.parametrize("word", ["tarte", "", "école' OR 1=1"])
def test_a_kind_that_is_none_counts_nothing(client, schools, word):
    answer = client.get("/comparer/", {"dans": "contract:CV1", "equipement": word})
    assert answer.status_code == 200
    assert "densities-caption" not in answer.content.decode()


def test_without_a_grid_it_is_said(client, schools):
    GridDataset.objects.all().delete()
    assert "Aucune grille de carreaux ne dit combien" in section(client)


def test_a_class_has_no_such_table_and_says_whose_it_is(client, schools):
    a_typology()
    said = section(client, "/comparer/?dans=classe:1&equipement=school")
    assert "Ces chiffres sont ceux d’un contrat" in said


def test_without_facilities_it_is_said(client, facts):
    Facility.objects.all().delete()
    assert "Aucun équipement n’est chargé" in section(client)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [1440, 360])
def test_a_kind_is_chosen_with_the_mouse_and_read_at_any_width(town, new_screen, width):
    build_facts()
    Cell.objects.update(ind_4_5=20, ind_6_10=20)
    a_school(ECLUSE, "A")
    screen: Screen = new_screen(width, 900).open("/comparer/?dans=contract:CV1", ready="h1")
    screen.page.select_option("#equipement", "school")
    screen.page.click("#densites button")
    screen.page.wait_for_selector("#densites table")
    assert "dans=contract%3ACV1" in screen.page.url
    assert screen.texts("#densites thead th")[1:3] == ["Pour 1 000", "Écoles"]
    assert width_of_content(screen.page) <= width
    assert grave_faults(screen.page) == []
