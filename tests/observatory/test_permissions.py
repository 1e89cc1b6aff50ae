"""Who may do what where, as the two tables say it."""

from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser

from observatory.models import (
    AccessRule,
    Assignment,
    Level,
    Membership,
    Right,
    Role,
    Source,
    Territory,
    User,
)
from observatory.permissions import may
from tests.people import somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    return Source.objects.create(code="s", title="S", producer="P")


@pytest.fixture
def paris(source):
    return Territory.objects.create(level=Level.CONTRACT, code="75", name="Paris", source=source)


@pytest.fixture
def goutte_dor(source, paris):
    quarter = Territory.objects.create(
        level=Level.QPV, code="QP075011", name="Goutte d'Or", source=source
    )
    Membership.objects.create(
        member=quarter, container=paris, source=source, valid_from=date(2015, 1, 1)
    )
    return quarter


@pytest.fixture
def lead(paris):
    return somebody("lead", Role.CONTRACT_LEAD, paris)


def test_everybody_sees_what_is_public_and_nothing_else():
    visitor = AnonymousUser()
    assert may(visitor, Right.VIEW_PUBLIC)
    refused = [right for right in Right if right != Right.VIEW_PUBLIC]
    assert not any(may(visitor, right) for right in refused)
    assert not may(None, Right.LOAD)


def test_a_contract_lead_edits_the_perimeters_of_its_own_contract(lead, goutte_dor, source):
    elsewhere = Territory.objects.create(level=Level.QPV, code="QP093001", name="X", source=source)
    assert may(lead, Right.EDIT_PERIMETER, goutte_dor)
    assert not may(lead, Right.EDIT_PERIMETER, elsewhere)


def test_a_role_held_on_one_contract_is_no_right_in_general(lead):
    assert not may(lead, Right.EDIT_PERIMETER)


def test_rights_follow_memberships_through_every_level(lead, goutte_dor, source):
    block = Territory.objects.create(level=Level.BLOCK, code="B1", name="Îlot", source=source)
    Membership.objects.create(member=block, container=goutte_dor, source=source)
    assert may(lead, Right.VALIDATE, block)


def test_a_membership_that_ended_carries_no_right(lead, goutte_dor):
    Membership.objects.update(valid_to=date(2024, 1, 1))
    assert may(lead, Right.VALIDATE, goutte_dor, on=date(2023, 12, 31))
    assert not may(lead, Right.VALIDATE, goutte_dor, on=date(2024, 1, 1))


def test_an_assignment_holds_from_its_first_day_to_the_day_before_its_end(paris):
    user = User.objects.create_user("analyst")
    Assignment.objects.create(
        user=user,
        role=Role.ANALYST,
        territory=paris,
        valid_from=date(2020, 1, 1),
        valid_to=date(2021, 1, 1),
    )
    held = {
        day: may(user, Right.LOAD, paris, on=day)
        for day in (date(2019, 12, 31), date(2020, 1, 1), date(2020, 12, 31), date(2021, 1, 1))
    }
    assert list(held.values()) == [False, True, True, False]


def test_a_rule_written_for_one_territory_opens_that_territory_only(paris, goutte_dor, source):
    other = Territory.objects.create(level=Level.CONTRACT, code="93", name="Autre", source=source)
    AccessRule.objects.create(role=Role.PUBLIC, right=Right.VIEW_WORKING, territory=paris)
    assert may(AnonymousUser(), Right.VIEW_WORKING, goutte_dor)
    assert not may(AnonymousUser(), Right.VIEW_WORKING, other)
    assert not may(AnonymousUser(), Right.VIEW_WORKING)


def test_a_closed_account_has_the_publics_rights_only(lead, goutte_dor):
    lead.is_active = False
    lead.save()
    assert may(lead, Right.VIEW_PUBLIC, goutte_dor)
    assert not may(lead, Right.VALIDATE, goutte_dor)


def test_a_superuser_may_do_everything(goutte_dor):
    admin = User.objects.create_superuser("admin")
    assert all(may(admin, right, goutte_dor) for right in Right)


def test_removing_a_rule_takes_the_right_from_every_holder(lead, goutte_dor):
    AccessRule.objects.filter(role=Role.CONTRACT_LEAD, right=Right.VALIDATE).delete()
    assert not may(lead, Right.VALIDATE, goutte_dor)
