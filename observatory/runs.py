"""Recording what was loaded or computed, with its progress, from the first row to the last.

Progress is written through a second connection: the work itself runs in one transaction,
and nobody outside would see a row it has not committed yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from django.db import connection
from django.utils import timezone

from observatory.models import Run, RunState
from observatory.plain import plain
from observatory.version import VERSION

SECONDS_BETWEEN_WRITES = 0.5


class Progress(Protocol):
    """How work tells where it stands: ``progress("rows", 120, 2065)``."""

    def __call__(self, step: str, done: int, total: int | None = None) -> None:
        """Note that ``done`` of ``total`` units of ``step`` are finished."""
        ...


def silent(step: str, done: int, total: int | None = None) -> None:
    """Tell nobody: the default progress of library calls."""


def checksum(path: Path) -> dict[str, Any]:
    """Return name, size in bytes and SHA-256 of a file, as a run records its inputs."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return {"name": path.name, "size": path.stat().st_size, "sha256": digest.hexdigest()}


class RunRecorder:
    """Writes the progress of one run where other connections can read it at once."""

    def __init__(self, run: Run, echo: Progress = silent) -> None:
        self.run = run
        self.echo = echo
        self._outside = connection.copy()
        self._last = 0.0
        self._step = ""

    def __call__(self, step: str, done: int, total: int | None = None) -> None:
        """Note progress; writes at most twice a second and at each change of step."""
        self.echo(step, done, total)
        now = monotonic()
        if step == self._step and done != total and now - self._last < SECONDS_BETWEEN_WRITES:
            return
        self._last, self._step = now, step
        with self._outside.cursor() as cursor:
            cursor.execute(
                "UPDATE observatory_run SET step=%s, done_units=%s, total_units=%s WHERE id=%s",
                [step, done, total, self.run.pk],
            )

    def close(self) -> None:
        """Give the second connection back."""
        self._outside.close()


@contextmanager
def recorded(
    kind: str,
    *,
    inputs: list[dict[str, Any]] | None = None,
    parameters: dict[str, Any] | None = None,
    run: Run | None = None,
    echo: Progress = silent,
    refusals: tuple[type[Exception], ...] = (),
) -> Iterator[RunRecorder]:
    """Record the work done inside the block as one run.

    ``run`` goes on with a run queued earlier (a job in the worker). An exception listed in
    ``refusals`` ends it as refused, any other as failed; both are raised again.
    """
    run = run or Run(kind=kind, version=VERSION)
    run.inputs = plain(inputs or run.inputs)
    run.parameters = plain(parameters or run.parameters)
    run.state, run.started_at, run.version = RunState.RUNNING, timezone.now(), VERSION
    run.save()
    recorder = RunRecorder(run, echo)
    try:
        yield recorder
    except BaseException as error:
        refused = isinstance(error, refusals)
        _close(run, RunState.REFUSED if refused else RunState.FAILED, error)
        raise
    else:
        _close(run, RunState.DONE)
    finally:
        recorder.close()


def _close(run: Run, state: RunState, error: BaseException | None = None) -> None:
    # A failure's text may quote a row: only a refusal, written for its reader, is kept whole.
    if error is not None:
        run.message = str(error) if state == RunState.REFUSED else type(error).__name__
        run.report = getattr(error, "report", None) or run.report
    run.state, run.ended_at = state, timezone.now()
    run.counts, run.report = plain(run.counts), plain(run.report)
    run.save(
        update_fields=["state", "ended_at", "message", "report", "counts", "inputs", "parameters"]
    )
