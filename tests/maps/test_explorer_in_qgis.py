"""The layers on screen open in QGIS from one file: this server's tiles, in the page's colours."""

from __future__ import annotations

import math
import sqlite3
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree

import numpy as np
import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.registry import REGISTRY
from maps.explorer.qgis import _cells
from maps.explorer.themes import THEMES
from observatory.models import AccessRule, Source
from tests.maps.facts import build_facts
from tests.maps.screen import plain
from tests.maps.town import PLACES

FILE = "/carte/carte.qlr"
ASKED = {"indicateur": "poverty-rate", "annee": "2021", "classes": "2"}
COUNT = ASKED | {"affichage": "effectif"}
counts = st.one_of(st.none(), st.floats(0, 400))


def opened(client: Client, **asked: str) -> ElementTree.Element:
    """Return the file of a screen, parsed."""
    answer = client.get(f"{FILE}?{urlencode({'couches': 'cells,qpv,arrondissements'} | asked)}")
    assert answer.status_code == 200
    return ElementTree.fromstring(answer.content)  # noqa: S314 - our own file


def layers_of(tree: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """Return every layer by its name, from the top down."""
    return {plain(one.findtext("layername")): one for one in tree.find("maplayers")}


def tiles_of(layer: ElementTree.Element) -> str:
    """Return the address of a layer's tiles, as QGIS reads it."""
    (url,) = parse_qs(layer.findtext("datasource"))["url"]
    return url


def rules_of(layer: ElementTree.Element) -> dict[str, str]:
    return {plain(one.get("name")): one.get("expression") for one in layer.iter("style")}


@pytest.mark.django_db
class TestTheFile:
    def test_it_holds_the_layers_on_screen_the_top_one_first(self, client: Client, facts):
        tree = opened(client)
        names = [
            "Quartiers prioritaires (QPV)",
            "Arrondissements",
            "Part de ménages pauvres, par carreau de 200 m",
        ]
        assert list(layers_of(tree)) == names
        listed = [one.get("name") for one in tree.iter("layer-tree-layer")]
        assert [plain(one) for one in listed] == names
        other = opened(client, ordre="cells,qpv,arrondissements")
        assert list(layers_of(other)) == [names[2], names[0], names[1]]

    def test_every_listed_layer_is_described(self, client: Client, facts):
        tree = opened(client)
        listed = {one.get("id") for one in tree.iter("layer-tree-layer")}
        assert listed == {one.findtext("id") for one in tree.find("maplayers")}
        assert len(listed) == 3

    def test_its_tiles_are_this_server_s_in_their_version(self, client: Client, facts):
        layer = layers_of(opened(client))["Quartiers prioritaires (QPV)"]
        told = client.get("/tiles/qpv.json").json()
        assert tiles_of(layer) == told["tiles"][0]
        assert "v=" in urlsplit(told["tiles"][0]).query
        zooms = parse_qs(layer.findtext("datasource"))
        assert zooms["type"] == ["xyz"]
        assert zooms["zmin"] == [str(told["minzoom"])]
        assert zooms["zmax"] == [str(told["maxzoom"])]

    def test_the_tiles_it_names_hold_what_its_style_asks_for(self, client: Client, facts):
        layer = layers_of(opened(client))["Part de ménages pauvres, par carreau de 200 m"]
        west, south = PLACES["a"].centre
        column = int((west + 180) / 360 * 2**14)
        row = int((1 - math.asinh(math.tan(math.radians(south))) / math.pi) / 2 * 2**14)
        tile = client.get(tiles_of(layer).format(z=14, x=column, y=row).partition("testserver")[2])
        assert tile.status_code == 200
        body = tile.content if not tile.streaming else b"".join(tile.streaming_content)
        assert all(name in body for name in (b"men_pauv", b"men"))
        assert {one.get("layer") for one in layer.iter("style")} == {"cells"}

    def test_a_generation_is_asked_for_in_the_tiles(self, client: Client, facts):
        layer = layers_of(opened(client, generation="2015"))["Quartiers prioritaires (QPV)"]
        assert "generation=2015" in tiles_of(layer)

    def test_whom_to_quote_goes_along_whatever_signs_the_name_has(self, client: Client, facts):
        producer = 'L’État & Cie <b>"d\'ici"</b> ]]>'
        Source.objects.update(producer=producer)
        for layer in layers_of(opened(client)).values():
            assert producer in layer.findtext("attribution")

    def test_an_outline_has_its_colour_and_its_width(self, client: Client, facts):
        look = REGISTRY.get("qpv").look
        layer = layers_of(opened(client))["Quartiers prioritaires (QPV)"]
        told = {one.get("name"): one.get("value") for one in layer.iter("Option")}
        assert told["line_color"] == ",".join(map(str, bytes.fromhex(look.colour[1:]))) + ",255"
        assert float(told["line_width"]) == look.width

    def test_it_reads_the_same_in_english(self, client: Client, facts):
        """A decimal comma would be no number for QGIS."""
        widths = [
            [one.get("value") for one in opened(client, opacite="50").iter("Option")]
            for client in (client, Client(headers={"accept-language": "en"}))
        ]
        assert widths[0] == widths[1]
        assert (
            layers_of(opened(client, opacite="50")).popitem()[1].findtext("layerOpacity") == "0.5"
        )


@pytest.mark.django_db
class TestAnIndicator:
    def test_its_places_have_the_classes_of_the_page(self, client: Client, facts):
        layer = layers_of(opened(client, **ASKED))["Taux de pauvreté, 2021"]
        rules = rules_of(layer)
        assert list(rules)[:2] == ["moins de 42,0 %", "42,0 % et plus"]
        page = client.get(f"/carte/indicateur/?{urlencode(ASKED)}").content.decode()
        for words in ("moins de 42,0 %", "42,0 % et plus"):
            (perimeter,) = rules[words].removeprefix("$id IN (").removesuffix(")").split(", ")
            assert f'"ids": [{perimeter}]' in page
        assert {one.get("layer") for one in layer.iter("style")} == {"qpv"}

    def test_a_count_is_never_shaded(self, client: Client, facts):
        shown = client.get(f"/carte/indicateur/?{urlencode(COUNT)}").content.decode()
        assert '"sizes": [{' in shown, "the page draws circles"
        layers = layers_of(opened(client, **COUNT))
        assert list(layers) == ["Quartiers prioritaires (QPV)", "Arrondissements"]
        kinds = {one.get("class") for layer in layers.values() for one in layer.iter("layer")}
        assert kinds == {"SimpleLine"}


@pytest.mark.django_db
class TestWhatIsRefused:
    def test_what_is_not_open_to_all_is_left_out(self, client: Client, facts):
        AccessRule.objects.all().delete()
        assert client.get(f"{FILE}?couches=qpv").status_code == 404

    @pytest.mark.parametrize(
        "asked", ["", "couches=", "couches=nowhere", "couches=qpv&indicateur=nowhere",
                  "couches=qpv&generation=x", "couches=qpv&indicateur=poverty-rate&annee=x"],
    )  # fmt: skip
    def test_nonsense_does_not_exist(self, client: Client, facts, asked):
        assert client.get(f"{FILE}?{asked}").status_code == 404

    def test_it_is_only_read(self, client: Client, facts):
        assert client.post(FILE).status_code == 405


@settings(max_examples=200, deadline=None)
@given(
    theme=st.sampled_from(THEMES),
    numbers=st.lists(counts, min_size=6, max_size=6),
    zoom=st.integers(9, 14),
)
def test_each_cell_is_in_the_class_the_page_puts_it_in(theme, numbers, zoom):
    """QGIS's expressions are SQL's here: a database judges them."""
    names = dict.fromkeys((*theme.columns, "men"))
    values = dict(zip(names, numbers, strict=False))
    columns = ", ".join(f':{name} AS "{name}"' for name in values)
    rules = _cells(theme)
    with sqlite3.connect(":memory:") as database:
        held = [
            bool(database.execute(
                f"SELECT {one.expression} FROM (SELECT {columns})",  # noqa: S608 - our own rule
                values | {"zoom_level": zoom},
            ).fetchone()[0])
            for one in rules
        ]  # fmt: skip
    if zoom in theme.absent_at():
        assert not any(held), "tiles without the columns tell nothing"
        return
    given_ = {name: np.array([np.nan if one is None else one]) for name, one in values.items()}
    with np.errstate(invalid="ignore"):
        (kind,) = theme.classes(given_)
    # Classes from the lowest, then few households, then no data.
    assert [place for place, is_held in enumerate(held) if is_held] == [kind % len(rules)]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_panel_hands_the_file_of_what_is_shown(town, new_screen):
    build_facts()
    screen = new_screen().open(f"/?couches=qpv,arrondissements&{urlencode(ASKED)}")
    screen.page.wait_for_selector("#legend [data-layer=thematic]")
    screen.page.click("#tab-share")
    link = screen.page.locator("#panel-share a", has_text="QGIS")
    with screen.page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "carte.qlr"
    tree = ElementTree.parse(download.value.path()).getroot()  # noqa: S314 - our own file
    assert "Taux de pauvreté, 2021" in layers_of(tree)
    assert all(tiles_of(one).startswith(screen.origin) for one in layers_of(tree).values())
