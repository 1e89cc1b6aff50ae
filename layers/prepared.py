"""Statements prepared once on a connection, and run with as little as possible in between.

A tile's statement is known long before its numbers are. psycopg's cursors adapt values, look their
types up and step through generators, which takes longer than drawing a small tile does: here the
libpq calls beneath them are used, with values as text and results as the database holds them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import errors, pq

MOST_PREPARED = 200
PLACEHOLDER = re.compile(r"%%|%\(([a-z0-9_]+)\)s")


@lru_cache(maxsize=1024)
def numbered(text: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a statement with the placeholders PostgreSQL knows, and the name of each."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] is None:
            return "%"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return PLACEHOLDER.sub(number, text).encode(), tuple(names)


def as_text(value: Any) -> bytes:
    """Return a number, text, day or list of plain words as PostgreSQL reads them."""
    if isinstance(value, list):
        return ("{" + ",".join(value) + "}").encode()
    return str(value).encode()


class Prepared:
    """A connection and the statements prepared on it. One thread uses it at a time."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self._names: dict[str, bytes] = {}

    def row(self, text: str, values: Mapping[str, Any]) -> Sequence[bytes]:
        """Return the one row a statement gives, each value as its bytes. Raises psycopg.Error."""
        statement, names = numbered(text)
        given = [as_text(values[name]) for name in names]
        name = self._names.get(text) or self._prepare(text, statement)
        raw = self.connection.pgconn
        result = _checked(raw, raw.exec_prepared(name, given, None, pq.Format.BINARY))
        return [result.get_value(0, column) or b"" for column in range(result.nfields)]

    def _prepare(self, text: str, statement: bytes) -> bytes:
        raw = self.connection.pgconn
        if len(self._names) >= MOST_PREPARED:  # each holds memory of the database
            _checked(raw, raw.exec_(b"DEALLOCATE ALL"))
            self._names.clear()
        name = f"tile_{len(self._names)}".encode()
        _checked(raw, raw.prepare(name, statement))
        self._names[text] = name
        return name


def _checked(raw: pq.abc.PGconn, result: pq.abc.PGresult) -> pq.abc.PGresult:
    """Return a result that is none of a failure. Raises psycopg.Error."""
    if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        return result
    if raw.status == pq.ConnStatus.BAD:
        raise psycopg.OperationalError("the database closed the connection")
    raise errors.error_from_result(result)
