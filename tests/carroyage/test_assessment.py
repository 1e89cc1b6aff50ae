"""Comparing a selection with the legal quarters, on shapes whose answer is known."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carroyage import errors, grid, overlap
from carroyage.assess import Assessment, assess
from carroyage.zones import build_zones
from tests.carroyage.makers import EAST, NORTH, make_cells


def square(row: float, col: float, height: float, width: float) -> shapely.Polygon:
    """A rectangle measured in cells from the Paris corner, in EPSG:3035."""
    west, south = EAST + col * 200, NORTH + row * 200
    return shapely.box(west, south, west + width * 200, south + height * 200)


def legal(*shapes: shapely.Polygon) -> gpd.GeoDataFrame:
    codes = [f"QP{i + 1:06}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"code": codes}, geometry=list(shapes), crs=3035).to_crs(2154)


def points(*places: tuple[float, float]) -> gpd.GeoSeries:
    xy = [shapely.Point(EAST + col * 200, NORTH + row * 200) for row, col in places]
    return gpd.GeoSeries(xy, crs=3035)


def judge(selected: list[bool], quarters: gpd.GeoDataFrame, **options: object) -> Assessment:
    cells = make_cells([(0, i) for i in range(len(selected))], ind=100.0)
    values = options.pop("ind", None)
    if values is not None:
        cells["ind"] = values
    return assess(cells, np.array(selected), quarters, **options)  # type: ignore[arg-type]


def test_the_same_ground_scores_one() -> None:
    found = judge([True, True, False], legal(square(0, 0, 1, 2)))
    assert found.iou == pytest.approx(1, abs=1e-4)
    assert found.population_iou == pytest.approx(1, abs=1e-4)
    assert (found.quarters_touched, found.quarters_covered, found.quarters_total) == (1, 1, 1)
    assert found.selected_to_legal == pytest.approx(0, abs=0.01)
    assert found.ceiling_iou == pytest.approx(1, abs=1e-4)


def test_half_a_cell_legal_and_one_cell_too_many() -> None:
    found = judge([True, True, False], legal(square(0, 0, 1, 0.5)))
    assert found.iou == pytest.approx(0.25, abs=1e-4)
    assert found.population_recall == pytest.approx(1, abs=1e-4)
    assert found.population_precision == pytest.approx(0.25, abs=1e-4)
    assert found.ceiling_iou == pytest.approx(0.5, abs=1e-4)


def test_imputed_cells_and_the_others_are_told_apart() -> None:
    cells = make_cells([(0, 0), (0, 1), (0, 2)], men=[200.0, 200.0, 5.0])
    chosen = np.array([True, False, True])
    quarters = legal(square(0, 0, 1, 2))
    told = assess(cells, chosen, quarters).by_imputation
    assert told["as counted"]["cells"] == 2
    assert told["as counted"]["iou"] == pytest.approx(0.5, abs=1e-4)
    assert told["imputed"]["iou"] == 0
    assert told["imputed"]["selected_area"] == pytest.approx(40_000, rel=1e-3)
    flagged = assess(cells.assign(i_est_200=[1, 0, 0]), chosen, quarters).by_imputation
    assert flagged["imputed"]["iou"] == pytest.approx(1, abs=1e-4)


def test_parts_told_apart_add_up_to_the_whole() -> None:
    cells = make_cells([(0, i) for i in range(6)], men=[200.0, 5.0, 200.0, 5.0, 200.0, 5.0])
    found = assess(cells, np.array([1, 1, 1, 0, 0, 1], bool), legal(square(0, 0.5, 1, 4)))
    parts = found.by_imputation.values()
    assert sum(part["selected_area"] for part in parts) == pytest.approx(found.selected_area)
    assert sum(part["legal_area"] for part in parts) == pytest.approx(found.legal_area, rel=1e-4)


def test_without_households_nothing_is_told_apart() -> None:
    cells = make_cells([(0, 0)]).drop(columns=["men", "men_pauv"])
    whole = np.array([True])
    assert assess(cells, whole, legal(square(0, 0, 1, 1)), scores=()).by_imputation == {}


def test_apart_scores_zero() -> None:
    found = judge([False, False, True], legal(square(0, 0, 1, 1)))
    assert (found.iou, found.population_iou, found.quarters_touched) == (0, 0, 0)
    assert found.legal_to_selected > 199


def test_inhabitants_are_where_the_addresses_are() -> None:
    places = points((0.5, 0.1), (0.5, 0.2), (0.5, 0.3), (0.5, 0.9))
    found = judge([True, False], legal(square(0, 0, 1, 0.5)), population_points=places)
    assert found.population_precision == pytest.approx(0.75)
    evenly = judge([True, False], legal(square(0, 0, 1, 0.5)))
    assert evenly.population_precision == pytest.approx(0.5, abs=1e-3)
    assert any("no addresses" in note for note in evenly.notes)


def test_a_cell_without_address_is_spread_evenly_beside_one_with_addresses() -> None:
    found = judge(
        [True, True], legal(square(0, 0, 1, 0.5), square(0, 1, 1, 0.5)), ind=[100.0, 300.0],
        population_points=points((0.5, 0.1)),
    )  # fmt: skip
    assert found.quarters["population"].tolist() == pytest.approx([100, 150], abs=0.5)


def test_a_quarter_is_covered_by_its_inhabitants_not_its_ground() -> None:
    places = points((0.5, 0.5), (0.5, 1.5), (0.6, 1.5), (0.7, 1.5))
    found = judge(
        [True, False], legal(square(0, 0, 1, 2)), ind=[100.0, 900.0], population_points=places
    )
    assert found.quarters["area_share"].tolist() == pytest.approx([0.5], abs=1e-3)
    assert found.quarters["population_share"].tolist() == pytest.approx([0.1])
    assert found.quarters["touched"].all()
    assert not found.quarters["covered"].any()


def test_a_quarter_where_nobody_is_located_is_judged_on_area_and_says_so() -> None:
    cells = make_cells([(0, 0)])
    zone = gpd.GeoSeries([square(5, 5, 1, 1)], crs=3035)
    found = assess(cells, zone, legal(square(5, 5, 1, 1.5)))
    assert found.quarters["basis"].tolist() == ["area"]
    assert found.quarters["covered"].all()
    assert np.isnan(found.population_recall)
    assert any("QP000001" in note and "area" in note for note in found.notes)


@pytest.mark.parametrize(("share", "touched"), [(0.09, False), (0.11, True)])
def test_a_quarter_is_touched_from_a_tenth_of_its_area(share: float, touched: bool) -> None:
    found = judge([True], legal(square(0, 1 - share, 1, 1)))
    assert found.quarters["touched"].tolist() == [touched]


def test_zones_cells_and_outlines_of_the_same_ground_score_the_same() -> None:
    cells = make_cells([(0, 0), (0, 1), (3, 3)], men_pauv=[80.0, 80.0, 0.0])
    quarters = legal(square(0, 0.4, 1.3, 1))
    zones = build_zones(cells, "share_poor", 0.25, min_population=0)
    flags = np.array([True, True, False])
    outlines = gpd.GeoSeries(zones.outlines(), crs=3035)
    by = [assess(cells, chosen, quarters) for chosen in (zones, flags, outlines)]
    for other in by[1:]:
        assert other.iou == pytest.approx(by[0].iou, abs=1e-6)
        assert other.population_iou == pytest.approx(by[0].population_iou, abs=1e-6)


def test_rows_in_another_order_score_the_same() -> None:
    cells = make_cells([(0, 0), (0, 1), (3, 3)], ind=[10.0, 200.0, 3_000.0])
    flags = np.array([True, False, True])
    quarters = legal(square(0, 0, 1, 1.5))
    first = assess(cells, flags, quarters)
    second = assess(cells.iloc[[2, 0, 1]], flags[[2, 0, 1]], quarters)
    assert first.auc == second.auc
    for name in ("iou", "population_iou", "ceiling_iou", "selected_to_legal", "legal_area"):
        assert getattr(first, name) == pytest.approx(getattr(second, name))


def test_what_lies_outside_the_territory_is_not_judged() -> None:
    cells = make_cells([(0, 0), (0, 9)])
    territory = gpd.GeoSeries([square(-1, -1, 3, 3)], crs=3035)
    quarters = legal(square(0, 0, 1, 1), square(0, 9, 1, 1))
    found = assess(cells, np.array([True, True]), quarters, territory=territory)
    assert found.iou == pytest.approx(1, abs=1e-4)
    assert found.quarters_total == 1


def test_a_quarter_across_the_border_is_cut_at_the_border() -> None:
    cells = make_cells([(0, 0)])
    territory = gpd.GeoSeries([square(-1, -1, 3, 2)], crs=3035)
    found = assess(cells, np.array([True]), legal(square(0, 0, 1, 2)), territory=territory)
    assert found.iou == pytest.approx(1, abs=1e-4)


def test_auc_counts_cells_of_which_half_is_legal() -> None:
    cells = make_cells(
        [(0, i) for i in range(4)], men_pauv=[80.0, 60.0, 40.0, 0.0],
        ind_snv=[500 * v for v in (9e3, 30e3, 12e3, 15e3)],
    )  # fmt: skip
    found = assess(cells, np.ones(4, bool), legal(square(0, 0, 1, 1.6)))
    assert found.positive_cells == 2
    assert found.auc["share_poor"] == 1
    assert found.auc["mean_living_standard"] == 0.5
    assert found.average_precision["share_poor"] == 1


def test_without_a_positive_cell_there_is_no_auc() -> None:
    found = judge([True, False], legal(square(0, 0, 1, 0.3)))
    assert np.isnan(found.auc["share_poor"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=9),
    st.integers(1, 60),
)
def test_no_set_of_whole_units_beats_the_ceiling(
    units: list[tuple[int, int]], outside: int
) -> None:
    areas = np.array([float(max(a, b)) for a, b in units])
    covered = np.array([float(a) for a, _ in units])
    total = covered.sum() + outside
    ceiling, chosen = overlap.best_prefix_iou(covered, areas, total)
    best = 0.0
    for flags in itertools.product([False, True], repeat=len(units)):
        rows = np.array(flags)
        both = covered[rows].sum()
        best = max(best, both / (total + areas[rows].sum() - both))
    assert ceiling == pytest.approx(best)
    if len(chosen):
        both = covered[chosen].sum()
        assert ceiling == pytest.approx(both / (total + areas[chosen].sum() - both))


def test_overlapping_quarters_are_not_counted_twice() -> None:
    once = judge([True, True], legal(square(0, 0, 1, 2)))
    twice = judge([True, True], legal(square(0, 0, 1, 2), square(0, 0, 1, 1)))
    assert twice.iou == pytest.approx(once.iou)
    assert twice.legal_area == pytest.approx(once.legal_area)


def test_a_self_intersecting_quarter_is_repaired() -> None:
    bowtie = shapely.Polygon(
        [(EAST, NORTH), (EAST + 200, NORTH + 200), (EAST + 200, NORTH), (EAST, NORTH + 200)]
    )
    assert judge([True], legal(bowtie)).iou == pytest.approx(0.5, abs=1e-3)


def test_nothing_is_measured_in_web_mercator_nor_without_a_system() -> None:
    with pytest.raises(errors.WrongGeometrySystem):
        judge([True], legal(square(0, 0, 1, 1)), epsg=3857)
    with pytest.raises(errors.WrongGeometrySystem):
        judge([True], legal(square(0, 0, 1, 1)), epsg=4326)
    with pytest.raises(errors.WrongGeometrySystem):
        judge([True], legal(square(0, 0, 1, 1)).set_crs(None, allow_override=True))


def test_a_territory_without_quarters_is_refused() -> None:
    far = gpd.GeoSeries([square(500, 500, 1, 1)], crs=3035)
    with pytest.raises(errors.EmptyLegalGeometry):
        judge([True], legal(square(0, 0, 1, 1)), territory=far)


def test_every_result_says_it_is_not_the_legal_zoning() -> None:
    found = judge([True], legal(square(0, 0, 1, 1)), vintages={"income": "2021"})
    assert "approximation, not the legal zoning" in found.notes
    assert found.figures()["vintages"] == {"income": "2021"}
    assert "quarters" not in found.figures()


def test_an_outline_s_distance_is_the_median_of_its_points() -> None:
    inner, outer = shapely.box(100, 100, 200, 200), shapely.box(0, 0, 300, 300)
    distance = overlap.outline_distance(np.array([inner]), np.array([outer]))
    assert distance == pytest.approx(100)
    assert np.isnan(overlap.outline_distance(np.array([inner]), np.array([])))


def test_candidate_cells_cover_every_shape() -> None:
    shapes = overlap.to_metres(legal(square(0.5, 0.5, 2, 3)))
    near = overlap.keys_near(shapes, 200, 3035)
    north, east = grid.corners_of_keys(near, 200)
    assert (NORTH, EAST) in set(zip(north.tolist(), east.tolist(), strict=True))
