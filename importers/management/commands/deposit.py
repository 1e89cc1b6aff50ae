"""``observatory deposit FILE --scheme … --on DATE``: a partner's file to counts, in one command."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from importers.deposits import results, service
from importers.deposits.errors import BadChoice
from importers.errors import ImporterError
from importers.files import local_file
from observatory.commands import Command as BaseCommand
from observatory.commands import ProgressBar
from observatory.errors import ObservatoryError
from observatory.models import Level, Organisation, Territory


class Command(BaseCommand):
    """Deposit one file for an organisation, and print its own exact counts."""

    help = "Locate the rows of a partner's file and count them per quarter."
    user_errors = (ImporterError, ObservatoryError)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what a deposit takes."""
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, metavar="FILE")
        say = parser.add_argument
        say("--scheme", required=True, help="code of the scheme (dispositif)")
        say("--on", type=_day, required=True, metavar="DATE", help="day the addresses hold")
        say("--until", type=_day, metavar="DATE", help="last day of the period")
        say("--organisation", default="Ligne de commande", help="whose file it is")
        say("--contract", default="", metavar="CODE", help="the contract it is for (all)")
        say("--proximity", type=int, metavar="METRES", help="distance that counts as near")
        say("--unit", default="person", choices=["person", "household", "structure", "event"])

    def run(self, options: dict[str, Any]) -> Any:
        """Receive, carry out, and return the result."""
        file = local_file(options["file"])
        organisation, _ = Organisation.objects.get_or_create(name=options["organisation"])
        until = options["until"] or options["on"]
        if until < options["on"]:
            raise BadChoice("--until lies before --on.", "Give the period's days in order.")
        ask = service.Ask(
            options["scheme"], options["on"], until, options["unit"],
            proximity_metres=options["proximity"], contract=_contract(options["contract"]),
        )  # fmt: skip
        deposit = service.receive(_chunks(file), file.name, ask, organisation)
        bar = ProgressBar()
        try:
            service.carry_out(deposit, bar)
        finally:
            bar.close()
        return results.exact_result(deposit)

    def describe(self, result: Any) -> str:
        """Return the counts in words: counts first, then both shares and their bounds."""
        share = result["in_qpv"]
        lines = [f"{name:12} {count:>9}" for name, count in result["fates"].items()]
        lines.append(f"{'all':12} {share['total']:>9}")
        if share["bounds"]:
            low, high = (100 * bound for bound in share["bounds"])
            lines.append(f"in a quarter: {100 * share['share_of_all']:.1f} % of all rows")
            if share["share_of_located"] is not None:
                lines.append(f"              {100 * share['share_of_located']:.1f} % of located")
            lines.append(f"              between {low:.1f} and {high:.1f} %")
        not_stored = [name for name, why in result["discarded"]]
        lines.append(f"not stored: {', '.join(not_stored) or 'nothing'}")
        return "\n".join(lines)


def _contract(code: str) -> Territory | None:
    found = Territory.objects.filter(level=Level.CONTRACT, code=code).first() if code else None
    if code and found is None:
        raise BadChoice(f"No contract has the code {code!r}.", "See /api/tables/frameworks/.")
    return found


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as handle:
        while block := handle.read(1 << 20):
            yield block


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadChoice(f"{text!r} is not a date.", "Write dates as 2015-01-01.") from None
