"""``observatory review CONTRACT YEAR``: compile a contract's year, frozen with its checksum."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from observatory.commands import Command as BaseCommand
from observatory.errors import ObservatoryError
from observatory.figures import reviews
from observatory.models import Review


class UnknownReview(ObservatoryError):
    """No frozen review has the number that was asked for."""


class Command(BaseCommand):
    """Freeze a year, show what it would hold, or check what was frozen."""

    help = "Compile a contract's year: engagements, rates, alerts, missing; frozen for ever."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the contract, the year and what to do."""
        super().add_arguments(parser)
        say = parser.add_argument
        say("contract", nargs="?", default="", help="code of the contract: CV-PARIS")
        say("year", nargs="?", type=int, help="the year to compile")
        say("--dry-run", action="store_true", help="show the content, freeze nothing")
        say("--check", type=int, metavar="NUMBER", help="is this frozen review intact?")

    def run(self, options: dict[str, Any]) -> Any:
        """Return the review, or the list of those frozen."""
        if options["check"] is not None:
            return _checked(options["check"])
        if not options["contract"] or options["year"] is None:
            return [_told(one) for one in Review.objects.select_related("territory")]
        contract = reviews.contract_called(options["contract"])
        if options["dry_run"]:
            return reviews.compile_year(contract, options["year"])
        review = reviews.freeze(contract, options["year"])
        content = review.content
        return {
            **_told(review),
            "engagements": len(content["engagements"]),
            "progress": content["progress"],
            "sheets": content["sheets"]["states"],
            "disagreements": len(content["disagreements"]),
            "alerts": len(content["alerts"]),
            "missing": {name: len(rows) for name, rows in content["missing"].items()},
        }


def _told(review: Review) -> dict[str, Any]:
    return {
        "review": review.pk,
        "contract": review.territory.code,
        "year": review.year,
        "checksum": review.checksum,
        "made_at": review.made_at,
    }


def _checked(number: int) -> dict[str, Any]:
    review = Review.objects.select_related("territory").filter(pk=number).first()
    if review is None:
        raise UnknownReview(f"There is no review {number}.", "List them: observatory review.")
    return {**_told(review), "intact": reviews.is_intact(review)}
