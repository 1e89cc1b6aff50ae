"""Zones: contiguous cells judged on their sums; what is not a zone is dropped with a reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carroyage import errors, scores
from carroyage.scores import eligible_cells
from carroyage.zones import UrbanUnits, Zones, build_zones
from tests.carroyage.makers import cell_sets, make_cells

RING = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2)]


def build(cells: pd.DataFrame, **options: object) -> Zones:
    options.setdefault("min_population", 0)
    return build_zones(cells, "share_poor", 0.25, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("contiguity", "zones"), [("queen", 1), ("rook", 2)])
def test_cells_touching_by_a_corner(contiguity: str, zones: int) -> None:
    assert len(build(make_cells([(0, 0), (1, 1)]), contiguity=contiguity).table) == zones


def test_the_end_of_a_row_does_not_touch_the_start_of_the_next() -> None:
    assert len(build(make_cells([(0, 8), (1, 0)])).table) == 2


def test_the_minimum_population_is_judged_on_the_zone_not_the_cell() -> None:
    cells = make_cells([(0, 0), (0, 1), (5, 5)], ind=[600.0, 400.0, 999.0])
    zones = build(cells, min_population=1_000)
    assert zones.table["ind"].tolist() == [1_000.0]
    assert zones.dropped["reason"].tolist() == ["under 1000 inhabitants"]
    assert zones.dropped["first_cell"].tolist() == [cells.index[2]]


def test_a_zone_s_score_is_the_ratio_of_its_sums() -> None:
    cells = make_cells([(0, 0), (0, 1)], men=[100.0, 300.0], men_pauv=[90.0, 90.0])
    assert build(cells).table["score"].tolist() == [180 / 400]


@settings(max_examples=60, deadline=None)
@given(cell_sets(), st.sampled_from(["queen", "rook"]), st.integers(0, 3_000))
def test_zones_and_dropped_clusters_partition_the_selected_cells(
    cells: pd.DataFrame, contiguity: str, minimum: int
) -> None:
    zones = build(cells, contiguity=contiguity, min_population=minimum)
    poor = eligible_cells(cells, scores.SHARE_POOR) & (cells["men_pauv"] / cells["men"] >= 0.25)
    assert zones.members["cell"].is_unique
    assert set(zones.members["cell"]) <= set(cells.index[poor])
    assert len(zones.members) + zones.dropped["cells"].sum() == poor.sum()
    assert zones.table["cells"].sum() == len(zones.members)
    persons = cells["ind"][poor].sum()
    assert zones.table["ind"].sum() + zones.dropped["ind"].sum() == pytest.approx(persons)


@settings(max_examples=60, deadline=None)
@given(cell_sets(), st.sampled_from(["queen", "rook"]))
def test_zones_are_connected_and_apart_from_each_other(
    cells: pd.DataFrame, contiguity: str
) -> None:
    zones = build(cells, contiguity=contiguity)
    for outline, cells_in in zip(zones.outlines(), zones.table["cells"], strict=True):
        assert outline.area == cells_in * 40_000
        joined = outline if contiguity == "rook" else outline.buffer(1)
        assert joined.geom_type == "Polygon"
    shapes = zones.outlines()
    for i, shape in enumerate(shapes):
        for other in shapes[i + 1 :]:
            meeting = shape.intersection(other)
            assert meeting.is_empty or (contiguity == "rook" and meeting.length == 0)


@settings(max_examples=40, deadline=None)
@given(cell_sets(), st.integers(0, 99), st.booleans(), st.booleans())
def test_the_order_of_rows_changes_nothing(
    cells: pd.DataFrame, seed: int, bridge: bool, fill: bool
) -> None:
    order = np.random.default_rng(seed).permutation(len(cells))
    first = build(cells, bridge_gaps=bridge, fill_holes=fill)
    second = build(cells.iloc[order], bridge_gaps=bridge, fill_holes=fill)
    pd.testing.assert_frame_equal(first.members, second.members)
    pd.testing.assert_frame_equal(first.table, second.table, check_exact=True)
    pd.testing.assert_frame_equal(first.dropped, second.dropped, check_exact=True)


def test_a_one_cell_gap_is_bridged_only_on_demand() -> None:
    cells = make_cells([(0, 0), (0, 2), (0, 1)], men_pauv=[80.0, 80.0, 1.0])
    assert len(build(cells).table) == 2
    bridged = build(cells, bridge_gaps=True)
    assert bridged.table["cells"].tolist() == [3]
    assert bridged.table["ind"].tolist() == [1_500.0]
    assert bridged.members["role"].tolist() == ["selected", "gap", "selected"]


def test_a_two_cell_gap_is_not_bridged() -> None:
    assert len(build(make_cells([(0, 0), (0, 3)]), bridge_gaps=True).table) == 2


def test_an_empty_gap_adds_ground_but_nobody() -> None:
    bridged = build(make_cells([(0, 0), (0, 2)]), bridge_gaps=True)
    assert bridged.table[["cells", "ind"]].to_numpy().tolist() == [[3, 1_000.0]]


def test_an_enclosed_rich_cell_is_filled_only_on_demand() -> None:
    cells = make_cells([*RING, (1, 1)], men_pauv=[80.0] * 8 + [1.0])
    assert build(cells).table["cells"].tolist() == [8]
    filled = build(cells, fill_holes=True)
    assert filled.table["cells"].tolist() == [9]
    assert filled.members["role"].tolist().count("hole") == 1
    assert filled.outlines()[0].equals(shapely.box(*filled.outlines()[0].bounds))


def test_a_bay_open_on_one_side_is_not_a_hole() -> None:
    assert build(make_cells(RING[:-2]), fill_holes=True).table["cells"].tolist() == [6]


def test_a_diamond_encloses_its_centre_under_queen_contiguity_only() -> None:
    diamond = make_cells([(0, 1), (1, 0), (1, 2), (2, 1)])
    assert build(diamond, fill_holes=True).table["cells"].tolist() == [5]
    assert build(diamond, fill_holes=True, contiguity="rook").table["cells"].tolist() == [1] * 4


def test_a_zone_inside_the_hole_of_another_joins_it() -> None:
    side = [(r, c) for r in range(5) for c in range(5) if r in (0, 4) or c in (0, 4)]
    zones = build(make_cells([*side, (2, 2)]), fill_holes=True)
    assert zones.table["cells"].tolist() == [25]


def test_zones_never_cross_the_border_of_an_urban_unit() -> None:
    cells = make_cells([(0, 0), (0, 1), (0, 2)], unit=["00851", "00851", "59702"])
    units = UrbanUnits("unit", {"00851": 10_500_000, "59702": 1_000_000})
    zones = build(cells, urban_units=units)
    assert zones.table["cells"].tolist() == [2, 1]
    assert zones.table["urban_unit"].tolist() == ["00851", "59702"]


def test_each_urban_unit_has_its_own_line() -> None:
    cells = make_cells([(0, 0), (0, 5)], unit=["a", "b"], ind_snv=[500 * 12_000.0] * 2)
    units = UrbanUnits("unit", {"a": 50_000, "b": 50_000})
    zones = build_zones(
        cells, "mean_living_standard", {"a": 12_800.0, "b": 11_250.0}, min_population=0,
        urban_units=units,
    )  # fmt: skip
    assert zones.table["urban_unit"].tolist() == ["a"]


def test_a_small_urban_unit_holds_no_zone_unless_it_has_a_derogation() -> None:
    cells = make_cells([(0, 0), (0, 5)], unit=["small", None])
    zones = build(cells, urban_units=UrbanUnits("unit", {"small": 9_999}))
    assert len(zones.table) == 0
    assert zones.dropped["reason"].tolist() == ["urban unit under 10000 inhabitants"] * 2
    allowed = UrbanUnits("unit", {"small": 9_999}, derogations={"small"})
    assert build(cells, urban_units=allowed).table["cells"].tolist() == [1]


def test_an_empty_gap_belongs_to_the_unit_it_lies_in() -> None:
    cells = make_cells([(0, 9), (2, 0), (4, 0)], unit=["b", "a", "a"])
    units = UrbanUnits("unit", {"a": 50_000, "b": 50_000})
    zones = build(cells, urban_units=units, bridge_gaps=True)
    assert zones.table["cells"].tolist() == [1, 3]


def test_each_cell_knows_its_zone() -> None:
    cells = make_cells([(0, 0), (0, 5), (9, 9)], men_pauv=[80.0, 80.0, 0.0])
    assert build(cells).labels(cells.index[::-1]).tolist() == [0, 2, 1]


def test_no_poor_cell_gives_no_zone() -> None:
    zones = build(make_cells([(0, 0)], men_pauv=0.0), bridge_gaps=True, fill_holes=True)
    assert len(zones.table) == len(zones.dropped) == len(zones.outlines()) == 0


def test_parameters_are_kept_with_the_result() -> None:
    told = build(make_cells([(0, 0)]), contiguity="rook").parameters
    assert told["contiguity"] == "rook"
    assert told["threshold"] == 0.25
    assert told["cells_read"] == told["cells_selected"] == 1


def test_a_cell_given_twice_is_refused() -> None:
    with pytest.raises(errors.DuplicateCells):
        build(make_cells([(0, 0), (0, 0)]))


def test_a_score_without_its_own_threshold_needs_one() -> None:
    with pytest.raises(errors.NoThreshold):
        build_zones(make_cells([(0, 0)]), "mean_living_standard")


def test_a_direction_that_contradicts_the_score_is_refused() -> None:
    with pytest.raises(errors.DirectionDisagrees):
        build(make_cells([(0, 0)]), direction="at_most")


def test_thresholds_per_unit_need_units() -> None:
    with pytest.raises(errors.MissingColumns, match="urban unit"):
        build_zones(make_cells([(0, 0)]), "share_poor", {"a": 0.25})
