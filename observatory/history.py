"""Saying who acts and why, so that the database's own record of changes can name them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import AnonymousUser
from django.db import connection, models, transaction

from observatory.models import Change, Run, User

SETTINGS = ("observatory.actor", "observatory.run", "observatory.reason")


@contextmanager
def acting(
    user: User | AnonymousUser | None = None, run: Run | None = None, reason: str = ""
) -> Iterator[None]:
    """Do what is inside the block, in one transaction, in somebody's name or a load's.

    >>> with acting(user, reason="steering committee of 12 June"):  # doctest: +SKIP
    ...     target.save()
    """
    who = str(user.pk) if user is not None and user.pk is not None else ""
    values = (who, str(run.pk) if run is not None else "", reason)
    with transaction.atomic(), connection.cursor() as cursor:
        before = [_setting(cursor, name) for name in SETTINGS]
        _set(cursor, values)
        yield
        # Only reached without an error: a failed transaction takes the settings back itself.
        _set(cursor, before)


def _setting(cursor: object, name: str) -> str:
    cursor.execute("SELECT current_setting(%s, true)", [name])  # type: ignore[attr-defined]
    return str(cursor.fetchone()[0] or "")  # type: ignore[attr-defined]


def _set(cursor: object, values: tuple[str, ...] | list[str]) -> None:
    for name, value in zip(SETTINGS, values, strict=True):
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])  # type: ignore[attr-defined]


def history_of(row: models.Model) -> models.QuerySet[Change]:
    """Return the changes of one row, latest first."""
    return Change.objects.filter(table=row._meta.db_table, row_id=row.pk)
