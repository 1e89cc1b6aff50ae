"""Small made-up households and cells for tests: every draw follows from its seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from carroyage import columns, grid

NORTH, EAST = 2_893_400, 3_763_200  # a corner in Paris
COMMUNES = ("75118", "75119", "93001")


def make_households(
    n: int = 200, seed: int = 0, width: int = 6, poor_share: float = 0.3
) -> pd.DataFrame:
    """Draw n valid households spread over width x width cells from the Paris corner."""
    rng = np.random.default_rng(seed)
    persons = rng.integers(1, 7, n)
    under_14 = rng.integers(0, persons)
    ages = np.zeros((n, len(columns.AGES)), int)
    for i in range(n):
        np.add.at(ages[i], rng.integers(0, 3, under_14[i]), 1)
        np.add.at(ages[i], rng.integers(4, len(columns.AGES), persons[i] - under_14[i]), 1)
    poor = rng.random(n) < poor_share
    disposable = np.where(poor, rng.uniform(3e3, 12e3, n), rng.uniform(15e3, 90e3, n)) * (
        1 + 0.4 * (persons - 1)
    )
    commune = rng.choice(COMMUNES, n)
    frame = pd.DataFrame(
        {
            "household_id": [f"h{seed}-{i}" for i in range(n)],
            "x": EAST + rng.uniform(0, width * 200, n),
            "y": NORTH + rng.uniform(0, width * 200, n),
            "persons": persons,
            "under_14": under_14,
            "declared_income": np.round(disposable * rng.uniform(0.5, 1.1, n), 2),
            "disposable_income": np.round(disposable, 2),
            "tenure": rng.choice(["owner", "social", "private"], n),
            "dwelling": rng.choice(["flat", "house"], n),
            "floor_area": np.round(rng.uniform(12, 140, n), 1),
            "built": rng.choice(["av45", "45_70", "70_90", "ap90", "inc"], n),
            "department": [code[:2] for code in commune],
            "commune": commune,
            "single_parent": (under_14 > 0) & (persons - under_14 == 1),
        }
    )
    for j, name in enumerate(columns.AGES):
        frame[name] = ages[:, j]
    return frame


def make_cells(rows: list[tuple[int, int]], **values: object) -> pd.DataFrame:
    """Make cells at (row, column) positions; by default 500 persons, 200 households, 80 poor."""
    position = np.array(rows, dtype=np.int64).reshape(-1, 2)
    ids = grid.format_ids(NORTH + position[:, 0] * 200, EAST + position[:, 1] * 200, 200)
    frame = pd.DataFrame(
        {"ind": 500.0, "men": 200.0, "men_pauv": 80.0, "ind_snv": 500 * 14_000.0}, index=ids
    )
    return frame.assign(**values)


@st.composite
def household_frames(draw: st.DrawFn, max_size: int = 300) -> pd.DataFrame:
    """Draw frames of valid households."""
    n = draw(st.integers(1, max_size))
    seed = draw(st.integers(0, 2**31))
    width = draw(st.sampled_from([1, 3, 12, 60]))
    return make_households(n, seed, width)


@st.composite
def cell_sets(draw: st.DrawFn, side: int = 9) -> pd.DataFrame:
    """Draw frames of cells on a small square, with any poor share and some under secrecy."""
    flags = draw(st.lists(st.booleans(), min_size=side * side, max_size=side * side))
    rows = [(i // side, i % side) for i, there in enumerate(flags) if there]
    seed = draw(st.integers(0, 2**31))
    rng = np.random.default_rng(seed)
    men = rng.integers(1, 300, len(rows)).astype(float)
    return make_cells(
        rows,
        men=men,
        ind=np.round(men * rng.uniform(1, 3, len(rows)), 1),
        men_pauv=np.round(men * rng.random(len(rows)), 1),
    )
