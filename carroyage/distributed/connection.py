"""A connection to a Dask scheduler: every wait has an end, everything is closed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import dask
import distributed
from distributed.client import FutureCancelledError
from distributed.comm.core import CommClosedError

from carroyage import errors

ANSWER = 20  # seconds for the scheduler to answer, and for a first worker to be there
LOOK = 5  # seconds between two looks at the workers
ABANDONED = 60  # seconds without any worker after which the work is given up
CONFIGURATION = {
    # Only numbers travel between workers; texts made at the end stay as they are.
    "dataframe.convert-string": False,
    # Said, because dask would choose a folder of one machine where no client is the default.
    "dataframe.shuffle.method": "tasks",
}


@contextmanager
def cluster(address: str, answer: float = ANSWER) -> Iterator[distributed.Client]:
    """Connect to a scheduler (``tcp://host:8786``) that has at least one worker.

    Workers must have this version of the project, and read input files under the same paths.

    Raises
    ------
    ClusterUnreachable
    """
    _refuse_no_listener(address, answer)
    try:
        client = distributed.Client(address, timeout=answer, set_as_default=False)
    except (OSError, ValueError) as error:  # OSError holds TimeoutError
        raise errors.ClusterUnreachable(address, "is no Dask scheduler") from error
    try:
        try:
            client.wait_for_workers(1, timeout=answer)
        except TimeoutError as error:
            raise errors.ClusterUnreachable(address, "has no worker") from error
        with dask.config.set(CONFIGURATION):
            yield client
    finally:
        client.close(timeout=answer)


def _refuse_no_listener(address: str, answer: float) -> None:
    """Knock before a client is made.

    A client that fails while being made keeps its event loop, which blocks the next one.
    """
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
    except ValueError:
        known = False
    if not known:
        raise errors.ClusterUnreachable(address, "is no address like tcp://host:8786")
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=answer).close()
    except OSError as error:
        raise errors.ClusterUnreachable(address, "does not answer") from error


def workers(client: distributed.Client) -> int:
    """Count the cluster's worker processes."""
    return len(client.scheduler_info(n_workers=-1)["workers"])


def on_cluster(client: distributed.Client) -> str:
    """Say where a result was computed, for its run record."""
    return f"a Dask cluster of {workers(client)} worker process(es)"


def in_order(
    client: distributed.Client,
    tasks: Sequence[Any],
    progress: Callable[[int, int], None] | None = None,
    abandoned: float = ABANDONED,
) -> Iterator[Any]:
    """Compute delayed values on the cluster and yield each result, first to last.

    Raises
    ------
    ClusterLost
        No worker is left, for ``abandoned`` seconds.
    """
    futures = client.compute(list(tasks))
    for done, future in enumerate(futures, start=1):
        yield _result(client, future, abandoned)
        future.release()
        if progress is not None:
            progress(done, len(futures))


def _result(client: distributed.Client, future: Any, abandoned: float) -> Any:
    alone = 0.0
    while True:
        try:
            return future.result(timeout=min(LOOK, abandoned))
        except TimeoutError:
            if future.done():  # since the look, or the work itself ran out of time
                return future.result()
            alone = 0.0 if workers(client) else alone + min(LOOK, abandoned)
            if alone >= abandoned:
                raise errors.ClusterLost from None
        except (FutureCancelledError, CommClosedError) as error:
            raise errors.ClusterLost from error
