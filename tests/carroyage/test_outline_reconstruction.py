"""Outlines of a made-up city: learnt where there is a law, transferred where there is none."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.ops

from carroyage import errors
from carroyage.assess import assess, prepare_legal
from carroyage.outline.model import FittedScore, Truth, best_threshold, fit_score
from carroyage.outline.pieces import Pieces, drop_small
from carroyage.outline.reconstruct import candidate_pieces, prepare_pieces, reconstruct
from carroyage.outline.shapes import fill_small_holes, outlines, simplify_together
from carroyage.outline.validation import cross_validate, cross_validate_threshold
from tests.carroyage.cities import City, make_city


@pytest.fixture(scope="module")
def city() -> City:
    return make_city()


@pytest.fixture(scope="module")
def pieces(city: City) -> Pieces:
    return prepare_pieces(city.with_list())


@pytest.fixture(scope="module")
def truth(city: City, pieces: Pieces) -> Truth:
    return Truth.of(pieces, prepare_legal(city.legal, "code", city.territory))


def everywhere(pieces: Pieces) -> np.ndarray:
    return np.ones(len(pieces), bool)


def test_the_truth_of_pieces_adds_up_to_the_legal_area(city: City, truth: Truth) -> None:
    assert truth.area.sum() == pytest.approx(city.legal.area.sum(), rel=1e-6)


def test_choosing_the_truth_itself_overlaps_best(pieces: Pieces, truth: Truth) -> None:
    half = truth.area >= 0.5 * pieces.areas
    plain, population = truth.overlaps(pieces, half, everywhere(pieces))
    assert plain > 0.75
    assert population > 0.75
    assert truth.overlaps(pieces, ~half, everywhere(pieces))[0] < 0.1


def test_a_fitted_score_ranks_legal_pieces_first(pieces: Pieces, truth: Truth) -> None:
    score = fit_score(pieces, truth, everywhere(pieces), fitted_on="a test")
    odds = score.probabilities(pieces.features)
    legal = truth.area >= 0.5 * pieces.areas
    assert odds[legal].mean() > 0.6
    assert odds[~legal].mean() < 0.15


def test_weights_are_shown_by_size_and_have_the_sign_one_expects(
    pieces: Pieces, truth: Truth
) -> None:
    weights = fit_score(pieces, truth, everywhere(pieces), fitted_on="a test").weights()
    assert weights.abs().is_monotonic_decreasing
    assert set(weights.index) == set(pieces.features)
    assert weights["name_distance"] < 0
    assert weights["poor_share_80"] > 0


def test_a_score_travels_as_plain_text(pieces: Pieces, truth: Truth) -> None:
    score = fit_score(pieces, truth, everywhere(pieces), fitted_on="a test")
    read = FittedScore.from_figures(json.loads(json.dumps(score.figures())))
    assert read == score
    found, again = score.probabilities(pieces.features), read.probabilities(pieces.features)
    assert np.array_equal(found, again)


def test_a_score_refuses_a_city_that_lacks_its_features(pieces: Pieces, truth: Truth) -> None:
    score = fit_score(pieces, truth, everywhere(pieces), fitted_on="a test")
    with pytest.raises(errors.MissingColumns, match="name_distance"):
        score.probabilities(pieces.features.drop(columns="name_distance"))


def test_nothing_can_be_learnt_where_nothing_is_legal(pieces: Pieces, truth: Truth) -> None:
    nowhere = truth.area == 0
    with pytest.raises(errors.NothingToLearn, match="a desert"):
        fit_score(pieces, truth, nowhere, fitted_on="a desert")


def test_the_threshold_looks_at_probabilities_only(pieces: Pieces, truth: Truth) -> None:
    share = truth.area / pieces.areas
    sharp = np.where(share >= 0.5, 0.9, 0.02)
    assert 0.02 < best_threshold(pieces, sharp) <= 0.9
    timid = np.where(share >= 0.5, 0.35, 0.02)
    assert 0.02 < best_threshold(pieces, timid) <= 0.35


def test_the_held_out_group_takes_no_part_in_its_own_map(
    city: City, pieces: Pieces, truth: Truth
) -> None:
    groups = pieces.groups(city.divisions, 2154)
    first = cross_validate(pieces, truth, groups, "divisions")
    # Turning the truth of one group upside down must not change what is chosen there.
    held = groups == 0
    twisted = Truth(
        np.where(held, pieces.areas - truth.area, truth.area),
        np.where(held, pieces.persons - truth.persons, truth.persons),
    )
    second = cross_validate(pieces, twisted, groups, "divisions")
    assert np.array_equal(first.chosen[held], second.chosen[held])
    assert not np.array_equal(first.chosen[~held], second.chosen[~held])


def test_quarters_unseen_by_the_fit_are_found_again(
    city: City, pieces: Pieces, truth: Truth
) -> None:
    found = cross_validate(pieces, truth, pieces.groups(city.divisions, 2154), "divisions")
    assert found.iou > 0.5
    assert found.iou <= found.ceiling_iou
    assert found.population_iou <= found.ceiling_population_iou
    assert len(found.folds) == 4
    assert all("divisions" in fold.score.fitted_on for fold in found.folds if fold.score)


def test_a_single_score_s_threshold_is_chosen_on_the_other_groups(
    city: City, pieces: Pieces, truth: Truth
) -> None:
    poverty = pieces.features["cell_poor_share"].to_numpy()
    groups = pieces.groups(city.divisions, 2154)
    levels = [0.1, 0.2, 0.3, 0.4]
    found = cross_validate_threshold(pieces, truth, groups, "divisions", poverty, levels)
    assert {fold.threshold for fold in found.folds} <= set(levels)
    assert 0.3 < found.iou <= found.ceiling_iou


def test_the_list_says_in_which_divisions_to_look(city: City, pieces: Pieces) -> None:
    among = candidate_pieces(city.with_list(), pieces)
    groups = pieces.groups(city.divisions, 2154)
    assert set(groups[among]) == {0, 3}
    assert candidate_pieces(city.inputs(), pieces).all()


def test_a_city_with_a_law_is_learnt_and_says_so(city: City, pieces: Pieces) -> None:
    made = reconstruct(city.with_list(), city.legal, pieces=pieces)
    assert made.score is not None
    assert any("in-sample" in note for note in made.notes)
    assert made.not_used == []
    found = assess(city.cells, made.zones, city.legal, territory=city.territory)
    assert found.quarters_covered == 2
    assert found.iou > 0.6


def test_a_city_with_a_grid_alone_says_what_it_could_not_use(city: City) -> None:
    inputs = city.inputs(territory=None, areas=None, addresses=None)
    made = reconstruct(inputs)
    assert made.score is None
    assert made.used == ["cells"]
    assert set(made.not_used) == {
        "outline of the territory", "small areas with incomes", "addresses",
        "list of quarters", "legal quarters to learn from",
    }  # fmt: skip
    assert any("another city" in note for note in made.notes)
    found = assess(city.cells, made.zones, city.legal)
    assert found.quarters_touched == 2


def test_a_score_fitted_in_one_city_applies_to_another(city: City) -> None:
    elsewhere = make_city(seed=7)
    inputs = city.inputs(addresses=None)
    score = reconstruct(inputs, city.legal).score
    made = reconstruct(elsewhere.inputs(addresses=None), score=score)
    found = assess(elsewhere.cells, made.zones, elsewhere.legal)
    assert found.quarters_covered == 2
    assert not any("in-sample" in note for note in made.notes)


def test_every_zone_has_its_thousand_inhabitants(city: City) -> None:
    zones = reconstruct(city.inputs(), city.legal).zones
    assert (zones["ind"] >= 1_000).all()
    assert zones["zone"].tolist() == list(range(1, len(zones) + 1))
    assert zones.is_valid.all()


def test_outlines_are_the_dissolved_pieces_before_simplification(pieces: Pieces) -> None:
    chosen = drop_small(pieces, pieces.features["cell_poor_share"].to_numpy() > 0.3, 1_000)
    zones = outlines(pieces, chosen, 2154, tolerance=0)
    assert zones.area.sum() == pytest.approx(pieces.areas[chosen].sum(), rel=1e-3)
    assert zones["ind"].sum() == pytest.approx(pieces.persons[chosen].sum())


def test_no_chosen_piece_gives_no_outline(pieces: Pieces) -> None:
    assert len(outlines(pieces, np.zeros(len(pieces), bool), 2154)) == 0


def wavy_neighbours() -> np.ndarray:
    """Three shapes whose shared borders zigzag by 4 metres."""
    y = np.arange(0, 601, 5.0)
    zigzag = np.column_stack([300 + 4 * (np.arange(len(y)) % 2), y])
    left = shapely.Polygon([(0, 0), *zigzag.tolist(), (0, 600)])
    right = shapely.box(0, 0, 900, 600).difference(left)
    return np.array([left, *shapely.get_parts(shapely.ops.split(right, shapely.LineString(
        [(600, -1), (600, 601)])))])  # fmt: skip


def test_neighbours_simplified_together_leave_no_gap_nor_overlap() -> None:
    shapes = wavy_neighbours()
    simple = simplify_together(shapes, 10.0)
    assert shapely.get_num_coordinates(simple).sum() < shapely.get_num_coordinates(shapes).sum() / 4
    assert shapely.union_all(simple).area == pytest.approx(shapely.area(simple).sum())
    assert shapely.union_all(simple).equals(shapely.box(0, 0, 900, 600))


def test_overlapping_shapes_are_not_simplified() -> None:
    shapes = np.array([shapely.box(0, 0, 10, 10), shapely.box(5, 5, 15, 15)])
    assert simplify_together(shapes)[0].equals(shapes[0])


@pytest.mark.parametrize(("side", "filled"), [(90.0, True), (110.0, False)])
def test_holes_under_a_hectare_are_filled(side: float, filled: bool) -> None:
    ring = shapely.box(0, 0, 500, 500).difference(shapely.box(100, 100, 100 + side, 100 + side))
    assert (shapely.get_num_interior_rings(fill_small_holes(np.array([ring]))[0]) == 0) == filled


def test_a_hole_with_another_zone_inside_is_kept() -> None:
    hole = shapely.box(100, 100, 190, 190)
    ring = shapely.box(0, 0, 500, 500).difference(hole)
    inner = shapely.box(120, 120, 150, 150)
    assert len(fill_small_holes(np.array([ring, inner]))[0].interiors) == 1


def test_a_list_without_addresses_is_named_as_unused(city: City) -> None:
    inputs = city.inputs(addresses=None, quarters=city.quarters)
    assert "list of quarters" in inputs.used()[1]
    assert isinstance(inputs.areas, gpd.GeoDataFrame)
    assert isinstance(inputs.quarters, pd.DataFrame)
