"""Each layer comes with a style; letters and images come from the same server."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from layers import glyphs
from layers.registry import REGISTRY
from layers.styles import NO_DATA, WITHHELD
from observatory.models import Facility, Indicator, Nature, Observation, SourceTerms, Standing
from tests.factories import under_terms
from tests.layers.places import square

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


def style_of(visitor, names, query="", status=200):
    answer = visitor.get(f"/styles/{names}.json{query}")
    assert answer.status_code == status
    return answer.json()


def read(data):
    """Return the fields of a protocol buffers message: (number, value) pairs."""
    place, found = 0, []

    def varint():
        nonlocal place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while place < len(data):
        key = varint()
        if key & 7 == 2:
            length = varint()
            found.append((key >> 3, data[place : place + length]))
            place += length
        else:
            found.append((key >> 3, varint()))
    return found


@pytest.mark.django_db
class TestDocuments:
    def test_every_layer_has_a_style_that_names_only_this_server(self, visitor, rules):
        for layer in REGISTRY:
            if layer.is_bounded:
                continue
            style = style_of(visitor, layer.id)
            assert style["version"] == 8
            assert style["sources"]["observatory"]["url"].endswith(f"/tiles/{layer.id}.json")
            assert {part["source-layer"] for part in style["layers"]} == {layer.id}
            assert len({part["id"] for part in style["layers"]}) == len(style["layers"])
            addresses = [style["glyphs"], style["sprite"], style["sources"]["observatory"]["url"]]
            assert all(address.startswith("http://testserver/") for address in addresses)

    def test_every_attribute_a_style_reads_is_one_the_tiles_carry(self, visitor, rules):
        for layer in REGISTRY:
            if layer.look and not layer.is_bounded:
                carried = {attribute.name for attribute in layer.attributes}
                assert {*layer.look.shade, *filter(None, [layer.look.label])} <= carried
                written = json.dumps(style_of(visitor, layer.id))
                assert all(f'"{name}"' in written for name in layer.look.shade)

    def test_the_list_of_layers_leads_to_each_style(self, visitor, rules):
        for layer in visitor.get("/tiles").json()["layers"]:
            assert visitor.get(layer["style"]).json()["version"] == 8

    def test_several_layers_make_one_style_in_the_order_asked_for(self, visitor, rules):
        style = style_of(visitor, "cells,qpv")
        order = [part["source-layer"] for part in style["layers"]]
        assert order == sorted(order, key=("cells", "qpv").index)
        assert style["sources"]["observatory"]["url"].endswith("/tiles/cells,qpv.json")

    def test_parameters_reach_the_tiles(self, visitor, rules):
        style = style_of(visitor, "qpv", "?generation=2015")
        assert style["sources"]["observatory"]["url"].endswith("qpv.json?generation=2015")

    def test_classes_of_a_figure_come_from_the_figures(self, visitor, make_area, source):
        SourceTerms.objects.create(source=source)
        indicator = Indicator.objects.create(code="a", label="A", nature=Nature.COUNT)
        for number in range(12):
            area = make_area(code=f"QP{number}", shape=square(2.3 + number / 100)).territory
            Observation.objects.create(
                indicator=indicator, territory=area, year=2021, value=10 * number, source=source,
                standing=Standing.DECLARED,
            )  # fmt: skip
        make_area(code="NONE", shape=square(2.6))
        breaks = style_of(visitor, "figures_qpv")["metadata"]["observatory:classes"]["figures_qpv"]
        assert breaks == [10, 30, 50, 70, 90]
        none = style_of(visitor, "figures_qpv", "?year=1999")
        assert none["metadata"]["observatory:classes"] == {}

    def test_the_legend_tells_each_colour_and_a_withheld_figure_from_one_that_is_missing(
        self, visitor, make_area, source
    ):
        SourceTerms.objects.create(source=source)
        indicator = Indicator.objects.create(
            code="a", label="A", nature=Nature.COUNT, counts_persons=True
        )
        for number in range(12):
            area = make_area(code=f"QP{number}", shape=square(2.3 + number / 100)).territory
            Observation.objects.create(
                indicator=indicator, territory=area, year=2021, value=2 + 100 * number,
                source=source, standing=Standing.DECLARED,
            )  # fmt: skip
        make_area(code="NONE", shape=square(2.6))
        style = style_of(visitor, "figures_qpv")
        legend = style["metadata"]["observatory:legend"]["figures_qpv"]
        breaks = style["metadata"]["observatory:classes"]["figures_qpv"]
        classes, (withheld, missing) = legend[:-2], legend[-2:]
        assert [one["from"] for one in classes] == [None, *breaks]
        assert [one["to"] for one in classes] == [*breaks, None]
        assert breaks[0] > 2  # the figure of two persons makes no class
        assert (withheld["label"], missing["label"]) == (
            "Retenu : trop peu de personnes", "Pas de donnée",
        )  # fmt: skip
        assert len({one["colour"] for one in legend}) == len(legend)
        fill = next(part for part in style["layers"] if part["type"] == "fill")
        *_cases, chosen, kept, otherwise = fill["paint"]["fill-color"]
        assert chosen == ["==", ["get", "standing"], "withheld"]
        assert (kept, otherwise) == (withheld["colour"], missing["colour"])
        fields = visitor.get("/tiles/figures_qpv.json").json()["vector_layers"][0]["fields"]
        assert {"value", "unit", "year", "standing", "source", "numerator"} <= set(fields)

    def test_a_legend_is_in_english_when_english_is_asked(self, visitor, make_area):
        make_area()
        visitor.cookies["django_language"] = "en"
        legend = style_of(visitor, "figures_qpv")["metadata"]["observatory:legend"]
        assert legend["figures_qpv"] == [
            {"colour": WITHHELD, "label": "Withheld: too few persons"},
            {"colour": NO_DATA, "label": "No data"},
        ]

    def test_a_hidden_layer_has_no_style(self, visitor, secret_layer):
        assert style_of(visitor, "drafts", status=404)["title"] == "Unknown layer"
        assert style_of(visitor, "absent", status=404)["title"] == "Unknown layer"
        assert style_of(visitor, "qpv", "?colour=red", status=400)["status"] == 400


@pytest.mark.django_db
class TestImagesAndLetters:
    @pytest.mark.parametrize(("ratio", "dots"), [("", 1), ("@2x", 2)])
    def test_each_image_lies_where_the_index_says(self, visitor, ratio, dots):
        index = visitor.get(f"/styles/sprites/observatory{ratio}.json").json()
        sheet = Image.open(
            io.BytesIO(visitor.get(f"/styles/sprites/observatory{ratio}.png").content)
        )
        for place in index.values():
            assert place["pixelRatio"] == dots
            corner = (place["x"], place["y"])
            cut = sheet.crop((*corner, corner[0] + place["width"], corner[1] + place["height"]))
            assert cut.size == (16 * dots, 16 * dots)
            assert np.asarray(cut)[..., 3].max() > 128  # something is drawn there

    def test_every_pattern_a_layer_fills_with_is_an_image(self, visitor):
        index = visitor.get("/styles/sprites/observatory.json").json()
        wanted = {layer.look.pattern for layer in REGISTRY if layer.look and layer.look.pattern}
        assert wanted
        assert wanted <= set(index)

    def test_letters_hold_every_french_sign(self, visitor):
        held = set()
        for start in (0, 256, 8192):
            answer = visitor.get(f"/styles/glyphs/{glyphs.BOLD}/{start}-{start + 255}.pbf")
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            ((_, stack),) = read(answer.content)
            held |= {dict(read(part))[1] for number, part in read(stack) if number == 3}
        assert {ord(sign) for sign in "aàâæçéèêëïîôœùûüÿÀÉŒ’–—… «»0123456789"} <= held

    def test_a_letter_is_a_field_of_distances_with_its_size_and_advance(self):
        ((_, stack),) = read(glyphs.glyphs("DejaVu Sans Regular", 0))
        letters = {}
        for number, part in read(stack):
            if number == 3:
                letter = dict(read(part))
                letters[chr(letter[1])] = letter
        bar = letters["l"]
        field = np.frombuffer(bar[2], np.uint8).reshape(bar[4] + 6, bar[3] + 6)
        assert bar[4] > 15 > bar[3]
        assert field[field.shape[0] // 2].max() >= 191  # inside the stroke
        assert field[0, 0] < 128  # away from it
        assert 2 not in letters[" "]  # a space has no drawing, only an advance
        assert letters[" "][7] == pytest.approx(7.6, abs=0.6)
        assert letters["W"][7] > letters["i"][7]

    @pytest.mark.parametrize(
        "address",
        [
            "/styles/glyphs/Comic Sans/0-255.pbf",
            f"/styles/glyphs/{glyphs.BOLD}/0-10.pbf",
            f"/styles/glyphs/{glyphs.BOLD}/7-262.pbf",
            f"/styles/glyphs/{glyphs.BOLD}/99999744-99999999.pbf",
            "/styles/sprites/observatory@3x.png",
            "/styles/sprites/observatory.gif",
            "/styles/",
            "/styles/nothing/here",
        ],
    )
    def test_what_is_not_served_is_said_as_a_problem(self, visitor, address):
        answer = visitor.get(address)
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
@pytest.mark.django_db(transaction=True)
def test_maplibre_draws_the_styles_with_letters_and_images_of_this_server(
    live_server, settings, make_area, make_grid, source, tmp_path
):
    settings.ROOT_URLCONF = "observatory.urls"  # a browser asks for more than the map server
    from django.contrib.gis.geos import Point

    make_area(name="Goutte d’Or")
    make_grid(20, 20, men_pauv=12)
    Facility.objects.create(
        source=under_terms(source),
        key="1",
        name="École",
        category="school",
        geom=Point(2.35, 48.88, srid=4326),
    )
    program = Path(__file__).with_name("draw_style.py")
    command = [sys.executable, str(program), live_server.url, "/styles/cells,qpv,facilities.json"]
    command += [CHROMIUM, str(tmp_path / "map.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told["errors"] == []
    assert told["loaded"]
    assert {"cells-fill", "qpv-fill", "qpv-line", "qpv-name", "facilities-place"} <= {
        *told["drawn"]
    }
    assert all(url.startswith(live_server.url) for url, _ in told["asked"] if "blob:" not in url)
    kinds = {"/styles/glyphs/": 0, "/styles/sprites/": 0, ".pbf": 0}
    for url, status in told["asked"]:
        assert status in (200, 304) or "favicon" in url, url
        for kind in kinds:
            kinds[kind] += kind in url
    assert all(kinds.values()), kinds
