"""``observatory zones``: from cells to zones, how far from the law, how stable, what changed."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar

from django.core.management.base import CommandParser

from carroyage.errors import CarroyageError
from carroyage.management import outline_words, perimeter_words, zone_words
from carroyage.management.errors import OptionsDisagree
from carroyage.management.run_words import record_lines, record_of
from carroyage.management.wanted import Wanted
from carroyage.management.zone_options import add_actions
from carroyage.models import ComputedZone
from observatory.commands import Command as BaseCommand
from observatory.commands import ProgressBar
from observatory.errors import ObservatoryError

# The engine (numpy, pandas, geopandas, scikit-learn) is imported by the action that uses it:
# printing the help, or finding that nothing is to be built, must not wait for it.


class Command(BaseCommand):
    """Build zones, assess them, say how stable they are, compare two runs."""

    help = "Build zones from cells, compare them with the law and with each other."
    user_errors: ClassVar[tuple[type[Exception], ...]] = (ObservatoryError, CarroyageError)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the actions."""
        add_actions(parser, super().add_arguments)

    def run(self, options: dict[str, Any]) -> Any:
        """Do what was asked."""
        self.action = options["action"]
        self.outlines = bool(options.get("outlines"))
        _refuse_ignored(options)
        bar = ProgressBar()
        try:
            act = {
                "build": self._build,
                "assess": self._assess,
                "sensitivity": self._sensitivity,
                "compare": self._compare,
            }[self.action]
            return act(options, bar)
        finally:
            bar.close()

    def describe(self, result: Any) -> str:
        """Return the result as a table."""
        tell = {
            "build": outline_words.drawn_lines if self.outlines else zone_words.zone_lines,
            "assess": outline_words.judged_lines if self.outlines else zone_words.assessment_lines,
            "sensitivity": zone_words.stability_lines,
            "compare": perimeter_words.comparison_lines,
        }[self.action]
        return "\n".join([*tell(result), *record_lines(result)])

    def _build(self, options: dict[str, Any], bar: ProgressBar) -> Any:
        if options["if_missing"] and ComputedZone.objects.exists():
            return None
        if options["outlines"]:
            from carroyage.management.outlining import draw

            run, _ = draw(_outline_wanted(options), echo=bar)
            return {**record_of(run), **run.report}
        from carroyage.management.zoning import build

        run, made = build(
            _wanted(options), again=options["again"], scheduler=options["scheduler"], echo=bar
        )
        return {**record_of(run), "made_now": made, **run.report}

    def _assess(self, options: dict[str, Any], bar: ProgressBar) -> Any:
        if options["outlines"]:
            from carroyage.management.outlining import assess_outlines

            run = assess_outlines(
                _outline_wanted(options), options["sectors"], map_file=options["map_file"], echo=bar
            )
            return {**record_of(run), **run.report}
        from carroyage.management.assessing import assess_thresholds, row_of

        run, scales = assess_thresholds(
            _wanted(options),
            options["thresholds"] or (),
            generation=options["generation"],
            places=options["territory"],
            echo=bar,
        )
        last = scales[-1].assessment
        return {
            **record_of(run),
            "score": run.parameters["score"] or "",
            "territory": run.report["territory"],
            "rows": [row_of(scale) for scale in scales],
            "vintages": last.vintages,
            "fitted_on": last.fitted_on,
            "notes": last.notes,
        }

    def _sensitivity(self, options: dict[str, Any], bar: ProgressBar) -> Any:
        from carroyage.management.stability import Ranges, assess_stability

        ranges = Ranges(
            draws=options["draws"],
            seed=options["seed"],
            threshold=options["threshold_range"],
            line=options["line_range"],
            scores=options["scores"],
            min_populations=options["min_populations"],
            contiguities=options["contiguities"],
        )
        run = assess_stability(_wanted(options), ranges, echo=bar).run
        return {**record_of(run), **run.report}

    def _compare(self, options: dict[str, Any], bar: ProgressBar) -> Any:
        from carroyage.management.zone_runs import compare_runs

        return compare_runs(options["runs"], echo=bar)


def _wanted(options: dict[str, Any]) -> Wanted:
    return Wanted(**{field.name: options[field.name] for field in fields(Wanted)})


OUTLINES_ALONE = {"listed": "--list", "blocks": "--blocks", "map_file": "--map",
                  "sectors": "--sectors"}  # fmt: skip
CELLS_ALONE = {
    "score": "--score", "threshold": "--threshold", "thresholds": "--thresholds",
    "line": "--line", "national_median": "--national-median", "scheduler": "--scheduler",
    "urban_unit_median": "--urban-unit-median", "bridge_gaps": "--bridge-gaps",
    "urban_unit_population": "--urban-unit-population", "fill_holes": "--fill-holes",
}  # fmt: skip


def _refuse_ignored(options: dict[str, Any]) -> None:
    """Refuse what the way of drawing asked for would not look at. Raises OptionsDisagree."""
    if options.get("outlines"):
        given = [name for key, name in CELLS_ALONE.items() if options.get(key)]
        advice = "Outlines have a score and a threshold of their own: leave these out."
    else:
        given = [name for key, name in OUTLINES_ALONE.items() if options.get(key)]
        advice = "Add --outlines, or leave these out."
    if given:
        raise OptionsDisagree(given, advice)


def _outline_wanted(options: dict[str, Any]) -> Any:
    from carroyage.management.outline_inputs import OutlineWanted

    return OutlineWanted(
        options["territory"],
        options["generation"],
        options["listed"],
        options["blocks"],
        options["vintage"],
        options["min_population"],
    )
