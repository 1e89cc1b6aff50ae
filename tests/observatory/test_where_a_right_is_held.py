"""Lists and single questions give one answer: where somebody has a right."""

from __future__ import annotations

from datetime import date

import pytest

from observatory.models import AccessRule, Level, Membership, Right, Role, User
from observatory.permissions import may, territories_where
from tests.factories import a_source, a_territory
from tests.people import somebody

pytestmark = pytest.mark.django_db
DAY = date(2020, 6, 1)


@pytest.fixture
def places() -> dict[str, object]:
    found = {
        name: a_territory(level, name)
        for name, level in (
            ("EPT", Level.EPT), ("CV1", Level.CONTRACT), ("CV2", Level.CONTRACT),
            ("QP1", Level.QPV), ("QP2", Level.QPV), ("QP3", Level.QPV),
        )
    }  # fmt: skip
    for member, container, until in (
        ("CV1", "EPT", None), ("QP1", "CV1", None), ("QP2", "CV2", None),
        ("QP2", "CV1", date(2019, 1, 1)), ("QP3", "CV1", None), ("QP3", "CV2", None),
    ):  # fmt: skip
        Membership.objects.create(
            member=found[member], container=found[container], valid_to=until, source=a_source()
        )
    return found


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("held_on", ["", "EPT", "CV1", "CV2", "QP2"])
def test_the_list_agrees_with_the_question_asked_place_by_place(
    places: dict, role: str | None, held_on: str
) -> None:
    user = somebody("quelquun", role or "", places.get(held_on))
    AccessRule.objects.create(role=Role.PARTNER, right=Right.VIEW_WORKING, territory=places["CV2"])
    AccessRule.objects.create(role=Role.PUBLIC, right=Right.VIEW_SHARED, territory=places["QP1"])
    for right in Right:
        where = territories_where(user, right, DAY)
        for place in places.values():
            assert (where is None or place.pk in where) == may(user, right, place, DAY), right


def test_a_superuser_may_everywhere_and_a_dismissed_one_nowhere_more_than_the_public() -> None:
    user = User.objects.create_superuser("chef")
    assert territories_where(user, Right.ADMINISTER) is None
    user.is_active = False
    assert territories_where(user, Right.ADMINISTER) == set()
    assert territories_where(None, Right.VIEW_PUBLIC) is None
