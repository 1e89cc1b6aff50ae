"""The national address base as delivered: every door once, replaced by département."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from observatory.models import Address, Source
from tests.importers.makers import address, ban_csv

pytestmark = pytest.mark.django_db


def test_a_gzipped_file_gives_doors_with_their_points(bring, tmp_path):
    rows = [address(1), address(2, rep="bis", type_position="parcelle")]
    report = bring("addresses", ban_csv(tmp_path / "adresses-75.csv.gz", rows)).report
    second = Address.objects.get(number="2")
    assert str(second) == "2 bis Rue de la Glacière 75013 Paris 13e Arrondissement"
    assert second.geom.coords == (2.34002, 48.83)
    assert (second.commune_code, second.position) == ("75113", "parcelle")
    assert (report.read, report.kept, report.added) == (2, 2, 2)
    assert Source.objects.get().title == "Base Adresse Nationale"


def test_plain_and_gzipped_files_are_the_same(bring, tmp_path):
    rows = [address(n) for n in range(5)]
    bring("addresses", ban_csv(tmp_path / "a.csv.gz", rows))
    report = bring("addresses", ban_csv(tmp_path / "b.csv", rows)).report
    assert (report.unchanged, report.added, report.changed) == (5, 0, 0)


def test_postcodes_and_numbers_keep_their_leading_zeros(bring, tmp_path):
    ain = address(1, numero="007", code_postal="01500", code_insee="01004", lon="5.35", lat="45.96")
    bring("addresses", ban_csv(tmp_path / "a.csv", [ain]))
    stored = Address.objects.get()
    assert (stored.number, stored.postcode, stored.commune_code) == ("007", "01500", "01004")


def test_a_newer_file_moves_renames_and_withdraws(bring, tmp_path):
    bring("addresses", ban_csv(tmp_path / "old.csv", [address(n) for n in range(3)]))
    newer = [address(0), address(1, nom_voie="Rue Neuve"), address(7)]
    report = bring("addresses", ban_csv(tmp_path / "new.csv", newer)).report
    figures = (report.unchanged, report.changed, report.added, report.withdrawn)
    assert figures == (1, 1, 1, 1)
    assert Address.objects.get(number="1").street == "Rue Neuve"


def test_another_departement_does_not_withdraw_this_one(bring, tmp_path):
    bring("addresses", ban_csv(tmp_path / "75.csv", [address(1)]))
    other = address(2, id="93001_1", code_insee="93001", code_postal="93300")
    bring("addresses", ban_csv(tmp_path / "93.csv", [other]))
    assert Address.objects.count() == 2


BAD = {
    "no id": (address(2, id=""), "column id: the value is missing"),
    "no street": (address(2, nom_voie=""), "column nom_voie: the value is missing"),
    "no coordinates": (address(2, lon="", lat=""), "the point has no coordinates"),
    "coordinates that are words": (address(2, lon="est", lat="nord"), "has no coordinates"),
    "swapped": (address(2, lon="48.83", lat="2.34"), "longitude and latitude are swapped"),
    "abroad": (address(2, lon="-0.12", lat="51.6"), "the point is not in France"),
    "a long postcode": (address(2, code_postal="750013"), "more than 5 characters"),
    "the same door again": (address(1), "the id already stands in line 2"),
}


@pytest.mark.parametrize("case", BAD)
def test_one_bad_door_refuses_the_file(refused, tmp_path, case):
    row, words = BAD[case]
    said = refused("addresses", ban_csv(tmp_path / "a.csv", [address(1), row]))
    assert "1 of 2 lines" in said
    assert "line 3" in said
    assert words in said


NAMES = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters='"'
    ),
    min_size=1,
    max_size=60,
).filter(lambda text: text.strip() == text and ";" not in text)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=NAMES)
def test_street_names_are_stored_as_written(bring, tmp_path, name):
    bring("addresses", ban_csv(tmp_path / "a.csv", [address(1, nom_voie=name)]))
    assert Address.objects.get().street == name
