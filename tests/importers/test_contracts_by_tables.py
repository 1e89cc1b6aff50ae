"""A second and a third contract are added by data files alone; wrong tables are refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from importers.errors import FileRefused
from importers.loads import Loaded
from observatory.figures.campaigns import open_year
from observatory.models import (
    Crosswalk,
    FollowUpSheet,
    Framework,
    FrameworkRow,
    FundingLine,
    FundingPlace,
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
def bring(bring_text: Bring) -> Bring:
    return bring_text


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
