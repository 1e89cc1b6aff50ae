"""What partners write in an address cell, and the door that is found, or why none is."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.matching import Level, Matcher, Outcome
from importers.matching.match import Why
from tests.importers.matching_town import STREETS, found, the_town


@pytest.mark.parametrize(
    "cell, door",
    [
        ("12 rue des Peupliers 75013 Paris", "12 Rue des Peupliers"),
        ("12, RUE DES PEUPLIERS", "12 Rue des Peupliers"),
        ("12rue des peupliers", "12 Rue des Peupliers"),
        ("N°12 R. des Peupliers, PARIS 13e", "12 Rue des Peupliers"),
        ("PARIS 13 12 RUE DES PEUPLIERS", "12 Rue des Peupliers"),
        ("12 rue des peupliers XIIIe", "12 Rue des Peupliers"),
        ("12 RUE PEUPLIERS 75 013 PARIS", "12 Rue des Peupliers"),
        ("RUE DES PEUPLIERS, 12 - 75013 PARIS", "12 Rue des Peupliers"),
        ("rue des peupliers (12)", "12 Rue des Peupliers"),
        # ranges and lists: the first number
        ("16-20 rue des Peupliers", "16 Rue des Peupliers"),
        ("3 à 11 rue des Peupliers", "3 Rue des Peupliers"),
        ("15,17 rue des Peupliers", "15 Rue des Peupliers"),
        ("16 et 18 bis r. des Peupliers", "16 Rue des Peupliers"),
        ("8/8B/10 rue des Peupliers", "8 Rue des Peupliers"),
        ("16-18-20 rue des Peupliers", "16 Rue des Peupliers"),
        ("77-97 rue des Peupliers", "77 Rue des Peupliers"),
        # programme, lot, block, floor, box
        ("Résidence du Parc - 12 rue des Peupliers", "12 Rue des Peupliers"),
        ("Opération 2014-03, 12 rue des Peupliers", "12 Rue des Peupliers"),
        ("LOT 4 12 RUE DES PEUPLIERS", "12 Rue des Peupliers"),
        ("Lot 8.1 ZAC Nord, 12 rue des Peupliers", "12 Rue des Peupliers"),
        ("ZAC PAJOL lot C1 - 12 rue des Peupliers", "12 Rue des Peupliers"),
        ("BAT B 12 RUE DES PEUPLIERS ESC 3 APT 45", "12 Rue des Peupliers"),
        ("12 rue des Peupliers, Bât 3, 4e étage, porte 9, 75013 PARIS", "12 Rue des Peupliers"),
        ("3EME ETAGE GAUCHE 12 RUE DES PEUPLIERS", "12 Rue des Peupliers"),
        ("12 RUE DES PEUPLIERS BP 45 75541 PARIS CEDEX 13", "12 Rue des Peupliers"),
        ("CS 70021 12 RUE DES PEUPLIERS 75604 PARIS CEDEX 13", "12 Rue des Peupliers"),
        ("2 QUAI DU LOT 75019", "2 Quai du Lot"),
        ("3 Voie B/18 75018 PARIS", "3 Voie B/18"),
        # types of way
        ("5 AV PARMENTIER", "5 Avenue Parmentier"),
        ("4 bvd de la chapelle 75010", "4 Boulevard de la Chapelle"),
        ("4 BLD CHAPELLE 75010", "4 Boulevard de la Chapelle"),
        ("4 boulvard de la chapelle 75010", "4 Boulevard de la Chapelle"),
        ("5 aveneu parmentier", "5 Avenue Parmentier"),
        ("3 VLA D'ESTE", "3 Villa d'Este"),
        ("12 PL DE LA PTE DE VANVES", "12 Place de la Porte de Vanves"),
        ("5 parmentier 75011", "5 Avenue Parmentier"),
        # names
        ("7 FBG ST ANTOINE 75011", "7 Rue du Faubourg Saint-Antoine"),
        ("7 r du fg st-antoine", "7 Rue du Faubourg Saint-Antoine"),
        ("12 AV DU GAL LECLERC", "12 Avenue du Général Leclerc"),
        ("3 rue du 8 mai 1945", "3 Rue du Huit Mai 1945"),
        ("16 rue Kellner 75 017", "16 Rue Jacques Kellner"),
        ("16 rue J. Kellner 75017", "16 Rue Jacques Kellner"),
        ("12 rue des peuplliers 75013", "12 Rue des Peupliers"),
        ("12 rue des puepliers 75013", "12 Rue des Peupliers"),
        ("5 av victor hugoo 75116", "5 Avenue Victor Hugo"),
        # several addresses with no sign between, and a corner: the first address
        ("8 rue de la Chapelle 12 rue de la Chapelle 75018", "8 Rue de la Chapelle"),
        ("12 rue des Peupliers, angle rue Nanteuil, 75013", "12 Rue des Peupliers"),
        # what the way to us did to the text
        ("12 rue\ndes Peupliers 75013", "12 Rue des Peupliers"),
        ("12 avenue du GÃ©nÃ©ral\nLeclerc 75014", "12 Avenue du Général Leclerc"),
        ("12 av du G?n?ral Leclerc 75014", "12 Avenue du Général Leclerc"),
        ("12 AVENUE DU G\ufffdN\ufffdRAL LECLERC", "12 Avenue du Général Leclerc"),
        ("0012 RUE DES PEUPLIERS", "12 Rue des Peupliers"),
        ("12-RUE-DES-PEUPLIERS-75013-PARIS", "12 Rue des Peupliers"),
        ("rue des Peupliers, au 12", "12 Rue des Peupliers"),
        ("chez Mme DUPONT, 12 rue des Peupliers", "12 Rue des Peupliers"),
        ("domicilié au 12 rue des Peupliers", "12 Rue des Peupliers"),
        ("12 rue des Peupliers 75013 - tél. 01 40 00 00 00", "12 Rue des Peupliers"),
    ],
)  # fmt: skip
def test_the_door_is_found(town, cell, door):
    match = town.match(cell)
    assert match.outcome is Outcome.LOCATED
    assert match.level is Level.NUMBER
    assert found(match).rsplit(" (", 1)[0] == door


@pytest.mark.parametrize("spelling", ["62 bis", "62bis", "62 B", "62b", "62, bis", "62 BIS,"])
def test_bis_in_every_spelling_is_the_same_door(town, spelling):
    match = town.match(f"{spelling} avenue Parmentier")
    assert found(match) == "62b Avenue Parmentier (75111)"
    assert match.whys == ()


def test_a_suffix_the_reference_lacks_gives_the_number_and_says_so(town):
    match = town.match("12 ter rue des Peupliers")
    assert found(match) == "12 Rue des Peupliers (75113)"
    assert Why.SUFFIX_UNKNOWN in match.whys
    assert match.place.precision >= 15


def test_a_missing_number_lies_between_its_neighbours(town):
    match = town.match("12 rue Piat 75020")
    assert match.level is Level.BETWEEN
    assert Why.NUMBER_UNKNOWN in match.whys
    west, east = 2.3840 + 20 / 73_300, 2.3840 + 40 / 73_300  # numbers 10 and 16
    assert west < match.place.lon < east
    assert match.place.precision > 5


def test_without_a_number_the_whole_street_is_meant(town):
    match = town.match("rue Piat 75020")
    assert match.level is Level.STREET
    assert Why.NUMBER_MISSING in match.whys
    assert match.place.precision == pytest.approx(40, abs=1)  # the street's own reach


# -- never guessed -------------------------------------------------------------------------


def test_another_type_of_way_is_never_an_answer(town):
    match = town.match("62 bis rue Parmentier 75011")
    assert match.outcome is Outcome.AMBIGUOUS
    assert Why.TYPE_DIFFERS in match.whys
    assert found(match).startswith("62b Avenue Parmentier")


def test_the_street_next_door_does_not_win_over_another_type_where_the_postcode_says(town):
    # In the 10th there is a boulevard de la Chapelle with a number 12, in the 18th a rue.
    match = town.match("12 rue de la Chapelle 75010")
    assert match.outcome is Outcome.AMBIGUOUS
    labels = {place.label for place in (match.place, *match.others)}
    assert {"12 Rue de la Chapelle (75118)", "12 Boulevard de la Chapelle (75110)"} <= labels


def test_a_name_without_type_that_two_streets_bear_is_ambiguous(town):
    match = town.match("12 Chapelle")
    assert match.outcome is Outcome.AMBIGUOUS
    assert Why.SEVERAL_STREETS in match.whys


def test_a_shorter_name_does_not_swallow_a_longer_one(town):
    # There is a rue Victor, but the cell says Victor Hugo, which is an avenue.
    match = town.match("12 rue Victor Hugo")
    assert match.outcome is Outcome.AMBIGUOUS


def test_a_postcode_from_the_other_end_of_town_is_not_explained_away(town):
    match = town.match("8 rue de la Chapelle 75014")
    assert found(match) == "8 Rue de la Chapelle (75118)"
    assert match.outcome is Outcome.AMBIGUOUS
    assert Why.POSTCODE_FAR in match.whys


def test_house_numbers_go_on_from_one_arrondissement_to_the_next(town):
    match = town.match("40 rue de Belleville 75019")  # even numbers lie in the 20th
    assert match.outcome is Outcome.LOCATED
    assert found(match) == "40 Rue de Belleville (75120)"
    assert Why.POSTCODE_NEXT in match.whys


def test_a_commune_outside_the_reference_is_not_looked_for_inside(town):
    for cell in ("12 rue des Peupliers 92000 Nanterre", "5 avenue Parmentier 69003 LYON"):
        match = town.match(cell)
        assert match.outcome is Outcome.NOT_LOCATED
        assert match.whys == (Why.OUTSIDE_REFERENCE,)


def test_a_street_of_another_commune_is_not_taken(town):
    match = town.match("12 rue de la République 75011 Paris")
    assert match.outcome is not Outcome.LOCATED


def test_postcode_and_city_may_stand_in_their_own_columns(town):
    match = town.match("12 rue de la République", "93200", "SAINT DENIS")
    assert found(match) == "12 Rue de la République (93066)"
    match = town.match("5 av Parmentier", "75011", "Paris 11")
    assert found(match) == "5 Avenue Parmentier (75111)"


def test_a_city_nobody_knows_is_outside_the_reference(town):
    match = town.match("12 rue des Peupliers", "", "NANTERRE")
    assert match.whys == (Why.OUTSIDE_REFERENCE,)


@pytest.mark.parametrize(
    "cell, level",
    [("", Level.NOTHING), ("   ", Level.NOTHING), ("SDF", Level.NOTHING),
     ("ZAC PAJOL LOT 3", Level.NOTHING), ("sans domicile fixe 75018", Level.POSTCODE),
     ("=cmd|' /C calc'!A0", Level.NOTHING), ("75018 PARIS", Level.POSTCODE)],
)  # fmt: skip
def test_what_names_no_street_is_not_located(town, cell, level):
    match = town.match(cell)
    assert match.outcome is Outcome.NOT_LOCATED
    assert match.level is level
    assert match.place is None


# -- several addresses ---------------------------------------------------------------------


@pytest.mark.parametrize("link", [" / ", " - ", " ", " et ", "; ", "\n", " + ", ", "])
def test_two_near_addresses_of_one_cell_give_the_first_and_keep_the_second(town, link):
    match = town.match(f"8 rue de la Chapelle{link}12 rue de la Chapelle 75018")
    assert found(match) == "8 Rue de la Chapelle (75118)"
    assert [place.label for place in match.others] == ["12 Rue de la Chapelle (75118)"]
    assert Why.SEVERAL_ADDRESSES in match.whys


def test_two_addresses_far_apart_are_ambiguous(town):
    match = town.match("8 rue de la Chapelle / 12 rue des Peupliers")
    assert match.outcome is Outcome.AMBIGUOUS


def test_a_number_is_never_taken_from_the_other_address(town):
    match = town.match("rue Nanteuil / 12 rue des Peupliers")
    assert found(match) == "12 Rue des Peupliers (75113)"
    for place in (match.place, *match.others):
        assert "12 Rue Nanteuil" not in place.label


# -- what is told --------------------------------------------------------------------------


def test_every_match_says_how_with_its_score_and_the_words_that_agreed(town):
    told = town.match("16 rue Kellner 75017").as_dict()
    assert told["level"] == "number"
    assert told["agreed"] == ["KELLNER"]
    assert 0.84 <= told["score"] < 1
    assert told["why"] == ["name_partial"]
    assert town.match("16 rue Jacques Kellner").as_dict()["score"] == 1.0


# -- anything at all -----------------------------------------------------------------------


@given(st.text(max_size=200), st.text(max_size=12), st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_no_text_at_all_breaks_the_reading(cell, postcode, city):
    match = the_only_town().match(cell, postcode, city)
    assert isinstance(match.outcome, Outcome)
    assert (match.place is None) == (match.outcome is Outcome.NOT_LOCATED)


words = st.lists(
    st.sampled_from(
        [
            "12",
            "3",
            "A",
            "BIS",
            "RUE",
            "AV",
            "R",
            "LA",
            "CHAPELLE",
            "PEUPLIERS",
            "-",
            "/",
            ",",
            "ET",
            "LOT",
            "BAT",
            "75018",
            "75013",
            "PARIS",
            "CEDEX",
            "N°",
            "FBG",
            "ST",
            "ANTOINE",
            "VICTOR",
            "HUGO",
            "8",
            "MAI",
            "1945",
            "TER",
            "B",
        ]
    ),
    max_size=12,
)


@given(words)
@settings(max_examples=400, deadline=None)
def test_a_located_cell_holds_the_number_and_the_words_of_its_door(parts):
    """Whatever the mixture, nothing is located that the cell does not say."""
    cell = " ".join(parts)
    match = the_only_town().match(cell)
    if match.outcome is not Outcome.LOCATED or match.level is not Level.NUMBER:
        return
    number = found(match).split()[0].rstrip("bt")
    written = [int(part) for part in parts if part.isdigit()]
    in_a_range = any(low < int(number) < high for low in written for high in written)
    assert int(number) in written or in_a_range
    assert match.tokens


@given(st.sampled_from(STREETS), st.data())
@settings(max_examples=100, deadline=None)
def test_a_door_written_as_the_reference_writes_it_is_always_found(street, data):
    name, commune, postcode, numbers, _ = street
    number = data.draw(st.sampled_from(list(numbers)))
    match = the_only_town().match(f"{number} {name} {postcode}")
    assert match.outcome is Outcome.LOCATED
    assert found(match) == f"{number} {name} ({commune})"


@cache
def the_only_town() -> Matcher:
    """Return the town, made once: hypothesis does not mix with fixtures of functions."""
    return the_town()
