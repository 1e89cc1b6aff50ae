"""One client for every server: keep-alive connections, each tile of a list asked for once."""

from __future__ import annotations

import queue
import socket
import statistics
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Result:
    """What one round over a list of addresses took."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    failures: int = 0

    @property
    def rate(self) -> float:
        """Return requests per second."""
        return len(self.times) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the time, in milliseconds, under which ``share`` of the answers came."""
        ranked = sorted(self.times)
        return 1000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    @property
    def median(self) -> float:
        """Return the median time in milliseconds."""
        return 1000 * statistics.median(self.times)


class Connection:
    """A bare HTTP/1.1 connection: as little Python per request as possible."""

    def __init__(self, host: str, port: int) -> None:
        self.address = (host, port)
        self.head = f"Host: {host}:{port}\r\nConnection: keep-alive\r\n\r\n"
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(self.address, timeout=120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = b""

    def get(self, path: str) -> tuple[int, int]:
        """Return status and length of the body of one answer."""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{self.head}".encode())
        data = self.left
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        status = int(lines[0].split()[1])
        if any(
            x.startswith((b"content-type: text/", b"content-type: application/j")) for x in lines
        ):
            status = 500  # words instead of a tile
        length = next((int(x[15:]) for x in lines if x.startswith(b"content-length:")), None)
        if length is None and b"transfer-encoding: chunked" in lines:
            size = self._chunks(body)
        else:
            size = length or 0
            got = len(body)
            while got < size:
                got += len(self._more())
            self.left = b""
        if b"connection: close" in lines:
            self.socket.close()
            self.open()
        return status, size

    def _more(self) -> bytes:
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data

    def _chunks(self, data: bytes) -> int:
        while not data.endswith(b"0\r\n\r\n"):
            data += self._more()
        self.left = b""
        return len(data)


def once(base: str, paths: list[str], connections: int) -> Result:
    """Ask for every path once over several connections at a time."""
    parts = urlsplit(base)
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for path in paths:
        waiting.put(parts.path + path)
    result, lock = Result(), threading.Lock()

    def work() -> None:
        connection = Connection(parts.hostname or "127.0.0.1", parts.port or 80)
        while True:
            try:
                path = waiting.get_nowait()
            except queue.Empty:
                return
            begun = time.perf_counter()
            status, size = connection.get(path)
            took = time.perf_counter() - begun
            with lock:
                result.times.append(took)
                result.sizes.append(size)
                result.failures += status not in (200, 204)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds = time.perf_counter() - begun
    return result
