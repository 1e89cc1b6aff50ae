"""Which targets are reached, late, under way, or have no data: never a guess."""

from __future__ import annotations

from typing import Any

import pytest

from observatory.figures.targets import Progress, Reading, reading_of, situations, stand_of, stands
from observatory.models import Framework, FrameworkRow, Indicator, Node, Target
from tests.factories import a_source
from tests.observatory.figures_makers import a_contract, a_figure, a_framework, an_indicator

pytestmark = pytest.mark.django_db


def a_target(indicator: Indicator | None = None, **fields: Any) -> Target:
    told = {"form": "absolute", "horizon": 2020, "source": a_source(), "part": 1, **fields}
    return Target.objects.create(
        indicator=indicator or an_indicator(), territory=a_contract(), **told
    )


@pytest.mark.parametrize(
    ("fields", "reading", "progress"),
    [
        ({"value": 11}, Reading(11, 2018), Progress.REACHED),
        ({"value": 11}, Reading(10, 2018), Progress.UNDER_WAY),
        ({"value": 11, "horizon": 2017}, Reading(10, 2018), Progress.LATE),
        ({"value": 11}, Reading(), Progress.NO_DATA),
        ({"form": "unset"}, Reading(3, 2018), Progress.UNSET),
        ({"value": 100}, Reading(60, 2018, 0, 2015), Progress.UNDER_WAY),
        ({"value": 100}, Reading(40, 2018, 0, 2015), Progress.LATE),
        ({"form": "relative", "value": 10, "baseline": 460}, Reading(506, 2019), Progress.REACHED),
        (
            {"form": "relative", "value": 10, "baseline": 460},
            Reading(500, 2019),
            Progress.UNDER_WAY,
        ),
        ({"form": "relative", "value": 10}, Reading(500, 2019), Progress.NOT_MEASURABLE),
        ({"form": "multiple", "value": 2}, Reading(42, 2019, 21, 2014), Progress.REACHED),
        ({"form": "points", "value": 5}, Reading(37, 2019, 30, 2014), Progress.REACHED),
        ({"value": 40, "bound": "ceiling"}, Reading(38, 2019), Progress.REACHED),
        ({"value": 40, "bound": "ceiling"}, Reading(41, 2021), Progress.LATE),
        ({"form": "none_left"}, Reading(0, 2019), Progress.REACHED),
        ({"form": "none_left"}, Reading(2, 2021), Progress.LATE),
        ({"form": "all"}, Reading(100, 2019), Progress.REACHED),
        ({"form": "all"}, Reading(97, 2019), Progress.UNDER_WAY),
        ({"form": "deliverable"}, Reading(1, 2019), Progress.REACHED),
        ({"form": "direction"}, Reading(5, 2019), Progress.NOT_MEASURABLE),
        ({"form": "per_unit", "value": 3}, Reading(5, 2019), Progress.NOT_MEASURABLE),
        ({"form": "converge"}, Reading(12, 2019, reference=10), Progress.REACHED),
        ({"form": "converge"}, Reading(12, 2019), Progress.NOT_MEASURABLE),
    ],
)
def test_where_a_target_stands_in_2019(
    fields: dict[str, Any], reading: Reading, progress: Progress
) -> None:
    today = 2019 if (reading.year or 0) <= 2019 else reading.year or 0
    assert stand_of(a_target(**fields), reading, today).progress == progress


def test_halving_a_gap_aims_at_half_of_it_from_where_the_reference_is_now() -> None:
    rate = an_indicator("seconde", "share", polarity="higher")
    target = a_target(rate, form="halve_gap")
    reading = Reading(63.6, 2015, 60.2, 2014, reference=73.0, start_reference=71.7)
    found = stand_of(target, reading, 2015)
    assert found.aim == pytest.approx(73.0 - 11.5 / 2)
    assert found.progress == Progress.UNDER_WAY


def test_a_rate_to_bring_down_is_reached_from_above() -> None:
    dropouts = an_indicator("decrocheurs", "share", polarity="lower")
    target = a_target(dropouts, value=5)
    assert stand_of(target, Reading(4.8, 2019), 2019).progress == Progress.REACHED
    assert stand_of(target, Reading(6.6, 2021), 2021).progress == Progress.LATE


def test_a_direction_is_followed_or_not_where_a_start_is_known() -> None:
    rate = an_indicator("evitement", "share", polarity="lower")
    target = a_target(rate, form="direction")
    assert stand_of(target, Reading(20, 2019, 25, 2015), 2019).progress == Progress.UNDER_WAY
    assert stand_of(target, Reading(30, 2019, 25, 2015), 2019).progress == Progress.LATE


def test_a_share_is_read_from_counts_and_never_taken_for_the_count() -> None:
    people = an_indicator("plie", "count")
    target = a_target(people, form="share", value=50, unit="%")
    a_figure(people, a_contract(), 2017, 1147, numerator=1147, denominator=2985)
    found = stand_of(target, reading_of(target, 2018), 2018)
    assert found.value == pytest.approx(38.43, abs=0.005)
    assert found.progress == Progress.UNDER_WAY


def test_a_count_without_its_whole_says_nothing_of_a_share() -> None:
    people = an_indicator("plie", "count")
    target = a_target(people, form="share", value=50)
    a_figure(people, a_contract(), 2017, 1147)
    assert stand_of(target, reading_of(target, 2018), 2018).progress == Progress.NO_DATA


def test_a_figure_of_another_scope_does_not_count() -> None:
    people = an_indicator("mission-locale", "share")
    target = a_target(people, form="share", value=20, scope="qpv")
    a_figure(people, a_contract(), 2017, 25, scope="qpv_qva")
    assert stand_of(target, reading_of(target, 2018), 2018).progress == Progress.NO_DATA


@pytest.fixture
def framework() -> Framework:
    found = a_framework()
    found.milestones = {"start": 2015, "mid": 2018, "end": 2022}
    found.save()
    node = Node.objects.create(framework=found, kind="action", key="a", order=1, label="PLIE")
    FrameworkRow.objects.create(
        node=node, indicator=an_indicator("plie", "share"), key="1", label="Part", order=1
    )
    return found


def test_only_the_latest_version_of_a_target_holds(framework: Framework) -> None:
    rate = an_indicator("plie", "share")
    a_target(rate, value=35, form="share", version=1)
    a_target(rate, value=50, form="share", version=2, reason="référentiel 2019")
    a_figure(rate, a_contract(), 2018, 38.4)
    ((target, stand),) = stands(framework, 2018)
    assert (target.value, stand.progress) == (50, Progress.UNDER_WAY)


def test_start_mid_and_end_are_read_from_the_years(framework: Framework) -> None:
    rate = an_indicator("plie", "share")
    for year, value in ((2015, 33.0), (2017, 38.4), (2018, 39.0)):
        a_figure(rate, a_contract(), year, value)
    (row,) = situations(framework)
    assert (row["start"], row["mid"], row["end"]) == (33.0, 39.0, None)
    assert row["years"] == {2015: 33.0, 2017: 38.4, 2018: 39.0}
