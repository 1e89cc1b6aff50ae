"""How far interpolated populations are from the truth, beside PySAL's tobler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from tobler.area_weighted import area_interpolate

from observatory.figures.interpolation import Interpolated, areal, dasymetric, errors_of
from tests.importers.test_demonstration import Demonstration, open_demonstration


def cells_of(path: Path) -> gpd.GeoDataFrame:
    table = pd.read_csv(path)
    corner = table["idcar_200m"].str.extract(r"N(\d+)E(\d+)").astype(int)
    north, east = corner[0], corner[1]
    squares = shapely.box(east, north, east + 200, north + 200)
    return gpd.GeoDataFrame(table[["ind"]], geometry=squares, crs=3035).to_crs(2154)


def tobler(sources: gpd.GeoDataFrame, values: pd.Series, targets: gpd.GeoDataFrame) -> pd.Series:
    told = sources[["geometry"]].assign(pop=values).reset_index(drop=True)
    found = area_interpolate(
        told, targets[["geometry"]].reset_index(drop=True), extensive_variables=["pop"],
        allocate_total=False,
    )  # fmt: skip
    return pd.Series(found["pop"].to_numpy(), targets.index)


# -- the demonstration, whose truth is known to the person -------------------------------------


@pytest.fixture(scope="module")
def demo() -> Demonstration:
    return open_demonstration()


@pytest.fixture(scope="module")
def ground(demo: Demonstration) -> dict[str, Any]:
    homes = demo.households
    iris = gpd.read_file(next(demo.folder.rglob("iris_ge_*.geojson"))).to_crs(2154)
    points = gpd.GeoSeries(gpd.points_from_xy(homes.x, homes.y), crs=3035).to_crs(2154)
    area, point = shapely.STRtree(points.array).query(iris.geometry.array, "contains")
    persons = pd.Series(homes.persons.to_numpy()[point]).groupby(area).sum()
    quarters = demo.quarters.to_crs(2154)
    code = demo.quarter_of_address.reindex(homes.address_id).to_numpy()
    return {
        "iris": iris,
        "persons": persons.reindex(iris.index, fill_value=0).astype(float),
        "quarters": quarters,
        "truth": homes.persons.groupby(code).sum().reindex(quarters.index).astype(float),
        "cells": cells_of(next((demo.folder / "grid").glob("*.csv"))),
    }


@pytest.fixture(scope="module")
def by_cells(ground: dict[str, Any]) -> Interpolated:
    return dasymetric(
        ground["iris"], ground["persons"], ground["quarters"], ground["cells"],
        ground["cells"]["ind"],
    )  # fmt: skip


def test_every_person_is_somewhere_before_anything_is_shared(ground: dict[str, Any]) -> None:
    assert ground["persons"].sum() == 2_393_318
    assert ground["truth"].sum() == 150_460


def test_through_cells_half_of_the_quarters_are_within_5_percent(
    ground: dict[str, Any], by_cells: Interpolated
) -> None:
    told = errors_of(by_cells.table["value"], ground["truth"])
    assert told["count"] == 20
    assert told["median_absolute_error"] < 5
    assert told["p90_absolute_error"] < 15
    assert abs(told["total_error"]) < 4


def test_cells_do_better_than_area_and_than_tobler(
    ground: dict[str, Any], by_cells: Interpolated
) -> None:
    truth, quarters = ground["truth"], ground["quarters"]
    ours = errors_of(by_cells.table["value"], truth)
    others = [
        areal(ground["iris"], ground["persons"], quarters).table["value"],
        tobler(ground["iris"], ground["persons"], quarters),
        tobler(ground["cells"], ground["cells"]["ind"], quarters),
    ]
    for other in (errors_of(one, truth) for one in others):
        assert ours["median_absolute_error"] < other["median_absolute_error"]
        assert ours["p90_absolute_error"] < other["p90_absolute_error"]
        assert abs(ours["mean_error"]) < abs(other["mean_error"])


def test_by_area_we_find_what_tobler_finds(ground: dict[str, Any]) -> None:
    ours = areal(ground["iris"], ground["persons"], ground["quarters"]).table["value"]
    other = tobler(ground["iris"], ground["persons"], ground["quarters"])
    pd.testing.assert_series_equal(ours, other, check_names=False, rtol=1e-6)


def test_the_truth_of_every_quarter_is_within_its_interval(
    ground: dict[str, Any], by_cells: Interpolated
) -> None:
    table, truth = by_cells.table, ground["truth"]
    assert ((table["low"] <= truth) & (truth <= table["high"])).all()
    wide = areal(ground["iris"], ground["persons"], ground["quarters"]).table
    assert (table["high"] - table["low"]).median() < (wide["high"] - wide["low"]).median()


def test_nobody_is_lost_between_the_whole_and_the_parts(ground: dict[str, Any]) -> None:
    # Onto communes, which the IRIS fill without a gap, every person is found again.
    communes = ground["iris"].dissolve("code_insee")[["geometry"]]
    found = dasymetric(
        ground["iris"], ground["persons"], communes, ground["cells"], ground["cells"]["ind"]
    )
    known = ground["persons"].groupby(ground["iris"]["code_insee"]).sum()
    pd.testing.assert_series_equal(
        found.table["value"], known, check_names=False, rtol=1e-6, check_index_type=False
    )


# -- Paris, whose quarters have a published population of 2013 ----------------------------------


@pytest.fixture(scope="module")
def paris(real_data: Path) -> dict[str, Any]:
    areas = gpd.read_file(real_data / "boundaries" / "paris_arrondissements.geojson").to_crs(2154)
    areas.index = areas["c_ar"].map(lambda n: f"751{int(n):02d}")
    people = pd.read_csv(
        real_data / "indicators" / "population_communes_idf.csv", dtype={"code": str}
    ).set_index("code")["population"]
    archive = real_data / "perimeters" / "qp-politiquedelaville-shp.zip"
    quarters = gpd.read_file(f"/vsizip/{archive}/QP_METROPOLE_LB93.shp").set_index("CODE_QP")
    quarters = quarters[quarters.index.str.startswith("QP075")].to_crs(2154)
    quarters.geometry = quarters.geometry.make_valid()
    told = pd.read_csv(
        real_data / "indicators" / "pop_qp_2013.csv", sep=None, engine="python", encoding="latin-1"
    ).set_index("qp")["population_municipale_2013"]
    return {
        "areas": areas,
        "people": people[people.index.isin(areas.index)].reindex(areas.index),
        "quarters": quarters,
        "truth": told.reindex(quarters.index).astype(float),
        "cells": cells_of(real_data / "grid" / "carreaux_200m_paris_2021.csv"),
    }


@pytest.mark.real_data
def test_against_the_published_populations_of_2013(paris: dict[str, Any]) -> None:
    # From whole arrondissements, eight years apart: a hard case, whose error is published.
    truth, quarters = paris["truth"], paris["quarters"]
    ours = dasymetric(
        paris["areas"], paris["people"], quarters, paris["cells"], paris["cells"]["ind"]
    )
    told = errors_of(ours.table["value"], truth)
    by_area = errors_of(tobler(paris["areas"], paris["people"], quarters), truth)
    assert told["count"] == 20
    assert told["median_absolute_error"] < 28
    assert told["p90_absolute_error"] < 36
    assert told["median_absolute_error"] < 0.65 * by_area["median_absolute_error"]
    assert told["p90_absolute_error"] < 0.6 * by_area["p90_absolute_error"]
    inside = (ours.table["low"] <= truth) & (truth <= ours.table["high"])
    assert inside.sum() >= 19
