"""The console script: readies the database, then hands the words to Django's commands."""

from __future__ import annotations

import os
import sys

import psycopg

from observatory import supervisor
from observatory.cluster import Cluster
from observatory.datasets import current_database
from observatory.errors import ObservatoryError

# Commands that need no database.
WITHOUT_DATABASE = {"help", "version", "demonstration", "--help", "-h", "--version"}


def main() -> int:
    """Run ``observatory <command> …`` and return its exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "observatory.settings")
    words = sys.argv[1:] or ["--help"]
    try:
        if words[0] == "run":
            return supervisor.run(words[1:], _dispatch)
        if words[0] == "stop":
            return supervisor.stop()
        if words[0] not in WITHOUT_DATABASE and not _asks_for_help(words):
            _ready_database()
        if words[0] == "prepare":
            return supervisor.prepare(words[1:], _dispatch)
        _dispatch(words)
    except ObservatoryError as error:
        print(f"observatory: {error}", file=sys.stderr)
        if error.advice:
            print(error.advice, file=sys.stderr)
        return 1
    except psycopg.OperationalError as error:
        print(f"observatory: the database does not answer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _asks_for_help(words: list[str]) -> bool:
    return "--help" in words or "-h" in words


def _ready_database() -> None:
    """Start the private server where no other is named, and bring its tables up to date."""
    if os.environ.get("DATABASE_URL"):
        return
    cluster = Cluster.of_project()
    if cluster.ensure_running():
        print("Private database started ('make stop' stops it).", file=sys.stderr)
    name = os.environ.get("OBSERVATORY_DATABASE") or current_database()
    cluster.ensure_database(name)
    if not _has_tables(cluster.url(name)):
        _dispatch(["migrate", "--verbosity", "0"])


def _has_tables(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT to_regclass('observatory_run')").fetchone()
    return bool(row and row[0])


def _dispatch(words: list[str]) -> None:
    if words[0] in {"--help", "-h", "help"} and len(words) == 1:
        from observatory.commands import overview

        print(overview())
        return
    from django.core.management import execute_from_command_line

    execute_from_command_line(["observatory", *words])
