"""``observatory load KIND FILE``: bring one file, or a folder of files, into the database."""

from __future__ import annotations

from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from importers.background import queue_load
from importers.folder import NOT_LOADED, REFUSED, Outcome, load_folder
from importers.loads import LOADERS, REFUSALS, load
from importers.options import LoadOptions
from observatory.commands import Command as BaseCommand
from observatory.commands import ProgressBar
from observatory.errors import ObservatoryError

EXAMPLES = """
what is loaded:
  grid          INSEE's 200 m cells: CSV, Parquet or GeoPackage; the id gives each cell's place
  perimeters    priority quarters as the ANCT delivers them (zip), or any perimeters with --level
  boundaries    arrondissements, administrative quarters, communes, or any level with --level
  iris          IRIS-GE of the IGN
  addresses     Base Adresse Nationale: CSV or CSV.gz, as delivered
  facilities    schools, libraries, centres: the education directory, OpenStreetMap, the template
  indicators, dictionary, framework, schemes, sheets, quarters, funding, projects, statements
                figures and promises (see docs/indicators.md)
  households    household records (Parquet or CSV): only each cell's incomes are kept, no record
  territories, memberships, quarters_list, history
                lists that complete the above (see 'observatory demonstration' for examples)
  folder        a whole folder: each file is recognised by its content, or named by manifest.toml

examples:
  observatory load grid carreaux_200m_2021.csv
  observatory load perimeters qp-politiquedelaville-shp.zip
  observatory load perimeters zsp.geojson --level zsp --valid-from 2013-09-01 --act "Arrêté …"
  observatory load boundaries paris_arrondissements.geojson
  observatory load boundaries epts.gpkg --level ept --code-column siren --name-column nom_ept
  observatory load addresses adresses-75.csv.gz --background
  observatory load folder ../data

One row that cannot be loaded refuses the whole file: nothing of it is stored, and each row is
named with its reason. Household records are the exception: bad ones are counted and listed
apart. Loading the same file twice changes nothing; a newer file of the same source replaces
the older one in one stroke. 'observatory runs' lists the loads, 'observatory runs 12 --watch'
follows one that --background gave to the worker.
"""


class Command(BaseCommand):
    """Load a file as one recorded run, or the files of a folder as one run each."""

    help = "Load a file: cells, perimeters, boundaries, addresses, or a whole folder."
    user_errors = (*REFUSALS, ObservatoryError)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Keep the line breaks of the examples, after the options."""
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what a load takes."""
        super().add_arguments(parser)
        say = parser.add_argument
        say("kind", choices=[*LOADERS, "folder"], metavar="KIND", help="what it is; see below")
        say("file", type=Path, metavar="FILE", help="the file, or the folder")
        say("--background", action="store_true", help="give the load to the worker")
        say("--again", action="store_true", help="folder: load even what is loaded already")
        say("--brief", action="store_true", help="folder: one line for each file, at once")
        say("--level", default="", help="kind of area: qpv, qva, cucs, zus, zsp, ept, commune…")
        say("--generation", type=int, help="generation of priority quarters: 2015 or 2024")
        say("--valid-from", type=_day, metavar="DATE", help="first day in force, 2015-01-01")
        say("--valid-to", type=_day, metavar="DATE", help="first day no longer in force")
        say("--act", default="", help="decree or decision that fixes the perimeters")
        say("--code-column", default="", help="column of the codes, where it is not guessed")
        say("--name-column", default="", help="column of the names, where it is not guessed")
        say("--layer", default="", help="layer to read, where the file has several")
        say("--crs", default="", help="coordinate system, where the file says none or a wrong one")
        say("--size", type=int, help="cell size in metres that the file must have")
        say("--vintage", default="", help="vintage, where the file's name does not tell")
        say("--product", default="", help="product of importers/products.toml, where not guessed")
        say("--source", default="", help="code of the source, to keep several apart")
        say("--title", default="", help="title of the source, as printed beside its values")
        say("--producer", default="", help="who publishes it")
        say("--contract", default="", help="code of the contract its promises are of")
        say("--sharing", default="", choices=["", "public", "shared", "working"],
            help="who may see it; nobody but those at work on it until it is said")  # fmt: skip

    def run(self, options: dict[str, Any]) -> Any:
        """Load, and return the runs and their reports."""
        given = {name: value for name, value in options.items() if name in LoadOptions.model_fields}
        chosen = LoadOptions(**{name: value for name, value in given.items() if value is not None})
        if options["kind"] == "folder":
            return self._folder(options)
        if options["background"]:
            run = queue_load(options["kind"], options["file"], chosen)
            self.words = f"Run {run.pk} waits for the worker: observatory runs {run.pk} --watch"
            return {"run": run.pk, "state": str(run.state)}
        bar = ProgressBar()
        try:
            done = load(options["kind"], options["file"], chosen, echo=bar)
        finally:
            bar.close()
        self.words = f"{done.report.as_text()}\nRun {done.run.pk}."
        return done.as_dict()

    def _folder(self, options: dict[str, Any]) -> Any:
        """Load a folder; say each file as it ends. Exit status 1 where one was refused."""
        bar = ProgressBar()
        outcomes: list[Outcome] = []
        told = options["brief"] and not self.as_json
        for outcome in load_folder(
            options["file"], again=options["again"], background=options["background"], echo=bar
        ):
            bar.close()
            outcomes.append(outcome)
            if told:
                self.stdout.write(_line(outcome, brief=True))
        counts = {state: sum(o.state == state for o in outcomes) for state in _states(outcomes)}
        result = {"files": [outcome.as_dict() for outcome in outcomes], "counts": counts}
        self.words = "\n".join(_line(outcome) for outcome in outcomes if not told)
        if counts.get(REFUSED):
            self.stdout.write(_as_json(result) if self.as_json else self.words)
            raise SystemExit(1)
        return result if self.words or self.as_json else None

    def describe(self, result: Any) -> str:
        """Return the report in words."""
        return self.words


def _states(outcomes: list[Outcome]) -> list[str]:
    return sorted({outcome.state for outcome in outcomes})


def _line(outcome: Outcome, brief: bool = False) -> str:
    """Return one file's end on a line; a refusal is told in full."""
    words = outcome.words
    if brief and outcome.state == NOT_LOADED:
        words = words.split("\n")[0]
    kind = f" ({outcome.kind})" if outcome.kind else ""
    return f"  {outcome.file}{kind}: {outcome.state}, {words}"


def _as_json(result: Any) -> str:
    import json

    return json.dumps(result, ensure_ascii=False, default=str)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a date; write 2015-01-01") from None
