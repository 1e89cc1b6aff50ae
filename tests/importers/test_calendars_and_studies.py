"""Steering bodies, their calendar and decisions, diagnostics of quarters: by tables alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from importers.errors import FileRefused
from importers.loads import Loaded
from observatory.history import history_of
from observatory.models import Decision, Instance, Level, Meeting, Study
from tests.factories import a_territory

pytestmark = pytest.mark.django_db
Bring = Callable[..., Loaded]
INSTANCES = """\
contract,name,kind,meetings_a_year,day,held,note
CV-PARIS,Comité de pilotage,copil,2,2019-06-12,oui,
CV-PARIS,Comité de pilotage,copil,2,2019-12-03,,À confirmer
CV-PARIS,Direction de projet,technique,3,,,
"""
DECISIONS = "contract,instance,day,subject,text\n"
STUDIES = "kind,title,theme,dated_on,year,territories\n"


@pytest.fixture
def bring(bring_text: Bring) -> Bring:
    return lambda kind, text, **options: bring_text(kind, text, f"{kind}.csv", **options)


def test_bodies_and_their_calendar(bring: Bring) -> None:
    report = bring("instances", INSTANCES).report
    assert report.facts["instances"] == 2
    copil = Instance.objects.get(kind="copil")
    assert (copil.territory.code, copil.meetings_a_year) == ("CV-PARIS", 2)
    assert [(str(m.day), m.held, m.note) for m in copil.meetings.all()] == [
        ("2019-06-12", True, ""), ("2019-12-03", False, "À confirmer"),
    ]  # fmt: skip
    assert Instance.objects.get(kind="technique").meetings.count() == 0


def test_loading_again_changes_nothing_and_a_meeting_taken_off_goes(bring: Bring) -> None:
    bring("instances", INSTANCES)
    again = bring("instances", INSTANCES).report
    assert (again.added, again.changed, again.withdrawn) == (0, 0, 0)
    fewer = "\n".join(line for line in INSTANCES.splitlines() if "2019-12-03" not in line)
    bring("instances", fewer + "\n")
    assert [str(m.day) for m in Meeting.objects.all()] == ["2019-06-12"]


def test_decisions_stay_and_a_change_leaves_a_trace(bring: Bring) -> None:
    bring("instances", INSTANCES)
    row = "CV-PARIS,Comité de pilotage,2019-06-12,Cible PLIE,35 à 50 %\n"
    bring("decisions", DECISIONS + row, sharing="public")
    decision = Decision.objects.get()
    assert (decision.instance.name, decision.text) == ("Comité de pilotage", "35 à 50 %")
    bring("decisions", DECISIONS + row.replace("50", "55"))
    assert [c.before for c in history_of(decision) if c.action == "update"] == [
        {"text": "35 à 50 %"}
    ]
    other = "CV-PARIS,Direction de projet,2019-09-01,Calendrier,\n"
    bring("decisions", DECISIONS + other)
    assert Decision.objects.count() == 2, "what was decided is not withdrawn with its row"
    bring("instances", "contract,name\nCV-PARIS,Autre\n", source="instances")
    assert Instance.objects.filter(name="Comité de pilotage").exists(), "nor is who decided it"


def test_diagnostics_speak_of_quarters_and_themes(bring: Bring) -> None:
    for code in ("QP075002", "QP075009"):
        a_territory(Level.QPV, code)
    rows = (
        "diagnostic,Besoins de garde,petite enfance,2015-06-22,2015,QP075002; QP075009\n"
        "impact,Mixité scolaire,éducation,,2022,\n"
    )
    report = bring("studies", STUDIES + rows, sharing="public").report
    assert report.facts["studies"] == 2
    study = Study.objects.get(kind="diagnostic")
    assert (study.theme, str(study.dated_on)) == ("petite enfance", "2015-06-22")
    assert {t.code for t in study.territories.all()} == {"QP075002", "QP075009"}
    assert bring("studies", STUDIES + rows, sharing="public").report.unchanged == 2


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [
        ("instances", "contract,name\n,Comité\n", "a body of no contract"),
        ("instances", "contract,name\nCV,\n", "a body without a name"),
        ("instances", "contract,name,day\nCV,Comité,12/06/2019\n", "this is not a date"),
        ("instances", "contract,name,level\nCV,Comité,planète\n", "unknown level"),
        ("instances", "contract,name,meetings_a_year\nCV,Comité,souvent\n", "not a number"),
        ("decisions", DECISIONS + "CV,Inconnu,2019-06-12,Sujet,\n", "no steering body"),
        ("decisions", DECISIONS + "CV,Inconnu,,Sujet,\n", "this is not a date"),
        ("studies", STUDIES + "roman,Titre,,,,\n", "unknown kind of study"),
        ("studies", STUDIES + "impact,,,,,\n", "a study without a title"),
        ("studies", STUDIES + "impact,Titre,,,,QP999999\n", "a territory that is not loaded"),
        ("studies", STUDIES + "impact,Titre,,,bientôt,\n", "not a year"),
    ],
)
def test_a_wrong_row_refuses_the_table_with_what_to_do(
    bring: Bring, kind: str, text: str, problem: str
) -> None:
    with pytest.raises(FileRefused, match=problem) as refused:
        bring(kind, text)
    assert all(row["advice"] for row in refused.value.report["refused_rows"])
    assert not Instance.objects.exists()
    assert not Study.objects.exists()
