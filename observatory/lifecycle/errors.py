"""What is refused in the life of a perimeter: one class per refusal, each saying what to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from observatory.errors import ObservatoryError
from observatory.models import Operation, Perimeter

SHOWN = 8


class LifecycleError(ObservatoryError):
    """Base of the refusals of this package."""


def label(perimeter: Perimeter) -> str:
    """Return what a message calls a version: its territory, status and number."""
    return f"{perimeter.territory} ({perimeter.status}, v{perimeter.pk})"


def listed(words: Iterable[object]) -> str:
    """Return the first words of a list and how many more there are."""
    told = [str(word) for word in words]
    more = len(told) - SHOWN
    return ", ".join(told[:SHOWN]) + (f" and {more} more" if more > 0 else "")


class IncompleteDecision(LifecycleError):
    """A decision without author, reason or act, or dated in the future."""


class OutOfOrder(LifecycleError):
    """A decision dated before the one that made what it works on."""

    def __init__(self, perimeter: Perimeter, day: date, made: Operation) -> None:
        super().__init__(
            f"{label(perimeter)} was made by operation {made.pk} on {made.day}: "
            f"a decision of {day} cannot work on it.",
            "Give the true date of the decision with --date.",
        )


class WrongStatus(LifecycleError):
    """An operation that the version's status does not allow."""

    def __init__(self, perimeter: Perimeter, verb: str) -> None:
        advice = "Only computed and negotiated versions can be worked on."
        if perimeter.status in ("legal", "superseded"):
            advice = (
                "What an act has fixed is not edited: open a negotiation from it "
                "('observatory perimeters open'), and enact the outcome by a new act."
            )
        super().__init__(f"{label(perimeter)} cannot be {verb}.", advice)


class AlreadyReplaced(LifecycleError):
    """A version that a later operation already replaced."""

    def __init__(self, perimeter: Perimeter, by: Operation) -> None:
        super().__init__(
            f"{label(perimeter)} was already taken by operation {by.pk} ({by.kind}, {by.day}).",
            f"Work on what came of it, or undo operation {by.pk} first.",
        )


class TooFewVersions(LifecycleError):
    """A merge of fewer than two versions, or an operation on none."""


class UnknownVersion(LifecycleError):
    """Nothing answers to what was asked for."""


class AmbiguousVersion(LifecycleError):
    """Several versions answer to what was asked for."""


class NoBlocks(LifecycleError):
    """No block layer of that level holds on that day."""


class UnknownBlocks(LifecycleError):
    """Codes that no block has on that day."""

    def __init__(self, codes: Iterable[str], level: str, day: date) -> None:
        super().__init__(
            f"No {level} is called {listed(sorted(codes))} on {day}.",
            "Give codes of the loaded layer; another day of it with --blocks-on.",
        )


class NothingKept(LifecycleError):
    """A trim that would leave nothing."""


class BlocksApart(LifecycleError):
    """Blocks to add that do not touch the perimeter."""


class BlocksAlreadyIn(LifecycleError):
    """Blocks to add that lie wholly inside already."""


class BlocksNotIn(LifecycleError):
    """Blocks to take away that lie outside."""


class NotCut(LifecycleError):
    """A split that leaves the perimeter in one piece."""


class BadLine(LifecycleError):
    """Something that is not a line in longitude and latitude."""


class NoQuarter(LifecycleError):
    """An act on a zone that has no quarter's code yet."""


class BadValidity(LifecycleError):
    """Dates of validity that contradict the act or each other."""


class AlreadyInForce(LifecycleError):
    """Another shape of the same territory holds on those days."""


class Overlapping(LifecycleError):
    """Two quarters of one kind over the same ground on the same day."""


class CannotUndo(LifecycleError):
    """An operation that cannot be undone as things stand."""


class UnknownOperation(LifecycleError):
    """No operation has that number."""


class NothingToDerive(LifecycleError):
    """A difference of perimeters that leaves nothing."""
