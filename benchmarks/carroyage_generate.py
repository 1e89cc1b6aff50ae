"""Write household files as many and as dense as France's, all invented, as Parquet.

    .venv/bin/python -m benchmarks.carroyage_generate FOLDER [--households 30000000]

2 313 783 inhabited cells of 200 m (the benchmark country of `benchmarks.france`), households
dense in the capital and in towns and sparse elsewhere: the median cell holds few persons. The
same seed gives the same households. Records come département by département, shuffled inside.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.france import CAPITAL, CELLS, inhabited
from carroyage import columns

HOUSEHOLDS = 30_000_000
ROW_GROUP = 500_000
SEED = 2021
CODES = {
    "tenure": ["owner", "social", "private"],
    "dwelling": ["flat", "house"],
    "built": ["av45", "45_70", "70_90", "ap90", "inc"],
}
# Shares: the rest goes to the last value.
SHARES = {"tenure": (0.58, 0.75), "dwelling": (0.44,), "built": (0.2, 0.4, 0.65, 0.99)}


def households_per_cell(corners: np.ndarray, total: int, rng: np.random.Generator) -> np.ndarray:
    """Draw how many households each cell holds: at least one, ``total`` in all."""
    from_capital = np.hypot(*(corners - np.array(CAPITAL)).T)
    crowd = _crowd(corners)
    level = 0.55 * np.log1p(crowd) + np.where(from_capital < 12_000, 2.6, 0.0)
    weight = np.exp(1.35 * level + rng.normal(0, 0.8, len(corners)))
    count = np.ones(len(corners), np.int64)
    spare = total - len(corners)
    if spare < 0:
        raise SystemExit(f"At least {len(corners)} households are needed, one for each cell.")
    count += np.minimum(rng.poisson(weight / weight.sum() * spare), 2_500)
    missing = total - count.sum()
    lucky = rng.choice(len(corners), abs(missing), p=weight / weight.sum())
    np.add.at(count, lucky, np.sign(missing))
    while (low := count < 1).any():  # taken back from the largest cells
        short = int((1 - count[low]).sum())
        count[low] = 1
        count[np.argsort(count)[-short:]] -= 1
    return count


def _crowd(corners: np.ndarray) -> np.ndarray:
    """Count inhabited cells in the square kilometre around each cell."""
    square = (corners[:, 1] // 1000 << 32) | (corners[:, 0] // 1000)
    _, code, found = np.unique(square, return_inverse=True, return_counts=True)
    return found[code]


def departments(corners: np.ndarray) -> np.ndarray:
    """Give each cell an invented département: squares of 96 km, numbered from 01."""
    square = (corners[:, 1] // 96_000 << 32) | (corners[:, 0] // 96_000)
    return np.unique(square, return_inverse=True)[1] + 1


def fortunes(corners: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw each cell's level of income: alike inside a square of 600 m, poorer in crowds."""
    crowd = np.log1p(_crowd(corners))
    square = (corners[:, 1] // 600 << 32) | (corners[:, 0] // 600)
    code = np.unique(square, return_inverse=True)[1]
    shared = rng.normal(0, 0.22, code.max() + 1)[code]
    return shared + rng.normal(0, 0.12, len(corners)) - 0.05 * (crowd - crowd.mean())


def frames(total: int, rng: np.random.Generator) -> Iterator[pd.DataFrame]:
    """Yield households département by département."""
    corners = inhabited(np.random.default_rng(75))
    counts = households_per_cell(corners, total, rng)
    fortune = fortunes(corners, rng)
    where = departments(corners)
    first = 0
    for number in np.unique(where):
        rows = np.flatnonzero(where == number)
        cells = rng.permutation(np.repeat(rows, counts[rows]))
        for start in range(0, len(cells), ROW_GROUP):
            part = cells[start : start + ROW_GROUP]
            yield _households(corners[part], fortune[part], int(number), first, rng)
            first += len(part)


def _households(
    corners: np.ndarray,
    fortune: np.ndarray,
    department: int,
    first: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    n = len(corners)
    persons = np.minimum(rng.poisson(1.15, n) + 1, 12)
    under_14 = np.minimum(rng.poisson(0.45, n), persons - 1)
    standard = np.exp(10.0 + fortune + rng.normal(0, 0.45, n))
    units = 1 + 0.5 * (persons - under_14 - 1) + 0.3 * under_14
    disposable = np.round(standard * units, 2)
    code = f"{department:02}"
    frame = {
        "household_id": pd.Series(np.char.mod("H%09d", np.arange(first, first + n))),
        "x": corners[:, 0] + rng.uniform(0, 200, n),
        "y": corners[:, 1] + rng.uniform(0, 200, n),
        "persons": persons.astype(np.int16),
        "under_14": under_14.astype(np.int16),
        **_ages(persons, under_14, rng),
        "declared_income": np.round(disposable * rng.uniform(0.5, 1.15, n), 2),
        "disposable_income": disposable,
        "floor_area": np.round(rng.normal(80, 25, n).clip(9), 0),
        "single_parent": (under_14 > 0) & (persons - under_14 == 1),
        "department": pd.Categorical([code]).repeat(n),
        "commune": pd.Categorical([f"{code}001"]).repeat(n),
    }
    for name, words in CODES.items():
        drawn = np.searchsorted(SHARES[name], rng.random(n))
        frame[name] = pd.Categorical.from_codes(drawn, words)
    return pd.DataFrame(frame)


def _ages(
    persons: np.ndarray, under_14: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Share children over the first three classes and others over the next ones."""
    ages = {}
    left = under_14.copy()
    for name, share in zip(columns.AGES[:2], (0.3, 0.3), strict=True):
        ages[name] = rng.binomial(left, share)
        left = left - ages[name]
    ages[columns.AGES[2]] = left
    left = persons - under_14
    for name, share in zip(
        columns.AGES[3:10], (0.09, 0.1, 0.27, 0.33, 0.36, 0.7, 1.0), strict=True
    ):
        ages[name] = rng.binomial(left, share)
        left = left - ages[name]
    ages[columns.AGES[10]] = left
    return {name: values.astype(np.int16) for name, values in ages.items()}


def write(folder: Path, total: int) -> Path:
    """Write one Parquet file of ``total`` households; an existing one is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"households_{total}.parquet"
    if path.exists():
        return path
    writer, partial = None, path.with_suffix(".partial")
    for frame in frames(total, np.random.default_rng(SEED)):
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if writer is None:
            writer = pq.ParquetWriter(partial, table.schema, compression="zstd")
        writer.write_table(table.cast(writer.schema), row_group_size=ROW_GROUP)
    if writer is not None:
        writer.close()
    partial.rename(path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--households", type=int, default=HOUSEHOLDS)
    wanted = parser.parse_args()
    started = time.perf_counter()
    path = write(wanted.folder, wanted.households)
    megabytes = path.stat().st_size / 1e6
    print(
        f"{wanted.households:,} households in about {CELLS:,} cells: {path} "
        f"({megabytes:.0f} MB, {time.perf_counter() - started:.0f} s)"
    )


if __name__ == "__main__":
    main()
