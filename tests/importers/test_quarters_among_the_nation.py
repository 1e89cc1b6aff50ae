"""The quarters of Paris among all of the nation's, year by year, on the published table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from importers.loads import load
from observatory.models import Observation
from tests.importers.test_indicators_command import told

pytestmark = [pytest.mark.django_db, pytest.mark.real_data]


@pytest.fixture(scope="module")
def nation(
    real_data: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        load("perimeters", real_data / "perimeters" / "qp-politiquedelaville-shp.zip")
        load("indicators", real_data / "indicators" / "panel_qpv_complet_v2.csv")
        yield
        transaction.set_rollback(True)


def test_national_percentile_of_the_twenty_of_paris_each_year(nation: None) -> None:
    rows = told("percentiles", "poverty-rate", "QP075")
    assert len(rows) == 20
    assert list(rows[0]["years"]) == [str(year) for year in range(2012, 2022)]
    for row in rows:
        for year, place in row["years"].items():
            assert place is None or 0 < place["percentile"] < 100, (row["code"], year)
    # One of them, by the slow way: the share of quarters below, and half of the ties.
    values = list(
        Observation.objects.filter(indicator__code="poverty-rate", year=2019)
        .exclude(value=None).values_list("territory__code", "value")
    )  # fmt: skip
    own = dict(values)["QP075012"]
    below = sum(value < own for _, value in values)
    ties = sum(value == own for _, value in values)
    (goutte,) = [row for row in rows if row["code"] == "QP075012"]
    expected = 100 * (below + ties / 2) / len(values)
    assert goutte["years"]["2019"]["percentile"] == pytest.approx(expected, abs=0.01)
    assert goutte["years"]["2019"]["known"] == len(values)


def test_the_quarters_of_paris_are_better_off_than_most_by_poverty(nation: None) -> None:
    rows = told("percentiles", "poverty-rate", "QP075")
    known = [row["years"]["2019"] for row in rows]
    places = [place["worse_than"] for place in known if place]
    assert len(places) >= 18
    assert sum(place < 50 for place in places) > len(places) / 2


def test_the_nation_s_quarters_in_four_classes(nation: None) -> None:
    made = told("classes", "median-income,poverty-rate,gini", 2019, "--draws", 20)
    assert set(made["sizes"]) == {"1", "2", "3", "4"}
    assert made["classed"] + made["without_class"] == made["quarters"]
    stable = [row["stability"] for row in made["classes"] if row["stability"] is not None]
    assert sorted(stable)[len(stable) // 2] >= 0.6
    assert told("again", made["typology"])["changed"] == 0
