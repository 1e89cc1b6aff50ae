"""The one report of every load: complete when stored, short when printed, discreet always."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.errors import FileRefused
from importers.report import LISTED, LONGEST_VALUE, SHOWN, Report, shortened


def _report(refused: int = 0, repaired: int = 0, **more: object) -> Report:
    report = Report("grid", "c.csv", **more)
    for row in range(refused):
        report.refuse(row + 2, "ind", f"-{row}", "a negative value", "Leave it blank.")
    for row in range(repaired):
        report.repair(row + 2, "nom", "spelt wrongly", "read as Évry")
    return report


def test_the_words_give_every_figure_that_counts():
    report = Report("grid", "c.csv", read=10, kept=9, added=5, changed=1, unchanged=3)
    report.note("Read as text.")
    assert report.as_text().splitlines() == [
        "c.csv: 10 lines read, 9 kept, 5 added, 1 changed, 3 unchanged, 0 repaired, 0 refused.",
        "  Read as text.",
    ]


def test_a_refused_row_says_where_what_and_what_to_do():
    text = _report(refused=1).as_text()
    assert "line 2, column ind (-0): a negative value. Leave it blank." in text


def test_a_repaired_row_says_what_was_wrong_and_what_was_done():
    assert "line 2, nom: spelt wrongly; read as Évry." in _report(repaired=1).as_text()


@pytest.mark.parametrize("count", [SHOWN, SHOWN + 1, 500])
def test_long_lists_are_cut_in_print_and_whole_in_store(count):
    report = _report(refused=count, repaired=count)
    printed = report.as_text()
    assert printed.count("a negative value") == min(count, SHOWN)
    assert printed.count("spelt wrongly") == min(count, SHOWN)
    assert (f"… and {count - SHOWN} more" in printed) == (count > SHOWN)
    assert len(report.as_dict()["refused_rows"]) == count


def test_beyond_ten_thousand_rows_the_rest_is_counted():
    report = _report(refused=LISTED + 7)
    stored = report.as_dict()
    assert stored["refused"] == LISTED + 7
    assert len(stored["refused_rows"]) == LISTED
    assert stored["not_listed"] == {"refused": 7, "repaired": 0}
    assert stored["reasons"] == {"a negative value": LISTED + 7}


def test_personal_values_are_never_kept():
    report = Report("households", "m.csv", personal=True)
    report.refuse(2, "income", "Dupont 18 000", "no person")
    assert report.as_dict()["refused_rows"][0]["value"] is None
    assert "Dupont" not in report.as_text()


@given(st.text())
def test_a_value_is_shown_on_one_short_line(text):
    shown = shortened(text)
    assert len(shown) <= LONGEST_VALUE
    assert len(shown.splitlines()) <= 1


def test_one_refused_row_refuses_the_file_with_its_report():
    report = _report(refused=3)
    report.read = 8
    with pytest.raises(FileRefused) as caught:
        report.raise_if_refused()
    assert "3 of 8 lines cannot be loaded. Nothing was stored." in str(caught.value)
    assert caught.value.report == report.as_dict()
    json.dumps(caught.value.report)


def test_without_refused_rows_nothing_is_raised():
    _report(repaired=4).raise_if_refused()


def test_another_layers_repairs_count_only_for_the_rows_kept():
    report, other = _report(), _report(refused=1, repaired=3)
    report.absorb(other, repairs_of={3})
    assert (report.refused_count, report.repaired_count) == (1, 1)
    assert report.repaired[0].row == 3


def test_rows_are_called_by_their_name_in_the_plural():
    assert Report("history", "h.toml", "entry").units == "entries"
    assert Report("grid", "c.csv", "line").units == "lines"
