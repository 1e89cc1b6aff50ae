"""Figures of the same people, shared more than once, never close in on the few who differ.

Each attack climbs a ladder of four figures, each of a list that lies in the next: versions of a
list that grows or shrinks, a month in a quarter in a year, one list under two generations of
quarters. With the noise alone it closes in on two people; the gate keeps something back.
"""

from __future__ import annotations

from datetime import date

import pytest

from importers.deposits import review, service
from importers.deposits.errors import OverlapUnknown
from importers.deposits.publishing import published, tables_out
from importers.models import Deposit
from observatory.models import Level, Publication, User
from tests.factories import a_box, a_perimeter, a_territory
from tests.importers.deposit_attacks import a_ladder, ladder_betrays, noise_of
from tests.importers.deposit_makers import (
    DAY,
    INSIDE,
    OUTSIDE,
    a_partner,
    deposited,
    fates,
    the_towns_addresses,
)
from tests.people import client_of

pytestmark = pytest.mark.django_db

QUARTER, NEW_QUARTER = "QP075001", "QN07501A"
STRIP = "2.3610;48.8550"  # outside the quarter of 2015, inside that of 2024
IN_2024 = date(2024, 6, 1)


@pytest.fixture(autouse=True)
def site(deposit_site):
    new = a_territory(Level.QPV, NEW_QUARTER, "Quartier de 2024")
    a_perimeter(new, a_box(2.35, 48.85, 2.362, 48.86), since=date(2024, 1, 1), act="Décret 2024")


@pytest.fixture
def ladder(partner) -> list[list[str]]:
    return a_ladder(partner.organisation)


def shared(deposit: Deposit) -> dict:
    """What a partner of another organisation reads of a deposit, now."""
    reader = User.objects.filter(username="lecteur").first() or a_partner("Lecteur", "lecteur")
    told = client_of(reader).get("/api/deposits/shared/").json()["schemes"]
    period = [deposit.period_from.isoformat(), deposit.period_to.isoformat()]
    return next((one["figures"] for one in told if one["period"] == period), {})


def counted(user: User, people: list[str], older=None, elsewhere=(), **ask) -> Deposit:
    """Deposit people of the quarter, and some of the strip beside it, and count them."""
    rows = [f"{one};{INSIDE}" for one in people] + [f"{one};{STRIP}" for one in elsewhere]
    found = deposited(user, "ref;lon;lat\n" + "\n".join(rows), **ask)
    if older is not None:
        service.replace(found, older)
    return service.carry_out(found)


# -- ladders -------------------------------------------------------------------------------


def test_with_the_noise_alone_the_ladder_gives_two_people_away(partner, ladder):
    alone = [
        {"value": len(held) + noise_of(partner.organisation, held), "withheld": None}
        for held in ladder
    ]
    assert [one["value"] for one in alone] == [34, 25, 37, 28]
    assert ladder_betrays(alone)


def test_versions_of_a_list_that_grows_do_not_close_in_on_who_came(partner, ladder):
    older, told = None, []
    for people in ladder:
        older = counted(partner, people, older)
        told.append(shared(older).get(f"qpv={QUARTER}"))
    assert not ladder_betrays(told)
    assert [one["value"] for one in told[:2]] == [34, 25], "what gives nobody away is shown"


def test_where_versions_are_not_compared_the_same_ladder_gives_two_people_away(
    partner, ladder, monkeypatch
):
    monkeypatch.setattr("importers.deposits.publishing.joint_groups", lambda *told: None)
    older, told = None, []
    for people in ladder:
        older = counted(partner, people, older)
        told.append(shared(older).get(f"qpv={QUARTER}"))
    assert ladder_betrays(told)


def test_versions_of_a_list_that_shrinks_do_not_close_in_on_who_left(partner, ladder):
    older, told = None, []
    for people in reversed(ladder):
        older = counted(partner, people, older)
        told.append(shared(older).get(f"qpv={QUARTER}"))
    assert not ladder_betrays(told[::-1])


def test_a_month_in_a_quarter_in_a_year_does_not_tell_who_came_in_between(partner, ladder):
    told = []
    for people, last in zip(ladder, (1, 3, 6, 12), strict=True):
        days = {"period_from": date(2015, 1, 1), "period_to": date(2015, last, 28)}
        told.append(shared(counted(partner, people, **days)).get(f"qpv={QUARTER}"))
    assert not ladder_betrays(told)


def test_quarters_of_2015_and_2024_do_not_tell_who_lives_between_them(partner, ladder):
    """The two people of the strip are outside in 2015 and inside in 2024."""
    strip = [one for one in ladder[2] if one not in ladder[1]]
    new = {"period_from": IN_2024, "period_to": IN_2024}
    told, older = [], None
    for people, ask in ((ladder[0], {}), (ladder[1], {}), (ladder[1], new), (ladder[3], new)):
        older = counted(partner, [one for one in people if one not in strip], older, strip, **ask)
        told.append(shared(older).get(f"qpv={NEW_QUARTER if ask else QUARTER}"))
    assert not ladder_betrays(told)


# -- the review ----------------------------------------------------------------------------


def a_reviewed_deposit(user: User) -> Deposit:
    """Return a counted deposit of 40 people by address, two of whom wait for review."""
    the_towns_addresses()
    doors = ["12 rue de la Chapelle;75018"] * 38 + ["99 chemin inconnu;75018"] * 2
    text = "ref;adresse;cp\n" + "\n".join(f"R{n};{door}" for n, door in enumerate(doors))
    return service.carry_out(deposited(user, text))


def placed(deposit: Deposit, actor: int) -> Deposit:
    row = review.waiting(deposit, actor)[0]
    lon, lat = map(float, INSIDE.split(";"))
    review.place(deposit, row.number, (lon, lat), alike=True, actor=actor)
    deposit.refresh_from_db()
    return deposit


def test_shared_figures_stay_of_before_the_review_until_they_are_shared_again(partner):
    deposit = a_reviewed_deposit(partner)
    before = shared(deposit)
    assert placed(deposit, partner.pk).placed_since_shared == 2
    assert shared(deposit) == before
    review.share_again(deposit)
    deposit.refresh_from_db()
    assert (deposit.placed_since_shared, tables_out(deposit)) == (0, 2)
    live = Publication.objects.filter(withdrawn_at=None, subject__startswith="deposit:")
    assert [one.subject for one in live] == [f"deposit:{deposit.pk}/2"]


def test_what_was_shared_before_and_after_the_review_does_not_tell_whom_it_placed(
    partner, monkeypatch
):
    """The rows of before and after are compared one by one: the gate is told who moved."""
    seen = []
    from importers.deposits import publishing

    real = publishing.joint_groups
    monkeypatch.setattr(
        publishing, "joint_groups", lambda *told: seen.append(real(*told)) or seen[-1]
    )
    deposit = placed(a_reviewed_deposit(partner), partner.pk)
    review.share_again(deposit)
    first, second = (f"deposit:{deposit.pk}/{n}" for n in (1, 2))
    assert seen[0] is None
    assert sorted(size for _, size in seen[1]) == [2, 38]
    assert all(set(group) == {first, second} for group, _ in seen[1])
    moved = next(group for group, size in seen[1] if size == 2)
    tables = {one.subject: one.atoms for one in Publication.objects.all()}
    assert tables[first][moved[first]].startswith("not_located|")
    assert tables[second][moved[second]].startswith("qpv|QP075001|")


def test_three_tables_of_one_deposit_know_the_state_of_each(partner):
    deposit = a_reviewed_deposit(partner)
    review.share_again(deposit)
    placed(deposit, partner.pk)
    review.share_again(deposit)
    tables = {one.subject: one.atoms for one in Publication.objects.all()}
    assert tables[f"deposit:{deposit.pk}/1"] == tables[f"deposit:{deposit.pk}/2"]
    assert tables[f"deposit:{deposit.pk}/3"] != tables[f"deposit:{deposit.pk}/2"]
    assert fates(deposit)["qpv"] >= 2


# -- rows that are gone --------------------------------------------------------------------


def test_nothing_new_is_shared_where_the_rows_to_check_against_are_purged(partner, ladder):
    one = counted(partner, ladder[0])
    before = shared(one)
    service.purge(one)
    two = counted(partner, ladder[1], one)
    assert fates(two) == {"qpv": 30}, "the depositor has its own counts"
    assert published(two) == {}
    assert shared(one) == before != {}, "the figures of before stay"
    with pytest.raises(OverlapUnknown):
        review.share_again(two)


def test_what_was_withdrawn_was_read_and_still_counts(partner, ladder):
    service.delete(counted(partner, ladder[0]))
    assert published(counted(partner, ladder[1])) == {}
    other_days = {"period_from": date(2016, 1, 1), "period_to": date(2016, 12, 31)}
    assert published(counted(partner, ladder[1], **other_days)) != {}
    assert published(counted(a_partner("Autre structure"), ladder[1])) != {}


def test_a_scheme_typed_in_another_way_is_the_same_scheme(partner, ladder):
    service.purge(counted(partner, ladder[0], scheme="essai"))
    assert published(counted(partner, ladder[1], scheme="ESSAI ")) == {}


def test_another_organisation_does_not_learn_the_noise_of_the_same_references(partner, ladder):
    """Who deposits the references of another one reads its own noise, not the other's."""
    others = [a_partner(f"Autre {n}").organisation for n in range(8)]
    assert {noise_of(one, ladder[0]) for one in others} != {5}


# -- rows written twice --------------------------------------------------------------------


def test_a_reference_that_comes_twice_is_two_rows_in_both_tables(partner):
    rows = "\n".join([f"R{n};{INSIDE}" for n in range(20)] + [f"R1;{OUTSIDE}"] * 3)
    one = service.carry_out(deposited(partner, f"ref;lon;lat\n{rows}"))
    two = deposited(partner, f"ref;lon;lat\n{rows}\nR1;{OUTSIDE}")
    service.replace(two, one)
    service.carry_out(two)
    assert published(two)["fate=qpv"] == published(one)["fate=qpv"]


def test_deposits_of_days_that_share_nobody_are_each_shared(partner):
    for number, year in enumerate((2015, 2016)):
        rows = "\n".join(f"P{number}-{n};{INSIDE}" for n in range(20))
        ask = {"period_from": date(year, 6, 1), "period_to": date(year, 6, 1)}
        found = service.carry_out(deposited(partner, f"ref;lon;lat\n{rows}", **ask))
        assert published(found)["fate=qpv"]["value"]
    assert DAY.year == 2015
