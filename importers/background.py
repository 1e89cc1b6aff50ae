"""What stands between a load and the worker: queueing a run, and carrying it out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import close_old_connections

from importers.files import local_file
from importers.jobs import MOST_ATTEMPTS, load_in_background
from importers.loads import REFUSALS, kind_of_run, load, loader_of, one_at_a_time
from importers.options import LoadOptions
from observatory.models import Run, RunState
from observatory.runs import checksum
from observatory.version import VERSION

ENDED = (RunState.DONE, RunState.REFUSED)


def queue_load(kind: str, path: Path | str, options: LoadOptions) -> Run:
    """Record a run to come and give it to the worker; return it at once.

    Raises
    ------
    FileMissing, FolderGiven, EmptyFile, NotAllowedToRead, UnknownProduct
    """
    loader_of(kind)
    file = local_file(path).resolve()
    run = Run.objects.create(
        kind=kind_of_run(kind),
        state=RunState.QUEUED,
        version=VERSION,
        inputs=[checksum(file)],
        parameters={"kind": kind, **options.given()},
        attempts=0,
    )
    load_in_background.defer(run=run.pk, kind=kind, path=str(file), options=options.given())
    return run


def run_job(number: int, kind: str, path: str, options: dict[str, Any]) -> None:
    """Carry out a queued load. A refused file ends its run, not the worker."""
    close_old_connections()
    with one_at_a_time():
        run = Run.objects.get(pk=number)
        if run.state not in ENDED:
            _carry_out(run, kind, path, options)


def _carry_out(run: Run, kind: str, path: str, options: dict[str, Any]) -> None:
    run.attempts += 1
    if run.attempts > MOST_ATTEMPTS:
        run.state = RunState.FAILED
        run.message = f"Given up after {MOST_ATTEMPTS} attempts: the worker died each time."
        run.save()
        return
    run.save(update_fields=["attempts"])
    try:
        load(kind, path, LoadOptions(**options), run=run)
    except REFUSALS:
        return  # recorded with the run, with its report
