"""What is wrong with a published grid: a list of findings, never a silent repair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from carroyage import columns, errors, grid, overlap
from carroyage.scores import SHARE_POOR, ratio
from carroyage.secrecy import FLAGS, POOR_CAP

Bools = npt.NDArray[np.bool_]
Severity = Literal["error", "warning", "note"]

SHOWN = 5
ROUNDING = 0.06  # one decimal, rounded
LOWEST_MEAN, HIGHEST_MEAN = 1_000.0, 200_000.0  # euros per consumption unit


@dataclass(frozen=True)
class Finding:
    """One thing wrong: how serious, how many cells, the first of them."""

    severity: Severity
    code: str
    message: str
    cells: int = 0
    examples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        shown = f" (first: {', '.join(self.examples)})" if self.examples else ""
        return f"{self.severity}: {self.message}{shown}"


def check_grid(
    cells: pd.DataFrame,
    territory: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    epsg: int = overlap.MEASURED_IN,
) -> list[Finding]:
    """Look for everything wrong with a published 200 m or 1 km grid.

    Parameters
    ----------
    cells : DataFrame indexed by cell id, columns under INSEE's names in lower case
    territory : outline the grid is meant to cover: missing and foreign cells are then told

    Returns
    -------
    list of Finding, errors first; empty when nothing is wrong.
    """
    try:
        ids = grid.parse_ids(cells.index)
        ids.one_grid()
    except errors.CarroyageError as error:
        return [Finding("error", "ids", f"{error} {error.advice}")]
    found = [
        *_index(cells, ids), *_columns(cells), *_values(cells), *_breakdowns(cells),
        *_incomes(cells), *_secrecy(cells), *_groups(cells), *_levels(cells, ids),
    ]  # fmt: skip
    if territory is not None:
        found += _coverage(ids, cells, territory, epsg)
    rank = {"error": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda finding: rank[finding.severity])


def findings_as_dicts(findings: list[Finding]) -> list[dict[str, Any]]:
    """Give findings as plain values, ready for JSON."""
    return [asdict(finding) for finding in findings]


def _tell(
    cells: pd.DataFrame, bad: Any, severity: Severity, code: str, message: str
) -> Iterator[Finding]:
    rows = np.flatnonzero(np.asarray(bad, bool))
    if len(rows):
        examples = [str(cells.index[i]) for i in rows[:SHOWN]]
        yield Finding(severity, code, f"{len(rows)} cell(s) {message}", len(rows), examples)


def _index(cells: pd.DataFrame, ids: grid.CellIds) -> Iterator[Finding]:
    size = int(ids.size[0]) if len(ids) else 200
    keys = pd.Series(grid.cell_keys(ids.north, ids.east, size))
    yield from _tell(cells, keys.duplicated(), "error", "duplicates", "appear twice")
    if len(cells) == 0:
        yield Finding("error", "empty", "the file holds no cell")


def _columns(cells: pd.DataFrame) -> Iterator[Finding]:
    missing = [name for name in columns.PUBLISHED if name not in cells]
    if missing:
        needed = {columns.PERSONS, columns.HOUSEHOLDS, columns.POOR, columns.INCOME_SUM}
        severity: Severity = "error" if needed & set(missing) else "warning"
        yield Finding(severity, "columns", f"missing column(s): {', '.join(missing)}")
    flags = [name for name in FLAGS if name not in cells]
    if flags:
        yield Finding(
            "warning", "flags",
            f"missing flag(s) {', '.join(flags)}: imputed cells cannot be told from the others",
        )  # fmt: skip


def _present(cells: pd.DataFrame) -> list[str]:
    return [name for name in columns.PUBLISHED if name in cells]


def _values(cells: pd.DataFrame) -> Iterator[Finding]:
    for name in _present(cells):
        values = _column(cells, name)
        yield from _tell(cells, np.isnan(values), "warning", "gaps", f"have no {name}")
        yield from _tell(cells, values < 0, "error", "negative", f"have a negative {name}")
    if {columns.PERSONS, columns.HOUSEHOLDS} <= set(cells):
        persons, households = _column(cells, columns.PERSONS), _column(cells, columns.HOUSEHOLDS)
        few = persons < households - ROUNDING * 2
        yield from _tell(cells, few, "warning", "persons", "hold fewer persons than households")
        alone = (persons > 0) & (households == 0)
        yield from _tell(cells, alone, "warning", "persons", "hold persons but no household")


def _column(cells: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    return pd.to_numeric(cells[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _breakdowns(cells: pd.DataFrame) -> Iterator[Finding]:
    for parts, total in columns.BREAKDOWNS.items():
        if {*parts, total} <= set(cells):
            summed = np.sum([_column(cells, name) for name in parts], axis=0)
            off = np.abs(summed - _column(cells, total)) > ROUNDING * (len(parts) + 1)
            label = f"{parts[0]}…{parts[-1]}"
            yield from _tell(
                cells, off, "warning", "breakdown", f"where {label} do not add up to {total}"
            )
    for name in columns.PARTS_OF_HOUSEHOLDS:
        if {name, columns.HOUSEHOLDS} <= set(cells):
            over = _column(cells, name) > _column(cells, columns.HOUSEHOLDS) + ROUNDING * 2
            yield from _tell(cells, over, "error", "share", f"have more {name} than households")


def _incomes(cells: pd.DataFrame) -> Iterator[Finding]:
    if {columns.INCOME_SUM, columns.PERSONS} <= set(cells):
        mean = ratio(_column(cells, columns.INCOME_SUM), _column(cells, columns.PERSONS))
        odd = (mean < LOWEST_MEAN) | (mean > HIGHEST_MEAN)
        yield from _tell(
            cells, odd, "error", "income",
            f"have a mean living standard outside {LOWEST_MEAN:g} to {HIGHEST_MEAN:g} euros",
        )  # fmt: skip
    if {columns.POOR, columns.HOUSEHOLDS} <= set(cells):
        share = SHARE_POOR.of(cells)
        households = _column(cells, columns.HOUSEHOLDS)
        with np.errstate(divide="ignore", invalid="ignore"):
            over = share > POOR_CAP + ROUNDING / households
        yield from _tell(
            cells, over, "warning", "cap", f"have more than {POOR_CAP:.0%} of poor households"
        )


def _secrecy(cells: pd.DataFrame) -> Iterator[Finding]:
    if columns.HOUSEHOLDS not in cells:
        return
    households = _column(cells, columns.HOUSEHOLDS)
    few = (households > 0) & (households < columns.MIN_HOUSEHOLDS)
    if "i_est_200" in cells:
        bare = few & (_column(cells, "i_est_200") == 0)
        yield from _tell(
            cells, bare, "error", "secrecy", "hold 1 to 10 households and are not imputed"
        )
        return
    whole = few & (households == np.floor(households))
    yield from _tell(
        cells, whole, "warning", "secrecy",
        "hold a whole number of 1 to 10 households, and no flag says that they are imputed",
    )  # fmt: skip
    split = households != np.floor(households)
    yield from _tell(
        cells, split, "note", "imputed", "hold fractions of households: they look imputed"
    )


def _groups(cells: pd.DataFrame) -> Iterator[Finding]:
    if not {"groupe", columns.PERSONS} <= set(cells):
        return
    group = pd.to_numeric(cells["groupe"], errors="coerce")
    persons = _column(cells, columns.PERSONS)
    rows = group.notna().to_numpy(bool) & (persons > 0)
    if "i_est_200" in cells:
        rows = rows & (_column(cells, "i_est_200") == 1)
    if not rows.any():
        return
    bad = np.zeros(len(cells), bool)
    capped = {columns.POOR}
    for name in set(_present(cells)) - {columns.PERSONS} - capped:
        bad[rows] |= _disagree(_column(cells, name)[rows], persons[rows], group[rows])
    yield from _tell(
        cells, bad, "error", "groups", "disagree with their imputation group on values per person"
    )


def _disagree(values: Any, persons: Any, group: pd.Series) -> Bools:
    sums = pd.DataFrame({"v": values, "p": persons}).groupby(group.to_numpy()).transform("sum")
    expected = (sums["v"] / sums["p"]).to_numpy() * persons
    # Breakdowns are rounded on running sums: a part may move by one or two tenths.
    return np.asarray(np.abs(values - expected) > 0.35 + 1e-6 * np.abs(expected), bool)


def _levels(cells: pd.DataFrame, ids: grid.CellIds) -> Iterator[Finding]:
    for name in ("idcar_1km", "idcar_nat"):
        if name not in cells:
            continue
        try:
            above = grid.parse_ids(cells[name])
        except errors.CarroyageError as error:
            yield Finding("error", "levels", f"{name}: {error}")
            continue
        apart = (ids.north // above.size * above.size != above.north) | (
            ids.east // above.size * above.size != above.east
        )
        yield from _tell(cells, apart, "error", "levels", f"do not lie in their own {name}")


def _coverage(
    ids: grid.CellIds, cells: pd.DataFrame, territory: Any, epsg: int
) -> Iterator[Finding]:
    grid_epsg, size = ids.one_grid()
    limits = shapely.union_all(overlap.to_metres(territory, epsg, "The territory"))
    shapely.prepare(limits)
    keys = grid.cell_keys(ids.north, ids.east, size)
    near = overlap.keys_near(shapely.get_parts(limits), size, grid_epsg, epsg)
    shapes = overlap.cells_in_metres(*grid.corners_of_keys(near, size), size, grid_epsg, epsg)
    inside, touching = shapely.contains_properly(limits, shapes), shapely.intersects(limits, shapes)
    absent = ~np.isin(near, keys)
    border = int((touching & ~inside & absent).sum())
    whole_border = int((touching & ~inside).sum())
    if border:
        yield Finding(
            "warning", "border",
            f"{border} of {whole_border} positions across the territory's border have no cell",
            border,
        )  # fmt: skip
    empty = int((inside & absent).sum())
    if empty:
        yield Finding("note", "inside", f"{empty} positions inside the territory have no cell "
                      "(nobody lives there, or they were left out)", empty)  # fmt: skip
    foreign = ~np.isin(keys, near[touching])
    yield from _tell(cells, foreign, "warning", "foreign", "lie outside the territory")
