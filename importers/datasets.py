"""What is known of each statistical table: recognition, columns, meaning of its blanks."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from importers.sources import Described
from observatory.models import Standing

FILE = Path(__file__).with_name("datasets.toml")


class Column(BaseModel):
    """What one column measures; ``year`` where it is not the table's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    indicator: str
    year: int | None = None


class Parts(BaseModel):
    """Columns that cut one group of persons: ``whole`` is the code of the group's indicator."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    whole: str
    by: str
    columns: tuple[str, ...]


class Labelled(BaseModel):
    """Columns that a row of words describes: each becomes an indicator ``prefix-column``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefix: str
    skip: tuple[str, ...] = ()
    cuts: tuple[Parts, ...] = ()

    def code_of(self, column: str) -> str:
        """Return the code of the indicator that a column becomes."""
        return f"{self.prefix}-{column.replace('_', '-')}"


class Break(BaseModel):
    """A series that starts anew in ``year``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    year: int
    reason: str


class BlankCode(BaseModel):
    """The territory of rows without a code."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: str
    code: str
    name: str


class Dataset(Described):
    """One statistical table, as ``datasets.toml`` describes it."""

    frequency: str = ""
    beside: str = ""
    sheet: str = ""
    level: str = ""
    level_column: str = ""
    levels: dict[str, str] = {}
    code_column: str
    code_pattern: str = ""
    blank_code: BlankCode | None = None
    name_column: str = ""
    name_from: str = ""
    makes_territories: bool = False
    year: int | None = None
    year_assumed: bool = False
    year_column: str = ""
    outline_on: date | None = None
    scope: str = "whole"
    blank: Standing = Standing.NOT_AVAILABLE
    note_column: str = ""
    sets_aside_impossible: bool = False
    required: tuple[str, ...] = ()
    verified: dict[str, tuple[str, str]] = {}
    columns: dict[str, Column] = {}
    labelled: Labelled | None = None
    breaks: dict[str, Break] = {}

    @field_validator("columns", mode="before")
    @classmethod
    def _short_form(cls, value: dict[str, Any]) -> dict[str, Any]:
        return {
            name: {"indicator": told} if isinstance(told, str) else told
            for name, told in value.items()
        }

    def signature(self) -> set[str]:
        """Return the columns by which the table is recognised."""
        if self.required:
            return set(self.required)
        year = {self.year_column} if self.year_column else set()
        return {self.code_column, *self.columns, *self.verified} | year


@cache
def datasets() -> dict[str, Dataset]:
    """Return every known table by its code."""
    read: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {code: Dataset(code=code, **facts) for code, facts in read.items()}


def recognised_dataset(headers: Iterable[tuple[str, ...]]) -> Dataset | None:
    """Return the table whose columns one of the headers has, or None."""
    rows = [set(header) for header in headers]
    for known in datasets().values():
        if not known.beside and any(known.signature() <= row for row in rows):
            return known
    return None


def beside(known: Dataset) -> list[Dataset]:
    """Return the tables that come in other sheets of the same workbook."""
    return [other for other in datasets().values() if other.beside == known.code]
