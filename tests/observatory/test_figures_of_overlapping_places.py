"""Places that overlap without nesting do not let a few persons be found by subtraction."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from observatory.disclosure.bounds import Figure, System
from observatory.figures.differencing import protect
from observatory.figures.overlaps import Holding, holdings
from observatory.figures.visible import visible_observations
from observatory.models import (
    Indicator,
    Level,
    Membership,
    Observation,
    Perimeter,
    Scope,
    Source,
    SourceTerms,
    Territory,
)
from tests.factories import a_box, a_perimeter, a_source, a_territory
from tests.observatory.figures_makers import a_figure, an_indicator

pytestmark = pytest.mark.django_db
SIDE = 0.01  # degrees


def public() -> Source:
    source = a_source("public")
    SourceTerms.objects.get_or_create(source=source, defaults={"sharing": "public"})
    return source


@pytest.fixture
def helped() -> Indicator:
    """Return a count of persons."""
    return an_indicator("helped", counts_persons=True)


def a_ward(code: str) -> Territory:
    return a_territory(Level.ARRONDISSEMENT, code)


def across(code: str, **shares: float) -> Territory:
    """Return a quarter with a share of its area in each arrondissement."""
    found = a_territory(Level.QPV, code, generation=2015)
    for ward, share in shares.items():
        Membership.objects.create(
            member=found, container=Territory.objects.get(code=ward[1:]), area_share=share,
            source=a_source(),
        )  # fmt: skip
    return found


def drawn(code: str, west: float, east: float, generation: int = 2015, **more: Any) -> Territory:
    """Return a quarter drawn from one column of a strip to another."""
    found = a_territory(more.pop("level", Level.QPV), code, generation=generation)
    a_perimeter(found, a_box(2.3 + SIDE * west, 48.85, 2.3 + SIDE * east, 48.86), **more)
    return found


def tell(indicator: Indicator, place: Territory, value: float, **more: Any) -> None:
    a_figure(indicator, place, 2018, value, source=public(), **more)


def printed() -> dict[str, float | None]:
    """Return what anybody reads, by place."""
    rows = visible_observations(None).select_related("territory")
    return {o.territory.code: o.shown_value for o in rows}  # type: ignore[attr-defined]


# -- a quarter that straddles --------------------------------------------------------------


def test_a_quarter_that_straddles_is_withheld_where_its_two_wards_leave_three_persons(
    helped: Indicator,
) -> None:
    tell(helped, a_ward("75118"), 60)
    tell(helped, a_ward("75119"), 43)
    tell(helped, across("QA", w75118=0.55, w75119=0.45), 100)
    assert protect() == 1
    assert printed() == {"75118": 60, "75119": 43, "QA": None}


@pytest.mark.parametrize("left", [0, 5, 60])
def test_no_one_left_in_both_wards_or_enough_is_no_breach(helped: Indicator, left: int) -> None:
    tell(helped, a_ward("75118"), 60 + left)
    tell(helped, a_ward("75119"), 40)
    tell(helped, across("QA", w75118=0.55, w75119=0.45), 100)
    assert protect() == 0


def test_the_quarters_of_each_ward_are_taken_away_beside_the_one_that_straddles(
    helped: Indicator,
) -> None:
    tell(helped, a_ward("75118"), 100)
    tell(helped, a_ward("75119"), 100)
    for code, value, shares in (
        ("QA", 90, {"w75118": 0.5, "w75119": 0.5}),
        ("QB", 60, {"w75118": 1.0}),
        ("QC", 48, {"w75119": 0.99}),  # a sliver outside is nobody's
    ):
        tell(helped, across(code, **shares), value)
    assert protect() == 1, "200 less 198 leaves 2"
    assert printed()["QC"] is None


def test_a_quarter_over_three_wards_is_taken_from_the_three(helped: Indicator) -> None:
    for code, value in (("75110", 40), ("75111", 41), ("75120", 42)):
        tell(helped, a_ward(code), value)
    tell(helped, across("QB", w75110=0.2, w75111=0.3, w75120=0.5), 120)
    assert protect() == 1


def test_a_quarter_partly_beyond_what_is_known_leaves_nothing_to_subtract(
    helped: Indicator,
) -> None:
    tell(helped, a_ward("75118"), 60)
    tell(helped, a_ward("75119"), 43)
    tell(helped, across("QA", w75118=0.5, w75119=0.4), 100)
    assert protect() == 0, "a tenth of it is elsewhere"


def test_a_ward_without_a_figure_leaves_nothing_to_subtract(helped: Indicator) -> None:
    tell(helped, a_ward("75118"), 103)
    a_ward("75119")
    tell(helped, across("QA", w75118=0.9, w75119=0.1), 100)
    assert protect() == 0


def test_a_small_quarter_is_not_found_behind_one_that_straddles(helped: Indicator) -> None:
    tell(helped, a_ward("75118"), 40)
    tell(helped, a_ward("75119"), 63)
    tell(helped, across("QA", w75118=0.4, w75119=0.6), 100)
    tell(helped, across("QB", w75119=1.0), 3)
    assert protect() == 1
    assert printed() == {"75118": 40, "75119": 63, "QA": None, "QB": None}


# -- two generations -----------------------------------------------------------------------


def test_a_quarter_drawn_larger_in_2024_does_not_tell_of_the_few_it_gained(
    helped: Indicator,
) -> None:
    tell(helped, drawn("QP1", 0, 4), 100)
    tell(helped, drawn("QN1", 0, 5, 2024), 103)
    assert protect() == 1
    assert printed() == {"QP1": None, "QN1": 103}


def test_nor_one_that_was_cut_in_two(helped: Indicator) -> None:
    tell(helped, drawn("QP1", 0, 4), 103)
    tell(helped, drawn("QN1", 0, 2, 2024), 60)
    tell(helped, drawn("QN2", 2, 3, 2024), 40)
    assert protect() == 1
    assert printed() == {"QP1": 103, "QN1": 60, "QN2": None}


def test_nor_a_new_one_that_lies_across_two_old_ones(helped: Indicator) -> None:
    tell(helped, drawn("QP1", 0, 2), 50)
    tell(helped, drawn("QP2", 2, 4), 52)
    tell(helped, drawn("QN1", 0.5, 4, 2024), 99)
    assert protect() == 1
    assert printed()["QN1"] is None


def test_outlines_of_two_generations_that_only_meet_halfway_say_nothing(
    helped: Indicator,
) -> None:
    tell(helped, drawn("QP1", 0, 4), 100)
    tell(helped, drawn("QN1", 2, 6, 2024), 98)
    assert protect() == 0, "nobody knows how many of the 98 are among the 100"


def test_a_perimeter_still_negotiated_is_laid_over_nothing(helped: Indicator) -> None:
    tell(helped, drawn("QP1", 0, 4), 100)
    tell(helped, drawn("QN1", 0, 5, 2024, status="negotiation"), 103)
    assert protect() == 0


def test_a_statistical_area_inside_a_quarter_is_looked_at_too(helped: Indicator) -> None:
    tell(helped, drawn("QP1", 0, 4), 104)
    tell(helped, drawn("751184001", 0, 3, level=Level.IRIS, status="reference"), 100)
    assert protect() == 1


def test_quarters_of_a_scheme_in_the_old_outlines_and_in_the_new_ones(helped: Indicator) -> None:
    """Both layers lie inside the arrondissement; each is taken from it, never both."""
    ward = a_ward("75118")
    old, new = drawn("QP1", 0, 4), drawn("QN1", 0, 5, 2024)
    for quarter in (old, new):
        Membership.objects.create(member=quarter, container=ward, source=a_source())
    tell(helped, ward, 200)
    tell(helped, old, 100)
    tell(helped, new, 110)
    assert protect() == 0
    tell(helped, ward, 112, scope=Scope.QPV)
    assert protect() == 1, "112 in the quarters of the arrondissement, 110 in its only new one"


# -- what lies in what ---------------------------------------------------------------------


def test_quarters_are_laid_over_those_of_the_other_generation_both_ways() -> None:
    old, new = drawn("QP1", 0, 4), drawn("QN1", 0, 5, 2024)
    twin = drawn("QN2", 8, 9, 2024)
    same = drawn("QP2", 8, 9)
    places = [old.pk, new.pk, twin.pk, same.pk]
    assert set(holdings(places)) == {
        Holding((new.pk,), Level.QPV, frozenset({old.pk})),
        Holding((twin.pk,), Level.QPV, frozenset({same.pk})),
        Holding((same.pk,), Level.QPV, frozenset({twin.pk})),
    }
    assert holdings([old.pk]) == []


def test_wards_are_taken_together_three_at_most() -> None:
    wards = [a_ward(code) for code in ("75101", "75102", "75103", "75104")]
    chain = [
        across(f"Q{n}", **{f"w{wards[n].code}": 0.5, f"w{wards[n + 1].code}": 0.5})
        for n in range(3)
    ]
    found = holdings([place.pk for place in (*wards, *chain)])
    sizes = sorted((len(one.containers), len(one.members)) for one in found)
    assert sizes == [(2, 1), (2, 1), (2, 1), (3, 2), (3, 2)]


# -- an adversary who has every printed figure ---------------------------------------------

STRIP = 8
BORDERS = st.lists(st.integers(1, STRIP - 1), max_size=3, unique=True).map(sorted)
PEOPLE = st.lists(st.integers(0, 9), min_size=STRIP, max_size=STRIP)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(PEOPLE, BORDERS, BORDERS)
def test_an_adversary_who_lays_both_generations_over_each_other_pins_nobody_down(
    people: list[int], old: list[int], new: list[int]
) -> None:
    """A strip of eight squares, cut at will into the quarters of 2015 and those of 2024."""
    Observation.objects.all().delete()
    Perimeter.objects.all().delete()
    Territory.objects.all().delete()
    indicator = an_indicator("helped", counts_persons=True)
    groups: dict[str, tuple[int, ...]] = {}
    for generation, borders in ((2015, old), (2024, new)):
        for west, east in zip([0, *borders], [*borders, STRIP], strict=True):
            code = f"Q{generation}-{west}"
            groups[code] = tuple(range(west, east))
            tell(indicator, drawn(code, west, east, generation), sum(people[west:east]))
    protect()
    shown = printed()
    known = [
        Figure(own, int(value), int(value))
        for code, own in groups.items()
        if (value := shown[code]) is not None
    ]
    few = set(groups.values()) | {(square,) for square in range(STRIP)}
    few |= {
        tuple(sorted(set(one) - set(other))) for one in groups.values() for other in groups.values()
    }
    targets = sorted(own for own in few if 0 < sum(people[n] for n in own) < 5)
    assert System(known, STRIP).betrayed(targets, 5) == []
