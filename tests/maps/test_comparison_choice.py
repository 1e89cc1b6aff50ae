"""What a committee chooses to compare: by hand, by its whole, kept in the address."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.test import Client

from maps.comparison.asked import ask
from maps.comparison.selection import Selection
from observatory.models import Level, Membership
from tests.factories import a_territory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("facts")]


class TestByHand:
    def test_a_quarter_is_added_by_its_name_whatever_its_accents(self, client):
        answer = client.get("/comparer/?dans=main&ajouter=l’ecluse et alentours")
        assert answer.status_code == 302
        assert "quartier=QN075901" in answer["Location"]

    def test_what_the_list_beside_the_field_writes_is_understood(self):
        found = Selection(within="main").with_quarter("QN075902 – Haut-Coteau")
        assert found.quarters == ("QN075902",)

    def test_a_name_that_is_nobody_s_is_said(self, client):
        page = client.get("/comparer/?dans=main&ajouter=Nulle part").content.decode()
        assert "Aucun quartier ne s’appelle « Nulle part »" in page

    def test_a_name_of_two_quarters_asks_for_the_code(self, client):
        a_territory(Level.QPV, "QN075904", "Haut-Coteau", generation=2024)
        page = client.get("/comparer/?dans=main&ajouter=Haut-Coteau").content.decode()
        assert "donnez le code de l’un" in page

    def test_quarters_of_different_wholes_stand_side_by_side(self):
        Membership.objects.filter(container__code="CV1", member__code="QN075902").delete()
        found = ask(None, Selection(within="main", quarters=("QN075901", "QN075902")))
        assert [one.code for one in found.found.quarters] == ["QN075902", "QN075901"]


class TestWhatIsNotLoaded:
    def test_a_territory_of_another_site_is_said_and_what_stands_instead(self, client):
        page = client.get("/comparer/?dans=contract:CV-AILLEURS").content.decode()
        assert "« contract:CV-AILLEURS » n’est pas chargé ici : voici Contrat d’essai." in page

    @pytest.mark.parametrize("within", ["", "?dans=contract:CV1", "?dans=main", "?dans=classe:9"])
    def test_nothing_is_said_of_what_is_there(self, client, within):
        assert "n’est pas chargé ici" not in client.get(f"/comparer/{within}").content.decode()

    def test_with_no_quarter_chosen_there_is_no_list_to_choose_from(self, client):
        page = client.get("/comparer/?dans=main").content.decode()
        assert "Aucun quartier n’est choisi" in page
        assert 'name="indicateur"' not in page
        assert "comparés sur 0" not in page


def test_a_reference_that_is_none_is_not_found(client: Client) -> None:
    assert client.get("/comparer/?dans=contract:CV1&ecart=lune").status_code == 404


def test_the_whole_choice_is_in_the_address() -> None:
    selection = Selection(
        within="main", quarters=("A", "B"), indicators=("x",), reference="pays", pair=("x", "y")
    )
    assert Selection.of(QueryDict(selection.query())) == selection
