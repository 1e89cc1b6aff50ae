"""Add households to cells batch after batch, in bounded memory and in exact integers.

Every sum is an integer (persons, households, cents, hundredths of square metres), so the
result does not depend on how records were cut in batches, ordered or spread over machines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from carroyage import columns, errors, grid, incomes
from carroyage.households import EXTENTS
from carroyage.secrecy import natural_order, whole_squares

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Counts that are added up; the others of the published columns follow from them.
COUNTS = (
    columns.PERSONS, columns.HOUSEHOLDS, columns.POOR, "men_1ind", "men_5ind", "men_prop",
    "men_fmp", "men_coll", *columns.PERIODS[:-1], "log_soc", *columns.AGES[:-1],
    columns.LOW_INCOME_PERSONS,
)  # fmt: skip
LARGE_SUMS = (columns.INCOME_SUM, "men_surf")  # cents and hundredths of m²: beyond 32 bits
FIELD_BITS = 17
FIELDS = 3  # 3 x 17 bits fit in the 53 exact bits of a double
FIELD_LIMIT = 1 << FIELD_BITS
CELLS_AT_ONCE = 500_000  # whose medians are found together


@dataclass(frozen=True)
class Lines:
    """Lines in euros: ``poverty`` disposable; ``declared`` one value, or one by urban unit."""

    poverty: float
    declared: float | Mapping[str, float] | None = None


@dataclass(frozen=True)
class Batch:
    """What a batch of usable households adds: integers, shape (n,) each.

    ``standards`` are disposable living standards in cents before winsorisation, ``declared``
    declared ones (None where no declared line is asked for).
    """

    row: Ints
    col: Ints
    persons: Ints
    standards: Ints
    department: pd.Categorical
    counts: dict[str, Any]
    surface: Ints
    declared: Ints | None
    commune: pd.Categorical


def measure(kept: pd.DataFrame, lines: Lines, size: int) -> Batch:
    """Turn usable household records into integers to add up."""
    persons = kept["persons"].to_numpy(np.int64)
    tenths = incomes.consumption_tenths(persons, kept["under_14"])
    disposable = incomes.living_standards(incomes.to_cents(kept["disposable_income"]), tenths)
    north, east = grid.cells_of_points(kept["x"], kept["y"], size)
    tenure, built = kept["tenure"], kept["built"]
    counts: dict[str, Any] = {
        columns.PERSONS: persons,
        columns.HOUSEHOLDS: np.ones(len(kept)),
        columns.POOR: disposable < incomes.to_cents(lines.poverty),
        "men_1ind": persons == 1,
        "men_5ind": persons >= 5,
        "men_prop": (tenure == "owner").to_numpy(),
        "log_soc": (tenure == "social").to_numpy(),
        "men_coll": (kept["dwelling"] == "flat").to_numpy(),
        **{n: (built == n.removeprefix("log_")).to_numpy() for n in columns.PERIODS[:-1]},
        **{name: kept[name].to_numpy() for name in columns.AGES[:-1]},
    }
    if "single_parent" in kept:
        counts["men_fmp"] = kept["single_parent"].astype("boolean").fillna(False).to_numpy(bool)
    declared = None
    if lines.declared is not None:
        declared = incomes.living_standards(incomes.to_cents(kept["declared_income"]), tenths)
        low = declared < line_cents(kept, lines.declared)
        counts[columns.LOW_INCOME_PERSONS] = np.where(low, persons, 0)
    surface = np.rint(kept["floor_area"].to_numpy(np.float64) * 100).astype(np.int64)
    return Batch(
        north // size, east // size, persons, disposable,
        _words(kept["department"]), counts, surface, declared, _words(kept["commune"]),
    )  # fmt: skip


def _words(values: pd.Series) -> pd.Categorical:
    """Code words, those of usable records only."""
    return pd.Categorical(values).remove_unused_categories()


def line_cents(kept: pd.DataFrame, line: float | Mapping[str, float]) -> Ints:
    """Give the declared line that applies to each household, in cents, shape (n,)."""
    if not isinstance(line, Mapping):
        return np.full(len(kept), incomes.to_cents(line), np.int64)
    if "urban_unit" not in kept:
        raise errors.MissingColumns("households (one line per urban unit)", ["urban_unit"])
    euros = kept["urban_unit"].astype(object).map(dict(line))
    # Outside any listed urban unit no line applies: nobody is under it.
    return incomes.to_cents(euros.fillna(0).to_numpy(np.float64))


class CellIndex:
    """Number cells in the order in which they appear, through a table of all positions."""

    def __init__(self, size: int, epsg: int) -> None:
        west, south, east, north = EXTENTS[epsg]
        self.size, self.epsg = size, epsg
        self.south, self.west = int(south // size), int(west // size)
        self.width = int(east // size) - self.west + 1
        height = int(north // size) - self.south + 1
        # Numbers from 1, so that the pages of places nobody lives in are never touched.
        self.table = np.zeros(height * self.width, np.int32)
        self.count = 0

    def codes(self, row: Ints, col: Ints) -> Ints:
        """Give each position's number, new positions taking the next ones, shape (n,)."""
        flat = (row - self.south) * self.width + (col - self.west)
        found = self.table[flat]
        new = found == 0
        if new.any():
            places = flat[new]
            low, high = int(places.min()), int(places.max()) + 1
            self.table[places] = -1  # marking then scanning is faster than sorting
            fresh = np.flatnonzero(self.table[low:high] < 0) + low
            last = self.count + len(fresh)
            self.table[fresh] = np.arange(self.count + 1, last + 1, dtype=np.int32)
            self.count = last
            found = self.table[flat]
        return found.astype(np.int64) - 1

    def keys(self) -> Ints:
        """Give the position (see `carroyage.grid.cell_keys`) of each number, (count,)."""
        flat = np.flatnonzero(self.table)
        keys = np.empty(self.count, np.int64)
        rows, cols = flat // self.width + self.south, flat % self.width + self.west
        keys[self.table[flat] - 1] = (rows << 32) | cols
        return keys


@dataclass
class CellSums:
    """Running sums by cell, and what winsorisation still needs.

    Living standards are kept (ten bytes a household) until every record was read, because
    their bounds are percentiles of all of them.
    """

    index: CellIndex
    details: Details | None = None
    sums: dict[str, Any] = field(default_factory=dict)
    codes: list[npt.NDArray[np.int32]] = field(default_factory=list)
    standards: list[Ints] = field(default_factory=list)
    persons: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    department: list[npt.NDArray[np.int32]] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        """Add one batch."""
        code = self.index.codes(batch.row, batch.col)
        if len(code) == 0:
            return
        low, high = int(code.min()), int(code.max()) + 1
        local = code - low
        for name, total in add_up(local, batch.counts, high - low).items():
            self._grow(name)[low:high] += total.astype(np.int32)
        surface = np.bincount(local, batch.surface, minlength=high - low)
        self._grow("men_surf")[low:high] += surface.astype(np.int64)
        self.codes.append(code.astype(np.int32))
        self.standards.append(batch.standards)
        self.persons.append(batch.persons.astype(_small(batch.persons)))
        self.department.append(_numbered(batch.department, self.names))
        if self.details is not None:
            self.details.add(self.codes[-1], self.persons[-1], batch)

    def _grow(self, name: str) -> Any:
        """The running sums of a column, long enough for every cell seen so far."""
        held = self.sums.get(name)
        if held is None or len(held) < self.index.count:
            longer: Any = np.zeros(
                self.index.count + self.index.count // 8,
                np.int64 if name in LARGE_SUMS else np.int32,
            )
            if held is not None:
                longer[: len(held)] = held
            self.sums[name] = held = longer
        return held

    def own_bounds(self) -> dict[str, tuple[float, float]]:
        """P5 and P95 of living standards over persons by département, in euros, exact."""
        standards, persons = np.concatenate(self.standards), np.concatenate(self.persons)
        # Sixteen bits are sorted by counting, several times faster than by comparing.
        short = np.int16 if len(self.names) < 2**15 else np.int32
        department = np.concatenate(self.department).astype(short)
        order = np.argsort(department, kind="stable")
        cuts = np.searchsorted(department[order], np.arange(len(self.names) + 1))

        def bounds_of(number: int) -> tuple[float, float] | None:
            rows = order[cuts[number] : cuts[number + 1]]
            if len(rows) == 0:
                return None
            low, high = incomes.weighted_quantiles(standards[rows], persons[rows], (0.05, 0.95))
            return float(low) / 100, float(high) / 100

        with ThreadPoolExecutor(2) as pool:
            found = zip(self.names, pool.map(bounds_of, self.names.values()), strict=True)
            bounds = {name: pair for name, pair in found if pair is not None}
        return dict(sorted(bounds.items()))

    def add_incomes(self, bounds: incomes.Bounds) -> None:
        """Winsorise and add living standards up, then forget them."""
        unknown = set(self.names) - set(bounds)
        if unknown:
            raise errors.MissingWinsorBounds(unknown)
        low, high = (incomes.to_cents([bounds[name][i] for name in self.names]) for i in (0, 1))
        total = self._grow(columns.INCOME_SUM)
        for code, standards, persons, department in zip(
            self.codes, self.standards, self.persons, self.department, strict=True
        ):
            clipped = np.clip(standards, low[department], high[department]) * persons
            start = int(code.min())
            part = np.bincount(code - start, clipped)
            total[start : start + len(part)] += part.astype(np.int64)
        if self.details is not None:
            self.details.finish(self.codes, self.persons, self.index.count)
        for kept in (self.codes, self.standards, self.persons, self.department):
            kept.clear()

    def table(self) -> pd.DataFrame:
        """Give the integer sums of all cells (see `parts`)."""
        return pd.concat(list(self.parts(self.index.count + 1)), ignore_index=True)

    def parts(self, cells: int) -> Iterator[pd.DataFrame]:
        """Give integer sums by cell in natural order, whole 64 km squares at a time.

        A part holds about ``cells`` cells: a column ``key`` (see `carroyage.grid.cell_keys`)
        and one by sum. Incomes are cents, floor areas hundredths of square metres.
        """
        keys = self.index.keys()
        order = natural_order(*grid.corners_of_keys(keys, self.index.size))
        for first, end in whole_squares(*grid.corners_of_keys(keys[order], self.index.size), cells):
            rows = order[first:end]
            told = {name: self._grow(name)[rows].astype(np.int64) for name in self.sums}
            more = {} if self.details is None else self.details.of(rows)
            yield pd.DataFrame({"key": keys[rows], **told, **more}, copy=False)


@dataclass
class Details:
    """What is no sum: the communes each cell touches, and its median of declared income.

    Both are ready after `finish`. Memory: up to 13 bytes per household.
    """

    names: dict[str, int] = field(default_factory=dict)
    pairs: list[Ints] = field(default_factory=list)
    declared: list[npt.NDArray] = field(default_factory=list)
    communes: Any = None
    medians: Floats | None = None

    def add(self, code: npt.NDArray[np.int32], persons: npt.NDArray, batch: Batch) -> None:
        """Note the cells' communes and, where a line is asked for, the declared incomes."""
        commune = _numbered(batch.commune, self.names)
        self.pairs.append(pd.unique(code.astype(np.int64) << 32 | commune))
        if batch.declared is not None:
            fits = batch.declared.max(initial=0) < 2**31
            self.declared.append(batch.declared.astype(np.int32 if fits else np.int64))

    def finish(self, codes: list, persons: list, cells: int) -> None:
        """Turn what was noted into one value per cell, some cells at a time."""
        self.communes = communes_touched(np.concatenate(self.pairs), list(self.names), cells)
        if self.declared:
            code, weight = np.concatenate(codes), np.concatenate(persons)
            declared = np.concatenate(self.declared)
            self.medians = np.concatenate(
                [
                    _medians(code, declared, weight, first, min(first + CELLS_AT_ONCE, cells))
                    for first in range(0, cells, CELLS_AT_ONCE)
                ]
            )
        self.pairs.clear()
        self.declared.clear()

    def of(self, rows: Ints) -> dict[str, Any]:
        """Give the finished columns of some cells."""
        told = {columns.COMMUNES: self.communes[rows]}
        if self.medians is not None:
            told[columns.DECLARED_MEDIAN] = self.medians[rows]
        return told


def _medians(
    code: npt.NDArray, declared: npt.NDArray, persons: npt.NDArray, first: int, end: int
) -> Floats:
    rows = np.flatnonzero((code >= first) & (code < end))
    found = incomes.medians_by_group(declared[rows], persons[rows], code[rows] - first, end - first)
    return np.asarray(found / 100, np.float64)


def communes_touched(pairs: Ints, names: list[str], cells: int) -> npt.NDArray[np.object_]:
    """Join the codes of the communes each cell touches, in order, shape (cells,).

    ``pairs`` hold a cell's number in their upper 32 bits, a commune's in the lower ones.
    """
    ranked = np.argsort(np.argsort(np.array(names, dtype=object)))
    in_order = np.array(sorted(names), dtype=object)
    pairs = np.unique(pairs >> 32 << 32 | ranked[pairs & 0xFFFFFFFF])
    cell, told = pairs >> 32, in_order[pairs & 0xFFFFFFFF]
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    out = np.full(cells, "", dtype=object)
    if len(starts):
        out[cell[starts]] = np.add.reduceat(told, starts)
    return out


def _numbered(words: pd.Categorical, names: dict[str, int]) -> npt.NDArray[np.int32]:
    """Number words by a list that grows, the same number for the same word in every batch."""
    numbers = [names.setdefault(str(name), len(names)) for name in words.categories]
    return np.array(numbers, np.int32)[words.codes]


def add_up(code: Ints, counts: Mapping[str, Any], n: int) -> dict[str, Ints]:
    """Sum small counts by cell, three at a time packed in one exact double.

    Falls back to one at a time when a cell of the batch holds more than 131 071 persons.
    """
    persons = np.bincount(code, counts[columns.PERSONS], minlength=n)
    together = FIELDS if persons.max(initial=0) < FIELD_LIMIT else 1
    names = [name for name in counts if name != columns.PERSONS]
    out = {columns.PERSONS: persons.astype(np.int64)}
    for start in range(0, len(names), together):
        group = names[start : start + together]
        packed = np.zeros(len(code))
        for i, name in enumerate(group):
            packed += np.asarray(counts[name], np.float64) * float(1 << (FIELD_BITS * i))
        sums = np.bincount(code, packed, minlength=n).astype(np.int64)
        for i, name in enumerate(group[:-1]):
            out[name] = (sums >> (FIELD_BITS * i)) & (FIELD_LIMIT - 1)
        out[group[-1]] = sums >> (FIELD_BITS * (len(group) - 1))
    return out


def _small(values: Ints) -> type[np.unsignedinteger]:
    return np.uint8 if values.max(initial=0) < 256 else np.uint32


def finish(sums: pd.DataFrame, size: int, epsg: int) -> pd.DataFrame:
    """Turn integer sums into a table of true cells indexed by id, in euros and square metres.

    Columns that follow from others (last age class, last period, houses) are completed.
    """
    cells = sums.drop(columns="key")
    cells["men_mais"] = cells[columns.HOUSEHOLDS] - cells["men_coll"]
    for parts, total in ((columns.AGES, columns.PERSONS), (columns.PERIODS, columns.HOUSEHOLDS)):
        cells[parts[-1]] = cells[total] - cells[list(parts[:-1])].sum(axis=1)
    if "men_fmp" not in cells:
        cells["men_fmp"] = np.nan  # unknown, which is not zero
    for name in (columns.INCOME_SUM, "men_surf"):
        cells[name] = cells[name] / 100
    beside = (columns.COMMUNES, columns.LOW_INCOME_PERSONS, columns.DECLARED_MEDIAN)
    more = [name for name in beside if name in cells]
    ids = grid.format_ids(*grid.corners_of_keys(sums["key"].to_numpy(), size), size, epsg)
    cells.index = pd.Index(ids, name=f"idcar_{size}m")
    return cells[[*columns.PUBLISHED, *more]]
