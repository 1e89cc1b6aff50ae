"""What is released never describes 1 to 10 households, whatever is added or subtracted."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carroyage import columns, errors, grid
from carroyage.natural_levels import natural_levels
from carroyage.rounding import Table, share_out
from carroyage.secrecy import impute, publish_cells, publish_in_parts

RANDOM = np.random.default_rng


@st.composite
def raw_grids(draw: st.DrawFn, max_cells: int = 40) -> pd.DataFrame:
    """True cells spread over one or two 64 km squares, crowded or scattered."""
    n = draw(st.integers(1, max_cells))
    rng = RANDOM(draw(st.integers(0, 2**31)))
    reach = draw(st.sampled_from([3, 8, 40, 400]))
    typical = draw(st.sampled_from([4, 15, 60]))
    flat = rng.choice(reach * reach, min(n, reach * reach), replace=False)
    return raw_cells(flat // reach, flat % reach, 1 + rng.poisson(typical, len(flat)), rng)


def raw_cells(rows: object, cols: object, men: object, rng: np.random.Generator) -> pd.DataFrame:
    men = np.asarray(men, np.int64)
    ind = men + rng.poisson(men)
    frame = pd.DataFrame({"ind": ind, "men": men})
    for name in columns.PUBLISHED[2:]:
        frame[name] = rng.binomial(men, rng.random())
    frame["ind_snv"] = ind * rng.integers(800_000, 4_000_000, len(men)) / 100
    frame["men_surf"] = men * 60.5
    for parts, total in columns.BREAKDOWNS.items():
        left = frame[total].to_numpy().copy()
        for name in parts[:-1]:
            frame[name] = rng.binomial(left, 0.4)
            left = left - frame[name].to_numpy()
        frame[parts[-1]] = left
    north = 2_880_000 + np.asarray(rows, np.int64) * 200
    east = 3_712_000 + np.asarray(cols, np.int64) * 200
    frame.index = pd.Index(grid.format_ids(north, east, 200))
    return frame


def levels_of(raw: pd.DataFrame):  # type: ignore[no-untyped-def]
    ids = grid.parse_ids(raw.index)
    return natural_levels(
        ids.north, ids.east, raw["men"].to_numpy(float), raw["ind"].to_numpy(float)
    )


def parents(raw: pd.DataFrame, size: int) -> pd.Series:
    ids = grid.parse_ids(raw.index)
    north, east = grid.parent(ids.north, ids.east, 200, size)
    return pd.Series(grid.format_ids(north, east, size), index=raw.index)


@settings(max_examples=20, deadline=None)
@given(raw_grids())
def test_a_square_is_split_exactly_when_no_child_holds_1_to_10_households(
    raw: pd.DataFrame,
) -> None:
    level = pd.Series(levels_of(raw).size, index=raw.index)
    sizes = grid.NATURAL_SIZES
    for cell in raw.index:
        walked = 200
        for whole, part in zip(sizes[:0:-1], sizes[-2::-1], strict=True):
            up, down = parents(raw, whole), parents(raw, part)
            inside = raw[up == up[cell]]
            if (inside.groupby(down[inside.index])["men"].sum() < 11).any():
                walked = whole
                break
        assert level[cell] == walked


@settings(max_examples=60, deadline=None)
@given(raw_grids())
def test_every_group_holds_11_households_and_no_more_cells_than_needed(raw: pd.DataFrame) -> None:
    levels = levels_of(raw)
    table = raw.assign(group=levels.group, small=raw["men"] < 11, withheld=levels.withheld)
    for group, cells in table[(table["group"] >= 0) & ~table["withheld"]].groupby("group"):
        assert cells["men"].sum() >= 11, group
        large = cells[~cells["small"]]
        if len(large):
            assert len(large) == 1
            assert cells.loc[cells["small"], "men"].sum() < 11
    alone = table[(table["group"] < 0) & ~table["withheld"]]
    assert (alone["men"] >= 11).all()


def test_the_least_populated_large_cell_joins_a_group_that_is_too_small() -> None:
    raw = raw_cells([0, 0, 0, 0], [0, 1, 2, 3], [4, 30, 12, 50], RANDOM(1))
    raw["ind"] = [8, 60, 40, 35]
    levels = levels_of(raw)
    assert levels.group.tolist() == [0, -1, -1, 0]
    assert set(levels.size) == {1_000}


def test_a_square_of_64_km_with_few_households_tells_persons_only() -> None:
    raw = raw_cells([0, 3], [0, 9], [3, 5], RANDOM(1))
    out = publish_cells(raw)
    assert out.withheld_cells == 2
    assert out.cells["ind"].tolist() == raw["ind"].tolist()
    others = [name for name in columns.PUBLISHED if name != "ind"]
    assert out.cells[others].isna().all(axis=None)
    assert out.kilometres[others].isna().all(axis=None)
    assert out.natural[others].isna().all(axis=None)


@settings(max_examples=60, deadline=None)
@given(raw_grids())
def test_persons_are_released_as_they_are(raw: pd.DataFrame) -> None:
    out = publish_cells(raw)
    assert (out.cells["ind"].reindex(raw.index) == raw["ind"]).all()
    assert out.kilometres["ind"].sum() == raw["ind"].sum()
    assert out.natural["ind"].sum() == raw["ind"].sum()


@settings(max_examples=60, deadline=None)
@given(raw_grids())
def test_group_sums_are_exact_before_truncation_and_rounding(raw: pd.DataFrame) -> None:
    levels = levels_of(raw)
    made = impute(Table.of(raw[list(columns.PUBLISHED)]), levels).frame(raw.index)
    for group in np.unique(levels.group[levels.imputed & ~levels.withheld]):
        rows = levels.group == group
        for name in columns.PUBLISHED:
            assert made[name][rows].sum() == pytest.approx(raw[name][rows].sum(), rel=1e-12)
        persons = int(raw["ind"][rows].sum())
        first = raw.index[rows][0]
        share = Fraction(int(raw["men"][rows].sum()) * int(raw["ind"][first]), persons)
        assert made.loc[first, "men"] == pytest.approx(float(share), rel=1e-12)


def described_sets(raw: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """What each true cell weighs in every released figure, found by moving one cell at a time.

    Works on imputed values before rounding, where figures are linear in one column: rows are
    released figures at the three levels, columns are true cells.
    """
    levels = levels_of(raw)
    names = ["ind", "men", "ind_snv"]
    ones = []
    for i in range(len(raw)):
        moved = raw[names].astype(float)
        moved["ind_snv"] = 0.0
        moved.iloc[i, 2] = 1.0
        cells = pd.Series(impute(Table.of(moved), levels)["ind_snv"], moved.index)
        kilometres = cells.groupby(parents(raw, 1_000)).sum(min_count=1)
        by_natural = moved["ind_snv"].where(~levels.withheld)
        natural = by_natural.groupby([levels.size, levels.north, levels.east]).sum(min_count=1)
        ones.append(np.nan_to_num(np.concatenate([cells, kilometres, natural])))
    return np.array(ones).T, raw["men"].to_numpy()


@settings(max_examples=60, deadline=None)
@given(raw_grids(max_cells=30))
def test_no_sum_or_difference_of_released_figures_isolates_1_to_10_households(
    raw: pd.DataFrame,
) -> None:
    # Cells that weigh the same (up to nothing) in every released figure can never be told
    # apart by adding and subtracting figures: each such set must hold at least 11 households.
    weights, men = described_sets(raw)
    together: dict[tuple[float, ...], int] = {}
    for i in range(weights.shape[1]):
        column = tuple(np.round(weights[:, i], 9))
        if any(column):
            together[column] = together.get(column, 0) + int(men[i])
    assert all(households >= 11 for households in together.values())


@settings(max_examples=60, deadline=None)
@given(raw_grids())
def test_released_figures_are_functions_of_the_linear_ones(raw: pd.DataFrame) -> None:
    # Rounding and truncation look at imputed values only: exchanging incomes inside a group
    # must leave every released figure as it was.
    levels = levels_of(raw)
    out = publish_cells(raw)
    swapped = raw.copy()
    for group in np.unique(levels.group[levels.imputed]):
        rows = np.flatnonzero(levels.group == group)
        swapped.iloc[rows, swapped.columns.get_loc("ind_snv")] = raw["ind_snv"].to_numpy()[
            rows[::-1]
        ]
    again = publish_cells(swapped)
    pd.testing.assert_frame_equal(out.cells, again.cells, rtol=1e-12)
    pd.testing.assert_frame_equal(out.kilometres, again.kilometres, rtol=1e-12)
    pd.testing.assert_frame_equal(out.natural, again.natural, rtol=1e-12)


@settings(max_examples=80, deadline=None)
@given(raw_grids())
def test_released_breakdowns_add_up_and_parts_never_exceed_households(raw: pd.DataFrame) -> None:
    cells = publish_cells(raw).cells
    told = cells[cells["men"].notna()]
    for parts, total in columns.BREAKDOWNS.items():
        assert np.allclose(told[list(parts)].sum(axis=1), told[total], atol=1e-6)
    for name in columns.PARTS_OF_HOUSEHOLDS:
        assert (told[name] <= told["men"] + 1e-9).all(), name
        assert (told[name] >= 0).all()
    assert (told["men_pauv"] <= 0.8 * told["men"] + 1e-9).all()
    tenths = told[[*columns.AGES, "men", "men_pauv", "ind_snv"]].to_numpy(float) * 10
    assert np.allclose(tenths, np.rint(tenths), atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(raw_grids())
def test_residuals_tell_what_truncation_and_rounding_moved(raw: pd.DataFrame) -> None:
    residuals = publish_cells(raw).residuals
    moved = residuals["released_total"] - residuals["exact_total"]
    parts = residuals["from_truncation"] + residuals["from_rounding"]
    assert np.allclose(moved, parts, atol=1e-6)
    assert (residuals.loc["ind"].drop(["exact_total", "released_total"]) == 0).all()
    assert (residuals["from_truncation"].drop("men_pauv") == 0).all()
    assert residuals.loc["men_pauv", "from_truncation"] <= 0


def test_a_cell_where_everyone_is_poor_is_released_at_80_percent() -> None:
    raw = raw_cells([0, 0], [0, 1], [100, 40], RANDOM(3))
    raw["men_pauv"] = [100, 10]
    out = publish_cells(raw)
    assert out.cells["men_pauv"].tolist() == [80.0, 10.0]
    assert out.natural["men_pauv"].sum() == 110


@settings(max_examples=30, deadline=None)
@given(raw_grids(), st.integers(0, 999))
def test_the_order_of_rows_changes_nothing(raw: pd.DataFrame, seed: int) -> None:
    first = publish_cells(raw)
    second = publish_cells(raw.iloc[RANDOM(seed).permutation(len(raw))])
    for name in ("cells", "kilometres", "natural"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name), check_exact=True)


def test_flags_say_what_was_imputed_at_each_level() -> None:
    # A 1 km square with a small cell, alone in its own 64 km square: it splits down to 1 km.
    raw = raw_cells([0, 0, 40], [0, 1, 40], [5, 40, 30], RANDOM(2))
    out = publish_cells(raw)
    flags = out.cells.sort_index()[["i_est_200", "i_est_1km", "groupe", "idcar_nat"]]
    assert flags["i_est_200"].tolist() == [1, 1, 0]
    assert flags["i_est_1km"].tolist() == [0, 0, 0]
    assert flags["groupe"].tolist()[:2] == [1, 1]
    assert pd.isna(flags["groupe"].iloc[2])
    assert flags["idcar_nat"].str.contains("RES1000m").tolist() == [True, True, False]


def test_a_kilometre_with_few_households_is_flagged_at_1_km_too() -> None:
    raw = raw_cells([0, 9], [0, 9], [5, 40], RANDOM(2))
    out = publish_cells(raw)
    assert out.cells["i_est_1km"].tolist() == [1, 1]
    assert out.kilometres["i_est_1km"].tolist() == [1, 1]


def test_kilometres_are_the_sums_of_released_cells() -> None:
    rng = RANDOM(5)
    flat = rng.choice(900, 300, replace=False)
    out = publish_cells(raw_cells(flat // 30, flat % 30, rng.integers(1, 60, 300), rng))
    names = list(columns.PUBLISHED)
    summed = out.cells.groupby("idcar_1km")[names].sum()
    assert np.allclose(summed.reindex(out.kilometres.index), out.kilometres[names])


def test_the_threshold_is_never_lowered_and_may_be_raised() -> None:
    raw = raw_cells([0, 0, 1], [0, 1, 1], [12, 30, 45], RANDOM(2))
    with pytest.raises(errors.ThresholdTooLow):
        publish_cells(raw, min_households=5)
    assert publish_cells(raw).imputed_cells == 0
    assert publish_cells(raw, min_households=20).imputed_cells == 2


def test_a_column_without_data_is_released_without_data() -> None:
    raw = raw_cells([0, 0], [0, 1], [3, 30], RANDOM(2)).assign(men_fmp=np.nan)
    out = publish_cells(raw)
    assert out.cells["men_fmp"].isna().all()
    with pytest.raises(errors.MissingValues, match="men_prop"):
        publish_cells(raw.assign(men_prop=[1.0, np.nan]))


def test_figures_nobody_publishes_are_not_released() -> None:
    raw = raw_cells([0], [0], [30], RANDOM(2)).assign(low_income_persons=5, declared_median=1e4)
    out = publish_cells(raw)
    for table in (out.cells, out.kilometres, out.natural):
        assert not {"low_income_persons", "declared_median"} & set(table.columns)


def test_squares_of_64_km_published_apart_give_the_same_bytes_as_together() -> None:
    rng = RANDOM(8)
    flat = rng.choice(900 * 900, 800, replace=False)
    raw = raw_cells(flat // 900, flat % 900, rng.integers(1, 30, 800), rng)
    whole = publish_cells(raw)
    parts = list(publish_in_parts(raw, cells=1))
    assert len(parts) > 4
    for name in ("cells", "kilometres", "natural"):
        together = pd.concat([getattr(part, name) for part in parts])
        pd.testing.assert_frame_equal(together, getattr(whole, name), check_exact=True)
    assert sum(part.groups for part in parts) == whole.groups


def test_a_gap_in_one_square_is_refused_before_anything_is_released() -> None:
    raw = raw_cells([0, 900], [0, 900], [30, 40], RANDOM(3))
    raw.loc[raw.index[1], "men_surf"] = np.nan
    with pytest.raises(errors.MissingValues, match="men_surf"):
        next(publish_in_parts(raw, cells=1))


def test_only_200_m_cells_can_be_protected() -> None:
    raw = raw_cells([0], [0], [30], RANDOM(2))
    raw.index = pd.Index(["CRS3035RES1000mN2880000E3712000"])
    with pytest.raises(errors.UnexpectedCellSize):
        publish_cells(raw)


@given(
    st.lists(st.lists(st.floats(0, 50), min_size=3, max_size=3), min_size=1, max_size=8),
    st.integers(-3, 3),
)
def test_shared_out_parts_add_up_and_stay_close(exact: list[list[float]], off: int) -> None:
    parts = np.array(exact)
    totals = np.maximum(np.rint(parts.sum(axis=1)).astype(int) + off, 0)
    shared = np.column_stack(share_out(list(parts.T), totals))
    assert (shared.sum(axis=1) == totals).all()
    assert (shared >= 0).all()
    assert np.abs(shared - parts).max() <= 2 + abs(off)
