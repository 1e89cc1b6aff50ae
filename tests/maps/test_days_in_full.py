"""Days are written as each language writes them, the first of a month too."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils.formats import date_format
from django.utils.translation import override

import maps
from maps.dates import in_full


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2024, 1, 1), "1er janvier 2024", "1 January 2024"),
        (date(2023, 12, 28), "28 décembre 2023", "28 December 2023"),
        (date(2024, 2, 11), "11 février 2024", "11 February 2024"),
        (date(2024, 2, 21), "21 février 2024", "21 February 2024"),
        (None, "", ""),
    ],
)
def test_a_day_is_written_in_full(day, french, english):
    with override("fr"):
        assert in_full(day) == french
    with override("en"):
        assert in_full(day) == english


@pytest.mark.parametrize(
    ("form", "french", "english"),
    [
        ("DATE_FORMAT", "3 janvier 2023", "3 January 2023"),
        ("SHORT_DATE_FORMAT", "03/01/2023", "3 Jan 2023"),
        ("DATETIME_FORMAT", "3 janvier 2023 14:05", "3 January 2023, 14:05"),
        ("SHORT_DATETIME_FORMAT", "03/01/2023 14:05", "3 Jan 2023, 14:05"),
    ],
)
def test_in_english_the_month_is_in_letters_for_it_could_be_read_as_the_day(form, french, english):
    at = datetime(2023, 1, 3, 14, 5)
    for language, written in (("fr", french), ("en", english)):
        with override(language):
            assert date_format(at, form) == written


def test_no_page_writes_a_day_in_figures_of_its_own():
    """A format named in a template is the same in every language."""
    pages = Path(maps.__file__).parent.rglob("*.html")
    assert [one.name for one in pages if re.search(r'date:"[^"]*[dj]/', one.read_text())] == []


def test_a_moment_is_told_by_its_day_where_the_reader_is():
    late = datetime(2024, 4, 30, 23, 30, tzinfo=UTC)
    with override("fr"):
        told = Template("{% load maps_site %}{{ at|in_full }}").render(Context({"at": late}))
    assert told == "1er mai 2024", "half past one in Paris"
