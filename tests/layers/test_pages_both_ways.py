"""Whoever turns the pages of a layer forth and back sees the same pages, and all of it."""

import re
from html import unescape

import pytest
from django.test import Client

from observatory.models import Level
from tests.layers.places import square

pytestmark = pytest.mark.django_db

REST, OGC = "/api/layers/qpv/", "/ogc/collections/qpv/items"


@pytest.fixture(autouse=True)
def _seven_quarters(make_area):
    """Seven quarters whose names and numbers follow other orders, among areas of other kinds."""
    for number in range(7):
        make_area(Level.COMMUNE, f"7500{number}", f"Commune {number}", square(2.3 + number / 100))
        make_area(code=f"QP{number}", name=f"N{number * 3 % 7}", shape=square(2.2, 48.8))


def page_of(address, **headers):
    """Return the ids on a page, its next and its previous address, in whatever form it has."""
    answer = Client().get(address, headers=headers)
    assert answer.status_code == 200
    if answer.headers["Content-Type"].startswith("text/html"):
        text = answer.content.decode()
        found = [int(one) for one in re.findall(r'<th scope="row">(\d+)</th>', text)]
        links = {r: unescape(h) for r, h in re.findall(r'<a rel="(\w+)" href="([^"]+)"', text)}
        return found, links.get("next"), links.get("prev")
    body = answer.json()
    found = [feature["id"] for feature in body["features"]]
    if "links" not in body:
        return found, body["next"], body["previous"]
    links = {link["rel"]: link["href"] for link in body["links"]}
    return found, links.get("next"), links.get("prev")


def forth(address, **headers):
    """Return the pages from ``address`` on, and the address of the last one."""
    pages = []
    while True:
        found, following, _ = page_of(address, **headers)
        pages.append(found)
        if following is None:
            return pages, address
        address = following


def back(address, **headers):
    """Return the pages from ``address`` back to the first, in the order of the layer."""
    pages = []
    while address is not None:
        found, _, address = page_of(address, **headers)
        pages.insert(0, found)
    return pages


@pytest.mark.parametrize("start", [REST, OGC])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
@pytest.mark.parametrize(
    "order", ["", "{order}=name", "{order}=-name,code", "offset=0", "bbox=2,48,3,49"]
)
def test_the_way_back_is_the_way_forth(start, limit, order):
    word = "ordering" if start == REST else "sortby"
    first = f"{start}?limit={limit}&{order.format(order=word)}"
    pages, last = forth(first)
    seen = [one for page in pages for one in page]
    assert len(seen) == len(set(seen)) == 7
    assert back(last) == pages
    assert page_of(first)[2] is None


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("f=json&", {}),
        ("f=html&", {}),
        ("", {"accept": "text/html"}),
        ("", {"accept": "text/html", "accept-language": "en"}),
        ("f=html&", {"accept-language": "fr"}),
    ],
)
def test_every_form_and_language_turns_both_ways(query, headers):
    pages, last = forth(f"{OGC}?{query}limit=3", **headers)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert back(last, **headers) == pages


@pytest.mark.parametrize("start", [REST, OGC])
def test_what_comes_before_less_than_a_page_is_a_shorter_page(start):
    every = page_of(f"{start}?limit=10")[0]
    for query in ("offset=2", f"after={every[1]}"):
        found, _, before = page_of(f"{start}?limit=3&{query}")
        assert found == every[2:5]
        assert page_of(before) == (every[:2], *page_of(f"{start}?limit=2")[1:])


@pytest.mark.parametrize("start", [REST, OGC])
def test_a_page_after_the_last_feature_leads_back_to_it(start):
    every = page_of(f"{start}?limit=10")[0]
    found, following, before = page_of(f"{start}?limit=3&after={every[-1]}")
    assert (found, following) == ([], None)
    assert page_of(before)[0] == every[-3:]


def test_rows_of_territories_turn_both_ways_as_well():
    every = page_of("/api/territories/?limit=20")[0]
    pages, last = forth("/api/territories/?limit=4")
    assert back(last) == pages
    before = page_of("/api/territories/?limit=4&offset=3")[2]
    assert page_of(before)[0] == every[:3]


def test_filters_and_fields_are_kept_on_the_way_back():
    pages, last = forth(f"{OGC}?limit=2&name=N1&name=N2&name=N3&properties=name")
    assert [len(page) for page in pages] == [2, 1]
    answer = Client().get(page_of(last)[2]).json()
    assert {tuple(feature["properties"]) for feature in answer["features"]} == {("name",)}
    assert [feature["id"] for feature in answer["features"]] == pages[0]


def test_both_links_say_what_they_lead_to():
    _, following, _ = page_of(f"{OGC}?limit=2")
    for query, form in (("", "application/geo+json"), ("&f=html", None)):
        if form:
            links = Client().get(following + query).json()["links"]
            types = {link["rel"]: link["type"] for link in links}
            assert types["next"] == types["prev"] == form
        else:
            text = Client().get(following + query).content.decode()
            assert re.search(r'rel="prev" href="[^"]*f=html[^"]*">prev \(text/html\)', text)
