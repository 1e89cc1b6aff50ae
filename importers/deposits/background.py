"""What stands between a deposit and the worker: queueing it, carrying it out, purging."""

from __future__ import annotations

from django.db import close_old_connections, transaction
from django.utils import timezone

from importers.deposits import service
from importers.deposits.errors import BadChoice
from importers.deposits.models import Deposit, DepositState
from importers.errors import ImporterError
from importers.jobs import MOST_ATTEMPTS, deposit_in_background
from observatory.models import Run, RunState
from observatory.version import VERSION

# Seconds the lock of a killed worker may take to be let go of by the database.
PATIENCE = 30.0
GIVEN_UP = "Le traitement a échoué ; rien n’a été conservé du fichier. Déposez-le de nouveau."


def queue_deposit(deposit: Deposit) -> Deposit:
    """Give a deposit whose columns are confirmed to the worker. Raises BadChoice."""
    with transaction.atomic():
        held = Deposit.objects.select_for_update().get(pk=deposit.pk)
        if held.state != DepositState.RECEIVED:
            raise BadChoice("This deposit was started before.", "Look at where it stands.")
        run = Run.objects.create(
            kind="deposit", state=RunState.QUEUED, version=VERSION, attempts=0,
            parameters={"deposit": held.pk},
        )  # fmt: skip
        Deposit.objects.filter(pk=held.pk).update(state=DepositState.QUEUED, run=run)
        # Deferred through the same connection: the job and the state are one transaction.
        deposit_in_background.configure(lock=f"deposit:{held.pk}").defer(deposit=held.pk)
    deposit.refresh_from_db()
    return deposit


def run_deposit(number: int) -> None:
    """Carry out a queued deposit. A refused file ends its deposit, not the worker."""
    close_old_connections()
    deposit = Deposit.objects.select_related("run").filter(pk=number).first()
    if deposit is None or deposit.run is None:
        return
    deposit.run.attempts += 1
    deposit.run.save(update_fields=["attempts"])
    if deposit.run.attempts > MOST_ATTEMPTS:
        service.fail(deposit, GIVEN_UP)
        return
    try:
        service.carry_out(deposit, patience=PATIENCE)
    except ImporterError:
        return  # told in the deposit's own message
    except Exception:
        # Once more may go better (a database that restarts); after that nothing is kept.
        if deposit.run.attempts > 1:
            service.fail(deposit, GIVEN_UP)
        raise


def run_purge() -> int:
    """Purge what is due today and sweep what belongs to no deposit; return how many."""
    close_old_connections()
    return service.purge_due(timezone.localdate()) + service.sweep()
