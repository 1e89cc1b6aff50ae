"""``observatory demonstration FOLDER``: write the fictitious territory as ordinary files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from observatory.commands import Command as BaseCommand
from observatory.commands import ProgressBar
from observatory.version import VERSION

SEED = 2014


class Command(BaseCommand):
    """Write the demonstration's files where they are missing or of another version."""

    help = (
        "Write the demonstration territory (fictitious, deterministic) as files in the layouts "
        "that producers deliver. 'observatory load folder FOLDER' then loads it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the folder."""
        super().add_arguments(parser)
        parser.add_argument("folder", type=Path)
        parser.add_argument("--again", action="store_true", help="even where it is up to date")

    def run(self, options: dict[str, Any]) -> Any:
        """Write the files; an interrupted run leaves no mark, so the next one starts again."""
        folder: Path = options["folder"]
        mark = folder / ".written-by"
        wanted = f"observatory {VERSION}, seed {SEED}\n"
        if mark.exists() and mark.read_text() == wanted and not options["again"]:
            return None
        # Imported here: the generator's libraries take a second to load.
        from importers.demonstration import write_demonstration

        mark.unlink(missing_ok=True)
        self.stdout.write(f"Writing the demonstration territory into {folder} …")
        bar = ProgressBar()
        summary = write_demonstration(folder, seed=SEED, progress=bar)
        bar.close()
        mark.write_text(wanted)
        return {"folder": str(folder), "summary": summary}

    def describe(self, result: Any) -> str:
        """Return where the files are."""
        return f"Demonstration territory written into {result['folder']}."
