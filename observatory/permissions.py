"""The one question every outlet asks: may this person do this here?

The answer comes from two tables, who holds which role where (Assignment) and what a role may
do (AccessRule), so that a new contract needs rows, not code.
"""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone

from observatory.models import AccessRule, Assignment, Membership, Right, Role, Territory, User

ALL_RIGHTS = tuple(Right)
# What the rules are when the tables are made; administrators change the rows, not this.
DEFAULT_RULES: dict[Role, tuple[Right, ...]] = {
    Role.PUBLIC: (Right.VIEW_PUBLIC,),
    Role.PARTNER: (Right.VIEW_PUBLIC, Right.VIEW_SHARED, Right.DEPOSIT),
    Role.REFERENT: (Right.VIEW_PUBLIC, Right.VIEW_SHARED, Right.DEPOSIT, Right.FILL_SHEET),
    Role.CONTRACT_LEAD: (
        Right.VIEW_PUBLIC,
        Right.VIEW_SHARED,
        Right.VIEW_WORKING,
        Right.FILL_SHEET,
        Right.VALIDATE,
        Right.EDIT_PERIMETER,
    ),
    Role.ANALYST: (
        Right.VIEW_PUBLIC,
        Right.VIEW_SHARED,
        Right.VIEW_WORKING,
        Right.EDIT_PERIMETER,
        Right.LOAD,
    ),
    Role.COMMITTEE: (Right.VIEW_PUBLIC, Right.VIEW_SHARED),
    Role.ADMINISTRATOR: ALL_RIGHTS,
}


def may(
    user: User | AnonymousUser | None,
    right: Right,
    territory: Territory | None = None,
    on: date | None = None,
) -> bool:
    """Tell whether ``user`` has ``right`` on ``territory`` (None: in general) on a day.

    A role held on a territory reaches everything that belongs to it on that day. Everybody
    holds the public's role everywhere; a superuser may do everything.
    """
    if _is_superuser(user):
        return True
    day = on or timezone.localdate()
    areas = _reach(territory, day)
    rules = AccessRule.objects.filter(right=right).filter(_covers("territory", areas))
    if rules.filter(role=Role.PUBLIC).exists():
        return True
    if user is None or not user.is_authenticated or not user.is_active:
        return False
    held = Assignment.objects.filter(_held_on(day), user=user, role__in=rules.values("role"))
    return held.filter(_covers("territory", areas)).exists()


def territories_where(
    user: User | AnonymousUser | None, right: Right, on: date | None = None
) -> set[int] | None:
    """Return the ids of the territories on which ``user`` has ``right``; None: everywhere.

    The same answer as ``may``, asked once for lists of rows instead of row by row.
    """
    if _is_superuser(user):
        return None
    day = on or timezone.localdate()
    found: set[int] = set()
    for rule in AccessRule.objects.filter(right=right):
        for held_on in _places_held(user, rule.role, day):
            region = _both(_below(rule.territory_id, day), _below(held_on, day))
            if region is None:
                return None
            found |= region
    return found


def _places_held(user: User | AnonymousUser | None, role: str, day: date) -> list[int | None]:
    """Return the territories a role is held on; None among them stands for everywhere."""
    if role == Role.PUBLIC:
        return [None]
    if user is None or not user.is_authenticated or not user.is_active:
        return []
    held = Assignment.objects.filter(_held_on(day), user=user, role=role)
    return list(held.values_list("territory_id", flat=True))


def _both(one: set[int] | None, other: set[int] | None) -> set[int] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _is_superuser(user: User | AnonymousUser | None) -> bool:
    return bool(user is not None and user.is_active and user.is_superuser)


def _held_on(day: date) -> Q:
    started = Q(valid_from__isnull=True) | Q(valid_from__lte=day)
    return started & (Q(valid_to__isnull=True) | Q(valid_to__gt=day))


def _covers(field: str, areas: set[int]) -> Q:
    """A row without a territory holds everywhere; any other must cover the one asked about."""
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__in": areas})


def _reach(territory: Territory | None, day: date) -> set[int]:
    """Return the ids of ``territory`` and of all that contains it on ``day``."""
    return set() if territory is None else _linked(territory.pk, day, "member", "container_id")


def _below(territory: int | None, day: date) -> set[int] | None:
    """Return the ids of a territory and of all that belongs to it on ``day``; None: of all."""
    return None if territory is None else _linked(territory, day, "container", "member_id")


def _linked(start: int, day: date, known: str, wanted: str) -> set[int]:
    found, edge = {start}, {start}
    while edge:
        rows = Membership.objects.filter(_held_on(day), **{f"{known}__in": edge})
        edge = set(rows.values_list(wanted, flat=True)) - found
        found |= edge
    return found
