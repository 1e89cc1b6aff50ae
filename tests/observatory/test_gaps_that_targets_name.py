"""A gap to halve or a series to reach: the reference is looked up, and never made up."""

from __future__ import annotations

import pytest

from observatory.figures.gaps import NOT_LOADED, WITHHELD
from observatory.figures.targets import NO_REFERENCE, Progress, reading_of, stand_of
from observatory.figures.visible import Reader
from observatory.models import Indicator, Level, Membership, Target, Territory
from tests.factories import a_source, a_territory, under_terms
from tests.observatory.figures_makers import a_contract, a_figure, a_share, an_indicator

pytestmark = pytest.mark.django_db


@pytest.fixture
def success() -> Indicator:
    """Return the success rate of the contract, in 2014 and in 2019."""
    rate = an_indicator("brevet", "share", polarity="higher")
    a_figure(rate, a_contract(), 2014, 60.2)
    a_figure(rate, a_contract(), 2019, 66)
    return rate


@pytest.fixture
def city() -> Territory:
    return a_territory(Level.COMMUNE, "75056", "Paris")


def a_target(indicator: Indicator, form: str = "halve_gap", **told: object) -> Target:
    return Target.objects.create(
        indicator=indicator, territory=a_contract(), form=form, horizon=2020, source=a_source(),
        **told,
    )  # fmt: skip


def test_both_years_of_the_reference_are_looked_up(success: Indicator, city: Territory) -> None:
    a_figure(success, city, 2014, 71.7)
    a_figure(success, city, 2019, 74)
    target = a_target(success, reference=city)
    reading = reading_of(target, 2019)
    assert (reading.reference, reading.start_reference, reading.reason) == (74, 71.7, "")
    stand = stand_of(target, reading, 2019)
    assert stand.aim == pytest.approx(74 - 11.5 / 2)
    assert stand.progress == Progress.LATE, "66 is under the line from 60.2 to 68.25"


@pytest.mark.parametrize("loaded", [(), (2014,), (2019,), (2013, 2018, 2020)])
def test_a_reference_of_another_year_never_stands_for_the_one_needed(
    success: Indicator, city: Territory, loaded: tuple[int, ...]
) -> None:
    for year in loaded:
        a_figure(success, city, year, 72)
    target = a_target(success, reference=city)
    stand = stand_of(target, reading_of(target, 2019), 2019)
    assert (stand.progress, stand.aim, stand.reason) == (
        Progress.NOT_MEASURABLE, None, NOT_LOADED,
    )  # fmt: skip
    assert stand.value == 66, "its own figure is told all the same"


def test_a_target_that_names_no_reference_says_so(success: Indicator) -> None:
    target = a_target(success)
    assert reading_of(target, 2019).reason == NO_REFERENCE


def test_the_rest_of_the_city_is_a_reference_of_its_own(city: Territory) -> None:
    rate = an_indicator("emploi", "share", polarity="higher")
    quarter = a_territory(Level.QPV, "QP1")
    Membership.objects.create(member=quarter, container=city, area_share=1, source=a_source())
    a_figure(rate, a_contract(), 2019, 50)
    a_share(rate, city, 2019, 600, 1000)
    a_share(rate, quarter, 2019, 40, 100)
    target = a_target(rate, "converge", reference=city, reference_rest=True)
    assert reading_of(target, 2019).reference == pytest.approx(100 * 560 / 900)


def test_each_place_converges_to_its_own_series_of_another_indicator() -> None:
    poor = an_indicator("poor-children", "share")
    creche = an_indicator("creche-poor", "share", polarity="higher")
    a_figure(creche, a_contract(), 2019, 12)
    a_figure(poor, a_contract(), 2019, 21)
    target = a_target(creche, "converge", reference_indicator=poor)
    reading = reading_of(target, 2019)
    assert reading.reference == 21
    assert stand_of(target, reading, 2019).progress == Progress.UNDER_WAY


def test_a_reference_that_one_may_not_see_is_not_there(success: Indicator, city: Territory) -> None:
    under_terms(a_source())
    hidden = a_source("cache")
    a_figure(success, city, 2014, 71.7, source=hidden)
    a_figure(success, city, 2019, 74, source=hidden)
    target = a_target(success, reference=city)
    assert reading_of(target, 2019).reference == 74
    seen = reading_of(target, 2019, Reader())
    assert (seen.value, seen.reference, seen.reason) == (66, None, NOT_LOADED)


def test_a_few_persons_are_no_reading() -> None:
    under_terms(a_source())
    helped = an_indicator("helped", counts_persons=True)
    a_figure(helped, a_contract(), 2018, 40)
    a_figure(helped, a_contract(), 2019, 3)
    target = a_target(helped, "absolute", value=10)
    for reader in (Reader(), Reader(everything=True)):
        stand = stand_of(target, reading_of(target, 2019, reader), 2019)
        assert (stand.progress, stand.value, stand.reason) == (Progress.NO_DATA, None, WITHHELD)
