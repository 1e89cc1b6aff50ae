"""A dictionary of one's own says from which year on a series no longer compares."""

from __future__ import annotations

from pathlib import Path

import pytest

from importers.errors import FileRefused
from importers.loads import load
from observatory.models import SeriesBreak

pytestmark = pytest.mark.django_db
HEADER = "code,label,nature,break_year,break_reason\n"


def written(folder: Path, *rows: str) -> Path:
    path = folder / "dictionnaire.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_a_break_is_kept_with_its_year_and_reason(tmp_path: Path) -> None:
    path = written(
        tmp_path, "jobs,Demandeurs,count,2018,autre méthode", "births,Naissances,count,,"
    )
    load("dictionary", path)
    found = SeriesBreak.objects.get()
    assert (found.indicator.code, found.year, found.reason) == ("jobs", 2018, "autre méthode")
    assert found.territory is None


def test_a_second_load_corrects_the_reason_and_adds_nothing(tmp_path: Path) -> None:
    load("dictionary", written(tmp_path, "jobs,Demandeurs,count,2018,autre méthode"))
    load("dictionary", written(tmp_path, "jobs,Demandeurs,count,2018,autre champ"))
    assert SeriesBreak.objects.get().reason == "autre champ"


@pytest.mark.parametrize("told", ["2018,", ",autre méthode", "18,autre méthode", "hier,x"])
def test_a_break_without_year_or_reason_is_refused_by_row(tmp_path: Path, told: str) -> None:
    with pytest.raises(FileRefused, match="a break of series needs a year and a reason"):
        load("dictionary", written(tmp_path, f"jobs,Demandeurs,count,{told}"))
    assert not SeriesBreak.objects.exists()


def test_a_dictionary_without_these_columns_is_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "dictionnaire.csv"
    path.write_text("code,label,nature\njobs,Demandeurs,count\n", encoding="utf-8")
    load("dictionary", path)
    assert not SeriesBreak.objects.exists()
