"""What the steering side and the administrators look after: completeness, validations, runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q

from maps.figures import Figure
from observatory.figures.sheets import completeness, overdue
from observatory.models import (
    Assignment,
    FollowUpSheet,
    Framework,
    Right,
    Run,
    SheetState,
    Source,
    Territory,
    User,
)
from observatory.models.reviews import Review
from observatory.models.runs import RunState
from observatory.permissions import may, territories_where

MOST_LISTED = 12


@dataclass(frozen=True)
class Steered:
    """One contract and year: how far its actors are, what waits, and the year's review."""

    contract: Territory
    year: int | None
    actors: list[dict[str, Any]]
    waiting: list[FollowUpSheet]
    late: list[FollowUpSheet]
    review: Review | None

    @property
    def share(self) -> Figure:
        """Return the share of lines that say something, over all actors: a sum over a sum."""
        lines = sum(told["lines"] for told in self.actors)
        filled = sum(told["filled"] for told in self.actors)
        return Figure(100 * filled / lines if lines else None, "%", 0)


def steered_by(user: User, today: date) -> list[Steered]:
    """Return the contracts a person may validate in, by code."""
    where = territories_where(user, Right.VALIDATE)
    held = Territory.objects.filter(
        Exists(FollowUpSheet.objects.filter(territory=OuterRef("pk")))
        | Exists(Framework.objects.filter(territory=OuterRef("pk")))
    )
    if where is not None:
        held = held.filter(pk__in=where)
    return [_steered(contract, today) for contract in held.order_by("code")]


def _steered(contract: Territory, today: date) -> Steered:
    sheets = FollowUpSheet.objects.filter(territory=contract)
    year = sheets.order_by("-year").values_list("year", flat=True).first()
    waiting = sheets.filter(state=SheetState.SUBMITTED).select_related("organisation")
    reviews = Review.objects.filter(territory=contract).order_by("-made_at")
    return Steered(
        contract,
        year,
        [] if year is None else _told(contract, year, today),
        list(waiting.order_by("due_on", "code")),
        overdue(contract.pk, today),
        None if year is None else reviews.filter(year=year).first(),
    )


def _told(contract: Territory, year: int, today: date) -> list[dict[str, Any]]:
    return [
        {**told, "shown": Figure(told["share"], "%", 0)}
        for told in completeness(contract.pk, year, today)
    ]


@dataclass(frozen=True)
class Administered:
    """What an administrator watches over: runs that went wrong, accounts, sources without terms."""

    running: int
    wrong: list[Run]
    accounts: int
    without_role: list[User]
    without_terms: int


def administered_by(user: User) -> Administered | None:
    """Return the state of the site; None for who does not administer it."""
    if not may(user, Right.ADMINISTER):
        return None
    runs = Counter(Run.objects.values_list("state", flat=True))
    people = User.objects.filter(is_active=True)
    roles = Assignment.objects.filter(user=OuterRef("pk"))
    idle = people.filter(~Exists(roles), Q(is_superuser=False)).order_by("username")
    return Administered(
        runs[RunState.RUNNING] + runs[RunState.QUEUED],
        list(Run.objects.filter(state__in=(RunState.FAILED, RunState.REFUSED))[:MOST_LISTED]),
        people.count(),
        list(idle[:MOST_LISTED]),
        Source.objects.filter(terms__isnull=True).count(),
    )
