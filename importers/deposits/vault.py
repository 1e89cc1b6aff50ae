"""One key per deposit, kept in files outside the database, and everything encrypted with it.

A key is destroyed with its file; what a backup of the database still holds is then noise.
AES-256 in Galois mode: what was altered or cut does not open.
"""

from __future__ import annotations

import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from importers.deposits.errors import Damaged, KeyDestroyed
from observatory.paths import home

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
CHUNK = 1 << 20
_HEAD = struct.Struct(">QB")  # number of the chunk, 1 where it is the last one


def key_folder() -> Path:
    """Return the folder of the keys: leave it out of every backup of the database."""
    return _private_folder(home() / "deposit-keys")


def spool_folder() -> Path:
    """Return the folder of the files that wait to be read, each under its deposit's key."""
    return _private_folder(home() / "deposit-files")


def _private_folder(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


class Vault:
    """Seals and opens what belongs to one deposit."""

    def __init__(self, mark: UUID) -> None:
        self.mark = mark
        self._file = key_folder() / f"{mark}.key"
        self._spool = spool_folder() / f"{mark}.sealed"

    @classmethod
    def make(cls, mark: UUID) -> Vault:
        """Make the key of a new deposit."""
        vault = cls(mark)
        descriptor = os.open(vault._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(secrets.token_bytes(KEY_BYTES))
            handle.flush()
            os.fsync(handle.fileno())
        return vault

    @property
    def exists(self) -> bool:
        """Tell whether the key is still there."""
        return self._file.exists()

    def _cipher(self) -> AESGCM:
        try:
            return AESGCM(self._file.read_bytes())
        except FileNotFoundError:
            raise KeyDestroyed() from None

    def destroy(self) -> None:
        """Destroy the key and the waiting file; doing it twice changes nothing."""
        self.drop_file()
        with suppress(FileNotFoundError):
            with self._file.open("r+b") as handle:
                handle.write(b"\0" * KEY_BYTES)
                handle.flush()
                os.fsync(handle.fileno())
            self._file.unlink()

    # -- small pieces --------------------------------------------------------------------

    def seal(self, content: bytes, place: str) -> bytes:
        """Encrypt some content, tied to the place it is kept at."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, content, self._tied(place))

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt what ``seal`` made for the same place. Raises KeyDestroyed, Damaged."""
        sealed = bytes(sealed)
        try:
            return self._cipher().decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._tied(place)
            )
        except (InvalidTag, ValueError):
            raise Damaged() from None

    def _tied(self, place: str) -> bytes:
        return f"{self.mark}/{place}".encode()

    # -- the waiting file ----------------------------------------------------------------

    def write_file(self, chunks: Iterable[bytes]) -> None:
        """Encrypt a file as it arrives, so that no plain copy ever stands on disk."""
        cipher = self._cipher()
        draft = self._spool.with_suffix(".part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as handle:
                for number, last, block in _blocks(chunks):
                    nonce = secrets.token_bytes(NONCE_BYTES)
                    head = _HEAD.pack(number, last)
                    handle.write(nonce + cipher.encrypt(nonce, block, self._tied("file") + head))
                handle.flush()
                os.fsync(handle.fileno())
            draft.replace(self._spool)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def read_file(self) -> Iterator[bytes]:
        """Give the waiting file's content block by block. Raises KeyDestroyed, Damaged."""
        cipher = self._cipher()
        size = NONCE_BYTES + CHUNK + TAG_BYTES
        try:
            handle = self._spool.open("rb")
        except FileNotFoundError:
            raise Damaged() from None
        with handle:
            ahead, number = handle.read(size), 0
            while ahead:
                sealed, ahead = ahead, handle.read(size)
                head = _HEAD.pack(number, not ahead)
                try:
                    yield cipher.decrypt(
                        sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._tied("file") + head
                    )
                except InvalidTag:
                    raise Damaged() from None
                number += 1

    def copy_file(self, target: BinaryIO) -> None:
        """Write the waiting file's content to an open file."""
        for block in self.read_file():
            target.write(block)

    def drop_file(self) -> None:
        """Remove the waiting file."""
        self._spool.unlink(missing_ok=True)
        self._spool.with_suffix(".part").unlink(missing_ok=True)


def _blocks(chunks: Iterable[bytes]) -> Iterator[tuple[int, bool, bytes]]:
    """Cut what arrives into blocks of one size; the last one says that it is."""
    kept, number = bytearray(), 0
    for chunk in chunks:
        kept += chunk
        while len(kept) > CHUNK:
            yield number, False, bytes(kept[:CHUNK])
            del kept[:CHUNK]
            number += 1
    yield number, True, bytes(kept)
