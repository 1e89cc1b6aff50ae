"""How a table is declared: whose rows, which columns, which filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from layers.parameters import Parameter, Text, integer, word
from observatory.models import User

Told = str | Callable[[Any], Any]
CODE = word("code", r"[0-9A-Za-z._:+-]{1,80}", "")
YEAR = integer("year", 1900, 2200, "")
Filters = Mapping[str, tuple[Parameter, str]]


def source_columns(path: str = "source") -> dict[str, Told]:
    """Return the columns that say where a row comes from."""
    names = {"source": "code", "source_title": "title", "producer": "producer",
             "vintage": "vintage", "licence": "licence"}  # fmt: skip
    return {name: f"{path}.{attribute}" for name, attribute in names.items()}


@dataclass(frozen=True)
class Table:
    """One table of the API.

    ``rows`` gives the rows a person may see; ``columns`` names, for each column, the attribute
    to follow (``territory.code``) or a function of the row; ``filters`` the field each
    parameter narrows, which is also a field to order by.
    """

    name: str
    title: Text
    rows: Callable[[User | None], QuerySet]
    columns: Mapping[str, Told]
    order: tuple[str, ...]
    filters: Filters = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns, in order."""
        return tuple(self.columns)

    def row(self, stored: Any) -> dict[str, Any]:
        """Return one row as plain data."""
        return {name: _plain(_told(stored, told)) for name, told in self.columns.items()}


def _told(stored: Any, told: Told) -> Any:
    if not isinstance(told, str):
        return told(stored)
    for name in told.split("."):
        stored = getattr(stored, name, None) if stored is not None else None
    return stored


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
