"""Each load that could let a few persons be found by subtraction looks again at what is printed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from importers.errors import FileRefused
from importers.loads import load
from importers.memberships import refresh_memberships
from observatory.models import Change, Indicator, Level, Observation, Territory
from tests.factories import a_box, a_perimeter, a_territory
from tests.observatory.figures_makers import a_figure, an_indicator

pytestmark = pytest.mark.django_db
DICTIONARY = (
    "code,label,nature,counts_persons,part_of\n"
    "helped,Personnes aidées,count,oui,\n"
    "helped-young,Jeunes aidés,count,oui,helped\n"
    "helped-old,Aînés aidés,count,oui,helped\n"
)


def brought(kind: str, folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    load(kind, path)


def hidden() -> set[tuple[str, str]]:
    rows = Observation.objects.filter(betrays=True)
    return set(rows.values_list("indicator__code", "territory__code"))


@pytest.fixture
def ward() -> Territory:
    return a_territory(Level.ARRONDISSEMENT, "75118", "18e")


def test_a_dictionary_says_which_count_is_part_of_which(tmp_path: Path, ward: Territory) -> None:
    brought("dictionary", tmp_path, "d.csv", DICTIONARY)
    young = Indicator.objects.get(code="helped-young")
    assert young.part_of is not None and young.part_of.code == "helped"
    brought("dictionary", tmp_path, "other.csv", "code,label,nature\nhelped-young,Jeunes,count\n")
    young.refresh_from_db()
    assert young.part_of is not None, "a table without the column says nothing of it"


@pytest.mark.parametrize("whole", ["nobody", "helped-young"])
def test_a_part_of_nothing_known_or_of_itself_is_refused(tmp_path: Path, whole: str) -> None:
    text = f"code,label,nature,part_of\nhelped-young,Jeunes,count,{whole}\n"
    with pytest.raises(FileRefused, match="no other indicator is called so"):
        brought("dictionary", tmp_path, "d.csv", text)


def test_bands_loaded_one_after_the_other_are_looked_at_together(
    tmp_path: Path, ward: Territory
) -> None:
    brought("dictionary", tmp_path, "d.csv", DICTIONARY)
    header = "indicator,level,territory,year,value\n"
    row = "{},arrondissement,75118,2018,{}\n"
    brought("indicators", tmp_path, "tous.csv", header + row.format("helped", 80))
    assert hidden() == set()
    brought("indicators", tmp_path, "jeunes.csv", header + row.format("helped-young", 77))
    assert hidden() == {("helped-young", "75118")}
    brought("indicators", tmp_path, "jeunes.csv", header + row.format("helped-young", 60))
    assert hidden() == set(), "a corrected figure takes the mark away"


def test_naming_the_whole_later_marks_what_is_stored(ward: Territory, tmp_path: Path) -> None:
    for code, value in (("helped", 80), ("helped-young", 77)):
        a_figure(an_indicator(code, counts_persons=True), ward, 2018, value)
    brought("dictionary", tmp_path, "d.csv", DICTIONARY)
    assert hidden() == {("helped-young", "75118")}


def test_an_outline_loaded_later_marks_what_is_stored(ward: Territory) -> None:
    quarter = a_territory(Level.QPV, "QP1", generation=2015)
    helped = an_indicator("helped", counts_persons=True)
    a_figure(helped, ward, 2018, 103)
    a_figure(helped, quarter, 2018, 100)
    a_perimeter(ward, a_box(2.34, 48.87, 2.38, 48.91), status="reference")
    a_perimeter(quarter, a_box(2.35, 48.88, 2.36, 48.89), since=date(2015, 1, 1))
    refresh_memberships([quarter.pk])
    assert hidden() == {("helped", "QP1")}
    note = Change.objects.get(table="observatory_observation", action="update")
    assert note.after == {"betrays": True}, "that it is withheld leaves a trace"
