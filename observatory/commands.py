"""What the project's commands share: errors in plain words, ``--json``, a progress bar."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandParser
from tqdm import tqdm

from observatory.errors import ObservatoryError
from observatory.plain import plain

OVERVIEW: dict[str, str] = {
    "run": "serve the site: database, worker and web server, until Ctrl-C",
    "stop": "stop the site and the private database",
    "prepare": "bring tables, data and static files up to date without serving",
    "status": "what is loaded, and the last runs",
    "load": "load a file: grid, perimeters, boundaries, addresses, households, or a whole folder",
    "grid": "make cells from household records, publish them safely, check any grid file",
    "deposit": "count the beneficiaries of a partner's file by zone",
    "zones": "build zones from cells, assess them against the law, say how stable they are",
    "perimeters": "the life of perimeters: merge, split, trim, enact, undo, history, compare",
    "raster": "a variable of the cells as GeoTIFF; statistics of any raster by zone",
    "demonstration": "write the demonstration territory as files",
    "referentiel": "a contract's framework: objectives, actions, indicators, targets",
    "indicators": "figures: list, show, compare, class quarters, interpolate, printed errors",
    "sheets": "follow-up sheets: open a year, who is late, how far each actor is",
    "review": "a contract's year, compiled and frozen with its checksum",
    "portraits": "two-page PDF portraits of the quarters of a contract",
    "map": "a static map of an indicator, as SVG, PNG or PDF",
    "runs": "the record of loads and computations, with progress",
    "migrate": "bring the tables up to date",
    "createsuperuser": "make an administrator's account",
}


DJANGO_OPTIONS = [
    "version",
    "verbosity",
    "settings",
    "pythonpath",
    "traceback",
    "no_color",
    "force_color",
    "skip_checks",
]


def overview() -> str:
    """Return the text of ``observatory --help``."""
    lines = ["usage: observatory <command> …", ""]
    lines += [f"  {name:<16} {what}" for name, what in OVERVIEW.items()]
    return "\n".join([*lines, "", "'observatory <command> --help' tells more."])


class Command(BaseCommand):
    """Base of the project's commands.

    Subclasses implement ``run``; what it returns is printed as one JSON object with
    ``--json``, and through ``describe`` otherwise.
    """

    user_errors: ClassVar[tuple[type[Exception], ...]] = (ObservatoryError,)
    requires_system_checks: ClassVar[list[str]] = []  # type: ignore[misc]

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what every command takes."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def create_parser(self, *args: Any, **options: Any) -> CommandParser:
        """Leave Django's own options out of the help: they say nothing to a planner."""
        parser = super().create_parser(*args, **options)
        for action in parser._actions:
            if action.dest in DJANGO_OPTIONS:
                action.help = argparse.SUPPRESS
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, print, and turn a mendable failure into words and exit status 1."""
        self.as_json: bool = options.get("json", False)
        try:
            result = self.run(options)
        except self.user_errors as error:
            self._explain(error)
            raise SystemExit(1) from None
        if self.as_json:
            self.stdout.write(json.dumps(plain(result), ensure_ascii=False))
        elif result is not None:
            self.stdout.write(self.describe(result))

    def run(self, options: dict[str, Any]) -> Any:
        """Do the work and return what there is to say of it."""
        raise NotImplementedError

    def describe(self, result: Any) -> str:
        """Return the result in words; JSON with indents unless the command says it better."""
        return json.dumps(plain(result), ensure_ascii=False, indent=2)

    def _explain(self, error: Exception) -> None:
        advice = getattr(error, "advice", "")
        if self.as_json:
            self.stdout.write(json.dumps(plain(explained(error)), ensure_ascii=False))
            return
        self.stderr.write(f"{error}")
        if advice:
            self.stderr.write(advice)


def explained(error: Exception) -> dict[str, Any]:
    """Return a failure as data: its class, its message, what to do, and its report if any."""
    return {
        "error": type(error).__name__,
        "message": str(error),
        "advice": getattr(error, "advice", ""),
        "report": getattr(error, "report", None),
    }


class ProgressBar:
    """A progress bar on the terminal; silent where standard error is not one."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._step = ""

    def __call__(self, step: str, done: int, total: int | None = None) -> None:
        """Show that ``done`` of ``total`` units of ``step`` are finished."""
        if not sys.stderr.isatty():
            return
        if step != self._step:
            self.close()
            self._step, self._bar = step, tqdm(desc=step, total=total, leave=False)
        if self._bar is not None:
            self._bar.total = total
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the bar off the terminal."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
