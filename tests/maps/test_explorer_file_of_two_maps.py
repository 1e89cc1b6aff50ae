"""Two maps on screen are one file: both places, both years, one legend for the two."""

from __future__ import annotations

import io
import json
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import pypdf
import pytest
from django.test import Client
from PIL import Image

from tests.maps.facts import build_facts
from tests.maps.screen import plain
from tests.maps.town import Place

WEST, SOUTH = Place(-1, -1).centre
EAST, NORTH = Place(7, 5).centre
FRAME = f"{WEST},{SOUTH},{EAST},{NORTH}"
ASKED = {"indicateur": "poverty-rate", "annee": "2021", "classes": "2"}


def file_of(client: Client, form: str, **asked: str) -> bytes:
    query = {"couches": "arrondissements,qpv", "cadre": FRAME} | asked
    answer = client.get(f"/carte/image.{form}?{urlencode(query)}")
    assert answer.status_code == 200
    return answer.content


def words_of(body: bytes) -> str:
    return plain(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages))


def heights_of(body: bytes) -> dict[str, float]:
    """Return how high on the page each run of words stands, in points."""
    found: dict[str, float] = {}

    def note(text: str, page: list[float], line: list[float], *_more: object) -> None:
        if text.strip():
            found[plain(text)] = float(page[5]) + float(line[5])

    pypdf.PdfReader(io.BytesIO(body)).pages[0].extract_text(visitor_text=note)
    return found


def longest_run(ink: np.ndarray) -> int:
    """Return how many pixels the longest line of ink has."""
    rows = ("".join(map(str, row.astype(int))) for row in ink)
    return max(len(run) for row in rows for run in row.split("0"))


@pytest.mark.django_db
class TestTheFile:
    def test_it_tells_both_years(self, client: Client, facts):
        told = words_of(file_of(client, "pdf", cadre2=FRAME, annee2="2019", **ASKED))
        assert "Taux de pauvreté, 2021" in told
        assert "Taux de pauvreté, 2019" in told

    def test_one_legend_serves_both_by_the_classes_of_all_years(self, client: Client, facts):
        query = urlencode(ASKED | {"periode": "toutes"})
        panel = client.get(f"/carte/indicateur/?{query}").content.decode()
        found = re.search(r'<script id="drawing"[^>]*>(.*?)</script>', panel, re.DOTALL)
        classes = [plain(one["words"]) for one in json.loads(found[1])["classes"]]
        told = words_of(file_of(client, "pdf", cadre2=FRAME, annee2="2019", **ASKED))
        assert len(classes) == 2
        assert [told.count(words) for words in classes] == [1, 1]

    def test_what_only_the_second_map_shows_is_in_the_legend_too(self, client: Client, facts):
        """In the first frame there is no cell: its legend would be empty of them."""
        nowhere = "0,45,0.1,45.1"
        alone = words_of(file_of(client, "pdf", couches="cells", cadre=nowhere))
        assert "15 à 20 %" not in alone
        both = words_of(file_of(client, "pdf", couches="cells", cadre=nowhere, cadre2=FRAME))
        assert both.count("15 à 20 %") == 1

    def test_each_has_its_own_scale_and_north(self, client: Client, facts):
        """The bars of a place and of one three times as wide are not of one length."""
        wide = f"{2 * WEST - EAST},{2 * SOUTH - NORTH},{2 * EAST - WEST},{2 * NORTH - SOUTH}"
        picture = Image.open(io.BytesIO(file_of(client, "png", cadre2=wide, **ASKED)))
        ink = (np.asarray(picture.convert("RGB")) == (0x17, 0x20, 0x2B)).all(axis=2)
        half = ink.shape[1] // 2
        bars = [longest_run(ink[:, :half]), longest_run(ink[:, half:])]
        # Letters have no run of ink that long.
        assert min(bars) > 80
        assert bars[0] != bars[1]

    @pytest.mark.parametrize("more", [{}, {"cadre2": FRAME, "annee2": "2019"}])
    def test_the_legend_stands_clear_of_the_small_print(self, client: Client, facts, more):
        heights = heights_of(file_of(client, "pdf", **ASKED, **more))
        small = [
            height for words, height in heights.items() if words.startswith(("Source", "Fonds"))
        ]
        keys = [
            height for words, height in heights.items() if "42,0" in words or "et plus" in words
        ]
        assert small
        assert keys
        # Letters of eight points, one and a half of them at least from line to line.
        assert min(keys) - max(small) > 8

    def test_it_is_as_wide_as_two(self, client: Client, facts):
        one, two = (
            Image.open(io.BytesIO(file_of(client, "png", **ASKED, **more))).size
            for more in ({}, {"cadre2": FRAME})
        )
        assert two[0] > 1.4 * one[0]
        assert two[1] < one[1]

    def test_a_count_has_circles_of_one_scale(self, client: Client, facts):
        asked = ASKED | {"affichage": "effectif", "cadre2": FRAME, "annee2": "2020"}
        panel = client.get(f"/carte/indicateur/?{urlencode(asked | {'periode': 'toutes'})}")
        found = re.search(
            r'<script id="drawing"[^>]*>(.*?)</script>', panel.content.decode(), re.DOTALL
        )
        sizes = [plain(one["words"]) for one in json.loads(found[1])["sizes"]]
        told = words_of(file_of(client, "pdf", **asked))
        assert ", 2021" in told
        assert ", 2020" in told
        assert sizes
        assert all(words in told for words in sizes)

    def test_one_map_is_as_it_was(self, client: Client, facts):
        told = words_of(file_of(client, "pdf", annee2="2019", lieu2="", **ASKED))
        assert "2019" not in told

    @pytest.mark.parametrize(
        "asked",
        [{"cadre2": "1,2,3"}, {"cadre2": "5,40,1,41"}, {"cadre2": "-170,-80,170,80"},
         {"cadre2": FRAME, "annee2": "x"}, {"cadre2": FRAME, "annee2": "1900"}],
    )  # fmt: skip
    def test_a_second_map_that_cannot_be_drawn_does_not_exist(self, client: Client, facts, asked):
        query = {"couches": "qpv", "cadre": FRAME} | ASKED | asked
        assert client.get(f"/carte/image.png?{urlencode(query)}").status_code == 404


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_panel_s_file_is_of_both_maps_until_one_is_closed(town, new_screen):
    build_facts()
    place = f"14/{SOUTH:.4f}/{WEST:.4f}"
    screen = new_screen(1300, 760).open(f"/?{urlencode(ASKED)}&lieu2={place}&annee2=2019")
    screen.page.wait_for_selector("#two-year option[value='2019']", state="attached")
    screen.page.wait_for_function("() => window.observatorySecond")
    screen.page.click("#tab-share")
    selector = "[data-picture$='.pdf']"
    both = "(one) => ['cadre2=', 'annee2=2019'].every((part) => one.href.includes(part))"
    screen.page.wait_for_function(
        f"(selector) => ({both})(document.querySelector(selector))", arg=selector
    )
    link = screen.page.get_attribute(selector, "href")
    query = parse_qs(urlsplit(link).query)
    west, south, east, north = map(float, query["cadre2"][0].split(","))
    assert west < WEST < east
    assert south < SOUTH < north
    assert query["cadre2"] != query["cadre"]
    told = words_of(screen.page.request.get(screen.origin + link).body())
    assert "Taux de pauvreté, 2021" in told
    assert "Taux de pauvreté, 2019" in told
    screen.page.click(".two-maps")
    assert "cadre2" not in screen.page.get_attribute(selector, "href")
