"""A tile holds what the database holds for its place: same features, values and outlines."""

import pytest
from django.db import connection
from shapely import wkb
from shapely.geometry import Polygon, box

from carroyage.models import MEASURES, Cell
from observatory.models import Level, Perimeter
from tests.layers.places import around, features, on_earth, place_of, square

pytestmark = pytest.mark.django_db

CENTRE = (2.3387, 48.8919)  # in the middle of the cells the maker makes


def stored_outlines(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, ST_AsBinary(geom_3857) FROM {table}")  # noqa: S608
        return {key: wkb.loads(bytes(outline)) for key, outline in cursor.fetchall()}


def shown(visitor, layer, place, query=""):
    answer = visitor.get(place.url(layer, query))
    assert answer.status_code == 200
    return features(answer.content, layer)


def assert_tile_equals_the_database(drawn, outlines, place):
    """Same features as the buffered square holds, each within a pixel of the stored outline.

    Outlines move by up to a pixel before they are cut at the buffer's edge, where an acute
    corner may then differ by more: the last two pixels of the buffer are not compared.
    """
    reach = place.square.buffer(64 * place.pixel, join_style="mitre")
    near = {key for key, o in outlines.items() if o.intersects(reach.buffer(place.pixel))}
    sure = {
        key for key, o in outlines.items() if o.intersection(reach).area > (3 * place.pixel) ** 2
    }
    assert sure <= set(drawn) <= near
    for key, feature in drawn.items():
        decoded = on_earth(feature, place)
        assert decoded.within(outlines[key].buffer(1.5 * place.pixel))
        assert decoded.within(reach.buffer(place.pixel))
        inside = outlines[key].intersection(reach.buffer(-2 * place.pixel))
        assert inside.within(decoded.buffer(1.5 * place.pixel))


@pytest.mark.parametrize("zoom", [11, 12, 13, 14, 15])
def test_cells_of_a_tile_and_its_neighbours_are_those_of_the_database(visitor, make_grid, zoom):
    make_grid(columns=7, rows=5)
    outlines = stored_outlines("carroyage_cell")
    seen = set()
    for place in around(place_of(*CENTRE, zoom)):
        drawn = shown(visitor, "cells", place)
        assert_tile_equals_the_database(drawn, outlines, place)
        seen |= set(drawn)
    assert seen
    if zoom <= 13:
        assert seen == set(outlines)


@pytest.mark.parametrize("zoom", [8, 11, 14, 16])
def test_quarters_of_a_tile_are_those_of_the_database(visitor, make_area, zoom):
    star = Polygon([(2.33, 48.88), (2.35, 48.885), (2.36, 48.9), (2.345, 48.89), (2.335, 48.9)])
    ring = square(2.30, 48.87, 0.02).difference(box(2.305, 48.875, 2.315, 48.885))
    make_area(code="QP075001", shape=star)
    make_area(code="QP075002", shape=ring)
    make_area(code="QP075003", shape=square(2.34, 48.86))
    for place in around(place_of(2.34, 48.885, zoom)):
        drawn = shown(visitor, "qpv", place)
        assert_tile_equals_the_database(drawn, stored_outlines("observatory_perimeter"), place)


def test_a_cell_carries_its_published_id_and_every_measure_as_published(visitor, make_grid):
    measures = {name: 1.5 + i for i, name in enumerate(MEASURES)}
    make_grid(1, 1, i_est_200=1, i_est_1km=0, **measures)
    (feature,) = shown(visitor, "cells", place_of(2.334, 48.888, 12)).values()
    assert feature["properties"] == measures | {
        "id": "CRS3035RES200mN2893400E3760400",
        "size": 200,
        "i_est_200": 1,
        "i_est_1km": 0,
    }


def test_a_value_the_producer_does_not_give_is_absent_and_never_zero(visitor, make_grid):
    make_grid(1, 1, ind=12.5, men=None, log_soc=0.0)
    (feature,) = shown(visitor, "cells", place_of(2.334, 48.888, 12)).values()
    assert feature["properties"]["log_soc"] == 0
    assert "men" not in feature["properties"]


def test_values_decoded_from_a_tile_equal_the_rows_they_come_from(visitor, make_grid):
    make_grid(6, 6)
    drawn = shown(visitor, "cells", place_of(*CENTRE, 11))
    stored = {cell.pk: cell for cell in Cell.objects.all()}
    assert len(drawn) == 36
    for key, feature in drawn.items():
        assert feature["properties"]["ind"] == stored[key].ind
        assert feature["properties"]["id"] == str(stored[key])


def test_only_the_latest_published_grid_is_shown(visitor, make_grid, source):
    from observatory.models import Source

    older = Source.objects.create(code="old", title="Ancien", producer="INSEE", vintage="2019")
    records = Source.objects.create(code="rec", title="Ménages", producer="Ville", vintage="2022")
    latest = make_grid(2, 2)
    make_grid(2, 2, of=older)
    make_grid(2, 2, of=records, origin="records")
    place = place_of(2.334, 48.888, 12)
    expected = set(latest.cells.values_list("id", flat=True))
    assert set(shown(visitor, "cells", place)) == expected
    assert set(shown(visitor, "cells", place, "?vintage=2019")).isdisjoint(expected)
    assert shown(visitor, "cells", place, "?vintage=1999") == {}


def test_zones_are_those_of_the_last_finished_computation(visitor, make_zones):
    first = make_zones([square(2.33, 48.88), square(2.35, 48.88)])
    last = make_zones([square(2.34, 48.88)])
    make_zones([square(2.34, 48.89)], state="running")
    make_zones([square(2.34, 48.89)], state="failed")
    place = place_of(2.345, 48.885, 10)
    (zone,) = shown(visitor, "zones", place).values()
    assert zone["properties"]["run"] == last.pk
    assert zone["properties"]["name"] == "Zone 1"
    assert zone["properties"]["ind"] == 1001.0
    assert "men" not in zone["properties"]
    assert len(shown(visitor, "zones", place, f"?run={first.pk}")) == 2


def test_a_quarter_shows_its_act_its_days_and_its_population(visitor, make_area):
    made = make_area(
        name="Goutte d’Or", facts={"population": 21_450, "median": 11_200}, act="2014-1750"
    )
    (quarter,) = shown(visitor, "qpv", place_of(2.355, 48.885, 12)).values()
    area = Perimeter.objects.get(pk=made.pk).area
    assert quarter["properties"] == {
        "code": "QP075001",
        "name": "Goutte d’Or",
        "generation": 2015,
        "population": 21_450,
        "median": 11_200,
        "act": "2014-1750",
        "valid_from": "2015-01-01",
        "area": area,
    }


def test_a_fact_that_is_not_a_number_is_absent(visitor, make_area):
    make_area(facts={"population": "n.d."})
    (quarter,) = shown(visitor, "qpv", place_of(2.355, 48.885, 12)).values()
    assert "population" not in quarter["properties"]


class TestGenerationsAndDays:
    @pytest.fixture(autouse=True)
    def _two_generations(self, make_area):
        from datetime import date

        swap = date(2024, 1, 1)
        make_area(code="QP075001", status="superseded", valid_to=swap)
        make_area(code="QN07501M", valid_from=swap, generation=2024)
        # Corrected once within its generation.
        make_area(code="QP075002", status="superseded", valid_to=date(2015, 8, 1))
        make_area(code="QP075002", status="superseded", valid_from=date(2015, 8, 1), valid_to=swap)
        # Under discussion: not decided, so not shown.
        make_area(code="QN07502M", status="negotiation", generation=2030)

    def codes(self, visitor, query=""):
        drawn = shown(visitor, "qpv", place_of(2.355, 48.885, 12), query)
        return sorted(
            (f["properties"]["code"], f["properties"]["valid_from"]) for f in drawn.values()
        )

    def test_without_a_word_the_latest_generation_is_shown(self, visitor):
        assert self.codes(visitor) == [("QN07501M", "2024-01-01")]

    def test_an_older_generation_is_shown_on_demand_with_its_last_outlines(self, visitor):
        expected = [("QP075001", "2015-01-01"), ("QP075002", "2015-08-01")]
        assert self.codes(visitor, "?generation=2015") == expected

    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            ("2014-12-31", []),
            ("2015-01-01", [("QP075001", "2015-01-01"), ("QP075002", "2015-01-01")]),
            ("2015-08-01", [("QP075001", "2015-01-01"), ("QP075002", "2015-08-01")]),
            ("2023-12-31", [("QP075001", "2015-01-01"), ("QP075002", "2015-08-01")]),
            ("2024-01-01", [("QN07501M", "2024-01-01")]),
        ],
    )
    def test_a_day_shows_what_was_in_force_that_day(self, visitor, day, expected):
        assert self.codes(visitor, f"?date={day}") == expected

    def test_a_day_and_a_generation_narrow_each_other(self, visitor):
        assert self.codes(visitor, "?date=2024-06-01&generation=2015") == []


@pytest.mark.parametrize(
    ("layer", "level"),
    [
        ("qva", Level.QVA),
        ("cucs", Level.CUCS),
        ("arrondissements", Level.ARRONDISSEMENT),
        ("communes", Level.COMMUNE),
        ("iris", Level.IRIS),
        ("admin_quarters", Level.ADMIN_QUARTER),
    ],
)
def test_each_kind_of_area_has_its_own_layer(visitor, make_area, layer, level):
    mine = make_area(level, "75118", "18e", status="reference", generation=None)
    for other in {Level.QPV, Level.COMMUNE, Level.IRIS} - {level}:
        make_area(other, "X", "Autre")
    assert set(shown(visitor, layer, place_of(2.355, 48.885, 12))) == {mine.pk}


def test_several_layers_in_one_tile_equal_the_layers_one_by_one(visitor, make_area, make_grid):
    make_grid()
    make_area(shape=square(2.33, 48.885))
    make_area(Level.COMMUNE, "75056", "Paris", square(2.2, 48.8, 0.3), status="reference")
    place = place_of(2.335, 48.888, 12)
    together = visitor.get(place.url("cells,qpv,communes")).content
    for name in ("cells", "qpv", "communes"):
        alone = shown(visitor, name, place)
        assert alone
        assert features(together, name) == alone


def test_a_layer_named_twice_is_drawn_once(visitor, make_grid):
    make_grid()
    place = place_of(*CENTRE, 12)
    once = visitor.get(place.url("cells")).content
    assert visitor.get(place.url("cells,cells,cells")).content == once


def test_neighbouring_tiles_agree_on_the_border_they_share(visitor, make_area):
    make_area(shape=square(2.28, 48.86, 0.06))
    west = place_of(2.3, 48.88, 13)
    east = type(west)(west.z, west.x + 1, west.y)
    border = east.square.bounds[0]
    south, north = west.square.bounds[1], west.square.bounds[3]
    strip = box(border - 10 * west.pixel, south, border + 10 * west.pixel, north)
    parts = [
        on_earth(next(iter(shown(visitor, "qpv", place).values())), place).intersection(strip)
        for place in (west, east)
    ]
    assert parts[0].area > 0
    assert parts[0].symmetric_difference(parts[1]).area < 0.01 * parts[0].area


def test_where_nothing_lies_the_tile_is_empty(visitor, make_grid):
    make_grid()
    answer = visitor.get(place_of(-30, 0, 12).url("cells,qpv"))
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"


@pytest.mark.parametrize(
    "name",
    [
        "L’Haÿ-les-Roses",
        "Robert'); DROP TABLE observatory_perimeter;--",
        "%(z)s %s {rows} \\x00",
        '<script>alert("1")</script>',
        "🏘 東京 عربى",
    ],
)
def test_names_come_out_as_they_went_in(visitor, make_area, name):
    make_area(name=name)
    (quarter,) = shown(visitor, "qpv", place_of(2.355, 48.885, 12)).values()
    assert quarter["properties"]["name"] == name


def test_the_same_data_always_give_the_same_bytes(visitor, make_grid):
    make_grid(9, 9)
    url = place_of(*CENTRE, 11).url("cells")
    assert len({visitor.get(url).content for _ in range(3)}) == 1
