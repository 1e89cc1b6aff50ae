"""Classes of quarters, from the most precarious (1) to the least, in the open.

Method:

1. each indicator is centred on its median and divided by its median absolute deviation (times
   1.4826), turned so that more is worse, and cut at ±3: one wild value, such as a median of
   5 400 €, weighs no more than any other very low one;
2. the score of a quarter is the mean over the indicators it has; under half of them, it has no
   class: nothing is invented for it;
3. ``index`` cuts the scores into classes by Fisher and Jenks (exact, no random draw);
   ``profiles`` groups by k-means over the indicators (fixed seed), classes in order of score;
4. stability: the share of redraws (quarters drawn with replacement, one indicator left out in
   turn) in which a quarter keeps its class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from observatory.figures.breaks import between, natural_breaks
from observatory.figures.errors import BadParameter, TooFewFigures
from observatory.figures.series import breaks_of, figures, indicators_of
from observatory.figures.visible import Reader
from observatory.models import Polarity

Floats = npt.NDArray[np.float64]
MAD_TO_DEVIATION = 1.4826
CUT = 3.0
LEAST_KNOWN = 0.5
WORST_QUARTER = 75.0
# A quarter falls behind when its slope over some years is among the steepest, more than once.
LEAST_YEARS, WORST_SHARE, LEAST_INDICATORS = 3, 0.1, 2
SEED = 20150101
METHODS = ("index", "profiles")


@dataclass(frozen=True)
class Classes:
    """The result: one row per quarter (number, score, stability, difficulties, known)."""

    table: pd.DataFrame
    breaks: list[float]
    parameters: dict[str, Any]


def oriented(values: pd.DataFrame, polarity: Mapping[str, str]) -> pd.DataFrame:
    """Return robust deviations, more being worse, cut at ±3, shape as given; NaN stays NaN.

    Raises
    ------
    BadParameter
        An indicator has no better way: it cannot tell precariousness.
    """
    neutral = [name for name in values if polarity.get(str(name)) == Polarity.NEUTRAL]
    if neutral:
        raise BadParameter(
            f"Neither way is better for {', '.join(map(str, neutral))}.",
            "Choose indicators with a polarity, or set it in the dictionary.",
        )
    middle = values.median()
    spread = (values - middle).abs().median() * MAD_TO_DEVIATION
    # More than half of the quarters share one value: fall back on the mean deviation.
    spread = spread.where(spread > 0, (values - middle).abs().mean())
    sign = pd.Series({n: -1.0 if polarity[str(n)] == Polarity.HIGHER else 1.0 for n in values})
    return ((values - middle) / spread.where(spread > 0) * sign).clip(-CUT, CUT)


def classify(
    values: pd.DataFrame,
    polarity: Mapping[str, str],
    *,
    count: int = 4,
    method: str = "index",
    draws: int = 200,
    seed: int = SEED,
) -> Classes:
    """Class quarters (rows) by indicators (columns). Raises BadParameter, TooFewFigures."""
    if method not in METHODS:
        raise BadParameter(f"No method is called {method!r}.", f"Methods: {', '.join(METHODS)}.")
    if not 2 <= count <= 12:
        raise BadParameter(f"{count} classes were asked for.", "Ask for 2 to 12.")
    values = values.sort_index()  # no result may depend on the order rows come in
    deviations = oriented(values, polarity)
    known = deviations.notna().sum(axis=1)
    usable = known >= max(1.0, LEAST_KNOWN * values.shape[1])
    if int(usable.sum()) < 2 * count:
        raise TooFewFigures(
            f"Only {int(usable.sum())} quarters have half of the indicators.",
            "Choose other indicators or another year, or fewer classes.",
        )
    kept = deviations[usable]
    cutting = _by_index if method == "index" else _by_profile
    numbers, breaks = cutting(kept, count, seed)
    table = pd.DataFrame(index=values.index)
    table["number"] = numbers.reindex(values.index)
    table["score"] = kept.mean(axis=1).reindex(values.index)
    table["stability"] = _stability(kept, numbers, cutting, count, draws, seed).reindex(table.index)
    table["difficulties"] = difficulties(values, polarity)
    table["known"] = known
    told = {"count": count, "method": method, "draws": draws, "seed": seed, "cut": CUT}
    return Classes(table, breaks, {**told, "indicators": list(map(str, values.columns))})


Cutting = Callable[[pd.DataFrame, int, int], "tuple[pd.Series, list[float]]"]


def _by_index(kept: pd.DataFrame, count: int, seed: int) -> tuple[pd.Series, list[float]]:
    scores = kept.mean(axis=1)
    edges = [float(edge) for edge in between(scores.to_numpy(), natural_breaks(scores, count))]
    return _numbered(scores, edges), edges


def _numbered(scores: pd.Series, edges: list[float]) -> pd.Series:
    """Return the class of each score by the upper bounds of the classes; 1 is the highest."""
    place = np.searchsorted(np.array(edges[:-1]), scores.to_numpy(), side="left")
    return pd.Series(len(edges) - place, index=scores.index)


def _by_profile(kept: pd.DataFrame, count: int, seed: int) -> tuple[pd.Series, list[float]]:
    from sklearn.cluster import KMeans  # long to read, and asked for by nobody else

    filled = kept.fillna(kept.median())
    model = KMeans(n_clusters=count, n_init=10, random_state=seed).fit(filled.to_numpy())
    labels = pd.Series(model.labels_, index=kept.index)
    order = kept.mean(axis=1).groupby(labels).mean().sort_values(ascending=False).index
    numbers = labels.map({label: place for place, label in enumerate(order, start=1)})
    return numbers, []


def _stability(
    kept: pd.DataFrame, numbers: pd.Series, cutting: Cutting, count: int, draws: int, seed: int
) -> pd.Series:
    """Redraw quarters and leave indicators out; classes are read back through their edges."""
    chance = np.random.default_rng(seed)
    same = np.zeros(len(kept))
    columns = list(kept.columns)
    for draw in range(draws):
        left_out = [columns[draw % len(columns)]] if len(columns) > 2 else []
        part = kept.drop(columns=left_out)
        sample = part.iloc[chance.integers(0, len(part), len(part))].dropna(how="all")
        again = _assign(sample, part, cutting, count, seed + draw)
        same += (again == numbers).to_numpy()
    return pd.Series(same / max(draws, 1), index=kept.index)


def _assign(
    sample: pd.DataFrame, part: pd.DataFrame, cutting: Cutting, count: int, seed: int
) -> pd.Series:
    drawn = sample.reset_index(drop=True)
    numbers, edges = cutting(drawn, count, seed)
    if edges:
        return _numbered(part.mean(axis=1), edges)
    centres = drawn.groupby(numbers).mean()
    filled = part.fillna(part.median())
    gaps = {n: ((filled - centres.loc[n]) ** 2).sum(axis=1) for n in centres.index}
    return pd.DataFrame(gaps).idxmin(axis=1)


def difficulties(values: pd.DataFrame, polarity: Mapping[str, str]) -> pd.Series:
    """Count, for each quarter, the indicators in which it is in the worst quarter of all."""
    total = pd.Series(0, index=values.index)
    for name in values:
        column = values[name] * (-1 if polarity[str(name)] == Polarity.HIGHER else 1)
        edge = np.nanpercentile(column, WORST_QUARTER) if column.notna().any() else np.inf
        total += (column >= edge).astype(int)
    return total


# -- falling behind ------------------------------------------------------------------------


def falling_behind(
    panels: Mapping[str, pd.DataFrame],
    polarity: Mapping[str, str],
    *,
    least_years: int = LEAST_YEARS,
    worst_share: float = WORST_SHARE,
    least_indicators: int = LEAST_INDICATORS,
) -> pd.DataFrame:
    """Warn of quarters that lose ground: a steady worsening against the others.

    ``panels`` gives, by indicator, quarters × years. The slope is Theil and Sen's (the median of
    all pairs of years) of the quarter's percentile, turned so that more is worse. A quarter is
    warned of when it is among the ``worst_share`` steepest in ``least_indicators`` indicators.
    """
    slopes = slopes_of(panels, polarity, least_years)
    alerts = steepest(slopes, worst_share).sum(axis=1)
    return slopes.assign(alerts=alerts, warned=alerts >= least_indicators)


def slopes_of(
    panels: Mapping[str, pd.DataFrame], polarity: Mapping[str, str], least_years: int = LEAST_YEARS
) -> pd.DataFrame:
    """Return quarters × indicators: points of percentile lost a year; NaN where too few years."""
    return pd.DataFrame(
        {name: _slopes(panel, polarity[name], least_years) for name, panel in panels.items()}
    )


def steepest(slopes: pd.DataFrame, worst_share: float = WORST_SHARE) -> pd.DataFrame:
    """Tell, for quarters × indicators, which slopes are among the steepest that lose ground."""
    return (slopes >= slopes.quantile(1 - worst_share)) & (slopes > 0)


def _slopes(panel: pd.DataFrame, polarity: str, least_years: int) -> pd.Series:
    sign = -1.0 if polarity == Polarity.HIGHER else 1.0
    places = (panel.rank(pct=True) * 100 * sign).to_numpy(np.float64)
    years = np.array([float(str(year)) for year in panel.columns])
    enough = (~np.isnan(places)).sum(axis=1) >= least_years
    return pd.Series(np.where(enough, theil_sen(years, places), np.nan), index=panel.index)


def theil_sen(years: Floats, values: Floats) -> Floats:
    """Return the median slope over all pairs of known years, per year; NaN under two.

    ``values`` has years along its last axis, which goes: shape (n, years) gives (n,).

    >>> float(theil_sen(np.array([0.0, 1, 2, 3]), np.array([0.0, 1, 90, 3])))
    1.0
    """
    rows = np.atleast_2d(values)
    first, second = np.triu_indices(len(years), 1)
    rises = (rows[:, second] - rows[:, first]) / (years[second] - years[first])
    known = ~np.isnan(rises).all(axis=1)
    found = np.full(len(rows), np.nan)
    if known.any():
        found[known] = np.nanmedian(rises[known], axis=1)
    return found.reshape(values.shape[:-1])


# -- from stored figures -------------------------------------------------------------------


def stored_values(
    codes: Sequence[str],
    year: int,
    *,
    level: str = "qpv",
    generation: int | None = None,
    territories: Sequence[int] | None = None,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return quarters × indicators of one year, and each indicator's polarity."""
    found = indicators_of(codes)
    frame = figures(
        codes, level=level, generation=generation, years=[year], territories=territories,
        only=["value"],
    )  # fmt: skip
    table = frame.pivot(index="territory", columns="indicator", values="value")
    table = table.reindex(columns=list(found)).astype(np.float64)
    return table, {code: indicator.polarity for code, indicator in found.items()}


@dataclass(frozen=True)
class Trends:
    """Quarters × years by indicator, each indicator's polarity, and the figures with sources."""

    panels: dict[str, pd.DataFrame]
    polarity: dict[str, str]
    figures: pd.DataFrame


def stored_trends(
    codes: Sequence[str],
    years: Sequence[int],
    *,
    territories: Sequence[int] | None = None,
    reader: Reader | None = None,
) -> Trends:
    """Return what is stored of quarters in several years, or what a reader may see of it.

    Years before an indicator's last series break are left out: no trend crosses it.
    """
    found = indicators_of(codes)
    frame = figures(
        codes, level="qpv", territories=territories, years=list(years), reader=reader,
        only=["value", "source"],
    )  # fmt: skip
    broken = breaks_of(codes).years
    first = {code: max((year for _, year, _ in told), default=0) for code, told in broken.items()}
    parts = {
        code: own[own["year"] >= first.get(code, 0)]
        for code in found
        for own in (frame[frame["indicator"] == code],)
    }
    panels = {code: _panel(own) for code, own in parts.items()}
    kept = pd.concat(parts.values())
    return Trends(panels, {code: one.polarity for code, one in found.items()}, kept)


def _panel(own: pd.DataFrame) -> pd.DataFrame:
    """Return one indicator's quarters × years, NaN where there is no figure."""
    places, row = np.unique(own["territory"].to_numpy(np.int64), return_inverse=True)
    years, column = np.unique(own["year"].to_numpy(np.int64), return_inverse=True)
    values = np.full((len(places), len(years)), np.nan)
    values[row, column] = own["value"]
    return pd.DataFrame(values, pd.Index(places, name="territory"), pd.Index(years, name="year"))
