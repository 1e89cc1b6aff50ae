"""The demonstration goes through the ordinary importers like any real delivery."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from importers.folder import load_folder
from observatory.models import Level, Perimeter, Source, Territory
from tests.importers.test_demonstration import open_demonstration

HEAVY = ("addresses", "households")


@pytest.mark.django_db(transaction=True)
def test_every_file_of_the_folder_is_accepted_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "demonstration"
    shutil.copytree(open_demonstration().folder, folder, ignore=shutil.ignore_patterns(*HEAVY))
    outcomes = {outcome.file: outcome for outcome in load_folder(folder)}
    refused = {name: o.words for name, o in outcomes.items() if o.state == "refused"}
    assert not refused
    loaded = {name for name, o in outcomes.items() if o.state == "loaded"}
    assert len(loaded) >= 12
    quarters = Territory.objects.filter(level=Level.QPV)
    assert quarters.filter(code__startswith="QP075").count() == 20
    assert quarters.filter(code__startswith="QN").count() == 20
    assert Territory.objects.filter(level=Level.ARRONDISSEMENT).count() == 20
    assert Territory.objects.filter(level=Level.QVA).count() == 7
    assert Territory.objects.filter(level=Level.CUCS).count() == 14
    assert not Perimeter.objects.exclude(repaired="").exists()
    assert not Source.objects.filter(is_demonstration=False).exists()
