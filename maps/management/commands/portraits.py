"""``observatory portraits``: the PDF portraits of a contract, one file each, in one go."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import override

from maps.errors import BadChoice, UnknownTerritory
from maps.portraits.keyfigures import Comparisons
from maps.portraits.portrait import portrait_of, portrayed_in
from maps.portraits.printing import pdf_of
from observatory.commands import Command as BaseCommand
from observatory.commands import ProgressBar
from observatory.models import Territory


class Command(BaseCommand):
    """Write the portraits of the quarters of a contract, an arrondissement or a commune."""

    help = "Write two-page PDF portraits of quarters into a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to portray and where to write."""
        super().add_arguments(parser)
        chosen = parser.add_mutually_exclusive_group(required=True)
        chosen.add_argument("--contract", metavar="CODE", help="the quarters of this contract")
        chosen.add_argument(
            "--within", metavar="LEVEL:CODE", help="those of a territory: commune:75056"
        )
        chosen.add_argument("--quarters", metavar="CODE", nargs="+", help="these quarters")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder")
        parser.add_argument("--language", choices=["fr", "en"], default="fr")

    def run(self, options: dict[str, Any]) -> dict[str, Any]:
        """Write one file a quarter; only what anybody may see is printed."""
        quarters = _chosen(options)
        folder: Path = options["out"]
        folder.mkdir(parents=True, exist_ok=True)
        begun, bar = time.monotonic(), ProgressBar()
        shared = Comparisons(None)
        files = []
        with override(options["language"]):
            for place, quarter in enumerate(quarters):
                bar("portraits", place, len(quarters))
                file = folder / f"{quarter.code}.pdf"
                file.write_bytes(pdf_of(portrait_of(None, quarter, shared), shared.dataset))
                files.append(file.name)
        bar.close()
        seconds = round(time.monotonic() - begun, 1)
        return {"folder": str(folder), "portraits": files, "seconds": seconds}

    def describe(self, result: dict[str, Any]) -> str:
        """Say how many files were written."""
        count = len(result["portraits"])
        return f"{count} portraits written into {result['folder']} in {result['seconds']} s."


def _chosen(options: dict[str, Any]) -> list[Territory]:
    if options["quarters"]:
        found = list(Territory.objects.filter(level="qpv", code__in=options["quarters"]))
        missing = set(options["quarters"]) - {one.code for one in found}
        if missing:
            raise UnknownTerritory(
                f"No quarter has the code {', '.join(sorted(missing))}.",
                "Codes are listed at /quartiers/.",
            )
        return sorted(found, key=lambda one: one.code)
    level, _, code = (options["within"] or f"contract:{options['contract']}").partition(":")
    whole = Territory.objects.filter(level=level, code=code).first()
    if whole is None:
        raise UnknownTerritory(
            f"No {level} has the code {code!r}.",
            "'observatory status' says what is loaded.",
        )
    quarters = portrayed_in(whole)
    if not quarters:
        raise BadChoice(f"{whole} has no quarter.", "Load memberships, or name --quarters.")
    return quarters
