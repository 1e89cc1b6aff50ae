"""Classes of quarters: documented, made again at will, deaf to one wild value, honest on gaps."""

from __future__ import annotations

import warnings

import mapclassify
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observatory.figures import classes
from observatory.figures.breaks import natural_breaks
from observatory.figures.errors import BadParameter, TooFewFigures, UnknownIndicator
from observatory.figures.typology import (
    classify,
    difficulties,
    falling_behind,
    oriented,
    theil_sen,
)
from observatory.models import (
    Level,
    Membership,
    Nature,
    Observation,
    Polarity,
    RunState,
    SeriesBreak,
    Sharing,
    SourceTerms,
    Territory,
    TypologyClass,
)
from tests.factories import a_source, a_territory
from tests.observatory.figures_makers import a_figure, an_indicator

# The medians of the twenty quarters of the Paris contract, one of them printed 5 400.
MEDIANS = [12500, 11690, 11100, 5400, 12100, 12200, 11700, 12600, 11300, 12300, 10800, 10300,
           11900, 11800, 11800, 10800, 10300, 12100, 11900, 12300]  # fmt: skip
WORSE = {"poverty": Polarity.LOWER, "income": Polarity.HIGHER, "jobless": Polarity.LOWER}


def quarters(count: int = 40, seed: int = 1) -> pd.DataFrame:
    """Quarters of one hidden hardship, seen through three indicators with some noise."""
    chance = np.random.default_rng(seed)
    hardship = np.linspace(-2, 2, count)
    return pd.DataFrame(
        {
            "poverty": 40 + 8 * hardship + chance.normal(0, 1, count),
            "income": 12_000 - 1_500 * hardship + chance.normal(0, 200, count),
            "jobless": 20 + 4 * hardship + chance.normal(0, 0.5, count),
        },
        index=pd.RangeIndex(1, count + 1),
    )


# -- natural breaks ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_breaks_are_those_of_the_reference_library(seed: int) -> None:
    values = np.random.default_rng(seed).gamma(2, 3, 60).round(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is slow here
        theirs = mapclassify.FisherJenks(values, k=4)
    ours = natural_breaks(values, 4)
    assert spread(values, ours) <= spread(values, theirs.bins) + 1e-9
    np.testing.assert_allclose(ours, theirs.bins)


def spread(values: np.ndarray, edges: np.ndarray) -> float:
    place = np.searchsorted(edges, values)
    return sum(((values[place == n] - values[place == n].mean()) ** 2).sum() for n in set(place))


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.integers(1, 6))
def test_every_value_has_a_class_and_no_class_is_empty(values: list[float], count: int) -> None:
    edges = natural_breaks(np.array(values), count)
    assert len(edges) == min(count, len(set(values)))
    assert edges[-1] == max(values)
    place = np.searchsorted(edges, np.array(values))
    assert set(place) == set(range(len(edges)))


# -- classes -------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["index", "profiles"])
def test_class_one_is_the_most_precarious(method: str) -> None:
    table = classify(quarters(), WORSE, method=method, draws=20).table
    assert sorted(table["number"].unique()) == [1, 2, 3, 4]
    means = table.groupby("number")["score"].mean()
    assert means.is_monotonic_decreasing
    assert table["number"].loc[40] == 1, "the poorest by construction"
    assert table["number"].loc[1] == 4


@pytest.mark.parametrize("method", ["index", "profiles"])
def test_the_same_figures_give_the_same_classes_in_any_order(method: str) -> None:
    told = quarters()
    first = classify(told, WORSE, method=method, draws=10).table
    again = classify(told, WORSE, method=method, draws=10).table
    pd.testing.assert_frame_equal(first, again)
    shuffled = classify(told.sample(frac=1, random_state=3), WORSE, method=method, draws=0).table
    assert (shuffled["number"].reindex(first.index) == first["number"]).all()


def test_the_median_printed_5400_weighs_no_more_than_another_very_low_one() -> None:
    told = pd.DataFrame({"income": MEDIANS, "poverty": [45 - m / 1000 for m in MEDIANS]})
    polarity = {"income": Polarity.HIGHER, "poverty": Polarity.LOWER}
    milder = told.assign(income=[9000 if m == 5400 else m for m in MEDIANS])
    wild, tame = (classify(t, polarity, draws=0).table for t in (told, milder))
    assert (wild["number"] == tame["number"]).all()
    assert oriented(told, polarity)["income"].max() == 3
    # A plain standardisation would have pushed nearly all others together.
    plain = (np.mean(MEDIANS) - np.array(MEDIANS)) / np.std(MEDIANS)
    assert np.std(np.delete(plain, 3)) < 0.5 < np.std(np.delete(wild["score"].to_numpy(), 3))


@pytest.mark.parametrize("factor", [1, 10, 1e6])
def test_a_typing_error_moves_only_the_quarter_it_is_in(factor: float) -> None:
    told = quarters()
    told.loc[20, "poverty"] = 100.0
    told.loc[20, "poverty"] *= factor
    reference = classify(quarters().drop(20), WORSE, draws=0).table["number"]
    wild = classify(told, WORSE, draws=0).table["number"].drop(20)
    assert (wild != reference).mean() <= 0.05


def test_a_quarter_with_too_few_figures_has_no_class_and_no_score() -> None:
    told = quarters()
    told.loc[5, ["poverty", "jobless"]] = np.nan
    told.loc[6, "jobless"] = np.nan
    told.loc[7] = np.nan
    table = classify(told, WORSE, draws=5).table
    for alone in (5, 7):
        assert table.loc[alone, ["number", "score", "stability"]].isna().all()
    assert table["number"].notna()[6], "two of three are enough"
    assert table["known"].loc[[5, 6, 7]].tolist() == [1, 2, 0]


def test_most_quarters_sharing_one_value_do_not_break_the_scale() -> None:
    told = pd.DataFrame({"poverty": [10.0] * 30 + [40.0, 45.0]}, index=range(32))
    scores = oriented(told, WORSE)["poverty"]
    assert (scores.iloc[:30] == 0).all()
    assert (scores.iloc[30:] > 0).all()
    constant = oriented(told.assign(poverty=10.0), WORSE)["poverty"]
    assert constant.isna().all(), "what does not vary tells nothing"


def test_stability_is_high_where_classes_are_apart_and_low_between_two() -> None:
    apart = np.repeat([0.0, 10.0, 20.0, 30.0], 10) + np.tile(np.linspace(0, 1, 10), 4)
    told = pd.DataFrame({"poverty": apart, "jobless": apart})
    table = classify(told, WORSE, draws=50).table
    assert table["stability"].min() > 0.95, table
    even = pd.DataFrame({"poverty": np.linspace(0, 40, 41), "jobless": np.linspace(0, 40, 41)})
    table = classify(even, WORSE, draws=50).table
    assert table["stability"].min() < 0.8
    assert table["stability"].between(0, 1).all()


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"method": "astrology"}, BadParameter),
        ({"count": 1}, BadParameter),
        ({"count": 13}, BadParameter),
        ({"count": 12}, TooFewFigures),
    ],
)
def test_what_cannot_be_classed_is_refused(options: dict, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        classify(quarters(20), WORSE, **options)


def test_an_indicator_without_a_better_way_cannot_tell_precariousness() -> None:
    with pytest.raises(BadParameter, match="population"):
        oriented(pd.DataFrame({"population": [1.0, 2.0]}), {"population": Polarity.NEUTRAL})


# -- accumulation of difficulties, falling behind -------------------------------------------


def test_difficulties_count_the_indicators_in_the_worst_quarter() -> None:
    told = pd.DataFrame(
        {"poverty": [1.0, 2, 3, 4, 5, 6, 7, 8], "income": [1.0, 2, 3, 4, 5, 6, 7, 8]}
    )
    counts = difficulties(told, {"poverty": Polarity.LOWER, "income": Polarity.HIGHER})
    assert counts.tolist() == [1, 1, 0, 0, 0, 0, 1, 1]
    gaps = told.assign(poverty=[np.nan] * 8)
    assert difficulties(gaps, WORSE).tolist() == [1, 1, 0, 0, 0, 0, 0, 0]


def panel(slope_of_last: float, years: int = 6) -> pd.DataFrame:
    chance = np.random.default_rng(7)
    level = np.linspace(30, 50, 30)
    told = {2012 + y: level + chance.normal(0, 0.2, 30) for y in range(years)}
    frame = pd.DataFrame(told)
    frame.loc[10] += slope_of_last * np.arange(years)
    return frame


def test_a_quarter_that_steadily_loses_ground_is_warned_of() -> None:
    found = falling_behind({"poverty": panel(3), "jobless": panel(2)}, WORSE)
    assert found.index[found["warned"]].tolist() == [10]
    assert found.loc[10, "alerts"] == 2


def test_gaining_ground_or_one_indicator_alone_is_no_warning() -> None:
    better = falling_behind({"poverty": panel(-3), "jobless": panel(-2)}, WORSE)
    assert not better["warned"].loc[10]
    alone = falling_behind({"poverty": panel(3), "jobless": panel(0)}, WORSE)
    assert alone["alerts"].loc[10] == 1
    assert not alone["warned"].loc[10]


def test_income_falls_behind_when_it_falls() -> None:
    found = falling_behind({"income": panel(-3)}, WORSE, least_indicators=1)
    assert found["warned"].loc[10]


def test_one_wild_year_is_no_trend() -> None:
    told = panel(0)
    told.loc[10, 2014] = 100.0
    assert abs(falling_behind({"poverty": told}, WORSE)["poverty"].loc[10]) < 1
    assert theil_sen(np.array([0.0, 1, 2, 3]), np.array([0.0, 1, 90, 3])) == 1


def test_two_years_are_no_trend() -> None:
    found = falling_behind({"poverty": panel(3, years=2)}, WORSE, least_indicators=1)
    assert not found["warned"].any()


# -- stored --------------------------------------------------------------------------------


@pytest.fixture
def stored(db: None) -> list[int]:
    source = a_source("insee", producer="INSEE")
    SourceTerms.objects.create(source=source, sharing=Sharing.PUBLIC)
    told = quarters()
    places = [a_territory(Level.QPV, f"QP{n:03d}", generation=2015) for n in told.index]
    for name, nature in (("poverty", Nature.SHARE), ("income", Nature.MEDIAN),
                         ("jobless", Nature.SHARE)):  # fmt: skip
        indicator = an_indicator(name, nature, polarity=WORSE[name])
        for place, value in zip(places, told[name], strict=True):
            a_figure(indicator, place, 2020, float(value), source=source)
    return [place.pk for place in places]


ASKED = classes.Asked(("poverty", "income", "jobless"), 2020, draws=10)


@pytest.mark.django_db
def test_a_typology_is_kept_with_all_that_made_it(stored: list[int]) -> None:
    typology = classes.store(ASKED)
    assert typology.parameters["indicators"] == ["poverty", "income", "jobless"]
    assert (typology.parameters["seed"], typology.parameters["count"]) == (20150101, 4)
    assert sum(typology.facts["sizes"].values()) == typology.facts["classed"] == 40
    assert typology.facts["sources"][0]["producer"] == "INSEE"
    assert typology.facts["sharing"] == "public"
    assert typology.run is not None
    assert (typology.run.kind, typology.run.state) == ("typology", RunState.DONE)
    rows = TypologyClass.objects.filter(typology=typology)
    assert rows.count() == 40
    assert rows.get(territory=stored[-1]).number == 1


@pytest.mark.django_db
def test_made_again_it_is_the_same_and_changed_figures_are_told(stored: list[int]) -> None:
    typology = classes.store(ASKED)
    assert classes.made_again(typology) == {"inputs": True, "changed": 0, "quarters": []}
    for code, value in (("poverty", 10.0), ("income", 30_000.0), ("jobless", 2.0)):
        Observation.objects.filter(territory=stored[-1], indicator__code=code).update(value=value)
    told = classes.made_again(typology)
    assert told["inputs"] is False
    assert "QP040" in told["quarters"]
    assert typology.classes.get(territory=stored[-1]).number == 1, "what was made stays"


@pytest.mark.django_db
def test_only_the_quarters_of_a_contract(stored: list[int]) -> None:
    contract = a_territory(Level.CONTRACT, "CV-A")
    for place in stored[:20]:
        Membership.objects.create(member_id=place, container=contract, source=a_source())
    made = classes.make(classes.Asked(("poverty", "income"), 2020, count=3, within="CV-A", draws=5))
    assert made.facts["quarters"] == 20
    with pytest.raises(BadParameter, match="CV-Z"):
        classes.make(classes.Asked(("poverty",), 2020, within="CV-Z"))


@pytest.mark.django_db
def test_a_quarter_missing_a_figure_is_counted_and_never_filled_in(stored: list[int]) -> None:
    Observation.objects.filter(
        territory=stored[3], indicator__code__in=["poverty", "income"]
    ).delete()
    typology = classes.store(ASKED)
    assert (typology.facts["without_class"], typology.facts["missing"]["poverty"]) == (1, 1)
    row = typology.classes.get(territory=stored[3])
    assert (row.number, row.score, row.stability, row.known) == (None, None, None, 1)


@pytest.mark.django_db
def test_unknown_indicators_are_refused_and_the_run_says_so(stored: list[int]) -> None:
    with pytest.raises(UnknownIndicator):
        classes.store(classes.Asked(("happiness",), 2020))
    assert not TypologyClass.objects.exists()


@pytest.mark.django_db
def test_warnings_name_the_quarter_and_stop_at_a_break(stored: list[int]) -> None:
    source = a_source("insee")
    for name in ("poverty", "jobless"):
        indicator = an_indicator(name)
        for year in range(2021, 2025):
            for rank, place in enumerate(Territory.objects.filter(pk__in=stored).order_by("code")):
                worse = year - 2021 if rank == 10 else 0
                a_figure(indicator, place, year, 30 + rank / 10 + worse, source=source)
    years = list(range(2021, 2025))
    told = classes.warnings_of(["poverty", "jobless"], years)
    assert told["code"].tolist() == ["QP011"]
    SeriesBreak.objects.create(indicator=an_indicator("poverty"), year=2024, reason="réforme")
    assert classes.warnings_of(["poverty", "jobless"], years).empty
