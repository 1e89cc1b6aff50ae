"""The address that tells a supervisor whether the site can answer now, database included."""

from __future__ import annotations

from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from layers.errors import NotReady
from layers.problems import read_only


@read_only
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 once the database answers and its tables are up to date; 503 until then."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError:
        raise NotReady("The database does not answer.") from None
    if waiting:
        raise NotReady("The tables are not up to date.", "Run 'observatory migrate'.")
    return HttpResponse("ready\n", content_type="text/plain", headers={"Cache-Control": "no-store"})
