"""The curated tables that come with the product, loaded one after the other."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from importers.loads import Loaded, load
from importers.options import LoadOptions
from observatory.runs import Progress, silent

CURATED = Path(__file__).with_name("curated")


def tables() -> list[tuple[str, Path, LoadOptions]]:
    """Return kind, file and options of each curated table, in order of loading."""
    document: dict[str, Any] = tomllib.loads((CURATED / "published.toml").read_text("utf-8"))
    return [
        (told["kind"], CURATED / told["file"], LoadOptions(**_options(told)))
        for told in document["table"]
    ]


def _options(told: dict[str, Any]) -> dict[str, Any]:
    # All were made from published documents.
    given = {name: value for name, value in told.items() if name not in ("kind", "file")}
    return {"sharing": "public", **given}


def load_published(word: str = "", echo: Progress = silent) -> Iterator[Loaded]:
    """Load the curated tables whose file name holds ``word`` (all of them if blank)."""
    for kind, file, options in tables():
        if word in file.name:
            yield load(kind, file, options, echo=echo)
