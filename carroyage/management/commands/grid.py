"""``observatory grid``: from household records to publishable cells, and files checked."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import CommandParser

from carroyage.errors import CarroyageError
from carroyage.management.run_words import record_lines, record_of
from observatory.commands import Command as BaseCommand
from observatory.commands import ProgressBar
from observatory.errors import ObservatoryError
from observatory.models import Run

MAKE_HELP = """\
Sum household records by 200 m cell: true sums, for nobody's eyes until they are published.

  observatory grid make menages.parquet -o cells.parquet --poverty-line 11700 --line 12800
  observatory grid make menages.csv -o cells.csv --poverty-line 11700 \\
                        --line 00851=12800,94301=11910 --rejected rejected.csv

--poverty-line is of disposable income, --line of declared income, in euros per consumption
unit and year; several lines are given by urban unit. Records that cannot be used are counted,
and listed with their reason in --rejected: never silently dropped. Living standards are clipped
to each departement's P5 and P95: those of the records, or INSEE's of 2019 (--bounds 2019).

Files are read some records at a time: 30 million households take less than 4 GiB. A Dask
cluster whose workers see the same files gives the same bytes:

  dask scheduler                      # on one machine, then on each: dask worker tcp://HOST:8786
  observatory grid make /shared/menages.parquet -o cells.parquet --poverty-line 11700 \\
                        --scheduler tcp://HOST:8786
"""
PUBLISH_HELP = """\
Protect cells as INSEE does: natural levels, imputation groups of at least 11 households,
truncation of the poor share, rounding. Except persons, nothing released describes 1 to 10
households, at any level, nor by difference of nested levels.

  observatory grid publish cells.parquet -o published/
  observatory grid publish cells.csv -o published/ --format parquet --min-households 20

Written: carreaux_200m, carreaux_1km, niveau_naturel, and residus: what truncation and rounding
moved, column by column. The threshold may be raised, never lowered. With --scheduler the
workers of a Dask cluster do it, whole 64 km squares each: the same bytes.
"""
CHECK_HELP = """\
Tell what is wrong with a published grid: ids, impossible shares, values under the threshold,
imputation groups that disagree, cells missing along a border. Nothing is repaired; the exit
status is 1 when there is an error.

  observatory grid check carreaux_200m.csv
  observatory grid check carreaux_200m_paris_2021.csv --territory 75056
"""
HELP = {"make": MAKE_HELP, "publish": PUBLISH_HELP, "check": CHECK_HELP}


class Command(BaseCommand):
    """Make, publish or check a grid."""

    help = "Cells from household records, publishable cells, and what is wrong in a grid file."
    user_errors: ClassVar[tuple[type[Exception], ...]] = (ObservatoryError, CarroyageError)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the three actions."""
        raw = argparse.RawDescriptionHelpFormatter
        actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(HELP))
        for name, told in HELP.items():
            action = actions.add_parser(
                name, description=told, formatter_class=raw, help=told.split(":")[0]
            )
            super().add_arguments(action)
            _OPTIONS[name](action.add_argument)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; an erroneous grid ends with status 1, once everything is said."""
        self.found_errors = False
        super().handle(*args, **options)
        if self.found_errors:
            raise SystemExit(1)

    def run(self, options: dict[str, Any]) -> Any:
        """Do what was asked."""
        bar = ProgressBar()
        try:
            run: Run = {"make": _make, "publish": _publish, "check": _check}[options["action"]](
                options, bar
            )
        finally:
            bar.close()
        self.found_errors = bool(options["action"] == "check" and run.counts["errors"])
        return {**record_of(run), **run.report}

    def describe(self, result: Any) -> str:
        """Return counts, then what was found or written."""
        lines = [f"{name.replace('_', ' '):<22} {n:>12,}" for name, n in result["counts"].items()]
        for reason, count in result.get("rejected", {}).items():
            lines.append(f"  rejected: {reason}: {count:,}")
        lines += result.get("lines", [])
        lines += [f"  {one['severity']}: {one['message']}" for one in result.get("findings", [])
                  if "lines" not in result]  # fmt: skip
        written = result.get("written", [])
        for file in written if isinstance(written, list) else [written]:
            lines.append(f"written: {file['name']} ({file['size']:,} bytes)")
        lines += result.get("notes", [])
        if result["kind"] == "grid check" and not result["findings"]:
            lines.append("Nothing is wrong with this grid.")
        return "\n".join([*lines, *record_lines(result)])


def _make_options(add: Any) -> None:
    add("files", nargs="+", type=Path, metavar="FILE", help="household records, Parquet or CSV")
    add("-o", "--out", type=Path, required=True, help="cells.parquet or cells.csv")
    add("--poverty-line", type=float, required=True, help="disposable income, euros")
    add("--line", type=lines_of, help="declared income, euros: 12800 or UNIT=12800,UNIT=11910")
    add("--bounds", choices=["own", "2019"], default="own", help="P5 and P95 by departement")
    add("--rejected", type=Path, metavar="FILE", help="where unusable records are listed")
    add("--size", type=int, default=200, help="metres (200)")
    add("--epsg", type=int, default=3035, choices=[3035, 5490, 2975], help="system of x and y")
    _scheduler(add)


def _publish_options(add: Any) -> None:
    add("file", type=Path, metavar="CELLS", help="as 'grid make' wrote them")
    add("-o", "--out", type=Path, required=True, metavar="FOLDER")
    add("--min-households", type=int, default=11, help="11, or more")
    add("--format", dest="suffix", choices=["csv", "parquet"], default="csv")
    _scheduler(add)


def _scheduler(add: Any) -> None:
    add("--scheduler", default="", metavar="tcp://HOST:8786", help="a Dask cluster to compute on")


def _check_options(add: Any) -> None:
    add("file", type=Path, metavar="FILE", help="CSV, Parquet or GeoPackage")
    add("--territory", default="", metavar="CODE,CODE", help="loaded places it is to cover")


_OPTIONS = {"make": _make_options, "publish": _publish_options, "check": _check_options}


def _make(options: dict[str, Any], bar: ProgressBar) -> Run:
    from carroyage.management.gridwork import Making, make_grid

    making = Making(
        options["poverty_line"],
        options["line"],
        options["bounds"] == "2019",
        options["size"],
        options["epsg"],
    )
    return make_grid(
        options["files"],
        options["out"],
        making,
        rejected=options["rejected"],
        scheduler=options["scheduler"],
        echo=bar,
    )


def _publish(options: dict[str, Any], bar: ProgressBar) -> Run:
    from carroyage.management.gridwork import publish_grid

    return publish_grid(
        options["file"],
        options["out"],
        min_households=options["min_households"],
        suffix=options["suffix"],
        scheduler=options["scheduler"],
        echo=bar,
    )


def _check(options: dict[str, Any], bar: ProgressBar) -> Run:
    from carroyage.management.gridwork import check_file

    places = [code for code in options["territory"].split(",") if code]
    return check_file(options["file"], places, echo=bar)


def lines_of(text: str) -> float | dict[str, float]:
    """Read one line, or one by urban unit."""
    try:
        if "=" not in text:
            return float(text)
        pairs = [part.split("=") for part in text.split(",")]
        return {unit.strip(): float(euros) for unit, euros in pairs}
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no line: write 12800, or 00851=12800,94301=11910"
        ) from None
