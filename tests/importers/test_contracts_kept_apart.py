"""What a contract brings stays its own: another's files of the same name replace nothing of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from importers.errors import AnotherContract, AnotherSeries, FileRefused
from importers.loads import Loaded
from observatory.models import Facility, FollowUpSheet, Indicator, Level, Observation, Scheme
from tests.factories import a_territory
from tests.importers.test_contracts_by_tables import LYON, NANTES
from tests.observatory.figures_makers import an_indicator

pytestmark = pytest.mark.django_db
Bring = Callable[..., Loaded]


@pytest.fixture
def bring(bring_text: Bring) -> Bring:
    return bring_text


NAMED_ALIKE = {
    "framework": (LYON, NANTES),
    "schemes": ("code,name,theme\na,A,emploi\n", "code,name,theme\nb,B,emploi\n"),
    "quarters": tuple(
        "name,status,communes,commune_codes,contract,population\n"
        f"{name},qpv,{city},{code},CV-{city},4000\n"
        for name, city, code in (("Mermoz", "LYON", "69388"), ("Malakoff", "NANTES", "44109"))
    ),
    "funding": tuple(f"key,title,funder,year,amount\n{k},T,F,2020,1\n" for k in "ab"),
    "projects": tuple(
        f"key,name,kind,level,territory\n{k},N,K,commune,{code}\n"
        for k, code in (("a", "69123"), ("b", "44109"))
    ),
    "statements": tuple(f"key,label,printed,formula,operands\n{k},L,1,sum,1\n" for k in "ab"),
}


@pytest.mark.parametrize("kind", NAMED_ALIKE)
def test_a_file_named_like_another_contract_s_replaces_nothing_of_it(
    bring: Bring, kind: str
) -> None:
    first, second = NAMED_ALIKE[kind]
    bring(kind, first, "tableau.csv", contract="CV-LYON")
    for told in ({"contract": "CV-NANTES"}, {}):
        with pytest.raises(AnotherContract, match="loaded for CV-LYON") as refused:
            bring(kind, second, "tableau.csv", **told)
    assert "--source" in refused.value.advice
    again = bring(kind, first, "tableau.csv", contract="CV-LYON").report
    assert (again.added, again.changed, again.withdrawn) == (0, 0, 0), "nothing was touched"
    other = bring(kind, second, "tableau.csv", contract="CV-NANTES", source="nantes").report
    assert other.withdrawn == 0


# -- figures, facilities and the dictionary, which may be of no contract ---------------------

FIGURES = "indicator,territory,year,value\n"
PLACES = "key,name,category,latitude,longitude\n"
Stored = Callable[[], list[str]]


def stored_figures() -> list[str]:
    rows = Observation.objects.order_by("territory__code", "year")
    return [f"{one.territory.code} {one.year} {one.value:g}" for one in rows]


def stored_facilities() -> list[str]:
    return [one.name for one in Facility.objects.order_by("name")]


@pytest.fixture
def two_cities() -> None:
    """Two quarters and the city of each, and what is counted there."""
    an_indicator("clubs", "count")
    for level, code in (
        (Level.QPV, "QP069001"), (Level.QPV, "QP044001"),
        (Level.COMMUNE, "69123"), (Level.COMMUNE, "44109"),
    ):  # fmt: skip
        a_territory(level, code)


OF_ANYBODY: dict[str, tuple[str, str, Stored]] = {
    "indicators": (
        FIGURES + "clubs,QP069001,2020,3\nclubs,69123,2020,40\n",
        FIGURES + "clubs,QP044001,2020,7\nclubs,44109,2020,50\n",
        stored_figures,
    ),
    "facilities": (
        PLACES + "1,Lyon A,library,45.76,4.85\n2,Lyon B,library,45.75,4.84\n",
        PLACES + "n1,Nantes A,library,47.21,-1.55\nn2,Nantes B,library,47.22,-1.56\n",
        stored_facilities,
    ),
}
anybody = pytest.mark.parametrize("kind", OF_ANYBODY)


@anybody
def test_figures_and_facilities_of_a_contract_are_not_replaced_by_another_s(
    bring: Bring, two_cities: None, kind: str
) -> None:
    first, second, stored = OF_ANYBODY[kind]
    bring(kind, first, "tableau.csv", contract="CV-LYON")
    before = stored()
    for told in ({"contract": "CV-NANTES"}, {}):
        with pytest.raises(AnotherContract, match="loaded for CV-LYON") as refused:
            bring(kind, second, "tableau.csv", **told)
    assert "--source" in refused.value.advice
    assert stored() == before, "nothing was touched"
    bring(kind, second, "tableau.csv", contract="CV-NANTES", source="nantes")
    assert set(stored()) > set(before)
    assert len(stored()) == 4


@anybody
def test_where_no_contract_was_said_the_rows_tell_that_a_file_is_of_another(
    bring: Bring, two_cities: None, kind: str
) -> None:
    first, second, stored = OF_ANYBODY[kind]
    source = bring(kind, first, "tableau.csv").report.facts["source"]
    before = stored()
    for told in ({}, {"contract": "CV-NANTES"}):
        with pytest.raises(AnotherSeries) as refused:
            bring(kind, second, "tableau.csv", **told)
        assert f"Of the 2 rows of what is called '{source}', this file has 0" in str(refused.value)
        assert f"--source {source} to replace it" in refused.value.advice
    assert stored() == before, "nothing was touched"
    bring(kind, second, "tableau.csv", source="nantes")
    assert len(stored()) == 4


@anybody
def test_a_series_is_replaced_by_whoever_names_it(
    bring: Bring, two_cities: None, kind: str
) -> None:
    first, second, stored = OF_ANYBODY[kind]
    source = bring(kind, first, "tableau.csv").report.facts["source"]
    before = stored()
    done = bring(kind, second, "tableau.csv", source=source).report
    assert (done.withdrawn, done.added) == (2, 2)
    assert not set(stored()) & set(before)


@anybody
def test_the_contract_itself_replaces_all_of_its_own(
    bring: Bring, two_cities: None, kind: str
) -> None:
    first, second, _ = OF_ANYBODY[kind]
    bring(kind, first, "tableau.csv", contract="CV-LYON")
    assert bring(kind, second, "tableau.csv", contract="CV-LYON").report.withdrawn == 2


def test_a_newer_version_of_figures_needs_no_word(bring: Bring, two_cities: None) -> None:
    rows = [f"clubs,QP069001,{year},{year - 2000}\n" for year in range(2015, 2020)]
    bring("indicators", FIGURES + "".join(rows), "clubs.csv")
    newer = [*rows[2:], "clubs,QP069001,2020,99\n"]
    done = bring("indicators", FIGURES + "".join(newer), "clubs.csv").report
    assert (done.unchanged, done.added, done.withdrawn) == (3, 1, 2)


DICTIONARY = "code,label,nature\n"


def test_a_dictionary_defines_no_indicator_of_another_contract_anew(bring: Bring) -> None:
    bring("dictionary", DICTIONARY + "clubs,Clubs de Lyon,count\n", contract="CV-LYON")
    for told in ({"contract": "CV-NANTES"}, {}):
        with pytest.raises(FileRefused, match="the indicator of another contract") as refused:
            bring("dictionary", DICTIONARY + "x,X,count\nclubs,Clubs de Nantes,text\n", **told)
        (one,) = refused.value.details.refused
        assert (one.row, one.value) == (3, "clubs")
        assert "--contract CV-LYON" in one.advice
    bring("dictionary", DICTIONARY + "clubs-n,Clubs de Nantes,count\n", contract="CV-NANTES")
    bring("dictionary", DICTIONARY + "clubs,Clubs,count\n", contract="CV-LYON")
    assert {(one.code, one.label, one.nature) for one in Indicator.objects.all()} == {
        ("clubs", "Clubs", "count"), ("clubs-n", "Clubs de Nantes", "count"),
    }  # fmt: skip


def test_what_no_contract_defined_may_be_defined_anew(bring: Bring) -> None:
    bring("dictionary", DICTIONARY + "clubs,Clubs,count\n")
    bring("dictionary", DICTIONARY + "clubs,Clubs sportifs,count\n", "autre.csv")
    assert Indicator.objects.get().label == "Clubs sportifs"


def test_a_scheme_and_a_sheet_of_another_contract_keep_their_codes(bring: Bring) -> None:
    bring("schemes", "code,name,theme\na,Aide,emploi\n", "lyon-aides.csv", contract="CV-LYON")
    with pytest.raises(FileRefused, match="the scheme of another contract has this code"):
        bring("schemes", "code,name,theme\na,Autre,x\n", "nantes-aides.csv", contract="CV-NANTES")
    assert Scheme.objects.get().name == "Aide"
    bring("sheets", "code,year,title\nf1,2020,Lyon\n", "lyon-fiches.csv", contract="CV-LYON")
    with pytest.raises(FileRefused, match="the sheet of another contract has this code"):
        bring("sheets", "code,year,title\nf1,2020,N\n", "nantes-fiches.csv", contract="CV-NANTES")
    assert FollowUpSheet.objects.get().title == "Lyon"


def test_a_sheet_of_one_contract_follows_no_action_of_another(bring: Bring) -> None:
    bring("framework", LYON, "lyon.csv", contract="CV-LYON")
    table = "code,year,title,action\nf1,2020,Clauses,lyon:E1\n"
    for told in ({"contract": "CV-NANTES"}, {}):
        with pytest.raises(FileRefused, match="the action is of another contract"):
            bring("sheets", table, **told)
    bring("sheets", table, contract="CV-LYON")
    assert FollowUpSheet.objects.get().territory.code == "CV-LYON"
