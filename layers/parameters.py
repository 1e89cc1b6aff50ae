"""Typed parameters a layer allows in its address; anything else is refused before any SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.functional import Promise

from layers.errors import BadParameter

Value = int | str | date
Text = str | Promise


@dataclass(frozen=True)
class Parameter:
    """One allowed parameter: its name, how its text is read, and what it means.

    ``read`` returns the value or raises ValueError saying what is expected.
    """

    name: str
    read: Callable[[str], Value]
    description: Text
    schema: Mapping[str, Any]

    def named(self, name: str) -> Parameter:
        """Return the same parameter under another name."""
        return replace(self, name=name)

    def value_of(self, text: str) -> Value:
        """Return the typed value of ``text``. Raises BadParameter."""
        try:
            return self.read(text)
        except ValueError as error:
            raise BadParameter(f"'{self.name}={text[:60]}' is not usable: {error}.") from None


def integer(name: str, least: int, most: int, description: Text) -> Parameter:
    """Return a parameter that takes a whole number between two bounds, both included."""

    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most} is expected")
        return int(text)

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Parameter(name, read, description, schema)


def day(name: str, description: Text) -> Parameter:
    """Return a parameter that takes a day that exists, written YYYY-MM-DD."""

    def read(text: str) -> date:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError("a day written YYYY-MM-DD is expected")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError("this day does not exist") from None

    return Parameter(name, read, description, {"type": "string", "format": "date"})


def word(name: str, pattern: str, description: Text) -> Parameter:
    """Return a parameter whose whole text matches ``pattern``, such as a vintage."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"a text like {pattern} is expected")
        return text

    return Parameter(name, read, description, {"type": "string", "pattern": f"^{pattern}$"})


def read_all(
    allowed: Iterable[Parameter], given: Iterable[tuple[str, list[str]]]
) -> dict[str, Value | None]:
    """Return the value of every allowed parameter, None where it is not given.

    Raises BadParameter for a name that is not allowed, a name given twice, or a bad value.
    """
    known = {parameter.name: parameter for parameter in allowed}
    values: dict[str, Value | None] = dict.fromkeys(known)
    for name, texts in given:
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise BadParameter(f"'{name[:60]}' is not a parameter of this layer ({listed}).")
        if len(texts) != 1:
            raise BadParameter(f"'{name}' is given {len(texts)} times; give it once.")
        values[name] = known[name].value_of(texts[0])
    return values
