"""A whole cut by age, by sex, by size: no part is worked out from the others."""

from __future__ import annotations

from typing import Any

import pytest

from observatory.figures.cuts import Cut, Families
from observatory.figures.differencing import protect
from observatory.figures.visible import visible_observations
from observatory.models import (
    Indicator,
    Level,
    Membership,
    Nature,
    Observation,
    Sharing,
    Standing,
    Territory,
)
from tests.factories import a_source, a_territory, under_terms
from tests.observatory.figures_makers import a_figure, an_indicator

pytestmark = pytest.mark.django_db


@pytest.fixture
def population() -> Indicator:
    return an_indicator("population", counts_persons=True)


@pytest.fixture
def quarter() -> Territory:
    return a_territory(Level.QPV, "QP075001")


def parts(whole: Indicator, by: str, *codes: str, **more: Any) -> list[Indicator]:
    """Return indicators that are parts of one cut of a whole."""
    told = {"counts_persons": True, **more, "part_of": whole, "cut": by}
    return [an_indicator(code, **told) for code in codes]


def tell(indicator: Indicator, place: Territory, value: float | None, **more: Any) -> None:
    standing = Standing.WITHHELD if value is None else Standing.DECLARED
    more.setdefault("source", under_terms(a_source("public")))
    more.setdefault("standing", standing)
    a_figure(indicator, place, 2018, value, **more)


def marked() -> set[tuple[str, str]]:
    rows = Observation.objects.filter(betrays=True)
    return set(rows.values_list("indicator__code", "territory__code"))


# -- one whole, several cuts ---------------------------------------------------------------


def test_ages_and_sexes_are_parts_of_the_same_people_and_are_not_added_up(
    population: Indicator, quarter: Territory
) -> None:
    young, old = parts(population, "âge", "young", "old")
    women, men = parts(population, "sexe", "women", "men")
    for indicator, value in ((population, 100), (young, 40), (old, 57), (women, 60), (men, 40)):
        tell(indicator, quarter, value)
    protect()
    assert marked() == {("young", "QP075001")}, "97 of 100 have an age, all have a sex"


def test_a_part_of_a_part_is_looked_at_with_the_whole_family(
    population: Indicator, quarter: Territory
) -> None:
    [women] = parts(population, "sexe", "women")
    [girls] = parts(women, "âge", "girls")
    tell(population, quarter, 200)
    tell(women, quarter, 100)
    tell(girls, quarter, 97)
    assert protect([population.pk]) == 1
    assert marked() == {("girls", "QP075001")}


def test_the_people_that_a_share_counts_are_part_of_all_people(
    population: Indicator, quarter: Territory
) -> None:
    [poor] = parts(population, "pauvreté", "poor", nature=Nature.SHARE)
    tell(population, quarter, 1_000)
    tell(poor, quarter, 99.7, numerator=997, denominator=1_040)
    protect()
    assert marked() == {("poor", "QP075001")}, "3 inhabitants would be left"


def test_a_ring_of_parts_ends_where_it_closes(population: Indicator) -> None:
    [women] = parts(population, "sexe", "women")
    population.part_of, population.cut = women, "rond"
    population.save()
    assert protect() == 0
    assert Families.stored().cuts[women.pk] == Cut(population.pk, "sexe")


def test_only_families_asked_for_are_looked_at(population: Indicator, quarter: Territory) -> None:
    other = an_indicator("helped", counts_persons=True)
    [young] = parts(population, "âge", "young")
    tell(population, quarter, 100)
    tell(young, quarter, 97)
    assert protect([other.pk]) == 0
    assert protect([young.pk]) == 1


# -- what a producer holds back ------------------------------------------------------------


def ages(population: Indicator, **more: Any) -> list[Indicator]:
    return parts(population, "âge", *(f"age-{n}" for n in range(4)), nature=Nature.SHARE, **more)


def tell_each(bands: list[Indicator], place: Territory, *values: float | None) -> None:
    for band, value in zip(bands, values, strict=True):
        tell(band, place, value)


@pytest.fixture
def bands(population: Indicator) -> list[Indicator]:
    """Four ages, all known in another quarter: they make 100 %."""
    found = ages(population)
    tell_each(found, a_territory(Level.QPV, "QP075002"), 25.0, 50.1, 15.0, 10.0)
    return found


def test_the_one_band_withheld_is_not_100_less_the_others(
    bands: list[Indicator], quarter: Territory
) -> None:
    tell_each(bands, quarter, 30.0, 60.0, 9.0, None)
    assert protect() == 1
    assert marked() == {("age-2", "QP075001")}
    shown = visible_observations(None).filter(territory=quarter)
    assert [o.shown_value for o in shown.order_by("indicator__code")] == [30.0, 60.0, None, None]  # type: ignore[attr-defined]


def test_two_bands_withheld_are_known_only_together(
    bands: list[Indicator], quarter: Territory
) -> None:
    tell_each(bands, quarter, 30.0, 60.0, None, None)
    assert protect() == 0


def test_a_band_that_nobody_has_is_no_secret(bands: list[Indicator], quarter: Territory) -> None:
    for band, value in zip(bands, (30.0, 60.0, 9.0, None), strict=True):
        tell(band, quarter, value, **({} if value else {"standing": Standing.NOT_AVAILABLE}))
    assert protect() == 0


def test_bands_that_make_less_than_100_hide_one_another(
    population: Indicator, quarter: Territory
) -> None:
    bands = ages(population)[:3]
    place = a_territory(Level.QPV, "QP075002")
    tell_each(bands, place, 25.0, 50.0, 15.0)
    tell_each(bands, quarter, 30.0, 60.0, None)
    assert protect() == 0, "90 % in the other quarter: some age is in no band"


def test_a_band_withheld_by_us_is_not_worked_out_from_the_shares_either(
    bands: list[Indicator], quarter: Territory
) -> None:
    for band, count in zip(bands, (300, 600, 97, 3), strict=True):
        tell(band, quarter, count / 10, numerator=count, denominator=1000)
    protect()
    assert marked() == {("age-2", "QP075001")}


def test_counts_that_make_their_whole_hide_the_one_withheld(
    population: Indicator, quarter: Territory
) -> None:
    """The producer's own threshold is higher than ours: 20 withheld are 20 secret."""
    young, old = parts(population, "âge", "young", "old")
    place = a_territory(Level.QPV, "QP075002")
    for indicator, known, value in ((population, 90, 100), (young, 30, 80), (old, 60, None)):
        tell(indicator, place, known)
        tell(indicator, quarter, value)
    assert protect() == 1
    assert marked() == {("young", "QP075001")}


def test_what_one_source_prints_is_no_secret_of_another(
    bands: list[Indicator], quarter: Territory
) -> None:
    tell_each(bands, quarter, 30.0, 60.0, 9.0, None)
    tell(bands[-1], quarter, 1.0, source=under_terms(a_source("open-data")))
    assert protect() == 0


def test_a_working_figure_is_given_up_before_a_public_one(
    bands: list[Indicator], quarter: Territory
) -> None:
    ours = under_terms(a_source("ours"), Sharing.WORKING)
    for band, value in zip(bands, (30.0, None, 9.0, 1.0), strict=True):
        tell(band, quarter, value, **({"source": ours} if value == 30.0 else {}))
    protect()
    assert marked() == {("age-0", "QP075001")}


def test_dwellings_withheld_by_their_producer_are_kept_so(quarter: Territory) -> None:
    """No persons: small numbers are shown, and what is held back stays held back."""
    homes = an_indicator("homes")
    flats, houses = parts(homes, "forme", "flats", "houses", counts_persons=False)
    place = a_territory(Level.QPV, "QP075002")
    for indicator, known, value in ((homes, 90, 100), (flats, 88, None), (houses, 2, 3)):
        tell(indicator, place, known)
        tell(indicator, quarter, value)
    protect()
    assert marked() == {("houses", "QP075001")}


def test_a_small_number_of_dwellings_is_nobody_s_secret(quarter: Territory) -> None:
    homes = an_indicator("homes")
    [flats] = parts(homes, "forme", "flats", counts_persons=False)
    ward = a_territory(Level.ARRONDISSEMENT, "75118")
    Membership.objects.create(member=quarter, container=ward, source=a_source())
    for place, value in ((ward, 103), (quarter, 100)):
        tell(homes, place, value)
        tell(flats, place, value)
    assert protect() == 0
