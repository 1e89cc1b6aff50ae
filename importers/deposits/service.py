"""The one way a deposit goes, whoever asks: page, API or command."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from importers.deposits import errors
from importers.deposits.columns import Recognised, Role, recognise_columns
from importers.deposits.models import Deposit, DepositState
from importers.deposits.opening import MOST_BYTES, opened_deposit
from importers.deposits.outcomes import Fate, parts_of
from importers.deposits.processing import process
from importers.deposits.publishing import publish, withdraw
from importers.deposits.shares import LivedQuarter, Share
from importers.deposits.store import Counts, Store
from importers.deposits.vault import Vault
from importers.errors import ImporterError
from observatory.disclosure.secret import derived
from observatory.models import Organisation, Right, User
from observatory.permissions import may
from observatory.runs import Progress, recorded, silent

DAYS_KEPT = 90
MOST_OPEN = 50
OPEN_STATES = (DepositState.RECEIVED, DepositState.QUEUED, DepositState.RUNNING, DepositState.DONE)


@dataclass(frozen=True)
class Ask:
    """What a depositor says of a file."""

    scheme: str
    period_from: date
    period_to: date
    unit: str = "person"
    address_role: str = "home"
    proximity_metres: int | None = None
    purge_on: date | None = None


def check_may_deposit(user: User) -> Organisation:
    """Return the organisation an account deposits for. Raises BadChoice."""
    if user.organisation is None or not may(user, Right.DEPOSIT):
        raise errors.BadChoice(
            "This account may not deposit files.",
            "Ask an administrator for an organisation and the role of a partner.",
        )
    return user.organisation


def receive(
    chunks: Iterable[bytes], name: str, ask: Ask, organisation: Organisation,
    user: User | None = None,
) -> Deposit:  # fmt: skip
    """Take a file in: seal it, recognise its columns, and wait for them to be confirmed.

    Raises QuotaReached, TooLarge, and what opening the file raises; nothing is kept then.
    """
    if (
        Deposit.objects.filter(organisation=organisation, state__in=OPEN_STATES).count()
        >= MOST_OPEN
    ):
        raise errors.QuotaReached(MOST_OPEN)
    deposit = Deposit(
        organisation=organisation,
        created_by=user,
        scheme=ask.scheme[:80],
        period_from=ask.period_from,
        period_to=ask.period_to,
        unit=ask.unit,
        address_role=ask.address_role,
        proximity_metres=ask.proximity_metres,
        file_name=Path(name.replace("\\", "/")).name[:200] or "file",
        purge_on=ask.purge_on or timezone.localdate() + timedelta(days=DAYS_KEPT),
    )
    vault = Vault.make(deposit.mark)
    try:
        measured = _Measured(chunks)
        vault.write_file(measured)
        deposit.file_size, deposit.file_digest = measured.size, measured.digest
        propose_columns(deposit)
        deposit.save()
    except BaseException:
        vault.destroy()
        raise
    return deposit


class _Measured:
    """Passes chunks on, counting and hashing them."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self.size = chunks, 0
        self._hash = hashlib.blake2b(key=derived("file digest"), digest_size=32)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > MOST_BYTES:
                raise errors.TooLarge(MOST_BYTES)
            self._hash.update(chunk)
            yield chunk

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def propose_columns(deposit: Deposit) -> Recognised:
    """Recognise the columns of a waiting file, and note which will not be stored."""
    with opened_deposit(Vault(deposit.mark), deposit.file_name) as file:
        found = recognise_columns(file.samples())
        if {"(longitude)", "(latitude)"} <= set(file.columns):
            found.roles |= {Role.X: "(longitude)", Role.Y: "(latitude)"}
            for name in ("(longitude)", "(latitude)"):
                found.private.pop(name, None)
    deposit.columns = {str(role): name for role, name in found.roles.items()}
    deposit.discarded = [[name, str(why)] for name, why in found.private.items()]
    return found


def earlier_copy(deposit: Deposit) -> Deposit | None:
    """Return an earlier deposit of the very same file for the same scheme, if any."""
    return (
        Deposit.objects.filter(
            organisation_id=deposit.organisation_id,
            scheme=deposit.scheme,
            file_digest=deposit.file_digest,
        )
        .exclude(pk=deposit.pk)
        .exclude(state__in=[DepositState.REFUSED, DepositState.CANCELLED, DepositState.FAILED])
        .order_by("-id")
        .first()
    )


def replace(deposit: Deposit, older: Deposit) -> None:
    """Say that a deposit is a new version of an older one. Raises BadChoice."""
    if older.organisation_id != deposit.organisation_id or older.scheme != deposit.scheme:
        raise errors.BadChoice("A version replaces a deposit of the same scheme.", "")
    deposit.replaces, deposit.version = older, older.version + 1
    deposit.save(update_fields=["replaces", "version"])


def choose_columns(deposit: Deposit, columns: Mapping[str, str]) -> None:
    """Confirm or correct the columns. Raises BadChoice, NothingToLocate."""
    with opened_deposit(Vault(deposit.mark), deposit.file_name) as file:
        unknown = [name for name in columns.values() if name not in file.columns]
    if unknown:
        raise errors.BadChoice(f"There is no column {unknown[0]!r}.", "")
    chosen = Recognised({Role(role): name for role, name in columns.items() if name})
    if not chosen.can_locate:
        raise errors.NothingToLocate(list(columns.values()))
    deposit.columns = {str(role): name for role, name in chosen.roles.items()}
    deposit.save(update_fields=["columns"])


# -- carrying out --------------------------------------------------------------------------


def carry_out(deposit: Deposit, echo: Progress = silent) -> Deposit:
    """Work through a deposit, publish what may be published, and destroy the waiting file.

    Does nothing where it is done, or where another process is at it.
    """
    with _alone_with(deposit) as alone:
        deposit.refresh_from_db()
        if not alone or deposit.state not in (DepositState.QUEUED, DepositState.RUNNING,
                                              DepositState.RECEIVED):  # fmt: skip
            return deposit
        _set(deposit, DepositState.RUNNING)
        try:
            with recorded(
                "deposit", run=deposit.run, echo=echo, refusals=(ImporterError,),
                inputs=[{"size": deposit.file_size, "digest": deposit.file_digest}],
                parameters={"deposit": deposit.pk, "scheme": deposit.scheme},
            ) as recorder:  # fmt: skip
                deposit.run = recorder.run
                deposit.save(update_fields=["run"])
                counts = process(deposit, recorder)
                _finish(deposit, counts)
        except errors.Cancelled:
            _abandon(deposit, DepositState.CANCELLED)
        except ImporterError as error:
            _abandon(deposit, DepositState.REFUSED, f"{error} {error.advice}".strip())
            raise
    return deposit


def _finish(deposit: Deposit, counts: Counts) -> None:
    with transaction.atomic():
        publish(deposit, counts)
        _set(deposit, DepositState.DONE)
    Vault(deposit.mark).drop_file()


def _set(deposit: Deposit, state: str, message: str = "") -> None:
    deposit.state, deposit.message = state, message
    if state not in OPEN_STATES or state == DepositState.DONE:
        deposit.ended_at = timezone.now()
    deposit.save(update_fields=["state", "message", "ended_at"])


def _abandon(deposit: Deposit, state: str, message: str = "") -> None:
    """Leave nothing of a deposit that did not end well but its record."""
    Store(deposit).drop_rows()
    Vault(deposit.mark).destroy()
    _set(deposit, state, message)


class _alone_with:  # noqa: N801 - reads as a phrase
    """Holds one deposit for this process; a killed process lets go of it by itself."""

    def __init__(self, deposit: Deposit) -> None:
        self._key = deposit.pk

    def __enter__(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(20150, %s)", [self._key])
            self._held = bool(cursor.fetchone()[0])
        return self._held

    def __exit__(self, *_: Any) -> None:
        if self._held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(20150, %s)", [self._key])


def cancel(deposit: Deposit) -> None:
    """Ask the work to stop; a deposit nobody works on stops at once."""
    Deposit.objects.filter(pk=deposit.pk).update(cancel_asked=True)
    if deposit.state in (DepositState.RECEIVED, DepositState.QUEUED):
        _abandon(deposit, DepositState.CANCELLED)


def purge(deposit: Deposit, actor: int | None = None) -> None:
    """Destroy the rows and the key; counts and what was published stay."""
    Store(deposit).drop_rows(actor)
    Vault(deposit.mark).destroy()
    if deposit.state == DepositState.DONE:
        _set(deposit, DepositState.PURGED)


def purge_due(day: date) -> int:
    """Purge every deposit whose date has come; return how many."""
    due = Deposit.objects.filter(purge_on__lte=day).exclude(state=DepositState.PURGED)
    for deposit in due:
        purge(deposit)
    return len(due)


def delete(deposit: Deposit) -> None:
    """Remove a deposit, and withdraw what was published from it."""
    withdraw(deposit)
    purge(deposit)
    deposit.delete()


# -- results -------------------------------------------------------------------------------


def exact_result(deposit: Deposit) -> dict[str, Any]:
    """Return the depositor's own exact counts: for its organisation alone."""
    counts = Store(deposit).read_counts()
    fates = {fate.name.lower(): 0 for fate in Fate}
    by_level: dict[str, dict[str, int]] = {}
    structures: dict[str, list[int]] = {}
    for name, count in counts.items():
        parts = parts_of(name)
        fates[parts["fate"]] += count.rows
        for level in ("qpv", "qva", "arrondissement", "commune", "iris"):
            if parts[level]:
                held = by_level.setdefault(level, {})
                held[parts[level]] = held.get(parts[level], 0) + count.rows
        if parts["structure"]:
            tally = structures.setdefault(parts["structure"], [0, 0, 0])
            tally[0] += count.rows if parts["fate"] == "qpv" else 0
            tally[1] += count.rows
            tally[2] += count.rows if parts["fate"] in ("ambiguous", "not_located") else 0
    total = sum(fates.values())
    unlocated = fates["ambiguous"] + fates["not_located"]
    return {
        "deposit": deposit.pk,
        "scheme": deposit.scheme,
        "state": deposit.state,
        "fates": fates,
        "in_qpv": Share(fates["qpv"], total, unlocated).as_dict(),
        "by_level": by_level,
        "structures": {
            name: LivedQuarter(Share(*tally)).as_dict() for name, tally in structures.items()
        },
        "proximity_metres": deposit.proximity_metres,
        "discarded": deposit.discarded,
    }
