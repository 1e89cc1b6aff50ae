"""``observatory map``: a static map of an indicator, or of outlines, for a report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import override

from maps.classes import METHODS, USUAL_CLASSES
from maps.errors import BadChoice
from maps.statics import FORMS, draw_map
from observatory.commands import Command as BaseCommand


class Command(BaseCommand):
    """Draw one map into a file; its ending says which form."""

    help = "Draw a static map of an indicator by territory."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to draw and how."""
        super().add_arguments(parser)
        parser.add_argument("level", help="qpv, arrondissement, commune, iris…")
        parser.add_argument("indicator", nargs="?", default="", help="none draws outlines alone")
        parser.add_argument("--year", type=int, help="the best known one by default")
        parser.add_argument("--within", default="", metavar="LEVEL:CODE", help="commune:75056")
        parser.add_argument("--generation", type=int, metavar="YEAR")
        parser.add_argument("--method", choices=list(METHODS), default="quantiles")
        parser.add_argument("--classes", type=int, default=USUAL_CLASSES)
        parser.add_argument("--breaks", type=float, nargs="+", default=(), help="with manuelles")
        parser.add_argument("--title", default="")
        parser.add_argument("--language", choices=["fr", "en"], default="fr")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        """Draw and write the file."""
        file: Path = options["out"]
        form = file.suffix.lstrip(".").lower()
        if form not in FORMS:
            raise BadChoice(
                f"No map is written as {file.suffix or 'a file without ending'}.",
                f"End the name with one of: {', '.join(FORMS)}.",
            )
        with override(options["language"]):
            drawn = draw_map(
                options["level"],
                options["indicator"],
                options["year"],
                within=options["within"],
                generation=options["generation"],
                method=options["method"],
                count=options["classes"],
                breaks=options["breaks"],
                title=options["title"],
                form=form,
            )
        file.write_bytes(drawn.body)
        return {"file": str(file), "territories": len(drawn.table), "legend": drawn.legend}

    def describe(self, result: dict[str, Any]) -> str:
        """Say what is on the map."""
        words = "; ".join(result["legend"])
        told = f"{result['territories']} territories drawn into {result['file']}."
        return f"{told}\nClasses: {words}" if words else told
