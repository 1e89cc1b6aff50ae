"""Lists of territories, of dated memberships, of a contract's quarters."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from observatory.models import Alias, Membership, Territory
from tests.importers.makers import arrondissements, qpv_zip, square

pytestmark = pytest.mark.django_db

TERRITORIES = """
national_median = 18750
national_median_source = "11 250 € / 0,6"

[[urban_unit]]
code = "00851"
name = "Paris"
population = 10500000
median = 22440

[[contract]]
code = "CV-PARIS"
name = "Contrat de ville de Paris"

[[commune]]
code = "75056"
name = "Paris"
department = "75"
"""


def _text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def paris(bring, tmp_path) -> None:
    """Two arrondissements, a quarter astride, a contract and an urban unit."""
    bring("boundaries", arrondissements(tmp_path / "arrondissements.geojson", [1, 2]))
    astride = square(653_900.0, 6_859_100.0)
    bring("perimeters", qpv_zip(tmp_path / "qp.zip", {"QP075001": astride}))
    bring("territories", _text(tmp_path / "territories.toml", TERRITORIES))


# -- territories ---------------------------------------------------------------------------


def test_an_urban_unit_carries_what_the_decrees_formula_needs(bring, tmp_path):
    bring("territories", _text(tmp_path / "t.toml", TERRITORIES))
    unit = Territory.objects.get(level="urban_unit")
    assert unit.facts == {
        "population": 10_500_000,
        "median_income": 22_440,
        "national_median_income": 18_750,
        "national_median_source": "11 250 € / 0,6",
    }


def test_a_territory_that_has_an_outline_keeps_its_name_and_gains_facts(paris):
    commune = Territory.objects.get(level="commune")
    assert commune.source.producer == "Ville de Paris"
    assert commune.facts["department"] == "75"


def test_the_same_list_twice_changes_nothing(bring, tmp_path):
    path = _text(tmp_path / "t.toml", TERRITORIES)
    bring("territories", path)
    before = list(Territory.objects.order_by("pk").values())
    report = bring("territories", path).report
    assert (report.unchanged, report.added, report.changed) == (3, 0, 0)
    assert list(Territory.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[contract]]\nname = 'Sans code'\n", "entry 1, column contract"),
        ("[[contract]]\ncode = 'A'\nname = 'A'\npopulation = -4\n", "zero or more"),
        ("[[contract]]\ncode = 'A'\nname = 'A'\npopulation = 'dix'\n", "a population is a number"),
        ("title = 'rien'\n", "has no table department"),
        ("[[contract\n", "it is not TOML"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(refused, tmp_path, text, words):
    assert words in refused("territories", _text(tmp_path / "t.toml", text))


# -- memberships ---------------------------------------------------------------------------

HEADER = "member_level,member,group_level,group,valid_from,valid_to\n"
ROWS = (
    "commune,75056,urban_unit,00851,2007-01-01,\n"
    "qpv,QP075001,contract,CV-PARIS,2015-01-01,2024-01-01\n"
    "qpv,QP075001,arrondissement,75101,2015-01-01,2024-01-01\n"
)


def test_declared_memberships_take_the_place_of_measured_ones_and_keep_the_share(
    bring, paris, tmp_path
):
    measured = Membership.objects.get(container__code="75101", member__level="qpv").area_share
    report = bring("memberships", _text(tmp_path / "m.csv", HEADER + ROWS)).report
    assert report.kept == 3
    row = Membership.objects.get(container__code="75101", member__level="qpv")
    assert row.declared
    assert row.area_share == measured
    assert Membership.objects.get(container__level="contract").valid_to == date(2024, 1, 1)
    other = Membership.objects.get(container__code="75102", member__level="qpv")
    assert not other.declared


def test_the_same_memberships_twice_change_nothing(bring, paris, tmp_path):
    path = _text(tmp_path / "m.csv", HEADER + ROWS)
    bring("memberships", path)
    before = list(Membership.objects.order_by("pk").values())
    report = bring("memberships", path).report
    assert (report.unchanged, report.added, report.changed) == (3, 0, 0)
    assert list(Membership.objects.order_by("pk").values()) == before


def test_a_membership_no_longer_listed_goes(bring, paris, tmp_path):
    bring("memberships", _text(tmp_path / "a.csv", HEADER + ROWS))
    bring("memberships", _text(tmp_path / "b.csv", HEADER + ROWS.splitlines()[0] + "\n"))
    assert not Membership.objects.filter(container__level="contract").exists()
    assert Membership.objects.filter(container__level="urban_unit").count() == 1


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("commune,99999,contract,CV-PARIS,,", "(commune 99999): this territory is not loaded"),
        ("commune,75056,contract,CV-LYON,,", "column group (contract CV-LYON)"),
        ("commune,75056,contract,CV-PARIS,2015,", "(2015): this is not a date"),
        ("commune,75056,contract,CV-PARIS,2015-01-01,2015-01-01", "the end does not follow"),
        ("commune,75056,urban_unit,00851,2007-01-01,", "already stands in line 2"),
    ],
)
def test_one_bad_membership_refuses_the_file(bring, paris, tmp_path, row, words):
    from tests.importers.conftest import told

    before = Membership.objects.count()
    with told() as said:
        bring("memberships", _text(tmp_path / "m.csv", HEADER + ROWS + row + "\n"))
    assert words in said[0]
    assert "line 5" in said[0]
    assert Membership.objects.count() == before


# -- the list of quarters ------------------------------------------------------------------

QUARTERS = "code;nom;population;revenu_median;source\n"


def test_published_population_and_median_join_the_quarter(bring, paris, tmp_path):
    text = QUARTERS + "QP075001;Quartier QP075001;1850;12500;Insee, RFL2011\n"
    bring("quarters_list", _text(tmp_path / "q.csv", text))
    quarter = Territory.objects.get(level="qpv")
    assert (quarter.facts["population"], quarter.facts["median"]) == (1850, 12500)
    assert quarter.facts["figures_source"] == "Insee, RFL2011"
    assert not Alias.objects.exists()


def test_another_spelling_becomes_an_alias_and_a_blank_stays_unknown(bring, paris, tmp_path):
    text = QUARTERS + "QP075001;Bédier-Boutroux;;12500;\n"
    for _ in range(2):
        report = bring("quarters_list", _text(tmp_path / "q.csv", text)).report
    assert report.unchanged == 1
    assert Alias.objects.get().name == "Bédier-Boutroux"
    assert "population" not in Territory.objects.get(level="qpv").facts


def test_a_quarter_that_is_not_loaded_refuses_the_list(bring, paris, tmp_path):
    from tests.importers.conftest import told

    text = QUARTERS + "QP075001;A;10;20;\nQP099999;B;-5;vingt;\n"
    with told() as said:
        bring("quarters_list", _text(tmp_path / "q.csv", text))
    for words in ("(QP099999): this quarter is not loaded", "(-5): not a number", "(vingt)"):
        assert words in said[0]
    assert "population" not in Territory.objects.get(level="qpv").facts
