"""The only way to the rows of deposits: acting for one organisation, inside one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from importers.deposits.models import Deposit


@contextmanager
def acting_for(organisation: int) -> Iterator[Any]:
    """Give a cursor that sees the rows of one organisation until the block ends."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('observatory.organisation', true)")
        before = cursor.fetchone()[0] or ""
        _act(cursor, str(organisation))
        yield cursor
        # Where the block fails, the setting goes with all that the block did.
        _act(cursor, before)


def _act(cursor: Any, organisation: str) -> None:
    cursor.execute("SELECT set_config('observatory.organisation', %s, true)", [organisation])


def note_access(
    cursor: Any, deposit: Deposit, action: str, rows: int = 0, actor: int | None = None
) -> None:
    """Add to the record of who read or changed rows."""
    cursor.execute(
        "INSERT INTO deposits.access (organisation_id, deposit_id, actor_id, action, rows) "
        "VALUES (%s, %s, %s, %s, %s)",
        [deposit.organisation_id, deposit.pk, actor, action, rows],
    )


def rls_binds() -> bool:
    """Tell whether row-level security binds this connection: not for superusers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT NOT (rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = current_user"
        )
        return bool(cursor.fetchone()[0])
