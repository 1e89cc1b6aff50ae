"""Every portrait of the whole demonstration: two pages, with the figures of the page."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pypdf
import pytest
from django.test import Client

from importers.folder import load_folder
from maps.places import PORTRAYED
from observatory.models import Level, Territory
from observatory.models.perimeters import IN_FORCE
from tests.importers.test_demonstration import open_demonstration
from tests.maps.screen import plain

HEAVY = ("addresses", "households")
FIGURE = re.compile(r'data-(?:figure|gap)="[a-z0-9-]+">(?:<span[^>]*>)?([^<]+)<')
# Quarters are all looked at; a few of each larger kind stand for the others.
EVERYWHERE = (Level.QPV, Level.QVA)
SOME = 2


def faults_of(client: Client, territory: Territory) -> list[str]:
    """Return what is wrong with a territory's paper, compared with its page."""
    address = f"/portraits/{territory.level}/{territory.code}/"
    page = client.get(address).content.decode()
    reader = pypdf.PdfReader(io.BytesIO(client.get(f"{address}portrait.pdf").content))
    paper = plain(" ".join(sheet.extract_text() for sheet in reader.pages))
    told = FIGURE.findall(page)
    found = [f"{figure} is not on paper" for figure in told if plain(figure) not in paper]
    if len(reader.pages) != 2:
        found.append(f"{len(reader.pages)} pages")
    if len(told) < 5:
        found.append("hardly a figure on the page")
    return [f"{territory.code}: {fault}" for fault in found]


pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def demonstration(tmp_path: Path) -> list[Territory]:
    folder = tmp_path / "demonstration"
    shutil.copytree(open_demonstration().folder, folder, ignore=shutil.ignore_patterns(*HEAVY))
    refused = [one.file for one in load_folder(folder) if one.state == "refused"]
    assert refused == []
    return [one for level in PORTRAYED for one in portrayed(level)]


def portrayed(level: Level) -> list[Territory]:
    held = Territory.objects.filter(level=level, perimeters__status__in=IN_FORCE)
    found = list(held.exclude(code="").distinct().order_by("code"))
    return found if level in EVERYWHERE else found[:SOME]


def test_portraits_have_two_pages_and_the_figures_of_their_page(
    demonstration: list[Territory],
) -> None:
    sample = demonstration[::8]
    assert len(sample) >= 5
    assert [fault for one in sample for fault in faults_of(Client(), one)] == []


@pytest.mark.torture
@pytest.mark.timeout(1800)  # sixty portraits, each drawn twice, on a machine that may be busy
def test_every_portrait_has_two_pages_and_the_figures_of_its_page(
    demonstration: list[Territory],
) -> None:
    assert len(demonstration) >= 40
    assert [fault for one in demonstration for fault in faults_of(Client(), one)] == []
