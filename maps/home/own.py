"""What somebody has to fill in and has deposited: of their own organisation, and of no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from importers.deposits import errors, review, service
from importers.deposits.models import Deposit, DepositState
from observatory.figures.sheets import OPEN, is_late, sheets_of
from observatory.models import FollowUpSheet, Right, SheetState, User
from observatory.permissions import territories_where

SOON = timedelta(days=30)
UNDER_WAY = (DepositState.QUEUED, DepositState.RUNNING)
FAILED = (DepositState.REFUSED, DepositState.FAILED, DepositState.CANCELLED)


@dataclass
class Filling:
    """The sheets of a contributor's organisation, each in one list alone."""

    sent_back: list[FollowUpSheet] = field(default_factory=list)
    late: list[FollowUpSheet] = field(default_factory=list)
    due: list[FollowUpSheet] = field(default_factory=list)
    handed_in: list[FollowUpSheet] = field(default_factory=list)
    validated: int = 0

    @property
    def left(self) -> int:
        """Return how many sheets wait for their actor."""
        return len(self.sent_back) + len(self.late) + len(self.due)


def filling_of(user: User, today: date) -> Filling | None:
    """Return the sheets of a person's own organisation; None for who fills none."""
    if user.organisation_id is None or territories_where(user, Right.FILL_SHEET) == set():
        return None
    told = Filling()
    for sheet in sheets_of(user):
        # The steering side may fill any sheet of its contract: those are not its own.
        if sheet.organisation_id == user.organisation_id:
            _put(told, sheet, today)
    return told


def _put(told: Filling, sheet: FollowUpSheet, today: date) -> None:
    if sheet.state == SheetState.VALIDATED:
        told.validated += 1
    elif sheet.state == SheetState.SENT_BACK:
        told.sent_back.append(sheet)
    elif is_late(sheet, today):
        told.late.append(sheet)
    elif sheet.state in OPEN:
        told.due.append(sheet)
    else:
        told.handed_in.append(sheet)


@dataclass
class Depositing:
    """The deposits of a partner's organisation by what they wait for, newest first."""

    to_confirm: list[Deposit] = field(default_factory=list)
    under_way: list[Deposit] = field(default_factory=list)
    to_review: list[tuple[Deposit, int]] = field(default_factory=list)
    failed: list[Deposit] = field(default_factory=list)
    purged_soon: list[Deposit] = field(default_factory=list)
    finished: int = 0


def depositing_of(user: User, today: date) -> Depositing | None:
    """Return the deposits of a person's own organisation; None for who deposits none."""
    try:
        deposits: Sequence[Deposit] = list(service.own_deposits(user))
    except errors.MayNotDeposit:
        return None
    told = Depositing()
    for deposit in deposits:
        if deposit.state == DepositState.RECEIVED:
            told.to_confirm.append(deposit)
        elif deposit.state in UNDER_WAY:
            told.under_way.append(deposit)
        elif deposit.state in FAILED:
            told.failed.append(deposit)
        else:
            _put_finished(told, deposit, today)
    return told


def _put_finished(told: Depositing, deposit: Deposit, today: date) -> None:
    told.finished += 1
    if deposit.state != DepositState.DONE:
        return
    left = sum(review.left(deposit).values())
    if left:
        told.to_review.append((deposit, left))
    if deposit.purge_on <= today + SOON:
        told.purged_soon.append(deposit)
