"""How zones move with the choices behind them: line, threshold, score, contiguity, minimum.

Each draw is one set of choices. A reference zone exists in a draw when one zone of the draw
shares at least half of their joint inhabitants with it (population-weighted overlap >= 0.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from carroyage import columns, errors
from carroyage.contiguity import Contiguity
from carroyage.scores import find_score
from carroyage.zones import Zones, build_zones

Floats = npt.NDArray[np.float64]

SAME_ZONE = 0.5


@dataclass(frozen=True)
class Draw:
    """One set of choices; ``line`` only matters to scores made from household records."""

    score: str
    threshold: float
    contiguity: Contiguity = "queen"
    min_population: float = 1_000
    line: float | None = None


@dataclass(frozen=True)
class Sensitivity:
    """What happened over the draws.

    Attributes
    ----------
    zones : DataFrame indexed by reference zone
        ``exists`` share of draws in which it exists, ``overlap`` mean overlap with its best
        match, ``ind`` inhabitants.
    cells : DataFrame indexed by cell id
        ``zone`` (0 outside reference zones) and ``selected``, the share of draws in which the
        cell is in some zone; cells never selected are left out.
    draws : DataFrame
        One row per draw: its choices, number of ``zones``, their inhabitants ``ind``.
    by_choice : DataFrame
        For each choice and value, the number of draws and the mean number of zones, inhabitants
        and reference zones found: which choice matters most.
    """

    zones: pd.DataFrame
    cells: pd.DataFrame
    draws: pd.DataFrame
    by_choice: pd.DataFrame


def draw_choices(
    thresholds: Mapping[str, tuple[float, float]],
    *,
    contiguities: Sequence[Contiguity] = ("queen", "rook"),
    min_populations: Sequence[float] = (800, 1_000, 1_200),
    lines: tuple[float, float] | None = None,
    draws: int = 200,
    seed: int = 0,
) -> list[Draw]:
    """Draw choices at random, the same for the same seed.

    Parameters
    ----------
    thresholds : by declared score, the range its threshold is drawn from
    lines : range of the low-income line in euros, drawn when given (rounded to 10)
    """
    if not thresholds or draws < 1:
        raise errors.NoDraws
    names = sorted(thresholds)
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(draws):
        name = names[int(rng.integers(len(names)))]
        low, high = thresholds[name]
        line = None if lines is None else float(np.round(rng.uniform(*lines) / 10) * 10)
        made.append(
            Draw(
                find_score(name).name, float(rng.uniform(low, high)),
                contiguities[int(rng.integers(len(contiguities)))],
                float(min_populations[int(rng.integers(len(min_populations)))]), line,
            )
        )  # fmt: skip
    return made


def assess_sensitivity(
    cells: pd.DataFrame,
    reference: Zones,
    draws: Sequence[Draw],
    *,
    at_line: Callable[[float], pd.DataFrame] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Sensitivity:
    """Build zones for every draw and compare them with the reference.

    Parameters
    ----------
    cells : DataFrame indexed by cell id
    reference : the zones whose stability is asked
    at_line : gives the cells for another low-income line, when draws carry one
    progress : called with the number of draws done

    Raises
    ------
    NoDraws
    """
    if not draws:
        raise errors.NoDraws
    persons = cells[columns.PERSONS].to_numpy(np.float64)
    home = reference.labels(cells.index)
    overlaps = np.zeros((len(draws), len(reference.table)))
    selected, rows = np.zeros(len(cells)), []
    for i, draw in enumerate(draws):
        table = cells if draw.line is None or at_line is None else at_line(draw.line)
        zones = build_zones(
            table, draw.score, draw.threshold, contiguity=draw.contiguity,
            min_population=draw.min_population,
        )  # fmt: skip
        found = zones.labels(cells.index)
        overlaps[i] = best_overlaps(home, found, persons, len(reference.table))
        selected += found > 0
        rows.append({**asdict(draw), "zones": len(zones.table), "ind": persons[found > 0].sum()})
        if progress is not None:
            progress(i + 1)
    told = pd.DataFrame(rows).assign(found=(overlaps >= SAME_ZONE).sum(axis=1))
    return Sensitivity(
        _zones(reference, overlaps), _cells(cells, home, selected / len(draws)), told,
        by_choice(told),
    )  # fmt: skip


def best_overlaps(
    home: npt.NDArray[np.int64], found: npt.NDArray[np.int64], persons: Floats, zones: int
) -> Floats:
    """Overlap of each reference zone with its best match, weighted by persons, (zones,).

    ``home`` and ``found`` (n,) label cells from 1, 0 for none.
    """
    count = int(found.max(initial=0)) + 1
    both = np.bincount(home * count + found, weights=persons, minlength=(zones + 1) * count)
    both = both.reshape(zones + 1, count)
    own, other = both.sum(axis=1, keepdims=True), both.sum(axis=0, keepdims=True)
    union = own + other - both
    ratio = np.divide(both, union, out=np.zeros_like(both), where=union > 0)
    return np.asarray(ratio[1:, 1:].max(axis=1, initial=0.0), np.float64)


def by_choice(draws: pd.DataFrame) -> pd.DataFrame:
    """Average results over the draws that share a choice; ranges are cut in three."""
    parts = []
    for name in ("score", "contiguity", "min_population", "threshold", "line"):
        values = draws[name]
        if values.isna().all() or values.nunique() < 2:
            continue
        if name in ("threshold", "line"):
            parts += [_in_thirds(some, name, label) for label, some in _ranges(draws, name)]
        else:
            parts.append(_averages(draws, values.astype(str), name))
    return pd.concat(parts) if parts else pd.DataFrame()


def _ranges(draws: pd.DataFrame, name: str) -> list[tuple[str, pd.DataFrame]]:
    if name == "line":
        return [(name, draws)]
    scores = sorted(set(draws["score"]))
    return [(f"{name} of {score}", draws[draws["score"] == score]) for score in scores]


def _in_thirds(draws: pd.DataFrame, name: str, label: str) -> pd.DataFrame:
    third = (draws[name].rank(method="first", pct=True) * 3).apply(np.ceil).astype(int)
    return _averages(draws, third.map({1: "low", 2: "middle", 3: "high"}), label)


def _averages(draws: pd.DataFrame, value: pd.Series, name: str) -> pd.DataFrame:
    grouped = draws.groupby(value, observed=True)
    told = grouped[["zones", "ind", "found"]].mean().assign(draws=grouped.size())
    told.index = pd.MultiIndex.from_product([[name], told.index], names=["choice", "value"])
    return told


def _zones(reference: Zones, overlaps: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "ind": reference.table[columns.PERSONS].to_numpy(),
            "exists": (overlaps >= SAME_ZONE).mean(axis=0),
            "overlap": overlaps.mean(axis=0),
        },
        index=reference.table.index,
    )


def _cells(cells: pd.DataFrame, home: npt.NDArray[np.int64], selected: Floats) -> pd.DataFrame:
    told = pd.DataFrame({"zone": home, "selected": selected}, index=cells.index)
    return told[(selected > 0) | (home > 0)]
