"""Pieces tile the territory, hold all its located inhabitants, and cluster when they touch."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from carroyage import errors
from carroyage.outline.features import piece_features
from carroyage.outline.pieces import Pieces, clusters_of, cut_pieces, drop_small
from carroyage.outline.raster import Raster, fill_nearest
from carroyage.outline.reconstruct import prepare_pieces
from tests.carroyage.cities import City, block, make_city


@pytest.fixture(scope="module")
def city() -> City:
    return make_city()


@pytest.fixture(scope="module")
def pieces(city: City) -> Pieces:
    return prepare_pieces(city.with_list())


def test_pieces_tile_the_territory_without_overlap(city: City, pieces: Pieces) -> None:
    territory = city.territory.to_crs(2154).area.sum()
    assert pieces.areas.sum() == pytest.approx(territory, rel=1e-5)
    assert shapely.union_all(pieces.shapes).area == pytest.approx(territory, rel=1e-5)


def test_each_piece_lies_in_its_cell_and_its_small_area(city: City, pieces: Pieces) -> None:
    areas = city.areas.geometry.to_crs(2154).to_numpy()[pieces.area_index]
    assert shapely.area(shapely.difference(pieces.shapes, areas)).max() < 1
    cells = pieces.frame.squares(pieces.frame.keys)[pieces.cell]
    assert shapely.area(shapely.difference(pieces.shapes, cells)).max() < 1


def test_pieces_hold_every_located_inhabitant(city: City, pieces: Pieces) -> None:
    assert pieces.persons.sum() == pytest.approx(city.cells["ind"].sum(), rel=1e-3)


def test_without_small_areas_pieces_are_cells(city: City) -> None:
    pieces = cut_pieces(city.inputs(areas=None))
    # A straight border is not quite straight in the other system: crumbs lie along it.
    assert (pieces.areas > 100).sum() == len(city.cells)


def test_without_a_territory_the_cells_are_the_territory(city: City) -> None:
    pieces = cut_pieces(city.inputs(areas=None, territory=None, addresses=None))
    assert pieces.areas.sum() == pytest.approx(len(city.cells) * 40_000, rel=0.01)
    assert pieces.persons.sum() == pytest.approx(city.cells["ind"].sum(), rel=1e-3)


def test_a_place_without_a_published_cell_is_a_piece_where_nobody_is_known(city: City) -> None:
    pieces = cut_pieces(city.inputs(areas=None, cells=city.cells.iloc[5:]))
    empty = (pieces.cell < 0) & (pieces.areas > 100)
    assert empty.sum() == 5
    assert pieces.persons[empty].sum() == pytest.approx(0, abs=1.0)


def test_pieces_touching_by_a_side_or_a_corner_are_one_cluster(pieces: Pieces) -> None:
    chosen = np.zeros(len(pieces), bool)
    chosen[[pieces.first[0], pieces.second[0]]] = True
    assert len(set(clusters_of(pieces, chosen)[chosen])) == 1
    assert (clusters_of(pieces, chosen)[~chosen] == -1).all()


def test_small_clusters_are_dropped_on_their_sum(pieces: Pieces) -> None:
    chosen = np.zeros(len(pieces), bool)
    pair = [pieces.first[0], pieces.second[0]]
    chosen[pair] = True
    together = pieces.persons[pair].sum()
    assert drop_small(pieces, chosen, together - 1).sum() == 2
    assert drop_small(pieces, chosen, together + 1).sum() == 0
    assert not drop_small(pieces, np.zeros(len(pieces), bool), 0).any()


def test_each_piece_belongs_to_the_division_around_it(city: City, pieces: Pieces) -> None:
    group = pieces.groups(city.divisions, 2154)
    inner = shapely.point_on_surface(pieces.shapes)
    for number, shape in enumerate(city.divisions.geometry.to_crs(2154)):
        assert shapely.distance(inner[group == number], shape).max() < 1


def test_features_are_complete_and_named(pieces: Pieces) -> None:
    features = pieces.features
    assert len(features) == len(pieces)
    assert np.isfinite(features.to_numpy(float)).all()
    assert {"poor_share_80", "income_150", "median", "median_near", "name_distance",
            "name_population", "children_80", "cell_poor_share"} <= set(features)  # fmt: skip


def test_features_find_the_poor_spots(city: City, pieces: Pieces) -> None:
    inside = shapely.intersects(
        city.legal.geometry.union_all(), shapely.point_on_surface(pieces.shapes)
    )
    means = pieces.features.groupby(inside).mean()
    for name in ("poor_share_40", "poor_share_150", "cell_poor_share", "poverty"):
        assert means.loc[True, name] > means.loc[False, name], name
    for name in ("income_80", "median_near", "name_distance", "name_population"):
        assert means.loc[True, name] < means.loc[False, name], name


def test_a_city_without_areas_nor_addresses_still_has_features(city: City) -> None:
    inputs = city.inputs(areas=None, addresses=None, territory=None)
    features = piece_features(inputs, cut_pieces(inputs))
    assert np.isfinite(features.to_numpy(float)).all()
    assert not {"address_density_60", "median", "name_distance"} & set(features)


def test_the_order_of_cells_changes_no_feature(city: City) -> None:
    shuffled = city.cells.iloc[np.random.default_rng(3).permutation(len(city.cells))]
    first = prepare_pieces(city.inputs())
    second = prepare_pieces(city.inputs(cells=shuffled))
    pd.testing.assert_frame_equal(first.features, second.features)


def test_a_missing_indicator_takes_the_nearest_known_value(city: City) -> None:
    areas = city.areas.copy()
    areas.loc[0, "poverty"] = np.nan
    inputs = city.inputs(areas=areas)
    pieces = cut_pieces(inputs)
    told = piece_features(inputs, pieces)["poverty"]
    neighbours = city.areas["poverty"][1:].to_numpy()
    for value in told[pieces.area_index == 0]:
        assert np.isclose(neighbours, value).any()


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"cells": pd.DataFrame({"ind": [1.0]})}, "men_pauv"),
        ({"indicators": ("gini",)}, "gini"),
        ({"quarters": pd.DataFrame({"name": ["x"]})}, "communes"),
        ({"divisions": gpd.GeoDataFrame({"x": [1]}, geometry=[block(0, 0, 1, 1)])}, "code"),
    ],
)
def test_incomplete_inputs_are_refused_by_name(
    city: City, changes: dict[str, object], missing: str
) -> None:
    with pytest.raises(errors.MissingColumns, match=missing):
        city.inputs(**changes)


def test_pixels_and_points_agree() -> None:
    raster = Raster.around((0.0, 0.0, 95.0, 45.0), 2154, step=10.0, margin=0.0)
    assert raster.shape == (5, 10)
    x, y = raster.centres()
    assert raster.pixels_of(x, y).tolist() == list(range(50))
    assert raster.pixels_of([-1.0], [1.0]).tolist() == [-1]


def test_a_label_is_the_shape_that_holds_the_pixel() -> None:
    raster = Raster.around((0.0, 0.0, 40.0, 20.0), 2154, step=10.0, margin=0.0)
    labels = raster.label(np.array([shapely.box(0, 0, 20, 20), shapely.box(20, 0, 30, 20)]))
    assert labels.reshape(raster.shape).tolist() == [[0, 0, 1, -1]] * 2


def test_smoothing_keeps_the_total_away_from_the_edge() -> None:
    raster = Raster.around((0.0, 0.0, 1000.0, 1000.0), 2154, step=10.0, margin=0.0)
    point = raster.sum_at(raster.pixels_of([500.0], [500.0]), [7.0])
    assert raster.smooth(point, 80.0).sum() == pytest.approx(7.0, rel=1e-3)


def test_a_piece_thinner_than_a_pixel_takes_the_value_where_it_lies() -> None:
    raster = Raster.around((0.0, 0.0, 40.0, 20.0), 2154, step=10.0, margin=0.0)
    surface = np.arange(8.0).reshape(2, 4)
    thin = np.array([shapely.box(11, 11, 12, 19)])
    labels = np.full(8, -1)
    assert raster.means(surface, labels, 1, thin).tolist() == [1.0]


def test_unknown_values_come_from_the_nearest_neighbour() -> None:
    shapes = np.array([shapely.box(i, 0, i + 1, 1) for i in (0, 1, 10)])
    assert fill_nearest(np.array([5.0, np.nan, 7.0]), shapes).tolist() == [5.0, 5.0, 7.0]
    assert np.isnan(fill_nearest(np.array([np.nan] * 3), shapes)).all()
