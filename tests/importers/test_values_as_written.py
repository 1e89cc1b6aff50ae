"""Numbers and texts as producers write them; a blank is never a zero."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.places import PLACES, department_of, measuring_srids, places_of
from importers.values import as_numbers, clean_text


def _read(*texts: str | None):
    return as_numbers(pa.chunked_array([pa.array(texts, pa.string())]))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12", 12), (" 12.5 ", 12.5), ("12,5", 12.5), ("1 234,5", 1234.5), ("1\u202f234", 1234),
        ("1\u00a0234,5", 1234.5), ("-3", -3), ("+4", 4), ("1e3", 1000), ("0,125", 0.125), ("0", 0),
    ],
)  # fmt: skip
def test_numbers_of_every_fashion_are_read(written, value):
    found = _read(written)
    assert found.values[0] == value
    assert not found.wrong[0]


@pytest.mark.parametrize("written", ["", " ", "NA", "nd", "NS", "so", "NaN", "null", None, "#N/A"])
def test_a_blank_is_no_value(written):
    found = _read(written)
    assert math.isnan(found.values[0])
    assert not found.wrong[0]


@pytest.mark.parametrize(
    "written", ["douze", "12 €", "1.2.3", "inf", "-inf", "1_000", "0x10", "12;5", "1,2,3"]
)
def test_what_is_no_number_is_wrong_and_not_blank(written):
    assert _read(written).wrong[0]


@pytest.mark.parametrize(
    ("written", "ambiguous"),
    [("1,234", True), ("12,345,678", True), ("1,23", False), ("0,123", False), ("1234,5", False)],
)
def test_a_comma_before_three_figures_may_be_thousands(written, ambiguous):
    assert _read(written).ambiguous[0] == ambiguous


def test_one_odd_value_does_not_change_how_the_others_are_read():
    found = _read("1.5", "2.5", "trois", "", "4,5")
    assert found.values[[0, 1, 4]].tolist() == [1.5, 2.5, 4.5]
    assert found.wrong.tolist() == [False, False, True, False, False]
    assert found.commas.tolist() == [False, False, False, False, True]
    assert found.points.tolist() == [True, True, False, False, False]


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))))
def test_numbers_written_by_a_program_come_back_whole(values):
    texts = [None if value is None else repr(value) for value in values]
    found = _read(*texts)
    assert not found.wrong.any()
    wanted = np.array([math.nan if value is None else value for value in values], float)
    np.testing.assert_array_equal(found.values, wanted)


@given(st.lists(st.one_of(st.none(), st.integers(-(2**40), 2**40))))
def test_typed_columns_are_taken_as_they_are(values):
    found = as_numbers(pa.chunked_array([pa.array(values, pa.int64())]))
    wanted = np.array([math.nan if value is None else value for value in values], float)
    np.testing.assert_array_equal(found.values, wanted)


# -- texts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Bois D\x92Olives", "Bois D’Olives"),
        ("C\x9cur De Saint-Laurent", "Cœur De Saint-Laurent"),
        ("La Source \x96 Bellepierre", "La Source – Bellepierre"),
        ("Sainte-ThÃ©rÃ¨se", "Sainte-Thérèse"),
        ("D\u0092Avenir – déjà bien", "D’Avenir – déjà bien"),
    ],
)
def test_signs_read_in_the_wrong_encoding_are_mended_and_said(written, read):
    text, why = clean_text(written)
    assert text == read
    assert "were read as" in why


@pytest.mark.parametrize(
    "written", ["L'Haÿ-les-Roses", "Âge d’or", "Çà et là", "ÎLE ÉTÉ", "São Ângelo", "Œuvre"]
)
def test_texts_that_are_right_are_left_alone(written):
    assert clean_text(written) == (written, "")


def test_doubled_blanks_and_line_ends_go_silently():
    assert clean_text("  Grand \n  Belleville ") == ("Grand Belleville", "")


@pytest.mark.parametrize("nothing", [None, float("nan"), ""])
def test_nothing_is_an_empty_text(nothing):
    assert clean_text(nothing) == ("", "")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])))
def test_mending_twice_is_mending_once(text):
    once, _ = clean_text(text)
    assert clean_text(once)[0] == once or clean_text(clean_text(once)[0])[1] == ""


# -- places --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lon", "lat", "srid"),
    [
        (2.35, 48.85, 2154), (9.1, 42.2, 2154), (-61.5, 16.2, 5490), (-61.0, 14.6, 5490),
        (-63.1, 18.07, 5490), (-52.3, 4.9, 2972), (55.5, -21.0, 2975), (45.2, -12.8, 4471),
        (-149.5, -17.6, 3297), (12.0, 3.0, 2154),
    ],
)  # fmt: skip
def test_each_territory_is_measured_in_its_own_system(lon, lat, srid):
    assert measuring_srids([lon], [lat]).tolist() == [srid]


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_a_point_is_in_a_place_only_inside_its_box(lon, lat):
    found = int(places_of([lon], [lat])[0])
    if found >= 0:
        west, south, east, north = PLACES[found].box
        assert west <= lon <= east
        assert south <= lat <= north


@pytest.mark.parametrize(
    ("code", "department"),
    [("75113", "75"), ("01004", "01"), ("2A004", "2A"), ("97411", "974"), ("98735", "987")],
)
def test_the_departement_of_a_code(code, department):
    assert department_of(code) == department
