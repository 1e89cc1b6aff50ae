"""Which database the private server serves: the demonstration, or one per folder of real files.

Keeping them apart means that fictitious quarters can never mix with real ones.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from observatory.paths import home

DEMONSTRATION = "observatory_demonstration"


def database_of(folder: Path | None) -> str:
    """Return the database's name for a folder of real files, or for the demonstration."""
    if folder is None:
        return DEMONSTRATION
    resolved = folder.resolve()
    mark = hashlib.sha256(str(resolved).encode()).hexdigest()[:8]
    slug = re.sub(r"[^a-z0-9]+", "_", resolved.name.lower()).strip("_")[:30] or "data"
    return f"observatory_{slug}_{mark}"


def current_database() -> str:
    """Return the database last served by ``make run``, which commands work on by default."""
    file = home() / "current"
    return file.read_text().strip() if file.exists() else DEMONSTRATION


def choose_database(name: str) -> None:
    """Remember ``name`` as the database that later commands work on."""
    home().mkdir(parents=True, exist_ok=True)
    (home() / "current").write_text(name + "\n")
