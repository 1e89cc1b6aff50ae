"""Naming versions in words on the command line."""

from __future__ import annotations

from datetime import date

import pytest

from observatory.lifecycle import Target, drop, errors, find_all, find_one, open_negotiation
from observatory.models import Level
from tests.factories import a_perimeter, a_territory
from tests.observatory.ground import a_quarter, a_zone, decided, outline, square, the_result

pytestmark = pytest.mark.django_db

LATER = date(2024, 1, 1)


@pytest.fixture
def goutte():
    """A quarter with two legal shapes, one after the other."""
    first = a_quarter("QP075012", square(0, 0), until=LATER, status="superseded")
    second = a_perimeter(first.territory, outline(square(0, 0, 2, 1)), since=LATER)
    return first, second


def test_a_number_names_one_version(goutte):
    assert find_one(f"v{goutte[0].pk}") == goutte[0]


def test_a_code_alone_names_the_last_legal_shape(goutte):
    assert find_one("QP075012") == goutte[1]


def test_a_code_names_what_is_being_worked_on_first(goutte):
    working = the_result(open_negotiation([goutte[1]], decided(day=date(2025, 1, 1))))
    assert find_one("QP075012") == working
    assert find_one("QP075012@legal") == goutte[1]
    assert find_one("QP075012@superseded") == goutte[0]


def test_a_day_names_what_was_in_force(goutte):
    assert find_one("QP075012@2016-05-01") == goutte[0]
    assert find_one("QP075012@2024-01-01") == goutte[1]
    with pytest.raises(errors.UnknownVersion):
        find_one("QP075012@2014-12-31")


def test_a_level_and_generation_name_all_its_quarters():
    quarters = [a_quarter(f"QP07500{n}", square(3 * n, 0)) for n in (2, 1)]
    newer = a_territory(Level.QPV, "QN07501M", generation=2024)
    a_perimeter(newer, outline(square(9, 0)), since=LATER)
    assert find_all("qpv:2015") == [quarters[1], quarters[0]]
    assert [one.territory.code for one in find_all("qpv")] == ["QN07501M", "QP075001", "QP075002"]
    assert [one.territory.code for one in find_all("qpv@2016-01-01")] == ["QP075001", "QP075002"]


def test_a_level_without_anything_in_force_names_what_is_current():
    zones = [a_zone(f"Z1-{n}", square(n, 0)) for n in (1, 2)]
    drop(zones[:1], decided())
    assert find_all("zone") == zones[1:]


def test_what_an_operation_made_can_be_named():
    operation = open_negotiation([a_zone("Z1", square(0, 0))], decided(), Target("QP1", "Un"))
    assert find_one(f"op:{operation.pk}") == the_result(operation)
    assert find_one("negotiation") == the_result(operation)


def test_a_list_names_each_once_in_order():
    zones = [a_zone(f"Z{n}", square(n, 0)) for n in (1, 2, 3)]
    words = f"Z3, v{zones[0].pk},Z3"
    assert find_all(words) == [zones[2], zones[0]]


def test_further_sets_come_from_the_caller():
    zone = a_zone("Z1", square(0, 0))
    assert find_all("run:7", {"run": lambda number: [zone] if number == "7" else []}) == [zone]


@pytest.mark.parametrize("words", ["QP999999", "v0", "qpv:2015", "negotiation", "cucs"])
def test_what_is_not_there_is_said(words):
    with pytest.raises(errors.UnknownVersion, match="No version of a perimeter is called"):
        find_all(words)


def test_nothing_named_is_said():
    with pytest.raises(errors.UnknownVersion, match="No version is named"):
        find_all(" , ")


def test_a_day_that_is_none_is_said(goutte):
    with pytest.raises(errors.UnknownVersion, match="'spring' is neither a day nor a status"):
        find_one("QP075012@spring")


def test_a_generation_that_is_none_is_said():
    with pytest.raises(errors.UnknownVersion, match="'new' is no generation"):
        find_all("qpv:new")


def test_an_operation_that_is_not_there_is_said():
    with pytest.raises(errors.UnknownOperation, match="There is no operation 12"):
        find_all("op:12")


def test_two_versions_being_worked_on_must_be_told_apart():
    legal = a_quarter("QP1", square(0, 0))
    open_negotiation([legal], decided(day=date(2016, 1, 1)))
    open_negotiation([legal], decided(day=date(2016, 1, 1)))
    with pytest.raises(errors.AmbiguousVersion, match="'QP1' names 2 versions"):
        find_one("QP1")


def test_one_code_on_two_levels_must_be_told_apart():
    a_quarter("75120", square(0, 0))
    a_perimeter(a_territory(Level.ARRONDISSEMENT, "75120", "20e"), status="reference")
    with pytest.raises(errors.AmbiguousVersion, match="is the code of"):
        find_one("75120")
