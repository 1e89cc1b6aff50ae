"""The naive reconstruction on real cells and real quarters gives the figures once measured."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from carroyage.assess import Assessment, assess
from carroyage.zones import build_zones

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def paris(real_data: Path) -> dict[str, object]:
    addresses = pd.read_csv(real_data / "addresses/adresses-75.csv.gz", sep=";", usecols=["x", "y"])
    return {
        "cells": pd.read_csv(real_data / "grid/carreaux_200m_paris_2021.csv").set_index(
            "idcar_200m"
        ),
        "legal": gpd.read_file(
            real_data / "perimeters/qp-politiquedelaville-shp.zip", layer="QP_METROPOLE_LB93"
        ),
        "territory": gpd.read_file(real_data / "boundaries/paris_arrondissements.geojson"),
        "points": gpd.GeoSeries(gpd.points_from_xy(addresses["x"], addresses["y"], crs=2154)),
    }


@pytest.fixture(scope="module")
def naive(paris: dict[str, object]) -> Assessment:
    zones = build_zones(paris["cells"], "share_poor", 0.25)  # type: ignore[arg-type]
    return assess(
        paris["cells"], zones, paris["legal"], code="CODE_QP", territory=paris["territory"],
        population_points=paris["points"], vintages={"income": "2021", "perimeters": "2014"},
    )  # type: ignore[arg-type]  # fmt: skip


def test_there_are_twenty_quarters_of_385_hectares(naive: Assessment) -> None:
    assert naive.quarters_total == 20
    assert naive.quarters.index.str.startswith("QP075").all()
    assert naive.legal_area / 1e4 == pytest.approx(385.8, abs=0.2)


def test_naive_whole_cells_overlap_the_legal_quarters_by_a_third(naive: Assessment) -> None:
    assert naive.iou == pytest.approx(0.34, abs=0.01)
    assert naive.population_iou >= 0.39


def test_no_set_of_whole_cells_passes_054(naive: Assessment) -> None:
    assert naive.ceiling_iou == pytest.approx(0.54, abs=0.005)
    assert naive.iou < naive.ceiling_iou
    assert naive.population_iou < naive.ceiling_population_iou


def test_cells_rank_well(naive: Assessment) -> None:
    assert naive.ranked_cells == 1_870
    assert naive.auc["share_poor"] == pytest.approx(0.94, abs=0.005)
    assert naive.auc["mean_living_standard"] == pytest.approx(0.96, abs=0.005)
    assert naive.average_precision["share_poor"] == pytest.approx(0.44, abs=0.01)
    assert naive.average_precision["mean_living_standard"] == pytest.approx(0.51, abs=0.01)


def test_outlines_lie_some_sixty_metres_apart(naive: Assessment) -> None:
    assert 50 < naive.selected_to_legal < 75
    assert 50 < naive.legal_to_selected < 75
