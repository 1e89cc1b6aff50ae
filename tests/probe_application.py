"""A small application that shows what the web server does with slow, large and broken calls."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

MEGABYTE = 1_000_000


class Stream:
    """A thousand megabytes, told in a file: how many were taken, and that it was closed."""

    def __init__(self, told: Path) -> None:
        self.told = told

    def __iter__(self) -> Iterator[bytes]:
        for number in range(1000):
            self.told.write_text(str(number))
            yield bytes(MEGABYTE)

    def close(self) -> None:
        self.told.with_suffix(".closed").touch()


def application(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    told = Path(os.environ["PROBE_FOLDER"]) / "stream"
    path = environ["PATH_INFO"]
    if path == "/stream":
        start("200 OK", [("Content-Type", "application/octet-stream")])
        return Stream(told)
    if path == "/slow":
        told.with_suffix(".begun").touch()
        time.sleep(2)
    if path == "/upload":
        answer = str(sum(len(piece) for piece in iter(lambda: _piece(environ), b"")))
    else:
        answer = str(os.getpid())
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer.encode()]


def _piece(environ: dict[str, Any]) -> bytes:
    return environ["wsgi.input"].read(65_536)
