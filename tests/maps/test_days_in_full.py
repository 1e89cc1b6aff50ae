"""Days are written as each language writes them, the first of a month too."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.utils.translation import override

from maps.dates import in_full


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2024, 1, 1), "1er janvier 2024", "Jan. 1, 2024"),
        (date(2023, 12, 28), "28 décembre 2023", "Dec. 28, 2023"),
        (date(2024, 2, 11), "11 février 2024", "Feb. 11, 2024"),
        (date(2024, 2, 21), "21 février 2024", "Feb. 21, 2024"),
        (None, "", ""),
    ],
)
def test_a_day_is_written_in_full(day, french, english):
    with override("fr"):
        assert in_full(day) == french
    with override("en"):
        assert in_full(day) == english


def test_a_moment_is_told_by_its_day_where_the_reader_is():
    late = datetime(2024, 4, 30, 23, 30, tzinfo=UTC)
    with override("fr"):
        told = Template("{% load maps_site %}{{ at|in_full }}").render(Context({"at": late}))
    assert told == "1er mai 2024", "half past one in Paris"
