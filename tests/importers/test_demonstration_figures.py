"""What a newcomer reads on the demonstration: figures, promises and money, all invented."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pandas as pd
import pytest
from django.db import transaction
from django.db.models import Sum
from pytest_django.plugin import DjangoDbBlocker

from importers.demonstration import figures
from importers.demonstration.facts import QUARTERS
from importers.folder import load_folder
from observatory.figures.gaps import Reference, gap_to_all, gaps
from observatory.figures.rates import rate_of
from observatory.figures.series import breaks_of
from observatory.figures.statements import check_all
from observatory.figures.targets import Progress, stands
from observatory.figures.visible import visible, visible_observations
from observatory.models import (
    FollowUpSheet,
    Framework,
    FundingLine,
    Indicator,
    Level,
    Observation,
    Reach,
    SeriesBreak,
    SheetResult,
    SheetState,
    Source,
    Standing,
    Target,
    Territory,
)
from tests.factories import put_default_rights_back
from tests.importers.test_demonstration import PARIS_LINE, open_demonstration

TODAY = 2026
SHARES = sorted(figures.UNDER)
NEEDED = (
    "boundaries/paris_arrondissements", "boundaries/communes", "perimeters/qp", "territories/",
    "figures/", "contract/", "manifest",
)  # fmt: skip


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """The file of figures, as a partner would open it."""
    path = open_demonstration().folder / "figures/indicateurs.csv"
    frame = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False)
    for name in ("valeur", "numerateur", "denominateur", "annee"):
        frame[name] = pd.to_numeric(frame[name])
    return frame


@pytest.fixture(scope="module")
def loaded(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[dict[str, str]]:
    """Load outlines, figures and engagements; give what became of each file."""
    written, folder = open_demonstration().folder, tmp_path_factory.mktemp("folder")
    for path in written.rglob("*"):
        name = str(path.relative_to(written))
        if path.is_file() and name.startswith(NEEDED):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / name)
    with django_db_blocker.unblock(), transaction.atomic():
        put_default_rights_back()
        yield {
            o.file: f"{o.state}: {o.words}"
            for o in load_folder(folder)
            if "not there" not in o.words
        }
        transaction.set_rollback(True)


def of(table: pd.DataFrame, indicator: str, place: str) -> pd.DataFrame:
    rows = table[(table["indicateur"] == indicator) & (table["territoire"] == place)]
    return rows.set_index("annee")


def framework() -> Framework:
    return Framework.objects.get(territory__code="CV-PARIS")


# -- what the file says --------------------------------------------------------------------


def test_every_place_has_every_figure_in_every_year(table: pd.DataFrame) -> None:
    places = table[table["niveau"] != "contract"]
    rows = places.groupby(["niveau", "territoire"])
    assert (rows.size() == 8 * len(figures.YEARS)).all()
    counts = places.groupby("niveau")["territoire"].nunique()
    assert counts.to_dict() == {"arrondissement": 20, "commune": 10, "qpv": 40}
    assert not places.duplicated(["indicateur", "territoire", "annee"]).any()


def test_quarters_of_2015_keep_their_published_population_and_median(table: pd.DataFrame) -> None:
    people = {q.code: of(table, "population", q.code)["valeur"][2021] for q in QUARTERS}
    assert people == {q.code: q.population for q in QUARTERS}
    assert sum(people.values()) == 150_460
    incomes = {q.code: of(table, "median-income", q.code)["valeur"][2021] for q in QUARTERS}
    missing = {code for code, value in incomes.items() if pd.isna(value)}
    assert missing == {"QP075006"}
    assert all(incomes[q.code] == q.median for q in QUARTERS if q.code not in missing)


@pytest.mark.parametrize("share", SHARES)
def test_the_city_is_the_sum_of_its_arrondissements(table: pd.DataFrame, share: str) -> None:
    parts = table[(table["indicateur"] == share) & (table["niveau"] == "arrondissement")]
    sums = parts.groupby("annee")[["numerateur", "denominateur"]].sum()
    city = of(table, share, "75056")[["numerateur", "denominateur"]]
    pd.testing.assert_frame_equal(sums, city, check_dtype=False)


@pytest.mark.parametrize("share", SHARES)
def test_a_share_is_its_numerator_over_its_denominator(table: pd.DataFrame, share: str) -> None:
    rows = table[(table["indicateur"] == share) & table["valeur"].notna()]
    made = 100 * rows["numerateur"] / rows["denominateur"]
    assert ((made - rows["valeur"]).abs() <= 0.05 + 1e-9).all()
    assert (rows["numerateur"] <= rows["denominateur"]).all()


def test_quarters_are_poorer_than_the_city(table: pd.DataFrame) -> None:
    city = of(table, "poverty-rate", "75056")["valeur"][2021]
    poor = [of(table, "poverty-rate", q.code)["valeur"][2021] for q in QUARTERS]
    assert min(poor) > city
    assert of(table, "median-income", "75056")["valeur"][2021] > PARIS_LINE


def test_the_last_year_is_the_one_of_the_households(table: pd.DataFrame) -> None:
    homes = open_demonstration().households
    city = homes[homes.department == "75"]
    single = of(table, "demo-single-parents", "75056").loc[2021]
    assert (single["numerateur"], single["denominateur"]) == (city.single_parent.sum(), len(city))
    assert of(table, "population", "75056")["valeur"][2021] == city.persons.sum()


def test_what_is_missing_says_which_absence_it_is(table: pd.DataFrame) -> None:
    absent = table[table["valeur"].isna()]
    assert set(absent["statut"]) == {"withheld", "not_available"}
    assert (absent["note"].str.contains("fictif")).all()
    assert absent["numerateur"].isna().all()
    # One is withheld, in both generations of the same quarter.
    assert (absent["statut"] == "withheld").sum() == 2


def test_quarters_of_2024_are_counted_in_their_own_outlines(table: pd.DataFrame) -> None:
    second = table["territoire"].str.startswith("QN")
    assert set(table.loc[second, "contour"]) == {"2024-01-01"}
    assert set(table.loc[~second, "contour"]) == {""}


# -- what is stored from it ----------------------------------------------------------------


def test_no_file_is_refused(loaded: dict[str, str]) -> None:
    assert {"contract/referentiel.csv", "contract/fiches.csv", "figures/indicateurs.csv"} <= set(
        loaded
    )
    assert not {name: words for name, words in loaded.items() if not words.startswith("loaded")}


def test_anybody_sees_the_figures_and_that_they_are_invented(loaded: dict[str, str]) -> None:
    assert visible_observations(None).count() == Observation.objects.count() > 3_900
    assert visible(FundingLine.objects.all(), None).count() == FundingLine.objects.count() > 150
    assert visible(Framework.objects.all(), None, territory="territory").count() == 1
    assert not Source.objects.filter(is_demonstration=False).exists()
    invented = Indicator.objects.filter(code__startswith="demo-")
    assert invented.count() == 5
    assert all("fictives" in one.definition for one in invented)


def test_a_quarter_has_a_gap_to_the_city_without_its_quarters(loaded: dict[str, str]) -> None:
    poverty = Indicator.objects.get(code="poverty-rate")
    quarter = Territory.objects.get(code="QP075012")
    city = Territory.objects.get(level=Level.COMMUNE, code="75056")
    asked = [Reference(city.pk, "Paris", without_quarters=True)]
    found = gaps(poverty, [quarter.pk], 2021, asked)[quarter.pk][0]
    assert found.difference is not None and found.difference > 10
    assert found.ratio is not None and found.ratio > 2


def test_all_quarters_together_are_told_unless_one_is_missing(loaded: dict[str, str]) -> None:
    single = Indicator.objects.get(code="demo-single-parents")
    everyone = list(
        Territory.objects.filter(level=Level.QPV, generation=2015).values_list("pk", flat=True)
    )
    one = Territory.objects.get(code="QP075012").pk
    assert gap_to_all(single, [one], everyone, 2020)[one].difference is not None
    assert gap_to_all(single, [one], everyone, 2021)[one].reason


def test_one_series_is_broken_and_says_why(loaded: dict[str, str]) -> None:
    assert SeriesBreak.objects.get().year == figures.BREAK_YEAR
    known = breaks_of([figures.BREAK_CODE])
    anywhere = Territory.objects.get(code="QP075012").pk
    assert "formation" in known.between(figures.BREAK_CODE, anywhere, 2015, 2021)
    assert known.between(figures.BREAK_CODE, anywhere, 2018, 2021) == ""


def test_withheld_and_missing_figures_are_kept_as_such(loaded: dict[str, str]) -> None:
    told = Observation.objects.filter(value=None)
    assert set(told.values_list("standing", flat=True)) == {
        Standing.WITHHELD, Standing.NOT_AVAILABLE,
    }  # fmt: skip
    assert told.get(territory__code="QP075017", year=2021).standing == Standing.WITHHELD


# -- promises ------------------------------------------------------------------------------


def test_promises_are_reached_late_under_way_and_without_data(loaded: dict[str, str]) -> None:
    found = {t.indicator.label: s.progress for t, s in stands(framework(), TODAY)}
    assert found["Part d’élèves accompagnés parmi les élèves repérés"] == Progress.REACHED
    assert found["Délai moyen d’enlèvement des encombrants"] == Progress.REACHED
    assert found["Nombre d’enfants inscrits dans un club de lecture"] == Progress.LATE
    assert found["Part d’adultes sans médecin traitant"] == Progress.UNDER_WAY
    assert found["Part de logements réhabilités"] == Progress.NO_DATA
    assert found["Nombre de jardins partagés ouverts"] == Progress.UNSET


def test_three_themes_hold_objectives_actions_and_targets_with_bounds(
    loaded: dict[str, str],
) -> None:
    kinds = list(framework().nodes.values_list("kind", flat=True))
    assert (kinds.count("theme"), kinds.count("objective"), kinds.count("action")) == (3, 5, 7)
    targets = Target.objects.filter(framework=framework())
    assert set(targets.values_list("bound", flat=True)) == {"floor", "ceiling", "exact"}
    assert set(targets.exclude(form="unset").values_list("horizon", flat=True)) >= {2020, 2028}


def test_follow_up_sheets_hang_on_the_actions(loaded: dict[str, str]) -> None:
    sheets = FollowUpSheet.objects.all()
    assert sheets.count() == 7
    assert not sheets.filter(node=None).exists()
    assert set(sheets.values_list("state", flat=True)) == {
        SheetState.VALIDATED, SheetState.SUBMITTED,
    }  # fmt: skip


def test_a_rate_and_a_sum_of_the_report_are_not_what_their_parts_give(
    loaded: dict[str, str],
) -> None:
    wrong = {one.statement.key: one.computed for one in check_all(only_disagreements=True)}
    assert wrong == {"signataires": pytest.approx(92.4), "createurs": 1246}
    told = SheetResult.objects.get(label="Part des signataires habitant un quartier")
    assert (told.declared, rate_of(told).agrees) == (95, False)


# -- money ---------------------------------------------------------------------------------


def test_each_quarter_has_its_money_and_shared_money_is_apart(loaded: dict[str, str]) -> None:
    lines = FundingLine.objects.all()
    for quarter in Territory.objects.filter(level=Level.QPV):
        own = lines.filter(places__territory=quarter, reach=Reach.ZONE)
        assert own.aggregate(total=Sum("amount"))["total"] > 0, quarter.code
    shared = lines.filter(reach=Reach.MULTI_SITE)
    assert {line.places.count() for line in shared} == {3}
    assert lines.filter(reach=Reach.WIDER).exists()
    assert lines.values("funder").distinct().count() == 3
    assert set(lines.values_list("year", flat=True)) >= set(figures.YEARS)


# -- the tables as a partner opens them ----------------------------------------------------


def contract_table(name: str) -> pd.DataFrame:
    path = open_demonstration().folder / f"contract/{name}.csv"
    return pd.read_csv(path, sep=";", dtype=str, keep_default_na=False)


def test_every_row_of_the_framework_hangs_on_one_above_it() -> None:
    rows = contract_table("referentiel")
    above: set[str] = set()
    for key, parent, kind in zip(rows["key"], rows["parent"], rows["kind"], strict=True):
        assert parent in above or (parent == "" and kind == "theme"), key
        above.add(key)
    assert len(above) == len(rows)


def test_every_sheet_and_followed_figure_names_what_the_framework_holds(
    table: pd.DataFrame,
) -> None:
    rows = contract_table("referentiel")
    actions = {f"demonstration-referentiel:{key}" for key in rows[rows["kind"] == "action"]["key"]}
    assert set(contract_table("fiches")["action"]) == actions
    promised = {
        f"demonstration-referentiel-{key}" for key in rows[rows["kind"] == "indicator"]["key"]
    }
    followed = set(table.loc[table["niveau"] == "contract", "indicateur"])
    assert followed < promised, "some promises have no figure yet"


def test_every_line_of_money_says_that_it_is_invented() -> None:
    lines = contract_table("subventions")
    assert lines["title"].str.endswith("(fictif)").all()
    assert lines["key"].is_unique
    assert (lines["amount"].astype(int) > 0).all()


def test_every_new_file_is_public_and_said_to_be_invented() -> None:
    new = [
        entry
        for entry in open_demonstration().toml("manifest.toml")["file"]
        if entry["path"].startswith(("figures/", "contract/"))
    ]
    assert len(new) == 6
    assert all(entry["sharing"] == "public" for entry in new)
    assert all("ficti" in entry["title"] for entry in new)
