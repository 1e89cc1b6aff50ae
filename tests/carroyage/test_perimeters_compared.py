"""What one perimeter gains and loses against another, beside figures made by shapely alone."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pyproj
import pytest
import shapely
import shapely.affinity
from django.contrib.gis.geos import Point

from carroyage.management.comparing import NotComparable, compare
from carroyage.management.generations import side_by_side
from carroyage.models import Cell, CellIncome, GridDataset, Origin
from observatory.models import Address, Level, Status
from tests.factories import a_perimeter, a_source, a_territory
from tests.observatory.ground import (
    SIDE,
    TO_DEGREES,
    X,
    Y,
    a_ground,
    a_quarter,
    a_zone,
    metres,
    outline,
    square,
)

pytestmark = pytest.mark.django_db

TO_GRID = pyproj.Transformer.from_crs(2154, 3035, always_xy=True)
FROM_GRID = pyproj.Transformer.from_crs(3035, 2154, always_xy=True)


def corner_of(x, y):
    east, north = TO_GRID.transform(x, y)
    return int(north // 200 * 200), int(east // 200 * 200)


def cell_shape(north, east):
    ring = [(0, 0), (200, 0), (200, 200), (0, 200)]
    return shapely.Polygon([FROM_GRID.transform(east + dx, north + dy) for dx, dy in ring])


@pytest.fixture
def cells():
    """Every cell under a square kilometre, with persons drawn once for all."""
    dataset = GridDataset.objects.create(source=a_source("filosofi", title="Filosofi"))
    draw = random.Random(5)
    corners = {
        corner_of(X + dx, Y + dy) for dx in range(-200, 1_300, 60) for dy in range(-200, 1_300, 60)
    }
    persons = {corner: float(draw.randint(20, 900)) for corner in sorted(corners)}
    Cell.objects.bulk_create(
        Cell(dataset=dataset, north=n, east=e, ind=ind) for (n, e), ind in persons.items()
    )
    return persons


@pytest.fixture
def addresses():
    """Doors over the western two thirds: some cells in the east have none."""
    draw, source, points = random.Random(7), a_source("ban"), []
    for number in range(300):
        x, y = X + draw.uniform(-200, 700), Y + draw.uniform(-200, 1_200)
        points.append((x, y))
        Address.objects.create(
            ban_id=str(number), street="Rue", commune_code="75118", commune_name="Paris",
            source=source, geom=Point(*TO_DEGREES.transform(x, y), srid=4326),
        )  # fmt: skip
    return points


def persons_in(shape, cells, addresses):
    """Count inhabitants inside a shape, address by address, cell by cell."""
    doors = Counter(corner_of(*point) for point in addresses)
    shapely.prepare(shape)
    at_doors = sum(
        cells[corner_of(*point)] / doors[corner_of(*point)]
        for point in addresses
        if corner_of(*point) in cells and shape.covers(shapely.Point(*point))
    )
    spread = sum(
        count * shapely.intersection(cell_shape(*corner), shape).area / cell_shape(*corner).area
        for corner, count in cells.items()
        if not doors[corner]
    )
    return at_doors + spread


BEFORE = shapely.affinity.rotate(square(2, 2, 4, 5), 17)
AFTER = shapely.union_all([square(3.3, 1.2, 5, 4.1), square(0.5, 7, 2, 1.5)])


@pytest.fixture
def pair():
    return a_zone("Z1", BEFORE), a_zone("Z2", AFTER)


class TestTwoVersions:
    def test_areas_are_those_of_the_shapes(self, pair):
        told = compare([pair[0]], [pair[1]])
        both = shapely.intersection(BEFORE, AFTER).area
        assert told.area.kept == pytest.approx(both, rel=1e-4)
        assert told.area.gained == pytest.approx(AFTER.area - both, rel=1e-4)
        assert told.area.lost == pytest.approx(BEFORE.area - both, rel=1e-4)
        assert told.iou == pytest.approx(both / shapely.union(BEFORE, AFTER).area, rel=1e-4)

    def test_inhabitants_are_those_whose_address_lies_inside(self, pair, cells, addresses):
        told = compare([pair[0]], [pair[1]]).inhabitants
        first, second = metres(pair[0]), metres(pair[1])
        assert told.before == pytest.approx(persons_in(first, cells, addresses), rel=1e-6)
        assert told.after == pytest.approx(persons_in(second, cells, addresses), rel=1e-6)
        both = persons_in(shapely.intersection(first, second), cells, addresses)
        assert told.kept == pytest.approx(both, rel=1e-6)
        assert told.gained == pytest.approx(told.after - both, rel=1e-6)

    def test_without_addresses_cells_are_spread_evenly(self, pair, cells):
        told = compare([pair[0]], [pair[1]])
        expected = persons_in(metres(pair[0]), cells, [])
        assert told.inhabitants.before == pytest.approx(expected, rel=1e-6)
        assert told.addresses is None
        assert any("No addresses are loaded" in note for note in told.notes)

    def test_addresses_are_counted(self, pair, cells, addresses):
        told = compare([pair[0]], [pair[1]]).addresses
        inside = [
            (BEFORE.covers(shapely.Point(*p)), AFTER.covers(shapely.Point(*p))) for p in addresses
        ]
        assert told.kept == sum(a and b for a, b in inside)
        assert told.gained == sum(b and not a for a, b in inside)
        assert told.lost == sum(a and not b for a, b in inside)

    def test_cells_at_least_half_inside_are_named(self, pair, cells):
        told = compare([pair[0]], [pair[1]])

        def held(shape):
            return {
                f"CRS3035RES200mN{n}E{e}"
                for n, e in cells
                if shapely.intersection(cell_shape(n, e), shape).area >= 0.5 * cell_shape(n, e).area
            }

        was, is_now = held(BEFORE), held(AFTER)
        assert set(told.named["cells_gained"]) == is_now - was
        assert set(told.named["cells_lost"]) == was - is_now
        assert told.cells.kept == len(was & is_now)

    def test_blocks_at_least_half_inside_are_named(self):
        a_ground(8, 8)
        told = compare([a_zone("Z1", square(1, 1, 2.6, 2))], [a_zone("Z2", square(1.4, 1, 3, 2))])
        assert told.block_level == "block"
        # Columns 1 to 3 before (60 % of the third), 1 to 3 after (60 % of the first, 40 % of 4).
        assert told.blocks.kept == 6
        assert (told.named["blocks_gained"], told.named["blocks_lost"]) == ([], [])
        wider = compare([a_zone("Z3", square(1, 1, 1, 2))], [a_zone("Z4", square(1.6, 1, 2, 2))])
        assert set(wider.named["blocks_gained"]) == {"B0201", "B0202", "B0301", "B0302"}
        assert set(wider.named["blocks_lost"]) == {"B0101", "B0102"}

    def test_another_share_makes_another_count(self):
        a_ground(8, 8)
        zones = [a_zone("Z1", square(1, 1)), a_zone("Z2", square(1, 1, 1.3, 1))]
        assert compare([zones[0]], [zones[1]], inside=0.5).blocks.gained == 0
        assert compare([zones[0]], [zones[1]], inside=0.25).blocks.gained == 1

    def test_iris_stand_in_for_blocks(self):
        a_ground(3, 3, level=Level.IRIS)
        told = compare([a_zone("Z1", square(0, 0))], [a_zone("Z2", square(0, 0, 2, 1))])
        assert (told.block_level, told.blocks.gained) == ("iris", 1)

    def test_what_is_not_loaded_is_unknown_not_zero(self, pair):
        told = compare([pair[0]], [pair[1]])
        assert (told.inhabitants, told.addresses, told.cells, told.blocks) == (None,) * 4
        assert "No cells are loaded there" in told.notes[0]

    def test_the_cells_of_records_serve_where_none_are_published(self):
        dataset = GridDataset.objects.create(source=a_source("menages"), origin=Origin.RECORDS)
        north, east = corner_of(X + 200, Y + 200)
        CellIncome.objects.create(
            dataset=dataset, north=north, east=east, steps=[900, 2_000], persons=[30, 12]
        )
        zone = a_zone("Z1", square(-4, -4, 12, 12))
        assert compare([zone], [zone]).inhabitants.kept == pytest.approx(42)

    def test_a_version_compared_with_itself_changes_nothing(self, pair, cells, addresses):
        told = compare([pair[0]], [pair[0]])
        assert told.iou == pytest.approx(1)
        for one in (told.area, told.inhabitants, told.addresses, told.cells):
            assert (one.gained, one.lost) == (pytest.approx(0, abs=1e-6),) * 2

    def test_turned_around_gains_are_losses(self, pair, cells, addresses):
        there, back = compare([pair[0]], [pair[1]]), compare([pair[1]], [pair[0]])
        assert there.inhabitants.gained == pytest.approx(back.inhabitants.lost)
        assert there.named["cells_gained"] == back.named["cells_lost"]

    def test_a_set_is_one_ground_its_overlaps_count_once(self, cells):
        pieces = [a_zone("Z1", square(0, 0, 3, 3)), a_zone("Z2", square(2, 0, 3, 3))]
        whole = a_zone("Z3", square(0, 0, 5, 3))
        told = compare(pieces, [whole])
        assert told.iou == pytest.approx(1, abs=1e-6)
        assert told.inhabitants.gained == pytest.approx(0, abs=1e-3)

    def test_territories_of_two_systems_are_not_compared(self, pair):
        overseas = a_zone("Z9", square(0, 0), measure_srid=5490)
        with pytest.raises(NotComparable, match="EPSG:2154, EPSG:5490"):
            compare([pair[0]], [overseas])


class TestTwoGenerations:
    @pytest.fixture
    def old(self):
        return {
            "same": a_quarter("QP1", square(0, 0, 2, 2)),
            "moved": a_quarter("QP2", square(3, 0, 2, 2)),
            "gone": a_quarter("QP3", square(6, 0, 2, 2)),
            "left": a_quarter("QP4", square(0, 4, 2, 2)),
            "right": a_quarter("QP5", square(2, 4, 2, 2)),
        }

    @pytest.fixture
    def new(self):
        def quarter(code, shape):
            territory = a_territory(Level.QPV, code, f"Quartier {code}", generation=2024)
            return a_perimeter(territory, outline(shape))

        return {
            "same": quarter("QN1", square(0.005, 0, 2, 2)),
            "moved": quarter("QN2", square(3.5, 0, 2, 2)),
            "joined": quarter("QN4", square(0, 4, 4, 2)),
            "fresh": quarter("QN6", square(6, 6, 2, 2)),
        }

    @pytest.fixture
    def told(self, old, new):
        return side_by_side(list(old.values()), list(new.values()))

    def test_each_quarter_has_its_fate(self, told):
        fates = {fate.quarter.territory.code: fate.status for fate in told.fates}
        assert fates == {
            "QN1": "unchanged", "QN2": "redrawn", "QN4": "redrawn", "QN6": "new", "QP3": "out",
        }  # fmt: skip
        assert told.counts == {"unchanged": 1, "redrawn": 2, "new": 1, "out": 1}

    def test_a_merge_shows_both_its_parents(self, told):
        (joined,) = [f for f in told.fates if f.quarter.territory.code == "QN4"]
        assert {link.earlier.territory.code for link in joined.links} == {"QP4", "QP5"}
        for link in joined.links:
            assert link.share_of_earlier == pytest.approx(1, abs=1e-4)
            assert link.share_of_later == pytest.approx(0.5, abs=1e-4)

    def test_inhabitants_in_common_are_those_of_the_common_ground(self, old, new, cells, addresses):
        told = side_by_side(list(old.values()), list(new.values()))
        (link,) = next(f for f in told.fates if f.quarter.territory.code == "QN2").links
        first, second = metres(old["moved"]), metres(new["moved"])
        both = persons_in(shapely.intersection(first, second), cells, addresses)
        assert both > 0
        assert link.persons == pytest.approx(both, rel=1e-6)
        before = persons_in(first, cells, addresses)
        assert link.persons_share_of_earlier == pytest.approx(both / before, rel=1e-6)
        out = next(f for f in told.fates if f.status == "out")
        assert out.persons == pytest.approx(persons_in(metres(old["gone"]), cells, addresses))

    def test_without_cells_shares_of_population_are_unknown(self, told):
        assert {fate.persons for fate in told.fates} == {None}
        assert {link.persons for fate in told.fates for link in fate.links} == {None}

    def test_a_neighbour_that_is_grazed_is_no_counterpart(self, old):
        territory = a_territory(Level.QPV, "QN8", generation=2024)
        grazing = a_perimeter(territory, outline(square(1.95, -3, 2, 3.05)))
        told = side_by_side([old["same"]], [grazing])
        assert told.counts == {"unchanged": 0, "redrawn": 0, "new": 1, "out": 1}
        told = side_by_side([old["same"]], [grazing], linked=0.0001)
        assert told.counts["redrawn"] == 1

    def test_how_alike_unchanged_is_can_be_chosen(self, old, new):
        strict = side_by_side([old["same"]], [new["same"]], same=0.999)
        assert strict.counts["redrawn"] == 1

    def test_generations_without_anything_in_common_are_told(self, old, new):
        told = side_by_side([old["gone"]], [new["fresh"]])
        assert told.counts == {"unchanged": 0, "redrawn": 0, "new": 1, "out": 1}


def test_an_address_on_the_common_edge_is_kept_once(cells):
    """A redrawn quarter beside the earlier one: the door on their edge is in both."""
    x, y = X + 2 * SIDE, Y + SIDE
    Address.objects.create(
        ban_id="edge", street="Rue", commune_code="75118", commune_name="Paris",
        source=a_source("ban"), geom=Point(*TO_DEGREES.transform(x, y), srid=4326),
    )  # fmt: skip
    one = a_zone("Z1", square(0, 0, 2.0001, 2))
    two = a_zone("Z2", square(1.9999, 0, 2, 2))
    told = compare([one], [two]).addresses
    assert (told.kept, told.gained, told.lost) == (1, 0, 0)


def test_perimeters_far_from_any_cell_read_none(cells):
    far = a_zone("Z1", square(400, 400), status=Status.COMPUTED)
    told = compare([far], [far])
    assert told.inhabitants is None
    assert np.isfinite(told.area.kept)
