"""The published tables load as delivered, and say what is missing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from importers.loads import load
from importers.recognise import recognise
from importers.report import Report
from observatory.figures.visible import gated_observations
from observatory.models import Indicator, Level, Observation, SeriesBreak, Source, Standing

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]

TABLES = (
    "panel_qpv_complet_v2.csv",
    "pop_qp_2013.csv",
    "qpv_evolution_population.csv",
    "rpls_qpv.csv",
    "filosofi_iris_2021_dec_idf.csv",
    "population_communes_idf.csv",
    "demographie_2010_qpv.xls",
)


@pytest.fixture(scope="module")
def reports(
    real_data: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, Report]]:
    """Load the quarters and every table once; all of it goes again afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        load("perimeters", real_data / "perimeters" / "qp-politiquedelaville-shp.zip")
        told = {name: load("indicators", real_data / "indicators" / name).report for name in TABLES}
        connection.check_constraints()  # once, not again after each test
        yield told
        transaction.set_rollback(True)


def value(indicator: str, territory: str, year: int) -> Observation:
    return Observation.objects.get(indicator__code=indicator, territory__code=territory, year=year)


@pytest.mark.parametrize("name", TABLES)
def test_each_table_is_recognised_in_a_folder(real_data: Path, name: str) -> None:
    assert recognise(real_data / "indicators" / name).kind == "indicators"


def test_ten_years_of_income_of_every_quarter(reports: dict[str, Report]) -> None:
    report = reports["panel_qpv_complet_v2.csv"]
    assert report.read == 12_958
    assert report.kept == 4 * 12_958
    assert value("median-income", "QP001001", 2012).value == 13_748


def test_in_2021_only_1008_quarters_have_an_income(reports: dict[str, Report]) -> None:
    year = Observation.objects.filter(
        source__code="insee-qpv-income-2012-2021", indicator__code="median-income", year=2021
    )
    assert year.count() == 1296
    assert year.exclude(value=None).count() == 1008
    assert not year.filter(value=0).exists()
    missing = reports["panel_qpv_complet_v2.csv"].facts["missing"]
    assert missing["median-income 2021 not_available"] == 288


def test_the_unstated_income_concept_is_printed_with_the_source(reports: dict[str, Report]) -> None:
    source = Source.objects.get(code="insee-qpv-income-2012-2021")
    assert "ne dit pas si le revenu est déclaré ou disponible" in source.cautions


def test_withheld_rents_are_withheld_and_not_zero(reports: dict[str, Report]) -> None:
    found = value("social-dwellings-new", "QP001001", 2016)
    assert (found.value, found.standing) == (None, Standing.WITHHELD)
    assert value("social-vacancy", "QP001001", 2016).value == 4.8  # written "4,8"
    assert reports["rpls_qpv.csv"].facts["missing"]["social-dwellings-new 2016 withheld"] == 1300


def test_an_assumed_year_is_said(reports: dict[str, Report]) -> None:
    told = " ".join(reports["rpls_qpv.csv"].notes)
    assert "does not say its year: taken as 2016" in told


def test_ns_is_secrecy_and_nd_is_not_available(reports: dict[str, Report]) -> None:
    assert value("declared-median", "751010101", 2021).standing == Standing.WITHHELD
    assert value("declared-median", "751010105", 2021).standing == Standing.NOT_AVAILABLE
    assert value("declared-low-income-rate", "751010201", 2021).value == 18.0


def test_two_publications_of_the_population_of_2013_agree(reports: dict[str, Report]) -> None:
    by_source = {
        code: {o.territory_id: o.value for o in Observation.objects.filter(
            source__code=code, indicator__code="population", year=2013)}
        for code in ("insee-qpv-population-2013", "insee-qpv-population-change-2013-2018")
    }  # fmt: skip
    assert len(by_source["insee-qpv-population-2013"]) == 1514
    assert len({frozenset(found.items()) for found in by_source.values()}) == 1


def test_the_printed_change_of_population_is_worked_out_again(reports: dict[str, Report]) -> None:
    report = reports["qpv_evolution_population.csv"]
    assert report.facts["disagreements"] == {"evol_pop_pct": 0}


def test_delegated_communes_are_left_out_and_said(reports: dict[str, Report]) -> None:
    report = reports["population_communes_idf.csv"]
    assert "21 rows of another kind of area left out." in report.notes
    assert value("population", "75113", 2023).territory.level == Level.ARRONDISSEMENT


def test_a_workbook_with_headers_over_several_rows(reports: dict[str, Report]) -> None:
    found = value("census-tx-tot-fam-mono", "QP075001", 2010)
    assert found.indicator.label == "Part des familles monoparentales"
    assert value("census-ind-jeune", "QP001001", 2010).value == 1.1
    assert value("census-et-ind-jeune", "QP001001", 2010).standing == Standing.WITHHELD


def test_whole_regions_are_no_quarters(reports: dict[str, Report]) -> None:
    region = value("census-ind-jeune", "11", 2010)
    assert (region.territory.name, region.territory.level) == ("Île-de-France", Level.REGION)
    assert region.scope == "qpv"
    assert value("census-ind-jeune", "FRM", 2010).value == 2.1


def test_published_shares_over_100_are_never_used_and_all_listed(
    reports: dict[str, Report],
) -> None:
    report = reports["demographie_2010_qpv.xls"]
    assert report.repaired_count == 18
    found = value("census-tx-f-men1-75etplus", "QP056009", 2010)
    assert (found.value, found.note) == (None, "valeur publiée impossible : 281.7")


def test_single_parents_of_2010_do_not_compare_with_later_years(
    reports: dict[str, Report],
) -> None:
    found = SeriesBreak.objects.get(indicator__code="census-tx-tot-fam-mono")
    assert found.year == 2011


# -- parts of a whole ----------------------------------------------------------------------


def bands(whole: str, by: str) -> dict[str, list[Observation]]:
    """Return what anybody may be shown of the parts of a whole, by quarter, withheld or not."""
    rows = gated_observations(
        Observation.objects.filter(
            indicator__part_of__code=whole, indicator__cut=by, territory__level=Level.QPV
        )
    )
    found: dict[str, list[Observation]] = defaultdict(list)
    for row in rows.select_related("territory", "indicator"):
        found[row.territory.code].append(row)
    return found


def holes(rows: list[Observation], name: str) -> int:
    return sum(getattr(row, name) == Standing.WITHHELD for row in rows)


CUTS_OF_PERSONS = [
    ("population", "âge", 5), ("population", "diplôme", 3),
    ("census-tx-f", "âge", 5), ("census-tx-f", "diplôme", 3),
    ("census-tx-tot-et", "âge", 5), ("census-tx-tot-et", "diplôme", 3),
]  # fmt: skip


@pytest.mark.parametrize(("whole", "by", "size"), CUTS_OF_PERSONS)
def test_the_age_or_diploma_that_insee_left_blank_is_not_100_less_the_others(
    reports: dict[str, Report], whole: str, by: str, size: int
) -> None:
    """The workbook leaves one band blank and prints the others: it must not be worked out."""
    told = bands(whole, by)
    assert len(told) > 1_200
    assert {len(rows) for rows in told.values()} == {size}
    alone = {code for code, rows in told.items() if holes(rows, "standing") == 1}
    assert len(alone) > 50, "or the table has changed, and this shows nothing"
    for code, rows in told.items():
        assert holes(rows, "shown_standing") != 1, code
        marked = [row for row in rows if row.betrays]
        assert len(marked) <= 1 and bool(marked) == (code in alone), code
        if marked:
            shown = [row.value for row in rows if row.value is not None]
            assert marked[0].value == min(shown), "the smallest goes beside it"


@pytest.mark.parametrize(
    ("by", "size"), [("pièces", 5), ("surface", 7), ("époque", 6), ("financement", 5), ("forme", 2)]
)
def test_the_dwellings_that_the_ministry_left_blank_never_stand_alone(
    reports: dict[str, Report], by: str, size: int
) -> None:
    """Its producer already blanks two parts at once: nothing more is taken."""
    told = bands("social-dwellings", by)
    assert len(told) > 1_000
    assert {len(rows) for rows in told.values()} == {size}
    assert not any(row.betrays for rows in told.values() for row in rows)
    assert not any(holes(rows, "standing") == 1 for rows in told.values())


def test_what_a_table_says_of_its_parts_is_in_the_dictionary(reports: dict[str, Report]) -> None:
    rows = json.loads(Client().get("/api/tables/indicators/?code=census-tx-f-0a14").content)
    assert (rows["results"][0]["part_of"], rows["results"][0]["cut"]) == ("census-tx-f", "âge")
    counted = Indicator.objects.filter(part_of__code="population")
    assert all(counted.values_list("counts_persons", flat=True))


def test_every_figure_has_a_source_a_run_and_a_line(reports: dict[str, Report]) -> None:
    assert Observation.objects.count() == sum(r.kept for r in reports.values())
    assert not Observation.objects.filter(run=None).exists()
    assert not Observation.objects.filter(row=None).exists()
    assert Indicator.objects.filter(theme="logement social").count() == 34
