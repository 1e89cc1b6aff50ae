"""Every page that shows the demonstration says so; a page of real data never does."""

from __future__ import annotations

import pytest
from django.test import Client

from maps.comparison.selection import wholes
from maps.models import Snapshot, checksum_of
from observatory.models import Level, Membership, Source, Territory
from tests.factories import a_territory
from tests.maps.facts import build_facts
from tests.maps.town import build_town

pytestmark = pytest.mark.django_db
WORDS = "Territoire de démonstration — données fictives"
PAGES = (
    "/quartiers/",
    "/indicateur/",
    "/et-si/",
    "/comparer/",
    "/portraits/",
    "/portraits/?niveau=arrondissement",
    "/portraits/qpv/QN075901/",
)


def badges(client: Client, path: str) -> int:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode().count(f'<p class="demonstration">{WORDS}</p>')


@pytest.fixture
def invented(db: None) -> None:
    build_town(demonstration=True)
    build_facts()
    Source.objects.update(is_demonstration=True)


@pytest.fixture
def real(db: None) -> None:
    build_town(demonstration=False)
    build_facts()
    assert not Source.objects.filter(is_demonstration=True).exists()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_invented_data_says_so_once(client: Client, invented: None, path: str) -> None:
    assert badges(client, path) == 1


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_real_data_is_not_called_a_demonstration(
    client: Client, real: None, path: str
) -> None:
    assert badges(client, path) == 0


def test_invented_figures_on_real_outlines_are_told_too(client: Client, real: None) -> None:
    Source.objects.filter(code="chiffres").update(is_demonstration=True)
    assert badges(client, "/comparer/") == 1
    assert badges(client, "/indicateur/") == 1


def test_a_list_that_shows_nothing_has_no_badge(client: Client, invented: None) -> None:
    assert badges(client, "/portraits/?texte=nullepart") == 0


def test_a_frozen_comparison_of_invented_quarters_says_so(client: Client, invented: None) -> None:
    row = {
        "code": "QN075901", "quarter": "L’Écluse", "indicator": "poverty-rate", "label": "Pauvreté",
        "year": 2021, "value": 42.0, "unit": "%", "standing": "declared", "source": "Essai",
    }  # fmt: skip
    made = Snapshot.objects.create(
        title="Essai", query="", content=[row], checksum=checksum_of([row]), open_to_all=True
    )
    assert badges(client, f"/comparer/fige/{made.mark}/") == 1


def test_the_comparison_opens_on_the_contract_with_most_quarters(
    client: Client, invented: None
) -> None:
    source = Source.objects.get(code="limites")
    small = a_territory(Level.CONTRACT, "CV0", "Petit contrat", source=source)
    quarter = Territory.objects.get(code="QN075902")
    Membership.objects.create(member=quarter, container=small, source=source, area_share=1.0)
    assert [one.code for one in wholes()[:2]] == ["CV1", "CV0"]
    assert "2 quartiers comparés sur 2" in client.get("/comparer/").content.decode()
