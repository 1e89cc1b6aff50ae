"""Errors of what is worked out from figures: one class per failure, each saying what to do."""

from __future__ import annotations

from observatory.errors import ObservatoryError


class UnknownIndicator(ObservatoryError):
    """No indicator has the code that was asked for."""


class NotAdditive(ObservatoryError):
    """The figure of a whole cannot be made from those of its parts, as with medians."""


class TooFewFigures(ObservatoryError):
    """Not enough figures are known to say anything."""


class BadParameter(ObservatoryError):
    """A parameter has no usable value."""


class SheetRefusal(ObservatoryError):
    """What the service of sheets refuses.

    Attributes
    ----------
    words : tuple of str
        The message and the advice as they are written, before ``given`` fills their places: a
        page knows its own words for them by these.
    given : dict
        What fills the places.
    """

    def __init__(self, message: str, advice: str = "", **given: object) -> None:
        self.words = (message, advice)
        self.given = given
        super().__init__(message.format(**given), advice.format(**given))


class WrongStep(SheetRefusal):
    """A sheet cannot go from the step it is at to the one asked for."""


class NotYours(SheetRefusal):
    """The person may not fill, hand in or validate this sheet."""


class BadSheet(SheetRefusal):
    """What was written in a sheet cannot be: a share over 100, a part over its whole."""
