"""``observatory referentiel load|published|show``: frameworks of contracts, with their targets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from importers.errors import ImporterError, UnknownProduct
from importers.loads import load
from importers.options import LoadOptions
from importers.published import load_published
from observatory.commands import Command as BaseCommand
from observatory.commands import ProgressBar
from observatory.errors import ObservatoryError
from observatory.models import Framework

LOAD_HELP = """\
Load the evaluation framework of a contract from its published text: themes, objectives,
sub-objectives, tables, actions, referent actors, indicators and targets.

  observatory referentiel load referentiel-paris-2019.txt
  observatory referentiel load autre.txt --source lyon-2021 --title "Référentiel de Lyon" \\
                          --contract CV-LYON

Shifted and incomplete rows are mended, and each is listed by its line. A framework that comes
as a table is loaded with 'observatory load framework FILE'. Loading twice changes nothing.
"""


class Command(BaseCommand):
    """Load a framework, or show what is loaded."""

    help = "A contract's framework: objectives, actions, indicators, targets."
    user_errors = (ImporterError, ObservatoryError)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the three actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="load|published|show")
        raw = argparse.RawDescriptionHelpFormatter
        bring = actions.add_parser("load", description=LOAD_HELP, formatter_class=raw)
        bring.add_argument("file", type=Path, metavar="FILE")
        bring.add_argument("--source", default="", help="code of the framework, to keep several")
        bring.add_argument("--title", default="", help="its title")
        bring.add_argument("--producer", default="", help="who published it")
        bring.add_argument("--contract", default="", help="code of the contract it is of")
        bring.add_argument(
            "--sharing", default="public", choices=["public", "shared", "working"],
            help="who may see it (public: it is a published document)",
        )  # fmt: skip
        bring.add_argument("--json", action="store_true", help="print one JSON object")
        shipped = actions.add_parser("published", help="load the curated tables of the product")
        shipped.add_argument("word", nargs="?", default="", help="part of a file's name")
        shipped.add_argument("--json", action="store_true", help="print one JSON object")
        show = actions.add_parser("show", help="what is loaded")
        show.add_argument("--framework", default="", help="code of one framework")
        show.add_argument("--json", action="store_true", help="print one JSON object")

    def run(self, options: dict[str, Any]) -> Any:
        """Do what was asked."""
        if options["action"] == "show":
            return _shown(options["framework"])
        if options["action"] == "published":
            shipped = list(load_published(options["word"]))
            self.words = "\n".join(one.report.as_text() for one in shipped)
            return [one.as_dict() for one in shipped]
        names = ("source", "title", "producer", "contract", "sharing")
        bar = ProgressBar()
        try:
            done = load(
                "referentiel",
                options["file"],
                LoadOptions(**{name: options[name] for name in names}),
                echo=bar,
            )
        finally:
            bar.close()
        self.words = done.report.as_text()
        return {**done.report.facts, **done.as_dict()}

    def describe(self, result: Any) -> str:
        """Return the report in words."""
        return self.words if hasattr(self, "words") else super().describe(result)


def _shown(code: str) -> list[dict[str, Any]]:
    found = Framework.objects.filter(code=code) if code else Framework.objects.all()
    if code and not found:
        known = ", ".join(Framework.objects.values_list("code", flat=True)) or "none"
        raise UnknownProduct(f"No framework is called {code!r}.", f"Loaded: {known}.")
    return [
        {
            "code": framework.code,
            "title": framework.title,
            "territory": str(framework.territory),
            "source": framework.source.citation(),
            "nodes": _kinds(framework),
            "rows": sum(node.rows.count() for node in framework.nodes.all()),
        }
        for framework in found
    ]


def _kinds(framework: Framework) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for kind in framework.nodes.values_list("kind", flat=True):
        kinds[kind] = kinds.get(kind, 0) + 1
    return kinds
