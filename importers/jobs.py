"""Loads in the background, by a worker.

A load is one transaction, and one that is done changes nothing when it runs again; so a job
whose worker was killed is simply given to the next one.
"""

from __future__ import annotations

from typing import Any

import procrastinate
from procrastinate import JobContext
from procrastinate.contrib.django import app

QUEUE = "loads"
# One load at a time, in the order they were asked for: quarters need their communes.
LOCK = "importers.loads"
# A worker that has not said for this long that it lives is taken for dead.
SILENT_SECONDS = 30
PRIORITY_OF_RECOVERY = 100
MOST_ATTEMPTS = 5
KEPT_HOURS = 72  # how long the queue remembers what went well; runs remember for ever
AGAIN = procrastinate.RetryStrategy(max_attempts=2, wait=5)


@app.task(name="importers.load", queue=QUEUE, lock=LOCK, retry=AGAIN)
def load_in_background(run: int, kind: str, path: str, options: dict[str, Any]) -> None:
    """Load one file under a run queued earlier; does nothing where that run has ended."""
    # Imported here: every command reads this module, few of them load anything.
    from importers.background import run_job

    run_job(run, kind, path, options)


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
    for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=SILENT_SECONDS):
        await manager.retry_job(job)
    await manager.delete_old_jobs(nb_hours=KEPT_HOURS, queue=QUEUE)
