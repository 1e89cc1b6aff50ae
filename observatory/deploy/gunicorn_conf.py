"""How the web server runs: two processes of threads, nothing written outside the project."""

import multiprocessing
import os
import shutil
from typing import Any

from observatory.paths import home

workers = int(os.environ.get("WEB_CONCURRENCY", min(4, multiprocessing.cpu_count())))
worker_class = "gthread"
threads = 4
preload_app = True  # the libraries are read once, before the processes part
timeout = 60
graceful_timeout = 10
keepalive = 15
control_socket_disable = True  # it would be written into the home folder
accesslog = None
errorlog = "-"
loglevel = "warning"

# Every process counts in a file of its own, read together by /metrics.
_counters = home() / "metrics" / str(os.getpid())
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_counters)


def on_starting(server: Any) -> None:
    """Make the folder of counters, and remove those of servers that are gone."""
    for old in _counters.parent.glob("*"):
        if not _runs(old.name):
            shutil.rmtree(old, ignore_errors=True)
    _counters.mkdir(parents=True, exist_ok=True)


def on_exit(server: Any) -> None:
    """Leave nothing behind."""
    shutil.rmtree(_counters, ignore_errors=True)


def _runs(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True
