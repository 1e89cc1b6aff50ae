"""The matcher over stored addresses: made from the database, made again when it changes."""

from __future__ import annotations

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from importers.matching import Outcome
from importers.matching.distance import TOO_FAR, alignment, edits, sound
from importers.matching.errors import NoReference
from importers.matching.mentions import misspelt_type
from importers.matching.reference import stored_matcher
from importers.matching.words import split_street
from observatory.models import Address
from tests.factories import a_source


def store(number: str, street: str = "Rue des Essais", commune: str = "75118", lon: float = 2.36):
    return Address.objects.create(
        ban_id=f"{commune}_{street}_{number}",
        number=number,
        street=street,
        postcode="75018" if commune == "75118" else "93200",
        commune_code=commune,
        commune_name="Paris 18e Arrondissement" if commune == "75118" else "Saint-Denis",
        source=a_source("ban"),
        geom=Point(lon, 48.89, srid=4326),
    )


@pytest.mark.django_db
def test_without_a_reference_the_message_says_what_to_load():
    with pytest.raises(NoReference) as refused:
        stored_matcher()
    assert "observatory load addresses" in refused.value.advice


@pytest.mark.django_db
def test_stored_addresses_are_found_and_new_ones_as_soon_as_they_are_stored():
    store("12")
    first = stored_matcher()
    assert first.match("12 rue des Essais").outcome is Outcome.LOCATED
    assert stored_matcher() is first
    store("14", lon=2.361)
    match = stored_matcher().match("14 rue des Essais")
    assert match.place.lon == pytest.approx(2.361)
    assert match.place.label.startswith("14 Rue des Essais")


@pytest.mark.django_db
def test_only_the_departments_asked_for_are_read():
    store("12")
    store("12", "Rue de la République", "93066")
    matcher = stored_matcher(frozenset({"93"}))
    assert matcher.match("12 rue de la République 93200").outcome is Outcome.LOCATED
    assert matcher.match("12 rue des Essais").outcome is Outcome.NOT_LOCATED


@pytest.mark.django_db
def test_matching_reads_the_database_twice_at_most_however_many_cells(
    django_assert_max_num_queries,
):
    store("12")
    stored_matcher()
    with django_assert_max_num_queries(1):
        matcher = stored_matcher()
        matcher.match_all([f"{n} rue des Essais" for n in range(200)])
    assert connection.connection is not None


# -- words ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, kind, words",
    [
        ("Boulevard de la Chapelle", "BOULEVARD", ["CHAPELLE"]),
        ("Rue du Faubourg Saint-Antoine", "RUE", ["FAUBOURG", "SAINT", "ANTOINE"]),
        ("34P1 Rue de la Goutte d'Or", "RUE", ["GOUTTE", "OR"]),
        ("Rond-point du Pont Mirabeau", "ROND POINT", ["PONT", "MIRABEAU"]),
        ("Voie B/18", "VOIE", ["B", "18"]),
        ("Rue du Quatre Septembre", "RUE", ["4", "SEPTEMBRE"]),
        ("Quai aux Fleurs", "QUAI", ["FLEURS"]),
        ("Le Corbusier", "", ["CORBUSIER"]),
    ],
)
def test_a_street_of_the_reference_is_split_into_type_and_telling_words(name, kind, words):
    assert split_street(name) == (kind, words)


@pytest.mark.parametrize(
    "word, kind",
    [("BOULVARD", "BOULEVARD"), ("AVENEU", "AVENUE"), ("RU", "RUE"), ("RUUE", "RUE"),
     ("IMAPSSE", "IMPASSE"), ("SQARE", "SQUARE"), ("PARIS", ""), ("PIAT", ""), ("ROUTE", "ROUTE")],
)  # fmt: skip
def test_misspelt_types_of_way_are_recognised(word, kind):
    assert misspelt_type(word) == kind


short = st.text(alphabet="ABCDE", max_size=7)


def plain_distance(one: str, other: str) -> int:
    """Restricted Damerau-Levenshtein by its definition, slowly."""
    if not one or not other:
        return len(one) + len(other)
    best = min(
        plain_distance(one[:-1], other) + 1,
        plain_distance(one, other[:-1]) + 1,
        plain_distance(one[:-1], other[:-1]) + (one[-1] != other[-1]),
    )
    if len(one) > 1 and len(other) > 1 and one[-1] == other[-2] and one[-2] == other[-1]:
        best = min(best, plain_distance(one[:-2], other[:-2]) + 1)
    return best


@given(st.text(alphabet="ABC", max_size=5), st.text(alphabet="ABC", max_size=5))
def test_typing_errors_are_counted_as_by_definition(one, other):
    expected = plain_distance(one, other)
    assert edits(one, other, 2) == (expected if expected <= 2 else TOO_FAR)


@given(short, short)
def test_the_distance_is_the_same_both_ways(one, other):
    assert edits(one, other) == edits(other, one)


@given(st.lists(short.filter(bool), min_size=1, max_size=4))
def test_a_name_agrees_with_itself_fully(words):
    score, agreed = alignment(words, words)
    assert score == pytest.approx(1.0)
    assert agreed == words


def test_the_last_word_of_a_name_can_never_be_left_out():
    assert alignment(["VICTOR"], ["VICTOR", "HUGO"])[0] == 0
    assert alignment(["HUGO"], ["VICTOR", "HUGO"])[0] > 0.84


def test_words_in_another_order_do_not_agree():
    assert alignment(["HUGO", "VICTOR"], ["VICTOR", "HUGO"])[0] == 0


@pytest.mark.parametrize(
    "one, other", [("ROY", "ROI"), ("PHILIPPE", "FILIPE"), ("MATHIS", "MATIS")]
)
def test_names_that_sound_alike_agree(one, other):
    assert sound(one) == sound(other)
