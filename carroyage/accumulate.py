"""Add households to cells batch after batch, in bounded memory and in exact integers.

Every sum is an integer (persons, households, cents, hundredths of square metres), so the
result does not depend on how records were cut in batches, ordered or spread over machines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from carroyage import columns, errors, grid, incomes
from carroyage.households import EXTENTS, Numbers
from carroyage.secrecy import as_texts, natural_order, whole_squares
from carroyage.standards import Buckets, Standards, medians_by_cell, numbered

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Counts that are added up, in the order of `kernels.add_households`; the others of the published
# columns follow from them.
COUNTS = (
    columns.PERSONS, columns.HOUSEHOLDS, columns.POOR, "men_1ind", "men_5ind", "men_prop",
    "log_soc", "men_coll", *columns.PERIODS[:-1], *columns.AGES[:-1], "men_fmp",
    columns.LOW_INCOME_PERSONS,
)  # fmt: skip
SURFACE = "men_surf"
GROWTH = 1.5


@dataclass(frozen=True)
class Lines:
    """Lines in euros: ``poverty`` disposable; ``declared`` one value, or one by urban unit."""

    poverty: float
    declared: float | Mapping[str, float] | None = None

    def poverty_cents(self) -> int:
        """Give the poverty line in cents."""
        return int(incomes.to_cents(self.poverty))


@dataclass(frozen=True)
class Batch:
    """Usable households ready to be added up, shape (n,) each.

    ``alone`` tells single parents and ``limits`` holds the declared lines in cents (one for all
    or one each); both are empty where nothing is known of them.
    """

    numbers: Numbers
    alone: npt.NDArray[np.bool_]
    limits: Ints
    department: pd.Categorical
    commune: pd.Categorical

    def __len__(self) -> int:
        return len(self.numbers.x)


@dataclass(frozen=True)
class Added:
    """What adding a batch tells of each household, shape (n,): cents per consumption unit.

    ``standards`` are disposable and not winsorised; ``declared`` is empty without a line.
    """

    standards: Ints
    declared: Ints


def prepare(kept: pd.DataFrame, numbers: Numbers, lines: Lines) -> Batch:
    """Read what `Numbers` leaves out of usable household records."""
    alone, limits = np.zeros(0, bool), np.zeros(0, np.int64)
    if "single_parent" in kept:
        told = kept["single_parent"]
        if told.dtype != np.bool_:
            told = told.astype("boolean").fillna(False)
        alone = told.to_numpy(bool, copy=True)
    if lines.declared is not None:
        limits = line_cents(kept, lines.declared)
    department, commune = (pd.Categorical(kept[name]) for name in ("department", "commune"))
    return Batch(numbers, alone, limits, department, commune)


def add_up(
    batch: Batch, lines: Lines, code: npt.NDArray[np.int32], counts: npt.NDArray, surface: Ints
) -> Added:
    """Add households up by ``code`` (n,): ``counts`` (cells, COUNTS), ``surface`` (cells,)."""
    from carroyage import kernels

    read = batch.numbers
    declared = np.zeros(len(batch) if len(batch.limits) else 0, np.int64)
    added = Added(np.zeros(len(batch), np.int64), declared)
    kernels.add_households(
        code, read.people, read.words, batch.alone, read.declared, read.disposable, read.area,
        lines.poverty_cents(), batch.limits, counts, surface, added.standards, added.declared,
    )  # fmt: skip
    return added


def counted(batch: Batch) -> list[str]:
    """Name the counts that mean something: single parents and lines may be unknown."""
    unknown = {"men_fmp": batch.alone, columns.LOW_INCOME_PERSONS: batch.limits}
    return [name for name in COUNTS if name not in unknown or len(unknown[name])]


def line_cents(kept: pd.DataFrame, line: float | Mapping[str, float]) -> Ints:
    """Give the declared line in cents, shape (1,), or each household's, shape (n,)."""
    if not isinstance(line, Mapping):
        return np.atleast_1d(incomes.to_cents(line))
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
        width = int(east // size) - self.west + 1
        height = int(north // size) - self.south + 1
        # Numbers from 1, so that the pages of places nobody lives in are never touched.
        self.table = np.zeros((height, width), np.int32)
        self.count = 0
        self._keys: list[Ints] = []

    def codes(self, x: Floats, y: Floats) -> npt.NDArray[np.int32]:
        """Give the number of each point's cell, new cells taking the next ones, shape (n,)."""
        from carroyage import kernels

        code, keys, known = np.zeros(len(x), np.int32), np.zeros(len(x), np.int64), self.count
        self.count = kernels.number_cells(
            x, y, self.size, self.south, self.west, self.table, known, code, keys
        )
        self._keys.append(keys[: self.count - known].copy())
        return code

    def keys(self) -> Ints:
        """Give the position (see `carroyage.grid.cell_keys`) of each number, (count,)."""
        return np.concatenate([np.zeros(0, np.int64), *self._keys])


@dataclass
class CellSums:
    """Running sums by cell, and what winsorisation still needs.

    ``counts`` (cells, COUNTS) and ``surface`` (cells,) are longer than the cells met so far.
    Living standards are kept (20 bytes a household) until every record was read, because their
    bounds are percentiles of all of them.
    """

    index: CellIndex
    lines: Lines
    details: Details | None = None
    counts: npt.NDArray[np.int32] = field(
        default_factory=lambda: np.zeros((0, len(COUNTS)), np.int32)
    )
    surface: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    income_sums: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    told: list[str] = field(default_factory=list)
    kept: list[Standards] = field(default_factory=list)
    buckets: Buckets = field(default_factory=Buckets)

    def add(self, batch: Batch) -> None:
        """Add one batch."""
        if len(batch) == 0:
            return
        code = self.index.codes(batch.numbers.x, batch.numbers.y)
        self._grow()
        added = add_up(batch, self.lines, code, self.counts, self.surface)
        kept = Standards(
            code, added.standards, batch.numbers.people[0].copy(),
            self.buckets.numbers(batch.department),
        )  # fmt: skip
        self.buckets.add(kept)
        self.kept.append(kept)
        self.told = counted(batch)
        if self.details is not None:
            self.details.add(code, batch, added, self.index.count)

    def _grow(self) -> None:
        """Make room for every cell seen so far."""
        if len(self.surface) < self.index.count:
            rows = int(GROWTH * self.index.count)
            self.counts, self.surface = longer(self.counts, rows), longer(self.surface, rows)

    def own_bounds(self) -> dict[str, tuple[float, float]]:
        """P5 and P95 of living standards over persons by département, in euros, exact."""
        return self.buckets.percentiles(self.kept)

    def add_incomes(self, bounds: incomes.Bounds) -> None:
        """Winsorise and add living standards up, then forget them."""
        from carroyage import kernels

        if unknown := set(self.buckets.inhabited()) - set(bounds):
            raise errors.MissingWinsorBounds(unknown)
        unused = (0.0, 0.0)
        low, high = (
            incomes.to_cents([bounds.get(name, unused)[i] for name in self.buckets.names])
            for i in (0, 1)
        )
        self.income_sums = np.zeros(self.index.count, np.int64)
        for one in self.kept:
            kernels.add_clipped(
                one.code, one.cents, one.persons, one.department, low, high, self.income_sums
            )
        if self.details is not None:
            men = self.counts[: self.index.count, COUNTS.index(columns.HOUSEHOLDS)]
            self.details.finish(self.kept, men.astype(np.int64))
        self.kept.clear()

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
            counts = self.counts[rows].T.astype(np.int64)
            told = {name: counts[COUNTS.index(name)] for name in self.told}
            large = {SURFACE: self.surface[rows], columns.INCOME_SUM: self.income_sums[rows]}
            more = {} if self.details is None else self.details.of(rows)
            yield pd.DataFrame({"key": keys[rows], **told, **large, **more}, copy=False)


def longer(values: npt.NDArray, rows: int) -> npt.NDArray:
    """Copy an array into one of more rows; pages of rows not used yet are never touched."""
    out = np.zeros((rows, *values.shape[1:]), values.dtype)
    out[: len(values)] = values
    return out


@dataclass
class Details:
    """What is no sum: the communes each cell touches, and its median of declared income.

    Both are ready after `finish`. Memory: up to 16 bytes per household.
    """

    names: dict[str, int] = field(default_factory=dict)
    first: npt.NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    pairs: list[Ints] = field(default_factory=list)
    declared: list[Ints] = field(default_factory=list)
    communes: Any = None
    medians: Floats | None = None

    def add(self, code: npt.NDArray[np.int32], batch: Batch, added: Added, cells: int) -> None:
        """Note the cells' communes and, where a line is asked for, the declared incomes."""
        from carroyage import kernels

        commune = numbered(batch.commune, self.names)
        if len(self.first) < cells:
            known = len(self.first)
            self.first = longer(self.first, int(GROWTH * cells))
            self.first[known:] = -1
        extra = np.zeros(len(code), np.int64)
        others = extra[: kernels.note_communes(code, commune, self.first, extra)]
        # Most cells lie in one commune: of the others each further commune is noted apart.
        self.pairs.append(pd.unique(code[others].astype(np.int64) << 32 | commune[others]))
        if len(added.declared):
            self.declared.append(added.declared)

    def finish(self, kept: list[Standards], men: Ints) -> None:
        """Turn what was noted into one value per cell; ``men`` (cells,) counts households."""
        cells = np.arange(len(men), dtype=np.int64)
        pairs = np.concatenate([cells << 32 | self.first[: len(men)], *self.pairs])
        self.communes = communes_touched(pairs, list(self.names), len(men))
        if self.declared:
            self.medians = medians_by_cell(kept, self.declared, men)
        self.pairs.clear()

    def of(self, rows: Ints) -> dict[str, Any]:
        """Give the finished columns of some cells."""
        told = {columns.COMMUNES: self.communes[rows]}
        if self.medians is not None:
            told[columns.DECLARED_MEDIAN] = self.medians[rows]
        return told


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


def finish(sums: pd.DataFrame, size: int, epsg: int) -> pd.DataFrame:
    """Turn integer sums into a table of true cells indexed by id, in euros and square metres."""
    ids = grid.write_ids(*grid.corners_of_keys(sums["key"].to_numpy(), size), size, epsg)
    return completed(sums).set_axis(pd.Index(as_texts(ids), name=f"idcar_{size}m"))


def completed(sums: pd.DataFrame) -> pd.DataFrame:
    """Complete integer sums: euros, square metres, and the columns that follow from others.

    Those are the last age class, the last building period and houses.
    """
    cells: dict[str, Any] = {str(name): sums[name].to_numpy() for name in sums if name != "key"}
    cells["men_mais"] = cells[columns.HOUSEHOLDS] - cells["men_coll"]
    for parts, total in ((columns.AGES, columns.PERSONS), (columns.PERIODS, columns.HOUSEHOLDS)):
        rest = cells[total].copy()
        for name in parts[:-1]:
            rest -= cells[name]
        cells[parts[-1]] = rest
    if "men_fmp" not in cells:
        cells["men_fmp"] = np.full(len(sums), np.nan)  # unknown, which is not zero
    for name in (columns.INCOME_SUM, SURFACE):
        cells[name] = cells[name] / 100
    beside = (columns.COMMUNES, columns.LOW_INCOME_PERSONS, columns.DECLARED_MEDIAN)
    names = [*columns.PUBLISHED, *(name for name in beside if name in cells)]
    return pd.DataFrame({name: cells[name] for name in names}, copy=False)
