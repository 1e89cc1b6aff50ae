"""The data version: a short text that changes when what a layer shows changes.

It is made of the journal the database's triggers keep (layers_change) and of the declaration
itself, and read in the same statement as a tile, so a tile and its version always agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from django.db import connection

from layers.registry import Layer
from observatory.version import VERSION

# Transactions commit in another order than they take their numbers: the newest row alone would
# hide a load that took its number early and committed late. This many rows are compared.
LOOKED_BACK = 128
# Raise when the making of tiles changes in a way that declarations do not show.
TILE_FORMAT = "1"

RIGHTS = "observatory_accessrule"

# The moment of each change keeps versions of two databases apart.
JOURNAL = """
SELECT watched.name, noted.stamps
FROM unnest(%(tables)s::text[]) AS watched(name)
CROSS JOIN LATERAL (
    SELECT COALESCE(string_agg(concat_ws(
        ':', latest.id, latest.statements, date_part('epoch', latest.noted_at)
    ), ','), '') AS stamps
    FROM (
        SELECT change.id, change.statements, change.noted_at FROM layers_change AS change
        WHERE change.source_table = watched.name
        ORDER BY change.id DESC LIMIT %(looked_back)s
    ) AS latest
) AS noted
"""
# The same text as `stamps_of` makes of the journal, for a statement that draws a tile as well.
STAMPS = f"""
SELECT COALESCE(string_agg(name || '=' || stamps, ';' ORDER BY name COLLATE "C"), '')
FROM ({JOURNAL}) AS journal
"""  # noqa: S608 - JOURNAL is written above

# What the journal says of each table, as `journal_of` read it.
Journal = Mapping[str, str]


def tables_of(layers: Iterable[Layer]) -> list[str]:
    """Return the tables any of ``layers`` reads, each once, in order.

    Who may see what is part of what is shown: closing a layer gives it another version.
    """
    return sorted({RIGHTS, *(table for layer in layers for table in layer.tables)})


def version_from(layers: Sequence[Layer], stamps: str) -> str:
    """Return the version of ``layers`` for what the journal said (see STAMPS)."""
    parts = [VERSION, TILE_FORMAT, *(layer.digest for layer in layers), stamps]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def journal_of(tables: Iterable[str]) -> Journal:
    """Return what the journal says of each of ``tables``; one short query."""
    with connection.cursor() as cursor:
        cursor.execute(JOURNAL, {"tables": list(tables), "looked_back": LOOKED_BACK})
        return dict(cursor.fetchall())


def stamps_of(tables: Sequence[str], journal: Journal | None = None) -> str:
    """Return what the journal, where it was not read before, says of ``tables`` as one text."""
    noted = journal_of(tables) if journal is None else journal
    return ";".join(f"{table}={noted[table]}" for table in sorted(tables))


def version_of(layers: Sequence[Layer], journal: Journal | None = None) -> str:
    """Return the current data version of ``layers``; see `stamps_of`."""
    return version_from(layers, stamps_of(tables_of(layers), journal))
