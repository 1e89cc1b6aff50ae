"""A zone that is drawn is on the image of the map, and no address ever says where it is."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import numpy as np
import pypdf
import pytest
from django.test import Client
from PIL import Image

from maps.explorer.sheet import ZONE
from tests.maps.screen import plain
from tests.maps.test_explorer_zone_in_the_address import CORNERS, count, draw
from tests.maps.test_ways_out_of_the_map import FRAME, words_of
from tests.maps.town import Place

ZONE_RGB = tuple(bytes.fromhex(ZONE[1:]))
LAYERS = urlencode({"couches": "arrondissements", "cadre": FRAME})
# One block of two cells by one, and a line through nothing else of the town.
WKT = "POLYGON(({}))".format(
    ", ".join("{} {}".format(*Place(*at).centre) for at in (*CORNERS, CORNERS[0]))
)


def image(client: Client, form: str = "png", query: str = LAYERS, **body: str) -> bytes:
    answer = client.post(f"/carte/image.{form}?{query}", body)
    assert answer.status_code == 200
    return answer.content


def ink_of_the_zone(png: bytes) -> int:
    """Return how many pixels have the zone's own colour."""
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    return int((picture == ZONE_RGB).all(axis=2).sum())


@pytest.mark.django_db
class TestTheFile:
    def test_its_outline_is_drawn_over_the_layers(self, client: Client, facts):
        bare = client.get(f"/carte/image.png?{LAYERS}").content
        assert ink_of_the_zone(bare) == 0
        assert ink_of_the_zone(image(client, zone=WKT)) > 500

    @pytest.mark.parametrize("form", ["pdf", "svg"])
    def test_every_form_of_the_file_has_it(self, client: Client, facts, form):
        bare = client.get(f"/carte/image.{form}?{LAYERS}").content
        with_zone = image(client, form, zone=WKT)
        assert len(with_zone) > len(bare)
        if form == "pdf":
            assert "Zone dessinée" in words_of(with_zone)
            assert "Zone dessinée" not in words_of(bare)

    def test_a_territory_counted_in_is_in_the_legend_by_its_name(self, client: Client, facts):
        told = words_of(image(client, "pdf", territoire="qpv:QN075902"))
        assert "Haut-Coteau" in told

    def test_in_english_too(self, client: Client, facts):
        client.cookies["django_language"] = "en"
        assert "Drawn zone" in words_of(image(client, "pdf", zone=WKT))

    @pytest.mark.parametrize(
        "body", [{}, {"zone": "un rond"}, {"zone": "POINT (2 48)"}, {"territoire": "qpv:QX"}]
    )
    def test_what_is_no_zone_is_no_image(self, client: Client, facts, body):
        assert client.post(f"/carte/image.png?{LAYERS}", body).status_code == 404

    def test_of_two_maps_only_the_first_has_it_as_on_screen(self, client: Client, facts):
        query = f"{LAYERS}&{urlencode({'cadre2': FRAME})}"
        picture = Image.open(io.BytesIO(image(client, query=query, zone=WKT)))
        left = picture.crop((0, 0, picture.width // 2, picture.height * 3 // 4))
        right = picture.crop((picture.width // 2, 0, picture.width, picture.height * 3 // 4))
        counts = []
        for half in (left, right):
            out = io.BytesIO()
            half.save(out, "PNG")
            counts.append(ink_of_the_zone(out.getvalue()))
        assert counts[0] > 100
        assert counts[1] == 0

    def test_a_form_of_another_site_gets_none(self, facts):
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(f"/carte/image.png?{LAYERS}", {"zone": WKT}).status_code == 403


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    def test_the_image_kept_from_the_page_has_the_zone_and_no_address_says_it(self, screen):
        screen.open("/?couches=arrondissements")
        draw(screen)
        count(screen)
        screen.page.click("#tab-share")
        with screen.page.expect_download() as kept:
            screen.page.click("[data-image='carte.pdf']")
        assert kept.value.suggested_filename == "carte.pdf"
        told = pypdf.PdfReader(kept.value.path()).pages[0].extract_text()
        assert "Zone dessinée" in plain(told)
        asked = [url for url in screen.requests if "/carte/image" in url]
        assert len(asked) == 1
        assert "zone" not in asked[0]

    def test_without_a_zone_the_image_is_a_plain_link(self, screen):
        screen.open("/?couches=arrondissements")
        draw(screen)
        screen.page.click("[data-erase]")
        screen.page.click("#tab-share")
        with screen.page.expect_download() as kept:
            screen.page.click("[data-image='carte.pdf']")
        told = pypdf.PdfReader(kept.value.path()).pages[0].extract_text()
        assert "Zone dessinée" not in plain(told)

    def test_an_image_that_cannot_be_made_is_said_and_the_page_stays(self, town, new_screen):
        screen = new_screen(troubled=True).open("/?couches=arrondissements")
        draw(screen)
        screen.page.route("**/carte/image*", lambda route: route.fulfill(status=429, body=""))
        screen.page.click("#tab-share")
        screen.page.click("[data-image='carte.png']")
        screen.page.wait_for_selector("#share-said >> text=/n’a pas pu être faite/")
        assert screen.shows("#panel-share")
