"""The matcher over the stored address reference, made once per process and version."""

from __future__ import annotations

import threading

from django.db import connection

from importers.matching.errors import NoReference
from importers.matching.index import StreetIndex
from importers.matching.matcher import Matcher

STATEMENT = """
    SELECT number, suffix, street, postcode, commune_code, commune_name, ST_X(geom), ST_Y(geom)
    FROM observatory_address {where} ORDER BY id
"""
VERSION = """
    SELECT current_database(), coalesce(max(id), 0),
        (SELECT max(id) FROM observatory_run WHERE kind = 'load addresses' AND state = 'done')
    FROM observatory_address
"""

_lock = threading.Lock()
_kept: dict[tuple, Matcher] = {}


def stored_matcher(departments: frozenset[str] = frozenset()) -> Matcher:
    """Return a matcher over the stored addresses of some départements (none: of all).

    Raises NoReference where no address is stored.
    """
    with connection.cursor() as cursor:
        cursor.execute(VERSION)
        version = (*cursor.fetchone(), departments)
    with _lock:
        if version not in _kept:
            _kept.clear()
            _kept[version] = Matcher(_index(departments))
        return _kept[version]


def _index(departments: frozenset[str]) -> StreetIndex:
    where = "WHERE left(commune_code, 2) = ANY(%s)" if departments else ""
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT.format(where=where),
            [sorted({code[:2] for code in departments})] if departments else [],
        )
        index = StreetIndex.of(cursor.fetchall())
    if not index.ways:
        raise NoReference()
    return index
