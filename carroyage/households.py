"""Household records: what a usable one is, and what is wrong with the others.

Canonical columns, one row per household: ``household_id``, ``x``, ``y`` (metres of the grid's
system), ``persons``, ``under_14``, the eleven age columns of the published grid,
``declared_income``, ``disposable_income`` (euros per year, whole household), ``tenure``
(owner, social, private), ``dwelling`` (flat, house), ``floor_area`` (square metres), ``built``
(av45, 45_70, 70_90, ap90, inc), ``department``, ``commune``; optional ``single_parent``,
``urban_unit``. Unusable records are counted and listed apart, never silently dropped.
"""

from __future__ import annotations

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
# Why a record cannot be used: the first that applies, in the order of `kernels.first_reasons`.
REASONS = (
    "", "coordinates missing", "coordinates look swapped", "outside the grid",
    "household id missing", "no person", "persons are not whole", "children under 14 impossible",
    "no person aged 14 or more", "ages impossible", "ages do not add up to the persons",
    "declared income missing", "declared income negative", "declared income impossible",
    "disposable income missing", "disposable income negative", "disposable income impossible",
    "floor area impossible", "unknown tenure", "unknown dwelling", "unknown built",
    "department missing", "commune missing", SAME_ID,
)  # fmt: skip

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
LARGEST = 2**31 - 1
LARGEST_AMOUNT = 1e12  # euros or m²: cents of more do not fit in the integers they are added in
MISSING, NOT_WHOLE = -(2**31), -(2**31) + 1  # in place of a number of persons


@dataclass(frozen=True)
class Numbers:
    """Canonical columns as the arrays compiled loops read; one column per household.

    ``people`` int32 (2 + ages, n): persons, children under 14, persons by age; ``words``
    int8 (5, n): place of tenure, dwelling and building period in their lists, then whether
    département and commune are told; -1 where they are not.
    """

    x: Floats
    y: Floats
    named: Bools
    people: npt.NDArray[np.int32]
    declared: Floats
    disposable: Floats
    area: Floats
    words: npt.NDArray[np.int8]

    @classmethod
    def of(cls, records: pd.DataFrame) -> Numbers:
        """Read the canonical columns of a frame."""
        people = np.empty((2 + len(columns.AGES), len(records)), np.int32)
        for row, name in zip(people, ("persons", "under_14", *columns.AGES), strict=True):
            row[:] = _persons(records[name])
        words = np.empty((5, len(records)), np.int8)
        for place, name, known in zip(words, WORDS, (TENURES, DWELLINGS, BUILT), strict=False):
            place[:] = _place_in(records[name], known)
        for told, name in zip(words[3:], ("department", "commune"), strict=True):
            told[:] = _told(records[name])
        named = records["household_id"].notna().to_numpy(bool)
        x, y, declared, disposable, area = (
            _numbers(records[name])
            for name in ("x", "y", "declared_income", "disposable_income", "floor_area")
        )
        return cls(x, y, _read_only(named), people, declared, disposable, area, words)

    def first_reasons(self, epsg: int) -> npt.NDArray[np.int8]:
        """Tell why each record cannot be used: positions in ``REASONS``, shape (n,)."""
        from carroyage import kernels

        out = np.zeros(len(self.x), np.int8)
        kernels.first_reasons(
            EXTENTS[epsg], self.x, self.y, self.named, self.people, self.declared,
            self.disposable, self.area, self.words, out,
        )  # fmt: skip
        return out

    def where(self, rows: Bools) -> Numbers:
        """Keep some records."""
        if rows.all():
            return self
        kept = {
            name: value[..., rows] if value.ndim > 1 else _read_only(value[rows])
            for name, value in vars(self).items()
        }
        return Numbers(**{k: np.ascontiguousarray(v) if v.ndim > 1 else v for k, v in kept.items()})


@dataclass(frozen=True)
class CheckedHouseholds:
    """Usable records, their numbers, and the list of the others.

    ``rejected`` has one row per refused record: ``row`` (position in the input, from 0),
    ``household_id`` and ``reason`` (the first that applies).
    """

    kept: pd.DataFrame
    numbers: Numbers
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
    numbers = Numbers.of(records)
    code = numbers.first_reasons(epsg)
    if not unique_ids:  # of usable records with the same id the first one is kept
        usable = np.flatnonzero(code == 0)
        again = records["household_id"].iloc[usable].duplicated().to_numpy(bool)
        code[usable[again]] = REASONS.index(SAME_ID)
    good = code == 0
    rows = np.flatnonzero(~good)
    rejected = pd.DataFrame(
        {
            "row": rows + first_row,
            "household_id": records["household_id"].iloc[rows].to_numpy(object),
            "reason": np.array(REASONS, dtype=object)[code[rows]],
        }
    )
    if good.all():
        return CheckedHouseholds(records, numbers, rejected)
    checked = CheckedHouseholds(records[good], numbers.where(good), rejected)
    if not good.any() and refuse_empty:
        told = ", ".join(f"{text}: {n}" for text, n in checked.reasons.items())
        raise errors.NothingLeft("household record", told)
    return checked


def _place_in(words: pd.Series, known: tuple[str, ...]) -> npt.NDArray[np.int8]:
    """Give each word's place in a list, -1 for another word and for none, shape (n,)."""
    coded = words if isinstance(words.dtype, pd.CategoricalDtype) else words.astype("category")
    places = pd.Index(known).get_indexer(coded.cat.categories).astype(np.int8)
    return np.append(places, np.int8(-1))[coded.cat.codes]  # a missing word has code -1


def _told(words: pd.Series) -> npt.NDArray[np.int8]:
    """Give 0 where there is a word and -1 where there is none, shape (n,)."""
    if isinstance(words.dtype, pd.CategoricalDtype):
        return np.minimum(words.cat.codes.to_numpy(), 0).astype(np.int8)
    return np.where(words.isna(), np.int8(-1), np.int8(0))


def _persons(values: pd.Series) -> npt.NDArray:
    """Read 32-bit numbers of persons; special ones say that one is missing or not whole."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu":
        whole = values.to_numpy()
        if whole.dtype.itemsize > 2:
            return np.where(whole > LARGEST, NOT_WHOLE, np.maximum(whole, -1)).astype(np.int32)
        return whole
    real = _numbers(values)
    fits = (real == np.floor(real)) & (np.abs(real) <= LARGEST)
    out = np.where(fits, real, np.where(real < 1, MISSING, NOT_WHOLE))
    return np.where(np.isnan(real), MISSING, out).astype(np.int32)


def _numbers(values: pd.Series) -> Floats:
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iufb":
        return _read_only(values.to_numpy(np.float64))
    return _read_only(pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan))


def _read_only(values: npt.NDArray) -> npt.NDArray:
    """Give the one kind of array loops are compiled for."""
    view = np.ascontiguousarray(values).view()
    view.flags.writeable = False
    return view
