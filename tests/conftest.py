"""What every test may use: the real data folder where there is one, a private database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from observatory.cluster import Cluster
from tests.live_requests import LiveRequests

# A shared machine may take its time: no test of ours fails for being slow.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_configure(config: pytest.Config) -> None:
    """Start the private server before Django opens its first connection."""
    if not os.environ.get("DATABASE_URL"):
        Cluster.of_project().ensure_running()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep every test off the site's own database; skip what needs real data where none is."""
    for item in items:
        _declare_the_database(item)
    if os.environ.get("OBSERVATORY_DATA"):
        return
    skip = pytest.mark.skip(reason="OBSERVATORY_DATA does not name a folder of real data")
    for item in items:
        if "real_data" in item.keywords:
            item.add_marker(skip)


def _declare_the_database(item: pytest.Item) -> None:
    """Mark a test that reads the database through a fixture of its module alone.

    The test database is made for marked tests only: run by itself, such a test would read, and
    write, the database of the site.
    """
    fixtures = set(getattr(item, "fixturenames", ()))
    declared = fixtures & {"db", "transactional_db", "live_server"}
    if "django_db_setup" in fixtures and not declared and not item.get_closest_marker("django_db"):
        item.add_marker(pytest.mark.django_db)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real public files (with grid/, perimeters/, …)."""
    return Path(os.environ["OBSERVATORY_DATA"]) / "data"


@pytest.fixture(scope="session", autouse=True)
def emptying_follows_references() -> Iterator[None]:
    """Let a test that commits be cleaned up.

    Private schemas refer to tables Django empties, and a live server may still be reading them.
    """
    from django.db.backends.postgresql.operations import DatabaseOperations

    usual = DatabaseOperations.sql_flush
    live = LiveRequests()

    def cascading(self: Any, style: Any, tables: Any, **options: Any) -> Any:
        live.wait()
        return usual(self, style, _holding(self, tables), **{**options, "allow_cascade": True})

    DatabaseOperations.sql_flush = cascading
    live.watch()
    yield
    live.forget()
    DatabaseOperations.sql_flush = usual


def _holding(operations: Any, tables: Any) -> list[str]:
    """Return the tables that hold a row: emptying the others takes a fifth of a second a test."""
    quoted = {name: operations.quote_name(name) for name in tables}
    asked = [
        f"SELECT '{name}' WHERE EXISTS (SELECT FROM {table})"  # noqa: S608 - Django's own tables
        for name, table in quoted.items()
    ]
    with operations.connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return [name for (name,) in cursor.fetchall()]


@pytest.fixture(autouse=True)
def default_rights(request: pytest.FixtureRequest) -> None:
    """Put the default rights back: a test that commits leaves every table empty behind it."""
    asked = {"db", "transactional_db", "live_server"} & set(request.fixturenames)
    if not asked and request.node.get_closest_marker("django_db") is None:
        return
    from tests.factories import put_default_rights_back

    put_default_rights_back()


@pytest.fixture
def deposit_site(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a site that takes deposits: a few quarters, keys and files in a folder of its own."""
    from tests.importers.deposit_makers import a_few_quarters

    monkeypatch.setenv("OBSERVATORY_HOME", str(tmp_path / "home"))
    a_few_quarters()


@pytest.fixture
def partner(db: None) -> Any:
    """Return an account of an organisation that may deposit."""
    from tests.importers.deposit_makers import a_partner

    return a_partner()
