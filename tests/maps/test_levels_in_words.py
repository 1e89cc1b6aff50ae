"""Kinds of territories are told in the reader's language, wherever they are named."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.translation import override

from maps.levels import level_name
from observatory.models import Level
from tests.maps.test_saved_maps import filled

# The same word in both languages.
ALIKE = {Level.IRIS, Level.ARRONDISSEMENT, Level.COMMUNE}


@pytest.mark.parametrize("level", Level)
def test_in_french_each_is_called_as_it_is_stored(level):
    with override("fr"):
        assert level_name(level) == level.label


@pytest.mark.parametrize("level", sorted(set(Level) - ALIKE))
def test_in_english_each_has_its_own_name(level):
    with override("en"):
        assert level_name(level) != level.label


def test_what_is_no_level_is_an_error_of_the_page():
    with pytest.raises(ValueError, match="lune"):
        level_name("lune")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "english", "french"),
    [
        ("/indicateur/", "Priority quarter (QPV)", "Quartier prioritaire"),
        ("/portraits/", "Priority quarter (QPV)", "Quartier prioritaire"),
        ("/portraits/qpv/QN075901/", "Priority quarter (QPV)", "Quartier prioritaire"),
        ("/comparer/", "City contract", "Contrat de ville"),
        ("/modeles/", "City contract", "Contrat de ville"),
        ("/modeles/quartiers-ept/?dans=contract:CV1", "City contract", "Contrat de ville"),
    ],
)
def test_no_page_in_english_names_one_in_french(client: Client, facts, address, english, french):
    client.cookies["django_language"] = "en"
    page = client.get(address).content.decode()
    assert english in page
    assert french not in page


@pytest.mark.django_db
def test_the_legend_of_a_saved_map_is_in_english_too(facts):
    with override("en"):
        labels = {one.layer.level: one.label for one in filled("quartiers-ept").layers}
    assert labels["qpv"] == "Priority quarter (QPV)"
    assert labels["qva"] == "Quarter under active watch (QVA)"
