"""Points fall in the zones that cover them, however many there are; near ones are told."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from importers.deposits import zones
from importers.deposits.coordinates import System, precision_of, recognise
from importers.deposits.zones import NONE, ZoneLayer

PARIS = (2.22, 48.81, 2.47, 48.91)
TO_LAMBERT = pyproj.Transformer.from_crs(4326, 2154, always_xy=True)


def a_layer(seed: int, count: int = 12) -> ZoneLayer:
    """Zones of random outline, some of which overlap."""
    random = np.random.default_rng(seed)
    shapes = []
    for _ in range(count):
        centre = random.uniform((2.30, 48.84), (2.40, 48.89))
        angles = np.sort(random.uniform(0, 2 * np.pi, 9))
        reach = random.uniform(0.001, 0.006, 9)
        ring = centre + np.column_stack([np.cos(angles), np.sin(angles)]) * reach[:, None]
        shapes.append(shapely.make_valid(shapely.Polygon(ring)))
    return ZoneLayer("qpv", [f"QP{n:03d}" for n in range(count)], shapes)


def plainly(layer: ZoneLayer, lon, lat) -> np.ndarray:
    """The first zone by code that covers each point, one comparison at a time."""
    found = np.full(len(lon), NONE)
    points = shapely.points(lon, lat)
    for place in reversed(range(len(layer))):
        found[shapely.covers(layer.shapes[place], points)] = place
    return found


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_many_points_get_the_zones_that_a_plain_comparison_gives(seed):
    layer, random = a_layer(seed), np.random.default_rng(seed)
    lon, lat = random.uniform(2.28, 2.42, 8_000), random.uniform(48.82, 48.91, 8_000)
    assert len(lon) > zones.FEW_POINTS
    expected = plainly(layer, lon, lat)
    assert (layer.locate(lon, lat) == expected).all()
    # A second batch meets the squares already known, a small one does without them.
    assert (layer.locate(lon, lat) == expected).all()
    assert (layer.locate(lon[:100], lat[:100]) == expected[:100]).all()


def test_a_point_on_the_outline_is_in():
    layer = ZoneLayer("qpv", ["A"], [shapely.box(2.35, 48.85, 2.36, 48.86)])
    lon, lat = np.array([2.35, 2.355, 2.36, 2.3600001]), np.array([48.855, 48.86, 48.86, 48.855])
    assert layer.locate(lon, lat).tolist() == [0, 0, 0, NONE]
    many = layer.locate(np.tile(lon, 2_000), np.tile(lat, 2_000))
    assert many.tolist() == [0, 0, 0, NONE] * 2_000


def test_west_of_greenwich_and_south_of_the_equator_squares_do_not_mix():
    boxes = [shapely.box(-61.01, 14.6, -61.0, 14.61), shapely.box(55.4, -21.1, 55.41, -21.09)]
    layer = ZoneLayer("qpv", ["M", "R"], boxes)
    lon = np.tile([-61.005, 55.405, 61.005], 2_000)
    lat = np.tile([14.605, -21.095, 14.605], 2_000)
    assert layer.locate(lon, lat).tolist() == [0, 1, NONE] * 2_000


def test_without_zones_nothing_is_in_or_near():
    layer = ZoneLayer("qva", [], [])
    lon, lat = np.array([2.35]), np.array([48.85])
    assert layer.locate(lon, lat).tolist() == [NONE]
    assert not layer.near_outline(lon, lat, np.array([5.0])).any()
    assert not layer.within(lon, lat, 300).any()


@given(st.integers(0, 10_000), st.floats(1, 200))
@settings(max_examples=15, deadline=None)
def test_nearness_is_measured_in_metres_on_the_ground(seed, reach):
    layer, random = a_layer(seed, 4), np.random.default_rng(seed)
    lon, lat = random.uniform(2.29, 2.41, 300), random.uniform(48.83, 48.90, 300)
    shapes = shapely.transform(layer.shapes, TO_LAMBERT.transform, interleaved=False)
    points = shapely.points(*TO_LAMBERT.transform(lon, lat))
    outlines, whole = shapely.union_all(shapely.boundary(shapes)), shapely.union_all(shapes)
    expected = shapely.distance(points, outlines) <= reach
    assert (layer.near_outline(lon, lat, np.full(300, reach)) == expected).all()
    assert (layer.within(lon, lat, reach) == (shapely.distance(points, whole) <= reach)).all()


def test_each_point_has_its_own_precision():
    layer = ZoneLayer("qpv", ["A"], [shapely.box(2.35, 48.85, 2.36, 48.86)])
    metre = 1 / 73_300
    lon, lat = np.array([2.36 + 10 * metre] * 2), np.array([48.855] * 2)
    assert layer.near_outline(lon, lat, np.array([5.0, 15.0])).tolist() == [False, True]


# -- coordinates ---------------------------------------------------------------------------


@pytest.mark.parametrize("epsg", [4326, 2154, 27572, 3857])
@pytest.mark.parametrize("swapped", [False, True])
def test_each_of_the_four_systems_is_recognised_straight_and_swapped(epsg, swapped):
    random = np.random.default_rng(epsg)
    lon, lat = random.uniform(2.25, 2.41, 200), random.uniform(48.82, 48.90, 200)
    x, y = pyproj.Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat)
    if swapped:
        x, y = y, x
    found = recognise(np.array(x), np.array(y), PARIS)
    assert found == System(epsg, swapped)
    back = found.degrees(np.array(x), np.array(y))
    assert np.abs(back[0] - lon).max() < 1e-6
    assert np.abs(back[1] - lat).max() < 1e-6


@pytest.mark.parametrize("x, y", [([0.0], [0.0]), ([1e9], [1e9]), ([np.nan], [48.85])])
def test_numbers_that_lie_nowhere_in_france_are_no_coordinates(x, y):
    assert recognise(np.array(x), np.array(y), PARIS) is None


def test_a_few_wrong_points_do_not_hide_the_system():
    lon, lat = np.full(100, 2.35), np.full(100, 48.85)
    lon[:20], lat[:20] = 0.0, 0.0
    assert recognise(lon, lat, PARIS) == System(4326)


@pytest.mark.parametrize(
    "written, system, metres",
    [(["2.351234"], System(4326), 1.0), (["2.351"], System(4326), 55.66),
     (["2,35"], System(4326), 556.6), (["652000"], System(2154), 1.0),
     (["600000.12"], System(27572), 3.0)],
)  # fmt: skip
def test_precision_follows_from_the_decimals_written(written, system, metres):
    assert precision_of(written, system) == pytest.approx(metres)
