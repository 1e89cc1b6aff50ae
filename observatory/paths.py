"""Where the project keeps what it makes: one folder, ``.data``, inside the project's own."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def home() -> Path:
    """Return the folder of everything made at run time (database, logs, generated files).

    ``OBSERVATORY_HOME`` moves it; by default it is ``.data`` in the project's folder.
    """
    return Path(os.environ.get("OBSERVATORY_HOME", PROJECT / ".data")).resolve()
