"""Figures at the keyboard: listed, compared in two contexts, classed, shared out, checked."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import pytest
from django.core.management import call_command

from observatory.models import (
    Level,
    Membership,
    Nature,
    Observation,
    Polarity,
    SeriesBreak,
    Territory,
    Typology,
)
from tests.factories import a_source, a_territory
from tests.observatory.figures_makers import a_figure, a_share, an_indicator

pytestmark = pytest.mark.django_db


def told(*words: object) -> Any:
    out = io.StringIO()
    call_command("indicators", *map(str, words), "--json", stdout=out)
    return json.loads(out.getvalue())


def refusal(*words: object) -> str:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit):
        call_command("indicators", *map(str, words), stdout=out, stderr=err)
    return err.getvalue()


@pytest.fixture
def paris() -> Territory:
    """A city of 1 000 with 200 poor; three quarters, one of another city."""
    city = a_territory(Level.COMMUNE, "75056", "Paris")
    poverty = an_indicator("poverty", Nature.SHARE, unit="%", polarity=Polarity.LOWER, theme="r")
    a_share(poverty, city, 2015, 200, 1000)
    for code, poor, people in (("QP075001", 40, 100), ("QP075002", 60, 100), ("QP093001", 90, 100)):
        quarter = a_territory(Level.QPV, code, f"Quartier {code}", generation=2015)
        if code.startswith("QP075"):
            Membership.objects.create(member=quarter, container=city, source=a_source())
        for year, more in ((2015, 0), (2016, 5)):
            a_share(poverty, quarter, year, poor + more, people, row=year)
    return city


def test_the_list_says_what_is_there_and_what_is_missing(paris: Territory) -> None:
    a_figure(an_indicator("poverty"), paris, 2016, None)
    (row,) = told("list")
    assert (row["code"], row["figures"], row["missing"]) == ("poverty", 8, 1)
    assert (row["first"], row["last"]) == (2015, 2016)
    assert told("list", "--theme", "autre") == []


def test_one_indicator_with_its_figures_and_their_source(paris: Territory) -> None:
    SeriesBreak.objects.create(indicator=an_indicator("poverty"), year=2020, reason="réforme")
    whole = told("show", "poverty")
    assert (whole["count"], whole["figures"]) == (7, [])
    assert whole["breaks"] == [{"year": 2020, "reason": "réforme"}]
    (row,) = told("show", "poverty", "--territory", "QP075001", "--year", 2015)["figures"]
    assert (row["value"], row["scope"], row["standing"], row["line"]) == (
        40, "whole", "declared", 2015,
    )  # fmt: skip
    assert row["source"] == "Source source, Producteur 2021"


def test_quarters_in_their_two_contexts(paris: Territory) -> None:
    first, second = told("compare", "poverty", 2015, "75056", "--reference", "75056")
    assert [first["code"], second["code"]] == ["QP075001", "QP075002"]
    gaps = {gap["reference"]: gap for gap in first["gaps"]}
    assert gaps["Paris"]["difference"] == 20
    assert gaps["Paris hors quartiers"]["other"] == pytest.approx(100 * 100 / 800)
    assert gaps["ensemble des quartiers"]["other"] == pytest.approx(100 * 190 / 300)
    assert (first["rank"], first["known"]) == (1, 3)
    assert first["worse_than"] == pytest.approx(100 / 6)


def test_the_reference_that_is_not_loaded_is_not_available(paris: Territory) -> None:
    (gap, rest, _) = told("compare", "poverty", 2016, "QP075001", "--reference", "75056")[0]["gaps"]
    for one in (gap, rest):
        assert (one["difference"], one["reason"]) == (
            None,
            "la série de référence n’est pas chargée",
        )


def test_percentiles_year_by_year(paris: Territory) -> None:
    first, second = told("percentiles", "poverty", "QP075")
    assert first["years"]["2015"] == {"percentile": 16.67, "worse_than": 16.67, "known": 3}
    assert second["years"]["2016"]["percentile"] == 50
    Observation.objects.filter(territory__code="QP075001", year=2016).delete()
    first, second = told("percentiles", "poverty", "QP075")
    assert first["years"]["2016"] is None
    assert second["years"]["2016"] == {"percentile": 25, "worse_than": 25, "known": 2}


def test_evolution_and_that_of_the_gap(paris: Territory) -> None:
    a_figure(an_indicator("poverty"), paris, 2016, 21)
    first, _ = told("evolution", "poverty", 2015, 2016, "QP075", "--reference", "75056")
    assert (first["difference"], first["relative"], first["gap_change"]) == (5, 12.5, 4)
    SeriesBreak.objects.create(indicator=an_indicator("poverty"), year=2016, reason="réforme")
    first, _ = told("evolution", "poverty", 2015, 2016, "QP075")
    assert (first["difference"], first["reason"]) == (None, "rupture de série, 2016 : réforme")


def test_classes_are_made_kept_and_made_again(paris: Territory) -> None:
    for number in range(3, 30):
        quarter = a_territory(Level.QPV, f"QP075{number:03d}", generation=2015)
        a_figure(an_indicator("poverty"), quarter, 2015, 10 + 3 * number)
    made = told("classes", "poverty", 2015, "--count", 3, "--draws", 5, "--name", "Essai")
    kept = Typology.objects.get()
    assert (made["typology"], kept.name) == (kept.pk, "Essai")
    assert made["classes"][0]["class"] == 1
    assert len(made["classes"]) == 30
    assert told("again", kept.pk) == {"inputs": True, "changed": 0, "quarters": []}
    assert f"Kept: {kept.pk}" in refusal("again", 999_999)


@pytest.fixture
def drawn_twice() -> None:
    """Twelve places drawn in 2015 and again in 2024, and one of no known drawing."""
    poverty = an_indicator("poverty", Nature.SHARE, polarity=Polarity.LOWER)
    for generation in (2015, 2024):
        for number in range(12):
            quarter = a_territory(Level.QPV, f"Q{generation}{number:02d}", generation=generation)
            a_figure(poverty, quarter, 2020, 20 + 3 * number)
            if generation == 2015:
                a_figure(poverty, quarter, 2014, 20 + 3 * number)
    a_figure(poverty, a_territory(Level.QPV, "Q0"), 2020, 30)


def codes_classed(*words: object) -> set[str]:
    made = told("classes", "poverty", *words, "--count", 2, "--draws", 2)
    return {row["code"] for row in made["classes"]}


def drawing(generation: int) -> set[str]:
    return {f"Q{generation}{number:02d}" for number in range(12)}


def test_classes_are_of_one_drawing_the_latest_that_has_such_figures(drawn_twice: None) -> None:
    assert codes_classed(2020) == drawing(2024)
    assert Typology.objects.get().parameters["generation"] == 2024
    assert codes_classed(2014) == drawing(2015)
    assert codes_classed(2020, "--generation", 2015) == drawing(2015)


def test_a_figure_that_lacks_does_not_make_a_drawing_the_latest(drawn_twice: None) -> None:
    quarter = a_territory(Level.QPV, "Q203000", generation=2030)
    a_figure(an_indicator("poverty"), quarter, 2020, None)
    assert codes_classed(2020) == drawing(2024)


def test_classes_stay_those_of_their_drawing_when_a_newer_one_comes(drawn_twice: None) -> None:
    made = told("classes", "poverty", 2014, "--count", 2, "--draws", 2)
    assert made["generation"] == 2015
    for quarter in Territory.objects.filter(generation=2024):
        a_figure(an_indicator("poverty"), quarter, 2014, 50)
    assert told("again", made["typology"]) == {"inputs": True, "changed": 0, "quarters": []}


def test_classes_of_a_drawing_that_has_no_such_figures_are_refused(drawn_twice: None) -> None:
    said = refusal("classes", "poverty", 2014, "--generation", 2024)
    assert "No quarter of generation 2024 has such figures in 2014" in said
    assert "Generations that have: 2015." in said
    assert "2015, 2024." in refusal("classes", "poverty", 2020, "--generation", 1996)
    assert "No indicator is called happiness" in refusal(
        "classes", "happiness", 2020, "--generation", 1996
    )
    assert not Typology.objects.exists()


def test_quarters_of_no_known_drawing_are_classed_together() -> None:
    poverty = an_indicator("poverty", Nature.SHARE, polarity=Polarity.LOWER)
    for number in range(6):
        a_figure(poverty, a_territory(Level.QPV, f"Q{number}"), 2020, 20 + 3 * number)
    assert codes_classed(2020) == {f"Q{number}" for number in range(6)}


def test_coverage_of_quarters(paris: Territory) -> None:
    body = told("coverage", "library", "QP075", "--on", "2016-01-01", "--distance", 200)
    assert (body["quarters"], body["with_one_in"], body["distance"]) == (2, 0, 200)
    assert [row["code"] for row in body["by_quarter"]] == ["QP075001", "QP075002"]


def test_what_cannot_be_told_says_what_to_do(paris: Territory) -> None:
    assert "No indicator is called happiness" in refusal("show", "happiness")
    assert "QP075" in refusal("percentiles", "poverty", "QP999")
    assert "No territory to compare with" in refusal(
        "compare", "poverty", 2015, "QP075", "--reference", "99999"
    )
    assert "No figure of poverty in 1999" in refusal("interpolate", "poverty", 1999)


def test_printed_figures_that_disagree_are_listed_with_their_line() -> None:
    from importers.published import load_published

    list(load_published("grand-orly"))
    wrong = {row["label"]: row for row in told("errors")}
    assert all(row["verdict"] in ("disagrees", "truncated") for row in wrong.values())
    by_line = {row["line"]: row for row in wrong.values()}
    assert (by_line[1094]["printed"], by_line[1094]["computed"]) == (111_871, 111_880)
    assert len(told("errors", "--all")) > len(wrong)


def test_dates_are_days_that_exist(paris: Territory) -> None:
    assert told("coverage", "library", "QP075", "--on", date(2016, 1, 1).isoformat())["quarters"]


def test_a_place_drawn_twice_is_compared_with_its_own_drawing_alone(paris: Territory) -> None:
    people = an_indicator("people", Nature.COUNT, polarity=Polarity.HIGHER)
    for code, generation, value in (
        ("QP075001", 2015, 100), ("QP075002", 2015, 200), ("QN07501M", 2024, 120),
        ("", None, 101),
    ):  # fmt: skip
        quarter = Territory.objects.filter(code=code, level=Level.QPV).first() if code else None
        quarter = quarter or a_territory(Level.QPV, code, f"Q{code}", generation=generation)
        a_figure(people, quarter, 2015, value)
    (row,) = told("compare", "people", 2015, "QP075001")
    assert (row["rank"], row["known"], row["gaps"][-1]["other"]) == (1, 2, 300)
    (newer,) = told("compare", "people", 2015, "QN")
    assert (newer["rank"], newer["known"], newer["gaps"][-1]["other"]) == (1, 1, 120)
    (years,) = told("percentiles", "people", "QP075002")
    assert years["years"]["2015"] == {"percentile": 75.0, "worse_than": 25.0, "known": 2}


def test_quarters_that_lose_ground_are_looked_for_drawing_by_drawing(paris: Territory) -> None:
    codes = [an_indicator(code, Nature.SHARE, polarity=Polarity.LOWER) for code in ("a", "b")]
    for generation in (2015, 2024):
        for number in range(12):
            quarter = a_territory(Level.QPV, f"Q{generation}{number:02d}", generation=generation)
            for indicator in codes:
                for year in (2018, 2019, 2020, 2021):
                    # The first quarter of each drawing goes from best to worst of its own.
                    worse = 100 * (year - 2018) / 3 if number == 0 else 40 + number
                    share = worse * (0.5 if generation == 2024 else 1)
                    a_figure(indicator, quarter, year, share)
    warned = {row["code"] for row in told("behind", "a,b", 2018, 2021)}
    assert warned == {"Q201500", "Q202400"}
    assert {row["code"] for row in told("behind", "a,b", 2018, 2021, "--generation", 2024)} == {
        "Q202400"
    }
    assert told("behind", "a,b", 2018, 2021, "--generation", 1996) == []
