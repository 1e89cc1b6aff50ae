"""Errors of the pages: one class per failure; the words are those the reader sees."""

from __future__ import annotations

from typing import Any

from observatory.errors import ObservatoryError


class BadChoice(ObservatoryError):
    """A page or a command was asked for something that cannot be; the message says why."""

    def __init__(self, message: Any, advice: Any = "") -> None:
        super().__init__(str(message), str(advice))


class UnknownTerritory(BadChoice):
    """No territory has that level and code, or none that may be seen."""


class BadTemplate(ObservatoryError):
    """A saved map is declared in a way that cannot be drawn; the message says which and why."""
