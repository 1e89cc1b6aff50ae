"""Real Paris under two nested cross-validations: the gates the reconstruction must pass.

Public data only (incomes of 2021, quarters of 2014), nothing fitted on what it scores.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from carroyage.assess import Assessment, LegalQuarters, assess, prepare_legal
from carroyage.outline.inputs import CityInputs
from carroyage.outline.model import Truth
from carroyage.outline.pieces import Pieces, cut_pieces
from carroyage.outline.reconstruct import candidate_pieces, prepare_pieces, transferable_score
from carroyage.outline.shapes import outlines
from carroyage.outline.validation import (
    CrossValidated,
    cross_validate,
    cross_validate_threshold,
)

pytestmark = pytest.mark.real_data

NORTH_WEST, SOUTH = {8, 9, 16, 17, 18, 19}, {5, 6, 7, 13, 14, 15}
AMOUNTS = ("DEC_MED21", "DEC_Q121", "DEC_Q321")


@dataclass(frozen=True)
class Paris:
    """Inputs with the planner's list, the law and the names of groups."""

    inputs: CityInputs
    legal: gpd.GeoDataFrame
    quarters: LegalQuarters
    points: gpd.GeoSeries

    def without_list(self) -> CityInputs:
        return replace(self.inputs, quarters=None)

    def groups(self, pieces: Pieces, scheme: str) -> np.ndarray:
        arrondissement = pieces.groups(self.inputs.divisions, 2154) + 1  # type: ignore[arg-type]
        if scheme == "arrondissement":
            return arrondissement
        sector = [0 if k in NORTH_WEST else 2 if k in SOUTH else 1 for k in range(21)]
        return np.array(sector)[arrondissement]


@pytest.fixture(scope="module")
def paris(real_data: Path) -> Paris:
    divisions = gpd.read_file(real_data / "boundaries/paris_arrondissements.geojson")
    divisions = divisions.sort_values("c_ar").reset_index(drop=True)
    divisions["code"] = divisions["c_arinsee"].astype(str)
    legal = gpd.read_file(
        real_data / "perimeters/qp-politiquedelaville-shp.zip", layer="QP_METROPOLE_LB93"
    )
    addresses = read_addresses(real_data)
    inputs = CityInputs(
        pd.read_csv(real_data / "grid/carreaux_200m_paris_2021.csv").set_index("idcar_200m"),
        divisions, read_areas(real_data), ("DEC_TP6021", *AMOUNTS, "DEC_PBEN21"), AMOUNTS,
        addresses, read_list(real_data), divisions,
    )  # fmt: skip
    return Paris(inputs, legal, prepare_legal(legal, "CODE_QP", divisions), addresses.geometry)


def read_areas(folder: Path) -> gpd.GeoDataFrame:
    areas = gpd.read_file(folder / "boundaries/iris_ge_paris_2025.gpkg", layer="iris")
    incomes = pd.read_csv(
        folder / "indicators/filosofi_iris_2021_dec_idf.csv", dtype=str, index_col="IRIS"
    ).apply(lambda column: pd.to_numeric(column.str.replace(",", "."), errors="coerce"))
    return areas.join(incomes, on="code_iris")


def read_addresses(folder: Path) -> gpd.GeoDataFrame:
    frame = pd.read_csv(
        folder / "addresses/adresses-75.csv.gz", sep=";", dtype={"code_insee": str},
        usecols=["x", "y", "nom_voie", "code_insee"],
    )  # fmt: skip
    return gpd.GeoDataFrame(
        {"street": frame["nom_voie"], "commune": frame["code_insee"]},
        geometry=gpd.points_from_xy(frame["x"], frame["y"]), crs=2154,
    )  # fmt: skip


def read_list(folder: Path) -> pd.DataFrame:
    frame = pd.read_csv(folder / "indicators/pop_qp_2013.csv", sep=";", dtype=str)
    frame = frame[frame["qp"].str.startswith("QP075")]
    numbers = frame["liste_des_communes"].map(lambda text: re.findall(r"(\d+)[eè]", text))
    return pd.DataFrame(
        {
            "name": frame["nom_qp"],
            "communes": [" ".join(f"751{int(n):02}" for n in found) for found in numbers],
            "population": frame["population_municipale_2013"].astype(float),
        }
    )


@pytest.fixture(scope="module")
def pieces(paris: Paris) -> dict[str, Pieces]:
    listed = prepare_pieces(paris.inputs)
    plain = listed.features.drop(columns=["name_distance", "name_population"])
    return {"with": listed, "without": listed.with_features(plain)}


def validate(paris: Paris, pieces: Pieces, scheme: str, listed: bool) -> CrossValidated:
    inputs = paris.inputs if listed else paris.without_list()
    return cross_validate(
        pieces, Truth.of(pieces, paris.quarters), paris.groups(pieces, scheme), scheme,
        candidates=candidate_pieces(inputs, pieces),
    )  # fmt: skip


def judge(paris: Paris, pieces: Pieces, found: CrossValidated) -> Assessment:
    return assess(
        paris.inputs.cells, outlines(pieces, found.chosen, 2154), paris.legal, code="CODE_QP",
        territory=paris.inputs.territory, population_points=paris.points,
        fitted_on=found.folds[0].score.fitted_on if found.folds[0].score else "nothing",
    )  # fmt: skip


@pytest.mark.parametrize("scheme", ["arrondissement", "three sectors"])
@pytest.mark.parametrize(
    ("which", "plain", "population"), [("with", 0.40, 0.53), ("without", 0.37, 0.50)]
)
def test_outlines_pass_the_gates_out_of_sample(
    paris: Paris, pieces: dict[str, Pieces], scheme: str, which: str, plain: float,
    population: float,
) -> None:  # fmt: skip
    found = validate(paris, pieces[which], scheme, which == "with")
    told = judge(paris, pieces[which], found)
    assert told.iou >= plain
    assert told.population_iou >= population
    # More than this from such inputs would be a leak.
    assert told.iou < 0.55
    assert told.quarters_total == 20
    assert told.quarters_covered >= 12


def test_outlines_beat_naive_cells_judged_the_same_way(
    paris: Paris, pieces: dict[str, Pieces]
) -> None:
    cells = cut_pieces(replace(paris.without_list(), areas=None))
    naive = cross_validate_threshold(
        cells, Truth.of(cells, paris.quarters), paris.groups(cells, "arrondissement"),
        "arrondissement", transferable_score(cells), np.arange(0.15, 0.45, 0.01).tolist(),
    )  # fmt: skip
    fitted = validate(paris, pieces["without"], "arrondissement", listed=False)
    assert 0.31 < naive.iou < 0.36
    assert fitted.iou > naive.iou + 0.03
    assert fitted.population_iou > naive.population_iou + 0.08


def test_the_pieces_leave_room_that_whole_cells_do_not(
    paris: Paris, pieces: dict[str, Pieces]
) -> None:
    found = validate(paris, pieces["without"], "three sectors", listed=False)
    assert found.ceiling_iou > 0.70
    assert found.iou < found.ceiling_iou


def test_what_is_learnt_makes_sense(paris: Paris, pieces: dict[str, Pieces]) -> None:
    found = validate(paris, pieces["with"], "arrondissement", listed=True)
    for fold in found.folds:
        assert fold.score is not None
        weights = fold.score.weights()
        assert weights["DEC_TP6021"] > 0
        assert weights["name_population"] < 0
        assert weights["DEC_MED21"] < 0


def test_shuffling_the_law_among_arrondissements_destroys_the_score(
    paris: Paris, pieces: dict[str, Pieces]
) -> None:
    # If the truth leaked into features, a fit on nonsense would still score well.
    truth = Truth.of(pieces["with"], paris.quarters)
    order = np.random.default_rng(0).permutation(len(truth.area))
    share = (truth.area / pieces["with"].areas)[order]
    nonsense = Truth(share * pieces["with"].areas, share * pieces["with"].persons)
    groups = paris.groups(pieces["with"], "three sectors")
    found = cross_validate(pieces["with"], nonsense, groups, "nonsense")
    assert found.iou < 0.1
