"""The ground of the demonstration: plots cut by streets, blocks, cells and zones."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from importers.demonstration import errors
from importers.demonstration.city import draw_city, join_blocks
from importers.demonstration.fields import SmoothField
from importers.demonstration.ground import Ground
from importers.demonstration.network import Network, Plot
from importers.demonstration.perimeters import Blocks
from importers.demonstration.plan import SECTORS
from importers.demonstration.skeleton import Skeleton, ring_angles
from importers.demonstration.subdivide import Tree, halve
from importers.demonstration.zones import grow_zones

RADII = st.lists(st.floats(150, 400), min_size=4, max_size=9)


def star(radii: list[float]) -> Plot:
    """A plot around the origin: one corner per radius, counter-clockwise."""
    turns = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    xs = [float(r * np.cos(a)) for a, r in zip(turns, radii, strict=True)]
    ys = [float(r * np.sin(a)) for a, r in zip(turns, radii, strict=True)]
    return Plot(xs, ys, [0] * len(xs))


def polygon(plot: Plot) -> shapely.Polygon:
    return shapely.Polygon(list(zip(plot.xs, plot.ys, strict=True)))


def square(x: float, y: float, side: float) -> Plot:
    return Plot([x, x + side, x + side, x], [y, y, y + side, y + side], [0, 1, 2, 3])


@given(RADII)
def test_measures_of_a_plot_agree_with_shapely(radii: list[float]) -> None:
    plot = star(radii)
    shape = polygon(plot)
    assert plot.area() == pytest.approx(shape.area, rel=1e-9)
    assert plot.perimeter() == pytest.approx(shape.length, rel=1e-9)
    assert plot.centre() == pytest.approx((shape.centroid.x, shape.centroid.y), abs=1e-3)


@given(RADII, st.integers(0, 2**32))
def test_a_cut_makes_two_plots_that_fill_the_first(radii: list[float], seed: int) -> None:
    plot = star(radii)
    network = Network()
    halves = halve(plot, network, np.random.default_rng(seed))
    assume(halves is not None)
    one, two = map(polygon, halves)
    assert one.area + two.area == pytest.approx(plot.area(), rel=1e-9)
    assert one.intersection(two).area < 1e-6 * plot.area()
    assert len(network.kind) == 1
    assert all(len(half.xs) == len(half.segments) for half in halves)


def test_the_long_side_is_the_one_that_is_cut() -> None:
    plot = Plot([0, 900, 900, 0], [0, 0, 200, 200], [0, 1, 2, 3])
    assert abs(plot.long_axis()[0]) == pytest.approx(1)
    halves = halve(plot, Network(), np.random.default_rng(3))
    assert halves is not None
    assert max(np.ptp(half.xs) for half in halves) < 750


def test_larger_plots_are_cut_by_wider_streets() -> None:
    kinds = []
    for side in (1_000, 500, 250, 150):
        network = Network()
        assert halve(square(0, 0, side), network, np.random.default_rng(1)) is not None
        kinds.append(network.half_widths()[0])
    assert kinds == sorted(kinds, reverse=True)


def test_a_tree_of_plots_numbers_blocks_in_runs() -> None:
    tree = Tree(Network(), np.random.default_rng(5))
    root = tree.cut(square(0, 0, 900), lambda place: 20_000.0, lambda place, area: False)
    assert (root.start, root.end) == (0, len(tree.blocks))
    assert sum(block.area() for block in tree.blocks) == pytest.approx(810_000)
    first, second = root.children
    assert first.end == second.start
    areas = [sum(b.area() for b in tree.blocks[c.start : c.end]) for c in root.children]
    assert areas == pytest.approx([first.area, second.area])


def test_joined_blocks_share_every_corner() -> None:
    tree = Tree(Network(), np.random.default_rng(6))
    tree.cut(square(0, 0, 800), lambda place: 15_000.0, lambda place, area: False)
    shapes, neighbours = join_blocks(tree.blocks)
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(640_000, rel=1e-6)
    for a, b in neighbours[:50]:
        assert shapely.intersection(shapes[a], shapes[b]).length > 0


def test_blocks_that_do_not_tile_are_refused() -> None:
    with pytest.raises(errors.BrokenTiling, match="2 blocks were drawn"):
        join_blocks([square(0, 0, 100), square(50, 50, 100)])


def test_sectors_tile_the_rings() -> None:
    skeleton = Skeleton(np.random.default_rng(0))
    shapes = np.array([polygon(skeleton.plot(sector)) for sector in SECTORS], dtype=object)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)


@pytest.mark.parametrize("ring", [1, 2, 3, 4, 5])
def test_both_sides_of_a_ring_walk_the_same_corners(ring: int) -> None:
    whole = ring_angles(ring, 0, 360)
    assert whole == sorted(whole)
    parts = ring_angles(ring, 0, 90) + ring_angles(ring, 90, 360)
    assert set(whole) == set(parts)


# -- cells and zones -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> tuple:
    city = draw_city(np.random.default_rng([11, 0]))
    return city, Ground.of(city)


def test_a_points_cell_is_found_by_arithmetic(drawn: tuple) -> None:
    _, ground = drawn
    x = ground.west + np.array([400.0, 599.99, 600.0])
    y = ground.south + np.array([200.0, 399.99, 399.99])
    cells = ground.cells_of(x, y)
    assert cells[0] == cells[1] == cells[2] - 1
    north, east = ground.corner(cells[:1])
    assert (north[0], east[0]) == (ground.south + 200, ground.west + 400)
    assert ground.cell_id(int(cells[0])) == f"CRS3035RES200mN{north[0]}E{east[0]}"


def test_sampled_cells_measure_blocks_well(drawn: tuple) -> None:
    city, ground = drawn
    counted = np.bincount(ground.samples[ground.samples >= 0], minlength=len(city.shapes)) * 625.0
    assert counted.sum() == pytest.approx(shapely.area(city.shapes).sum(), rel=0.01)


def test_zones_are_connected_and_apart(drawn: tuple) -> None:
    city, ground = drawn
    zones = grow_zones(city, ground, np.random.default_rng([11, 1]))
    taken = np.zeros(ground.rows * ground.columns, bool)
    for zone in zones:
        assert len(zone.cells) == zone.plan.cells
        assert not taken[ground.around(list(zone.cells))].any(), zone.plan.name
        left, queue = set(zone.cells), [zone.cells[0]]
        while queue:
            cell = queue.pop()
            if cell in left:
                left.remove(cell)
                queue.extend(ground.beside(cell))
        assert not left
        taken[list(zone.cells)] = True


def test_no_room_is_said() -> None:
    message = str(errors.NoRoomForZone("QP075003", 4, 1))
    assert "QP075003" in message
    assert "another seed" in message


def test_bridges_and_parts_of_blocks(drawn: tuple) -> None:
    city, _ = drawn
    graph = Blocks(city)
    start, far = 100, 160
    everywhere = np.ones(len(city.shapes), bool)
    joined = graph.join({start, far}, everywhere)
    assert len(graph.parts(joined)) == 1
    assert {start, far} <= joined
    nowhere = np.zeros(len(city.shapes), bool)
    assert graph.bridge({start}, {far}, nowhere) == set()
    assert graph.rings({start}, 1, everywhere) == {start} | graph.beside({start})


def test_smooth_fields_are_smooth_and_centred() -> None:
    field = SmoothField.draw(np.random.default_rng(2), (0.0, 0.0), 600.0)
    x = np.linspace(-5_000, 5_000, 400)
    steps = np.abs(np.diff(field.at(x, np.zeros(400))))
    assert steps.max() < 0.3
    assert field.values.std() == pytest.approx(1)
