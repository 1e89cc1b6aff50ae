"""A cell is its id: both forms are read, one is written, geometry comes from it alone."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from carroyage import errors, grid

SIZES = st.sampled_from(grid.NATURAL_SIZES)
INDICES = st.integers(5_000, 27_000)
POINTS = st.floats(1e5, 8e6, allow_nan=False)


@given(st.lists(st.tuples(INDICES, INDICES), min_size=1, max_size=30), SIZES)
def test_an_id_written_then_read_gives_the_same_corner(
    pairs: list[tuple[int, int]], size: int
) -> None:
    corners = np.array(pairs, dtype=np.int64) * 200 // size * size
    ids = grid.format_ids(corners[:, 0], corners[:, 1], size)
    read = grid.parse_ids(ids, size=size)
    assert read.north.tolist() == corners[:, 0].tolist()
    assert read.east.tolist() == corners[:, 1].tolist()
    assert read.one_grid() == (3035, size)


@given(INDICES, INDICES, SIZES)
def test_the_geometry_of_a_cell_leads_back_to_its_id(row: int, col: int, size: int) -> None:
    north, east = np.array([row * size]), np.array([col * size])
    (shape,) = grid.cell_polygons(north, east, size)
    assert shape.bounds == (east[0], north[0], east[0] + size, north[0] + size)
    inside = shape.centroid
    found = grid.cells_of_points([inside.x], [inside.y], size)
    assert (found[0][0], found[1][0]) == (north[0], east[0])


@pytest.mark.parametrize(
    "old",
    ["200mN28934E37632", "200mN2893400E3763200", " CRS3035RES200mN2893400E3763200 "],
)
def test_both_forms_name_the_same_cell(old: str) -> None:
    read = grid.parse_ids([old])
    written = grid.format_ids(read.north, read.east, int(read.size[0]))
    assert written.tolist() == ["CRS3035RES200mN2893400E3763200"]


@pytest.mark.parametrize(
    ("old", "north", "east", "size"),
    [
        ("1kmN2893E3763", 2_893_000, 3_763_000, 1_000),
        ("2kmN2892E3762", 2_892_000, 3_762_000, 2_000),
        ("1kmN2893000E3763000", 2_893_000, 3_763_000, 1_000),
        ("64kmN2880E3712", 2_880_000, 3_712_000, 64_000),
    ],
)
def test_kilometre_cells_of_the_older_form(old: str, north: int, east: int, size: int) -> None:
    read = grid.parse_ids([old])
    assert (read.north[0], read.east[0], read.size[0], read.epsg[0]) == (north, east, size, 3035)


def test_forms_may_be_mixed_in_one_file() -> None:
    read = grid.parse_ids(["CRS3035RES200mN2893400E3763200", "200mN28934E37632"])
    assert len(set(read.north.tolist())) == 1


def test_overseas_cells_keep_their_own_system() -> None:
    read = grid.parse_ids(["CRS5490RES200mN1620000E690000", "CRS5490RES200mN1620200E690000"])
    assert read.one_grid() == (5490, 200)


@pytest.mark.parametrize(
    "bad",
    ["", "CRS3035RES200mE3763200N2893400", "12", None, "CRS3035RES200mN2893400", "<html>", 3.5],
)
def test_what_is_not_an_id_is_refused_with_its_row(bad: object) -> None:
    with pytest.raises(errors.UnreadableCellIds, match="row 1") as refused:
        grid.parse_ids(["CRS3035RES200mN2893400E3763200", bad])
    assert refused.value.rows == [1]
    assert "CRS3035RES200m" in refused.value.advice


def test_many_bad_ids_are_counted_and_the_first_are_shown() -> None:
    with pytest.raises(errors.UnreadableCellIds, match=r"8 cell id.*and 3 more"):
        grid.parse_ids([f"x{i}" for i in range(8)])


def test_a_corner_off_its_grid_is_refused() -> None:
    with pytest.raises(errors.MisalignedCellIds, match="row 0"):
        grid.parse_ids(["CRS3035RES200mN2893401E3763200"])


def test_a_corner_off_its_grid_is_never_written() -> None:
    with pytest.raises(errors.MisalignedCellIds):
        grid.format_ids([2_893_401], [3_763_200], 200)


def test_an_id_whose_size_is_not_the_file_s_is_refused() -> None:
    ids = ["CRS3035RES200mN2893400E3763200", "CRS3035RES1000mN2893000E3763000"]
    with pytest.raises(errors.UnexpectedCellSize, match="1000 m"):
        grid.parse_ids(ids, size=200)
    with pytest.raises(errors.UnexpectedCellSize):
        grid.parse_ids(ids).one_grid()


def test_a_size_the_natural_grid_does_not_have_is_refused() -> None:
    with pytest.raises(errors.UnknownCellSize, match="500 m"):
        grid.parse_ids(["CRS3035RES500mN2893500E3763500"])


def test_two_grids_in_one_file_are_refused() -> None:
    ids = grid.parse_ids(["CRS3035RES200mN2893400E3763200", "CRS2975RES200mN7640000E320000"])
    with pytest.raises(errors.MixedGrids, match="EPSG:2975, EPSG:3035"):
        ids.one_grid()


def test_no_id_at_all_is_an_empty_answer() -> None:
    assert len(grid.parse_ids([])) == 0


@given(POINTS, POINTS, SIZES)
def test_a_point_lies_in_the_cell_it_is_given(x: float, y: float, size: int) -> None:
    north, east = grid.cells_of_points([x], [y], size)
    assert east[0] <= x < east[0] + size
    assert north[0] <= y < north[0] + size


@given(st.integers(1, 40_000), SIZES)
def test_lower_and_left_edges_belong_to_the_cell_and_the_others_do_not(k: int, size: int) -> None:
    edge = float(k * size)
    just_before = math.nextafter(edge, 0)
    north, east = grid.cells_of_points([edge, just_before], [edge, just_before], size)
    assert north.tolist() == east.tolist() == [k * size, (k - 1) * size]


def test_points_without_coordinates_are_refused_with_their_rows() -> None:
    with pytest.raises(errors.CoordinatesNotFinite, match="row 1"):
        grid.cells_of_points([1.0, float("nan")], [1.0, 1.0])


@given(INDICES, INDICES, SIZES)
def test_a_larger_natural_cell_holds_its_children(row: int, col: int, size: int) -> None:
    north, east = grid.parent([row * 200], [col * 200], 200, size)
    child = grid.cell_polygons([row * 200], [col * 200], 200)[0]
    assert grid.cell_polygons(north, east, size)[0].covers(child)


def test_a_child_is_never_larger_than_its_parent() -> None:
    with pytest.raises(errors.UnknownCellSize):
        grid.parent([0], [0], 1_000, 200)


@given(st.lists(st.tuples(INDICES, INDICES), max_size=20))
def test_a_position_packed_in_one_number_unpacks(pairs: list[tuple[int, int]]) -> None:
    corners = np.array(pairs, dtype=np.int64).reshape(-1, 2) * 200
    north, east = grid.corners_of_keys(grid.cell_keys(corners[:, 0], corners[:, 1], 200), 200)
    assert north.tolist() == corners[:, 0].tolist()
    assert east.tolist() == corners[:, 1].tolist()


@pytest.mark.parametrize(
    ("territory", "epsg"),
    [
        ("75", 3035), ("2A", 3035), ("93", 3035), ("971", 5490), ("Martinique", 5490),
        ("97411", 2975), ("La Réunion", 2975), ("metropolitan", 3035),
    ],
)  # fmt: skip
def test_each_territory_has_its_grid(territory: str, epsg: int) -> None:
    assert grid.grid_epsg_for(territory) == epsg
    assert pyproj.CRS.from_epsg(epsg).is_projected


@pytest.mark.parametrize("territory", ["973", "Mayotte", "97601", ""])
def test_territories_without_a_grid_are_refused(territory: str) -> None:
    with pytest.raises(errors.UnknownGridTerritory):
        grid.grid_epsg_for(territory)


def test_a_cell_is_square_in_its_grid_only() -> None:
    import geopandas as gpd

    shape = gpd.GeoSeries(grid.cell_polygons([2_893_400], [3_763_200], 200), crs=3035)
    assert shape.area[0] == 40_000
    assert 39_900 < shape.to_crs(2154).area[0] < 40_200
    assert shape.to_crs(3857).area[0] > 73_000
    assert shapely.is_valid(shape[0])
