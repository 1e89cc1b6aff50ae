"""Any shape, drawn or pasted or named: its people and indicators, and how sure they are."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import shapely
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from carroyage.models import Cell
from maps.errors import BadChoice
from maps.explorer.shapes import MOST_VERTICES, shape_of, square_kilometres
from maps.explorer.zone import _quotient
from observatory.models import AccessRule
from tests.maps.screen import plain
from tests.maps.site import grave_faults
from tests.maps.town import PLACES, Place, outline

pytestmark = pytest.mark.django_db
ZONE = "/carte/zone/?partie=1"


def wkt(*places: Place) -> str:
    """Return whole cells, the corners a hair inside so that neighbours are not touched."""
    shape = shapely.from_wkb(bytes(outline(*places).wkb))
    return shape.buffer(-1e-7).wkt


def count(client: Client, **asked: str) -> str:
    return plain(client.post(ZONE, asked).content.decode())


def row(page: str, label: str) -> list[str]:
    found = re.search(rf'<th scope="row">{label}</th>(.*?)</tr>', page, re.DOTALL)
    assert found, f"{label} is not told"
    cells = re.findall(r"<td[^>]*>(.*?)</td>", found[1], re.DOTALL)
    return [plain(re.sub(r"<[^>]+>", "", one)) for one in cells]


class TestFigures:
    def test_whole_cells_are_their_sum_within_a_hair(self, client: Client, facts):
        page = count(client, zone=wkt(PLACES["e"], PLACES["f"]))
        estimate, _between = row(page, "Habitants des ménages")
        assert estimate == "1 000"
        # 60 and 120 poor households out of 400.
        assert row(page, "Part de ménages pauvres")[0] == "45,0 %"

    def test_a_cut_cell_counts_for_its_share_and_the_bounds_say_so(self, client, facts):
        """Half of f beside the whole of e: 750 people, between e's own 500 and both."""
        half = Place(PLACES["f"].column - 0.5, 0)  # type: ignore[arg-type]
        page = count(client, zone=outline(PLACES["e"], half).wkt)
        estimate, between = row(page, "Habitants des ménages")
        assert estimate == "750"
        assert between.endswith("– 1 000")
        # Poor: e alone 30 %, e and half of f 40 %, both 45 %.
        estimate, between = row(page, "Part de ménages pauvres")
        assert estimate == "40,0 %"
        low, high = (float(one.strip(" %").replace(",", ".")) for one in between.split("–"))
        assert low <= 30.0 and high >= 45.0

    def test_a_named_territory_needs_no_drawing(self, client: Client, facts):
        page = count(client, territoire="arrondissement:75118")
        assert "Paris 18e" in page
        assert row(page, "Habitants des ménages")[0] == "3 514"

    def test_the_source_is_the_grid(self, client: Client, facts):
        assert "Insee, Carroyage d’essai" in count(client, territoire="arrondissement:75118")

    def test_geojson_is_read_as_well(self, client: Client, facts):
        shape = json.loads(shapely.to_geojson(shapely.from_wkt(wkt(PLACES["e"], PLACES["f"]))))
        feature = {"type": "Feature", "geometry": shape}
        for text in (shape, feature, {"type": "FeatureCollection", "features": [feature]}):
            assert row(count(client, zone=json.dumps(text)), "Ménages")[0] == "400"

    @settings(deadline=None)
    @given(
        cells=st.lists(
            st.tuples(st.floats(0.01, 1), st.integers(0, 50), st.integers(50, 300)),
            min_size=1, max_size=8,
        ),
        shares=st.lists(st.floats(0, 1), min_size=8, max_size=8),
    )  # fmt: skip
    def test_wherever_people_live_in_cut_cells_the_share_is_within_its_bounds(self, cells, shares):
        inside, top, under = (np.array(side, dtype=float) for side in zip(*cells, strict=True))
        estimate, low, high = _quotient(inside, top, under)
        assert low - 1e-9 <= estimate <= high + 1e-9
        lived = np.where(inside >= 1 - 1e-6, 1.0, np.array(shares[: len(cells)]))
        if (lived * under).sum() > 0:
            truth = (lived * top).sum() / (lived * under).sum()
            assert low - 1e-9 <= truth <= high + 1e-9


class TestRefusals:
    def test_a_single_cell_is_not_read_alone(self, client: Client, facts):
        assert "trop petite" in count(client, zone=wkt(PLACES["f"]))

    def test_under_eleven_households_nothing_is_told(self, client: Client, facts):
        Cell.objects.update(men=5)
        page = count(client, zone=wkt(PLACES["e"], PLACES["f"]))
        assert "trop petite" in page
        assert "<table" not in page

    def test_where_there_is_no_cell_it_says_so(self, client: Client, facts):
        page = count(client, zone="POLYGON((0 45, 0.01 45, 0.01 45.01, 0 45))")
        assert "Aucun carreau" in page

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "Dessinez une zone"),
            ("bonjour", "polygone"),
            ("POINT(2 48)", "polygone"),
            ("POLYGON EMPTY", "polygone"),
            ('{"type": "Feature"}', "polygone"),
            ('{"type": "FeatureCollection", "features": []}', "polygone"),
            ("{" * 300, "polygone"),
            ('{"type": "Polygon", "coordinates": [[1]]}', "polygone"),
            ("POLYGON((652000 6862000, 652100 6862000, 652100 6862100, 652000 6862000))", "degrés"),
            ("POLYGON((2 48, 2.01 48.01, 2.01 48, 2 48.01, 2 48))", "se croise"),
            ("POLYGON((0 45, 5 45, 5 49, 0 49, 0 45))", "trop grande"),
            ("x" * 300_000, "trop long"),
        ],
    )
    def test_what_is_no_shape_is_explained(self, client: Client, facts, text, said):
        assert said in count(client, zone=text)

    def test_too_many_corners_are_refused(self):
        circle = shapely.Point(2.3, 48.8).buffer(0.01, quad_segs=MOST_VERTICES)
        with pytest.raises(BadChoice, match=str(MOST_VERTICES)):
            shape_of(circle.wkt)

    @pytest.mark.parametrize("asked", ["qpv:inconnu", "contract:CV1", "zone:Z1", "::"])
    def test_a_territory_without_portrait_is_not_counted_in(self, client, facts, asked):
        assert "Aucun territoire" in count(client, territoire=asked)

    def test_whoever_may_not_see_the_cells_counts_nothing(self, client: Client, facts):
        AccessRule.objects.all().delete()
        page = count(client, territoire="arrondissement:75118")
        assert "<table" not in page

    def test_a_form_of_another_site_is_refused(self, facts):
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(ZONE, {"zone": "x"}).status_code == 403

    def test_the_area_is_measured_on_the_ellipsoid(self):
        """One degree by one at the equator, 111.3 by 110.6 km."""
        square = shapely.box(0, 0, 1, 1)
        assert square_kilometres(square) == pytest.approx(12_309, rel=1e-3)
        assert square_kilometres(square.reverse()) == pytest.approx(12_309, rel=1e-3)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
class TestInTheBrowser:
    def test_a_zone_is_drawn_by_clicks_and_counted(self, town, new_screen):
        screen = new_screen().open()
        screen.page.click("#tab-zone")
        screen.page.click("[data-draw]")
        for column, line in ((3.6, -0.9), (5.9, -0.9), (5.9, 0.9), (3.6, 0.9)):
            place = Place(column - 0.5, line - 0.5)  # type: ignore[arg-type]
            screen.page.mouse.click(*screen.point_of(place.centre))
        assert "Sommets : 4" in screen.text("#zone-said")
        assert screen.page.input_value("#zone").startswith("POLYGON((")
        screen.page.click("#zone-form [type=submit]")
        screen.page.wait_for_selector("#zone-result table")
        told = screen.texts("#zone-result tbody tr")
        assert told[0].startswith("Habitants des ménages")
        drawn = screen.page.evaluate(
            "observatory.map.getStyle().sources.zone.data.geometry.coordinates[0].length"
        )
        assert drawn == 5
        assert screen.page.locator("#card").is_hidden()

    def test_a_zone_is_drawn_without_a_pointer(self, town, new_screen):
        screen = new_screen().open()
        screen.page.click("#tab-zone")
        screen.page.focus("[data-draw]")
        screen.page.keyboard.press("Enter")
        for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
            screen.page.keyboard.press("Enter")
            screen.page.keyboard.press(key)
            screen.settle()
        assert "Sommets : 3" in screen.text("#zone-said")

    @pytest.mark.parametrize("width", [360, 1440])
    def test_axe_and_the_policy_agree_at_both_widths(self, town, new_screen, width):
        screen = new_screen(width, 800).open("/carte/zone/", ready="#zone-form")
        screen.page.select_option("#territoire", "arrondissement:75118")
        screen.page.click("#zone-form [type=submit]")
        screen.page.wait_for_selector("#zone-result table")
        assert grave_faults(screen.page) == []
        assert screen.refusals() == []
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= width
