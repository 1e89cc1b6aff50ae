"""From household records to 200 m cells: exact sums, one row per inhabited cell.

These are the *unprotected* cells: they describe single households and must go through
`carroyage.secrecy` before anyone else reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from carroyage import columns, errors, grid, incomes
from carroyage.accumulate import line_cents
from carroyage.households import check_households

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class GriddedHouseholds:
    """Cells made from households.

    Attributes
    ----------
    cells : DataFrame indexed by cell id
        Published columns, ``lcog_geo``, and when a declared line was given
        ``low_income_persons`` and ``declared_median`` (euros per consumption unit).
    rejected : DataFrame
        Records left out, with their reason.
    bounds : mapping
        P5 and P95 applied per département, euros.
    """

    cells: pd.DataFrame
    rejected: pd.DataFrame
    bounds: incomes.Bounds


def grid_households(
    households: pd.DataFrame,
    *,
    poverty_line: float,
    line: float | Mapping[str, float] | None = None,
    bounds: incomes.Bounds | None = None,
    size: int = 200,
    epsg: int = grid.METROPOLITAN,
) -> GriddedHouseholds:
    """Sum household records by cell.

    Parameters
    ----------
    households : DataFrame
        Canonical columns (see `carroyage.households`), one row per household.
    poverty_line : float
        Euros of *disposable* income per consumption unit, under which a household is poor.
    line : float or mapping urban unit -> float, optional
        Euros of *declared* income per consumption unit, under which inhabitants have a low
        income; a mapping needs the column ``urban_unit``.
    bounds : mapping département -> (P5, P95), optional
        Winsorisation bounds in euros; computed from the records themselves when absent.

    Raises
    ------
    MissingColumns, NothingLeft
    """
    checked = check_households(households, epsg)
    kept = checked.kept
    standards = _disposable(kept)
    if bounds is None:
        bounds = incomes.percentile_bounds(
            standards, kept["persons"].to_numpy(np.int64), kept["department"]
        )
    _refuse_unknown_departments(kept, bounds)
    north, east = grid.cells_of_points(kept["x"], kept["y"], size)
    keys, code = np.unique(grid.cell_keys(north, east, size), return_inverse=True)
    clipped = incomes.winsorise(standards, kept["department"], bounds)
    measures = household_measures(kept, standards, clipped, poverty_line)
    cells = pd.DataFrame({name: sum_by(code, value, len(keys)) for name, value in measures.items()})
    if "single_parent" not in kept:
        cells["men_fmp"] = np.nan  # unknown, which is not zero
    cells[columns.INCOME_SUM] /= 100
    cells["men_surf"] /= 100
    cells[columns.COMMUNES] = _communes_touched(kept["commune"], code, len(keys))
    if line is not None:
        _add_declared(cells, kept, code, line)
    ids = grid.format_ids(*grid.corners_of_keys(keys, size), size, epsg)
    cells.index = pd.Index(ids, name=f"idcar_{size}m")
    return GriddedHouseholds(cells, checked.rejected, bounds)


def sum_by(code: Ints, values: Any, n: int) -> Ints:
    """Sum integer values by cell code, shape (n,): exact as long as sums stay under 2**53."""
    return np.bincount(code, weights=values, minlength=n).astype(np.int64)


def household_measures(
    kept: pd.DataFrame, standards: Ints, clipped: Ints, poverty_line: float
) -> dict[str, Any]:
    """Give what each household adds to its cell, as integers (cents, hundredths of m²)."""
    persons = kept["persons"].to_numpy(np.int64)
    tenure, dwelling, built = kept["tenure"], kept["dwelling"], kept["built"]
    measures: dict[str, Any] = {
        columns.PERSONS: persons,
        columns.HOUSEHOLDS: np.ones(len(kept), np.int64),
        columns.POOR: standards < incomes.to_cents(poverty_line),
        "men_1ind": persons == 1,
        "men_5ind": persons >= 5,
        "men_prop": tenure == "owner",
        "men_fmp": _single_parents(kept),
        columns.INCOME_SUM: clipped * persons,
        "men_surf": np.rint(kept["floor_area"].to_numpy(np.float64) * 100),
        "men_coll": dwelling == "flat",
        "men_mais": dwelling == "house",
        **{name: built == name.removeprefix("log_") for name in columns.PERIODS},
        "log_soc": tenure == "social",
        **{name: kept[name] for name in columns.AGES},
    }
    return {name: np.asarray(value, dtype=np.float64) for name, value in measures.items()}


def _single_parents(kept: pd.DataFrame) -> Any:
    if "single_parent" not in kept:
        return np.zeros(len(kept))
    return kept["single_parent"].astype("boolean").fillna(False).to_numpy(bool)


def declared_standards(kept: pd.DataFrame) -> Ints:
    """Declared income per consumption unit of each household, cents, never winsorised."""
    tenths = incomes.consumption_tenths(kept["persons"], kept["under_14"])
    return incomes.living_standards(incomes.to_cents(kept["declared_income"]), tenths)


def _disposable(kept: pd.DataFrame) -> Ints:
    tenths = incomes.consumption_tenths(kept["persons"], kept["under_14"])
    return incomes.living_standards(incomes.to_cents(kept["disposable_income"]), tenths)


def _refuse_unknown_departments(kept: pd.DataFrame, bounds: incomes.Bounds) -> None:
    unknown = set(kept["department"].astype(str).unique()) - set(bounds)
    if unknown:
        raise errors.MissingWinsorBounds(unknown)


def _add_declared(
    cells: pd.DataFrame, kept: pd.DataFrame, code: Ints, line: float | Mapping[str, float]
) -> None:
    declared, persons = declared_standards(kept), kept["persons"].to_numpy(np.int64)
    low = declared < line_cents(kept, line)
    cells[columns.LOW_INCOME_PERSONS] = sum_by(code, np.where(low, persons, 0), len(cells))
    cells[columns.DECLARED_MEDIAN] = (
        incomes.medians_by_group(declared, persons, code, len(cells)) / 100
    )


def _communes_touched(communes: pd.Series, code: Ints, n: int) -> Any:
    pairs = pd.DataFrame({"code": code, "commune": communes.astype(str).to_numpy()})
    pairs = pairs.drop_duplicates().sort_values(["code", "commune"])
    return pairs.groupby("code")["commune"].agg("".join).reindex(range(n)).to_numpy()
