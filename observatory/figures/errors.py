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


class WrongStep(ObservatoryError):
    """A sheet cannot go from the step it is at to the one asked for."""


class NotYours(ObservatoryError):
    """The person may not fill, hand in or validate this sheet."""


class BadSheet(ObservatoryError):
    """What was written in a sheet cannot be: a share over 100, a part over its whole."""
