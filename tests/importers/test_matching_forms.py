"""Every form of a messy list, with its trap: another way of the same name, never taken for it."""

from __future__ import annotations

import pytest

from importers.matching import Level, Outcome
from importers.matching.match import Why
from tests.importers.matching_town import found

# Each form of a messy list, written for the boulevard of the 10th and the rue of the 18th.
FORMS = (
    "{n} {type} de la Chapelle {code} PARIS",
    "{n}-{m} {type} de la Chapelle {code}",
    "{n} à {m} {type} de la Chapelle {code}",
    "{n} et {m} {type} de la Chapelle {code}",
    "Résidence du Parc - {n} {type} de la Chapelle {code}",
    "PROGRAMME LES TERRASSES {n} {type} DE LA CHAPELLE {code}",
    "LOT 3 BAT B {n} {type} de la Chapelle {code}",
    "ZAC PAJOL lot C1, {n} {type} de la Chapelle {code}",
    "ILOT BINET - {n} {type} de la Chapelle {code}",
    "{type} de la Chapelle, {n} - {code} PARIS",
    "{n} {type}\nde la Chapelle\n{code} PARIS",
    "{n} {type} de la Chapelle / {m} {type} de la Chapelle {code}",
    "{n} {type} de la Chapele {code}",
    "{n} {type} Chapelle {code}",
    "{n} {type} de la Chapelle {code} PARIS CEDEX {district}",
    "{n} {type} de la Chapelle BP 12 75{district}9 PARIS CEDEX {district}",
)
WAYS = {
    "boulevard": ("10", "10 Boulevard de la Chapelle (75110)",
                  ("bd", "BLD", "Bvd", "boul.", "BOULEVARD", "boulvard", "bouelvard")),
    "rue": ("18", "10 Rue de la Chapelle (75118)", ("r", "R.", "RUE", "rue", "reu")),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "way, spelling", [(way, spelt) for way, (_, _, all_of) in WAYS.items() for spelt in all_of]
)
def test_however_it_is_written_the_boulevard_is_never_taken_for_the_rue(town, form, way, spelling):
    district, door, _ = WAYS[way]
    cell = form.format(n=10, m=12, type=spelling, code=f"750{district}", district=district)
    match = town.match(cell)
    # A name and a type both misspelt may be left to the person; another way is never the answer.
    if match.outcome is Outcome.LOCATED:
        assert found(match) == door
    else:
        assert "Chapele" in form and spelling in ("boulvard", "bouelvard", "reu")


@pytest.mark.parametrize("postcode", ["75010", "75018"])
def test_with_no_type_at_all_both_ways_are_offered_and_neither_taken(town, postcode):
    match = town.match("10 Chapelle")
    offered = {place.label for place in (match.place, *match.others)}
    assert match.outcome is Outcome.AMBIGUOUS
    assert offered == {door for _, door, _ in WAYS.values()}
    # The postcode decides between them only where one of them lies there.
    assert found(town.match(f"10 Chapelle {postcode}")).endswith(f"(751{postcode[3:]})")


@pytest.mark.parametrize("cell", ["ZAC PAJOL", "ILOT BINET lot 2", "Programme Les Terrasses 75018",
                                  "LOT 4 BAT B", "Résidence du Parc 12, 75013 Paris"])  # fmt: skip
def test_a_programme_without_number_and_way_is_not_located(town, cell):
    assert town.match(cell).outcome is Outcome.NOT_LOCATED


@pytest.mark.parametrize("suffix, kept", [("bis", "b"), ("BIS", "b"), ("B", "b"), (" b", "b"),
                                          ("ter", ""), ("T", ""), ("quater", ""), (" Q", ""),
                                          ("quinquies", "")])  # fmt: skip
def test_a_suffix_never_changes_the_number_nor_becomes_a_word_of_the_street(town, suffix, kept):
    match = town.match(f"62{suffix} avenue Parmentier 75011")
    assert match.outcome is Outcome.LOCATED
    assert found(match) == f"62{kept} Avenue Parmentier (75111)"
    assert match.tokens == ("PARMENTIER",)


def test_the_postcode_of_the_next_arrondissement_is_said_and_the_door_found(town):
    match = town.match("62 avenue Parmentier 75010")
    if match.outcome is Outcome.LOCATED:
        assert Why.POSTCODE_NEXT in match.whys
    assert found(match) == "62 Avenue Parmentier (75111)"


@pytest.mark.parametrize("cell", ["8 rue Victor\nHugo 75116", "8 av. Victor\nHugo 75005"])
def test_a_line_that_breaks_a_name_does_not_make_another_street_of_its_beginning(town, cell):
    match = town.match(cell)  # there is a rue Victor in the 5th
    assert match.outcome is not Outcome.LOCATED or found(match) == "8 Avenue Victor Hugo (75116)"


def test_lines_of_a_label_are_not_run_together_where_each_says_something(town):
    match = town.match("Foyer Nanteuil\n12 rue des Peupliers\n75013 PARIS")
    assert match.outcome is Outcome.LOCATED
    assert found(match) == "12 Rue des Peupliers (75113)"


def test_a_telephone_number_is_not_the_number_of_a_street(town):
    match = town.match("rue des Peupliers 01 40 00 00 00")
    assert match.level is Level.STREET
