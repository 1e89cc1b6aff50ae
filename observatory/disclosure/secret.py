"""The secret that record keys are drawn from: made once, kept beside the database, not in it."""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import lru_cache
from pathlib import Path

from observatory.paths import home

BYTES = 32


def secret_file() -> Path:
    """Return where the secret is kept: one file that only its owner reads."""
    return home() / "disclosure_secret"


def disclosure_secret() -> bytes:
    """Return the secret, made at first use.

    It must outlive restarts and restored backups: another secret would draw other noise, and
    two noises of one count average out.
    """
    return _read(secret_file())


@lru_cache(maxsize=4)
def _read(file: Path) -> bytes:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_once(file, secrets.token_bytes(BYTES))
    return bytes.fromhex(file.read_text().strip())


def _write_once(file: Path, secret: bytes) -> None:
    """Write the secret so that two processes starting together end up with the same one."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(secret.hex())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def derived(purpose: str, secret: bytes | None = None) -> bytes:
    """Return a key for one purpose, from which neither the secret nor other keys follow."""
    return hashlib.blake2b(
        purpose.encode(), key=secret or disclosure_secret(), digest_size=BYTES
    ).digest()
