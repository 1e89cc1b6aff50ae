"""A small made-up city: cells, small areas, addresses on named streets, two legal quarters."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from carroyage import columns
from carroyage.outline.inputs import CityInputs
from tests.carroyage.makers import EAST, NORTH, make_cells

SIDE = 16  # cells
POOR_SPOTS = ((4.0, 4.0), (11.0, 12.0))  # (row, column), in cells
RADIUS = 2.2


@dataclass(frozen=True)
class City:
    """Everything about the made-up city; quarters are discs around the poor spots."""

    cells: pd.DataFrame
    territory: gpd.GeoSeries
    areas: gpd.GeoDataFrame
    addresses: gpd.GeoDataFrame
    divisions: gpd.GeoDataFrame
    quarters: pd.DataFrame
    legal: gpd.GeoDataFrame

    def inputs(self, **changes: object) -> CityInputs:
        given: dict[str, object] = {
            "cells": self.cells, "territory": self.territory, "areas": self.areas,
            "indicators": ("median", "poverty"), "incomes": ("median",),
            "addresses": self.addresses,
        }  # fmt: skip
        return CityInputs(**{**given, **changes})  # type: ignore[arg-type]

    def with_list(self) -> CityInputs:
        return self.inputs(quarters=self.quarters, divisions=self.divisions)


def place(row: float, col: float) -> tuple[float, float]:
    return EAST + col * 200, NORTH + row * 200


def block(row: float, col: float, height: float, width: float) -> shapely.Polygon:
    west, south = place(row, col)
    return shapely.box(west, south, west + width * 200, south + height * 200)


def nearness(rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """1 at the heart of a poor spot, 0 far away."""
    distance = np.min([np.hypot(rows - r, cols - c) for r, c in POOR_SPOTS], axis=0)
    return np.clip(1.5 - distance / (2 * RADIUS), 0, 1)


def make_city(seed: int = 0) -> City:
    rng = np.random.default_rng(seed)
    rows, cols = np.divmod(np.arange(SIDE * SIDE), SIDE)
    share = 0.05 + 0.5 * nearness(rows + 0.5, cols + 0.5) + rng.normal(0, 0.03, len(rows))
    men = rng.integers(60, 200, len(rows)).astype(float)
    values: dict[str, object] = {
        name: np.round(men * rng.uniform(0.05, 0.3), 1) for name in columns.PUBLISHED[3:]
    }
    values |= {
        "men": men, "ind": np.round(men * 2.1), "men_pauv": np.round(men * share.clip(0, 0.8)),
        "ind_snv": np.round(men * 2.1) * (30_000 - 25_000 * share.clip(0, 0.8)),
    }  # fmt: skip
    cells = make_cells(list(zip(rows.tolist(), cols.tolist(), strict=True)), **values)
    return City(
        cells,
        gpd.GeoSeries([block(0, 0, SIDE, SIDE)], crs=3035),
        _areas(),
        _addresses(rng),
        gpd.GeoDataFrame(
            {"code": ["75101", "75102", "75103", "75104"]},
            geometry=[block(r, c, SIDE / 2, SIDE / 2) for r in (0, 8) for c in (0, 8)],
            crs=3035,
        ),
        pd.DataFrame(
            {"name": ["Les Lilas - Muguet", "Cité des Roses"], "communes": ["75101", "75104"],
             "population": [3_000, 3_000]}
        ),
        gpd.GeoDataFrame(
            {"code": ["QP1", "QP2"]},
            geometry=[shapely.Point(place(r, c)).buffer(RADIUS * 200) for r, c in POOR_SPOTS],
            crs=3035,
        ).to_crs(2154),
    )  # fmt: skip


def _areas() -> gpd.GeoDataFrame:
    corners = [(r, c) for r in np.arange(0, SIDE, 2.5) for c in np.arange(0, SIDE, 2.5)]
    shapes = [block(r, c, min(2.5, SIDE - r), min(2.5, SIDE - c)) for r, c in corners]
    middle = np.array(corners) + 1.25
    near = nearness(middle[:, 0], middle[:, 1])
    return gpd.GeoDataFrame(
        {"median": 30_000 - 15_000 * near, "poverty": 10 + 30 * near}, geometry=shapes, crs=3035
    )


def _addresses(rng: np.random.Generator) -> gpd.GeoDataFrame:
    n = 3_000
    rows, cols = rng.uniform(0, SIDE, (2, n))
    street = np.array([f"Rue {i:02}" for i in rng.integers(0, 40, n)], dtype=object)
    for (r, c), names in zip(POOR_SPOTS, (("Rue des Lilas", "Rue du Muguet"), (
        "Allée des Roses",)), strict=True):  # fmt: skip
        close = np.hypot(rows - r, cols - c) < 1
        street[close] = rng.choice(names, int(close.sum()))
    east, north = place(rows, cols)  # type: ignore[arg-type]
    half = SIDE / 2
    commune = 75101 + 2 * (rows >= half).astype(int) + (cols >= half)
    return gpd.GeoDataFrame(
        {"street": street, "commune": commune.astype(str)},
        geometry=gpd.points_from_xy(east, north, crs=3035),
    ).to_crs(2154)
