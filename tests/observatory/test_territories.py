"""Territories keep their codes and names, and are recognised however they are written."""

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from observatory.identity import fold, identity_of
from observatory.models import Alias, Level, Membership, Territory
from tests.factories import a_source, a_territory


@pytest.mark.parametrize(
    "one, other",
    [
        ("L'Haÿ-les-Roses", "L’HAY LES ROSES"),
        ("Villeneuve- Saint-Georges", "Villeneuve-Saint-Georges"),
        ("Danube-Solidarité-Marseillaise", "danube solidarite marseillaise"),
        ("Cœur de ville", "Coeur de Ville"),
    ],
)
def test_a_name_is_recognised_whatever_its_accents_case_and_hyphens(one, other):
    assert fold(one) == fold(other)


def test_different_names_stay_different():
    assert fold("Chaufourniers") != fold("Chauffourniers")
    assert fold("Le Quartier Nord") != fold("Le Quartier Nord - Les Tours")


@given(st.text())
def test_folding_a_folded_name_changes_nothing(name):
    assert fold(fold(name)) == fold(name)


def test_the_same_name_in_two_communes_is_two_territories():
    names = {identity_of("qva", "", "Centre-Ville", [c]) for c in ("94022", "94078")}
    assert len(names) == 2


def test_the_order_of_communes_does_not_matter():
    assert identity_of("qpv", "", "Chaperon Vert", ["94037", "94003"]) == identity_of(
        "qpv", "", "Chaperon Vert", ["94003", "94037"]
    )


@pytest.mark.django_db
class TestStored:
    """What the database keeps and refuses."""

    def test_codes_keep_their_leading_zeros_and_names_their_accents(self):
        a_territory(Level.COMMUNE, "01004", "Ambérieu-en-Bugey")
        stored = Territory.objects.get(code="01004")
        assert stored.name == "Ambérieu-en-Bugey"
        assert stored.identity == "commune:01004"

    def test_a_code_is_one_territory_only(self):
        a_territory(Level.QPV, "QP075001")
        with pytest.raises(IntegrityError), transaction.atomic():
            a_territory(Level.QPV, "QP075001")

    def test_the_same_code_at_another_level_is_another_territory(self):
        a_territory(Level.COMMUNE, "75")
        a_territory(Level.DEPARTMENT, "75")

    def test_a_quarter_without_code_is_its_communes_status_and_name(self):
        fields = {"name": "Cités Jardins", "commune_codes": ["94003"]}
        a_territory(Level.QVA, **fields)
        a_territory(Level.QPV, **{**fields, "commune_codes": ["94016"]})
        with pytest.raises(IntegrityError), transaction.atomic():
            a_territory(Level.QVA, name="CITES JARDINS", commune_codes=["94003"])

    def test_an_alias_is_kept_once(self):
        quarter = a_territory(Level.QPV, "QP075015", "Chaufourniers")
        Alias.objects.create(territory=quarter, name="Chauffourniers")
        with pytest.raises(IntegrityError), transaction.atomic():
            Alias.objects.create(territory=quarter, name="Chauffourniers")

    def test_a_quarter_may_belong_to_several_arrondissements(self):
        belleville = a_territory(Level.QPV, "QP075020", "Grand Belleville")
        places = [a_territory(Level.ARRONDISSEMENT, f"751{n}") for n in (10, 11, 20)]
        for place in places:
            Membership.objects.create(
                member=belleville, container=place, area_share=1 / 3, source=a_source()
            )
        assert {m.container for m in belleville.containers.all()} == set(places)

    @pytest.mark.parametrize("share", [0, -0.1, 1.5])
    def test_an_impossible_share_is_refused(self, share):
        member, container = a_territory(Level.QPV, "Q"), a_territory(Level.COMMUNE, "C")
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.create(
                member=member, container=container, area_share=share, source=a_source()
            )
