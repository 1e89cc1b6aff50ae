"""A start repeats only what has changed: tables, files of pages, a folder of data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from observatory import freshness
from observatory.models import Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of data with a folder in it."""
    made = tmp_path / "data"
    (made / "grid").mkdir(parents=True)
    (made / "grid" / "cells.csv").write_text("id;ind\n")
    (made / "quarters.geojson").write_text("{}")
    return made


@pytest.fixture
def collected(tmp_path: Path, settings) -> Path:
    """Return the folder where files of pages are collected."""
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    return settings.STATIC_ROOT


class TestAFolderOfData:
    def test_it_is_loaded_once(self, folder):
        assert not freshness.is_loaded(folder)
        freshness.remember_loaded(folder)
        assert freshness.is_loaded(folder)

    def test_a_file_that_is_new_gone_or_longer_is_loaded(self, folder):
        grid = folder / "grid" / "cells.csv"
        for change in (
            lambda: (folder / "more.csv").write_text("x"),
            lambda: grid.write_text("id;ind\n1;2\n"),
            lambda: (folder / "quarters.geojson").unlink(),
        ):
            freshness.remember_loaded(folder)
            change()
            assert not freshness.is_loaded(folder)

    def test_a_file_as_long_as_before_but_written_since_is_loaded(self, folder):
        freshness.remember_loaded(folder)
        seen = (folder / "quarters.geojson").stat()
        later = seen.st_mtime_ns + 1_000_000_000
        os.utime(folder / "quarters.geojson", ns=(later, later))
        assert not freshness.is_loaded(folder)

    def test_another_folder_with_the_same_files_is_another_one(self, folder, tmp_path):
        freshness.remember_loaded(folder)
        folder.rename(tmp_path / "elsewhere")
        assert not freshness.is_loaded(tmp_path / "elsewhere")

    def test_only_the_last_folder_counts(self, folder, tmp_path):
        other = tmp_path / "other"
        other.mkdir()
        (other / "cells.csv").write_text("id\n")
        freshness.remember_loaded(folder)
        freshness.remember_loaded(other)
        assert freshness.is_loaded(other)
        assert not freshness.is_loaded(folder)

    def test_a_database_made_anew_holds_nothing(self, folder):
        freshness.remember_loaded(folder)
        Run.objects.all().delete()
        assert not freshness.is_loaded(folder)

    def test_another_version_of_the_site_reads_everything_again(self, folder, monkeypatch):
        freshness.remember_loaded(folder)
        monkeypatch.setattr(freshness, "VERSION", "next")
        assert not freshness.is_loaded(folder)


class TestFilesOfPages:
    def test_they_are_collected_once(self, collected):
        assert freshness.static_files_changed()
        freshness.remember_static_files()
        assert not freshness.static_files_changed()

    def test_a_folder_emptied_by_hand_is_filled_again(self, collected):
        freshness.remember_static_files()
        for file in collected.iterdir():
            file.unlink()
        assert freshness.static_files_changed()

    def test_a_file_that_an_app_has_since_is_collected(self, collected, tmp_path, settings):
        freshness.remember_static_files()
        own = tmp_path / "own"
        own.mkdir()
        (own / "more.css").write_text("body {}")
        settings.STATICFILES_DIRS = [own]
        assert freshness.static_files_changed()


def test_tables_are_behind_while_a_migration_waits():
    assert not freshness.tables_are_behind()
    MigrationRecorder(connection).migration_qs.filter(app="maps").order_by("-id")[0].delete()
    assert freshness.tables_are_behind()
