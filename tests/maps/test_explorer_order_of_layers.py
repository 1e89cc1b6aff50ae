"""The planner lays layers over one another as a meeting needs them; link and file agree."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from layers.registry import REGISTRY
from maps.explorer.order import in_order
from tests.maps.screen import distance
from tests.maps.site import grave_faults
from tests.maps.town import IN_QUARTER, PLACES, Place

ALL = ["qpv", "cells", "zones", "arrondissements"]
HATCHED = "/?couches=cells,qpv,arrondissements"
# So near that the quarter's name, which lies over everything, leaves room beside it.
LONGITUDE, LATITUDE = IN_QUARTER.centre
NEAR = f"{HATCHED}#carte=16.5/{LATITUDE:.5f}/{LONGITUDE:.5f}"
BESIDE_THE_NAME = Place(IN_QUARTER.column + 0.28, IN_QUARTER.row + 0.28)  # type: ignore[arg-type]


def inside(screen) -> set[tuple[int, int, int]]:
    """Return the colours inside a cell that a quarter covers."""
    return set(screen.patch(BESIDE_THE_NAME, half=8))


class TestTheOrder:
    def test_the_usual_one_has_colours_below_and_zones_above(self):
        assert in_order(ALL, "") == ["cells", "arrondissements", "qpv", "zones"]

    @pytest.mark.parametrize(
        ("named", "expected"),
        [
            ("cells,zones,qpv,arrondissements", ["arrondissements", "qpv", "zones", "cells"]),
            # Only those two change places.
            ("qpv,zones", ["cells", "arrondissements", "zones", "qpv"]),
            ("cells,qpv", ["qpv", "arrondissements", "cells", "zones"]),
        ],
    )
    def test_it_is_named_from_the_top_down(self, named, expected):
        assert in_order(ALL, named) == expected

    @pytest.mark.parametrize("named", ["nowhere", ",,", "qpv", "qpv,qpv", "nowhere,qpv,'"])
    def test_nonsense_in_an_address_changes_nothing(self, named):
        assert in_order(ALL, named) == in_order(ALL, "")

    def test_what_is_coloured_has_its_place_without_cells(self):
        """An indicator is laid there."""
        assert in_order(["qpv"], "") == ["cells", "qpv"]
        assert in_order(["qpv"], "cells,qpv") == ["qpv", "cells"]

    def test_a_layer_it_does_not_know_lies_above(self):
        assert in_order(["facilities", "zones"], "")[-1] == "facilities"


@pytest.mark.django_db
class TestTheFile:
    def ink(self, client: Client, **asked: str) -> int:
        """Return how many pixels of a picture have the colour of the quarters' outline."""
        west, south = Place(-1, -1).centre
        east, north = Place(7, 5).centre
        query = {"couches": "cells,qpv", "cadre": f"{west},{south},{east},{north}"} | asked
        answer = client.get(f"/carte/image.png?{urlencode(query)}")
        pixels = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)
        colour = REGISTRY.get("qpv").look.colour
        wanted = np.array(list(bytes.fromhex(colour[1:])))
        return int((np.abs(pixels - wanted).max(axis=2) < 20).sum())

    def test_cells_laid_over_the_quarters_hide_their_outline(self, client: Client, facts):
        usual = self.ink(client)
        assert 0 < self.ink(client, ordre="cells,qpv") < 0.8 * usual
        assert self.ink(client, ordre="qpv,cells") == usual


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestOnTheMap:
    def test_cells_moved_up_lie_over_the_quarter(self, screen):
        screen.open(NEAR)
        assert len(inside(screen)) > 1, "the quarter is hatched over its cell"
        screen.page.click(".order summary")
        assert screen.texts(".order li span")[-1] == "Carreaux de 200 m"
        for _ in range(2):
            screen.page.click("#order-up-cells")
            screen.settle()
        assert screen.texts(".order li span")[0] == "Carreaux de 200 m"
        assert len(inside(screen)) == 1
        expected = screen.swatch(1)
        assert distance(inside(screen).pop(), expected) <= 2

    def test_the_address_brings_the_same_order_and_forgets_the_usual_one(self, screen, new_screen):
        screen.open(NEAR)
        screen.page.click(".order summary")
        screen.page.click("#order-up-cells")
        screen.page.click("#order-up-cells")
        assert "ordre=cells," in screen.page.url
        other = new_screen().open(screen.page.url.removeprefix(screen.origin))
        assert len(inside(other)) == 1
        other.page.click(".order summary")
        assert other.texts(".order li span") == screen.texts(".order li span")
        other.page.click("#tab-share")
        picture = other.page.get_attribute("[data-picture$='.png']", "href")
        assert "ordre=cells" in picture
        screen.page.click("#order-down-cells")
        screen.page.click("#order-down-cells")
        assert "ordre" not in screen.page.url
        screen.settle()
        assert len(inside(screen)) > 1

    def test_the_keyboard_moves_a_layer_and_keeps_its_place(self, screen):
        screen.open(HATCHED)
        screen.page.focus(".order summary")
        screen.page.keyboard.press("Enter")
        screen.page.focus("#order-up-cells")
        screen.page.keyboard.press("Enter")
        assert screen.page.evaluate("document.activeElement.id") == "order-up-cells"
        assert screen.text(".order [role=status]") == "Carreaux de 200 m : 2 sur 3"
        screen.page.keyboard.press("Enter")
        assert screen.page.get_attribute("#order-up-cells", "aria-disabled") == "true"
        before = screen.page.url
        screen.page.keyboard.press("Enter")
        assert screen.page.evaluate("document.activeElement.id") == "order-up-cells"
        assert screen.page.url == before

    def test_the_legend_lists_what_lies_on_top_first(self, screen):
        screen.open("/?couches=qpv,zones,arrondissements&ordre=arrondissements,qpv,zones")
        keys = screen.page.eval_on_selector_all(
            "#legend .legend__outlines li", "(keys) => keys.map((key) => key.dataset.layer)"
        )
        assert keys == ["arrondissements", "qpv", "zones"]

    def test_a_layer_put_away_leaves_the_list(self, screen):
        screen.open(HATCHED)
        screen.page.click(".order summary")
        screen.toggle("qpv")
        assert screen.texts(".order li span") == ["Arrondissements", "Carreaux de 200 m"]

    def test_what_is_drawn_by_hand_stays_over_every_layer(self, screen):
        screen.open(HATCHED)
        screen.page.click("#tab-zone")
        screen.page.click("[data-draw]")
        for name in ("a", "c", "f"):
            screen.click_on(PLACES[name])
        screen.page.click("#tab-layers")
        screen.page.click(".order summary")
        screen.page.click("#order-up-cells")
        order = screen.page.evaluate("window.observatory.map.getLayersOrder()")
        last = max(place for place, one in enumerate(order) if one.startswith(("cells-", "qpv-")))
        assert last < order.index("zone-line")

    @pytest.mark.parametrize("width", [360, 1440])
    def test_the_list_is_accessible_and_fits(self, town, new_screen, width):
        screen = new_screen(width, 800).open()
        if width == 360:
            screen.page.click("[data-sheet=side]")
        screen.page.click(".order summary")
        assert grave_faults(screen.page) == []
        assert screen.refusals() == []
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= width
