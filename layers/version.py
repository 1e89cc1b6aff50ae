"""The data version: a short text that changes when what a layer shows changes.

It is made of the journal the database's triggers keep (layers_change) and of the declaration
itself, and read in the same statement as a tile, so a tile and its version always agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

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
STAMPS = """
SELECT COALESCE(string_agg(watched.name || '=' || noted.stamps, ';' ORDER BY watched.name), '')
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


def tables_of(layers: Iterable[Layer]) -> list[str]:
    """Return the tables any of ``layers`` reads, each once, in order.

    Who may see what is part of what is shown: closing a layer gives it another version.
    """
    return sorted({RIGHTS, *(table for layer in layers for table in layer.tables)})


def version_from(layers: Sequence[Layer], stamps: str) -> str:
    """Return the version of ``layers`` for what the journal said (see STAMPS)."""
    parts = [VERSION, TILE_FORMAT, *(layer.digest for layer in layers), stamps]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def stamps_of(tables: Sequence[str]) -> str:
    """Return what the journal says of ``tables``; one short query."""
    with connection.cursor() as cursor:
        cursor.execute(STAMPS, {"tables": list(tables), "looked_back": LOOKED_BACK})
        return str(cursor.fetchone()[0])


def version_of(layers: Sequence[Layer]) -> str:
    """Return the current data version of ``layers``; one short query."""
    return version_from(layers, stamps_of(tables_of(layers)))
