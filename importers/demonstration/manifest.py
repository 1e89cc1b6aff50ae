"""What the folder holds: one entry per file, with its kind, source and dates."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from importers.demonstration import facts
from importers.demonstration.files import to_toml, write_text

TITLE = "Territoire de démonstration (fictif)"
PRODUCER = "Démonstration — données fictives"
NOTICE = (
    "Every street, household, income and outline of this folder is invented by the "
    "'observatory demonstration' command. Only the names, populations and medians of the "
    "20 quarters of the Contrat de ville de Paris 2015-2020 are published facts."
)


@dataclass
class Manifest:
    """Files written so far."""

    seed: int
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        path: str,
        kind: str,
        title: str,
        *,
        vintage: str,
        valid: tuple[str, str] = ("", ""),
        **more: Any,
    ) -> None:
        """Note a file; ``path`` is relative to the folder, ``valid`` is [from, to)."""
        entry: dict[str, Any] = {"path": path, "kind": kind, "title": title, "producer": PRODUCER}
        entry["vintage"] = vintage
        for name, day in zip(("valid_from", "valid_to"), valid, strict=True):
            if day:
                entry[name] = date.fromisoformat(day)
        entry.update({name: value for name, value in more.items() if value not in ("", None)})
        entry["demonstration"] = True
        self.entries.append(entry)

    def write(self, folder: Path) -> None:
        """Write ``manifest.toml``."""
        document = {
            "title": TITLE,
            "demonstration": True,
            "notice": NOTICE,
            "producer": PRODUCER,
            "seed": self.seed,
            "contract_source": "Contrat de ville de Paris 2015-2020, liste des quartiers",
            "income_source": facts.INCOME_SOURCE,
            "file": self.entries,
        }
        write_text(folder / "manifest.toml", to_toml(document))
