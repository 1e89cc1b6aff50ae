"""Publish cells without telling anything about 1 to 10 households.

Everything released (except persons, released as they are) is computed from the sums of a
partition: cells published as they are, each with at least 11 households, and imputation
groups, each with at least 11 households. Larger levels are sums of those. Whatever is added
or subtracted, at one level or between nested ones, describes whole elements of that partition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from carroyage import columns, errors, grid
from carroyage.natural_levels import NaturalLevels, natural_levels
from carroyage.rounding import Rounded, Table, one_decimal, round_published

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SMALLEST, KILOMETRE, LARGEST = 200, 1_000, grid.NATURAL_SIZES[-1]
POOR_CAP = 0.8
FLAGS = ("i_est_200", "i_est_1km", "groupe")


@dataclass(frozen=True)
class PublishedGrid:
    """Three nested levels ready to be released.

    Attributes
    ----------
    cells : DataFrame indexed by ``idcar_200m``
        Published columns plus ``i_est_200``, ``i_est_1km``, ``groupe``, ``idcar_1km``,
        ``idcar_nat`` and ``lcog_geo`` when given. Missing values are withheld values.
    kilometres : DataFrame indexed by ``idcar_1km``
        Sums of the released 200 m values: they add no information.
    natural : DataFrame indexed by ``idcar_nat``
        True sums of each natural cell.
    residuals : DataFrame indexed by column
        What truncation and rounding moved: exact and released totals over imputed cells, and
        the largest difference in one group.
    """

    cells: pd.DataFrame
    kilometres: pd.DataFrame
    natural: pd.DataFrame
    residuals: pd.DataFrame
    imputed_cells: int
    imputed_persons: float
    withheld_cells: int

    @property
    def groups(self) -> int:
        """How many imputation groups there are."""
        return int(self.cells["groupe"].nunique())


def publish_cells(
    raw: pd.DataFrame,
    *,
    min_households: int = columns.MIN_HOUSEHOLDS,
    cap: float = POOR_CAP,
) -> PublishedGrid:
    """Protect true 200 m cells as INSEE does.

    Parameters
    ----------
    raw : DataFrame indexed by 200 m cell id
        True sums from `carroyage.gridding`, one row per inhabited cell, any order.
    min_households : int
        Nothing is told about fewer households (11; may be raised, never lowered).
    cap : float
        Largest share of poor households released for one 200 m cell.

    Returns
    -------
    PublishedGrid
        Rows come by 64 km square, then by position, whatever the order of ``raw``.

    Raises
    ------
    ThresholdTooLow, MissingColumns, MissingValues, DuplicateCells, UnexpectedCellSize,
    SecrecyBroken
    """
    ids = grid.parse_ids(raw.index, size=SMALLEST)
    epsg, _ = ids.one_grid()
    order = natural_order(ids.north, ids.east)
    north, east = ids.north[order], ids.east[order]
    _refuse_duplicates(grid.cell_keys(north, east, SMALLEST), raw.index[order])
    return publish_sorted(
        raw.iloc[order], north, east, epsg, min_households=min_households, cap=cap
    )


@dataclass(frozen=True)
class WholeSquares:
    """True cells of some whole 64 km squares, in `natural_order`, with their corners (metres)."""

    cells: pd.DataFrame
    north: Ints
    east: Ints
    epsg: int


def squares_apart(raw: pd.DataFrame, cells: int) -> Iterator[WholeSquares]:
    """Deal true 200 m cells out by whole 64 km squares, about ``cells`` of them at a time.

    Raises
    ------
    UnreadableCellIds, UnexpectedCellSize, DuplicateCells, MissingColumns, MissingValues
    """
    ids = grid.parse_ids(raw.index, size=SMALLEST)
    epsg, _ = ids.one_grid()
    order = natural_order(ids.north, ids.east)
    north, east = ids.north[order], ids.east[order]
    _refuse_duplicates(grid.cell_keys(north, east, SMALLEST), raw.index[order])
    _published(raw)
    for first, end in whole_squares(north, east, cells):
        yield WholeSquares(raw.iloc[order[first:end]], north[first:end], east[first:end], epsg)


def publish_in_parts(
    raw: pd.DataFrame, cells: int, *, min_households: int = columns.MIN_HOUSEHOLDS
) -> Iterator[PublishedGrid]:
    """Protect true cells some whole 64 km squares at a time: `publish_cells` in little memory.

    Put together, the parts are the same to the byte. Raises as `publish_cells`.
    """
    yield from numbered_on(
        publish_sorted(part.cells, part.north, part.east, part.epsg, min_households=min_households)
        for part in squares_apart(raw, cells)
    )


def numbered_on(parts: Iterable[PublishedGrid]) -> Iterator[PublishedGrid]:
    """Number the groups of parts protected apart one after the other."""
    before = 0
    for part in parts:
        yield replace(part, cells=part.cells.assign(groupe=part.cells["groupe"] + before))
        before += part.groups


def natural_order(north: Ints, east: Ints) -> Ints:
    """Order cells by 64 km square, then by position; shape (n,)."""
    square = (north // LARGEST << 16) | (east // LARGEST)
    inside = (north % LARGEST // SMALLEST << 16) | (east % LARGEST // SMALLEST)
    return np.argsort(square << 32 | inside, kind="stable")


def whole_squares(north: Ints, east: Ints, cells: int) -> Iterator[tuple[int, int]]:
    """Cut cells in `natural_order` into runs (first, end) of about ``cells``.

    A run is made of whole 64 km squares, beyond which no secrecy rule looks.
    """
    square = grid.cell_keys(north, east, LARGEST)
    starts = np.flatnonzero(np.diff(square, prepend=-1))
    first = 0
    for start in [*starts[1:].tolist(), len(square)]:
        if start - first >= cells or start == len(square):
            yield first, start
            first = start


def publish_sorted(
    raw: pd.DataFrame,
    north: Ints,
    east: Ints,
    epsg: int,
    *,
    min_households: int = columns.MIN_HOUSEHOLDS,
    cap: float = POOR_CAP,
) -> PublishedGrid:
    """Protect distinct cells already in `natural_order`, made of whole 64 km squares.

    No rule looks beyond a 64 km square: squares treated apart, with groups then `numbered_on`,
    give the same bytes as all of them at once.
    """
    if min_households < columns.MIN_HOUSEHOLDS:
        raise errors.ThresholdTooLow(min_households, columns.MIN_HOUSEHOLDS)
    true = _published(raw)
    households, persons = true[columns.HOUSEHOLDS], true[columns.PERSONS]
    levels = natural_levels(north, east, households, persons, min_households, SMALLEST)
    _verify(levels, households, min_households)
    exact = impute(true, levels)
    rounded = round_published(exact, levels, cap)
    # A column nobody filled stays in the file, without data.
    unknown = [name for name in columns.PUBLISHED if name in raw and name not in true.names]
    rows, cols = north // KILOMETRE * KILOMETRE, east // KILOMETRE * KILOMETRE
    kilometre, kilometre_ids = _squares(rows, cols, np.full(len(raw), KILOMETRE), epsg)
    natural, natural_ids = _squares(levels.north, levels.east, levels.size, epsg)
    flags = _flags(levels, kilometre)
    cells = rounded.values.frame().assign(
        **dict.fromkeys(unknown, np.nan),
        **flags,
        idcar_1km=as_texts(kilometre_ids.take(pa.array(kilometre))),
        idcar_nat=as_texts(natural_ids.take(pa.array(natural))),
    )
    if columns.COMMUNES in raw:
        cells[columns.COMMUNES] = raw[columns.COMMUNES].to_numpy()
    cells.index = pd.Index(as_texts(grid.write_ids(north, east, SMALLEST, epsg)), name="idcar_200m")
    kilometres = _sums(rounded.values, kilometre, kilometre_ids, "idcar_1km", levels.withheld)
    above = np.zeros(len(kilometres), np.int8)
    np.maximum.at(above, kilometre, flags["i_est_1km"])
    return PublishedGrid(
        cells,
        kilometres.assign(i_est_1km=above),
        _sums(true, natural, natural_ids, "idcar_nat", levels.withheld),
        _residuals(exact, rounded, levels),
        int(levels.imputed.sum()),
        float(persons[levels.imputed].sum()),
        int(levels.withheld.sum()),
    )


def impute(true: Table, levels: NaturalLevels) -> Table:
    """Share each group's sums in proportion to persons: Y(c) = Y(g) ind(c) / sum of ind.

    Persons are never modified, group sums are kept, withheld cells lose everything else.
    """
    table = true.copy()
    rows, hidden = np.flatnonzero(levels.imputed), np.flatnonzero(levels.withheld)
    group, own = levels.group[rows], table[columns.PERSONS].take(rows)
    in_group = np.bincount(group, weights=own).take(group)
    for name, values in table:
        if name != columns.PERSONS:
            sums = np.bincount(group, weights=values.take(rows)).take(group)
            values[rows] = sums * own / in_group
            values[hidden] = np.nan
    return table


def _published(raw: pd.DataFrame) -> Table:
    """Copy the published columns that hold values."""
    missing = {columns.PERSONS, columns.HOUSEHOLDS} - set(raw.columns)
    if missing:
        raise errors.MissingColumns("cells to publish", missing)
    table = Table.of(raw[[name for name in columns.PUBLISHED if name in raw]])
    empty = np.isnan(table.values).sum(axis=1)
    told = np.flatnonzero(empty < max(len(raw), 1))
    if holes := [table.names[row] for row in told if empty[row]]:
        raise errors.MissingValues("cells to publish", holes)
    if len(told) == len(table.names):
        return table
    return Table([table.names[row] for row in told], table.values[told])


def _refuse_duplicates(keys: Ints, ids: pd.Index) -> None:
    twice = np.flatnonzero(np.diff(keys) == 0)
    if len(twice):
        raise errors.DuplicateCells(ids[twice[:5]].tolist(), len(twice))


def _verify(levels: NaturalLevels, households: Floats, min_households: int) -> None:
    """Refuse to release anything if an element of the partition is under the threshold."""
    told = ~levels.withheld
    alone = told & ~levels.imputed & (households > 0) & (households < min_households)
    rows = told & levels.imputed
    sums = np.bincount(levels.group[rows], weights=households[rows])
    short = (sums > 0) & (sums < min_households)
    if alone.any() or short.any():
        raise errors.SecrecyBroken(int(alone.sum()), int(short.sum()))


def _flags(levels: NaturalLevels, kilometre: Ints) -> dict[str, Any]:
    hidden = levels.imputed | levels.withheld
    beyond = np.zeros(int(kilometre.max(initial=-1)) + 1, bool)
    beyond[kilometre[hidden & (levels.size > KILOMETRE)]] = True
    group = pd.array(levels.group + 1, dtype="Int64")
    group[~levels.imputed] = pd.NA
    return {
        "i_est_200": hidden.astype(np.int8),
        "i_est_1km": beyond[kilometre].astype(np.int8),
        "groupe": group,
    }


def _squares(north: Ints, east: Ints, size: Ints, epsg: int) -> tuple[Ints, Any]:
    """Number squares in the order in which they appear, and give the id of each number."""
    code, seen = pd.factorize((north << 32 | east) * 128 + size // 1000)
    first = np.zeros(len(seen), np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]
    sizes, by_size = np.unique(size[first]), []
    order = np.argsort(size[first], kind="stable")
    for one in sizes:
        rows = first[order][size[first][order] == one]
        by_size.append(grid.write_ids(north[rows], east[rows], int(one), epsg))
    ids = pa.chunked_array(by_size, pa.large_string()).combine_chunks()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return np.asarray(code, np.int64), ids.take(pa.array(place))


def as_texts(ids: Any) -> Any:
    """Give arrow texts to pandas as they are."""
    return pd.array(ids, dtype="str")


def _sums(
    table: Table, square: Ints, ids: Any, name: str, withheld: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """Sum released values by square; squares of withheld cells tell persons only."""
    hidden, told = np.unique(square[withheld]), np.empty((len(table.names), len(ids)))
    for (column, cells), out in zip(table, told, strict=True):
        shown = np.nan_to_num(cells) if len(hidden) else cells
        one_decimal(np.bincount(square, weights=shown, minlength=len(ids)), out=out)
        if column != columns.PERSONS:
            out[hidden] = np.nan
    return Table(table.names, told).frame(pd.Index(as_texts(ids), name=name))


def _residuals(exact: Table, rounded: Rounded, levels: NaturalLevels) -> pd.DataFrame:
    rows = np.flatnonzero(levels.imputed & ~levels.withheld)
    group = levels.group[rows]
    found = {}
    for (name, given), (_, released) in zip(exact, rounded.values, strict=True):
        before, after = given.take(rows), released.take(rows)
        truncated = rounded.capped_poor if name == columns.POOR else None
        capped = before if truncated is None else truncated.take(rows)
        moved = np.bincount(group, weights=after - before)
        found[name] = {
            "exact_total": before.sum(),
            "released_total": after.sum(),
            "from_truncation": (capped - before).sum(),
            "from_rounding": (after - capped).sum(),
            "largest_in_one_group": np.abs(moved).max(initial=0.0),
        }
    return pd.DataFrame(found).T.rename_axis("column")
