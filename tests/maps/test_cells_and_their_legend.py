"""The legend always says what the map shows."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest

from observatory.models import Level, Status
from tests.factories import a_perimeter, a_territory
from tests.maps.screen import distance
from tests.maps.town import EMPTY_LAND, FEW, HOUSEHOLDS, PLACES, POOR, WITHOUT_DATA, outline

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def ground_of(patch) -> tuple[int, int, int]:
    """Return the most common colour of a patch."""
    return Counter(patch).most_common(1)[0][0]


def bounds_of(label: str) -> tuple[float, float]:
    """Return the bounds a legend's words give to a class, lower one in, upper one out."""
    figures = [float(text.replace(" ", "")) for text in re.findall(r"[0-9][0-9 ]*", label)]
    if label.startswith("moins de"):
        return float("-inf"), figures[0]
    if label.endswith("et plus"):
        return figures[0], float("inf")
    return figures[0], figures[1]


def class_of(screen, value: float) -> int:
    """Return the class the legend's words put a value into."""
    labels = screen.texts("#legend [data-class]")
    found = [
        n for n, label in enumerate(labels) if bounds_of(label)[0] <= value < bounds_of(label)[1]
    ]
    assert len(found) == 1, f"{value} is in {len(found)} classes of {labels}"
    return found[0]


def test_each_cell_has_the_colour_its_share_has_in_the_legend(screen):
    screen.open("/?couches=cells,arrondissements")
    for name, poor in POOR.items():
        expected = screen.swatch(class_of(screen, 100 * poor / HOUSEHOLDS))
        worst = max(distance(colour, expected) for colour in screen.patch(PLACES[name]))
        assert worst <= 2, f"cell {name}: {screen.patch(PLACES[name])[0]} is not {expected}"


def test_the_classes_of_the_legend_are_told_apart(screen):
    screen.open()
    colours = [screen.swatch(number) for number in range(len(POOR))]
    luminance = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in colours]
    # Lightness alone tells the classes apart, whatever one's colour vision.
    assert luminance == sorted(luminance, reverse=True)
    assert min(a - b for a, b in pairwise(luminance)) > 15


@pytest.mark.parametrize("place", [FEW, WITHOUT_DATA], ids=["few households", "no data"])
def test_cells_that_say_nothing_look_like_no_class(screen, place):
    screen.open("/?couches=cells,arrondissements")
    classes = [screen.swatch(number) for number in range(len(POOR))]
    patch = screen.patch(place, half=5)
    assert len(set(patch)) > 1, "a pattern is expected, not one flat colour"
    assert min(distance(colour, one) for colour in patch for one in classes) > 8


def test_few_households_and_no_data_differ_from_each_other_and_from_empty_land(screen):
    screen.open("/?couches=cells,arrondissements")
    few, none, land = (ground_of(screen.patch(p, half=8)) for p in (FEW, WITHOUT_DATA, EMPTY_LAND))
    assert distance(few, none) > 8
    assert distance(few, land) > 8
    # The ground of "no data" is pale as bare land is: its hatching tells it apart.
    assert len(set(screen.patch(WITHOUT_DATA, half=8))) > len(set(screen.patch(EMPTY_LAND, half=8)))


def test_another_theme_changes_map_and_legend_together(screen):
    screen.open("/?couches=cells,arrondissements")
    before = screen.patch(PLACES["a"])[0]
    screen.choose("#theme", "niveau-de-vie")
    assert screen.text("#legend h3") == "Niveau de vie moyen"
    # 21 000 € a person in every cell of the town.
    expected = screen.swatch(class_of(screen, 21_000))
    after = screen.patch(PLACES["a"])[0]
    assert distance(after, expected) <= 2
    assert after != before
    assert "theme=niveau-de-vie" in screen.page.url


def test_the_legend_says_when_the_map_is_too_far_away_for_a_layer(screen):
    block = a_territory(Level.IRIS, "751187001", "Îlot")
    a_perimeter(block, outline(PLACES["a"]), status=Status.REFERENCE)
    screen.open("/?couches=cells,iris#carte=8.5/48.88/2.35")
    assert "IRIS : rapprochez-vous" in screen.text("#legend")
    assert screen.page.locator("#legend [data-layer=iris]").count() == 0
    screen.page.evaluate("observatory.map.jumpTo({ zoom: 12 })")
    screen.settle()
    assert screen.page.locator("#legend [data-layer=iris]").count() == 1
    assert "rapprochez-vous" not in screen.text("#legend")


def test_from_far_away_the_legend_and_the_card_say_that_cells_are_summed(screen):
    longitude, latitude = PLACES["c"].centre
    screen.open(f"/?couches=cells#carte=10.4/{latitude}/{longitude}")
    assert "par carré de 1 km" in screen.text("#legend")
    screen.click_on(PLACES["c"])
    assert re.match(r"Carré de 1 km, somme de \d carreaux", screen.text("#card h2"))
    screen.page.evaluate("observatory.map.jumpTo({ zoom: 14 })")
    screen.settle()
    assert "Par carreau de 200 m" in screen.text("#legend")


def test_the_producer_s_warnings_stand_beside_the_cells(screen):
    screen.open()
    shown = screen.text("#cautions")
    for words in ("un carreau isolé", "deux millésimes", "recensement", "un seul point"):
        assert words in shown
    screen.toggle("cells")
    assert "un carreau isolé" not in screen.page.inner_text("#side")
