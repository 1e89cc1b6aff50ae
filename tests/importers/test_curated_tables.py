"""What the State and two groupings of communes published, counted as the documents count it.

The sources' own errors are kept and shown: each one known is a test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, Sum
from pytest_django import DjangoDbBlocker

from importers.loads import Loaded
from importers.published import load_published
from observatory.figures.rates import rate_of
from observatory.figures.statements import Verdict, check, check_all
from observatory.models import (
    Change,
    Crosswalk,
    FollowUpSheet,
    FundingLine,
    Indicator,
    Level,
    Membership,
    Node,
    Observation,
    Project,
    ProjectShare,
    Scheme,
    SheetResult,
    Statement,
    Target,
    Territory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[list[Loaded]]:
    with django_db_blocker.unblock(), transaction.atomic():
        done = list(load_published())
        connection.check_constraints()
        yield done
        transaction.set_rollback(True)


def kinds(framework: str) -> Counter[str]:
    return Counter(Node.objects.filter(framework__code=framework).values_list("kind", flat=True))


def statement(key: str) -> Any:
    return check(Statement.objects.get(key=key))


# -- trees ---------------------------------------------------------------------------------


def test_the_engagement_matrix_of_grand_orly(loaded: list[Loaded]) -> None:
    assert kinds("grand-orly-2019") == {
        "axis": 5, "objective": 10, "priority": 26, "engagement": 63,
    }  # fmt: skip
    own = Indicator.objects.filter(code__startswith="grand-orly-2019-")
    assert own.filter(kind="context").count() == 18
    assert own.filter(kind="realisation").exclude(state="to_define").count() == 105


@pytest.mark.parametrize(
    ("objective", "count"),
    [("1.1", 20), ("2.1", 7), ("2.2", 5), ("2.3", 10), ("2.4", 4), ("3.1", 15), ("4.1", 14),
     ("4.2", 9), ("4.3", 4), ("5.1", 17)],
)  # fmt: skip
def test_follow_up_indicators_of_each_objective(
    loaded: list[Loaded], objective: str, count: int
) -> None:
    own = Indicator.objects.filter(code__startswith=f"grand-orly-2019-s-{objective}-")
    assert own.exclude(state="to_define").count() == count


def test_impact_indicators_are_only_promised_and_long_due(loaded: list[Loaded]) -> None:
    promised = Indicator.objects.filter(code__startswith="grand-orly-2019-", state="to_define")
    assert Counter(promised.values_list("due_label", flat=True)) == {
        "au cours de l'année 2020": 32, "dernier trimestre 2019": 31, "": 1,
    }  # fmt: skip
    assert promised.filter(due_on="2019-12-31").count() == 31


def test_the_axes_of_terres_d_envol(loaded: list[Loaded]) -> None:
    assert kinds("terres-denvol-2019") == {
        "axis": 4, "objective": 4, "sub_objective": 17, "operational_objective": 69, "example": 38,
    }  # fmt: skip


def test_the_national_measures(loaded: list[Loaded]) -> None:
    measures = Node.objects.filter(framework__code="plan-national-2018", kind="measure")
    assert Counter(measures.values_list("status", flat=True)) == {
        "En cours de déploiement": 23, "En cours de lancement": 14, "Objectif atteint": 4,
        "En voie de finalisation": 1,
    }  # fmt: skip
    assert {"1.a", "1.b"} <= set(measures.values_list("number", flat=True))
    own = Indicator.objects.filter(code__startswith="plan-national-2018-")
    assert (own.count(), own.filter(nature="text", label="Mise en place").count()) == (61, 5)


def test_every_priority_of_the_paris_contract_has_a_pillar(loaded: list[Loaded]) -> None:
    priorities = Node.objects.filter(framework__code="paris-2015", kind="priority")
    unmatched = priorities.exclude(pk__in=Crosswalk.objects.values("left"))
    assert not unmatched
    assert Crosswalk.objects.values("right").distinct().count() == 5


# -- quarters ------------------------------------------------------------------------------


def test_31_quarters_and_34_under_watch_in_eight_contracts(loaded: list[Loaded]) -> None:
    group = Territory.objects.get(code="EPT-GOSB")
    contracts = Territory.objects.filter(level=Level.CONTRACT, containers__container=group)
    quarters = Territory.objects.filter(containers__container__in=contracts).distinct()
    assert Counter(quarters.values_list("level", flat=True)) == {"qpv": 31, "qva": 34}
    assert contracts.count() == 8


@pytest.mark.parametrize(
    ("contract", "qpv", "qva", "population"),
    [("CV-VDB", 10, 19, 18_671), ("CV-SEINE-AMONT", 9, 5, 31_247), ("CV-ORLY", 1, 3, 7_181),
     ("CV-THIAIS", 1, 0, 2_425), ("CV-VALENTON", 2, 0, 12_424), ("CV-VSG", 4, 2, 13_703),
     ("CV-PORTES", 3, 4, 9_860), ("CV-VIRY", 1, 1, 16_369)],
)  # fmt: skip
def test_each_contract_has_its_quarters_and_people(
    loaded: list[Loaded], contract: str, qpv: int, qva: int, population: int
) -> None:
    own = Territory.objects.filter(containers__container__code=contract)
    assert (own.filter(level="qpv").count(), own.filter(level="qva").count()) == (qpv, qva)
    people = Observation.objects.filter(territory__in=own, indicator__code="population")
    assert people.aggregate(sum=Sum("value"))["sum"] == population


def test_a_quarter_may_straddle_communes_and_reach_outside_its_group(
    loaded: list[Loaded],
) -> None:
    quarter = Territory.objects.get(name__startswith="Polognes")
    communes = set(quarter.containers.filter(container__level="commune").values_list(
        "container__name", flat=True))  # fmt: skip
    assert communes == {"Limeil-Brévannes", "Valenton", "Villeneuve-Saint-Georges"}
    group = Membership.objects.filter(member__level="commune", container__code="EPT-GOSB")
    members = set(group.values_list("member__name", flat=True))
    assert len(members) == 18
    assert not {"Grigny", "Limeil-Brévannes"} & members


def test_quarters_of_one_name_stay_apart(loaded: list[Loaded]) -> None:
    gardens = Territory.objects.filter(name="Cités Jardins")
    assert {(t.level, t.commune_codes[0]) for t in gardens} == {("qva", "94003"), ("qpv", "94016")}


def test_a_quarter_under_watch_has_no_population_which_is_not_zero(loaded: list[Loaded]) -> None:
    found = Observation.objects.filter(territory__level="qva", indicator__code="population")
    assert found.count() == 34
    assert set(found.values_list("value", "standing")) == {(None, "not_available")}


# -- schemes and sheets --------------------------------------------------------------------


def test_the_40_schemes_by_theme(loaded: list[Loaded]) -> None:
    assert Counter(Scheme.objects.values_list("theme", flat=True)) == {
        "emploi": 10, "éducation": 2, "police": 5, "santé": 4, "femmes": 3,
        "jeunesse et sport": 2, "culture": 1, "justice": 6, "caf": 7,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scheme", "form", "value", "bound"),
    [("cae", "share", 15, "exact"), ("fipd", "share", 75, "floor"),
     ("vvv-police", "relative", 20, "exact"), ("caf-jeunesse", "absolute", 250, "exact"),
     ("ptmg", "share", 50, "floor"), ("mjd", "direction", None, "exact")],
)  # fmt: skip
def test_what_the_state_engages_to(
    loaded: list[Loaded], scheme: str, form: str, value: float | None, bound: str
) -> None:
    target = Target.objects.get(indicator__code=f"scheme-{scheme}")
    assert (target.form, target.value, target.bound) == (form, value, bound)


def test_a_scheme_says_which_zones_and_ages_open_a_right(loaded: list[Loaded]) -> None:
    scheme = Scheme.objects.get(code="e2c")
    assert (scheme.zones, scheme.age_from, scheme.age_to) == (["qpv"], 18, 25)
    assert Scheme.objects.get(code="addictions").zones == ["qpv", "qva"]


def test_the_61_sheets_and_how_they_declare_their_rate(loaded: list[Loaded]) -> None:
    assert FollowUpSheet.objects.count() == 61
    told = FollowUpSheet.objects.filter(results__declared__isnull=False)
    units = Counter(told.values_list("results__declared_unit", flat=True))
    assert units == {"%": 38, "points": 2}


def test_rates_that_are_right_are_found_again(loaded: list[Loaded]) -> None:
    agreeing = [rate_of(r) for r in SheetResult.objects.exclude(declared=None)]
    assert sum(rate.agrees is True for rate in agreeing) == 29
    assert sum(rate.agrees is None for rate in agreeing) == 5  # no formula fits


@pytest.mark.parametrize(
    ("title", "declared", "computed"),
    [("CUI marchand (CIE)", 113, 156), ("CUI non marchand (CAE)", 113, 135),
     ("Emplois du CNDS", 100, 108), ("Crédits du CNDS", 106, 117),
     ("Familles monoparentales", 90, 87.4), ("Soutien à la parentalité", 100, 80)],
)  # fmt: skip
def test_a_declared_rate_that_is_wrong_stays_beside_the_right_one(
    loaded: list[Loaded], title: str, declared: float, computed: float
) -> None:
    result = SheetResult.objects.get(sheet__title=title, order=1)
    rate = rate_of(result)
    assert rate.declared == declared
    assert rate.computed == pytest.approx(computed, abs=0.5)
    assert rate.agrees is False


def test_a_rate_from_a_rounded_share_is_not_the_one_from_its_counts(loaded: list[Loaded]) -> None:
    rate = rate_of(SheetResult.objects.get(sheet__title="Service civique"))
    assert rate.declared == 56
    assert rate.computed == pytest.approx(56.0)
    assert rate.from_counts == pytest.approx(55.3, abs=0.05)


def test_two_rates_in_points_do_not_mean_the_same(loaded: list[Loaded]) -> None:
    over = rate_of(SheetResult.objects.get(sheet__title="Crédits du FIPD"))
    since = rate_of(SheetResult.objects.get(sheet__title="VVV police"))
    assert (over.formula, since.formula) == ("points_over_target", "points_over_baseline")
    assert over.agrees
    assert since.agrees
    fipd = SheetResult.objects.get(sheet__title="Crédits du FIPD")
    assert fipd.result is not None
    assert fipd.previous is not None
    assert fipd.result < fipd.previous  # a declared success hides a fall


def test_an_exam_reform_breaks_the_series(loaded: list[Loaded]) -> None:
    broken = SheetResult.objects.filter(comparable=False)
    titles = set(broken.values_list("sheet__title", flat=True))
    assert titles == {"Brevet des collèges", "Emplois d’avenir professeurs"}


# -- money ---------------------------------------------------------------------------------


def test_grants_by_commune_and_year(loaded: list[Loaded]) -> None:
    lines = FundingLine.objects.filter(source__code="grand-orly-2019-subventions")
    by_year = lines.values("year").annotate(projects=Sum("projects"), amount=Sum("amount"))
    assert {(r["year"], r["projects"], int(r["amount"])) for r in by_year} == {
        (2015, 92, 172_300), (2016, 90, 170_017), (2017, 128, 214_760), (2018, 132, 211_550),
        (2019, 140, 221_000),
    }  # fmt: skip


def test_a_health_centre_under_two_communes_is_one_project(loaded: list[Loaded]) -> None:
    funded = Project.objects.filter(state="financé")
    assert funded.count() == 18
    assert ProjectShare.objects.filter(project__in=funded).count() == 19
    (shared,) = funded.annotate(places=Count("shares")).filter(places__gt=1)
    amounts = {s.territory.name: s.amount for s in shared.shares.all()}
    assert amounts == {"Arcueil": 300_000, "Gentilly": 150_000}


def test_a_project_to_come_is_not_counted_among_the_funded(loaded: list[Loaded]) -> None:
    assert Project.objects.get(state="à venir").year == 2020


# -- what the sources print ----------------------------------------------------------------

KNOWN_ERRORS = {
    "pop-qpv": (111_871, 111_880),
    "poids": (100, 99.8),
    "subv-94078": (91_500, 91_000),
    "subv-lignes": (990_127, 989_627),
    "equip-nombre": (18, 19),
    "orly-nommes": (6, 5),
    "rd5": (6.5, 6.664),
    "plus-de-moitie": (50, 44.4),
    "cie": (113, 156.2),
    "cae": (113, 135.3),
    "cnds-emplois": (100, 108),
    "cnds-credits": (106, 117.5),
    "rsa": (90, 87.4),
    "laep": (100, 80),
    "invitations": (2836, 2812),
    "pdg": (100, 95),
    "plus-petit": (1430, 1370),
}
TRUNCATED = {"plie-sorties": (31, 31.9), "vvv": (24.7, 24.78)}


@pytest.mark.parametrize(("key", "figures"), [*KNOWN_ERRORS.items(), *TRUNCATED.items()])
def test_each_known_error_is_shown_and_not_corrected(
    loaded: list[Loaded], key: str, figures: tuple[float, float]
) -> None:
    found = statement(key)
    assert found.statement.printed == figures[0]
    assert found.computed == pytest.approx(figures[1], abs=0.06)
    assert found.verdict == (Verdict.TRUNCATED if key in TRUNCATED else Verdict.DISAGREES)


def test_every_other_printed_figure_is_found_again(loaded: list[Loaded]) -> None:
    found = {one.statement.key: one.verdict for one in check_all()}
    wrong = {key for key, verdict in found.items() if verdict != Verdict.AGREES}
    assert wrong == {*KNOWN_ERRORS, *TRUNCATED}
    assert len(found) == 96


def test_a_disagreement_names_its_document_and_line(loaded: list[Loaded]) -> None:
    told = statement("pop-qpv").as_dict()
    assert (told["line"], told["difference"]) == (1094, 9)
    assert told["citation"]["producer"] == "EPT Grand-Orly Seine Bièvre"


def test_the_same_population_twice_is_kept_twice(loaded: list[Loaded]) -> None:
    twice = Observation.objects.filter(
        value=1979, indicator__code="population", source__code="grand-orly-2019-quartiers"
    )
    assert twice.count() == 2


def test_loading_all_again_changes_nothing(loaded: list[Loaded]) -> None:
    before = Change.objects.count()
    again = list(load_published())
    assert Change.objects.count() == before
    assert all(one.report.added == one.report.changed == 0 for one in again)
