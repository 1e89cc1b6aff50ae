"""Loads and deposits in the background, by a worker.

A load is one transaction, and one that is done changes nothing when it runs again; a deposit
stores each batch whole and goes on after the last one. So a job whose worker was killed is
simply given to the next one.
"""

from __future__ import annotations

from typing import Any

import procrastinate
from procrastinate import JobContext
from procrastinate.contrib.django import app

QUEUE = "loads"
DEPOSITS = "deposits"
# One load at a time, in the order they were asked for: quarters need their communes.
LOCK = "importers.loads"
# A worker that has not said for this long that it lives is taken for dead.
SILENT_SECONDS = 30
PRIORITY_OF_RECOVERY = 100
MOST_ATTEMPTS = 5
KEPT_HOURS = 72  # how long the queue remembers what went well; runs remember for ever
AGAIN = procrastinate.RetryStrategy(max_attempts=2, wait=5)
PURGE_AT = "17 3 * * *"  # every night, when nobody waits for a deposit


@app.task(name="importers.load", queue=QUEUE, lock=LOCK, retry=AGAIN)
def load_in_background(run: int, kind: str, path: str, options: dict[str, Any]) -> None:
    """Load one file under a run queued earlier; does nothing where that run has ended."""
    # Imported here: every command reads this module, few of them load anything.
    from importers.background import run_job

    run_job(run, kind, path, options)


@app.task(name="importers.deposit", queue=DEPOSITS, retry=AGAIN)
def deposit_in_background(deposit: int) -> None:
    """Carry out one deposit; does nothing where it has ended or is gone."""
    from importers.deposits.background import run_deposit

    run_deposit(deposit)


@app.periodic(cron=PURGE_AT)
@app.task(name="importers.purge", queue=DEPOSITS, queueing_lock="importers.purge")
def purge_in_background(timestamp: int) -> None:
    """Destroy what has reached its purge date, and what a killed server left behind."""
    from importers.deposits.background import run_purge

    run_purge()


@app.periodic(cron="* * * * * */20")
@app.task(
    name="importers.recover",
    queue=QUEUE,
    queueing_lock="importers.recover",
    priority=PRIORITY_OF_RECOVERY,
    pass_context=True,
)
async def recover(context: JobContext, timestamp: int) -> None:
    """Give the jobs of killed workers to a living one, and forget old successes."""
    manager = context.app.job_manager
    for queue in (QUEUE, DEPOSITS):
        for job in await manager.get_stalled_jobs(
            queue=queue, seconds_since_heartbeat=SILENT_SECONDS
        ):
            await manager.retry_job(job)
        await manager.delete_old_jobs(nb_hours=KEPT_HOURS, queue=queue)
