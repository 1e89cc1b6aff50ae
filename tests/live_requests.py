"""The requests a live server is answering, so that emptying the tables can wait for them.

A page that is left still has pictures on the way: the server's threads read tables that the next
test's emptying locks, and each waits for the other.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from django.core.signals import request_finished, request_started

PATIENCE_S = 60.0


class LiveRequests:
    """Counts the requests of other threads than the one it was made in."""

    def __init__(self) -> None:
        self._own = threading.current_thread()
        self._answering: dict[threading.Thread, int] = {}
        self._change = threading.Lock()

    def watch(self) -> None:
        """Begin to count."""
        request_started.connect(self._begin, weak=False)
        request_finished.connect(self._end, weak=False)

    def forget(self) -> None:
        """Count no more."""
        request_started.disconnect(self._begin)
        request_finished.disconnect(self._end)

    def _add(self, number: int) -> None:
        thread = threading.current_thread()
        if thread is self._own:
            return
        with self._change:
            self._answering[thread] = self._answering.get(thread, 0) + number

    def _begin(self, **_told: Any) -> None:
        self._add(1)

    def _end(self, **_told: Any) -> None:
        self._add(-1)

    def under_way(self) -> int:
        """Return how many requests living threads have begun and not ended."""
        with self._change:
            counts = [count for thread, count in self._answering.items() if thread.is_alive()]
        return sum(max(count, 0) for count in counts)

    def wait(self) -> None:
        """Return when none is under way; raises TimeoutError after a minute."""
        end = time.monotonic() + PATIENCE_S
        while self.under_way():
            if time.monotonic() > end:
                raise TimeoutError("A live server is still answering: its test left it too early.")
            time.sleep(0.01)
