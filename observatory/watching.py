"""Every request watched from the outside: a request id, one log line, a few counters.

This WSGI application stands in front of everything, the tile gate included, so that no answer
leaves without its id. Nothing is noted but the method, the path, the status and the time: no
query string, no person.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import Counter, Histogram

from observatory.logs import REQUEST_ID

_UNSAFE = re.compile(r"[^\x21-\x7e]")
GIVEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}", re.ASCII)
# Starts of addresses, each a label of its own; all other addresses are pages.
OUTLETS = (
    "tiles",
    "styles",
    "rasters",
    "api",
    "ogc",
    "static",
    "admin",
    "healthz",
    "readyz",
    "metrics",
)
# Answered so often, and so much alike, that only trouble is worth a line.
QUIET = ("tiles", "static", "healthz", "readyz", "metrics")
SLOW = 1.0

REQUESTS = Counter("observatory_requests", "Requests answered.", ["outlet", "status"])
SECONDS = Histogram(
    "observatory_request_seconds",
    "Time until the last byte was handed over.",
    ["outlet"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
log = logging.getLogger("observatory.request")

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def outlet_of(path: str) -> str:
    """Return the label an address is counted under: few, whatever is asked for."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return first if first in OUTLETS else "page"


class Watched:
    """An application, with each of its answers numbered, counted and noted."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as the application does, with X-Request-ID."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        number = given if GIVEN.fullmatch(given) else uuid.uuid4().hex
        REQUEST_ID.set(number)
        noted = _Noted(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))

        def numbered(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            noted.status = status[:3]
            return start(status, [*headers, ("X-Request-ID", number)], *error)

        try:
            body = self.application(environ, numbered)
        except BaseException:
            noted.status = "500"
            noted.end()
            raise
        # Lists are whole already, and the server sends files by itself: neither is wrapped.
        if isinstance(body, (list, *filter(None, [environ.get("wsgi.file_wrapper")]))):
            noted.end()
            return body
        return _Body(body, noted)


class _Noted:
    """One request, from its first moment to its line."""

    def __init__(self, method: str, path: str) -> None:
        # One line a request, whatever signs its path holds.
        self.method, self.path, self.status = method, _UNSAFE.sub("?", path[:200]), "500"
        self.begun = time.perf_counter()
        self.ended = False

    def end(self) -> None:
        """Count the request and write its line, once."""
        if self.ended:
            return
        self.ended = True
        took = time.perf_counter() - self.begun
        outlet = outlet_of(self.path)
        REQUESTS.labels(outlet, f"{self.status[0]}xx").inc()
        SECONDS.labels(outlet).observe(took)
        if outlet in QUIET and self.status < "500" and took < SLOW:
            return
        milliseconds = round(1000 * took, 1)
        told = {"method": self.method, "path": self.path, "status": int(self.status)}
        log.info(
            "%s %s %s %s ms", self.method, self.path, self.status, milliseconds,
            extra={"fields": {**told, "outlet": outlet, "milliseconds": milliseconds}},
        )  # fmt: skip


class _Body:
    """The pieces of an answer; the request ends with the last of them."""

    def __init__(self, pieces: Iterable[bytes], noted: _Noted) -> None:
        self.pieces, self.noted = pieces, noted

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces

    def close(self) -> None:
        """Release what the pieces hold, whether they were all taken or not."""
        try:
            close = getattr(self.pieces, "close", None)
            if close:
                close()
        finally:
            self.noted.end()
