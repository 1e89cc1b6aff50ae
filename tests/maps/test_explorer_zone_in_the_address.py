"""A zone goes with the link: whoever opens it sees the same shape and reads the same figures."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
import shapely

from tests.maps.site import grave_faults
from tests.maps.town import PLACES, Place, outline

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CORNERS = ((3.1, -1.4), (5.4, -1.4), (5.4, 0.4), (3.1, 0.4))
LONGEST = 1500


def zone_of(screen) -> str:
    """Return what the address says of the zone, after the sign that no server is sent."""
    found = re.search(r"zone=([^&]*)", urlsplit(screen.page.url).fragment)
    return found[1] if found else ""


def draw(screen) -> None:
    screen.page.click("#tab-zone")
    screen.page.click("[data-draw]")
    for column, row in CORNERS:
        screen.page.mouse.click(*screen.point_of(Place(column, row).centre))
    screen.page.wait_for_selector(f"#zone-said >> text=/Sommets : {len(CORNERS)}/")


def paste(screen, text: str) -> None:
    screen.page.click("#tab-zone")
    screen.page.click("[data-erase]")
    screen.page.fill("#zone", text)
    count(screen)


def count(screen) -> None:
    screen.page.click("#zone-form [type=submit]")
    screen.page.wait_for_selector("#zone-result table")


def shape_on_the_map(screen) -> shapely.Geometry:
    """Return the polygon that is drawn over the map."""
    found = screen.page.evaluate(
        "JSON.stringify(window.observatory.map.getStyle().sources.zone.data.geometry)"
    )
    return shapely.from_geojson(found)


def opened_elsewhere(screen, new_screen, **options):
    other = new_screen(**options).open(screen.page.url.removeprefix(screen.origin))
    other.page.wait_for_selector("#zone-result table", state="attached")
    return other


def test_a_drawn_zone_and_its_figures_come_with_the_link(screen, new_screen):
    screen.open()
    draw(screen)
    assert zone_of(screen), "a drawing is in the address before it is counted"
    count(screen)
    figures = screen.texts("#zone-result tbody tr")
    other = opened_elsewhere(screen, new_screen)
    assert other.shows("#panel-zone")
    assert other.texts("#zone-result tbody tr") == figures
    assert shape_on_the_map(other).equals_exact(shape_on_the_map(screen), 1e-9)
    assert other.page.input_value("#zone") == screen.page.input_value("#zone")


def test_it_is_short_and_no_server_is_told_of_it(screen, new_screen):
    screen.open()
    draw(screen)
    count(screen)
    told = zone_of(screen)
    assert re.fullmatch(r"[A-Za-z0-9_-]{10,60}", told)
    other = opened_elsewhere(screen, new_screen)
    asked = [url.partition("#")[0] for url in screen.requests + other.requests]
    assert not any(told in url or "zone=" in url for url in asked)


def test_moving_the_map_keeps_the_zone_in_the_address(screen):
    screen.open()
    draw(screen)
    told = zone_of(screen)
    screen.page.evaluate("window.observatory.map.jumpTo({ center: [2.36, 48.88], zoom: 13 })")
    screen.page.wait_for_function("() => location.hash.includes('carte=13')")
    screen.page.click("#tab-layers")
    screen.toggle("zones")
    assert zone_of(screen) == told
    screen.page.click("#tab-share")
    # Written a moment after a move, the place is in the link as well.
    screen.page.wait_for_function(
        "() => document.querySelector('#share-link').value === location.href"
    )
    assert f"zone={told}" in screen.page.input_value("#share-link")
    assert f"zone={told}" in screen.page.input_value("#share-embed")


def test_erasing_it_takes_it_from_the_address(screen):
    screen.open()
    draw(screen)
    assert zone_of(screen)
    screen.page.click("[data-erase]")
    assert zone_of(screen) == ""
    assert "carte=" in urlsplit(screen.page.url).fragment


def test_the_legend_names_the_zone_while_it_is_on_the_map(screen):
    key = "#legend-body li[data-layer=zone]"
    screen.open()
    assert screen.page.query_selector(key) is None
    draw(screen)
    assert screen.text(key) == "Zone dessinée"
    screen.page.click("[data-erase]")
    assert screen.page.query_selector(key) is None
    screen.page.select_option("#territoire", "arrondissement:75118")
    count(screen)
    assert screen.text(key) == "Paris 18e"


def test_a_pasted_zone_of_parts_with_a_hole_comes_back_whole(screen, new_screen):
    around = shapely.from_wkt(outline(*(PLACES[name] for name in "abcdef")).wkt).buffer(0.004)
    hole = shapely.Point(*PLACES["c"].centre).buffer(0.001, quad_segs=2)
    island = shapely.Point(*Place(2, 12).centre).buffer(0.001)
    shape = shapely.union(shapely.difference(around, hole), island)
    assert shape.geom_type == "MultiPolygon"
    screen.open()
    paste(screen, shape.wkt)
    other = opened_elsewhere(screen, new_screen)
    # A metre: the address rounds corners to the fifth decimal.
    found = shape_on_the_map(other)
    assert shapely.hausdorff_distance(found.boundary, shape.boundary) < 2e-5
    assert len(found.geoms) == 2
    assert sum(len(part.interiors) for part in found.geoms) == 1
    # What was pasted may lie within that metre: its people are the same, but for a hair.
    people = "#zone-result tbody tr:first-child td:nth-of-type(1)"
    told = [int(one.text(people).replace(" ", "")) for one in (screen, other)]
    assert told[1] == pytest.approx(told[0], rel=1e-3)


def test_a_zone_with_a_name_comes_by_its_name(screen, new_screen):
    screen.open()
    screen.page.click("#tab-zone")
    screen.page.select_option("#territoire", "arrondissement:75118")
    count(screen)
    assert zone_of(screen) == "arrondissement:75118"
    other = opened_elsewhere(screen, new_screen)
    assert other.text("#zone-result caption") == "Paris 18e"
    assert other.texts("#zone-result tbody tr") == screen.texts("#zone-result tbody tr")


def test_a_zone_too_long_for_an_address_is_said_to_be_and_is_left_out(screen):
    shape = shapely.Point(*PLACES["c"].centre).buffer(0.02, quad_segs=200)
    screen.open()
    paste(screen, shape.wkt)
    assert zone_of(screen) == ""
    assert "trop de sommets pour tenir dans l’adresse" in screen.text("#zone-said")
    screen.page.click("#tab-share")
    assert screen.shows("#share-zone")
    screen.page.click("#tab-zone")
    paste(screen, shape.simplify(0.001).wkt)
    assert 0 < len(zone_of(screen)) < LONGEST
    screen.page.click("#tab-share")
    assert not screen.shows("#share-zone")


@pytest.mark.parametrize("told", ["A", "AAAA", "é!", "qpv:nowhere", "%E0%A4%A", "A" * 2_000])
def test_a_link_cut_on_its_way_is_said_to_be(town, new_screen, told):
    screen = new_screen().open(f"/#zone={told}")
    screen.page.wait_for_selector("#zone-said:not(:empty)")
    assert "n’a pas pu être lue" in screen.text("#zone-said")
    assert screen.page.locator("#zone-result table").count() == 0


def test_the_frame_of_another_page_shows_the_shape_alone(screen, new_screen):
    screen.open()
    draw(screen)
    count(screen)
    framed = new_screen().open(f"/carte/integrer/#zone={zone_of(screen)}")
    (part,) = shape_on_the_map(framed).geoms
    assert part.equals_exact(shape_on_the_map(screen), 1e-9)
    assert not framed.shows("#panel-zone")
    assert not any("/carte/zone/" in url for url in framed.requests)


def test_on_a_telephone_the_figures_are_opened_and_fit(screen, new_screen):
    screen.open()
    draw(screen)
    count(screen)
    phone = opened_elsewhere(screen, new_screen, width=360, height=740)
    assert phone.shows("#zone-result table")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert grave_faults(phone.page) == []
