"""How the web server runs: processes of threads, nothing written outside the project.

    python -m observatory.deploy.web [--host 127.0.0.1] [--port 8000] [APPLICATION]

``WEB_CONCURRENCY`` sets the number of processes. See docs/decisions/0007.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from observatory.paths import home

APPLICATION = "layers.wsgi:application"
THREADS = 4
PATIENCE = 10  # seconds that answers under way are given when the server stops
PR_SET_PDEATHSIG = 1  # of Linux's prctl(2)


def main(words: list[str] | None = None) -> None:
    """Serve until a signal ends it."""
    options = _options(words)
    counters = home() / "metrics" / str(os.getpid())
    # Every process counts in a file of its own, read together by /metrics.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counters)
    for old in counters.parent.glob("*"):
        if not _runs(old.name):
            shutil.rmtree(old, ignore_errors=True)
    counters.mkdir(parents=True, exist_ok=True)
    multiprocessing.set_start_method("fork")  # processes share what is read before they part
    _loaded(options.application)
    try:
        _server(options).serve(target_loader=partial(in_a_process, os.getpid()))
    finally:
        shutil.rmtree(counters, ignore_errors=True)


def _options(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="observatory.deploy.web", description="Serve the site.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default=8000, type=int)
    parser.add_argument("application", nargs="?", default=APPLICATION, help="MODULE:NAME (WSGI)")
    return parser.parse_args(words)


def _server(options: argparse.Namespace) -> Any:
    processes = os.environ.get("WEB_CONCURRENCY") or min(4, multiprocessing.cpu_count())
    return Granian(
        options.application,
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=int(processes),
        blocking_threads=THREADS,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=PATIENCE,
    )


def _loaded(target: str) -> Callable[..., Any]:
    module, _, name = target.partition(":")
    application: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return application


def in_a_process(parent: int, target: str) -> Callable[..., Any]:
    """Return the application in a process of the server, which ends with its parent.

    Raises SystemExit where the parent has ended already.
    """
    # A parent killed outright would leave its processes answering on the port.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # Nobody is told of what happened before.
    if os.getppid() != parent:
        raise SystemExit(0)
    return _loaded(target)


def _runs(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


if __name__ == "__main__":
    main()
