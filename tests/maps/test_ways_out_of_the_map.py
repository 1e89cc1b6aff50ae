"""The map leaves the site: its address, a frame in another page, a file, QGIS."""

from __future__ import annotations

import http.server
import io
import math
import re
import threading
from datetime import date
from urllib.parse import urlencode

import numpy as np
import pypdf
import pytest
from django.test import Client
from django.utils.formats import date_format
from PIL import Image

from tests.maps.facts import build_facts
from tests.maps.panel import drawing, panel
from tests.maps.screen import plain
from tests.maps.town import PLACES, Place

pytestmark = pytest.mark.django_db
WEST, SOUTH = Place(-1, -1).centre
EAST, NORTH = Place(7, 5).centre
FRAME = f"{WEST},{SOUTH},{EAST},{NORTH}"
ASKED = {"indicateur": "poverty-rate", "annee": "2021", "classes": "2"}


def image(client: Client, form: str = "png", **asked: str):
    query = {"couches": "arrondissements,qpv", "cadre": FRAME} | asked
    return client.get(f"/carte/image.{form}?{urlencode(query)}")


def words_of(body: bytes) -> str:
    return plain(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages))


class TestTheFile:
    def test_it_says_title_legend_sources_and_day(self, client: Client, facts):
        told = words_of(image(client, "pdf", **ASKED).content)
        assert "Taux de pauvreté, 2021" in told
        assert "moins de 42,0 %" in told and "42,0 % et plus" in told
        assert "Quartiers prioritaires (QPV)" in told
        assert "Insee, Tableau d’essai" in told
        assert date_format(date.today()) in told
        assert "données fictives" in told

    def test_it_has_a_scale_bar(self, client: Client, facts):
        """Letters have no run of ink that long."""
        picture = Image.open(io.BytesIO(image(client).content)).convert("RGB")
        ink = (np.asarray(picture) == (0x17, 0x20, 0x2B)).all(axis=2)
        runs = [len(one) for row in ink for one in "".join(map(str, row.astype(int))).split("0")]
        assert max(runs) > 100

    def test_its_classes_are_those_of_the_panel(self, client: Client, facts):
        asked = ASKED | {"methode": "manuelles", "bornes": "20;35,5"}
        classes = [plain(one["words"]) for one in drawing(client, urlencode(asked))["classes"]]
        assert classes == ["moins de 20,0 %", "20,0 à 35,5 %", "35,5 % et plus"]
        told = words_of(image(client, "pdf", **asked).content)
        assert all(words in told for words in classes)

    def test_the_colours_of_the_legend_are_on_it(self, client: Client, facts):
        told = panel(client, urlencode(ASKED))
        picture = Image.open(io.BytesIO(image(client, **ASKED).content)).convert("RGB")
        drawn = {colour for count, colour in picture.getcolors(1_000_000) if count > 50}
        for colour in re.findall(r'"colour": "(#[0-9a-f]{6})"', told):
            assert tuple(bytes.fromhex(colour[1:])) in drawn

    def test_faded_colours_are_faded_on_it(self, client: Client, facts):
        whole, faded = (
            {
                colour
                for count, colour in Image.open(io.BytesIO(answer.content))
                .convert("RGB")
                .getcolors(1_000_000)
                if count > 50
            }
            for answer in (image(client, **ASKED), image(client, opacite="50", **ASKED))
        )
        plum = (0x6D, 0x22, 0x50)
        assert plum in whole
        assert plum not in faded

    def test_cells_are_drawn_in_their_theme_with_what_is_apart(self, client: Client, facts):
        told = words_of(image(client, "pdf", couches="cells").content)
        assert "Part de ménages pauvres, par carreau de 200 m" in told
        assert "moins de 11 ménages" in told and "sans donnée" in told
        income = words_of(image(client, "pdf", couches="cells", theme="niveau-de-vie").content)
        assert "Niveau de vie moyen" in income and "45 000 € et plus" in income

    def test_only_what_is_on_is_in_the_legend(self, client: Client, facts):
        assert "Zones" not in words_of(image(client, "pdf").content)
        assert "Zones calculées" in words_of(image(client, "pdf", couches="zones").content)

    def test_a_place_without_anything_is_still_a_map(self, client: Client, facts):
        answer = image(client, cadre="0,45,0.1,45.1")
        assert answer.status_code == 200
        assert answer.content.startswith(b"\x89PNG")

    @pytest.mark.parametrize("form", ["png", "svg", "pdf"])
    def test_each_form_is_a_file_to_keep(self, client: Client, facts, form):
        answer = image(client, form)
        assert answer.headers["Content-Disposition"] == f'attachment; filename="carte.{form}"'

    @pytest.mark.parametrize(
        "asked",
        [{"cadre": ""}, {"cadre": "1,2,3"}, {"cadre": "5,40,1,41"}, {"cadre": "-170,-80,170,80"},
         {"cadre": "nan,0,1,1"}, {"generation": "x"}, {"indicateur": "inconnu"}],
    )  # fmt: skip
    def test_what_cannot_be_drawn_does_not_exist(self, client: Client, facts, asked):
        assert image(client, **asked).status_code == 404


class TestTheFrame:
    def test_only_the_embed_may_stand_in_another_page(self, client: Client, facts):
        def allowed(path: str) -> str:
            policy = client.get(path).headers["Content-Security-Policy"]
            return re.search(r"frame-ancestors ([^;]+)", policy)[1].strip()

        assert allowed("/carte/integrer/") == "*"
        assert "X-Frame-Options" not in client.get("/carte/integrer/").headers
        for path in ("/", "/indicateur/", "/compte/connexion/", "/carte/indicateur/"):
            assert allowed(path) == "'self'"
            assert client.get(path).headers["X-Frame-Options"] == "SAMEORIGIN"

    def test_its_policy_is_as_strict_as_the_others_otherwise(self, client: Client, facts):
        def rest(path: str) -> set[str]:
            parts = client.get(path).headers["Content-Security-Policy"].split(";")
            return {one.strip() for one in parts if "frame-ancestors" not in one}

        assert rest("/carte/integrer/") == rest("/")

    def test_it_is_only_read(self, client: Client, facts):
        assert client.post("/carte/integrer/").status_code == 405


class TestForQgis:
    def test_the_addresses_it_is_given_answer(self, client: Client, facts):
        page = client.get("/").content.decode()
        (address,) = re.findall(r'id="share-ogc" readonly value="http://testserver([^"]+)"', page)
        links = client.get(address, headers={"Accept": "application/json"}).json()["links"]
        assert {"conformance", "data"} <= {one["rel"] for one in links}
        for layer in client.get("/tiles").json()["layers"]:
            if layer["count"]:
                assert client.get(layer["style"]).json()["version"] == 8


@pytest.fixture
def elsewhere():
    """Serve one page on another origin, which frames what its address names."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            wanted = self.path[1:]
            self.wfile.write(f'<iframe src="{wanted}" width="800" height="600">'.encode())

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    def test_the_map_works_in_a_frame_of_another_site(self, town, chromium, live_server, elsewhere):
        build_facts()
        page = chromium.new_page()
        page.set_default_timeout(120_000)
        page.goto(f"{elsewhere}/{live_server.url}/carte/integrer/?{urlencode(ASKED)}")
        frame = page.frame_locator("iframe")
        frame.locator("#explorer[data-state=ready]").wait_for(state="attached")
        frame.locator("#legend [data-layer=thematic]").wait_for()
        assert frame.locator("#legend h3").inner_text() == "Taux de pauvreté, 2021"
        assert not frame.locator(".top").is_visible()
        assert not frame.locator("#side").is_visible()
        assert frame.locator("#demonstration").is_visible()
        link = frame.locator("#embed-link").get_attribute("href")
        assert link.startswith("/?") and "indicateur=poverty-rate" in link
        page.close()

    def test_no_other_page_can_be_framed(self, town, chromium, live_server, elsewhere):
        page = chromium.new_page()
        page.goto(f"{elsewhere}/{live_server.url}/indicateur/")
        page.wait_for_load_state("load")
        assert all(not one.url.startswith(live_server.url) for one in page.frames)
        page.close()

    def test_the_panel_gives_addresses_that_bring_the_same_map(self, town, new_screen):
        build_facts()
        screen = new_screen().open(f"/?{urlencode(ASKED)}")
        screen.page.wait_for_selector("#legend [data-layer=thematic]")
        screen.page.click("#tab-share")
        link = screen.page.input_value("#share-link")
        assert link == screen.page.url
        assert "indicateur=poverty-rate" in link
        code = screen.page.input_value("#share-embed")
        assert code.startswith(f'<iframe src="{screen.origin}/carte/integrer/?')
        picture = screen.page.get_attribute("[data-picture$='.png']", "href")
        assert "cadre=" in picture and "couches=" in picture
        body = screen.page.request.get(screen.origin + picture).body()
        assert body.startswith(b"\x89PNG")
        tiles = screen.page.input_value("#tiles-qpv")
        west, south = PLACES["a"].centre
        assert screen.page.request.get(tile_at(tiles, west, south)).ok


def tile_at(template: str, longitude: float, latitude: float, zoom: int = 12) -> str:
    """Return the address of the tile that holds a place."""
    column = int((longitude + 180) / 360 * 2**zoom)
    row = int((1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * 2**zoom)
    return template.format(z=zoom, x=column, y=row)
