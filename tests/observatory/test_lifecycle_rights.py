"""Who may change a perimeter."""

from __future__ import annotations

import pytest

from observatory.errors import NotAllowed
from observatory.lifecycle import Target, Validity, drop, enact, merge, open_negotiation, undo
from observatory.models import Assignment, Level, Membership, Operation, Role, Status
from tests.factories import a_perimeter, a_source, a_territory
from tests.observatory.ground import (
    START,
    a_quarter,
    a_zone,
    decided,
    decree,
    everything,
    outline,
    square,
    the_result,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(django_user_model):
    def person(name, role=None, territory=None):
        user = django_user_model.objects.create_user(name)
        if role:
            Assignment.objects.create(user=user, role=role, territory=territory)
        return user

    return person


@pytest.fixture
def two_arrondissements():
    """The 19e, of the Paris contract, west of the 20e, of another one."""
    contracts = []
    for code, column in (("75119", 0), ("75120", 4)):
        place = a_territory(Level.ARRONDISSEMENT, code, code)
        a_perimeter(place, outline(square(column, 0, 4, 4)), status=Status.REFERENCE)
        contract = a_territory(Level.CONTRACT, f"CV-{code}")
        Membership.objects.create(member=place, container=contract, source=a_source())
        contracts.append(contract)
    return contracts


def test_a_partner_may_not_merge_and_nothing_is_recorded(people):
    zones = [a_zone(f"Z1-{n}", square(n, 0)) for n in (1, 2)]
    before = everything()
    partner = people("caf", Role.PARTNER)
    with pytest.raises(NotAllowed, match="caf may not change Z1-1"):
        merge(zones, decided(user=partner))
    assert everything() == before
    assert not Operation.objects.exists()


def test_an_analyst_may_everywhere_and_is_named_in_the_record(people):
    analyst = people("apur", Role.ANALYST)
    operation = drop([a_zone("Z1-1", square(0, 0))], decided(user=analyst))
    assert operation.user == analyst


def test_a_contract_lead_works_on_the_zones_of_the_contracts_places(people, two_arrondissements):
    lead = people("lead", Role.CONTRACT_LEAD, two_arrondissements[0])
    drop([a_zone("Z1-1", square(1, 1))], decided(user=lead))
    with pytest.raises(NotAllowed, match="may not change Z1-2"):
        drop([a_zone("Z1-2", square(5, 1))], decided(user=lead))


def test_a_zone_over_two_contracts_needs_both(people, two_arrondissements):
    lead = people("lead", Role.CONTRACT_LEAD, two_arrondissements[0])
    zone = a_zone("Z1-1", square(3, 1, 2, 1))
    with pytest.raises(NotAllowed):
        drop([zone], decided(user=lead))
    Assignment.objects.create(user=lead, role=Role.CONTRACT_LEAD, territory=two_arrondissements[1])
    drop([zone], decided(user=lead))


def test_a_sliver_over_the_limit_gives_no_say(people, two_arrondissements):
    lead = people("lead", Role.CONTRACT_LEAD, two_arrondissements[0])
    drop([a_zone("Z1-1", square(1, 1, 3.005, 1))], decided(user=lead))


def test_closing_another_contracts_quarter_is_refused(people, two_arrondissements):
    lead = people("lead", Role.CONTRACT_LEAD, two_arrondissements[0])
    zone = a_zone("Z1-1", square(1, 1))
    theirs = a_quarter("QP075009", square(5, 1))
    ready = the_result(open_negotiation([zone], decided(user=lead), into=Target("QP075001", "Un")))
    before = everything()
    with pytest.raises(NotAllowed, match="may not change QP075009"):
        enact([ready], decree(user=lead), Validity(START.replace(year=2024)), closes=[theirs])
    assert everything() == before


def test_undoing_asks_for_the_right_too(people):
    operation = drop([a_zone("Z1-1", square(0, 0))], decided())
    with pytest.raises(NotAllowed):
        undo(operation, "Conseil citoyen", "Désaccord", user=people("resident"))
    undone = undo(operation, "Apur", "Erreur", user=people("apur", Role.ANALYST))
    assert undone.undone_user.username == "apur"
