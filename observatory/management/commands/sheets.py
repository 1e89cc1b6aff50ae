"""``observatory sheets open|overdue|completeness``: the follow-up of a contract's year."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from observatory.commands import Command as BaseCommand
from observatory.errors import ObservatoryError
from observatory.figures import sheets
from observatory.figures.campaigns import open_year
from observatory.figures.reviews import contract_called
from observatory.models import Framework


class UnknownFramework(ObservatoryError):
    """No framework has the code that was asked for."""


class Command(BaseCommand):
    """Open a year of sheets, list those that are late, tell how far each actor is."""

    help = "Follow-up sheets: open a year, who is late, how far each actor is."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the three actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        opening = actions.add_parser("open", help="one expected sheet per action and actor")
        opening.add_argument("framework", help="code of the framework: paris-2019")
        opening.add_argument("year", type=int)
        opening.add_argument("--due", type=date.fromisoformat, required=True, metavar="DATE")
        late = actions.add_parser("overdue", help="sheets not handed in by their date")
        late.add_argument("contract", help="code of the contract: CV-PARIS")
        filled = actions.add_parser("completeness", help="how far each actor is")
        filled.add_argument("contract")
        filled.add_argument("year", type=int)
        for action in (opening, late, filled):
            action.add_argument("--json", action="store_true", help="print one JSON object")

    def run(self, options: dict[str, Any]) -> Any:
        """Do what was asked."""
        if options["action"] == "open":
            return {"made": open_year(_framework(options), options["year"], options["due"])}
        contract = contract_called(options["contract"])
        if options["action"] == "completeness":
            return sheets.completeness(contract.pk, options["year"])
        return [
            {
                "code": sheet.code,
                "title": sheet.title,
                "organisation": sheet.organisation.name if sheet.organisation else "",
                "due_on": sheet.due_on,
                "state": sheet.state,
            }
            for sheet in sheets.overdue(contract.pk)
        ]


def _framework(options: dict[str, Any]) -> Framework:
    found = Framework.objects.filter(code=options["framework"]).first()
    if found is None:
        known = ", ".join(Framework.objects.values_list("code", flat=True)) or "none"
        raise UnknownFramework(
            f"No framework is called {options['framework']!r}.", f"Loaded: {known}."
        )
    return found
