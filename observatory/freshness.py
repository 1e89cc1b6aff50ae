"""What a start may leave out because nothing changed since the last one.

Marks are kept where what they speak of is: in the static folder, and as a run record in the
database. A database made anew, or a folder emptied by hand, is therefore noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from observatory.models import Run, RunState
from observatory.version import VERSION

KIND = "prepare"


def tables_are_behind() -> bool:
    """Tell whether a migration waits to be applied."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def static_files_changed() -> bool:
    """Tell whether the files of the apps differ from those last collected."""
    mark = _static_mark()
    return not mark.exists() or mark.read_text() != _static_signature()


def remember_static_files() -> None:
    """Note what was collected just now."""
    _static_mark().write_text(_static_signature())


def is_loaded(folder: Path) -> bool:
    """Tell whether these very files, by name, size and time, were the last ones loaded whole."""
    last = Run.objects.filter(kind=KIND, state=RunState.DONE).first()
    return bool(last and last.parameters.get("signature") == _folder_signature(folder))


def remember_loaded(folder: Path) -> None:
    """Note that every file of the folder was loaded."""
    now = timezone.now()
    Run.objects.create(
        kind=KIND,
        state=RunState.DONE,
        version=VERSION,
        parameters={"folder": folder.name, "signature": _folder_signature(folder)},
        started_at=now,
        ended_at=now,
    )


def _static_mark() -> Path:
    return Path(settings.STATIC_ROOT) / ".collected"


def _static_signature() -> str:
    found = (storage.path(name) for finder in get_finders() for name, storage in finder.list([]))
    return _signature(Path(path) for path in found)


def _folder_signature(folder: Path) -> str:
    return _signature(path for path in folder.rglob("*") if path.is_file())


def _signature(files: Iterable[Path]) -> str:
    digest = hashlib.sha256(VERSION.encode())
    for path in sorted(files):
        seen = path.stat()
        digest.update(f"{path}|{seen.st_size}|{seen.st_mtime_ns}\n".encode())
    return digest.hexdigest()
