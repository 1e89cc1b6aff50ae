"""Boxes put layers on the map and take them away; the address remembers."""

from __future__ import annotations

import pytest

from tests.maps.screen import distance
from tests.maps.town import EMPTY_LAND, PLACES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def drawn(screen, layer: str) -> int:
    """Return how many features of a layer the map shows now."""
    return screen.page.evaluate(
        """(layer) => {
            const { map } = window.observatory;
            const layers = map.getLayersOrder().filter((id) => id.startsWith(`${layer}-`));
            return map.queryRenderedFeatures({ layers }).length;
        }""",
        layer,
    )


def test_unticking_the_cells_leaves_bare_land(screen):
    screen.open("/?couches=cells,arrondissements")
    assert drawn(screen, "cells") > 0
    screen.toggle("cells")
    assert drawn(screen, "cells") == 0
    land = screen.patch(EMPTY_LAND)[0]
    assert distance(screen.patch(PLACES["f"])[0], land) <= 1
    assert screen.page.locator("#legend [data-class]").count() == 0


@pytest.mark.parametrize("layer", ["zones", "qpv", "arrondissements"])
def test_a_box_hides_its_layer_and_its_line_in_the_legend(screen, layer):
    screen.open()
    assert drawn(screen, layer) > 0
    assert screen.page.locator(f"#legend [data-layer={layer}]").count() == 1
    screen.toggle(layer)
    assert drawn(screen, layer) == 0
    assert screen.page.locator(f"#legend [data-layer={layer}]").count() == 0
    screen.toggle(layer)
    assert drawn(screen, layer) > 0


def test_the_address_brings_the_same_view_to_someone_else(screen, new_screen):
    screen.open("/#carte=14.2/48.8875/2.3585")
    screen.toggle("zones")
    screen.choose("#theme", "monoparentales")
    other = new_screen().open(screen.page.url.removeprefix(screen.origin))
    ticked = "Array.from(document.querySelectorAll('[name=layer]:checked'), (box) => box.value)"
    assert other.page.evaluate(ticked) == screen.page.evaluate(ticked)
    assert "zones" not in other.page.evaluate(ticked)
    assert other.text("#legend h3") == "Part de familles monoparentales"
    place = "(({ lng, lat }) => [lng, lat, observatory.map.getZoom()])(observatory.map.getCenter())"
    assert other.page.evaluate(place) == pytest.approx(screen.page.evaluate(place), abs=1e-3)


def test_the_plain_address_stays_plain(screen):
    screen.open()
    screen.toggle("zones")
    assert "couches=" in screen.page.url
    screen.toggle("zones")
    assert "couches=" not in screen.page.url


def test_layers_stand_in_groups(screen):
    screen.open()
    assert screen.texts("#panel-layers fieldset > legend") == [
        "Carroyage",
        "Géographie prioritaire",
        "Limites administratives",
    ]


def test_an_unknown_layer_in_the_address_is_left_out(screen):
    screen.open("/?couches=cells,nowhere&theme=none")
    assert drawn(screen, "cells") > 0
    assert screen.text("#legend h3") == "Part de ménages pauvres"
