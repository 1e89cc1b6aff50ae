"""Columns are recognised, and those that tell who somebody is are set aside."""

from __future__ import annotations

import pytest

from importers.deposits.columns import Private, Role, recognise_columns

ADDRESSES = ["12 rue des Essais", "3 bd de la Paix", "5 av. Parmentier"]


def test_a_usual_file_is_recognised_whole():
    found = recognise_columns(
        {
            "N° dossier": ["A-1", "A-2"],
            "NOM": ["NOM-0001", "NOM-0002"],
            "Prénom": ["x", "y"],
            "Date de naissance": ["01/02/1990", "03/04/1985"],
            "Adresse": ADDRESSES,
            "Code postal": ["75018", "75 019"],
            "Ville": ["PARIS", "PARIS"],
            "Sexe": ["F", "H"],
            "Téléphone": ["06 12 34 56 78", ""],
            "Date d'entrée": ["01/03/2015", "02/03/2015"],
        }
    )
    assert found.roles[Role.ADDRESS] == "Adresse"
    assert found.roles[Role.POSTCODE] == "Code postal"
    assert found.roles[Role.CITY] == "Ville"
    assert found.roles[Role.SEX] == "Sexe"
    assert found.roles[Role.DATE] == "Date d'entrée"
    assert {"NOM", "Prénom", "Date de naissance", "Téléphone"} <= set(found.private)
    assert not {"NOM", "Prénom", "Date de naissance", "Téléphone"} & set(found.used)


@pytest.mark.parametrize(
    "cells, kind",
    [
        (["a@example.org", "b.c@example.fr"], Private.EMAIL),
        (["06 12 34 56 78", "+33 1 23 45 67 89"], Private.PHONE),
        (["2 85 05 75 018 123 45", "1850575018123"], Private.SOCIAL),
        (["NOM-0001", "NOM-0002"], Private.NAME),
        (["Mme Dupont", "M. Martin"], Private.NAME),
    ],
)
def test_what_tells_who_somebody_is_is_found_under_any_name(cells, kind):
    found = recognise_columns({"colonne 7": cells, "Adresse": ADDRESSES})
    assert found.private["colonne 7"] is kind


def test_a_private_column_is_never_proposed_even_when_its_name_says_address():
    found = recognise_columns({"Adresse": ["a@example.org"] * 5, "lieu": ADDRESSES})
    assert found.private["Adresse"] is Private.EMAIL
    assert found.roles[Role.ADDRESS] == "lieu"


@pytest.mark.parametrize("x, y", [("X", "Y"), ("lon", "lat"), ("Longitude", "Latitude"),
                                  ("X_L93", "Y_L93"), ("coord_x", "coord_y")])  # fmt: skip
def test_coordinates_are_recognised_by_name(x, y):
    found = recognise_columns({x: ["2,35", "2.36"], y: ["48.85", "48.86"]})
    assert (found.roles[Role.X], found.roles[Role.Y]) == (x, y)
    assert found.can_locate


def test_a_column_called_x_that_holds_words_is_no_coordinate():
    found = recognise_columns({"X": ["oui", "non"], "Adresse": ADDRESSES})
    assert Role.X not in found.roles


def test_addresses_are_found_by_their_look_where_no_name_tells():
    found = recognise_columns({"c1": ["oui", "non"], "c2": ADDRESSES})
    assert found.roles == {Role.ADDRESS: "c2"}
    assert found.private == {"c1": Private.UNNEEDED}


def test_without_address_or_coordinates_nothing_can_be_located():
    assert not recognise_columns({"Sexe": ["F"], "vide": ["", ""]}).can_locate
    assert not recognise_columns({}).can_locate


def test_every_column_is_either_used_or_announced_as_not_stored():
    samples = {"Adresse": ADDRESSES, "NOM": ["a"], "Remarques": ["rien"], "CP": ["75018"]}
    found = recognise_columns(samples)
    assert set(found.used) | set(found.private) == set(samples)
    assert not set(found.used) & set(found.private)
