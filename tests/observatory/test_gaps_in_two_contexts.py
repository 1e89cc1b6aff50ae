"""A quarter beside its city without its quarters, and among the nation's quarters."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.figures import gaps as g
from observatory.figures.errors import UnknownIndicator
from observatory.figures.gaps import Reference, gap_to_all, gaps, percentiles, standings
from observatory.figures.series import figures
from observatory.models import Indicator, Level, Membership, SeriesBreak, Territory
from tests.factories import a_source, a_territory
from tests.observatory.figures_makers import a_figure, a_share, an_indicator, two_quarters_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> Territory:
    return a_territory(Level.COMMUNE, "75056", "Paris")


@pytest.fixture
def quarters(city: Territory) -> list[Territory]:
    return two_quarters_of(city)


@pytest.fixture
def rate() -> Indicator:
    return an_indicator("poverty", "share", polarity="lower", decimals=1)


def share(indicator: Indicator, place: Territory, top: float, under: float) -> None:
    a_share(indicator, place, 2018, top, under)


def test_the_rest_of_the_city_is_a_sum_over_a_sum(
    rate: Indicator, city: Territory, quarters: list[Territory]
) -> None:
    share(rate, city, 300, 2000)
    share(rate, quarters[0], 80, 200)
    share(rate, quarters[1], 20, 100)
    rest = Reference(city.pk, "Paris", without_quarters=True)
    (gap,) = gaps(rate, [quarters[0].pk], 2018, [rest])[quarters[0].pk]
    assert gap.reference == "Paris hors quartiers"
    assert gap.other == pytest.approx(100 * 200 / 1700)
    assert gap.difference == pytest.approx(40 - 100 * 200 / 1700)
    assert gap.ratio == pytest.approx(40 / (100 * 200 / 1700))


def test_a_reference_that_is_not_loaded_makes_the_gap_not_available(
    rate: Indicator, city: Territory, quarters: list[Territory]
) -> None:
    share(rate, quarters[0], 80, 200)
    wanted = [Reference(city.pk, "Paris", True), Reference(city.pk, "Paris")]
    for gap in gaps(rate, [quarters[0].pk], 2018, wanted)[quarters[0].pk]:
        assert (gap.difference, gap.reason) == (None, g.NOT_LOADED)


def test_shares_without_counts_have_no_rest(
    rate: Indicator, city: Territory, quarters: list[Territory]
) -> None:
    a_figure(rate, city, 2018, 15)
    for quarter in quarters:
        a_figure(rate, quarter, 2018, 40)
    whole, rest = gaps(
        rate, [quarters[0].pk], 2018, [Reference(city.pk, "Paris"), Reference(city.pk, "P", True)]
    )[quarters[0].pk]
    assert whole.difference == 25
    assert (rest.difference, rest.reason) == (None, g.NO_COUNTS)


def test_a_median_has_no_rest_and_no_mean_of_medians_is_made(
    city: Territory, quarters: list[Territory]
) -> None:
    income = an_indicator("income", "median", polarity="higher")
    a_figure(income, city, 2018, 27000)
    for quarter in quarters:
        a_figure(income, quarter, 2018, 14000)
    pks = [q.pk for q in quarters]
    (rest,) = gaps(income, pks, 2018, [Reference(city.pk, "Paris", True)])[pks[0]]
    assert rest.reason == g.NO_REST
    assert gap_to_all(income, pks, pks, 2018)[pks[0]].reason == g.NO_REST


def test_a_missing_quarter_leaves_no_rest(
    rate: Indicator, city: Territory, quarters: list[Territory]
) -> None:
    share(rate, city, 300, 2000)
    share(rate, quarters[0], 80, 200)
    a_figure(rate, quarters[1], 2018, None)
    (gap,) = gaps(rate, [quarters[0].pk], 2018, [Reference(city.pk, "Paris", True)])[quarters[0].pk]
    assert gap.reason == g.MISSING


def test_a_quarter_that_reaches_outside_leaves_no_rest(
    rate: Indicator, city: Territory, quarters: list[Territory]
) -> None:
    other = a_territory(Level.COMMUNE, "93001", "Voisine")
    Membership.objects.create(
        member=quarters[1], container=other, area_share=0.3, source=a_source()
    )
    for place, counts in ((city, (300, 2000)), (quarters[0], (80, 200)), (quarters[1], (20, 100))):
        share(rate, place, *counts)
    (gap,) = gaps(rate, [quarters[0].pk], 2018, [Reference(city.pk, "Paris", True)])[quarters[0].pk]
    assert gap.reason == g.STRADDLES


def test_all_quarters_together_are_pooled(rate: Indicator, quarters: list[Territory]) -> None:
    share(rate, quarters[0], 80, 200)
    share(rate, quarters[1], 20, 100)
    pks = [q.pk for q in quarters]
    gap = gap_to_all(rate, pks, pks, 2018)[pks[0]]
    assert gap.other == pytest.approx(100 / 3)


def test_quarters_are_found_through_arrondissements_on_their_day(
    city: Territory, quarters: list[Territory]
) -> None:
    ward = a_territory(Level.ARRONDISSEMENT, "75118")
    Membership.objects.create(member=ward, container=city, source=a_source())
    late = a_territory(Level.QPV, "QN07501A")
    Membership.objects.create(
        member=late, container=ward, valid_from=date(2024, 1, 1), source=a_source()
    )
    before = g.quarters_within(city.pk, "qpv", date(2018, 12, 31))
    after = g.quarters_within(city.pk, "qpv", date(2024, 12, 31))
    assert (set(before), set(after) - set(before)) == ({q.pk for q in quarters}, {late.pk})


# -- among the nation's quarters -----------------------------------------------------------


def test_rank_and_percentile_among_quarters_of_one_generation(rate: Indicator) -> None:
    places = [a_territory(Level.QPV, f"QP0010{n:02}", generation=2015) for n in range(5)]
    other = a_territory(Level.QPV, "QN00101A", generation=2024)
    for value, place in zip((10, 20, 20, 30, None), places, strict=True):
        a_figure(rate, place, 2018, value)
    a_figure(rate, other, 2018, 99)
    found = standings(rate, [p.pk for p in places], 2018, generation=2015)
    first, tied, _, last, missing = (found[p.pk] for p in places)
    assert (first.rank, first.percentile, first.known, first.missing) == (1, 12.5, 4, 1)
    assert (tied.rank, tied.percentile) == (2, 50)
    assert (last.percentile, last.worse_than) == (87.5, 87.5)
    assert (missing.rank, missing.percentile, missing.worse_than) == (None, None, None)


def test_where_higher_is_better_the_lowest_is_the_worst() -> None:
    income = an_indicator("income", "median", polarity="higher")
    places = [a_territory(Level.QPV, f"QP0010{n:02}") for n in range(2)]
    for value, place in zip((9000, 15000), places, strict=True):
        a_figure(income, place, 2018, value)
    found = standings(income, [p.pk for p in places], 2018)
    assert [found[p.pk].worse_than for p in places] == [75, 25]


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=40))
def test_percentiles_keep_order_and_have_one_half_as_mean(values: list[float | None]) -> None:
    series = pd.Series(values, dtype=float)
    found = percentiles(series)
    known = series.notna()
    assert found.isna().equals(series.isna())
    if known.any():
        assert found[known].mean() == pytest.approx(50)
        assert found[known].between(0, 100).all()
        assert (found[known].rank() == series[known].rank()).all()


# -- evolution -----------------------------------------------------------------------------


def test_evolution_and_that_of_its_gap(
    rate: Indicator, city: Territory, quarters: list[Territory]
) -> None:
    for year, own, whole in ((2013, 40, 16), (2018, 44, 17)):
        a_figure(rate, quarters[0], year, own)
        a_figure(rate, city, year, whole)
    found = g.evolutions("poverty", [quarters[0].pk], 2013, 2018, reference=city.pk)
    told = found[quarters[0].pk]
    assert (told.difference, told.relative, told.gap_change) == (4, pytest.approx(10), 3)


def test_no_trend_crosses_a_series_break(rate: Indicator, quarters: list[Territory]) -> None:
    for year in (2010, 2012, 2013):
        a_figure(rate, quarters[0], year, 40)
    SeriesBreak.objects.create(indicator=rate, year=2012, reason="autre dénominateur")
    across = g.evolutions("poverty", [quarters[0].pk], 2010, 2013)[quarters[0].pk]
    after = g.evolutions("poverty", [quarters[0].pk], 2012, 2013)[quarters[0].pk]
    assert across.difference is None
    assert "autre dénominateur" in across.reason
    assert after.difference == 0


def test_an_unknown_year_makes_no_evolution(rate: Indicator, quarters: list[Territory]) -> None:
    a_figure(rate, quarters[0], 2013, 40)
    told = g.evolutions("poverty", [quarters[0].pk], 2013, 2018)[quarters[0].pk]
    assert (told.first, told.last, told.difference) == (40, None, None)


# -- which figure holds --------------------------------------------------------------------


def test_a_declared_figure_comes_before_an_estimated_one(quarters: list[Territory]) -> None:
    people = an_indicator("population", "count")
    a_figure(people, quarters[0], 2018, 1400, standing="estimated", source=a_source("b"))
    a_figure(people, quarters[0], 2018, 1370, source=a_source("a"))
    row = figures(["population"], territories=[quarters[0].pk]).iloc[0]
    assert (row["value"], row["source"], row["sources"]) == (1370, "a", 2)


def test_figures_of_another_scope_are_never_mixed_in(quarters: list[Territory]) -> None:
    people = an_indicator("population", "count")
    a_figure(people, quarters[0], 2018, 1400, scope="qpv_qva")
    assert figures(["population"], territories=[quarters[0].pk]).empty


def test_an_unknown_indicator_is_said_by_name() -> None:
    with pytest.raises(UnknownIndicator, match="chomage"):
        figures(["chomage"])
