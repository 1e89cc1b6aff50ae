"""A second and a third contract are added by data files alone; wrong tables are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from importers.errors import AnotherContract, AnotherSeries, FileRefused
from importers.loads import Loaded, load
from importers.options import LoadOptions
from observatory.figures.campaigns import open_year
from observatory.models import (
    Crosswalk,
    Facility,
    FollowUpSheet,
    Framework,
    FrameworkRow,
    FundingLine,
    FundingPlace,
    Indicator,
    Level,
    Observation,
    Project,
    Scheme,
    SheetResult,
    Statement,
    Target,
    Territory,
)
from tests.factories import a_territory
from tests.observatory.figures_makers import an_indicator

pytestmark = pytest.mark.django_db
Bring = Callable[..., Loaded]

LYON = """\
key,parent,kind,number,label,actors,nature,state,due_on,target
A,,axis,1,Emploi,,,,,
A1,A,objective,1.1,Insertion,,,,,
E1,A1,engagement,,Clauses sociales,Métropole; Bailleurs,,,,
i1,E1,indicator,,Heures d’insertion,,count,,,10 000 heures par an
i2,E1,indicator,,Effet à définir,,text,to_define,2021-06-30,
"""
NANTES = """\
key,parent,kind,label,target
P,,pillar,Cohésion,
M,P,measure,Médiation,
i1,M,indicator,Nombre de médiateurs,12 médiateurs
"""


@pytest.fixture
def bring(tmp_path: Path) -> Bring:
    def _bring(kind: str, text: str, name: str = "table.csv", **options: str) -> Loaded:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return load(kind, file, LoadOptions(**options))

    return _bring


def test_two_contracts_more_by_two_files(bring: Bring) -> None:
    bring("framework", LYON, "lyon.csv", contract="CV-LYON", title="Contrat de Lyon")
    bring("framework", NANTES, "nantes.csv", contract="CV-NANTES", title="Contrat de Nantes")
    assert {f.territory.code: f.nodes.count() for f in Framework.objects.all()} == {
        "CV-LYON": 3, "CV-NANTES": 2,
    }  # fmt: skip
    target = Target.objects.get(territory__code="CV-LYON", form="absolute")
    assert (target.value, target.yearly) == (10_000, True)
    assert Territory.objects.filter(level=Level.CONTRACT).count() == 2


def test_their_schemes_sheets_quarters_and_money_follow_the_same_way(bring: Bring) -> None:
    bring("framework", LYON, "lyon.csv", contract="CV-LYON", title="Contrat de Lyon")
    bring("schemes", "code,name,theme,target\nclause,Clause,emploi,15 % des heures\n",
          "lyon-dispositifs.csv", contract="CV-LYON")  # fmt: skip
    bring(
        "sheets",
        "code,year,title,scheme,action,previous,target,result,formula,declared\n"
        "l1,2020,Clauses,clause,lyon:E1,10,15,12,result_over_target,80\n",
        "lyon-fiches.csv",
        contract="CV-LYON",
    )
    bring(
        "quarters",
        "name,status,communes,commune_codes,contract,population\n"
        "Mermoz,qpv,Lyon,69123,CV-LYON,4000\n",
        "lyon-quartiers.csv",
        contract="METRO-LYON",
        title="Métropole de Lyon",
    )
    line = 'f1,Médiation,Métropole,2020,"1 500,50",contract,CV-LYON'
    header = "key,title,funder,year,amount,level,territory"
    bring("funding", f"{header}\n{line}\n", "lyon-credits.csv")
    sheet = FollowUpSheet.objects.get()
    assert (sheet.territory.code, str(sheet.scheme), sheet.node.label) == (  # type: ignore[union-attr]
        "CV-LYON", "Clause", "Clauses sociales",
    )  # fmt: skip
    assert Territory.objects.get(name="Mermoz").containers.filter(container__code="CV-LYON")
    assert str(FundingLine.objects.get().amount) == "1500.50"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("A,,axis,Emploi encore,", "the key stands twice"),
        ("B,Z,objective,Orphelin,", "no row above has this key"),
        ("B,,chapter,Autre,", "unknown kind"),
        ("B,,axis,,", "a row without label"),
        (",,axis,Sans clé,", "a row without key, or with one too long"),
        ("i,,indicator,Sans parent,", "an indicator without parent"),
    ],
)
def test_a_broken_tree_is_refused_by_row(bring: Bring, row: str, problem: str) -> None:
    table = f"key,parent,kind,label,target\nA,,axis,Emploi,\n{row}\n"
    with pytest.raises(FileRefused) as refused:
        bring("framework", table)
    assert (3, problem) in [(r.row, r.problem) for r in refused.value.details.refused]
    assert not Framework.objects.exists()


def test_an_indicator_put_under_another_node_keeps_its_code_and_targets(bring: Bring) -> None:
    bring("framework", LYON, "lyon.csv", contract="CV-LYON")
    moved = LYON.replace("i1,E1,indicator", "i1,A1,indicator")
    bring("framework", moved, "lyon.csv", contract="CV-LYON")
    row = FrameworkRow.objects.get(key="i1")
    assert row.node.key == "A1"
    assert row.indicator is not None
    assert row.indicator.targets.count() == 1


def test_a_gap_to_halve_names_what_it_is_measured_to(bring: Bring) -> None:
    city = a_territory(Level.COMMUNE, "69123", "Lyon")
    table = (
        "key,parent,kind,label,nature,target,reference,reference_rest,reference_indicator\n"
        "A,,axis,École,,,,,\n"
        "i1,A,indicator,Réussite au brevet,share,réduire de moitié l'écart d'ici 2025,69123,oui,\n"
        "i2,A,indicator,Enfants pauvres en crèche,share,se rapprocher du taux,,,poverty-rate\n"
        "i3,A,indicator,Nombre de clubs,count,12 clubs,69123,,\n"
    )
    bring("framework", table, "lyon.csv", contract="CV-LYON")
    halve, near, clubs = Target.objects.order_by("indicator__code")
    assert (halve.form, halve.reference, halve.reference_rest) == ("halve_gap", city, True)
    assert (near.form, near.reference) == ("converge", None)
    assert near.reference_indicator is not None and near.reference_indicator.code == "poverty-rate"
    assert clubs.reference is None, "a number is measured to nothing"


@pytest.mark.parametrize(
    ("cells", "problem"),
    [("75999,,", "no loaded territory has this code"), (",,chance", "no indicator has this code")],
)
def test_a_reference_that_is_not_there_is_refused(bring: Bring, cells: str, problem: str) -> None:
    table = (
        "key,parent,kind,label,target,reference,reference_rest,reference_indicator\n"
        f"A,,axis,École,,,,\ni1,A,indicator,Brevet,écart réduit de moitié,{cells}\n"
    )
    with pytest.raises(FileRefused, match=problem):
        bring("framework", table, "lyon.csv", contract="CV-LYON")


QUARTERS = "name,status,communes,commune_codes,contract,contract_name,population\n"


@pytest.mark.parametrize("contract", ["CV-LYON", ""])
def test_quarters_of_one_contract_need_no_group_of_communes(bring: Bring, contract: str) -> None:
    bring("quarters", QUARTERS + "Mermoz,qpv,Lyon,69388,CV-LYON,Contrat de Lyon,4000\n",
          contract=contract)  # fmt: skip
    assert not Territory.objects.filter(level=Level.EPT).exists(), "nobody named one"
    found = Territory.objects.get(level=Level.CONTRACT)
    assert (found.code, found.name) == ("CV-LYON", "Contrat de Lyon")
    assert [one.indicator.code for one in Observation.objects.all()] == ["population"]
    assert Territory.objects.get(name="Mermoz").containers.filter(container=found).exists()


def test_quarters_of_several_contracts_may_be_of_a_group(bring: Bring) -> None:
    rows = "A,qpv,X,69001,CV-A,,1\nB,qva,Y,69002,CV-B,,\n"
    bring("quarters", QUARTERS + rows, contract="EPT-Z", title="Groupe Z")
    group = Territory.objects.get(level=Level.EPT)
    assert (group.code, group.name) == ("EPT-Z", "Groupe Z")
    assert set(group.members.values_list("member__code", flat=True)) == {
        "CV-A", "CV-B", "69001", "69002",
    }  # fmt: skip


def test_a_quarter_of_no_contract_is_refused(bring: Bring) -> None:
    with pytest.raises(FileRefused, match="a quarter of no contract"):
        bring("quarters", QUARTERS + "Mermoz,qpv,Lyon,69388,,,4000\n")


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


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("share,%,,101,,", "a share is from 0 to 100"),
        ("share,%,130,,,", "a share is from 0 to 100"),
        ("share,%,,,12,10", "a part over its whole"),
        ("share,%,,40,1,10", "the counts give 10.0 %"),
        ("people,,,-3,,", "a count under zero"),
        ("people,,,12.5,,", "a count that is not whole"),
        ("people,,,12 %,,", "this is not a number"),
        ("people,,,nan,,", "this is not a number"),
        ("people,,,1e400,,", "this is not a number"),
    ],
)
def test_what_no_page_would_take_no_table_of_sheets_brings(
    bring: Bring, cells: str, problem: str
) -> None:
    an_indicator("share", "share")
    an_indicator("people", "count")
    header = "code,year,title,indicator,unit,previous,result,numerator,denominator"
    with pytest.raises(FileRefused) as refused:
        bring("sheets", f"{header}\nf0,2020,Bon,share,%,20,40,4,10\nf1,2020,Faux,{cells}\n")
    (first, *_) = refused.value.details.refused
    assert first.row == 3
    assert problem in first.problem
    assert first.advice
    assert not FollowUpSheet.objects.exists()


def test_a_refusal_counts_the_rows_and_not_what_is_wrong_with_them(bring: Bring) -> None:
    rows = "a,T,,x,beaucoup\nb,T,F,2020,1\n"
    with pytest.raises(FileRefused, match="1 of 2 lines cannot be loaded") as refused:
        bring("funding", "key,title,funder,year,amount\n" + rows)
    assert len(refused.value.details.refused) == 3


def test_the_first_actor_of_a_node_is_expected_to_fill_its_sheet(bring: Bring) -> None:
    bring("framework", LYON, "lyon.csv", contract="CV-LYON")
    assert open_year(Framework.objects.get(), 2021, date(2022, 3, 1)) == 1
    sheet = FollowUpSheet.objects.get()
    assert sheet.organisation is not None and sheet.organisation.name == "Métropole"
    assert sheet.results.count() == 2


def test_correspondences_between_two_trees(bring: Bring) -> None:
    bring("framework", LYON, "lyon.csv")
    bring("framework", NANTES, "nantes.csv")
    bring("crosswalk", "name,left,right\naxes,lyon:A,nantes:P\n")
    found = Crosswalk.objects.get()
    assert (found.left.label, found.right.label) == ("Emploi", "Cohésion")
    with pytest.raises(FileRefused, match="no loaded framework has this node"):
        bring("crosswalk", "name,left,right\naxes,lyon:A,nantes:Q\n")


@pytest.mark.parametrize(
    ("kind", "header", "row", "problem"),
    [
        ("schemes", "code,name,theme,zones", "a,A,x,quartier", "an unknown kind of zone"),
        ("schemes", "code,name,theme,age_from,age_to", "a,A,x,25,18", "the ages are the wrong way"),
        ("sheets", "code,year,title,formula", "a,2020,T,magic", "unknown formula"),
        ("sheets", "code,year,title,result", "a,2020,T,beaucoup", "this is not a number"),
        ("sheets", "code,year,title,scheme", "a,2020,T,inconnu", "no scheme has this code"),
        ("sheets", "code,year,title,scope", "a,2020,T,ici", "unknown scope"),
        ("funding", "key,title,funder,year,amount", "a,T,F,2020,x", "this is not an amount"),
        ("funding", "key,title,funder,year,amount", "a,T,,2020,5", "a line without a funder"),
        ("funding", "key,title,funder,year,amount,level,territory,shares",
         "a,T,F,2020,5,qpv,A;B,0.7;0.6", "shares that do not divide the amount"),
        ("projects", "key,name,kind,level,territory", ",N,K,commune,75056", "a project without"),
        ("quarters", "name,status,communes,commune_codes,contract,population",
         "N,zus,C,75056,CV,1", "neither qpv nor qva"),
        ("quarters", "name,status,communes,commune_codes,contract,population",
         "N,qpv,C; D,75056,CV,1", "communes and codes do not pair"),
        ("statements", "key,label,printed,formula,operands", "a,L,1,magic,2", "unknown formula"),
        ("sheets", "code,year,title", "s,²²²²,T", "not a year"),
        ("statements", "key,label,printed,formula,operands", "a,L,1,sum,x", "operands that are no"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_with_its_reason(
    bring: Bring, kind: str, header: str, row: str, problem: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        bring(kind, f"{header}\n{row}\n", contract="CV")
    (first, *_) = refused.value.details.refused
    assert first.row == 2
    assert first.problem.startswith(problem)
    models = (Scheme, SheetResult, FundingLine, Project, Statement)
    assert not any(model.objects.exists() for model in models)


def test_an_amount_may_be_divided_between_quarters(bring: Bring) -> None:
    for code in ("QP075001", "QP075002"):
        a_territory(Level.QPV, code)
    bring(
        "funding",
        "key,title,funder,year,amount,level,territory,shares,reach\n"
        'f1,Jeunes,Ville,2020,1000,qpv,QP075001; QP075002,"0,75; 0,25",multi_site\n',
    )
    shares = FundingPlace.objects.order_by("territory__code").values_list("share", flat=True)
    assert list(shares) == [0.75, 0.25]


def test_a_line_taken_out_of_the_table_is_withdrawn(bring: Bring) -> None:
    header = "key,title,funder,year,amount\n"
    bring("funding", header + "a,T,F,2020,1\nb,U,F,2020,2\n")
    done = bring("funding", header + "a,T,F,2020,1\n")
    assert (done.report.withdrawn, done.report.unchanged) == (1, 1)
    assert [line.key for line in FundingLine.objects.all()] == ["a"]


def test_a_sheet_somebody_has_validated_keeps_its_words_on_reload(bring: Bring) -> None:
    table = "code,year,title,alerts,result\na,2020,T,du fichier,5\n"
    bring("sheets", table)
    sheet = FollowUpSheet.objects.get()
    FollowUpSheet.objects.filter(pk=sheet.pk).update(alerts="corrigé en comité", state="validated")
    bring("sheets", table)
    sheet.refresh_from_db()
    assert sheet.alerts == "corrigé en comité"
