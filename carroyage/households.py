"""Household records: what a usable one is, and what is wrong with the others.

Canonical columns, one row per household: ``household_id``, ``x``, ``y`` (metres of the grid's
system), ``persons``, ``under_14``, the eleven age columns of the published grid,
``declared_income``, ``disposable_income`` (euros per year, whole household), ``tenure``
(owner, social, private), ``dwelling`` (flat, house), ``floor_area`` (square metres), ``built``
(av45, 45_70, 70_90, ap90, inc), ``department``, ``commune``; optional ``single_parent``,
``urban_unit``. Unusable records are counted and listed apart, never silently dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from carroyage import columns, errors

REQUIRED = (
    "household_id", "x", "y", "persons", "under_14", *columns.AGES, "declared_income",
    "disposable_income", "tenure", "dwelling", "floor_area", "built", "department", "commune",
)  # fmt: skip
WORDS = ("tenure", "dwelling", "built", "department", "commune", "urban_unit")  # the rest: numbers
TENURES = ("owner", "social", "private")
DWELLINGS = ("flat", "house")
BUILT = ("av45", "45_70", "70_90", "ap90", "inc")

# Extents of the grids' territories: (west, south, east, north), metres, a little wide.
EXTENTS = {
    3035: (3_100_000.0, 2_000_000.0, 4_350_000.0, 3_200_000.0),
    5490: (600_000.0, 1_560_000.0, 760_000.0, 2_020_000.0),
    2975: (300_000.0, 7_620_000.0, 390_000.0, 7_700_000.0),
}

SAME_ID = "household id already seen"

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CheckedHouseholds:
    """Usable records and the list of the others.

    ``rejected`` has one row per refused record: ``row`` (position in the input, from 0),
    ``household_id`` and ``reason`` (the first that applies).
    """

    kept: pd.DataFrame
    rejected: pd.DataFrame

    @property
    def reasons(self) -> dict[str, int]:
        """Count refused records by reason."""
        return {str(k): int(v) for k, v in self.rejected["reason"].value_counts().items()}


def check_households(
    records: pd.DataFrame,
    epsg: int = 3035,
    *,
    first_row: int = 0,
    refuse_empty: bool = True,
    unique_ids: bool = False,
) -> CheckedHouseholds:
    """Set usable household records apart from the others.

    Parameters
    ----------
    records : DataFrame, canonical columns
    epsg : the grid's projected system
    first_row : position of the first record in a longer file, for the list of refusals
    refuse_empty : whether to refuse records of which not one can be used
    unique_ids : ids were compared before: do not look for repeated ones

    Raises
    ------
    MissingColumns
        A canonical column is absent.
    NothingLeft
        Records were given and not one of them can be used.
    """
    missing = set(REQUIRED) - set(records.columns)
    if missing:
        raise errors.MissingColumns("households", missing)
    code, names = _first_reasons(records, epsg, unique_ids)
    good = code == 0
    rows = np.flatnonzero(~good)
    rejected = pd.DataFrame(
        {
            "row": rows + first_row,
            "household_id": records["household_id"].iloc[rows].to_numpy(object),
            "reason": np.array(names, dtype=object)[code[rows]],
        }
    )
    if good.all():
        return CheckedHouseholds(records, rejected)
    checked = CheckedHouseholds(records[good], rejected)
    if not good.any() and refuse_empty:
        told = ", ".join(f"{text}: {n}" for text, n in checked.reasons.items())
        raise errors.NothingLeft("household record", told)
    return checked


def _first_reasons(
    records: pd.DataFrame, epsg: int, unique_ids: bool
) -> tuple[npt.NDArray[np.int8], list[str]]:
    code, names = np.zeros(len(records), np.int8), [""]
    for name, fails in _checks(records, epsg):
        names.append(name)
        if fails.any():
            code[fails & (code == 0)] = len(names) - 1
    if not unique_ids:  # of usable records with the same id the first one is kept
        usable = np.flatnonzero(code == 0)
        names.append(SAME_ID)
        again = records["household_id"].iloc[usable].duplicated().to_numpy(bool)
        code[usable[again]] = len(names) - 1
    return code, names


def _checks(records: pd.DataFrame, epsg: int) -> Iterator[tuple[str, Bools]]:
    yield from _place_checks(records, epsg)
    yield from _person_checks(records)
    yield from _value_checks(records)


def _place_checks(records: pd.DataFrame, epsg: int) -> Iterator[tuple[str, Bools]]:
    x, y = _numbers(records, "x"), _numbers(records, "y")
    yield "coordinates missing", ~(np.isfinite(x) & np.isfinite(y))
    inside = _within(x, y, epsg)
    yield "coordinates look swapped", ~inside & _within(y, x, epsg)
    yield "outside the grid", ~inside
    ids = records["household_id"]
    yield "household id missing", ids.isna().to_numpy(bool)


def _within(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], epsg: int) -> Bools:
    west, south, east, north = EXTENTS[epsg]
    return (x >= west) & (x < east) & (y >= south) & (y < north)


def _person_checks(records: pd.DataFrame) -> Iterator[tuple[str, Bools]]:
    persons, children = _numbers(records, "persons"), _numbers(records, "under_14")
    yield "no person", ~(persons >= 1)
    yield "persons are not whole", np.asarray(persons != np.floor(persons))
    yield "children under 14 impossible", ~((children >= 0) & (children == np.floor(children)))
    yield "no person aged 14 or more", children >= persons
    total, low = np.zeros(len(records)), np.zeros(len(records), bool)
    for name in columns.AGES:
        ages = _numbers(records, name)
        low |= ~(ages >= 0)
        total += ages
    yield "ages impossible", low
    yield "ages do not add up to the persons", np.asarray(total != persons)


def _value_checks(records: pd.DataFrame) -> Iterator[tuple[str, Bools]]:
    for name in ("declared_income", "disposable_income"):
        value, told = _numbers(records, name), name.replace("_", " ")
        yield f"{told} missing", ~np.isfinite(value)
        yield f"{told} negative", value < 0
    area = _numbers(records, "floor_area")
    yield "floor area impossible", ~(np.isfinite(area) & (area >= 0))
    for name, known in (("tenure", TENURES), ("dwelling", DWELLINGS), ("built", BUILT)):
        yield f"unknown {name}", ~_is_one_of(records[name], known)
    for name in ("department", "commune"):
        yield f"{name} missing", records[name].isna().to_numpy(bool)


def _is_one_of(words: pd.Series, known: tuple[str, ...]) -> Bools:
    if isinstance(words.dtype, pd.CategoricalDtype):
        told = words.cat.categories.isin(known)
        return np.append(told, False)[words.cat.codes]  # a missing word has code -1
    return words.isin(known).to_numpy(bool)


def _numbers(records: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    values = records[name]
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iufb":
        return values.to_numpy(np.float64)
    return pd.to_numeric(records[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
