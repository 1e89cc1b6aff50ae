"""Rows are joined to the perimeters of their own day."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from importers.deposits.perimeters import Perimeters
from observatory.models import Level, Status
from tests.factories import a_box, a_perimeter, a_territory

pytestmark = pytest.mark.django_db

SHARED = a_box(2.30, 48.85, 2.32, 48.87)
GONE = a_box(2.34, 48.85, 2.36, 48.87)


@pytest.fixture
def two_generations() -> None:
    old, new = date(2015, 1, 1), date(2024, 1, 1)
    stays = a_territory(Level.QPV, "QP075001")
    a_perimeter(stays, SHARED, status=Status.SUPERSEDED, since=old, until=new)
    a_perimeter(a_territory(Level.QPV, "QP075002"), GONE, status=Status.SUPERSEDED, since=old,
                until=new)  # fmt: skip
    a_perimeter(a_territory(Level.QPV, "QN075001"), SHARED, since=new)
    a_perimeter(a_territory(Level.ARRONDISSEMENT, "75118"), a_box(2.2, 48.8, 2.5, 48.95),
                status=Status.REFERENCE)  # fmt: skip


def zones_at(day: date, lon: float, level: str = Level.QPV) -> str:
    layer = Perimeters.stored().layer(level, day)
    place = layer.locate(np.array([lon]), np.array([48.86]))[0]
    return layer.codes[place] if place >= 0 else ""


@pytest.mark.parametrize(
    "day, shared, gone",
    [
        (date(2014, 12, 31), "", ""),
        (date(2015, 1, 1), "QP075001", "QP075002"),
        (date(2023, 12, 31), "QP075001", "QP075002"),
        (date(2024, 1, 1), "QN075001", ""),
    ],
)
def test_the_day_decides_which_generation_of_quarters_holds(two_generations, day, shared, gone):
    assert zones_at(day, 2.31) == shared
    assert zones_at(day, 2.35) == gone
    assert zones_at(day, 2.31, Level.ARRONDISSEMENT) == "75118"


def test_computed_and_negotiated_zones_are_not_joined_to():
    for status in (Status.COMPUTED, Status.NEGOTIATION):
        a_perimeter(a_territory(Level.QPV, f"X-{status}"), SHARED, status=status)
    assert Perimeters.stored().rows == []


def test_what_did_not_change_between_two_days_is_one_layer(two_generations):
    held = Perimeters.stored()
    before, after = date(2016, 1, 1), date(2025, 1, 1)
    assert held.layer(Level.QPV, before) is held.layer(Level.QPV, date(2017, 1, 1))
    assert held.layer(Level.QPV, before) is not held.layer(Level.QPV, after)
    assert held.layer(Level.ARRONDISSEMENT, before) is held.layer(Level.ARRONDISSEMENT, after)


def test_the_days_of_change_and_the_extent_are_known(two_generations):
    held = Perimeters.stored()
    assert held.breaks() == [date(2015, 1, 1), date(2024, 1, 1)]
    assert held.extent == pytest.approx((2.2, 48.8, 2.5, 48.95))
    assert len(held.keys_on(date(2016, 1, 1))) == 3
    assert Perimeters([]).extent is None
