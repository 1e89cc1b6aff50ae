"""The one way a deposit goes, whoever asks: page, API or command."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from time import monotonic, sleep, time
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from importers.deposits import errors
from importers.deposits.columns import Recognised, Role, recognise_columns
from importers.deposits.models import Deposit, DepositState
from importers.deposits.opening import MOST_BYTES, opened_deposit
from importers.deposits.private import acting_for, note_access
from importers.deposits.processing import process
from importers.deposits.publishing import publish, withdraw
from importers.deposits.rights import check_contract, depositor, within_reach
from importers.deposits.store import Counts, Store
from importers.deposits.vault import Vault, key_folder, spool_folder
from importers.errors import ImporterError
from observatory.disclosure.secret import derived
from observatory.models import Organisation, Run, RunState, Territory, User
from observatory.runs import Progress, recorded, silent

DAYS_KEPT = 90
MOST_OPEN = 50
ONE_DEPOSIT = 20_150  # any number, the same for every process: the lock that a deposit takes
ORPHAN_SECONDS = 3_600  # an upload that took longer was cut off
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
    distinct_rows: bool = False
    distinct_scheme: bool = False
    contract: Territory | None = None


def check_may_deposit(user: User) -> Organisation:
    """Return the organisation an account deposits for. Raises MayNotDeposit."""
    return depositor(user)


def own_deposits(user: User) -> QuerySet[Deposit]:
    """Return the deposits of an account's organisation, newest first. Raises MayNotDeposit.

    Where the right is held on some contracts only, those of these contracts.
    """
    found = Deposit.objects.filter(within_reach(user), organisation=check_may_deposit(user))
    return found.select_related("run", "replaces", "contract")


def own_deposit(user: User, number: int) -> Deposit:
    """Return one deposit of an account's organisation. Raises UnknownDeposit, MayNotDeposit."""
    found = own_deposits(user).filter(pk=number).first()
    if found is None:
        raise errors.UnknownDeposit()
    return found


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
        contract=ask.contract,
        period_from=ask.period_from,
        period_to=ask.period_to,
        unit=ask.unit,
        address_role=ask.address_role,
        proximity_metres=ask.proximity_metres,
        distinct_rows=ask.distinct_rows,
        distinct_scheme=ask.distinct_scheme,
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


def take(file: UploadedFile, ask: Ask, user: User, older: Deposit | None = None) -> Deposit:
    """Take an uploaded file in for an account's organisation, as a new version if asked.

    Raises MayNotDeposit, NotForThisContract, and what ``receive`` and ``replace`` raise.
    """
    organisation = check_may_deposit(user)
    check_contract(user, ask.contract)
    deposit = receive(file.chunks(), file.name or "", ask, organisation, user)
    if older is not None:
        try:
            replace(deposit, older)
        except errors.BadChoice:
            delete(Deposit.objects.get(pk=deposit.pk))
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


def samples_of(deposit: Deposit) -> tuple[tuple[str, ...], dict[str, list[str]]]:
    """Return the columns of a waiting file, and the first cells of each."""
    with opened_deposit(Vault(deposit.mark), deposit.file_name) as file:
        return file.columns, file.samples(20)


def earlier_copy(deposit: Deposit) -> Deposit | None:
    """Return an earlier deposit of the very same file for the same scheme and contract."""
    return (
        Deposit.objects.filter(
            organisation_id=deposit.organisation_id,
            scheme=deposit.scheme,
            contract_id=deposit.contract_id,
            file_digest=deposit.file_digest,
        )
        .exclude(pk=deposit.pk)
        .exclude(state__in=[DepositState.REFUSED, DepositState.CANCELLED, DepositState.FAILED])
        .order_by("-id")
        .first()
    )


def replace(deposit: Deposit, older: Deposit) -> None:
    """Say that a deposit is a new version of an older one. Raises BadChoice."""
    same = ("organisation_id", "scheme", "contract_id")
    if any(getattr(older, name) != getattr(deposit, name) for name in same):
        raise errors.BadChoice("A version replaces a deposit of the same scheme and contract.", "")
    deposit.replaces, deposit.version = older, older.version + 1
    try:
        with transaction.atomic():
            deposit.save(update_fields=["replaces", "version"])
    except IntegrityError:
        raise errors.BadChoice("That deposit has a newer version.", "Replace the newest.") from None


def choose_columns(deposit: Deposit, columns: Mapping[str, str]) -> None:
    """Confirm or correct the columns. Raises BadChoice, NothingToLocate."""
    with opened_deposit(Vault(deposit.mark), deposit.file_name) as file:
        unknown = [name for name in columns.values() if name not in file.columns]
    if unknown:
        raise errors.BadChoice(f"There is no column {unknown[0]!r}.", "")
    strange = set(columns) - set(Role)
    if strange:
        raise errors.BadChoice(
            f"A column plays no part {min(strange)!r}.", f"Parts: {', '.join(Role)}."
        )
    chosen = Recognised({Role(role): name for role, name in columns.items() if name})
    if not chosen.can_locate:
        raise errors.NothingToLocate(list(columns.values()))
    deposit.columns = {str(role): name for role, name in chosen.roles.items()}
    deposit.save(update_fields=["columns"])


# -- carrying out --------------------------------------------------------------------------


def carry_out(deposit: Deposit, echo: Progress = silent, patience: float = 0.0) -> Deposit:
    """Work through a deposit, publish what may be published, and destroy the waiting file.

    Does nothing where it is done. Where another process is at it, waits ``patience`` seconds
    for its end; raises Busy after that.
    """
    with _alone_with(deposit, patience):
        if not Deposit.objects.filter(pk=deposit.pk).exists():
            return deposit
        deposit.refresh_from_db()
        if deposit.state not in (DepositState.QUEUED, DepositState.RUNNING,
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
                Deposit.objects.filter(pk=deposit.pk).update(run=recorder.run)
                counts = process(deposit, recorder)
                _finish(deposit, counts)
        except (errors.Cancelled, errors.KeyDestroyed):
            # Its partner cancelled, purged or deleted it meanwhile.
            _abandon(deposit, DepositState.CANCELLED)
        except ImporterError as error:
            deposit.problem = type(error).__name__
            _abandon(deposit, DepositState.REFUSED, f"{error} {error.advice}".strip())
            raise
    return deposit


def fail(deposit: Deposit, message: str) -> None:
    """End a deposit that went wrong for a reason its file does not explain."""
    deposit.problem = "GivenUp"
    _abandon(deposit, DepositState.FAILED, message)
    if deposit.run is not None and deposit.run.state != RunState.FAILED:
        Run.objects.filter(pk=deposit.run.pk).update(
            state=RunState.FAILED, ended_at=timezone.now(), message="Given up."
        )


def _finish(deposit: Deposit, counts: Counts) -> None:
    """Share and end a deposit. Raises Cancelled where its partner stopped it at the last moment."""
    with transaction.atomic():
        held = _held(deposit)
        if held is None or held.cancel_asked:
            raise errors.Cancelled()
        # What cannot be checked is not shared; the depositor has its own counts all the same.
        with suppress(errors.OverlapUnknown):
            publish(deposit, counts)
        _set(deposit, DepositState.DONE)
    Vault(deposit.mark).drop_file()


def _held(deposit: Deposit) -> Deposit | None:
    """Read a deposit again, held until the transaction ends; None where it is deleted."""
    return Deposit.objects.select_for_update().filter(pk=deposit.pk).first()


def _set(deposit: Deposit, state: str, message: str = "") -> None:
    """Store where a deposit stands; nothing where it is deleted."""
    deposit.state, deposit.message = state, message
    if state not in OPEN_STATES or state == DepositState.DONE:
        deposit.ended_at = timezone.now()
    names = ("state", "message", "problem", "ended_at")
    told = {name: getattr(deposit, name) for name in names}
    Deposit.objects.filter(pk=deposit.pk).update(**told)


def _abandon(deposit: Deposit, state: str, message: str = "") -> None:
    """Leave nothing of a deposit that did not end well but its record."""
    store = Store(deposit)
    store.drop_rows()
    store.write_counts({})
    Vault(deposit.mark).destroy()
    _set(deposit, state, message)


@contextmanager
def _alone_with(deposit: Deposit, patience: float) -> Iterator[None]:
    """Hold one deposit for this process; a killed process lets go of it by itself."""
    limit = monotonic() + patience
    while not _asked_of_lock("pg_try_advisory_lock", deposit):
        if monotonic() >= limit:
            raise errors.Busy()
        sleep(0.2)
    try:
        yield
    finally:
        _asked_of_lock("pg_advisory_unlock", deposit)


def _asked_of_lock(function: str, deposit: Deposit) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [ONE_DEPOSIT, deposit.pk])
        return bool(cursor.fetchone()[0])


def cancel(deposit: Deposit) -> None:
    """Ask the work to stop; a deposit nobody works on stops at once."""
    with transaction.atomic():
        held = _held(deposit)
        Deposit.objects.filter(pk=deposit.pk).update(cancel_asked=True)
        if held is not None and held.state in (DepositState.RECEIVED, DepositState.QUEUED):
            _abandon(deposit, DepositState.CANCELLED)


def purge(deposit: Deposit, actor: int | None = None) -> None:
    """Destroy the rows and the key; counts and what was published stay.

    One that is still being counted ends cancelled: the work stops at its next batch.
    """
    with transaction.atomic():
        held = _held(deposit)
        Store(deposit).drop_rows(actor)
        Vault(deposit.mark).destroy()
        if held is not None and held.state == DepositState.DONE:
            _set(deposit, DepositState.PURGED)
        elif held is not None and held.state in OPEN_STATES:  # nothing was counted to be kept
            Deposit.objects.filter(pk=deposit.pk).update(cancel_asked=True)
            _set(deposit, DepositState.CANCELLED)


def purge_due(day: date) -> int:
    """Purge every deposit whose date has come; return how many."""
    due = Deposit.objects.filter(purge_on__lte=day, state__in=OPEN_STATES)
    for deposit in due:
        purge(deposit)
    return len(due)


def sweep() -> int:
    """Destroy keys and files that belong to no deposit: an upload was cut by a kill.

    Returns how many uploads were swept.
    """
    old = time() - ORPHAN_SECONDS
    files = [file for folder in (key_folder(), spool_folder()) for file in folder.iterdir()]
    found = (_mark(file) for file in files if file.stat().st_mtime < old)
    marks = {mark for mark in found if mark is not None}
    known = set(Deposit.objects.filter(mark__in=marks).values_list("mark", flat=True))
    orphans = marks - known
    for mark in orphans:
        Vault(mark).destroy()
    for file in files:  # plain copies that a library insisted on
        if ".work" in file.name and file.exists() and file.stat().st_mtime < old:
            file.unlink()
    return len(orphans)


def _mark(file: Path) -> UUID | None:
    try:
        return UUID(file.name.split(".")[0])
    except ValueError:
        return None


def delete(deposit: Deposit, actor: int | None = None) -> None:
    """Remove a deposit, and withdraw what was published from it."""
    purge(deposit, actor)  # first, so that nothing is shared any more while it goes
    withdraw(deposit)
    with acting_for(deposit.organisation_id):
        deposit.delete()


def note(deposit: Deposit, action: str, actor: int | None) -> None:
    """Note that somebody used what a deposit holds."""
    with acting_for(deposit.organisation_id) as cursor:
        note_access(cursor, deposit, action, actor=actor)
