"""``observatory runs``: the record of loads and computations."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import CommandParser

from observatory.commands import Command as BaseCommand
from observatory.commands import ProgressBar
from observatory.errors import ObservatoryError
from observatory.models import Run, RunState

GOING_ON = (RunState.QUEUED, RunState.RUNNING)


class UnknownRun(ObservatoryError):
    """No run has the number that was asked for."""


class Command(BaseCommand):
    """Show one run or the last ones; follow one to its end."""

    help = "The record of loads and computations; 'runs 12 --watch' follows one to its end."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the run's number and how to look at it."""
        super().add_arguments(parser)
        parser.add_argument("number", nargs="?", type=int, help="one run, whole")
        parser.add_argument("--watch", action="store_true", help="follow it until it ends")
        parser.add_argument("--last", type=int, default=10, help="how many to list (10)")

    def run(self, options: dict[str, Any]) -> Any:
        """Return the run asked for, or the last ones."""
        if options["number"] is None:
            return [_summary(run) for run in Run.objects.all()[: options["last"]]]
        run = self._follow(options["number"], options["watch"])
        return {
            **_summary(run),
            "inputs": run.inputs,
            "parameters": run.parameters,
            "version": run.version,
            "report": run.report,
        }

    def _follow(self, number: int, watch: bool) -> Run:
        bar = ProgressBar()
        while True:
            run = Run.objects.filter(pk=number).first()
            if run is None:
                raise UnknownRun(f"There is no run {number}.", "'observatory runs' lists them.")
            if not watch or run.state not in GOING_ON:
                bar.close()
                return run
            bar(run.step or run.state, run.done_units, run.total_units)
            time.sleep(0.5)


def _summary(run: Run) -> dict[str, Any]:
    return {
        "run": run.pk,
        "kind": run.kind,
        "state": run.state,
        "step": run.step,
        "done": run.done_units,
        "total": run.total_units,
        "counts": run.counts,
        "message": run.message,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
    }
