"""Finished tiles kept in files, by data version; concurrent misses of one tile draw it once.

Files rather than memory: all server processes share them, a reverse proxy may read them too,
and a server's memory stays flat. Only tiles open to everybody ever come here.
"""

from __future__ import annotations

import fcntl
import gzip
import logging
import os
import shutil
import struct
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from layers.errors import TookTooLong
from observatory.settings import OPTIONS

# Below this a compressed tile saves less than its headers cost.
SMALLEST_COMPRESSED = 512
LOCKS = "tiles.lock"
LOCK = struct.Struct("hhlli")  # Linux's struct flock: type, whence, start, length, process
WAITING = 1 << 32  # this far behind a tile's byte stands the one that says that somebody waits
# What took too long is not tried again at once, nor by those who waited for that attempt: a table
# may be held by a load, and each would wait in turn for the same. The lock file's bytes hold the
# last such failures, one place for the tiles of one remainder: nothing grows, all processes see it.
FAILURE = struct.Struct("Id")  # the tile's byte, the moment (seconds since the machine started)
FAILURES = 1 << 14
REMEMBERED = 1.0  # seconds
WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
KEPT_VERSIONS = 3
BETWEEN_SIZINGS = 2_000  # tiles written
# Tiles are answered first and written once it is quiet (a map asks for dozens at once, and making
# a file takes as long as drawing some of them), or once so many bytes wait.
QUIET = 0.2  # seconds
MOST_WAITING = 16_000_000  # bytes in one process

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Key:
    """Which tile of which version; every part is a plain word or number, checked before."""

    names: str
    version: str
    variant: str
    z: int
    x: int
    y: int

    @property
    def path(self) -> str:
        """Return the tile's file below the folder, without its ending."""
        # A folder for some columns together: making one for each would take longer than most tiles.
        folder = f"{self.names}/{self.version}/{self.variant}/{self.z}/{self.x // 64}"
        return f"{folder}/{self.x}-{self.y}"


class KeptTiles:
    """The folder of finished tiles.

    Every tile is kept as it is and, once asked for, compressed: neither is ever made twice.
    ``most_bytes`` bounds the folder: past it everything is removed, and made again as asked.
    """

    def __init__(self, folder: Path, most_bytes: int = 2_000_000_000) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self._written = 0
        self._unwritten: dict[str, _Unwritten] = {}
        self._waiting = 0  # bytes
        self._last = 0.0  # when the last tile came
        self._come = threading.Event()
        self._counting, self._writing = threading.Lock(), threading.Lock()
        self._writer: threading.Thread | None = None

    def get(self, key: Key, compressed: bool) -> tuple[bytes, bool] | None:
        """Return the bytes kept and whether they are compressed, None where there are none.

        The compressed form is made when first asked for, and kept beside the other.
        """
        unwritten = self._unwritten.get(key.path)
        if unwritten is not None:
            small = _smaller(unwritten.body) if compressed else None
            return (unwritten.body, False) if small is None else (small, True)
        base = f"{self.folder}/{key.path}"
        small = _read(f"{base}.pbf.gz") if compressed else None
        if small is not None:
            return small, True
        body = _read(f"{base}.pbf")
        return None if body is None else _formed(base, body, compressed)

    def put(self, key: Key, body: bytes) -> None:
        """Keep a tile; a reader finds all of it or nothing."""
        path = f"{self.folder}/{key.path}.pbf"
        try:
            _write(path, body)
        except FileNotFoundError:  # the first tile of its folder
            if not (self.folder / key.names / key.version).exists():
                self.make_room(key.names)
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            _write(path, body)
        self._written += 1
        if self._written % BETWEEN_SIZINGS == 0:
            self._bound()

    def get_or_make(
        self, key: Key, compressed: bool, make: Callable[[], tuple[Key, bytes] | None]
    ) -> tuple[Key, bytes, bool] | None:
        """Return the tile, made at most once however many ask for it at the same moment.

        ``make`` returns the tile under the key it really has (data may have changed meanwhile),
        or None where it must not be kept; then None is returned. Raises OSError where the folder
        cannot be used at all, TookTooLong where ``make`` does or has just done so for another.
        """
        asked = time.monotonic()
        held = self._hold(key)
        try:
            kept = self.get(key, compressed)
            if kept is not None:
                return key, *kept
            if _failed_since(asked - REMEMBERED, held, key):
                raise TookTooLong(OPTIONS.tile_timeout_ms)
            made = _made(make, held, key)
            if made is None:
                return None
            small = _smaller(made[1]) if compressed else None
            tile = _Unwritten(*made, small)
            if _awaited(held, key):  # another process knows only what is in a file
                self._keep(tile)
            else:
                self._write_later(tile)
        finally:
            os.close(held)
        return made[0], *((made[1], False) if small is None else (small, True))

    def finish(self) -> None:
        """Write what waits, now."""
        with self._writing:
            for path, tile in list(self._unwritten.items()):
                self._keep(tile)
                del self._unwritten[path]
                self._count(-len(tile.body))

    def _write_later(self, tile: _Unwritten) -> None:
        if self._unwritten.setdefault(tile.key.path, tile) is tile:
            self._count(len(tile.body))
        self._last = time.monotonic()
        if self._waiting > 2 * MOST_WAITING:  # the disk does not keep up
            self.finish()
        elif not self._come.is_set():
            self._start_writing()

    def _start_writing(self) -> None:
        with self._counting:
            self._come.set()
            if self._writer is None or not self._writer.is_alive():
                self._writer = threading.Thread(target=self._write_all, daemon=True)
                self._writer.start()

    def _write_all(self) -> None:
        while True:
            self._come.wait()
            while self._waiting < MOST_WAITING and time.monotonic() < self._last + QUIET:
                time.sleep(QUIET / 2)
            self._come.clear()
            self.finish()

    def _count(self, size: int) -> None:
        with self._counting:
            self._waiting += size

    def _keep(self, tile: _Unwritten) -> None:
        try:
            self.put(tile.key, tile.body)
            if tile.small is not None:
                _write(f"{self.folder}/{tile.key.path}.pbf.gz", tile.small)
        except OSError as error:  # a full disk: tiles are drawn again, and answered
            log.warning("A tile could not be kept: %s.", error.strerror)

    def make_room(self, names: str) -> None:
        """Remove versions nobody asks for any more."""
        folder = self.folder / names
        versions = sorted(_folders(folder), key=lambda path: path.stat().st_mtime)
        # One place is for the version about to come.
        for old in versions[: max(0, len(versions) - KEPT_VERSIONS + 1)]:
            shutil.rmtree(old, ignore_errors=True)
        self._bound()

    def _bound(self) -> None:
        if _size(self.folder) > self.most_bytes:
            for path in _folders(self.folder):
                shutil.rmtree(path, ignore_errors=True)

    def _hold(self, key: Key) -> int:
        """Hold the lock of one tile, shared by threads and processes alike.

        It is held until the descriptor returned is closed. All tiles have one file, each a byte
        of it: making a file for every lock would take as long as drawing some tiles.
        """
        path = f"{self.folder}/{LOCKS}"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        byte = _byte(key)
        wanted = LOCK.pack(fcntl.F_WRLCK, 0, byte, 1, 0)
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)
        except BlockingIOError:  # it is being drawn: say so, then wait
            said = LOCK.pack(fcntl.F_RDLCK, 0, byte + WAITING, 1, 0)
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, said)
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW, wanted)
        return descriptor


@dataclass(frozen=True)
class _Unwritten:
    """A tile answered and not yet in its file."""

    key: Key
    body: bytes
    small: bytes | None


# What follows runs for every tile: plain calls of the system, no paths as objects.


def _byte(key: Key) -> int:
    """Return the byte of the lock file that stands for a tile."""
    return zlib.crc32(key.path.encode())


def _made(
    make: Callable[[], tuple[Key, bytes] | None], held: int, key: Key
) -> tuple[Key, bytes] | None:
    """Return what ``make`` does; note where it took too long."""
    try:
        return make()
    except TookTooLong:
        byte = _byte(key)
        told = FAILURE.pack(byte, time.monotonic())
        os.pwrite(held, told, byte % FAILURES * FAILURE.size)
        raise


def _failed_since(moment: float, held: int, key: Key) -> bool:
    """Tell whether drawing the tile whose lock ``held`` is took too long after ``moment``."""
    byte = _byte(key)
    told = os.pread(held, FAILURE.size, byte % FAILURES * FAILURE.size)
    if len(told) < FAILURE.size:
        return False
    of, failed = FAILURE.unpack(told)
    # A moment to come is one from before the machine was started again.
    return bool(of == byte and moment < failed <= time.monotonic())


def _awaited(held: int, key: Key) -> bool:
    """Tell whether somebody waits for the tile whose lock ``held`` is."""
    byte = _byte(key) + WAITING
    asked = LOCK.pack(fcntl.F_WRLCK, 0, byte, 1, 0)  # refused where somebody has said so
    answer: bytes = fcntl.fcntl(held, fcntl.F_OFD_GETLK, asked)
    return bool(LOCK.unpack(answer)[0] != fcntl.F_UNLCK)


def _formed(base: str, body: bytes, compressed: bool) -> tuple[bytes, bool]:
    """Return a kept tile in the form asked for; a compressed one is kept."""
    small = _smaller(body) if compressed else None
    if small is None:
        return body, False
    with suppress(FileNotFoundError):  # its version may just have been removed
        _write(f"{base}.pbf.gz", small)
    return small, True


def _smaller(body: bytes) -> bytes | None:
    """Return a tile compressed, None where that saves nothing."""
    return gzip.compress(body, 6, mtime=0) if len(body) >= SMALLEST_COMPRESSED else None


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as handle:  # noqa: PTH123
            return handle.readall()
    except FileNotFoundError:
        return None


def _write(path: str, body: bytes) -> None:
    # The name is the thread's own: no other writes there at the same moment.
    unfinished = f"{path}.{os.getpid()}-{threading.get_ident()}"
    with os.fdopen(os.open(unfinished, WRITE_FLAGS), "wb") as handle:
        os.fchmod(handle.fileno(), 0o644)  # the reverse proxy runs under another account
        handle.write(body)
    os.replace(unfinished, path)  # noqa: PTH105


def _folders(folder: Path) -> list[Path]:
    if not folder.exists():
        return []
    return [path for path in folder.iterdir() if path.is_dir()]


def _size(folder: Path) -> int:
    return sum(
        os.lstat(os.path.join(root, name)).st_size  # noqa: PTH118 - thousands of files
        for root, _, names in os.walk(folder)
        for name in names
    )
